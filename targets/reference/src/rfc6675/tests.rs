//! The scoreboard on its own.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::wire::SackBlocks;

/// Ten segments of 1000 octets from 0 on.
fn ten() -> Scoreboard {
    let mut board = Scoreboard::default();
    for index in 0..10 {
        board.sent(
            Seq(index * 1_000),
            Seq((index + 1) * 1_000),
            Instant::from_millis(u64::from(index)),
        );
    }
    board
}

#[test]
fn the_documentation_tells_the_truth_about_memory() {
    assert!(size_of::<Transmission>() <= 24);
    assert!(size_of::<crate::tcb::Tcb>() <= 2_048);
}

fn sack(board: &mut Scoreboard, edges: &[(u32, u32)]) -> Delivery {
    take(board, edges, false)
}

fn take(board: &mut Scoreboard, edges: &[(u32, u32)], whole: bool) -> Delivery {
    let mut blocks = SackBlocks::default();
    for (left, right) in edges {
        blocks.push(Seq(*left), Seq(*right));
    }
    let mut delivery = Delivery::default();
    let snd_una = board.iter().next().map_or(Seq(0), |entry| entry.start);
    board.sack(&blocks, snd_una, whole, &mut delivery);
    delivery
}

fn lost(board: &Scoreboard) -> Vec<u32> {
    let lost = board.iter().filter(|entry| entry.lost);
    lost.map(|entry| entry.start.0).collect()
}

#[test]
fn sacked_octets_leave_the_pipe_and_count_once() {
    let mut board = ten();
    assert_eq!(board.pipe(), 10_000);
    let delivery = sack(&mut board, &[(2_000, 4_000)]);
    assert_eq!((delivery.sacked, delivery.segments), (2_000, 2));
    assert_eq!(sack(&mut board, &[(2_000, 4_000)]).sacked, 0);
    assert_eq!(board.pipe(), 8_000);
}

#[test]
fn a_block_outside_of_what_is_out_tells_nothing() {
    let mut board = ten();
    for (left, right) in [(9_000, 11_000), (5_000, 4_000), (0x8000_0000, 0x8000_1000)] {
        assert_eq!(sack(&mut board, &[(left, right)]).sacked, 0);
    }
    assert_eq!(board.pipe(), 10_000);
}

#[test]
fn three_runs_or_more_than_two_segments_above_make_a_loss() {
    let mut board = ten();
    sack(&mut board, &[(1_000, 3_000)]);
    assert!(!board.mark_lost_by_count(1_000, false));
    sack(&mut board, &[(1_000, 3_001)]);
    assert!(board.mark_lost_by_count(1_000, false));
    assert_eq!(lost(&board), [0]);
    let mut board = ten();
    sack(
        &mut board,
        &[(1_000, 1_100), (2_000, 2_100), (3_000, 3_100)],
    );
    assert!(board.mark_lost_by_count(1_000, false));
    assert_eq!(lost(&board), [0]);
}

#[test]
fn lost_neighbours_leave_in_one_segment_as_far_as_there_is_room() {
    let mut board = ten();
    sack(&mut board, &[(4_000, 9_000)]);
    board.mark_lost_by_count(1_000, false);
    assert_eq!(lost(&board), [0, 1_000, 2_000, 3_000]);
    assert_eq!(board.next_lost(2_500), Some((Seq(0), 2_000)));
    assert_eq!(board.next_lost(2_000), Some((Seq(0), 2_000)));
    assert_eq!(board.next_lost(1_999), Some((Seq(0), 1_000)));
    board.resent(Seq(0), Seq(2_000), Instant::from_millis(50));
    assert_eq!(lost(&board), [2_000, 3_000]);
    assert_eq!(board.pipe(), 2_000 + 1_000);
    // Counting does not make a retransmission lost once more.
    assert!(!board.mark_lost_by_count(1_000, true));
}

#[test]
fn part_of_a_segment_can_be_acknowledged_sacked_and_sent_again() {
    let mut board = ten();
    let mut delivery = Delivery::default();
    board.acknowledge(Seq(500), &mut delivery);
    assert_eq!((delivery.octets, board.pipe()), (500, 9_500));
    sack(&mut board, &[(1_200, 1_300)]);
    board.mark_lost_if(|entry| entry.start.before(Seq(1_000)));
    board.resent(Seq(500), Seq(700), Instant::from_millis(50));
    assert_eq!(board.next_lost(1), Some((Seq(700), 300)));
    let edges: Vec<u32> = board.iter().map(|entry| entry.start.0).take(6).collect();
    assert_eq!(edges, vec![500, 700, 1_000, 1_200, 1_300, 2_000]);
}

#[test]
fn where_only_whole_segments_count_a_part_of_one_tells_nothing() {
    let mut board = ten();
    let delivery = take(&mut board, &[(1_500, 4_001), (9_999, 10_000)], true);
    assert_eq!((delivery.sacked, delivery.segments), (2_000, 2));
    assert_eq!((board.len(), board.sacked_segments()), (10, 2));
}

#[test]
fn what_is_sent_again_was_lost_until_it_arrives() {
    let mut board = ten();
    sack(&mut board, &[(4_000, 9_000)]);
    board.mark_lost_by_count(1_000, false);
    board.resent(Seq(0), Seq(1_000), Instant::from_millis(50));
    let was_lost = |board: &Scoreboard| board.iter().filter(|entry| entry.was_lost).count();
    assert_eq!((lost(&board).len(), was_lost(&board)), (3, 4));
    sack(&mut board, &[(0, 2_000)]);
    assert_eq!((lost(&board).len(), was_lost(&board)), (2, 2));
}

