//! How much SEND takes, piece by piece or by octets, and when a writer is told to try again.

use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionOption, SendFlags};

/// A connection to a remote whose window has this many octets, and is closed again.
fn held_back(wnd: u16, config: Config) -> Harness {
    let mut h = Harness::new(config).listen();
    h.inject(seg("S").seq(0).mss(1_460).wnd(wnd));
    h.inject(seg("A").wnd(wnd));
    accept(&mut h);
    h.inject(seg("A").wnd(0));
    let _ = h.sent();
    h
}

/// Octets that it takes of many where each piece costs 100 octets beside its own.
fn taken_in_pieces(wnd: u16, send_buffer: usize) -> usize {
    let config = Config {
        piece_overhead: 100,
        send_buffer,
        ..plain()
    };
    held_back(wnd, config).send([0; 9_000])
}

#[test]
fn whole_pieces_of_half_the_largest_window_are_taken_while_any_memory_is_left() {
    assert_eq!(taken_in_pieces(5_840, 750), 2_920);
    assert_eq!(
        taken_in_pieces(5_840, 1_510),
        2_920,
        "3,020 octets are used up"
    );
    assert_eq!(taken_in_pieces(5_840, 1_511), 5_840);
    assert_eq!(taken_in_pieces(u16::MAX, 1), 9_000, "all in one piece");
    // At least a segment, whatever the window.
    assert_eq!(taken_in_pieces(1_000, 750), 1_460);
}

#[test]
fn memory_is_shared_by_what_lies_in_one_piece() {
    let config = Config {
        piece_overhead: 100,
        send_buffer: 1_000,
        ..plain()
    };
    let mut h = held_back(u16::MAX, config);
    h.send("ab");
    h.send("cd");
    assert_eq!(h.status().send_free, 2_000 - 104);
    let record = SendFlags {
        end_of_record: true,
        ..SendFlags::default()
    };
    h.stack.send(h.now, h.id, b"ef", record).unwrap();
    assert_eq!(h.status().send_free, 2_000 - 106);
    h.send("gh"); // another record: another piece
    assert_eq!(h.status().send_free, 2_000 - 208);
}

#[test]
fn octets_alone_are_counted_where_pieces_cost_nothing() {
    let config = Config {
        send_buffer: 5_000,
        ..plain()
    };
    let mut h = held_back(5_840, config);
    assert_eq!(h.send([0; 9_000]), 5_000);
    assert_eq!(h.status().send_free, 0);
}

#[test]
fn no_piece_is_begun_while_the_limit_of_unsent_octets_is_reached() {
    for (limit, taken) in [(1, 1_460), (1_460, 1_460), (1_461, 2_920), (5_000, 5_000)] {
        let config = Config {
            unsent_limit: Some(limit),
            send_buffer: 5_000,
            ..plain()
        };
        let mut h = held_back(u16::MAX, config);
        assert_eq!(h.send([0; 9_000]), taken, "{limit}");
        // The user's own limit goes first.
        let mut h = held_back(u16::MAX, plain());
        let own = ConnectionOption::UnsentLimit(Some(limit));
        h.stack.set_option(h.now, h.id, own).unwrap();
        assert_eq!(h.send([0; 5_000]), taken, "{limit}");
    }
}

#[test]
fn what_leaves_at_once_makes_room_for_the_next_piece() {
    let mut h = established_with(Config {
        unsent_limit: Some(1),
        ..plain()
    });
    assert_eq!(h.send([0; 9_000]), 9_000);
}

#[test]
fn a_writer_is_worth_waking_when_a_third_is_free_and_less_than_half_of_the_limit_is_unsent() {
    let writable = |unsent_limit, octets| {
        let config = Config {
            unsent_limit,
            send_buffer: 900,
            ..plain()
        };
        let mut h = held_back(u16::MAX, config);
        h.send(alloc::vec![0; octets]);
        h.status().writable
    };
    assert_eq!([writable(None, 600), writable(None, 601)], [true, false]);
    assert_eq!(
        [writable(Some(200), 99), writable(Some(200), 100)],
        [true, false]
    );
    assert_eq!(
        [writable(Some(200), 101), writable(Some(5_000), 601)],
        [false; 2]
    );
}

#[test]
fn in_a_long_send_more_than_half_of_the_largest_window_ends_with_push() {
    let config = Config {
        piece_overhead: 100,
        ..plain()
    };
    let mut h = held_back(5_840, config);
    h.inject(seg("A").wnd(5_840));
    h.send([0; 8_760]);
    h.expect(&[
        "A 1:1461(1460) ack 1",
        "A 1461:2921(1460) ack 1",
        "A 2921:4381(1460) ack 1",
        "PA 4381:5841(1460) ack 1",
    ]);
}

#[test]
fn the_send_buffer_is_in_the_way_of_who_had_more_to_send() {
    for (octets, in_the_way) in [(999, false), (1_000, false), (1_001, true)] {
        let mut h = established_with(Config {
            send_buffer: 1_000,
            ..plain()
        });
        h.send(alloc::vec![0; octets]);
        h.advance(Duration::from_millis(100));
        let totals = h.status().chronograph.totals(h.now);
        assert_eq!(
            totals.send_buffer_limited > Duration::ZERO,
            in_the_way,
            "{octets}"
        );
    }
}

#[test]
fn a_send_that_finds_no_room_makes_nothing_urgent() {
    let config = Config {
        send_buffer: 1_000,
        ..plain()
    };
    let mut h = held_back(u16::MAX, config);
    h.send([0; 1_000]);
    let urgent = SendFlags {
        urgent: true,
        ..SendFlags::default()
    };
    assert_eq!(h.stack.send(h.now, h.id, b"x", urgent), Ok(0));
    h.dialogue(seg("A"), &["PA 1:1001(1000) ack 1"]);
}
