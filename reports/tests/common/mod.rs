//! One made-up session: a script, a trace of it, and an outcome for every standing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use halfopen_drill::{
    Counts, Failure, FailureKind, FieldMismatch, Outcome, ScriptFile, SessionEvent, Standing,
};
use halfopen_reports::Sink;
use halfopen_target::{
    AddressMode, Call, CallId, ConnectionId, Descriptor, EntryKind, Observer, Returned, Setup,
    State, StopReason, Time, Trace, Transition, posix,
};
use halfopen_wire::{Flags, Packet, Segment, Seq, TcpOption};

pub(crate) const SCRIPT: &str = r#"//: title     An in-window RST that is not at RCV.NXT draws a challenge ACK
//: requires  RFC5961-3.2-2, RFC9293-MUST-20

   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>
  +0 @ LISTEN -> SYN-RECEIVED
  +0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 1 ecr 100,nop,wscale 7>
 +.1 < . 1:1(0) ack 1 win 65535
  +0 @ SYN-RECEIVED -> ESTABLISHED
  +0 < R. 101:101(0) ack 1 win 0
  +0 > . 1:1(0) ack 1 win 502
  +0 @ 3 LISTEN
  +0 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
"#;

/// The events of the script that failures point at.
pub(crate) const SYN_ACK: usize = 4;
pub(crate) const BECOMES: usize = 6;
pub(crate) const CHALLENGE: usize = 8;
pub(crate) const IS_LISTEN: usize = 9;
pub(crate) const READ: usize = 10;

pub(crate) fn file(name: &str) -> Arc<ScriptFile> {
    Arc::new(ScriptFile {
        path: PathBuf::from(name),
        source: SCRIPT.to_owned(),
        script: halfopen_script::parse(name, SCRIPT).expect("the script is right"),
    })
}

fn packet(setup: &Setup, inbound: bool, segment: Segment) -> Vec<u8> {
    let stack = SocketAddr::new(setup.local_ip, 8080);
    let tester = SocketAddr::new(setup.remote_ip, 40_000);
    let (from, to) = if inbound {
        (tester, stack)
    } else {
        (stack, tester)
    };
    Packet::tcp(from, to, segment).encode()
}

fn segment(flags: Flags, seq: u32, ack: u32, window: u16) -> Segment {
    Segment {
        seq: Seq(seq),
        ack: Seq(ack),
        flags,
        window,
        ..Segment::default()
    }
}

fn options(val: u32, ecr: u32) -> Vec<TcpOption> {
    vec![
        TcpOption::Mss(1460),
        TcpOption::SackPermitted,
        TcpOption::Timestamps { val, ecr },
        TcpOption::Nop,
        TcpOption::WindowScale(7),
    ]
}

fn becomes(from: State, to: State) -> EntryKind {
    EntryKind::Transition(Transition {
        connection: ConnectionId(1),
        from,
        to,
        observer: Observer::Stack,
    })
}

/// What happened: all as the script says up to the challenge ACK, which acknowledges one octet too many.
pub(crate) fn trace(target: &str, mode: AddressMode) -> Trace {
    let setup = Setup::defaults(mode);
    let mut trace = Trace::new(target, setup.clone());
    let later = Time::from_micros(100_000);
    let socket = Call::Socket {
        domain: posix::AF_INET,
        kind: posix::SOCK_STREAM,
        protocol: posix::IPPROTO_TCP,
    };
    let opened = Returned {
        connection: Some(ConnectionId(1)),
        ..Returned::value(7)
    };
    trace.push(
        Time::ZERO,
        Some(0),
        EntryKind::Called {
            id: CallId(1),
            call: socket,
        },
    );
    trace.push(
        Time::ZERO,
        Some(0),
        EntryKind::Returned {
            id: CallId(1),
            returned: opened,
        },
    );
    let bound = EntryKind::Bound {
        script: 3,
        target: Descriptor(7),
    };
    trace.push(Time::ZERO, Some(0), bound);
    let listen = Call::Listen {
        fd: Descriptor(7),
        backlog: 1,
    };
    trace.push(
        Time::ZERO,
        Some(1),
        EntryKind::Called {
            id: CallId(2),
            call: listen,
        },
    );
    let done = Returned::value(0);
    trace.push(
        Time::ZERO,
        Some(1),
        EntryKind::Returned {
            id: CallId(2),
            returned: done,
        },
    );
    let mut syn = segment(Flags::SYN, 0, 0, 65535);
    syn.options = options(100, 0);
    trace.push(
        Time::ZERO,
        Some(2),
        EntryKind::Inbound(packet(&setup, true, syn)),
    );
    trace.push(
        Time::ZERO,
        Some(3),
        becomes(State::Listen, State::SynReceived),
    );
    let mut syn_ack = segment(Flags::SYN | Flags::ACK, 900_000, 1, 64240);
    syn_ack.options = options(1, 100);
    trace.push(
        Time::ZERO,
        Some(4),
        EntryKind::Outbound(packet(&setup, false, syn_ack)),
    );
    let ack = segment(Flags::ACK, 1, 900_001, 65535);
    trace.push(
        later,
        Some(5),
        EntryKind::Inbound(packet(&setup, true, ack)),
    );
    trace.push(
        later,
        Some(6),
        becomes(State::SynReceived, State::Established),
    );
    let rst = segment(Flags::RST | Flags::ACK, 101, 900_001, 0);
    trace.push(
        later,
        Some(7),
        EntryKind::Inbound(packet(&setup, true, rst)),
    );
    let challenge = segment(Flags::ACK, 900_001, 2, 501);
    trace.push(
        later,
        None,
        EntryKind::Outbound(packet(&setup, false, challenge)),
    );
    trace.push(later, None, EntryKind::Stopped(StopReason::Mismatch));
    trace
}

