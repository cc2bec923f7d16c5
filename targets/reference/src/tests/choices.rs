//! What the configuration lets a stack choose about openings.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::harness::*;
use crate::{Config, Endpoint, State};

#[test]
fn ports_are_not_used_again_at_once() {
    let mut h = Harness::new(plain());
    let options = h.options();
    let mut ports = Vec::new();
    for _ in 0..3 {
        let any = Endpoint::UNSPECIFIED_V4;
        let id = h.stack.open_active(h.now, any, REMOTE, &options).unwrap();
        ports.push(h.stack.status(id).unwrap().local.port);
        h.stack.abort(h.now, id).unwrap();
    }
    ports.dedup();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
}

#[test]
fn a_passive_open_without_a_port_gets_one_of_its_own() {
    let mut h = Harness::new(plain());
    let options = h.options();
    let mut ports = Vec::new();
    for _ in 0..3 {
        let local = Endpoint { port: 0, ..LOCAL };
        let id = h.stack.open_passive(h.now, local, None, 1, &options);
        ports.push(h.stack.status(id.unwrap()).unwrap().local.port);
    }
    let (first, last) = h.stack.config().ephemeral_ports;
    assert!(ports.iter().all(|port| (first..=last).contains(port)));
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
}

#[test]
fn the_last_port_that_is_free_is_found_and_no_other() {
    let mut h = Harness::new(Config {
        ephemeral_ports: (50_000, 50_002),
        ..plain()
    });
    let options = h.options();
    let any = Endpoint::UNSPECIFIED_V4;
    for port in [50_000, 50_002] {
        let local = Endpoint { port, ..LOCAL };
        h.stack
            .open_passive(h.now, local, None, 1, &options)
            .unwrap();
    }
    assert_eq!(h.stack.unused_port(LOCAL), Some(50_001));
    let id = h.stack.open_active(h.now, any, REMOTE, &options).unwrap();
    assert_eq!(h.stack.status(id).unwrap().local.port, 50_001);
    assert_eq!(h.stack.unused_port(LOCAL), None);
    // Another remote can have the same port; a listener cannot be left without it.
    let other = Endpoint {
        port: 40_001,
        ..REMOTE
    };
    let id = h.stack.open_active(h.now, any, other, &options).unwrap();
    assert_eq!(h.stack.status(id).unwrap().local.port, 50_001);
    assert_eq!(
        h.stack.open_active(h.now, any, REMOTE, &options),
        Err(crate::UserError::InsufficientResources)
    );
}

/// The seconds at which a SYN left, and at which the attempt ended.
fn attempt(linear: u32, retries: u32) -> (Vec<u64>, u64) {
    let mut h = Harness::new(Config {
        syn_linear_timeouts: linear,
        syn_retries: retries,
        user_timeout: None,
        ..plain()
    })
    .connect();
    let begin = h.now;
    let mut sent = Vec::new();
    loop {
        let _ = h.next_timeout();
        let second = h.now.since(begin).as_secs();
        if h.state() == State::Closed {
            return (sent, second);
        }
        sent.extend(h.sent().iter().map(|_| second));
    }
}

#[test]
fn linear_timeouts_do_not_make_an_attempt_longer_than_doubled_ones() {
    assert_eq!(attempt(0, 1), (vec![1], 3));
    assert_eq!(attempt(4, 1), (vec![1, 2], 3));
    assert_eq!(attempt(4, 2), (vec![1, 2, 3, 4, 5], 7));
    assert_eq!(attempt(1, 3).1, 16);
}

#[test]
fn text_of_a_syn_waits_for_the_handshake_or_is_dropped() {
    for (holds_text_of_syn, acknowledged) in [(true, "A 1:1(0) ack 4"), (false, "")] {
        let mut h = Harness::new(Config {
            holds_text_of_syn,
            ..plain()
        })
        .listen();
        h.dialogue(seg("S").seq(0).text("abc"), &["SA 0:0(0) ack 1"]);
        let expected: &[&str] = if acknowledged.is_empty() {
            &[]
        } else {
            &[acknowledged]
        };
        h.dialogue(seg("A"), expected);
    }
}

#[test]
fn a_syn_ack_that_echoes_another_syn_is_answered_with_rst() {
    let mut h = Harness::new(Config {
        timestamps: true,
        checks_echo_on_syn_ack: true,
        reset_echoes_timestamp: false,
        ..plain()
    });
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    h.iss = h.status().iss;
    h.collect();
    let ours = h.last_segment().options.timestamps.unwrap().val;
    let _ = h.sent();
    h.advance(Duration::from_millis(10));
    for wrong in [ours.wrapping_sub(1), ours.wrapping_add(11)] {
        h.dialogue(seg("SA").seq(0).ts(100, wrong), &["R 1:1(0)"]);
        assert_eq!(h.state(), State::SynSent);
    }
    h.dialogue(seg("SA").seq(0).ts(100, ours), &["A 1:1(0) ack 1"]);
    assert_eq!(h.state(), State::Established);
}

