//! Loss: the retransmission timer, fast retransmit, congestion windows, giving up, keep-alive.

use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionError, ConnectionOption, Event, State};

/// An established connection with segments of 1000 octets, ten of them in flight.
fn ten_in_flight() -> Harness {
    let mut h = listen();
    h.inject(seg("S").seq(0).mss(1_000));
    h.inject(seg("A"));
    let _ = h.sent();
    h.send([0; 20_000]);
    assert_eq!(h.sent().len(), 10);
    h
}

#[test]
fn the_timer_repeats_the_earliest_segment_and_doubles() {
    let mut h = established();
    h.send([0; 3_000]);
    let _ = h.sent();
    for seconds in [1, 2, 4, 8, 16, 32, 64] {
        assert_eq!(h.next_timeout(), Duration::from_secs(seconds));
        h.expect(&["A 1:1461(1460) ack 1"]);
    }
}

#[test]
fn after_a_timeout_the_rest_follows_as_acks_come() {
    let mut h = ten_in_flight();
    h.next_timeout();
    h.expect(&["A 1:1001(1000) ack 1"]);
    h.dialogue(
        seg("A").ack(1_001),
        &["A 1001:2001(1000) ack 1", "A 2001:3001(1000) ack 1"],
    );
    h.dialogue(
        seg("A").ack(3_001),
        &[
            "A 3001:4001(1000) ack 1",
            "A 4001:5001(1000) ack 1",
            "A 5001:6001(1000) ack 1",
        ],
    );
    h.inject(seg("A").ack(10_001));
    let sent = h.sent();
    assert_eq!(
        sent.first().map(alloc::string::String::as_str),
        Some("A 10001:11001(1000) ack 1")
    );
}

#[test]
fn an_ack_of_new_text_restarts_the_timer() {
    let mut h = ten_in_flight();
    h.advance(Duration::from_millis(800));
    h.inject(seg("A").ack(1_001));
    let _ = h.sent();
    let rto = h.status().rto;
    assert_eq!(h.next_timeout(), rto);
    h.expect(&["A 1001:2001(1000) ack 1"]);
}

#[test]
fn no_timer_runs_when_all_is_acknowledged() {
    let mut h = established();
    h.send("x");
    h.inject(seg("A").ack(2));
    assert_eq!(h.stack.poll_timeout(), None);
}

#[test]
fn r1_is_told_and_r2_ends_the_connection() {
    let mut h = established_with(Config {
        user_timeout: None,
        ..plain()
    });
    let began = h.now;
    h.send("x");
    h.advance(Duration::from_secs(7));
    let told = |event: &Event| {
        matches!(
            event,
            Event::Error {
                error: ConnectionError::RetransmissionsExcessive,
                fatal: false,
                ..
            }
        )
    };
    assert!(h.events.iter().any(told));
    while h.state() == State::Established {
        h.next_timeout();
    }
    assert!(h.now.since(began) >= Duration::from_secs(100));
    assert_eq!(h.sent().len(), 1 + 15);
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::TimedOut));
}

#[test]
fn the_user_can_set_r2_and_the_user_timeout() {
    let mut h = established();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::R2(2))
        .unwrap();
    h.send("x");
    h.advance(Duration::from_secs(7));
    h.expect_state(State::Closed);
    let mut h = established();
    h.stack
        .set_option(
            h.now,
            h.id,
            ConnectionOption::UserTimeout(Some(Duration::from_secs(5))),
        )
        .unwrap();
    h.send("x");
    h.advance(Duration::from_secs(5));
    h.expect_state(State::Closed);
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::UserTimeout));
}

#[test]
fn a_user_timeout_counts_from_when_it_is_set() {
    let mut h = established();
    h.send("x");
    h.advance(Duration::from_secs(2));
    let timeout = ConnectionOption::UserTimeout(Some(Duration::from_secs(5)));
    h.stack.set_option(h.now, h.id, timeout).unwrap();
    h.advance(Duration::from_micros(4_999_999));
    h.expect_state(State::Established);
    h.advance(Duration::from_micros(1));
    h.expect_state(State::Closed);
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::UserTimeout));
}

#[test]
fn three_duplicate_acks_retransmit_and_two_do_not() {
    let mut h = ten_in_flight();
    // Limited transmit: one new segment for each of the first two.
    h.dialogue(seg("A"), &["A 10001:11001(1000) ack 1"]);
    h.dialogue(seg("A"), &["A 11001:12001(1000) ack 1"]);
    h.dialogue(seg("A"), &["A 1:1001(1000) ack 1"]);
    let status = h.status();
    assert!(status.in_recovery);
    assert_eq!((status.ssthresh, status.cwnd), (5_000, 8_000));
}

#[test]
fn a_changed_window_is_no_duplicate_ack() {
    let mut h = ten_in_flight();
    for wnd in 60_000..60_010 {
        h.inject(seg("A").wnd(wnd));
    }
    assert_eq!(h.status().dup_acks, 0);
}

#[test]
fn a_partial_ack_retransmits_the_next_hole_and_a_full_one_ends_recovery() {
    let mut h = ten_in_flight();
    for _ in 0..3 {
        h.inject(seg("A"));
    }
    let _ = h.sent();
    h.inject(seg("A").ack(4_001));
    assert_eq!(h.sent().first().unwrap(), "A 4001:5001(1000) ack 1");
    assert!(h.status().in_recovery);
    h.inject(seg("A").ack(12_001));
    assert!(!h.status().in_recovery);
    assert!(h.status().cwnd <= 5_000);
}