/// A failure of event `index` of the script.
pub(crate) fn failure(index: usize, kind: FailureKind) -> Failure {
    let file = file("x.pkt");
    let event = &file.script.events[index];
    Failure {
        event: Some(index),
        line: Some(event.line),
        span: Some(event.span),
        at: Time::from_micros(100_000),
        kind,
    }
}

/// The failure that `trace` shows.
pub(crate) fn wrong_ack() -> Failure {
    let mismatch = |field: &'static str, expected: &str, observed: &str| FieldMismatch {
        field: field.into(),
        expected: expected.to_owned(),
        observed: observed.to_owned(),
    };
    failure(
        CHALLENGE,
        FailureKind::Packet {
            observed: ". 1:1(0) ack 2 win 501".to_owned(),
            mismatches: vec![
                mismatch("acknowledgment number", "1", "2"),
                mismatch("window", "502", "501"),
            ],
        },
    )
}

/// A segment that came 3 ms after the latest moment that the script allows.
pub(crate) fn late() -> Failure {
    failure(
        CHALLENGE,
        FailureKind::Time {
            what: "segment",
            expected: (Time::from_micros(96_000), Time::from_micros(104_000)),
            observed: Time::from_micros(107_000),
        },
    )
}

pub(crate) fn outcome(name: &str, target: &str, mode: AddressMode, standing: Standing) -> Outcome {
    let attempts = match standing {
        Standing::Inconclusive(_) => 3,
        _ => 1,
    };
    let trace = match standing {
        Standing::Skip(_) | Standing::Error(_) => Trace::new(target, Setup::defaults(mode)),
        _ => trace(target, mode),
    };
    Outcome {
        file: file(name),
        target: target.to_owned(),
        mode,
        standing,
        trace,
        descriptors: BTreeMap::from([(ConnectionId(1), 3)]),
        attempts,
        wall: Duration::from_micros(1500),
    }
}

/// Every standing, on two targets.
pub(crate) fn outcomes() -> Vec<Outcome> {
    let known = "Linux keeps to RFC 5961 only with the sysctl (tcp_input.c)";
    let standings = [
        ("suites/a.pkt", "reference", Standing::Pass),
        ("suites/b#1.pkt", "reference", Standing::Fail(wrong_ack())),
        (
            "suites/a.pkt",
            "linux",
            Standing::ExpectedFail {
                failure: wrong_ack(),
                reason: known.to_owned(),
            },
        ),
        (
            "suites/b#1.pkt",
            "linux",
            Standing::UnexpectedPass {
                reason: known.to_owned(),
            },
        ),
        (
            "suites/c.pkt",
            "linux",
            Standing::Skip("lacks TCP_INFO: not read in code blocks".to_owned()),
        ),
        ("suites/d.pkt", "linux", Standing::Inconclusive(late())),
        (
            "suites/e.pkt",
            "linux",
            Standing::Error("making a veth pair: Operation not permitted".to_owned()),
        ),
    ];
    standings
        .into_iter()
        .map(|(name, target, standing)| outcome(name, target, AddressMode::V4, standing))
        .collect()
}

/// Shows a session of `outcomes` to `sink`.
pub(crate) fn play(outcomes: Vec<Outcome>, sink: &mut dyn Sink) {
    let mut counts = Counts::default();
    let total = outcomes.len();
    let mut tell = |event| sink.handle(&event).expect("it can be written");
    tell(SessionEvent::Started { total });
    for (index, outcome) in outcomes.into_iter().enumerate() {
        counts.add(&outcome.standing);
        tell(SessionEvent::Progress { done: index + 1 });
        tell(SessionEvent::Finished(Box::new(outcome)));
    }
    let wall = Duration::from_millis(12);
    tell(SessionEvent::Ended { counts, wall });
}

/// A writer whose text can be read while another owns it.
#[derive(Clone, Default)]
pub(crate) struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
