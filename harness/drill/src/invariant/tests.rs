//! Each rule, kept and broken, on small traces.

use std::net::SocketAddr;

use halfopen_target::{
    AddressMode, Call, CallId, CallName, ConnectionId, Descriptor, EntryKind, Observer, Setup,
    State, Time, Trace, Transition,
};
use halfopen_wire::{Flags, Packet, Segment, Seq, TcpOption};

use super::{Rule, violations};

/// A trace in the making.
struct Story(Trace);

impl Story {
    fn new() -> Self {
        Self(Trace::new("test", Setup::defaults(AddressMode::V4)))
    }

    fn packet(&self, inbound: bool, flags: Flags, seq: u32, ack: u32, length: usize) -> Vec<u8> {
        let stack = SocketAddr::new(self.0.setup.local_ip, 8080);
        let tester = SocketAddr::new(self.0.setup.remote_ip, 40_000);
        let (from, to) = if inbound {
            (tester, stack)
        } else {
            (stack, tester)
        };
        let segment = Segment {
            seq: Seq(seq),
            ack: Seq(ack),
            flags,
            window: 1000,
            options: if flags.contains(Flags::SYN) {
                vec![TcpOption::Mss(1460)]
            } else {
                Vec::new()
            },
            payload: vec![0; length],
            ..Segment::default()
        };
        Packet::tcp(from, to, segment).encode()
    }

    fn inbound(mut self, flags: Flags, seq: u32, ack: u32, length: usize) -> Self {
        let bytes = self.packet(true, flags, seq, ack, length);
        self.0.push(Time::ZERO, None, EntryKind::Inbound(bytes));
        self
    }

    fn outbound(mut self, flags: Flags, seq: u32, ack: u32, length: usize) -> Self {
        let bytes = self.packet(false, flags, seq, ack, length);
        self.0.push(Time::ZERO, None, EntryKind::Outbound(bytes));
        self
    }

    fn becomes(mut self, at: u64, from: State, to: State) -> Self {
        let transition = Transition {
            connection: ConnectionId(1),
            from,
            to,
            observer: Observer::Stack,
        };
        let at = Time::from_micros(at);
        self.0.push(at, None, EntryKind::Transition(transition));
        self
    }

    fn called(mut self, id: u64, call: Call) -> Self {
        let id = CallId(id);
        self.0
            .push(Time::ZERO, None, EntryKind::Called { id, call });
        self
    }

    fn established() -> Self {
        Self::new()
            .inbound(Flags::SYN, 0, 0, 0)
            .becomes(0, State::Listen, State::SynReceived)
            .outbound(Flags::SYN | Flags::ACK, 500, 1, 0)
            .inbound(Flags::ACK, 1, 501, 0)
            .becomes(0, State::SynReceived, State::Established)
    }

    fn broken(&self) -> Vec<Rule> {
        violations(&self.0).iter().map(|v| v.rule).collect()
    }
}

#[test]
fn an_ordinary_conversation_breaks_nothing() {
    let story = Story::established()
        .inbound(Flags::ACK, 1, 501, 100)
        .outbound(Flags::ACK, 501, 101, 0)
        .inbound(Flags::FIN | Flags::ACK, 101, 501, 0)
        .becomes(0, State::Established, State::CloseWait)
        .outbound(Flags::ACK, 501, 102, 0);
    assert_eq!(story.broken(), []);
}

#[test]
fn an_inexact_reset_must_not_end_the_connection() {
    let exact = Story::established().inbound(Flags::RST, 1, 0, 0).becomes(
        0,
        State::Established,
        State::Closed,
    );
    assert_eq!(exact.broken(), []);
    let inexact = Story::established().inbound(Flags::RST, 5, 0, 0).becomes(
        0,
        State::Established,
        State::Closed,
    );
    assert_eq!(inexact.broken(), [Rule::ExactReset]);
}

#[test]
fn what_did_not_arrive_must_not_be_acknowledged() {
    let story = Story::established()
        .inbound(Flags::ACK, 51, 501, 100)
        .outbound(Flags::ACK, 501, 151, 0);
    assert_eq!(story.broken(), [Rule::AckedArrived]);
}

#[test]
fn a_fin_that_was_taken_must_be_acknowledged() {
    let story = Story::established()
        .inbound(Flags::FIN | Flags::ACK, 1, 501, 0)
        .becomes(0, State::Established, State::CloseWait)
        .outbound(Flags::ACK, 501, 1, 0);
    assert_eq!(story.broken(), [Rule::FinAcked]);
}

#[test]
fn an_end_needs_a_reason() {
    let story = Story::established()
        .inbound(Flags::FIN | Flags::ACK, 1, 501, 0)
        .becomes(0, State::Established, State::Closed);
    assert_eq!(story.broken(), [Rule::CausedEnd]);
}

#[test]
fn only_edges_of_the_state_diagram_are_taken() {
    let story = Story::established().becomes(0, State::Established, State::TimeWait);
    assert_eq!(story.broken(), [Rule::LegalTransition]);
}

#[test]
fn octets_that_nobody_wrote_are_noticed() {
    let story = Story::established().outbound(Flags::ACK, 501, 1, 10);
    assert_eq!(story.broken(), [Rule::StreamIntact]);
}

#[test]
fn a_descriptor_that_was_closed_can_be_that_of_another_stream() {
    let send = |octets: &[u8]| Call::Send {
        name: CallName::Write,
        fd: Descriptor(4),
        buffers: vec![octets.to_vec()],
        flags: 0,
        address: None,
        control: Vec::new(),
    };
    let story = Story::established()
        .called(1, send(&[1; 10]))
        .called(2, Call::Close { fd: Descriptor(4) })
        .called(3, send(&[0; 10]))
        .outbound(Flags::ACK, 501, 1, 10);
    assert_eq!(story.broken(), []);
}

#[test]
fn the_window_and_the_mss_bound_what_is_sent() {
    let story = Story::established().outbound(Flags::ACK, 501 + 70_000, 1, 1461);
    let broken = story.broken();
    assert!(broken.contains(&Rule::InsideWindow), "{broken:?}");
    assert!(broken.contains(&Rule::WithinMss), "{broken:?}");
}

#[test]
fn a_reset_never_answers_a_reset() {
    let story = Story::new()
        .inbound(Flags::RST | Flags::ACK, 0, 1, 0)
        .outbound(Flags::RST, 1, 0, 0);
    assert_eq!(story.broken(), [Rule::NoResetForReset]);
}

#[test]
fn time_wait_must_last() {
    let story = Story::established()
        .becomes(0, State::Established, State::FinWait1)
        .becomes(0, State::FinWait1, State::FinWait2)
        .becomes(0, State::FinWait2, State::TimeWait)
        .becomes(2_000_000, State::TimeWait, State::Closed);
    assert_eq!(story.broken(), [Rule::TimeWaitLasts]);
}
