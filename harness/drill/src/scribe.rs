//! From a trace to a script: what was done to the stack, and what it did, as a timeline.
//!
//! A finding of a fuzzer becomes a regression script this way.

use halfopen_script::front_matter::FrontMatter;
use halfopen_script::span::Span;
use halfopen_script::tree::{
    Action, CallSpec, Direction, Event, Expression, ExpressionKind, IpSpec, OptionsSpec,
    PacketBody, PacketSpec, Script, SegmentSpec, StateAssertion, StateName, StateSpec,
    TcpOptionKind, TcpOptionSpec, TimeSpec, When,
};
use halfopen_target::{
    Call, CallId, Descriptor, EntryKind, OptionValue, Returned, State, Time, Trace, posix,
};
use halfopen_wire::{Encapsulated, Flags, Segment, TcpOption};

use crate::bindings::{Bindings, Ports};
use crate::packet::outer;

/// Writes the first `length` entries of `trace` as a script.
///
/// What the language cannot say (segments that are no TCP, calls that scripts lack) is left out.
pub fn write_script(trace: &Trace, length: usize, front_matter: FrontMatter) -> Script {
    let mut scribe = Scribe {
        bindings: Bindings::new(Ports::default()),
        events: Vec::new(),
        last: Time::ZERO,
    };
    let entries = &trace.entries[..length.min(trace.entries.len())];
    for entry in entries {
        let action = match &entry.kind {
            EntryKind::Inbound(bytes) => scribe.packet(bytes, Direction::Inbound),
            EntryKind::Outbound(bytes) => scribe.packet(bytes, Direction::Outbound),
            EntryKind::Called { id, call } => call_spec(call, returned(trace, *id)),
            EntryKind::Transition(transition) => Some(Action::State(StateSpec {
                span: NOWHERE,
                descriptor: None,
                assertion: StateAssertion::Becomes(name(transition.from), name(transition.to)),
            })),
            _ => None,
        };
        if let Some(action) = action {
            scribe.push(entry.at, action);
        }
    }
    Script {
        front_matter,
        options: Vec::new(),
        init_command: None,
        events: scribe.events,
        cleanup_command: None,
    }
}

/// A written script has no text yet that a span could point into.
const NOWHERE: Span = Span::new(0, 0);

struct Scribe {
    bindings: Bindings,
    events: Vec<Event>,
    last: Time,
}

impl Scribe {
    fn push(&mut self, at: Time, action: Action) {
        let span = at.micros_from(self.last).max(0);
        self.last = self.last.max(at);
        self.events.push(Event {
            span: NOWHERE,
            line: 0,
            time: TimeSpec {
                span: NOWHERE,
                start: When::After(span),
                end: None,
            },
            action,
        });
    }

    fn packet(&mut self, bytes: &[u8], direction: Direction) -> Option<Action> {
        let packet = Encapsulated::parse(bytes).ok()?;
        let segment = packet.inner.segment()?;
        let is_syn = segment.flags.contains(Flags::SYN);
        let (local, remote) = match direction {
            Direction::Inbound => (segment.destination_port, segment.source_port),
            Direction::Outbound => (segment.source_port, segment.destination_port),
        };
        let (seq, ack) = match direction {
            Direction::Inbound => {
                let flow = self.bindings.flow_for_inbound(Some((remote, local)));
                if is_syn {
                    flow.note_inbound_syn(segment.seq.0);
                }
                (
                    flow.remote_to_script(segment.seq.0, is_syn),
                    flow.local_to_script(segment.ack.0, is_syn),
                )
            }
            Direction::Outbound => {
                self.bindings.flow_for_inbound(Some((remote, local)));
                let flow = self.bindings.flow_of_packet(local, remote)?;
                if is_syn {
                    flow.note_outbound_syn(segment.ack.0);
                    flow.bind_local_isn(0, segment.seq);
                }
                (
                    flow.local_to_script(segment.seq.0, is_syn),
                    flow.remote_to_script(segment.ack.0, is_syn),
                )
            }
        };
        Some(Action::Packet(PacketSpec {
            span: NOWHERE,
            direction,
            encapsulations: packet.outer.iter().map(outer::spec).collect(),
            ip: IpSpec::default(),
            body: PacketBody::Tcp(segment_spec(segment, seq, ack, direction)),
        }))
    }
}

fn segment_spec(segment: &Segment, seq: u32, ack: u32, direction: Direction) -> SegmentSpec {
    let length = segment.payload.len() as u32;
    let has_ack = segment.flags.contains(Flags::ACK);
    let is_urgent = segment.flags.contains(Flags::URG);
    let options: Vec<_> = segment.options.iter().filter_map(option_spec).collect();
    SegmentSpec {
        ports: None,
        flags: segment.flags.bits(),
        flags_span: NOWHERE,
        seq,
        seq_end: seq.wrapping_add(length),
        length,
        seq_span: NOWHERE,
        ack: has_ack.then_some((ack, NOWHERE)),
        window: (direction == Direction::Inbound).then_some((segment.window, NOWHERE)),
        urgent: is_urgent.then_some((segment.urgent_pointer, NOWHERE)),
        options: match direction {
            Direction::Outbound => OptionsSpec::Any(NOWHERE),
            Direction::Inbound if options.is_empty() => OptionsSpec::Absent,
            Direction::Inbound => OptionsSpec::List(options, NOWHERE),
        },
    }
}

