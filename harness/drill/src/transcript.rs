//! A trace as lines of text, in the script's numbers: what reports and ladders show, and what `diff` compares.

use std::collections::BTreeMap;

use halfopen_script::tree::{Action, Script};
use halfopen_target::{
    Address, Call, ConnectionId, Descriptor, EntryKind, OptionValue, Output, Returned, Time, Trace,
};
use halfopen_wire::Encapsulated;

use crate::bindings::{Bindings, Ports};
use crate::calls::{self, Running};
use crate::judge::result_text;
use crate::lower::Lowered;
use crate::packet::{compare, show};

/// Which side of the ladder a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A packet from the tester to the stack.
    Inbound,
    /// A packet from the stack to the tester.
    Outbound,
    /// What happens at the stack: calls, transitions, drops.
    Stack,
    /// What the harness notes.
    Harness,
}

/// One entry of a trace as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it happened.
    pub at: Time,
    /// On which side.
    pub side: Side,
    /// The line of the script that caused it or was paired with it, counted from 1.
    pub line: Option<usize>,
    /// Index of the script's event likewise.
    pub event: Option<usize>,
    /// A word for its kind: `inbound`, `outbound`, `call`, `return`, `state`, `drop`, `stall`, `stop`, `bound`, `check`.
    pub kind: &'static str,
    /// What happened, in the notation of scripts.
    pub text: String,
}

/// Every entry of `trace` as a line, in the numbers of `script`.
pub fn transcript(script: &Script, trace: &Trace) -> Vec<Line> {
    let mut writer = Writer {
        script,
        bindings: Bindings::new(Ports::default()),
        calls: BTreeMap::new(),
        connections: BTreeMap::new(),
    };
    writer.learn_connections(trace);
    trace
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let (kind, side, text) = writer.entry(index, entry);
            Line {
                at: entry.at,
                side,
                line: entry
                    .script_event
                    .and_then(|event| script.events.get(event))
                    .map(|event| event.line),
                event: entry.script_event,
                kind,
                text,
            }
        })
        .collect()
}

struct Writer<'s> {
    script: &'s Script,
    bindings: Bindings,
    calls: BTreeMap<halfopen_target::CallId, Running>,
    connections: BTreeMap<ConnectionId, i64>,
}