#[test]
fn duplicate_acks_after_a_timeout_do_not_begin_recovery() {
    let mut h = ten_in_flight();
    h.next_timeout();
    h.inject(seg("A").ack(1_001));
    let _ = h.sent();
    for _ in 0..5 {
        h.inject(seg("A").ack(1_001));
    }
    assert!(!h.status().in_recovery);
}

#[test]
fn the_congestion_window_bounds_what_is_in_flight() {
    let mut h = ten_in_flight();
    assert_eq!(h.status().flight_size, 10_000);
    h.inject(seg("A").ack(1_001));
    assert_eq!(h.sent().len(), 2);
    assert_eq!(h.status().cwnd, 11_000);
}

#[test]
fn a_long_pause_brings_back_the_initial_window() {
    let mut h = ten_in_flight();
    for ack in 1..=10 {
        h.inject(seg("A").ack(1 + ack * 1_000));
    }
    h.inject(seg("A").ack(20_001));
    assert!(h.status().cwnd > 10_000);
    let _ = h.sent();
    h.advance(Duration::from_secs(10));
    h.send([0; 30_000]);
    assert_eq!(h.sent().len(), 10);
}

#[test]
fn keep_alive_is_off_unless_asked_for_and_waits_two_hours() {
    let mut h = established();
    assert_eq!(h.stack.poll_timeout(), None);
    h.stack
        .set_option(h.now, h.id, ConnectionOption::KeepAlive(true))
        .unwrap();
    assert_eq!(h.next_timeout(), Duration::from_secs(7_200));
    h.expect(&["A 0:0(0) ack 1"]);
    h.inject(seg("A"));
    assert_eq!(h.next_timeout(), Duration::from_secs(75));
    h.expect(&[]);
    h.stack
        .set_option(h.now, h.id, ConnectionOption::KeepAlive(false))
        .unwrap();
    assert_eq!(h.stack.poll_timeout(), None);
}

#[test]
fn keep_alive_gives_up_after_its_count_of_probes() {
    let mut h = established();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::KeepCount(3))
        .unwrap();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::KeepAlive(true))
        .unwrap();
    h.advance(Duration::from_secs(7_200 + 3 * 75));
    assert_eq!(h.sent().len(), 3);
    h.expect_state(State::Closed);
    assert_eq!(
        h.stack.take_error(h.id),
        Some(ConnectionError::KeepAliveTimedOut)
    );
}

#[test]
fn challenge_acks_are_limited_when_configured() {
    let mut h = established();
    let limit = crate::ChallengeAckLimit {
        count: 2,
        interval: Duration::from_secs(1),
    };
    h.stack.config_mut().challenge_ack_limit = Some(limit);
    for _ in 0..10 {
        h.inject(seg("R").seq(100));
    }
    assert_eq!(h.sent().len(), 2);
    h.advance(Duration::from_secs(2));
    h.dialogue(seg("S").seq(100), &["A 1:1(0) ack 1"]);
}

#[test]
fn a_partial_ack_retransmits_nothing_into_a_closed_window() {
    let mut h = ten_in_flight();
    for _ in 0..3 {
        h.inject(seg("A"));
    }
    let _ = h.sent();
    h.dialogue(seg("A").ack(2_001).wnd(0), &["A 2001:3001(1000) ack 1"]);
    h.dialogue(seg("A").ack(4_001).wnd(0), &[]);
}

#[test]
fn answers_to_probes_are_no_duplicate_acks() {
    let mut h = ten_in_flight();
    let before = h.status().ssthresh;
    for _ in 0..4 {
        h.inject(seg("A").wnd(0));
    }
    let status = h.status();
    assert_eq!((status.dup_acks, status.in_recovery), (0, false));
    assert_eq!(status.ssthresh, before);
}

#[test]
fn an_echo_from_before_takes_a_recovery_back_however_many_duplicates_came() {
    for duplicates in 3..8 {
        let mut h = Harness::new(Config {
            timestamps: true,
            ..plain()
        })
        .listen();
        h.inject(seg("S").seq(0).mss(1_012).ts(1, 0));
        let ours = h.last_segment().options.timestamps.unwrap().val;
        h.inject(seg("A").ts(1, ours));
        h.send([0; 10_000]);
        h.advance(Duration::from_millis(100));
        for _ in 0..duplicates {
            h.inject(seg("A").ts(1, ours));
        }
        assert!(h.status().in_recovery);
        h.inject(seg("A").ack(10_001).ts(1, ours));
        assert!(h.status().cwnd >= 10_000, "{}", h.status().cwnd);
    }
}

#[test]
fn the_user_timeout_goes_on_when_the_window_closes_and_begins_anew_when_a_probe_is_answered() {
    let with_timeout = |seconds| {
        established_with(Config {
            user_timeout: Some(Duration::from_secs(seconds)),
            ..plain()
        })
    };
    let mut h = with_timeout(3);
    h.send([0; 100]);
    h.advance(Duration::from_secs(2));
    h.inject(seg("A").wnd(0));
    h.advance(Duration::from_secs(2));
    h.expect_state(State::Closed);

    let mut h = with_timeout(10);
    h.inject(seg("A").wnd(0));
    h.send([0; 100]);
    for _ in 0..4 {
        let _ = h.next_timeout(); // after 1, 3, 7 and 15 s
        h.inject(seg("A").wnd(0));
    }
    h.expect_state(State::Established);
    h.advance(Duration::from_secs(11));
    h.expect_state(State::Closed);
}
