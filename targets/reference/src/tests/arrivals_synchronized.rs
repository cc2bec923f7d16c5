//! What arrives in ESTABLISHED and later (RFC 9293 section 3.10.7.4, with RFC 5961).

use super::harness::*;
use crate::State;

/// The rows that are the same in every synchronized state.
///
/// `nxt` is SND.NXT and `rcv` RCV.NXT; `ack` is our ACK of that moment.
#[track_caller]
fn common(begin: fn() -> Harness, state: State, nxt: i64, rcv: i64, ack: &str) {
    let at = |flags| seg(flags).seq(rcv).ack(nxt);
    let challenge: &[&str] = &[ack];
    arrivals(
        begin,
        state,
        &[
            ("RST in window", at("R").seq(rcv + 100), state, challenge),
            (
                "RST at the last octet of the window",
                at("R").seq(65_535),
                state,
                challenge,
            ),
            ("RST before", at("R").seq(rcv - 1), state, &[]),
            ("RST beyond", at("R").seq(65_536), state, &[]),
            ("RST far beyond", at("R").seq(rcv + 200_000), state, &[]),
            ("RST exact", at("R"), State::Closed, &[]),
            (
                "RST exact with ACK and text",
                at("RA").text("why"),
                State::Closed,
                &[],
            ),
            ("SYN exact", at("S"), state, challenge),
            ("SYN in window", at("S").seq(rcv + 100), state, challenge),
            (
                "SYN out of window",
                at("S").seq(rcv - 1_000),
                state,
                challenge,
            ),
            (
                "SYN+ACK in window",
                at("SA").seq(rcv + 100),
                state,
                challenge,
            ),
            ("SYN+FIN with text", at("SF").text("x"), state, challenge),
            ("text, no ACK", at("").text("hello"), state, &[]),
            (
                "text before the window",
                at("A").seq(rcv - 5).text("hello"),
                state,
                challenge,
            ),
            (
                "text beyond the window",
                at("A").seq(rcv + 200_000).text("hello"),
                state,
                challenge,
            ),
            (
                "ACK before the window",
                at("A").seq(rcv - 1),
                state,
                challenge,
            ),
            (
                "ACK of what was never sent",
                at("A").ack(nxt + 1),
                state,
                challenge,
            ),
            (
                "text, ACK of what was never sent",
                at("A").ack(nxt + 100).text("hello"),
                state,
                challenge,
            ),
            (
                "FIN, ACK of what was never sent",
                at("FA").ack(nxt + 100),
                state,
                challenge,
            ),
            (
                "ACK older than any window",
                at("A").ack(nxt - 65_540),
                state,
                challenge,
            ),
            (
                "FIN, ACK older than any window",
                at("FA").ack(nxt - 65_540),
                state,
                challenge,
            ),
        ],
    );
}

