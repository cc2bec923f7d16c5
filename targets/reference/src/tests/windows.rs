//! Windows: flow control both ways, probing, silly windows, scaling, shrinking.

use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionError, Event, State};

fn scaled() -> Config {
    Config {
        window_scale: Some(7),
        ..plain()
    }
}

#[test]
fn nothing_leaves_beyond_the_window() {
    let mut h = established();
    h.inject(seg("A").wnd(2_000));
    h.send([0; 5_000]);
    h.expect(&["A 1:1461(1460) ack 1"]);
    h.dialogue(seg("A").ack(1_461).wnd(2_000), &["A 1461:2921(1460) ack 1"]);
}

#[test]
fn an_older_segment_does_not_change_the_window() {
    let mut h = established();
    h.inject(seg("A").seq(3).wnd(2_000));
    h.inject(seg("A").seq(1).wnd(50));
    assert_eq!(h.status().snd_wnd, 2_000);
}

#[test]
fn a_closed_window_is_probed_with_growing_gaps_as_long_as_it_is_answered() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    h.send("hello");
    h.expect(&[]);
    let mut waits = alloc::vec::Vec::new();
    for _ in 0..30 {
        waits.push(h.next_timeout().as_secs());
        h.expect(&["A 1:2(1) ack 1"]);
        h.dialogue(seg("A").wnd(0), &[]);
    }
    assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 64, 120]);
    h.expect_state(State::Established);
    h.dialogue(seg("A").wnd(100), &["PA 1:6(5) ack 1"]);
}

#[test]
fn an_ack_beside_a_probe_lies_inside_of_the_closed_window() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    h.send("hello");
    h.next_timeout();
    h.expect(&["A 1:2(1) ack 1"]);
    // What the other end probes with, or any other segment that is not acceptable, is answered.
    h.dialogue(seg("A").seq(100_000).wnd(0), &["A 1:1(0) ack 1"]);
    h.advance(Duration::from_millis(10));
    h.dialogue(seg("A").ack(2).seq(100_000).wnd(0), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").ack(2).wnd(100), &["PA 2:6(4) ack 1"]);
    h.advance(Duration::from_millis(10));
    h.dialogue(seg("A").ack(6).seq(100_000), &["A 6:6(0) ack 1"]);
}

#[test]
fn an_ack_outside_of_the_window_is_answered_once_in_a_while() {
    let mut h = established();
    h.dialogue(seg("A").seq(100_000), &["A 1:1(0) ack 1"]);
    h.advance(Duration::from_micros(9_999));
    h.dialogue(seg("A").seq(100_000), &[]);
    h.dialogue(seg("A").seq(100_000).text("text"), &["A 1:1(0) ack 1"]);
    h.advance(Duration::from_micros(1));
    h.dialogue(seg("A").seq(100_000), &["A 1:1(0) ack 1"]);
}

#[test]
fn a_probe_without_text_asks_at_an_old_number_and_leaves_nothing_to_repair() {
    let mut h = established_with(Config {
        probes_have_text: false,
        ..plain()
    });
    h.inject(seg("A").wnd(0));
    h.send("hello");
    for seconds in [1, 2, 4] {
        assert_eq!(h.next_timeout(), Duration::from_secs(seconds));
        h.expect(&["A 0:0(0) ack 1"]);
        h.inject(seg("A").wnd(0));
    }
    h.dialogue(seg("A").wnd(100), &["PA 1:6(5) ack 1"]);
    assert_eq!(h.status().total_retransmissions, 0);
}

#[test]
fn time_with_the_window_in_the_way_is_told_from_other_time() {
    let mut h = established();
    let second = Duration::from_secs(1);
    h.inject(seg("A").wnd(0));
    h.send("hello");
    h.advance(second / 2);
    h.inject(seg("A").wnd(100));
    h.advance(second / 4);
    h.inject(seg("A").ack(6).wnd(100));
    h.advance(second);
    let totals = h.status().chronograph.totals(h.now);
    assert_eq!(totals.busy, second * 3 / 4);
    assert_eq!(totals.window_limited, second / 2);
}

#[test]
fn a_probe_whose_octet_was_taken_is_not_repeated() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    h.send("hello");
    h.next_timeout();
    h.expect(&["A 1:2(1) ack 1"]);
    h.dialogue(seg("A").ack(2).wnd(100), &["PA 2:6(4) ack 1"]);
}

#[test]
fn unanswered_probes_end_the_connection() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    h.send("hello");
    h.advance(Duration::from_secs(2_000));
    h.expect_state(State::Closed);
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::UserTimeout));
}

#[test]
fn a_fin_probes_a_closed_window_too() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    h.close();
    h.expect(&[]);
    h.expect_state(State::FinWait1);
    h.next_timeout();
    h.expect(&["FA 1:1(0) ack 1"]);
    h.inject(seg("A").ack(2).wnd(0));
    h.expect_state(State::FinWait2);
}

