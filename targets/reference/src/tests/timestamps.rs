//! Timestamps and PAWS (RFC 7323).

use core::time::Duration;

use super::harness::*;
use crate::{Config, State};

/// Established with timestamps; the peer's clock shows 100, ours what is returned.
fn stamped() -> (Harness, u32) {
    let mut h = Harness::new(Config {
        timestamps: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_460).ts(100, 0));
    let ours = h.last_segment().options.timestamps.unwrap();
    assert_eq!(ours.ecr, 100);
    h.inject(seg("A").ts(100, ours.val));
    accept(&mut h);
    let _ = h.sent();
    (h, ours.val)
}

#[test]
fn the_first_syn_echoes_nothing() {
    let mut h = Harness::new(Config {
        timestamps: true,
        ..plain()
    });
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    assert_eq!(h.last_segment().options.timestamps.unwrap().ecr, 0);
}

#[test]
fn the_clock_ticks_in_milliseconds() {
    let (mut h, before) = stamped();
    h.advance(Duration::from_millis(250));
    h.inject(seg("A").ts(101, before).text("x"));
    assert_eq!(
        h.last_segment().options.timestamps.unwrap().val,
        before.wrapping_add(250)
    );
}

#[test]
fn an_old_timestamp_is_acknowledged_and_dropped_before_anything_else() {
    let (mut h, ours) = stamped();
    h.dialogue(seg("A").ts(99, ours).text("old"), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("S").seq(9_000_000).ts(99, 0), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").ts(100, ours).text("new"), &["A 1:1(0) ack 4"]);
}

#[test]
fn a_missing_timestamp_is_dropped_without_an_answer() {
    let (mut h, _) = stamped();
    h.dialogue(seg("A").text("bare"), &[]);
    h.dialogue(seg("FA"), &[]);
    h.dialogue(seg("S"), &["A 1:1(0) ack 1"]);
    h.expect_state(State::Established);
}

#[test]
fn rst_is_not_subject_to_paws_and_changes_nothing_when_inexact() {
    let (mut h, ours) = stamped();
    h.inject(seg("R").seq(50).ts(9_999_999, 0));
    let _ = h.sent();
    h.dialogue(seg("A").ts(100, ours).text("fine"), &["A 1:1(0) ack 5"]);
    h.inject(seg("R").seq(5).ts(1, 0));
    h.expect_state(State::Closed);
}

#[test]
fn after_24_days_of_silence_any_timestamp_counts() {
    let (mut h, ours) = stamped();
    h.advance(Duration::from_secs(25 * 24 * 3_600));
    h.dialogue(seg("A").ts(5, ours).text("hi"), &["A 1:1(0) ack 3"]);
    h.dialogue(seg("A").seq(3).ts(4, ours).text("no"), &["A 1:1(0) ack 3"]);
}

#[test]
fn a_segment_ahead_does_not_poison_ts_recent() {
    let (mut h, ours) = stamped();
    h.inject(seg("A").seq(10).ts(5_000, ours).text("ahead"));
    assert_eq!(h.last_segment().options.timestamps.unwrap().ecr, 100);
    h.inject(seg("A").ts(101, ours).text("123456789"));
    assert_eq!(h.last_segment().options.timestamps.unwrap().ecr, 101);
}

#[test]
fn a_delayed_ack_echoes_the_first_of_its_segments() {
    let (mut h, ours) = stamped();
    h.stack.config_mut().delayed_ack = Some(Duration::from_millis(100));
    h.inject(seg("A").ts(110, ours).text("a"));
    h.inject(seg("A").seq(2).ts(120, ours).text("b"));
    h.next_timeout();
    assert_eq!(h.last_segment().options.timestamps.unwrap().ecr, 110);
}

#[test]
fn timestamps_take_twelve_octets_of_each_segment() {
    let (mut h, _) = stamped();
    h.send([0; 3_000]);
    h.expect(&["A 1:1449(1448) ack 1", "A 1449:2897(1448) ack 1"]);
}

#[test]
fn a_retransmission_gives_a_sample_when_its_timestamp_comes_back() {
    let (mut h, ours) = stamped();
    h.send([0; 100]);
    h.next_timeout();
    h.advance(Duration::from_millis(100));
    h.inject(seg("A").ack(101).ts(200, ours.wrapping_add(1_000)));
    assert_eq!(h.status().retransmissions, 0);
    // An eighth of the way from the handshake's, which took no time.
    assert_eq!(h.status().srtt, Some(Duration::from_micros(12_500)));
}

#[test]
fn a_timestamp_that_cannot_be_ours_gives_no_sample() {
    let (mut h, ours) = stamped();
    h.send([0; 100]);
    h.next_timeout();
    h.advance(Duration::from_millis(100));
    h.inject(seg("A").ack(101).ts(200, ours.wrapping_sub(2)));
    assert_eq!(h.status().srtt, Some(Duration::ZERO));
}

#[test]
fn ts_recent_is_good_for_24_days_to_the_millisecond() {
    let days = Duration::from_secs(24 * 24 * 3_600);
    for (age, answer) in [(0, "A 1:1(0) ack 1"), (1, "A 1:1(0) ack 3")] {
        let (mut h, ours) = stamped();
        h.advance(days + Duration::from_millis(age));
        h.dialogue(seg("A").ts(5, ours).text("hi"), &[answer]);
    }
    // Where PAWS lets one pass that is older by one, it is not taken over.
    for (age, echoed) in [(0, 100), (1, 99)] {
        let (mut h, ours) = stamped();
        h.stack.config_mut().paws_slack = 1;
        h.advance(days + Duration::from_millis(age));
        h.inject(seg("A").ts(99, ours).text("hi"));
        assert_eq!(h.last_segment().options.timestamps.unwrap().ecr, echoed);
    }
}

#[test]
fn timestamps_on_a_connection_without_them_are_ignored() {
    let mut h = established();
    h.inject(seg("A").ts(0, 0).text("x"));
    assert_eq!(h.last_segment().options.timestamps, None);
}