#[test]
fn a_syn_that_arrives_again_can_be_reported() {
    for (duplicate_syn_is_reported, reported) in [(false, &[][..]), (true, &[(0, 1)])] {
        let mut h = Harness::new(Config {
            sack: true,
            duplicate_syn_is_reported,
            ..plain()
        });
        let options = h.options();
        h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
        h.iss = h.status().iss;
        h.collect();
        let syn = seg("S").seq(0).mss(1_460).sack_permitted();
        h.inject(syn);
        let _ = h.sent();
        h.inject(seg("SA").seq(0).mss(1_460).sack_permitted());
        assert_eq!(h.last_segment().sack, reported);
    }
}

#[test]
fn a_burst_is_what_the_rate_carries_in_a_millisecond_and_half_of_cwnd_at_most() {
    // The round trip in microseconds, and how many of ten segments make a burst: two at least; on short paths some more.
    for (micros, segments) in [(100_000, 2), (5_000, 4), (4_200, 4), (4_050, 5), (2_000, 5)] {
        let mut h = Harness::new(Config {
            bursts: true,
            ..plain()
        })
        .listen();
        h.inject(seg("S").seq(0).mss(1_460));
        let _ = h.sent();
        h.advance(Duration::from_micros(micros));
        h.inject(seg("A"));
        accept(&mut h);
        h.send([0; 20 * 1_460]);
        let sent = h.sent();
        assert_eq!(sent.len(), 10);
        let first = sent.iter().position(|segment| segment.starts_with('P'));
        assert_eq!(first, Some(segments - 1), "at {micros} us");
    }
}

#[test]
fn the_stack_counts_what_the_mib_asks_for() {
    let mut h = established();
    h.send("text");
    let _ = h.next_timeout();
    h.inject(seg("A").seq(-70_000));
    h.inject(seg("R"));
    let counters = h.stack.counters();
    assert_eq!((counters.passive_opens, counters.active_opens), (1, 0));
    assert_eq!((counters.estab_resets, counters.curr_estab), (1, 0));
    assert_eq!(counters.retrans_segs, 1);
    // SYN, ACK, one out of the window, RST; SYN-ACK, the text, the ACK that the third draws.
    assert_eq!((counters.in_segs, counters.out_segs), (4, 3));
    assert_eq!(counters.drops(crate::DropReason::OutOfWindow), 1);
}

#[test]
fn attempts_are_counted_and_how_they_end() {
    let mut h = syn_sent();
    assert_eq!(h.stack.counters().active_opens, 1);
    h.dialogue(seg("SA").seq(0), &["A 1:1(0) ack 1"]);
    assert_eq!(h.stack.counters().curr_estab, 1);
    assert_eq!(h.stack.counters().attempt_fails, 0);
    let mut h = syn_sent();
    h.inject(seg("RA").seq(0));
    assert_eq!(h.stack.counters().attempt_fails, 1);
    let mut h = syn_received();
    h.inject(seg("R"));
    assert_eq!(h.stack.counters().attempt_fails, 1);
    assert_eq!(h.stack.counters().curr_estab, 0);
}

#[test]
fn drops_are_counted_by_reason_and_by_whom_they_were_for() {
    use crate::DropReason::{NoConnection, OutOfWindow};
    let mut h = established();
    h.inject(seg("A").seq(-70_000));
    h.inject(seg("A").seq(-70_000));
    h.local.port += 1;
    h.inject(seg("A"));
    let counters = h.stack.counters();
    let figures = |reason| {
        (
            counters.drops(reason),
            counters.drops_of_connections(reason),
        )
    };
    assert_eq!(figures(OutOfWindow), (2, 2));
    assert_eq!(figures(NoConnection), (1, 0));
    assert_eq!(figures(crate::DropReason::Paws), (0, 0));
}

#[test]
fn what_nobody_polls_is_lost_and_counted() {
    let mut h = established();
    h.stack.config_mut().max_queued = 2;
    for _ in 0..5 {
        let packet = h.packet(seg("A").seq(-70_000)); // draws an ACK, and is reported
        h.stack.handle_packet(h.now, &packet);
        h.now = h.now.after(Duration::from_secs(1));
    }
    assert_eq!(h.stack.lost_output(), 6);
    assert_eq!(h.sent().len(), 2);
}

#[test]
fn what_has_neither_ack_nor_rst_nor_syn_can_be_dropped_first() {
    let drops_first = Config {
        drops_unacknowledging_first: true,
        ..plain()
    };
    let listening = || Harness::new(drops_first.clone()).listen();
    let mut requested = listening();
    requested.inject(seg("S").seq(0));
    let mut crossed = Harness::new(drops_first.clone()).connect();
    crossed.inject(seg("S").seq(0));
    let mut over = established_with(drops_first.clone());
    over.close();
    over.inject(seg("FA").ack(2));
    // Text from far outside of the window; with an ACK it is answered wherever it arrives.
    for (name, mut h, without, end) in [
        ("by default", established(), true, 1),
        ("ESTABLISHED", established_with(drops_first), false, 1),
        ("SYN-RECEIVED of a passive OPEN", requested, true, 1),
        ("SYN-RECEIVED of an active OPEN", crossed, false, 1),
        ("TIME-WAIT", over, true, 2),
    ] {
        let _ = h.sent();
        for (flags, answered) in [("", without), ("A", true), ("S", true), ("R", false)] {
            h.inject(seg(flags).seq(500_000).text("x").ack(end));
            let answers = usize::from(answered);
            assert_eq!(h.sent().len(), answers, "{name}, {flags:?}");
        }
    }
}