#[test]
fn established() {
    common(
        super::harness::established,
        State::Established,
        1,
        1,
        "A 1:1(0) ack 1",
    );
    arrivals(
        super::harness::established,
        State::Established,
        &[
            ("ACK again", seg("A"), State::Established, &[]),
            (
                "old ACK within the window",
                seg("A").ack(-1_000),
                State::Established,
                &[],
            ),
            (
                "text",
                seg("A").text("hello"),
                State::Established,
                &["A 1:1(0) ack 6"],
            ),
            (
                "text, old ACK",
                seg("A").ack(0).text("hello"),
                State::Established,
                &["A 1:1(0) ack 6"],
            ),
            (
                "text ahead",
                seg("A").seq(101).text("hello"),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
            (
                "text across the left edge",
                seg("A").seq(-1).text("hello"),
                State::Established,
                &["A 1:1(0) ack 4"],
            ),
            (
                "text across the right edge",
                seg("A").seq(65_535).text("hello"),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
            ("FIN", seg("FA"), State::CloseWait, &["A 1:1(0) ack 2"]),
            (
                "FIN after text",
                seg("FA").text("bye"),
                State::CloseWait,
                &["A 1:1(0) ack 5"],
            ),
            (
                "FIN ahead",
                seg("FA").seq(6),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
            (
                "FIN before",
                seg("FA").seq(0),
                State::Established,
                &["A 1:1(0) ack 1"],
            ),
            ("FIN, no ACK", seg("F"), State::Established, &[]),
            (
                "URG",
                seg("UA").up(2).text("hello"),
                State::Established,
                &["A 1:1(0) ack 6"],
            ),
        ],
    );
}

#[test]
fn fin_wait_1() {
    common(
        super::harness::fin_wait_1,
        State::FinWait1,
        2,
        1,
        "A 2:2(0) ack 1",
    );
    arrivals(
        super::harness::fin_wait_1,
        State::FinWait1,
        &[
            ("ACK again", seg("A"), State::FinWait1, &[]),
            ("ACK of our FIN", seg("A").ack(2), State::FinWait2, &[]),
            (
                "text",
                seg("A").text("hello"),
                State::FinWait1,
                &["A 2:2(0) ack 6"],
            ),
            ("FIN", seg("FA"), State::Closing, &["A 2:2(0) ack 2"]),
            (
                "FIN and ACK of ours",
                seg("FA").ack(2),
                State::TimeWait,
                &["A 2:2(0) ack 2"],
            ),
            (
                "FIN after text and ACK of ours",
                seg("FA").ack(2).text("bye"),
                State::TimeWait,
                &["A 2:2(0) ack 5"],
            ),
            (
                "FIN ahead",
                seg("FA").seq(6),
                State::FinWait1,
                &["A 2:2(0) ack 1"],
            ),
        ],
    );
}

#[test]
fn fin_wait_2() {
    common(
        super::harness::fin_wait_2,
        State::FinWait2,
        2,
        1,
        "A 2:2(0) ack 1",
    );
    arrivals(
        super::harness::fin_wait_2,
        State::FinWait2,
        &[
            ("ACK again", seg("A").ack(2), State::FinWait2, &[]),
            (
                "text",
                seg("A").ack(2).text("hello"),
                State::FinWait2,
                &["A 2:2(0) ack 6"],
            ),
            (
                "text ahead",
                seg("A").ack(2).seq(9).text("hello"),
                State::FinWait2,
                &["A 2:2(0) ack 1"],
            ),
            (
                "FIN",
                seg("FA").ack(2),
                State::TimeWait,
                &["A 2:2(0) ack 2"],
            ),
            (
                "FIN ahead",
                seg("FA").seq(6).ack(2),
                State::FinWait2,
                &["A 2:2(0) ack 1"],
            ),
        ],
    );
}

#[test]
fn close_wait() {
    common(
        super::harness::close_wait,
        State::CloseWait,
        1,
        2,
        "A 1:1(0) ack 2",
    );
    arrivals(
        super::harness::close_wait,
        State::CloseWait,
        &[
            ("text", seg("A").seq(2).text("hello"), State::CloseWait, &[]),
            (
                "FIN again",
                seg("FA"),
                State::CloseWait,
                &["A 1:1(0) ack 2"],
            ),
            ("a second FIN", seg("FA").seq(2), State::CloseWait, &[]),
        ],
    );
}

#[test]
fn closing() {
    common(
        super::harness::closing,
        State::Closing,
        2,
        2,
        "A 2:2(0) ack 2",
    );
    arrivals(
        super::harness::closing,
        State::Closing,
        &[
            (
                "ACK of our FIN",
                seg("A").seq(2).ack(2),
                State::TimeWait,
                &[],
            ),
            ("ACK of less", seg("A").seq(2), State::Closing, &[]),
            (
                "FIN again",
                seg("FA").ack(2),
                State::Closing,
                &["A 2:2(0) ack 2"],
            ),
            (
                "a second FIN and ACK of ours",
                seg("FA").seq(2).ack(2),
                State::TimeWait,
                &[],
            ),
            ("text", seg("A").seq(2).text("hello"), State::Closing, &[]),
        ],
    );
}

#[test]
fn last_ack() {
    common(
        super::harness::last_ack,
        State::LastAck,
        2,
        2,
        "A 2:2(0) ack 2",
    );
    arrivals(
        super::harness::last_ack,
        State::LastAck,
        &[
            ("ACK of our FIN", seg("A").seq(2).ack(2), State::Closed, &[]),
            ("ACK of less", seg("A").seq(2), State::LastAck, &[]),
            (
                "FIN again",
                seg("FA").ack(2),
                State::LastAck,
                &["A 2:2(0) ack 2"],
            ),
            ("text", seg("A").seq(2).text("hello"), State::LastAck, &[]),
        ],
    );
}

#[test]
fn time_wait() {
    // A SYN beyond RCV.NXT would reopen: without a listener there is nobody to take it.
    let deaf = || {
        let mut h = super::harness::time_wait();
        h.stack.close(h.now, h.listener.unwrap()).unwrap();
        h.collect();
        h
    };
    common(deaf, State::TimeWait, 2, 2, "A 2:2(0) ack 2");
    arrivals(
        super::harness::time_wait,
        State::TimeWait,
        &[
            (
                "FIN again",
                seg("FA").ack(2),
                State::TimeWait,
                &["A 2:2(0) ack 2"],
            ),
            (
                "a second FIN",
                seg("FA").seq(2).ack(2),
                State::TimeWait,
                &["A 2:2(0) ack 2"],
            ),
            ("ACK again", seg("A").seq(2).ack(2), State::TimeWait, &[]),
            (
                "text",
                seg("A").seq(2).ack(2).text("hello"),
                State::TimeWait,
                &[],
            ),
        ],
    );
}