#[test]
fn a_window_that_shrinks_stops_new_text_and_old_text_goes_again() {
    let mut h = established();
    h.send([0; 5_000]);
    let _ = h.sent();
    h.inject(seg("A").wnd(1_000));
    h.send([0; 5_000]);
    h.expect(&[]);
    h.next_timeout();
    h.expect(&["A 1:1461(1460) ack 1"]);
    h.next_timeout();
    h.expect(&["A 1:1001(1000) ack 1"]);
}

#[test]
fn a_window_that_shrinks_to_nothing_is_probed() {
    let mut h = established();
    h.send([0; 1_000]);
    let _ = h.sent();
    h.inject(seg("A").wnd(0));
    h.next_timeout();
    h.expect(&["A 1:2(1) ack 1"]);
    h.dialogue(seg("A").wnd(5_000), &["PA 1:1001(1000) ack 1"]);
}

#[test]
fn the_sender_waits_for_a_worthwhile_window_or_the_override_timeout() {
    let mut h = established();
    h.inject(seg("A").wnd(10));
    h.send([0; 5_000]);
    h.expect(&[]);
    assert_eq!(h.next_timeout(), Duration::from_millis(200));
    h.expect(&["A 1:11(10) ack 1"]);
    h.dialogue(seg("A").ack(11).wnd(10), &[]);
    h.dialogue(
        seg("A").ack(11).wnd(4_000),
        &["A 11:1471(1460) ack 1", "A 1471:2931(1460) ack 1"],
    );
}

#[test]
fn a_remote_with_a_small_buffer_gets_half_of_its_largest_window() {
    let mut h = listen();
    h.inject(seg("S").seq(0).mss(1_460).wnd(100));
    h.inject(seg("A").wnd(100));
    let _ = h.sent();
    h.send([0; 500]);
    h.expect(&["A 1:101(100) ack 1"]);
    h.dialogue(seg("A").ack(101).wnd(60), &["A 101:161(60) ack 1"]);
    h.dialogue(seg("A").ack(161).wnd(40), &[]);
}

#[test]
fn the_receiver_opens_its_window_in_worthwhile_steps_only() {
    let mut h = established_with(Config {
        receive_buffer: 4_000,
        ..plain()
    });
    h.inject(seg("A").zeros(4_000));
    assert_eq!(h.last_segment().wnd, 0);
    h.read(1_000);
    h.expect(&[]);
    h.dialogue(seg("A").seq(4_001).text("x"), &["A 1:1(0) ack 4001"]);
    h.read(500);
    assert_eq!(h.last_segment().wnd, 1_500);
}

#[test]
fn the_right_edge_never_moves_left() {
    let mut h = established_with(Config {
        receive_buffer: 4_000,
        ..plain()
    });
    h.stack
        .set_option(h.now, h.id, crate::ConnectionOption::ReceiveBuffer(100))
        .unwrap();
    h.inject(seg("A").zeros(1_000));
    assert_eq!(h.last_segment().wnd, 3_000);
}

#[test]
fn a_closed_window_still_takes_ack_rst_and_urg() {
    let full = || {
        let mut h = established_with(Config {
            receive_buffer: 1_000,
            ..plain()
        });
        h.send("x");
        h.inject(seg("A").zeros(1_000));
        let _ = h.sent();
        h
    };
    let mut h = full();
    h.dialogue(seg("A").seq(1_001).ack(2).text("y"), &["A 2:2(0) ack 1001"]);
    assert_eq!(h.status().flight_size, 0);
    assert_eq!(h.status().receive_queued, 1_000);
    let mut h = full();
    h.inject(seg("UA").seq(1_001).up(1).text("y"));
    assert!(
        h.events
            .iter()
            .any(|event| matches!(event, Event::Urgent { .. }))
    );
    assert_eq!(h.status().receive_queued, 1_000);
    let mut h = full();
    h.inject(seg("FA").seq(1_001));
    h.expect_state(State::Established);
    h.inject(seg("R").seq(1_001));
    h.expect_state(State::Closed);
}

#[test]
fn window_shifts_apply_after_the_syns_only() {
    let mut h = Harness::new(scaled()).listen();
    h.inject(seg("S").seq(0).mss(1_460).scale(4).wnd(500));
    let syn_ack = h.last_segment();
    assert_eq!(
        (syn_ack.options.window_scale, syn_ack.wnd),
        (Some(7), 65_535)
    );
    h.inject(seg("A").wnd(100));
    assert_eq!(h.status().snd_wnd, 1_600);
    h.inject(seg("A").text("x"));
    assert_eq!(h.last_segment().wnd, ((256 * 1024 - 1) >> 7) as u16);
}

