//! Explicit congestion notification, as RFC 3168 has it and as RFC 9768 does.

use core::time::Duration;

use super::harness::*;
use crate::segment::Codepoint;
use crate::wire::AccEcnOption;
use crate::{Config, EcnMode};

/// The traffic class of a packet marked with CE.
const CE: u8 = 3;

fn config(mode: EcnMode) -> Config {
    Config {
        ecn_request: mode,
        ecn_accept: mode,
        ..plain()
    }
}

fn accepted(mode: EcnMode, syn: &str, syn_ack: &str) -> Harness {
    let mut h = Harness::new(config(mode)).listen();
    h.dialogue(seg(syn).seq(0).mss(1_000), &[syn_ack]);
    h
}

#[test]
fn a_syn_that_asks_gets_what_both_know() {
    for (mode, syn, syn_ack) in [
        (EcnMode::Off, "SEW", "SA 0:0(0) ack 1"),
        (EcnMode::Classic, "SEW", "SEA 0:0(0) ack 1"),
        (EcnMode::Classic, "SEWN", "SEA 0:0(0) ack 1"),
        (EcnMode::Classic, "SE", "SA 0:0(0) ack 1"),
        (EcnMode::Accurate, "SEW", "SEA 0:0(0) ack 1"),
        (EcnMode::Accurate, "SEWN", "SWA 0:0(0) ack 1"),
        (EcnMode::Accurate, "S", "SA 0:0(0) ack 1"),
    ] {
        let _ = accepted(mode, syn, syn_ack);
    }
}

#[test]
fn a_mark_is_echoed_until_the_remote_has_reduced() {
    let mut h = accepted(EcnMode::Classic, "SEW", "SEA 0:0(0) ack 1");
    h.inject(seg("A"));
    h.dialogue(seg("A").zeros(10).class(CE), &["EA 1:1(0) ack 11"]);
    h.dialogue(seg("A").seq(11).zeros(10), &["EA 1:1(0) ack 21"]);
    h.dialogue(seg("AW").seq(21).zeros(10), &["A 1:1(0) ack 31"]);
}

#[test]
fn only_new_text_is_ecn_capable() {
    let mut h = accepted(EcnMode::Classic, "SEW", "SEA 0:0(0) ack 1");
    h.inject(seg("A"));
    h.send([0; 500]);
    assert_eq!(h.last_segment().codepoint, Codepoint::Ect0);
    h.next_timeout();
    assert_eq!(h.last_segment().codepoint, Codepoint::NotEct);
    h.inject(seg("A").zeros(10).ack(501));
    assert_eq!(h.last_segment().codepoint, Codepoint::NotEct);
}

#[test]
fn an_echo_halves_the_window_once_in_a_window_of_data() {
    let mut h = accepted(EcnMode::Classic, "SEW", "SEA 0:0(0) ack 1");
    h.inject(seg("A"));
    h.send([0; 40_000]);
    let _ = h.sent();
    h.inject(seg("AE").ack(1_001));
    let reduced = h.status().cwnd;
    assert!((5_000..=5_500).contains(&reduced), "{reduced}");
    h.inject(seg("AE").ack(2_001));
    assert!(h.status().cwnd >= reduced);
    h.inject(seg("AE").ack(8_001));
    let sent = h.sent();
    assert!(
        sent[0].starts_with("WA 10001:") && !sent[1].starts_with('W'),
        "{sent:?}"
    );
    // A new window of data, a new reduction.
    let before = h.status().cwnd;
    h.inject(seg("AE").ack(11_001));
    assert!(h.status().cwnd < before);
}

#[test]
fn a_syn_asks_and_is_repeated_without_asking() {
    for (mode, syn, again) in [
        (EcnMode::Classic, "SEW 0:0(0)", "S 0:0(0)"),
        (EcnMode::Accurate, "SEWN 0:0(0)", "SEWN 0:0(0)"),
    ] {
        let mut h = Harness::new(config(mode));
        let options = h.options();
        h.id = h
            .stack
            .open_active(h.now, h.local, h.remote, &options)
            .unwrap();
        h.iss = h.status().iss;
        h.expect(&[syn]);
        h.advance(Duration::from_secs(1));
        h.expect(&[again]);
        h.advance(Duration::from_secs(2));
        h.expect(&["S 0:0(0)"]);
    }
}

