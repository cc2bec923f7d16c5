//! What is sent at the very edge: of the remote's window, of a timer, of the state in which text may leave.

use alloc::string::String;
use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionOption, Profile, SendFlags};

/// An established connection with segments of 1000 octets.
fn thousands(config: Config) -> Harness {
    let mut h = Harness::new(config).listen();
    let syn = seg("S").seq(0).mss(1_000);
    h.inject(if h.stack.config().sack {
        syn.sack_permitted()
    } else {
        syn
    });
    h.advance(Duration::from_millis(100));
    h.inject(seg("A"));
    accept(&mut h);
    let _ = h.sent();
    h
}

fn set(h: &mut Harness, option: ConnectionOption) {
    h.stack.set_option(h.now, h.id, option).unwrap();
}

#[test]
fn a_fin_that_the_window_has_no_room_for_is_left_out_of_later_retransmissions() {
    let mut h = thousands(plain());
    h.send([0; 10]);
    h.close();
    h.expect(&["PA 1:11(10) ack 1", "FA 11:11(0) ack 1"]);
    h.inject(seg("A").wnd(10));
    h.next_timeout();
    h.expect(&["FPA 1:11(10) ack 1"]); // the first retransmission disregards the window
    h.next_timeout();
    h.expect(&["PA 1:11(10) ack 1"]);
}

#[test]
fn a_fin_joins_what_is_sent_again_if_there_is_room() {
    let mut h = thousands(plain());
    set(&mut h, ConnectionOption::NoDelay(true));
    h.send([0; 1_500]);
    let _ = h.sent();
    h.next_timeout();
    h.expect(&["A 1:1001(1000) ack 1"]);
    h.close();
    h.expect(&[]); // what is lost goes first
    h.dialogue(seg("A").ack(1_001), &["FPA 1001:1501(500) ack 1"]);
}

#[test]
fn a_small_hole_is_sent_again_and_no_more() {
    let mut h = thousands(Config {
        sack: true,
        ..plain()
    });
    set(&mut h, ConnectionOption::NoDelay(true));
    h.send([0; 100]);
    h.send([0; 4_000]);
    let _ = h.sent();
    let sack = seg("A").sack(&[(101, 3_101)], h.iss);
    h.dialogue(sack, &["A 1:101(100) ack 1"]);
}

#[test]
fn a_probe_leaves_the_fin_out_if_the_window_has_no_room_for_it() {
    for (wnd, probe) in [
        (10_500, "PA 10001:10501(500) ack 1"),
        (10_501, "FPA 10001:10501(500) ack 1"),
    ] {
        let mut h = thousands(Config {
            sack: true,
            ..plain()
        });
        h.inject(seg("A").wnd(wnd));
        h.send([0; 10_500]);
        h.close();
        assert_eq!(h.sent().len(), 10);
        h.next_timeout();
        h.expect(&[probe]);
    }
}

#[test]
fn while_the_window_is_closed_no_probe_is_awaited() {
    let mut h = thousands(Config {
        sack: true,
        ..plain()
    });
    h.send([0; 3_000]);
    h.inject(seg("A").ack(1_001).wnd(0));
    let _ = h.sent();
    assert_eq!(h.next_timeout(), h.status().rto);
    h.expect(&["A 1001:1002(1) ack 1"]);
}

#[test]
fn text_that_is_held_back_does_not_leave_before_the_handshake_is_over() {
    for mut h in [syn_sent(), syn_received(), syn_received_actively()] {
        set(&mut h, ConnectionOption::Cork(true));
        h.send("x");
        h.advance(Duration::from_millis(2_500));
        let sent = h.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].starts_with('S'), "{sent:?}");
    }
}

/// Sends, acknowledges and waits; how many segments leave then, and how many would have left at once.
fn after_idle(idle: Duration) -> (usize, usize) {
    let mut h = thousands(plain());
    h.send([0; 20_000]);
    for ack in [5_001, 10_001, 20_001] {
        h.inject(seg("A").ack(ack));
    }
    let _ = h.sent();
    let window = h.status().cwnd / 1_000;
    h.advance(idle);
    h.send([0; 30_000]);
    (h.sent().len(), window)
}

#[test]
fn the_window_is_what_it_was_until_an_rto_is_over() {
    let rto = Duration::from_secs(1);
    let (segments, window) = after_idle(rto);
    assert!(segments == window && window > 10, "{segments} of {window}");
    let (segments, _) = after_idle(rto + Duration::from_micros(1));
    assert_eq!(segments, 10);
}

#[test]
fn without_rate_reduction_the_window_is_the_threshold_at_once() {
    let mut h = thousands(Config {
        sack: true,
        rate_reduction: false,
        ..plain()
    });
    h.send([0; 10_000]);
    h.advance(Duration::from_millis(100));
    h.inject(seg("A").sack(&[(1_001, 4_001)], h.iss));
    let status = h.status();
    assert!(status.in_recovery);
    assert_eq!((status.cwnd, status.ssthresh), (5_000, 5_000));
}

