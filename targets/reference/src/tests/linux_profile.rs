//! What the profile of Linux chooses and no script can state: ports, limits of the whole stack, times below a tick of the kernel.

use core::time::Duration;

use super::harness::*;
use crate::{Config, Endpoint, Profile, State};

/// The profile, for the harness's addresses, without options that change the layout of segments.
fn linux() -> Config {
    Config {
        addresses: plain().addresses,
        timestamps: false,
        window_scale: None,
        sack: false,
        ..Profile::linux().config
    }
}

#[test]
fn ports_are_chosen_from_32768_to_60999() {
    let mut h = Harness::new(linux());
    let options = h.options();
    for host in 1..=40 {
        let remote = Endpoint::new([192, 0, 2, host].into(), 80);
        let any = Endpoint::UNSPECIFIED_V4;
        let id = h.stack.open_active(h.now, any, remote, &options).unwrap();
        let port = h.stack.status(id).unwrap().local.port;
        assert!((32_768..=60_999).contains(&port), "{port}");
    }
}

#[test]
fn one_challenge_ack_leaves_in_half_a_second() {
    let mut h = established_with(linux());
    h.dialogue(seg("R").seq(100), &["A 1:1(0) ack 1"]);
    h.advance(Duration::from_millis(400));
    h.dialogue(seg("R").seq(100), &[]);
    h.advance(Duration::from_millis(100));
    h.dialogue(seg("R").seq(100), &["A 1:1(0) ack 1"]);
}

#[test]
fn the_tail_is_probed_for_two_milliseconds_after_it_left_at_least() {
    let mut h = Harness::new(Config {
        sack: true,
        ..linux()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_460).sack_permitted());
    let _ = h.sent();
    h.inject(seg("A")); // within the same microsecond: the round trip takes no time
    h.id = h.stack.accept(h.listener.unwrap()).unwrap().unwrap();
    h.send([0; 2_920]);
    let _ = h.sent();
    assert_eq!(h.next_timeout(), Duration::from_millis(2));
    h.expect(&["PA 1461:2921(1460) ack 1"]);
}

#[test]
fn a_full_backlog_answers_with_cookies() {
    let mut h = Harness::new(linux()).listen();
    let listener = h.listener.unwrap();
    h.stack.set_backlog(listener, 1).unwrap();
    for port in 0..8 {
        let mut syn = h.packet(seg("S").seq(0));
        patch_port(&mut syn, 50_000 + port);
        h.stack.handle_packet(h.now, &syn);
        assert!(h.stack.poll_packet().is_some(), "SYN {port} is answered");
    }
}

