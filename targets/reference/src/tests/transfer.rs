//! Text both ways: delivery, reassembly, acknowledgments, Nagle, PSH, urgent data.

use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionOption, DropReason, Event, Received, SendFlags, State};

fn delaying() -> Harness {
    established_with(Config {
        delayed_ack: Some(Duration::from_millis(200)),
        ..plain()
    })
}

#[test]
fn text_in_order_is_delivered() {
    let mut h = established();
    assert_eq!(h.read(9), Received::WouldBlock);
    h.dialogue(seg("PA").text("hello "), &["A 1:1(0) ack 7"]);
    h.dialogue(seg("PA").seq(7).text("world"), &["A 1:1(0) ack 12"]);
    assert_eq!(h.stack.peek(h.id, 5), Ok(Received::Data(b"hello".to_vec())));
    assert_eq!(h.read(99), Received::Data(b"hello world".to_vec()));
}

#[test]
fn text_beyond_a_gap_is_held_and_acknowledged_together() {
    let mut h = established();
    h.dialogue(seg("A").seq(4).text("def"), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").seq(10).text("j"), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").seq(7).text("ghi"), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").text("abc"), &["A 1:1(0) ack 11"]);
    assert_eq!(h.read(99), Received::Data(b"abcdefghij".to_vec()));
}

#[test]
fn a_fin_beyond_a_gap_is_held() {
    let mut h = established();
    h.dialogue(seg("FA").seq(4).text("def"), &["A 1:1(0) ack 1"]);
    h.expect_state(State::Established);
    h.dialogue(seg("A").text("abc"), &["A 1:1(0) ack 8"]);
    h.expect_state(State::CloseWait);
    assert_eq!(h.read(99), Received::Data(b"abcdef".to_vec()));
    assert_eq!(h.read(99), Received::EndOfStream);
}

#[test]
fn gaps_are_bounded_and_what_is_refused_can_come_again() {
    let mut h = established_with(Config {
        max_reassembly_gaps: 2,
        ..plain()
    });
    for seq in [10, 20, 30] {
        h.dialogue(seg("A").seq(seq).text("x"), &["A 1:1(0) ack 1"]);
    }
    assert_eq!(h.status().out_of_order, 2);
}

#[test]
fn sack_reports_the_newest_block_first_and_at_most_four() {
    let mut h = Harness::new(Config {
        sack: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).sack_permitted());
    h.inject(seg("A"));
    let mut blocks = alloc::vec::Vec::new();
    for seq in [10, 30, 50, 70, 20] {
        h.inject(seg("A").seq(seq).text("12345"));
        blocks = h.last_segment().sack;
    }
    assert_eq!(blocks, [(20, 25), (70, 75), (50, 55), (30, 35)]);
    h.inject(seg("A").text("123456789"));
    assert_eq!(
        h.last_segment().sack,
        [(20, 25), (70, 75), (50, 55), (30, 35)]
    );
}

#[test]
fn no_sack_without_permission() {
    let mut h = Harness::new(Config {
        sack: true,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0));
    h.inject(seg("A"));
    h.inject(seg("A").seq(10).text("12345"));
    assert_eq!(h.last_segment().sack, []);
}

#[test]
fn a_single_small_segment_is_acknowledged_late_but_within_half_a_second() {
    let mut h = delaying();
    h.dialogue(seg("A").text("x"), &[]);
    assert_eq!(h.next_timeout(), Duration::from_millis(200));
    h.expect(&["A 1:1(0) ack 2"]);
}

#[test]
fn every_second_full_segment_is_acknowledged_at_once() {
    let mut h = delaying();
    for round in 0..5_i64 {
        h.dialogue(seg("A").seq(1 + round * 2_920).zeros(1_460), &[]);
        h.inject(seg("A").seq(1_461 + round * 2_920).zeros(1_460));
        assert_eq!(h.sent().len(), 1);
    }
}

#[test]
fn text_takes_the_delayed_ack_along() {
    let mut h = delaying();
    h.dialogue(seg("A").text("x"), &[]);
    h.send("y");
    h.expect(&["PA 1:2(1) ack 2"]);
    h.inject(seg("A").seq(2).ack(2));
    assert_eq!(h.stack.poll_timeout(), None);
}

#[test]
fn quick_ack_and_zero_delay_acknowledge_at_once() {
    let mut h = delaying();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::QuickAck(true))
        .unwrap();
    h.dialogue(seg("A").text("x"), &["A 1:1(0) ack 2"]);
}

#[test]
fn gaps_and_their_filling_are_acknowledged_at_once_even_when_delaying() {
    let mut h = delaying();
    h.dialogue(seg("A").seq(2).text("b"), &["A 1:1(0) ack 1"]);
    h.dialogue(seg("A").text("a"), &["A 1:1(0) ack 3"]);
}

#[test]
fn nagle_holds_a_small_segment_while_something_is_out() {
    let mut h = established();
    h.send("a");
    h.expect(&["PA 1:2(1) ack 1"]);
    for text in ["b", "c", "d"] {
        h.send(text);
    }
    h.expect(&[]);
    h.dialogue(seg("A").ack(2), &["PA 2:5(3) ack 1"]);
}

#[test]
fn nagle_never_holds_a_full_segment_and_can_be_switched_off() {
    let mut h = established();
    h.send("a");
    h.send([0; 2_000]);
    h.expect(&["PA 1:2(1) ack 1", "A 2:1462(1460) ack 1"]);
    h.stack
        .set_option(h.now, h.id, ConnectionOption::NoDelay(true))
        .unwrap();
    h.expect(&["PA 1462:2002(540) ack 1"]);
    h.send("b");
    h.expect(&["PA 2002:2003(1) ack 1"]);
}