#[test]
fn a_window_between_two_steps_of_the_scale_is_rounded_up_where_there_is_room() {
    let mut h = Harness::new(scaled()).listen();
    h.inject(seg("S").seq(0).mss(1_460).scale(7));
    h.inject(seg("A"));
    accept(&mut h);
    let mut seq = 1;
    // The octets that arrive, of which all are read afterwards, and the window in units of 128 octets.
    for (octets, expected) in [
        (1, 2_047),
        (128, 2_046),
        (128, 2_045),
        (100, 2_045),
        (28, 2_045),
    ] {
        h.inject(seg("A").seq(seq).zeros(octets));
        assert_eq!(h.last_segment().wnd, expected, "at {seq}");
        h.read(octets);
        seq += octets as i64;
    }
}

#[test]
fn the_first_window_is_a_whole_number_of_segments_where_that_is_chosen() {
    for (receive_buffer, expected) in [(10_000, 8_760), (2_920, 2_920), (1_460, 1_460), (900, 900)]
    {
        let mut h = Harness::new(Config {
            receive_buffer,
            whole_segment_windows: true,
            ..plain()
        })
        .listen();
        h.inject(seg("S").seq(0).mss(1_460));
        assert_eq!(h.last_segment().wnd, expected);
    }
}

#[test]
fn an_initial_window_is_not_scaled() {
    let mut h = Harness::new(scaled()).connect();
    h.send([0; 1_000]);
    h.dialogue(seg("SA").seq(0).scale(7).wnd(300), &["A 1:301(300) ack 1"]);
}

#[test]
fn a_shift_above_fourteen_is_fourteen_and_one_sided_scaling_is_none() {
    let mut h = Harness::new(scaled()).listen();
    h.inject(seg("S").seq(0).scale(255));
    h.inject(seg("A").wnd(4));
    assert_eq!(h.status().snd_wnd, 4 << 14);
    let mut h = Harness::new(scaled()).connect();
    h.inject(seg("SA").seq(0).wnd(4));
    assert_eq!(
        (h.status().snd_wind_shift, h.status().rcv_wind_shift),
        (0, 0)
    );
}

#[test]
fn a_shift_outside_of_a_syn_means_nothing() {
    let mut h = Harness::new(scaled()).listen();
    h.inject(seg("S").seq(0).scale(2));
    h.inject(seg("A").scale(10).wnd(100));
    assert_eq!(h.status().snd_wnd, 400);
}

#[test]
fn large_windows_are_unsigned() {
    let mut h = established();
    assert_eq!(h.status().snd_wnd, 65_535);
    h.inject(seg("A").wnd(0x8000));
    assert_eq!(h.status().snd_wnd, 0x8000);
}

#[test]
fn the_window_of_a_crossing_syn_ack_is_not_scaled_either() {
    let mut h = Harness::new(scaled()).connect();
    h.inject(seg("S").seq(0).scale(7).wnd(300));
    h.inject(seg("SA").seq(0).scale(7).wnd(300));
    h.expect_state(State::Established);
    assert_eq!(h.status().snd_wnd, 300);
}

#[test]
fn quick_acks_are_used_up_by_acknowledgments_of_text_alone() {
    let mut h = established_with(Config {
        delayed_ack: Some(Duration::from_millis(200)),
        quick_acks: 2,
        ..plain()
    });
    for (seq, acknowledgment) in [
        (1, &["A 1:1(0) ack 2"][..]),
        (2, &["A 2:2(0) ack 3"]),
        (3, &[]),
    ] {
        h.dialogue(seg("A").seq(seq).ack(seq).text("x"), acknowledgment);
        h.send("y");
        let _ = h.sent();
    }
}

#[test]
fn a_window_is_rounded_up_only_where_the_buffer_has_room() {
    for (receive_buffer, wnd) in [(1_000, 7), (1_023, 7), (1_024, 8)] {
        let mut h = Harness::new(Config {
            window_scale: Some(7),
            receive_buffer,
            ..plain()
        })
        .listen();
        h.inject(seg("S").seq(0).mss(1_460).scale(0));
        assert_eq!(usize::from(h.last_segment().wnd), receive_buffer);
        h.inject(seg("A"));
        h.send("x");
        assert_eq!(h.last_segment().wnd, wnd);
    }
}

#[test]
fn reading_is_told_when_the_window_was_nearly_closed_or_half_of_the_buffer_opened() {
    // Two segments of 1,460 octets are left, or less, and less than half of the buffer opens.
    for (left, text, told) in [
        (2_920, 1_460, false),
        (2_919, 1_460, true),
        (5_000, 5_000, true),
    ] {
        let mut h = established_with(Config {
            receive_buffer: left + text,
            ..plain()
        });
        h.inject(seg("A").zeros(text));
        let _ = h.sent();
        let _ = h.read(text);
        assert_eq!(
            h.sent().len(),
            usize::from(told),
            "{left} of {}",
            left + text
        );
    }
}

#[test]
fn a_fin_at_the_right_edge_lies_inside_of_the_window() {
    for (text, state) in [(99, State::CloseWait), (100, State::Established)] {
        let mut h = established_with(Config {
            receive_buffer: 100,
            ..plain()
        });
        h.inject(seg("FA").zeros(text));
        h.expect_state(state);
    }
}