#[test]
fn a_timer_for_what_is_lost_by_now_is_not_left_running() {
    let mut h = thousands(Config {
        sack: true,
        ..plain()
    });
    h.send([0; 10_000]);
    h.advance(Duration::from_millis(100));
    h.inject(seg("A").sack(&[(1_001, 2_001)], h.iss));
    let _ = h.sent();
    // The ACK comes in the moment in which the reordering window ends.
    h.now = h.stack.poll_timeout().unwrap();
    h.inject(seg("A"));
    assert_eq!(h.sent(), [String::from("A 1:1001(1000) ack 1")]);
    assert!(h.stack.poll_timeout() > Some(h.now));
}

#[test]
fn text_that_leaves_40_ms_after_text_arrived_is_no_reply() {
    for (millis, at_once) in [(39, 0), (40, 1)] {
        let mut h = thousands(Config {
            addresses: plain().addresses,
            timestamps: false,
            window_scale: None,
            sack: false,
            ..Profile::linux().config
        });
        h.dialogue(seg("PA").text("x"), &["A 1:1(0) ack 2"]);
        h.advance(Duration::from_millis(millis));
        h.send("y");
        h.inject(seg("A").seq(2).ack(2));
        let _ = h.sent();
        h.inject(seg("PA").seq(2).ack(2).text("z"));
        assert_eq!(h.sent().len(), at_once, "{millis}");
    }
}

#[test]
fn what_leaves_as_one_lies_in_memory_of_its_own() {
    let mut h = thousands(Config {
        addresses: plain().addresses,
        timestamps: false,
        window_scale: None,
        sack: false,
        ..Profile::linux().config
    });
    h.send([0; 20_000]); // one piece, of which five bursts of two segments leave
    assert_eq!(h.sent().len(), 10);
    let send = &h.stack.table.connections[&h.id].send;
    assert_eq!(send.memory(1) - send.len(), 6);
}

#[test]
fn text_that_more_was_to_follow_leaves_after_a_while_whatever_is_in_flight() {
    let more = SendFlags {
        more: true,
        ..SendFlags::default()
    };
    let mut h = thousands(plain());
    h.send([0; 1_000]);
    h.stack.send(h.now, h.id, &[0; 10], more).unwrap();
    h.expect(&["PA 1:1001(1000) ack 1"]);
    assert_eq!(h.next_timeout(), Duration::from_millis(200));
    h.expect(&["PA 1001:1011(10) ack 1"]);
}

/// The milliseconds in which the send buffer, and the remote's window, were in the way.
fn limited(h: &Harness) -> (u128, u128) {
    let totals = h.status().chronograph.totals(h.now);
    let millis = |span: Duration| span.as_millis();
    (
        millis(totals.send_buffer_limited),
        millis(totals.window_limited),
    )
}

#[test]
fn a_full_send_buffer_is_in_the_way_while_the_user_has_more_and_all_of_it_was_sent() {
    let mut h = thousands(Config {
        send_buffer: 5_000,
        ..plain()
    });
    let tenth = Duration::from_millis(100);
    assert_eq!(h.send([0; 5_000]), 5_000);
    h.advance(tenth);
    assert_eq!(limited(&h), (0, 0), "the user had no more");
    assert_eq!(h.send([0; 1]), 0);
    h.advance(tenth);
    assert_eq!(limited(&h), (100, 0));
    h.inject(seg("A").ack(1_001)); // too little room to try again
    h.advance(tenth);
    assert_eq!(limited(&h), (200, 0));
    h.inject(seg("A").ack(3_001));
    h.advance(tenth);
    assert_eq!(limited(&h), (200, 0), "a writer would find room");
    assert_eq!(h.status().chronograph.totals(h.now).busy, 4 * tenth);
}

#[test]
fn what_was_not_sent_is_held_back_by_what_keeps_it_from_being_sent() {
    let tenth = Duration::from_millis(100);
    // Full, but not all of it was sent: the congestion window is in the way.
    let mut h = thousands(Config {
        send_buffer: 12_000,
        ..plain()
    });
    assert_eq!(h.send([0; 20_000]), 12_000);
    h.advance(tenth);
    assert_eq!(limited(&h), (0, 0));
    // Both windows are: the remote's alone is not.
    let mut h = thousands(plain());
    h.inject(seg("A").wnd(10_000));
    h.send([0; 12_000]);
    h.advance(tenth);
    assert_eq!(limited(&h), (0, 0));
    // Nagle's algorithm is: the window is just large enough.
    let mut h = thousands(plain());
    h.inject(seg("A").wnd(110));
    h.send([0; 100]);
    h.send([0; 10]);
    h.advance(tenth);
    assert_eq!(limited(&h), (0, 0));
    // The remote's window is.
    h.send([0; 10]);
    h.advance(tenth);
    assert_eq!(limited(&h), (0, 100));
}

#[test]
fn the_end_of_a_record_alone_does_not_let_it_go() {
    let mut h = thousands(plain());
    h.send([0; 10]);
    let record = SendFlags {
        end_of_record: true,
        ..SendFlags::default()
    };
    h.stack.send(h.now, h.id, &[0; 20], record).unwrap();
    h.expect(&["PA 1:11(10) ack 1"]);
    h.send([0; 30]);
    h.expect(&["PA 11:31(20) ack 1"]);
    h.dialogue(seg("A").ack(31), &["PA 31:61(30) ack 1"]);
}