fn option_spec(option: &TcpOption) -> Option<TcpOptionSpec> {
    let kind = match option {
        TcpOption::Nop => TcpOptionKind::Nop,
        TcpOption::EndOfList => TcpOptionKind::Eol,
        TcpOption::Mss(mss) => TcpOptionKind::Mss(*mss),
        TcpOption::WindowScale(shift) => TcpOptionKind::WindowScale(*shift),
        TcpOption::SackPermitted => TcpOptionKind::SackPermitted,
        TcpOption::Timestamps { val, ecr } => TcpOptionKind::Timestamps {
            val: Some(*val),
            ecr: Some(*ecr),
        },
        TcpOption::Unknown { kind, data } => TcpOptionKind::Raw {
            kind: *kind,
            length: None,
            data: data.clone(),
        },
        _ => return None,
    };
    Some(TcpOptionSpec {
        span: NOWHERE,
        kind,
    })
}

fn returned(trace: &Trace, call: CallId) -> Option<&Returned> {
    trace.entries.iter().find_map(|entry| match &entry.kind {
        EntryKind::Returned { id, returned } if *id == call => Some(returned),
        _ => None,
    })
}

fn call_spec(call: &Call, returned: Option<&Returned>) -> Option<Action> {
    use ExpressionKind::{Ellipsis, Integer, Symbol};
    let number = |value: i64| expression(Integer(value));
    let symbol = |name: &str| expression(Symbol(name.to_owned()));
    let any = || expression(Ellipsis);
    let fd = |fd: &Descriptor| number(i64::from(fd.0));
    let arguments = match call {
        Call::Socket { kind, .. } => {
            let kind = if kind & posix::SOCK_NONBLOCK == 0 {
                symbol("SOCK_STREAM")
            } else {
                expression(ExpressionKind::Binary {
                    operator: '|',
                    left: Box::new(symbol("SOCK_STREAM")),
                    right: Box::new(symbol("SOCK_NONBLOCK")),
                })
            };
            vec![any(), kind, symbol("IPPROTO_TCP")]
        }
        Call::Bind { fd: s, .. }
        | Call::Connect { fd: s, .. }
        | Call::Accept { fd: s, flags: 0 } => {
            vec![fd(s), any(), any()]
        }
        Call::Accept { fd: s, .. } => vec![fd(s), any(), any(), symbol("SOCK_NONBLOCK")],
        Call::Listen { fd: s, backlog } => vec![fd(s), number(i64::from(*backlog))],
        Call::Shutdown { fd: s, how } => {
            let names = ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"];
            vec![fd(s), symbol(names.get(usize::try_from(*how).ok()?)?)]
        }
        Call::Close { fd: s } => vec![fd(s)],
        Call::Receive { fd: s, buffers, .. } => {
            let room = buffers.iter().sum::<usize>() as i64;
            vec![fd(s), any(), number(room)]
        }
        Call::Send { fd: s, buffers, .. } => {
            let length = buffers.iter().map(Vec::len).sum::<usize>() as i64;
            vec![fd(s), any(), number(length)]
        }
        Call::Fcntl { fd: s, .. } => {
            vec![fd(s), symbol("F_SETFL"), symbol("O_NONBLOCK")]
        }
        Call::SetSockOpt {
            fd: s,
            level,
            name,
            value: OptionValue::Int(value),
            ..
        } => {
            let list = expression(ExpressionKind::List(vec![number(i64::from(*value))]));
            let (level, name) = (i64::from(*level), i64::from(*name));
            vec![fd(s), number(level), number(name), list, number(4)]
        }
        _ => return None,
    };
    let name = match call {
        Call::Receive { .. } => "read",
        Call::Send { .. } => "write",
        other => other.name(),
    };
    let (result, errno) = match returned.map(|returned| returned.result) {
        Some(Ok(value)) => (number(value), None),
        Some(Err(errno)) => (number(-1), errno.name().map(|n| (n.to_owned(), NOWHERE))),
        None => (any(), None),
    };
    Some(Action::Call(CallSpec {
        span: NOWHERE,
        name: name.to_owned(),
        name_span: NOWHERE,
        arguments,
        result: Some(result),
        errno,
        remark: None,
    }))
}

const fn expression(kind: ExpressionKind) -> Expression {
    Expression {
        span: NOWHERE,
        kind,
    }
}

const fn name(state: State) -> StateName {
    match state {
        State::Closed => StateName::Closed,
        State::Listen => StateName::Listen,
        State::SynSent => StateName::SynSent,
        State::SynReceived => StateName::SynReceived,
        State::Established => StateName::Established,
        State::FinWait1 => StateName::FinWait1,
        State::FinWait2 => StateName::FinWait2,
        State::CloseWait => StateName::CloseWait,
        State::Closing => StateName::Closing,
        State::LastAck => StateName::LastAck,
        State::TimeWait => StateName::TimeWait,
    }
}