#[test]
fn blocks_tell_in_order_of_sequence_and_the_cumulative_acknowledgment_after_them() {
    let mut board = ten();
    let delivery = sack(&mut board, &[(8_000, 9_000), (3_000, 4_000)]);
    assert_eq!(delivery.last.map(|last| last.start), Some(Seq(8_000)));
    let mut delivery = Delivery::default();
    board.acknowledge(Seq(2_000), &mut delivery);
    let mut blocks = SackBlocks::default();
    blocks.push(Seq(6_000), Seq(7_000));
    board.sack(&blocks, Seq(2_000), false, &mut delivery);
    assert_eq!(delivery.last.map(|last| last.start), Some(Seq(1_000)));
    // Either came behind what lies before 9 000 and was known to have arrived.
    assert_eq!(delivery.reordered, [Some(Seq(0)), Some(Seq(6_000))]);
}

#[test]
fn a_head_that_was_sacked_betrays_reneging_at_the_timeout() {
    let mut board = ten();
    sack(&mut board, &[(1_000, 2_000)]);
    assert!(!board.forget_reneged());
    board.timed_out();
    assert_eq!(lost(&board).len(), 9);
    board.acknowledge(Seq(1_000), &mut Delivery::default());
    assert!(board.forget_reneged());
    board.timed_out();
    assert_eq!(lost(&board).len(), 9);
}

#[test]
fn the_first_segment_is_the_one_sent_first_until_something_leaves_again_or_overtakes() {
    let start = |board: &Scoreboard| board.sent_first().map(|first| first.start);
    assert_eq!(start(&Scoreboard::default()), None);
    let mut board = ten();
    assert_eq!(start(&board), Some(Seq(0)));
    board.acknowledge(Seq(1_000), &mut Delivery::default());
    assert_eq!(start(&board), Some(Seq(1_000)));
    let mut resent = board.clone();
    resent.resent(Seq(1_000), Seq(2_000), Instant::from_millis(50));
    assert_eq!(start(&resent), None);
    sack(&mut board, &[(4_000, 5_000)]);
    assert_eq!(start(&board), None);
}

#[test]
fn nothing_that_leaves_again_is_nothing() {
    let mut board = ten();
    for at in [0, 3_000, 10_000, 12_000] {
        board.resent(Seq(at), Seq(at), Instant::from_millis(50));
        assert_eq!((board.len(), board.pipe()), (10, 10_000));
    }
}

#[test]
fn what_left_in_one_burst_is_known_by_its_beginning() {
    let mut board = Scoreboard::default();
    board.sent(Seq(0), Seq(1_000), Instant::ZERO);
    board.sent(Seq(1_000), Seq(2_000), Instant::ZERO);
    board.join_last();
    board.sent(Seq(2_000), Seq(3_000), Instant::ZERO);
    let joined =
        |board: &Scoreboard| [0, 1_000, 1_500, 2_000, 3_000].map(|at| board.is_joined(Seq(at)));
    assert_eq!(joined(&board), [false, true, false, false, false]);
    board.split_at(Seq(1_500));
    assert_eq!(joined(&board), [false, true, false, false, false]);
}

#[test]
fn the_newest_that_arrived_is_the_one_that_left_last_and_lies_furthest() {
    let entry = |start: u32, millis: u64, resent: bool| Transmission {
        start: Seq(start),
        end: Seq(start + 1_000),
        sent_at: Instant::from_millis(millis),
        resent,
        sacked: false,
        lost: false,
        was_lost: false,
        joined: false,
        copies: 1,
    };
    let told = |entries: &[Transmission]| {
        let mut delivery = Delivery::default();
        for entry in entries {
            delivery.note(entry, entry.len());
        }
        let start = |entry: Option<Transmission>| entry.map(|entry| entry.start.0);
        (start(delivery.newest), start(delivery.newest_original))
    };
    // Later in time, whichever is told of first.
    let (late, early) = (entry(0, 9, false), entry(5_000, 3, false));
    assert_eq!(told(&[late, early]), (Some(0), Some(0)));
    assert_eq!(told(&[early, late]), (Some(0), Some(0)));
    // At one time the furthest.
    let (near, far) = (entry(0, 9, false), entry(5_000, 9, false));
    assert_eq!(told(&[near, far]), (Some(5_000), Some(5_000)));
    assert_eq!(told(&[far, near]), (Some(5_000), Some(5_000)));
    // What left again counts for the first figure only.
    let again = entry(2_000, 20, true);
    assert_eq!(told(&[again, near]), (Some(2_000), Some(0)));
    assert_eq!(told(&[near, again]), (Some(2_000), Some(0)));
}

#[test]
fn hostile_blocks_cannot_split_without_end() {
    let mut board = Scoreboard::default();
    board.sent(Seq(0), Seq(1 << 20), Instant::ZERO);
    for edge in 0..100_000_u32 {
        sack(&mut board, &[(edge * 4, edge * 4 + 1)]);
        if edge % 10_000 == 0 {
            assert!(board.len() <= 2 * MAX_ENTRIES + 2);
        }
        if board.len() >= 2 * MAX_ENTRIES {
            break;
        }
    }
    assert!(board.is_full());
    assert!(board.pipe() <= 1 << 20);
}
