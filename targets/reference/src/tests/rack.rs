//! Losses found by time, tail loss probes and spurious timeouts, on a path with a round trip of 100 ms.

use core::time::Duration;

use super::harness::*;
use crate::Config;

const RTT: Duration = Duration::from_millis(100);

/// An established connection with `segments` of 1000 octets given to send, the first ten of them in flight.
fn in_flight(segments: usize) -> Harness {
    in_flight_with(segments, selective())
}

fn selective() -> Config {
    Config {
        sack: true,
        ..plain()
    }
}

fn in_flight_with(segments: usize, config: Config) -> Harness {
    let mut h = Harness::new(config).listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.advance(RTT);
    h.inject(seg("A"));
    let _ = h.sent();
    h.send(alloc::vec![0; segments * 1_000]);
    assert_eq!(h.sent().len(), segments.min(10));
    h
}

/// An ACK of `ack` with these blocks.
fn sacking(h: &Harness, ack: i64, edges: &[(u32, u32)]) -> Seg {
    seg("A").ack(ack).sack(edges, h.iss)
}

#[test]
fn a_single_hole_waits_for_a_quarter_of_the_round_trip() {
    let mut h = in_flight(10);
    h.advance(RTT);
    h.dialogue(sacking(&h, 1, &[(1_001, 2_001)]), &[]);
    assert_eq!(h.next_timeout(), RTT / 4);
    h.expect(&["A 1:1001(1000) ack 1"]);
    assert!(h.status().in_recovery);
}

#[test]
fn reordering_within_the_window_costs_nothing() {
    let mut h = in_flight(10);
    h.advance(RTT);
    h.inject(sacking(&h, 1, &[(1_001, 2_001)]));
    h.advance(RTT / 8);
    h.inject(seg("A").ack(2_001));
    h.advance(RTT / 4);
    h.expect(&[]);
    assert!(!h.status().in_recovery);
}

#[test]
fn three_sacked_segments_need_no_waiting() {
    let mut h = in_flight(10);
    h.advance(RTT);
    h.dialogue(sacking(&h, 1, &[(1_001, 4_001)]), &["A 1:1001(1000) ack 1"]);
}

#[test]
fn a_lost_retransmission_is_found_without_a_timeout() {
    let mut h = in_flight(30);
    h.advance(RTT);
    h.inject(sacking(&h, 1, &[(1_001, 8_001)]));
    let sent = h.sent();
    assert_eq!(sent.first().unwrap(), "A 1:1001(1000) ack 1");
    assert!(
        sent.contains(&"A 10001:11001(1000) ack 1".into()),
        "{sent:?}"
    );
    h.advance(RTT);
    // What was sent after the retransmission arrived, the retransmission did not.
    h.inject(sacking(&h, 1, &[(10_001, 11_001), (1_001, 10_001)]));
    assert_eq!(h.sent().first().unwrap(), "A 1:1001(1000) ack 1");
}

#[test]
fn what_was_sent_once_measures_the_round_trip_when_nothing_is_timed_any_more() {
    let mut h = in_flight(10);
    h.advance(RTT);
    h.inject(sacking(&h, 1, &[(1_001, 4_001)])); // the first leaves again, which ends the timing
    assert_eq!(h.status().srtt, Some(RTT));
    h.advance(RTT / 5);
    h.inject(sacking(&h, 1, &[(1_001, 5_001)]));
    let smoothed = (RTT * 7 + RTT * 6 / 5) / 8;
    assert_eq!(h.status().srtt, Some(smoothed));
    h.advance(RTT / 5);
    h.inject(sacking(&h, 4_001, &[]));
    assert_eq!(h.status().srtt, Some(smoothed));
}

#[test]
fn the_degree_of_reordering_is_the_furthest_that_a_segment_came_behind() {
    let mut h = in_flight(10);
    h.advance(RTT);
    h.inject(sacking(&h, 1, &[(9_001, 10_001)]));
    assert_eq!(h.status().reorderings, 0);
    h.inject(sacking(&h, 1, &[(3_001, 4_001), (9_001, 10_001)]));
    let seen = |h: &Harness| (h.status().reorderings, h.status().reordering);
    assert_eq!(seen(&h), (1, 7));
    h.inject(seg("A").ack(10_001));
    assert_eq!(seen(&h), (2, 10));
}