/// Another source port, and the checksum that goes with it.
fn patch_port(packet: &mut [u8], port: u16) {
    let at = 20;
    let old = u16::from_be_bytes([packet[at], packet[at + 1]]);
    let sum = u16::from_be_bytes([packet[at + 16], packet[at + 17]]);
    packet[at..at + 2].copy_from_slice(&port.to_be_bytes());
    // RFC 1624: the sum follows the difference.
    let total = u32::from(!sum) + u32::from(!old) + u32::from(port);
    let folded = (total & 0xffff) + (total >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    packet[at + 16..at + 18].copy_from_slice(&(!(folded as u16)).to_be_bytes());
}

#[test]
fn a_window_that_shut_on_text_is_probed_with_the_first_segment_of_it() {
    for (probes_have_text, probe) in [
        (false, "A 1:1461(1460) ack 1"), // the segment, which is not the last
        (true, "A 1:2(1) ack 1"),
    ] {
        let mut h = established_with(Config {
            probes_have_text,
            ..linux()
        });
        h.send([0; 2_920]);
        let _ = h.sent();
        h.inject(seg("A").wnd(0));
        let _ = h.next_timeout();
        h.expect(&[probe]);
        assert_eq!(h.state(), State::Established);
    }
}

#[test]
fn slow_start_goes_on_for_a_flight_that_took_more_than_half_of_the_window() {
    // Twelve segments are no longer less than twice six.
    for (segments, expected) in [(5, 10), (6, 12), (8, 16)] {
        let mut h = established_with(linux());
        h.send(alloc::vec![0; segments * 1_460]);
        let _ = h.sent();
        for acked in 1..=segments as i64 {
            h.inject(seg("A").ack(1 + acked * 1_460));
        }
        assert_eq!(h.status().cwnd, expected * 1_460, "after {segments}");
    }
}

#[test]
fn the_ack_of_our_fin_ends_in_silence_though_an_old_fin_comes_along() {
    let mut h = established_with(linux());
    h.inject(seg("FA"));
    h.close();
    let _ = h.sent();
    h.dialogue(seg("FA").ack(2), &[]);
    h.expect_state(State::Closed);
}

#[test]
fn text_at_the_right_edge_is_text_that_nobody_will_read() {
    let mut h = established_with(linux());
    let edge = i64::from(h.status().rcv_wnd) + 1;
    h.stack.release(h.now, h.id);
    h.expect(&["FA 1:1(0) ack 1"]);
    h.inject(seg("A").seq(edge).text("x"));
    let sent = h.sent();
    assert!(sent.len() == 1 && sent[0].starts_with('R'), "{sent:?}");
}

#[test]
fn duplicates_below_the_threshold_count_as_what_arrived() {
    let mut h = established_with(linux());
    h.send([0; 40_000]);
    h.inject(seg("A"));
    h.inject(seg("A"));
    assert_eq!(h.status().cwnd, 14_600);
    h.inject(seg("A").ack(1 + 3 * 1_460)); // two of the three were known
    assert_eq!(h.status().cwnd, 14_600 + 1_460);
}

#[test]
fn text_that_waited_for_the_handshake_makes_the_ends_take_turns() {
    for (early, answer) in [(true, &[][..]), (false, &["A 3:3(0) ack 2"])] {
        let mut h = Harness::new(linux()).connect();
        if early {
            h.send("hi");
        }
        h.inject(seg("SA").seq(0).mss(1_460));
        if !early {
            h.send("hi");
        }
        let _ = h.sent();
        h.advance(Duration::from_millis(10));
        h.dialogue(seg("A").ack(3).text("x"), answer);
    }
}

#[test]
fn segments_of_1152_octets_do_not_wait_for_the_reader() {
    for (size, answers) in [(1_151, 0), (1_152, 1)] {
        let mut h = established_with(Config {
            quick_acks: 0,
            ..linux()
        });
        h.inject(seg("A").zeros(size));
        h.inject(seg("A").seq(1 + size as i64).zeros(size));
        assert_eq!(h.sent().len(), answers);
    }
}

#[test]
fn longer_round_trips_end_slow_start_without_sack_too() {
    let mut h = established_with(linux());
    let mut acked = 0;
    for (segments, millis) in [(10, 100), (20, 100), (40, 150)] {
        h.send([0; 100_000]);
        h.advance(Duration::from_millis(millis));
        for _ in 0..segments {
            acked += 1_460;
            h.inject(seg("A").ack(1 + acked));
        }
    }
    assert!(h.status().ssthresh < 200_000, "{}", h.status().ssthresh);
}

#[test]
fn a_syn_ack_that_echoes_another_syn_is_answered_with_rst() {
    let mut h = Harness::new(Config {
        timestamps: true,
        ..linux()
    });
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    h.iss = h.status().iss;
    let ours = h.last_segment().options.timestamps.unwrap().val;
    let wrong = seg("SA").seq(0).ts(100, ours.wrapping_sub(1));
    h.dialogue(wrong, &["R 1:1(0)"]);
    assert_eq!(h.state(), State::SynSent);
}

#[test]
fn a_syn_that_arrives_again_is_reported() {
    let mut h = Harness::new(Config {
        sack: true,
        ..linux()
    });
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    h.iss = h.status().iss;
    h.inject(seg("S").seq(0).mss(1_460).sack_permitted());
    let _ = h.sent();
    h.inject(seg("SA").seq(0).mss(1_460).sack_permitted());
    assert_eq!(h.last_segment().sack, [(0, 1)]);
}

#[test]
fn a_send_buffer_of_1_25_mib_is_charged_twice_for_octets_and_pieces() {
    let mut h = established_with(linux());
    assert_eq!(h.status().send_free, 2_621_440);
    h.inject(seg("A").seq(1).wnd(0));
    h.send("abc");
    assert_eq!(h.status().send_free, 2_621_440 - 896 - 3);
}