impl Writer<'_> {
    /// Names each connection by the script's descriptor that it gets sooner or later.
    fn learn_connections(&mut self, trace: &Trace) {
        let mut targets = BTreeMap::new();
        for entry in &trace.entries {
            match &entry.kind {
                EntryKind::Returned { returned, .. } => {
                    if let (Ok(value), Some(id)) = (returned.result, returned.connection) {
                        targets.insert(value, id);
                    }
                }
                EntryKind::Bound { script, target } => {
                    if let Some(id) = targets.get(&i64::from(target.0)) {
                        self.connections.entry(*id).or_insert(*script);
                    }
                }
                _ => {}
            }
        }
    }

    fn entry(
        &mut self,
        index: usize,
        entry: &halfopen_target::Entry,
    ) -> (&'static str, Side, String) {
        match &entry.kind {
            EntryKind::Inbound(bytes) => {
                self.learn_inbound(entry.script_event, bytes);
                ("inbound", Side::Inbound, self.packet(bytes))
            }
            EntryKind::Outbound(bytes) => {
                self.learn_outbound(entry.script_event, bytes);
                ("outbound", Side::Outbound, self.packet(bytes))
            }
            EntryKind::Called { id, call } => {
                let text = self.call(call);
                self.start(entry, *id, call);
                ("call", Side::Stack, text)
            }
            EntryKind::Returned { id, returned } => (
                "return",
                Side::Stack,
                self.returned(entry.at, index, *id, returned),
            ),
            EntryKind::Transition(transition) => {
                let text = match self.connections.get(&transition.connection) {
                    Some(fd) => format!("{fd}: {transition}"),
                    None => transition.to_string(),
                };
                ("state", Side::Stack, text)
            }
            EntryKind::Bound { script, .. } => {
                ("bound", Side::Harness, format!("descriptor {script}"))
            }
            EntryKind::Checkpoint => ("check", Side::Harness, "state checked".to_owned()),
            EntryKind::Dropped { reason } => ("drop", Side::Stack, format!("dropped: {reason}")),
            EntryKind::Stalled(span) => {
                let text = format!("the machine stalled {:.1} ms", span.as_secs_f64() * 1e3);
                ("stall", Side::Harness, text)
            }
            EntryKind::Stopped(reason) => ("stop", Side::Harness, stop_text(reason)),
            other => ("other", Side::Harness, format!("{other:?}")),
        }
    }

    fn learn_inbound(&mut self, event: Option<usize>, bytes: &[u8]) {
        let Some(event) = event.and_then(|index| self.script.events.get(index)) else {
            return;
        };
        let (Action::Packet(spec), Ok(packet)) = (&event.action, Encapsulated::parse(bytes)) else {
            return;
        };
        if let (halfopen_script::tree::PacketBody::Tcp(_), Some(segment)) =
            (&spec.body, packet.inner.segment())
        {
            let ports = (segment.source_port, segment.destination_port);
            let flow = self.bindings.flow_for_inbound(Some(ports));
            if segment.flags.contains(halfopen_wire::Flags::SYN) {
                flow.note_inbound_syn(segment.seq.0);
            }
        }
    }

    /// Binds initial sequence numbers: as the paired line says, or relative to zero.
    fn learn_outbound(&mut self, event: Option<usize>, bytes: &[u8]) {
        let Ok(packet) = Encapsulated::parse(bytes) else {
            return;
        };
        let Some(segment) = packet.inner.segment() else {
            return;
        };
        let spec = event
            .and_then(|index| self.script.events.get(index))
            .and_then(|event| match &event.action {
                Action::Packet(spec) => Some(spec),
                _ => None,
            });
        if let Some(spec) = spec {
            compare::compare(spec, &packet, &mut self.bindings);
        }
        let is_syn = segment.flags.contains(halfopen_wire::Flags::SYN);
        if let Some(flow) = self
            .bindings
            .flow_of_packet(segment.source_port, segment.destination_port)
            && is_syn
        {
            flow.bind_local_isn(0, segment.seq);
        }
    }

    fn packet(&self, bytes: &[u8]) -> String {
        match Encapsulated::parse(bytes) {
            Ok(packet) => show::packet(&packet, &self.bindings),
            Err(error) => format!("{} octets that are no IP packet: {error}", bytes.len()),
        }
    }

    fn start(&mut self, entry: &halfopen_target::Entry, id: halfopen_target::CallId, call: &Call) {
        let event = entry.script_event.unwrap_or(0);
        let spec = self
            .script
            .events
            .get(event)
            .and_then(|event| match &event.action {
                Action::Call(spec) => Some(spec),
                _ => None,
            });
        let lowered = Lowered {
            call: call.clone(),
            outputs: Vec::new(),
            descriptor: spec
                .and_then(|spec| spec.arguments.first())
                .and_then(|fd| halfopen_script::evaluate(fd).ok()),
        };
        let running = Running::start(event, entry.at, spec, lowered, &mut self.bindings);
        self.calls.insert(id, running);
    }

    fn returned(
        &mut self,
        at: Time,
        index: usize,
        id: halfopen_target::CallId,
        returned: &Returned,
    ) -> String {
        let name = match self.calls.get_mut(&id) {
            Some(running) => {
                running.finish(at, index, returned.clone());
                calls::note_return(&mut self.bindings, running);
                running.name()
            }
            None => "call",
        };
        let value = match (
            returned.result,
            self.calls.get(&id).and_then(Running::given),
        ) {
            (Ok(_), Some((script, _))) => script.to_string(),
            (result, _) => result_text(result),
        };
        let outputs: Vec<_> = returned.outputs.iter().filter_map(output_text).collect();
        let written = if outputs.is_empty() {
            String::new()
        } else {
            format!(" [{}]", outputs.join(", "))
        };
        format!("{name} = {value}{written}")
    }

    fn fd(&self, fd: Descriptor) -> String {
        self.bindings
            .script_descriptor(fd)
            .unwrap_or(-1)
            .to_string()
    }

    fn call(&self, call: &Call) -> String {
        let arguments = match call {
            Call::Socket {
                domain,
                kind,
                protocol,
            } => format!("{domain}, {kind}, {protocol}"),
            Call::Bind { fd, address } | Call::Connect { fd, address } => {
                format!("{}, {}", self.fd(*fd), address_text(address))
            }
            Call::Listen { fd, backlog } => format!("{}, {backlog}", self.fd(*fd)),
            Call::Accept { fd, .. } | Call::Close { fd } => self.fd(*fd),
            Call::Receive { fd, buffers, .. } => {
                let room: usize = buffers.iter().sum();
                format!("{}, {room} octets", self.fd(*fd))
            }
            Call::Send { fd, buffers, .. } => {
                let data: usize = buffers.iter().map(Vec::len).sum();
                format!("{}, {data} octets", self.fd(*fd))
            }
            Call::Shutdown { fd, how } => {
                let how = ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"]
                    .get(usize::try_from(*how).unwrap_or(usize::MAX))
                    .unwrap_or(&"?");
                format!("{}, {how}", self.fd(*fd))
            }
            Call::SetSockOpt {
                fd, level, name, ..
            }
            | Call::GetSockOpt {
                fd, level, name, ..
            } => format!("{}, level {level}, option {name}", self.fd(*fd)),
            Call::Fcntl {
                fd,
                command,
                argument,
            } => format!("{}, {command}, {argument:#o}", self.fd(*fd)),
            Call::Ioctl { fd, request, .. } => format!("{}, {request:#x}", self.fd(*fd)),
            Call::Poll { fds, timeout } => format!("{} descriptors, {timeout} ms", fds.len()),
            Call::Sysctl { name, value } => format!("{name}={value}"),
            Call::Command { text } => text.trim().to_owned(),
            other => format!("{other:?}"),
        };
        format!("{}({arguments})", call.name())
    }
}