#[test]
fn a_cork_holds_partial_segments_until_pulled_or_the_override_timeout() {
    let mut h = established();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::Cork(true))
        .unwrap();
    h.send("abc");
    h.expect(&[]);
    assert_eq!(h.next_timeout(), Duration::from_millis(200));
    h.expect(&["PA 1:4(3) ack 1"]);
    h.inject(seg("A").ack(4));
    h.send("def");
    h.expect(&[]);
    h.stack
        .set_option(h.now, h.id, ConnectionOption::Cork(false))
        .unwrap();
    h.expect(&["PA 4:7(3) ack 1"]);
}

#[test]
fn a_send_with_more_to_come_waits_for_it() {
    let mut h = established();
    h.stack
        .send(
            h.now,
            h.id,
            b"ab",
            SendFlags {
                more: true,
                ..SendFlags::default()
            },
        )
        .unwrap();
    h.expect(&[]);
    h.send("cd");
    h.expect(&["PA 1:5(4) ack 1"]);
}

#[test]
fn push_marks_the_segment_that_empties_the_queue() {
    let mut h = established();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::NoDelay(true))
        .unwrap();
    h.send([0; 4_000]);
    h.expect(&[
        "A 1:1461(1460) ack 1",
        "A 1461:2921(1460) ack 1",
        "PA 2921:4001(1080) ack 1",
    ]);
}

#[test]
fn text_queued_before_established_leaves_with_the_third_ack() {
    let mut h = syn_sent();
    assert_eq!(h.send("early"), 5);
    h.expect(&[]);
    h.dialogue(seg("SA").seq(0).mss(1_460), &["PA 1:6(5) ack 1"]);
}

#[test]
fn the_send_buffer_bounds_what_is_taken() {
    let mut h = established_with(Config {
        send_buffer: 100,
        ..plain()
    });
    assert_eq!(h.send([0; 250]), 100);
    assert_eq!(h.send([0; 250]), 0);
    h.inject(seg("A").ack(41));
    assert_eq!(h.send([0; 250]), 40);
}

#[test]
fn the_urgent_pointer_names_the_octet_after_the_urgent_data() {
    let mut h = established();
    h.stack
        .send(
            h.now,
            h.id,
            b"abc",
            SendFlags {
                urgent: true,
                ..SendFlags::default()
            },
        )
        .unwrap();
    h.expect(&["PUA 1:4(3) ack 1 up 3"]);
}

#[test]
fn every_segment_before_the_urgent_point_carries_the_pointer() {
    let mut h = established();
    h.stack
        .send(
            h.now,
            h.id,
            &[0; 2_000],
            SendFlags {
                urgent: true,
                ..SendFlags::default()
            },
        )
        .unwrap();
    h.expect(&[
        "UA 1:1461(1460) ack 1 up 2000",
        "PUA 1461:2001(540) ack 1 up 540",
    ]);
    h.inject(seg("A").ack(2_001));
    h.send("calm");
    h.expect(&["PA 2001:2005(4) ack 1"]);
}

#[test]
fn urgent_data_is_told_at_each_advance_and_its_rest_can_be_asked() {
    let mut h = established();
    let told = |h: &Harness| {
        h.events
            .iter()
            .filter(|event| matches!(event, Event::Urgent { .. }))
            .count()
    };
    h.inject(seg("UA").up(6).text("abcd"));
    assert_eq!((told(&h), h.status().urgent_ahead), (1, Some(6)));
    h.inject(seg("UA").seq(5).up(2));
    assert_eq!(told(&h), 1);
    h.inject(seg("UA").seq(5).up(4).text("efgh"));
    assert_eq!((told(&h), h.status().urgent_ahead), (2, Some(8)));
    h.read(8);
    assert_eq!(h.status().urgent_ahead, None);
}

#[test]
fn no_segment_holds_octets_of_two_records() {
    let mut h = established();
    h.inject(seg("A").wnd(0));
    let _ = h.sent();
    let record = SendFlags {
        end_of_record: true,
        ..SendFlags::default()
    };
    h.stack.send(h.now, h.id, b"first", record).unwrap();
    h.send("second");
    h.dialogue(seg("A"), &["PA 1:6(5) ack 1"]);
    h.dialogue(seg("A").ack(6), &["PA 6:12(6) ack 1"]);
}

#[test]
fn r1_is_reached_once() {
    let mut h = established();
    h.send("x");
    let mut told = alloc::vec::Vec::new();
    for _ in 0..5 {
        h.events.clear();
        let _ = h.next_timeout();
        told.push(h.events.len());
    }
    assert_eq!(told, [0, 0, 1, 0, 0]);
    assert_eq!(h.status().backoff, 5);
}

#[test]
fn text_that_is_not_taken_is_reported_and_other_segments_are_not() {
    let text = |seq| seg("A").seq(seq).text("x");
    assert_eq!(close_wait().drops(text(2)), [DropReason::TextNotTaken]);
    assert_eq!(close_wait().drops(seg("A").seq(2)), []);
    assert_eq!(established().drops(text(1)), []);
    assert_eq!(established().drops(text(11)), [], "held for later");
    let mut h = established_with(Config {
        max_reassembly_gaps: 1,
        ..plain()
    });
    assert_eq!(h.drops(text(11)), []);
    assert_eq!(h.drops(text(21)), [DropReason::TextNotTaken]);
}
