//! SYN cookies: SYNs that are answered and forgotten (RFC 4987 section 3.6).

use core::time::Duration;

use super::harness::*;
use crate::{Config, Instant, Received, SynCookies};

/// In a tick whose number five bits cannot hold.
const LATE: Instant = Instant::from_secs(40 * 64 + 1);

/// A listener that remembers no SYN, one SYN, and the ISS of the answer.
fn answered(mss: u16) -> (Harness, u32) {
    let mut h = Harness::new(Config {
        syn_cookies: SynCookies::Always,
        ..plain()
    })
    .listen();
    h.now = LATE;
    h.inject(seg("S").seq(0).mss(mss).sack_permitted().scale(7));
    let packet = h.packets.first().unwrap().clone();
    let iss = u32::from_be_bytes(packet[24..28].try_into().unwrap());
    h.iss = crate::Seq(iss);
    h.expect(&["SA 0:0(0) ack 1"]);
    (h, iss)
}

#[test]
fn the_ack_of_a_cookie_opens_with_its_text() {
    let (mut h, _) = answered(1_440);
    assert_eq!(h.stack.poll_timeout(), None, "nothing is remembered");
    h.advance(Duration::from_secs(64)); // the next tick
    h.dialogue(seg("A").text("hello"), &["A 1:1(0) ack 6"]);
    let id = h.stack.accept(h.listener.unwrap()).unwrap().unwrap();
    let read = h.stack.receive(h.now, id, 10);
    assert_eq!(read, Ok(Received::Data(b"hello".to_vec())));
    let status = h.stack.status(id).unwrap();
    assert_eq!((status.snd_mss, status.sack), (1_440, false));
    assert!(!status.window_scaling);
}

#[test]
fn a_cookie_tells_the_next_lesser_segment_size() {
    for (offered, kept) in [(1_000, 536), (1_459, 1_440), (9_000, 1_460), (10, 48)] {
        let (mut h, _) = answered(offered);
        h.dialogue(seg("A"), &[]);
        let id = h.stack.accept(h.listener.unwrap()).unwrap().unwrap();
        assert_eq!(h.stack.status(id).unwrap().snd_mss, kept);
    }
}

#[test]
fn no_other_number_is_taken_for_a_cookie() {
    for (seq, ack) in [(1, 2), (1, 1 + (1 << 24)), (2, 1), (1, 0)] {
        let (mut h, _) = answered(1_440);
        h.inject(seg("A").seq(seq).ack(ack));
        assert_eq!(h.sent().len(), 1, "it is answered with RST");
        assert_eq!(h.stack.accept(h.listener.unwrap()), Ok(None));
    }
}

#[test]
fn nothing_but_an_ack_brings_a_cookie_back() {
    for (flags, answers) in [("SA", 1), ("RA", 0), ("SRA", 0)] {
        let (mut h, _) = answered(1_440);
        h.inject(seg(flags));
        assert_eq!(h.sent().len(), answers, "{flags}");
        assert_eq!(h.stack.accept(h.listener.unwrap()), Ok(None));
    }
    let (mut h, _) = answered(1_440);
    h.stack.config_mut().syn_cookies = SynCookies::Never;
    h.dialogue(seg("A"), &["R 1:1(0)"]);
}

#[test]
fn nothing_but_a_syn_gets_a_cookie_and_none_while_the_user_is_behind() {
    let (mut h, _) = answered(1_440);
    h.stack.set_backlog(h.listener.unwrap(), 0).unwrap();
    h.dialogue(seg("SR").seq(0), &[]);
    h.dialogue(seg("F").seq(0), &[]);
    h.dialogue(seg("A"), &[]); // ready, and not accepted
    h.remote.port += 1;
    h.dialogue(seg("S").seq(0), &[]);
    accept(&mut h);
    h.inject(seg("S").seq(0));
    assert_eq!(h.sent().len(), 1);
}

#[test]
fn a_cookie_does_not_outlive_the_next_tick() {
    let (mut h, _) = answered(1_440);
    h.advance(Duration::from_secs(128));
    h.dialogue(seg("A"), &["R 1:1(0)"]);
}

#[test]
fn a_cookie_opens_nothing_where_there_is_no_room() {
    for (max_connections, backlog, opened) in [(3, 1, 2), (2, 1, 1), (3, 0, 1)] {
        let (mut h, _) = answered(1_440);
        h.inject(seg("A"));
        let listener = h.listener.unwrap();
        h.remote.port = 9;
        h.inject(seg("S").seq(0));
        let answer = h.packets.pop().unwrap();
        h.iss = crate::Seq(u32::from_be_bytes(answer[24..28].try_into().unwrap()));
        h.stack.config_mut().max_connections = max_connections;
        h.stack.set_backlog(listener, backlog).unwrap();
        h.inject(seg("A"));
        let ready = h.stack.status(listener).unwrap().ready_to_accept;
        assert_eq!(
            ready, opened,
            "{max_connections} connections, backlog {backlog}"
        );
    }
}

#[test]
fn cookies_begin_when_the_backlog_is_full() {
    let mut h = Harness::new(Config {
        syn_cookies: SynCookies::WhenFull,
        ..plain()
    });
    let options = h.options();
    let listener = h.stack.open_passive(h.now, LOCAL, None, 0, &options);
    let listener = listener.unwrap();
    for port in [1, 2] {
        h.remote.port = port;
        h.inject(seg("S").seq(0).mss(1_460));
    }
    assert_eq!(h.stack.counters().passive_opens, 1, "one is remembered");
    let last = h.packets.last().unwrap().clone();
    let iss = u32::from_be_bytes(last[24..28].try_into().unwrap());
    h.iss = crate::Seq(iss);
    h.inject(seg("A"));
    assert!(h.stack.accept(listener).unwrap().is_some());
}