fn stop_text(reason: &halfopen_target::StopReason) -> String {
    use halfopen_target::StopReason;
    match reason {
        StopReason::Mismatch => "stopped: the trace differs from the script".to_owned(),
        StopReason::CallStillRunning => "stopped: a call is still running".to_owned(),
        StopReason::Panicked(message) => format!("stopped: the stack panicked: {message}"),
        StopReason::Unresponsive(what) => format!("stopped: the stack does not respond: {what}"),
        StopReason::Flooded { packets } => format!("stopped: flooded by {packets} packets"),
        StopReason::Lacks(what) => format!("stopped: {what}"),
        StopReason::Broken(what) => format!("stopped: {what}"),
        other => format!("stopped: {other:?}"),
    }
}

fn address_text(address: &Address) -> String {
    match address {
        Address::Inet(address) => address.to_string(),
        Address::Unspecified => "AF_UNSPEC".to_owned(),
    }
}

fn output_text(output: &Output) -> Option<String> {
    Some(match output {
        Output::Data(data) if data.is_empty() => return None,
        Output::Data(data) => format!("{} octets", data.len()),
        Output::Option(OptionValue::Int(value)) | Output::Int(value) => value.to_string(),
        Output::Option(OptionValue::Linger { on, seconds }) => {
            format!("onoff={}, linger={seconds}", i32::from(*on))
        }
        Output::Option(OptionValue::Bytes(bytes)) => format!("{} octets", bytes.len()),
        Output::MessageFlags(flags) => format!("flags {flags:#x}"),
        Output::Poll(fds) => {
            let events: Vec<_> = fds.iter().map(|fd| format!("{:#x}", fd.revents)).collect();
            format!("revents {}", events.join(" "))
        }
        Output::Text(text) => text.trim().to_owned(),
        // The tester's port is the harness's own choice.
        _ => return None,
    })
}
