//! What arrives in CLOSED, LISTEN, SYN-SENT and SYN-RECEIVED (RFC 9293 sections 3.10.7.1 to 3.10.7.4).

use super::harness::*;
use crate::{ConnectionError, DropReason, Event, State};

#[test]
fn closed_answers_all_but_rst_with_rst() {
    let closed = || Harness::new(plain());
    arrivals(
        closed,
        State::Closed,
        &[
            ("RST", seg("R"), State::Closed, &[]),
            ("RST+ACK", seg("RA"), State::Closed, &[]),
            ("SYN", seg("S").seq(0), State::Closed, &["RA #0 ack 1"]),
            (
                "SYN with text",
                seg("S").seq(0).zeros(10),
                State::Closed,
                &["RA #0 ack 11"],
            ),
            ("SYN+FIN", seg("SF").seq(0), State::Closed, &["RA #0 ack 2"]),
            (
                "SYN+ACK",
                seg("SA").seq(0).ack(5_000),
                State::Closed,
                &["R 5000:5000(0)"],
            ),
            ("SYN+RST", seg("SR"), State::Closed, &[]),
            (
                "ACK",
                seg("A").ack(5_000),
                State::Closed,
                &["R 5000:5000(0)"],
            ),
            ("FIN", seg("F").seq(0), State::Closed, &["RA #0 ack 1"]),
            (
                "FIN+ACK",
                seg("FA").ack(5_000),
                State::Closed,
                &["R 5000:5000(0)"],
            ),
            (
                "text",
                seg("").seq(0).zeros(10),
                State::Closed,
                &["RA #0 ack 10"],
            ),
            (
                "text with ACK",
                seg("A").ack(7).zeros(10),
                State::Closed,
                &["R 7:7(0)"],
            ),
        ],
    );
}

