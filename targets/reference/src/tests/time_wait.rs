//! TIME-WAIT: its length, what restarts it, what reopens or ends it.

use core::time::Duration;

use super::harness::*;
use crate::{Config, Event, State};

/// TIME-WAIT of a connection whose last timestamp was 100.
fn with_timestamps() -> Harness {
    let mut h = Harness::new(Config {
        timestamps: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).ts(100, 0));
    let ecr = h.last_segment().options.timestamps.unwrap().val;
    h.inject(seg("A").ts(100, ecr));
    accept(&mut h);
    h.close();
    h.inject(seg("FA").ack(2).ts(100, ecr));
    h.expect_state(State::TimeWait);
    let _ = h.sent();
    h
}

/// Whether this SYN begins a new connection.
#[track_caller]
fn reopens(mut h: Harness, syn: Seg) -> bool {
    let old = h.id;
    h.inject(syn);
    h.id != old
}

#[test]
fn it_lasts_two_msl_and_then_the_connection_is_gone() {
    let mut h = time_wait();
    h.advance(Duration::from_micros(239_999_999));
    h.expect_state(State::TimeWait);
    h.advance(Duration::from_micros(1));
    h.expect_state(State::Closed);
    h.dialogue(seg("A").seq(2).ack(2), &["R 2:2(0)"]);
}

#[test]
fn a_repeated_fin_restarts_it_and_is_acknowledged() {
    let mut h = time_wait();
    h.advance(Duration::from_secs(200));
    h.dialogue(seg("FA").ack(2), &["A 2:2(0) ack 2"]);
    h.advance(Duration::from_secs(239));
    h.expect_state(State::TimeWait);
    h.advance(Duration::from_secs(1));
    h.expect_state(State::Closed);
}

#[test]
fn old_text_does_not_restart_it() {
    let mut h = time_wait();
    h.advance(Duration::from_secs(200));
    h.dialogue(seg("A").seq(0).ack(2).text("x"), &["A 2:2(0) ack 2"]);
    h.advance(Duration::from_secs(40));
    h.expect_state(State::Closed);
}

#[test]
fn a_greater_number_reopens_without_timestamps() {
    assert!(reopens(time_wait(), seg("S").seq(3)));
    assert!(reopens(time_wait(), seg("S").seq(500_000)));
    assert!(!reopens(time_wait(), seg("S").seq(2)));
    assert!(!reopens(time_wait(), seg("S").seq(-1_000)));
    assert!(reopens(time_wait(), seg("S").seq(-1_000).ts(5, 0)));
    assert!(!reopens(time_wait(), seg("SA").seq(500).ack(2)));
}

#[test]
fn a_newer_timestamp_reopens_whatever_the_number() {
    assert!(reopens(with_timestamps(), seg("S").seq(-1_000).ts(101, 0)));
    assert!(reopens(with_timestamps(), seg("S").seq(1_000).ts(100, 0)));
    assert!(!reopens(with_timestamps(), seg("S").seq(-1_000).ts(100, 0)));
    assert!(!reopens(with_timestamps(), seg("S").seq(1_000).ts(99, 0)));
    assert!(reopens(with_timestamps(), seg("S").seq(1_000)));
    assert!(!reopens(with_timestamps(), seg("S").seq(-1_000)));
}

#[test]
fn a_reopened_connection_numbers_beyond_the_old_one() {
    let mut h = time_wait();
    let (old, old_nxt) = (h.id, h.status().snd_nxt);
    h.inject(seg("S").seq(10));
    assert!(h.iss.after(old_nxt));
    let fresh = h.id;
    let _ = h.sent();
    h.inject(seg("A").seq(11));
    h.expect_state(State::Established);
    h.id = old;
    h.expect_state(State::Closed);
    assert_ne!(old, fresh);
}

#[test]
fn an_old_duplicate_syn_returns_to_time_wait() {
    let mut h = time_wait();
    let old = h.id;
    let iss = h.iss;
    h.inject(seg("S").seq(10));
    let _ = h.sent();
    // The peer knows nothing of this SYN and resets what answers it.
    h.inject(seg("R").seq(11));
    (h.id, h.iss) = (old, iss);
    h.dialogue(seg("FA").ack(2), &["A 2:2(0) ack 2"]);
    h.expect_state(State::TimeWait);
    h.advance(Duration::from_secs(240));
    h.expect_state(State::Closed);
}

#[test]
fn rst_ends_it_unless_configured_otherwise() {
    let mut h = time_wait();
    h.stack.config_mut().ignore_rst_in_time_wait = true;
    h.dialogue(seg("R").seq(2), &[]);
    h.expect_state(State::TimeWait);
    h.stack.config_mut().ignore_rst_in_time_wait = false;
    h.dialogue(seg("R").seq(2), &[]);
    h.expect_state(State::Closed);
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let mut h = Harness::new(Config {
        max_time_wait: 2,
        ..plain()
    })
    .listen();
    for port in 1..=3 {
        h.remote.port = port;
        h.inject(seg("S").seq(0));
        h.inject(seg("A"));
        accept(&mut h);
        h.close();
        h.inject(seg("FA").ack(2));
    }
    let ended = |event: &&Event| {
        matches!(
            event,
            Event::Transition {
                from: State::TimeWait,
                to: State::Closed,
                ..
            }
        )
    };
    assert_eq!(h.events.iter().filter(ended).count(), 1);
    h.remote.port = 1;
    assert_eq!(h.stack.table.find(&h.local, &h.remote), None);
}

#[test]
fn one_that_hears_much_counts_once() {
    let mut h = Harness::new(Config {
        max_time_wait: 2,
        ..plain()
    })
    .listen();
    for port in 1..=2 {
        h.remote.port = port;
        h.inject(seg("S").seq(0));
        h.inject(seg("A"));
        accept(&mut h);
        h.close();
        for _ in 0..3 {
            h.inject(seg("FA").ack(2));
        }
        h.remote.port = 1;
        h.inject(seg("FA").ack(2));
    }
    for port in 1..=2 {
        h.remote.port = port;
        assert!(h.stack.table.find(&h.local, &h.remote).is_some());
    }
}

#[test]
fn those_that_ended_by_themselves_are_not_too_many() {
    let mut h = Harness::new(Config {
        max_time_wait: 2,
        ..plain()
    })
    .listen();
    for port in 1..=3 {
        h.remote.port = port;
        h.inject(seg("S").seq(0));
        h.inject(seg("A"));
        accept(&mut h);
        h.close();
        h.inject(seg("FA").ack(2));
        if port == 1 {
            h.inject(seg("R").seq(2).ack(2));
            h.expect_state(State::Closed);
        }
    }
    for port in 2..=3 {
        h.remote.port = port;
        assert!(h.stack.table.find(&h.local, &h.remote).is_some());
    }
}