#[test]
fn where_arrivals_count_the_window_grows_by_what_was_not_known_to_have_arrived() {
    for (grows_by_delivery, cwnd) in [(false, 13_000), (true, 11_000)] {
        let mut h = in_flight_with(
            20,
            Config {
                grows_by_delivery,
                slow_start_segments: 10,
                ..selective()
            },
        );
        h.advance(RTT);
        h.inject(sacking(&h, 1, &[(1_001, 3_001)]));
        h.inject(seg("A").ack(3_001));
        assert_eq!(h.status().cwnd, cwnd);
    }
}

#[test]
fn a_reduction_is_a_share_of_the_window_where_that_counts() {
    for (reduces_from_window, ssthresh) in [(false, 2_000), (true, 5_000)] {
        let mut h = in_flight_with(
            2,
            Config {
                reduces_from_window,
                ..selective()
            },
        );
        h.next_timeout(); // the probe
        h.next_timeout();
        assert_eq!(h.status().ssthresh, ssthresh);
    }
}

#[test]
fn a_tail_without_an_answer_is_probed_after_two_round_trips() {
    let mut h = in_flight(10);
    assert_eq!(h.next_timeout(), 2 * RTT);
    h.expect(&["PA 9001:10001(1000) ack 1"]);
    // The probe's SACK shows that everything else is missing.
    h.advance(RTT);
    h.inject(sacking(&h, 1, &[(9_001, 10_001)]));
    h.advance(RTT / 2);
    assert_eq!(h.sent().first().unwrap(), "A 1:1001(1000) ack 1");
    assert_eq!(h.status().retransmissions, 0);
}

#[test]
fn a_probe_is_new_text_where_there_is_some_and_goes_unrepeated() {
    let mut h = in_flight(11);
    assert_eq!(h.next_timeout(), 2 * RTT);
    h.expect(&["PA 10001:11001(1000) ack 1"]);
    assert_eq!(h.next_timeout(), h.status().rto);
    h.expect(&["A 1:1001(1000) ack 1"]);
}

#[test]
fn a_single_segment_is_given_the_time_of_a_delayed_ack() {
    let mut h = in_flight(1);
    assert_eq!(h.next_timeout(), 2 * RTT + Duration::from_millis(200));
    h.expect(&["PA 1:1001(1000) ack 1"]);
    let before = h.status().cwnd;
    // Both copies arrived: no loss.
    h.inject(seg("A").ack(1_001));
    h.inject(sacking(&h, 1_001, &[(1, 1_001)]));
    assert!(h.status().cwnd >= before);
}

#[test]
fn a_loss_that_only_the_probe_repaired_halves_the_window() {
    let mut h = in_flight(10);
    h.next_timeout();
    let _ = h.sent();
    h.inject(seg("A").ack(1_001));
    h.send([0; 1_000]);
    h.inject(seg("A").ack(11_001));
    assert_eq!(h.status().ssthresh, 5_000);
}

#[test]
fn a_spurious_timeout_is_noticed_and_taken_back() {
    let mut h = in_flight(30);
    let before = h.status().cwnd;
    h.next_timeout(); // the probe, and then
    h.next_timeout(); // the timeout: the path had only become longer
    let _ = h.sent();
    assert!(h.status().cwnd < before);
    h.dialogue(
        seg("A").ack(1_001),
        &["A 11001:12001(1000) ack 1", "A 12001:13001(1000) ack 1"],
    );
    h.inject(seg("A").ack(2_001));
    assert!(h.status().cwnd >= before, "{}", h.status().cwnd);
    assert!(h.sent().iter().all(|sent| !sent.starts_with("A 2001")));
}

#[test]
fn a_true_timeout_goes_on_with_what_is_lost() {
    let mut h = in_flight(30);
    h.next_timeout();
    h.next_timeout();
    let _ = h.sent();
    h.inject(seg("A").ack(1_001));
    let _ = h.sent();
    // Only what is new arrives: what the timer took for lost is.
    h.inject(sacking(&h, 1_001, &[(11_001, 12_001)]));
    assert_eq!(h.sent().first().unwrap(), "A 1001:2001(1000) ack 1");
}
