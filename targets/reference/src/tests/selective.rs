//! Loss recovery with SACK: the scoreboard, duplicates, and what turns out to have been needless.

use core::time::Duration;

use super::harness::*;
use crate::Config;

/// An established connection with SACK, ten segments of 1000 octets in flight and ten more waiting.
fn ten_in_flight() -> Harness {
    let mut h = Harness::new(Config {
        sack: true,
        rack: false,
        tail_loss_probe: false,
        frto: false,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.inject(seg("A"));
    let _ = h.sent();
    h.send([0; 20_000]);
    assert_eq!(h.sent().len(), 10);
    h
}

/// An ACK of `ack` with these blocks.
fn sacking(h: &Harness, ack: i64, edges: &[(u32, u32)]) -> Seg {
    seg("A").ack(ack).sack(edges, h.iss)
}

#[test]
fn a_hole_below_three_segments_is_sent_again_at_once() {
    let mut h = ten_in_flight();
    // Limited transmit: what was SACKed makes room in the pipe.
    h.dialogue(
        sacking(&h, 1, &[(1_001, 2_001)]),
        &["A 10001:11001(1000) ack 1"],
    );
    h.dialogue(
        sacking(&h, 1, &[(1_001, 3_001)]),
        &["A 11001:12001(1000) ack 1"],
    );
    h.dialogue(sacking(&h, 1, &[(1_001, 4_001)]), &["A 1:1001(1000) ack 1"]);
    let status = h.status();
    assert!(status.in_recovery);
    assert_eq!(status.ssthresh, 5_000);
}

#[test]
fn every_hole_is_repaired_within_one_round_trip() {
    let mut h = ten_in_flight();
    h.inject(sacking(
        &h,
        1,
        &[(1_001, 2_001), (3_001, 4_001), (5_001, 10_001)],
    ));
    let sent = h.sent();
    assert_eq!(
        sent,
        [
            "A 1:1001(1000) ack 1",
            "A 2001:3001(1000) ack 1",
            "A 4001:5001(1000) ack 1",
            "A 10001:11001(1000) ack 1",
            "A 11001:12001(1000) ack 1"
        ]
    );
    h.inject(seg("A").ack(10_001));
    assert!(!h.status().in_recovery);
}

#[test]
fn blocks_that_cannot_be_true_change_nothing() {
    let mut h = ten_in_flight();
    for edges in [(50_000, 60_000), (3_001, 2_001), (0, 1)] {
        h.inject(sacking(&h, 1, &[edges]));
    }
    h.expect(&[]);
    assert!(!h.status().in_recovery);
}

#[test]
fn after_a_timeout_what_was_sacked_is_spared() {
    let mut h = ten_in_flight();
    h.inject(sacking(&h, 1, &[(2_001, 3_001)]));
    let _ = h.sent();
    h.next_timeout();
    h.expect(&["A 1:1001(1000) ack 1"]);
    h.inject(sacking(&h, 1_001, &[(2_001, 3_001)]));
    h.expect(&["A 1001:2001(1000) ack 1", "A 3001:4001(1000) ack 1"]);
}

#[test]
fn a_remote_that_reneged_gets_everything_again() {
    let mut h = ten_in_flight();
    h.inject(sacking(&h, 1, &[(1_001, 3_001)]));
    h.inject(seg("A").ack(1_001));
    let _ = h.sent();
    h.next_timeout();
    h.expect(&["A 1001:2001(1000) ack 1"]);
}

#[test]
fn duplicates_are_reported_once_and_first() {
    let mut h = Harness::new(Config {
        sack: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.inject(seg("A"));
    h.inject(seg("A").seq(1).zeros(100));
    h.inject(seg("A").seq(201).zeros(100));
    let _ = h.sent();
    // Below RCV.NXT, the whole and a part.
    h.inject(seg("A").seq(1).zeros(100));
    assert_eq!(h.last_segment().sack, [(1, 101), (201, 301)]);
    h.inject(seg("A").seq(51).zeros(100));
    assert_eq!(h.last_segment().sack, [(51, 101), (201, 301)]);
    // Inside of what is held.
    h.inject(seg("A").seq(221).zeros(50));
    assert_eq!(h.last_segment().sack, [(221, 271), (201, 301)]);
    h.inject(seg("A").seq(301).zeros(50));
    assert_eq!(h.last_segment().sack, [(201, 351)]);
}

#[test]
fn a_reported_duplicate_takes_a_needless_recovery_back() {
    let mut h = ten_in_flight();
    h.inject(sacking(&h, 1, &[(1_001, 4_001)]));
    assert!(h.status().in_recovery);
    let _ = h.sent();
    // The segment was only late: first it is acknowledged, then its copy is reported.
    h.inject(seg("A").ack(4_001));
    h.inject(sacking(&h, 4_001, &[(1, 1_001)]));
    let status = h.status();
    assert!(!status.in_recovery);
    assert!(status.cwnd >= 10_000, "{}", status.cwnd);
}

#[test]
fn an_echo_from_before_the_retransmission_takes_it_back() {
    let mut h = Harness::new(Config {
        sack: true,
        timestamps: true,
        tail_loss_probe: false,
        frto: false,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_012).sack_permitted().ts(1, 0));
    let ecr = h.last_segment().options.timestamps.unwrap().val;
    h.inject(seg("A").ts(2, ecr));
    h.send([0; 20_000]);
    let ecr = h.last_segment().options.timestamps.unwrap().val;
    let before = h.status().cwnd;
    h.advance(Duration::from_secs(2));
    assert!(h.status().cwnd < before);
    let _ = h.sent();
    h.inject(seg("A").ack(1_001).ts(3, ecr));
    assert!(h.status().cwnd >= before);
    assert_eq!(h.sent().first().unwrap(), "A 10001:11001(1000) ack 1");
}

#[test]
fn what_is_lost_goes_first_even_if_only_new_text_is_short_enough() {
    let mut h = Harness::new(Config {
        sack: true,
        rack: false,
        nagle: false,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.inject(seg("A"));
    for length in [1_000, 1_000, 100, 100, 100, 100, 100] {
        h.send(alloc::vec![0; length]);
    }
    let _ = h.sent();
    let blocks = [(2_001, 2_101), (2_201, 2_301), (2_401, 2_501)];
    h.dialogue(seg("A").sack(&blocks[..1], h.iss), &[]);
    h.dialogue(seg("A").sack(&blocks[..2], h.iss), &[]);
    let lost = seg("A").sack(&blocks, h.iss);
    h.dialogue(lost, &["A 1:1001(1000) ack 1"]);
    // 100 octets arrived, so that as many may leave: not the second segment, and nothing in its place.
    let more = [(2_001, 2_301), (2_401, 2_501)];
    h.dialogue(seg("A").sack(&more, h.iss), &[]);
    h.send("new");
    h.expect(&[]);
}

#[test]
fn the_ack_of_all_that_is_out_enlarges_the_window() {
    let mut h = ten_in_flight();
    h.inject(seg("A").ack(10_001));
    assert_eq!(h.status().cwnd, 11_000);
}

#[test]
fn duplicates_without_blocks_count_as_without_sack() {
    let mut h = ten_in_flight();
    h.inject(seg("A"));
    h.inject(seg("A"));
    assert_eq!(h.status().dup_acks, 2);
    let _ = h.sent();
    h.dialogue(seg("A"), &["A 1:1001(1000) ack 1"]);
}

#[test]
fn a_segment_is_counted_as_delivered_once() {
    let mut h = ten_in_flight();
    h.inject(sacking(&h, 1, &[(1_001, 2_001)]));
    h.inject(sacking(&h, 2_001, &[(3_001, 5_001)]));
    assert_eq!(h.status().segments_delivered, 4);
    h.inject(seg("A").ack(6_001));
    assert_eq!(h.status().segments_delivered, 6);
}

#[test]
fn a_duplicate_that_is_reported_when_nothing_is_out_takes_the_recovery_back() {
    let mut h = Harness::new(Config {
        sack: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(1_000).sack_permitted());
    h.inject(seg("A"));
    h.send([0; 5_000]);
    h.inject(sacking(&h, 1, &[(1_001, 5_001)]));
    assert!(h.status().in_recovery);
    h.inject(seg("A").ack(5_001));
    let status = h.status();
    assert_eq!((status.flight_size, status.in_recovery), (0, false));
    assert!(status.cwnd < 10_000, "{}", status.cwnd);
    h.inject(sacking(&h, 5_001, &[(1, 1_001)]));
    assert!(h.status().cwnd >= 10_000);
}

#[test]
fn nothing_is_taken_for_lost_while_the_window_is_closed() {
    let mut h = ten_in_flight();
    h.inject(seg("A").wnd(0));
    let _ = h.next_timeout();
    h.inject(seg("A").wnd(0));
    assert_eq!(h.status().segments_lost, 0);
    let _ = h.sent();
    h.inject(seg("A").wnd(20_000));
    assert_eq!(h.sent().first().unwrap(), "A 1:1001(1000) ack 1");
}