#[test]
fn listen_takes_a_syn_only() {
    arrivals(
        listen,
        State::Listen,
        &[
            (
                "SYN",
                seg("S").seq(0),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            (
                "SYN with text",
                seg("S").seq(0).zeros(10),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            (
                "SYN+FIN",
                seg("SF").seq(0),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            (
                "SYN+URG",
                seg("SU").seq(0).up(4),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            ("RST", seg("R"), State::Listen, &[]),
            ("RST+ACK", seg("RA"), State::Listen, &[]),
            ("SYN+RST", seg("SR").seq(0), State::Listen, &[]),
            (
                "ACK",
                seg("A").ack(5_000),
                State::Listen,
                &["R 5000:5000(0)"],
            ),
            (
                "SYN+ACK",
                seg("SA").seq(0).ack(5_000),
                State::Listen,
                &["R 5000:5000(0)"],
            ),
            ("FIN", seg("F"), State::Listen, &[]),
            (
                "FIN+ACK",
                seg("FA").ack(5_000),
                State::Listen,
                &["R 5000:5000(0)"],
            ),
            ("text", seg("").zeros(10), State::Listen, &[]),
            (
                "text with ACK",
                seg("A").ack(5_000).zeros(10),
                State::Listen,
                &["R 5000:5000(0)"],
            ),
        ],
    );
}

#[test]
fn syn_sent_takes_what_acknowledges_or_crosses_its_syn() {
    arrivals(
        syn_sent,
        State::SynSent,
        &[
            ("RST", seg("R").seq(0), State::SynSent, &[]),
            ("RST+ACK good", seg("RA").seq(0), State::Closed, &[]),
            (
                "RST+ACK of ISS",
                seg("RA").seq(0).ack(0),
                State::SynSent,
                &[],
            ),
            (
                "RST+ACK beyond",
                seg("RA").seq(0).ack(2),
                State::SynSent,
                &[],
            ),
            ("ACK good", seg("A").seq(0), State::SynSent, &[]),
            (
                "ACK of ISS",
                seg("A").seq(0).ack(0),
                State::SynSent,
                &["R 0:0(0)"],
            ),
            (
                "ACK beyond",
                seg("A").seq(0).ack(2),
                State::SynSent,
                &["R 2:2(0)"],
            ),
            (
                "SYN",
                seg("S").seq(0),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            (
                "SYN with text",
                seg("S").seq(0).text("hello"),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            (
                "SYN+FIN",
                seg("SF").seq(0),
                State::SynReceived,
                &["SA 0:0(0) ack 1"],
            ),
            ("SYN+RST", seg("SR").seq(0), State::SynSent, &[]),
            (
                "SYN+ACK good",
                seg("SA").seq(0),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
            (
                "SYN+ACK bad",
                seg("SA").seq(0).ack(2),
                State::SynSent,
                &["R 2:2(0)"],
            ),
            (
                "SYN+ACK with text",
                seg("SA").seq(0).text("hello"),
                State::Established,
                &["A 1:1(0) ack 6"],
            ),
            (
                "SYN+FIN+ACK",
                seg("SFA").seq(0),
                State::CloseWait,
                &["A 1:1(0) ack 2"],
            ),
            ("FIN", seg("F"), State::SynSent, &[]),
            ("FIN+ACK good", seg("FA"), State::SynSent, &[]),
            (
                "FIN+ACK bad",
                seg("FA").ack(9),
                State::SynSent,
                &["R 9:9(0)"],
            ),
            ("no flags", seg(""), State::SynSent, &[]),
            ("text", seg("").text("hello"), State::SynSent, &[]),
            ("text with ACK", seg("A").text("hello"), State::SynSent, &[]),
        ],
    );
}

#[test]
fn syn_received_of_a_passive_open_goes_back_to_listen() {
    arrivals(
        syn_received,
        State::SynReceived,
        &[
            ("RST exact", seg("R"), State::Listen, &[]),
            (
                "RST+ACK exact, any ACK",
                seg("RA").ack(999),
                State::Listen,
                &[],
            ),
            (
                "RST in window",
                seg("R").seq(101),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            ("RST before", seg("R").seq(0), State::SynReceived, &[]),
            ("RST beyond", seg("R").seq(65_536), State::SynReceived, &[]),
            ("SYN+RST exact", seg("SR"), State::Listen, &[]),
            (
                "SYN again",
                seg("S").seq(0),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            ("SYN in window", seg("S").seq(101), State::Listen, &[]),
            (
                "SYN out of window",
                seg("S").seq(-1_000),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            (
                "SYN+ACK again",
                seg("SA").seq(0),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
        ],
    );
}

#[test]
fn syn_received_is_left_by_the_right_ack() {
    let rows: &[Row<'_>] = &[
        ("ACK good", seg("A"), State::Established, &[]),
        (
            "ACK of ISS",
            seg("A").ack(0),
            State::SynReceived,
            &["R 0:0(0)"],
        ),
        (
            "ACK beyond",
            seg("A").ack(2),
            State::SynReceived,
            &["R 2:2(0)"],
        ),
        (
            "ACK good, out of window",
            seg("A").seq(-1_000),
            State::SynReceived,
            &["A 1:1(0) ack 1"],
        ),
        (
            "ACK good, ahead in window",
            seg("A").seq(101),
            State::Established,
            &[],
        ),
        ("FIN", seg("F"), State::SynReceived, &[]),
        (
            "FIN+ACK good",
            seg("FA"),
            State::CloseWait,
            &["A 1:1(0) ack 2"],
        ),
        (
            "FIN+ACK ahead",
            seg("FA").seq(6),
            State::Established,
            &["A 1:1(0) ack 1"],
        ),
        ("text", seg("").text("hello"), State::SynReceived, &[]),
        (
            "text with ACK",
            seg("A").text("hello"),
            State::Established,
            &["A 1:1(0) ack 6"],
        ),
        (
            "text out of window",
            seg("A").seq(90_000).text("hello"),
            State::SynReceived,
            &["A 1:1(0) ack 1"],
        ),
        ("no flags", seg(""), State::SynReceived, &[]),
    ];
    arrivals(syn_received, State::SynReceived, rows);
    arrivals(syn_received_actively, State::SynReceived, rows);
}

#[test]
fn syn_received_of_an_active_open_is_refused_or_challenges() {
    arrivals(
        syn_received_actively,
        State::SynReceived,
        &[
            ("RST exact", seg("R"), State::Closed, &[]),
            (
                "RST in window",
                seg("R").seq(101),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            ("RST beyond", seg("R").seq(70_000), State::SynReceived, &[]),
            (
                "SYN again",
                seg("S").seq(0),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            (
                "SYN in window",
                seg("S").seq(51),
                State::SynReceived,
                &["A 1:1(0) ack 1"],
            ),
            (
                "SYN+ACK",
                seg("SA").seq(0),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
        ],
    );
}

#[test]
fn a_reset_attempt_is_refused_and_the_user_told_once() {
    for (mut h, rst) in [
        (syn_sent(), seg("RA").seq(0)),
        (syn_received_actively(), seg("R")),
    ] {
        h.inject(rst);
        assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::Refused));
        assert_eq!(h.stack.take_error(h.id), None);
    }
}

#[test]
fn a_passive_attempt_that_is_reset_is_not_told_to_the_user() {
    let mut h = syn_received();
    h.inject(seg("R"));
    assert!(
        !h.events
            .iter()
            .any(|event| matches!(event, Event::Error { .. }))
    );
    assert_eq!(h.stack.accept(h.listener.unwrap()), Ok(None));
    h.dialogue(seg("S").seq(0), &["SA 0:0(0) ack 1"]);
}

#[test]
fn what_syn_sent_has_no_use_for_is_reported_and_nothing_else() {
    for (arriving, reasons) in [
        (seg("A"), &[DropReason::NoUse][..]),
        (seg("F"), &[DropReason::NoUse]),
        (seg("A").ack(9), &[DropReason::AckOutOfRange]),
        (seg("R"), &[DropReason::RstNotExact]),
        (seg("S").seq(0), &[]),
        (seg("SA").seq(0), &[]),
    ] {
        assert_eq!(syn_sent().drops(arriving.clone()), reasons, "{arriving:?}");
    }
}