#[test]
fn accurate_feedback_counts_packets_and_octets() {
    let mut h = accepted(EcnMode::Accurate, "SEWN", "SWA 0:0(0) ack 1");
    h.inject(seg("AW")); // how the SYN-ACK arrived: not ECN-capable
    h.inject(seg("A").zeros(10).class(2));
    // The counter began at five.
    let first = h.last_segment();
    let counters = |e0b, ceb| {
        Some(AccEcnOption {
            e0b: Some(e0b),
            ceb: Some(ceb),
            e1b: Some(1),
        })
    };
    assert_eq!(first.options.acc_ecn, counters(11, 0));
    h.inject(seg("A").seq(11).zeros(20).class(CE));
    assert_eq!(h.sent(), ["WNA 1:1(0) ack 31"]); // 6
    h.inject(seg("A").seq(31).zeros(20).class(CE));
    assert_eq!(h.last_segment().options.acc_ecn, counters(11, 40));
    // What is not ECN-capable changes no counter: there is no news.
    h.inject(seg("A").seq(51).zeros(20));
    assert_eq!(h.last_segment().options.acc_ecn, None);
}

#[test]
fn accurate_feedback_from_the_remote_reduces_the_window() {
    let mut h = accepted(EcnMode::Accurate, "SEWN", "SWA 0:0(0) ack 1");
    h.inject(seg("AW"));
    h.send([0; 40_000]);
    assert_eq!(h.last_segment().codepoint, Codepoint::Ect0);
    h.inject(seg("AEN").ack(1_001)); // still five
    assert!(h.status().cwnd > 10_000);
    h.inject(seg("AWN").ack(2_001)); // six
    assert!(h.status().cwnd <= 6_000);
}

#[test]
fn a_path_that_clears_the_feedback_gets_no_marks() {
    let mut h = accepted(EcnMode::Accurate, "SEWN", "SWA 0:0(0) ack 1");
    h.inject(seg("A"));
    h.send([0; 500]);
    assert_eq!(h.last_segment().codepoint, Codepoint::NotEct);
}

#[test]
fn marked_octets_count_once_and_an_older_count_goes_back() {
    let mut h = accepted(EcnMode::Accurate, "SEWN", "SWA 0:0(0) ack 1");
    h.inject(seg("AW"));
    let half = (1 << 23) - 1;
    let mut end = 1;
    for (ceb, reduces) in [
        (0, false),
        (1_000, true),
        (1_000, false),
        (2_000, true),
        (2_000, false),
        (500, false), // it was overtaken
        (2_000, false),
        (2_000 + half, false), // half of the range: before as much as behind
        (1_999 + half, true),
    ] {
        end += 1_000;
        h.send([0; 1_000]);
        let before = h.status().cwnd;
        h.inject(seg("AEN").ack(end).ceb(ceb)); // still five packets
        assert_eq!(h.status().cwnd < before, reduces, "{ceb}");
    }
}

#[test]
fn nothing_but_the_same_syn_brings_the_syn_ack_again() {
    let syn_ack = "SWA 0:0(0) ack 1";
    for (flags, seq, answer) in [
        ("SEWN", 0, &[syn_ack][..]),
        ("SEWN", 5, &[]),
        ("SEWNA", 0, &["ENA 1:1(0) ack 1"]),
        ("SEWNR", 0, &[]),
        ("EWN", 0, &["ENA 1:1(0) ack 1"]),
    ] {
        let mut h = accepted(EcnMode::Accurate, "SEWN", syn_ack);
        h.dialogue(seg(flags).seq(seq), answer);
    }
    // The SYN of an active OPEN crossed the remote's: its copy is outside of the window.
    let mut h = Harness::new(config(EcnMode::Accurate));
    let options = h.options();
    let opened = h.stack.open_active(h.now, h.local, h.remote, &options);
    h.id = opened.unwrap();
    h.iss = h.status().iss;
    let _ = h.sent();
    h.dialogue(seg("SEWN").seq(0).mss(1_000), &[syn_ack]);
    h.dialogue(seg("SEWN").seq(0), &["ENA 1:1(0) ack 1"]);
}

#[test]
fn counters_fit_beside_timestamps() {
    let mut h = Harness::new(Config {
        timestamps: true,
        ..config(EcnMode::Accurate)
    });
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    h.iss = h.status().iss;
    let _ = h.sent();
    h.inject(seg("SAW").seq(0).mss(1_000).ts(1, 0));
    let options = h.last_segment().options;
    assert!(options.timestamps.is_some() && options.acc_ecn.is_some());
}
