//! A link that takes nothing for a while.

use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionError, Event, State};

const HALF: Duration = Duration::from_millis(500);

fn filled(config: Config) -> Harness {
    let mut h = established_with(config);
    h.stack.config_mut().link_is_full = true;
    h.send("hello");
    h.expect(&[]);
    assert_eq!(h.next_timeout(), 2 * HALF);
    h.expect(&[]);
    h
}

#[test]
fn text_waits_for_the_link_and_is_tried_again_every_half_second() {
    let mut h = filled(plain());
    assert_eq!(h.next_timeout(), HALF);
    h.expect(&[]);
    assert_eq!((h.status().probes, h.status().backoff), (2, 0));
    h.stack.config_mut().link_is_full = false;
    assert_eq!(h.next_timeout(), HALF);
    h.expect(&["PA 1:6(5) ack 1"]);
    assert_eq!(h.status().probes, 0);
}

#[test]
fn the_user_timeout_may_count_from_the_first_attempt_after_the_wait() {
    for (user_timeout_counts_from_probes, attempts) in [(false, 4), (true, 6)] {
        let mut h = filled(Config {
            user_timeout: Some(6 * HALF),
            user_timeout_counts_from_probes,
            ..plain()
        });
        for _ in 1..attempts {
            h.next_timeout();
            h.expect_state(State::Established);
        }
        assert_eq!(h.next_timeout(), HALF);
        h.expect_state(State::Closed);
        assert_eq!(h.status().probes, attempts);
        let failed = |event: &Event| {
            matches!(
                event,
                Event::Error {
                    error: ConnectionError::UserTimeout,
                    ..
                }
            )
        };
        assert!(h.events.iter().any(failed));
    }
}

#[test]
fn a_retransmission_that_the_link_refuses_leaves_nothing_out() {
    let mut h = Harness::new(Config {
        sack: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.advance(HALF);
    h.inject(seg("A"));
    h.send([0; 4_000]);
    let _ = h.sent();
    h.stack.config_mut().link_is_full = true;
    h.advance(HALF);
    h.inject(seg("A").sack(&[(1_001, 4_001)], h.iss));
    let status = h.status();
    assert!(status.in_recovery);
    assert_eq!((status.segments_lost, status.segments_resent), (1, 0));
    h.stack.config_mut().link_is_full = false;
    h.dialogue(
        seg("A").sack(&[(1_001, 4_001)], h.iss),
        &["A 1:1001(1000) ack 1"],
    );
}
