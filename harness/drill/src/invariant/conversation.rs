//! Rules about sequence numbers: what each side sent, acknowledged and may send.

use std::collections::{BTreeMap, BTreeSet};

use halfopen_target::{Call, CallId, ConnectionId, Returned, State, Time, Transition};
use halfopen_wire::{Flags, Packet, Segment, Seq};

use super::Rule;
use super::written::Written;

/// The send MSS without an MSS option (RFC 9293 MUST-15), over IPv4 and over IPv6.
const DEFAULT_MSS: (u32, u32) = (536, 1220);

/// All connections of a trace, by the stack's port and the tester's.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    by_ports: BTreeMap<(u16, u16), Conversation>,
    /// What came in last, until something else is done to the stack.
    last: Option<Arrival>,
    written: Written,
    /// What a new connection on the same ports took the place of, by the new one.
    set_aside: BTreeMap<ConnectionId, ((u16, u16), Conversation)>,
}

/// A segment that came in.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Time,
    ports: (u16, u16),
    /// Its sequence number, if it is an RST.
    reset: Option<Seq>,
}

impl Conversations {
    pub(super) fn inbound(&mut self, at: Time, packet: &Packet) {
        self.last = None;
        let Some(segment) = packet.segment() else {
            return;
        };
        // A segment whose checksum is wrong never happened (RFC 9293 MUST-3).
        if packet.checksum_is_right() != Some(true) {
            return;
        }
        let ports = (segment.destination_port, segment.source_port);
        let is_reset = segment.flags.contains(Flags::RST);
        self.last = Some(Arrival {
            at,
            ports,
            reset: is_reset.then_some(segment.seq),
        });
        self.by_ports.entry(ports).or_default().inbound(segment);
    }

    pub(super) fn outbound(&mut self, packet: &Packet, report: &mut dyn FnMut(Rule, String)) {
        let Some(segment) = packet.segment() else {
            return;
        };
        let ports = (segment.source_port, segment.destination_port);
        let is_v4 = matches!(packet.ip, halfopen_wire::IpHeader::V4(_));
        if let Some(stream) = self.only_stream()
            && let Some(conversation) = self.by_ports.get(&ports)
        {
            conversation.check_stream(segment, stream, report);
        }
        self.by_ports
            .entry(ports)
            .or_default()
            .outbound(segment, is_v4, report);
    }

    pub(super) fn called(&mut self, id: CallId, call: &Call) {
        self.last = None;
        self.written.called(id, call);
    }

    pub(super) fn returned(&mut self, id: CallId, returned: &Returned) {
        self.written.returned(id, returned);
    }

    /// What the user gave to send, when the trace leaves no doubt on which connection.
    fn only_stream(&self) -> Option<&[u8]> {
        let mut open = self.by_ports.values().filter(|c| c.iss.is_some());
        open.next()?;
        if open.next().is_some() {
            return None;
        }
        self.written.only_stream()
    }

    /// What a transition tells of the segment that came last, if that caused it.
    pub(super) fn transition(
        &mut self,
        at: Time,
        transition: &Transition,
        report: &mut dyn FnMut(Rule, String),
    ) {
        // What happens later is the work of a timer.
        if let Some(arrival) = self.last.filter(|last| last.at == at) {
            self.caused(arrival, transition, report);
        }
        let ended = matches!(transition.to, State::Closed | State::Listen);
        if ended && transition.from == State::SynReceived {
            self.take_back(transition.connection);
        }
    }

    fn caused(
        &mut self,
        arrival: Arrival,
        transition: &Transition,
        report: &mut dyn FnMut(Rule, String),
    ) {
        let Arrival { ports, reset, .. } = arrival;
        let Some(conversation) = self.by_ports.get_mut(&ports) else {
            return;
        };
        let takes_syn = matches!(transition.from, State::Listen | State::SynSent)
            && matches!(transition.to, State::SynReceived | State::Established);
        if takes_syn {
            if transition.from == State::Listen {
                self.set_aside
                    .insert(transition.connection, (ports, conversation.clone()));
                // At one moment a new connection may well get the initial sequence number of the one before.
                conversation.iss = None;
            }
            conversation.irs = conversation.peer_syns.last().map(|(seq, _)| Seq(*seq));
        }
        let took_fin = matches!(
            transition.to,
            State::CloseWait | State::Closing | State::TimeWait
        ) && transition.from != State::Closing;
        if took_fin {
            conversation.fin_taken = true;
        }
        let ended = matches!(transition.to, State::Closed | State::Listen);
        if let (true, Some(seq)) = (ended, reset)
            && !matches!(transition.from, State::SynSent | State::Listen)
            && !conversation.may_expect(seq)
        {
            let text = format!(
                "{transition} by an RST at {}, not at the next expected",
                seq.0
            );
            report(Rule::ExactReset, text);
        }
    }

    /// A SYN that reached TIME-WAIT opened nothing: the old connection goes on (RFC 9293 MAY-2).
    fn take_back(&mut self, connection: ConnectionId) {
        if let Some((ports, old)) = self.set_aside.remove(&connection)
            && old.iss.is_some()
            && let Some(current) = self.by_ports.insert(ports, old)
            && let Some(old) = self.by_ports.get_mut(&ports)
        {
            old.pending.extend(current.pending);
            old.ends.extend(current.ends);
            old.fin_ends.extend(current.fin_ends);
        }
    }
}

/// One connection, from the stack's SYN on.
#[derive(Clone, Debug, Default)]
struct Conversation {
    /// Sequence numbers of the peer's SYNs so far, the latest last.
    peer_syns: Vec<(u32, Syn)>,
    /// The stack's initial sequence number.
    iss: Option<Seq>,
    /// The peer's initial sequence number as the stack took it.
    irs: Option<Seq>,
    stack_syn: Syn,
    /// What arrived, as distances from the peer's initial sequence number: start -> end, merged.
    arrived: BTreeMap<u32, u32>,
    pending: Vec<(u32, u32)>,
    fin_ends: BTreeSet<u32>,
    /// The sequence number behind each segment of the peer: one of them is the next expected.
    ends: BTreeSet<u32>,
    fin_taken: bool,
    last_ack: Option<u32>,
    /// The furthest right edge that the peer offered, as distance from `iss`.
    right_edge: u64,
    /// The furthest that the stack sent, likewise.
    sent: u32,
    /// Where the stack's FIN is, likewise.
    fin_at: Option<u32>,
}

/// What a SYN said.
#[derive(Clone, Copy, Debug, Default)]
struct Syn {
    mss: Option<u16>,
    shift: Option<u8>,
    window: u16,
}

impl Syn {
    fn of(segment: &Segment) -> Self {
        Self {
            mss: segment.mss(),
            shift: segment.window_scale(),
            window: segment.window,
        }
    }
}

impl Conversation {
    fn inbound(&mut self, segment: &Segment) {
        let is_syn = segment.flags.contains(Flags::SYN);
        if is_syn {
            self.peer_syns.push((segment.seq.0, Syn::of(segment)));
        }
        let start = segment.seq.0.wrapping_add(u32::from(is_syn));
        let end = segment.seq_end().0;
        if segment.flags.contains(Flags::FIN) {
            self.fin_ends.insert(end);
        }
        self.pending.push((start, end));
        if !segment.flags.contains(Flags::RST) {
            self.ends.insert(end);
        }
        if segment.flags.contains(Flags::ACK) || self.right_edge == 0 {
            self.note_window(segment);
        }
    }

    fn note_window(&mut self, segment: &Segment) {
        let Some(iss) = self.iss else { return };
        let acked = segment.ack.0.wrapping_sub(iss.0);
        // An acknowledgment of what was never sent is dropped with its window.
        if acked > self.sent || !segment.flags.contains(Flags::ACK) {
            return;
        }
        let scaled = !segment.flags.contains(Flags::SYN);
        let shift = if scaled { self.peer_shift() } else { 0 };
        let edge = u64::from(acked) + (u64::from(segment.window) << shift);
        self.right_edge = self.right_edge.max(edge);
    }

    /// The peer's window shift: the largest of its SYNs, where both sides offered one (RFC 7323 section 2.2).
    fn peer_shift(&self) -> u8 {
        let offered = self.peer_syns.iter().filter_map(|(_, syn)| syn.shift).max();
        match (offered, self.stack_syn.shift) {
            (Some(shift), Some(_)) => shift.min(14),
            _ => 0,
        }
    }

    fn outbound(&mut self, segment: &Segment, is_v4: bool, report: &mut dyn FnMut(Rule, String)) {
        if segment.flags.contains(Flags::SYN) {
            self.begin(segment);
        }
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let Some(iss) = self.iss else { return };
        if segment.flags.contains(Flags::ACK) {
            self.check_ack(segment, report);
        }
        self.check_sent(segment, iss, is_v4, report);
    }

    /// The stack's SYN begins the connection, or a new one on the same ports.
    fn begin(&mut self, segment: &Segment) {
        if self.iss == Some(segment.seq) {
            return;
        }
        let peer_syns = std::mem::take(&mut self.peer_syns);
        let pending = std::mem::take(&mut self.pending);
        let fin_ends = std::mem::take(&mut self.fin_ends);
        let ends = std::mem::take(&mut self.ends);
        *self = Self {
            peer_syns,
            pending,
            fin_ends,
            ends,
            irs: self.irs.filter(|_| self.iss.is_none()),
            iss: Some(segment.seq),
            stack_syn: Syn::of(segment),
            sent: 1,
            ..Self::default()
        };
        // The peer's SYN offers a window before it can acknowledge anything; the window of a SYN is not scaled.
        let offered = self.peer_syns.last().map_or(0, |(_, syn)| syn.window);
        self.right_edge = 1 + u64::from(offered);
    }

    /// Whether `seq` may be the next that the stack expects, as far as can be seen from outside.
    fn may_expect(&self, seq: Seq) -> bool {
        let acked = self.irs.zip(self.last_ack);
        self.ends.contains(&seq.0)
            || acked.is_some_and(|(irs, ack)| irs.0.wrapping_add(ack) == seq.0)
    }

    fn check_stream(&self, segment: &Segment, stream: &[u8], report: &mut dyn FnMut(Rule, String)) {
        let Some(iss) = self.iss else { return };
        let syn = u32::from(segment.flags.contains(Flags::SYN));
        let distance = segment.seq.0.wrapping_add(syn).wrapping_sub(iss.0);
        // One octet from before the stream is a keep-alive probe's (RFC 9293 MAY-6).
        let Some(start) = distance.checked_sub(1).map(|start| start as usize) else {
            return;
        };
        let end = start.saturating_add(segment.payload.len());
        if segment.payload.is_empty() || segment.flags.contains(Flags::RST) {
            return;
        }
        if stream.get(start..end) != Some(&segment.payload[..]) {
            let text = format!(
                "octets {start} to {end} of the stream are not what the user wrote ({} octets)",
                stream.len()
            );
            report(Rule::StreamIntact, text);
        }
    }

    /// Which of the peer's SYNs the stack took, where no transition told: the one closest before this
    /// acknowledgment number.
    fn learn_irs(&mut self, ack: u32) {
        if self.irs.is_none() {
            self.irs = self
                .peer_syns
                .iter()
                .map(|(seq, _)| *seq)
                .min_by_key(|seq| ack.wrapping_sub(seq.wrapping_add(1)))
                .map(Seq);
        }
    }

    fn check_ack(&mut self, segment: &Segment, report: &mut dyn FnMut(Rule, String)) {
        self.learn_irs(segment.ack.0);
        let Some(irs) = self.irs else { return };
        for (start, end) in std::mem::take(&mut self.pending) {
            self.merge(start.wrapping_sub(irs.0), end.wrapping_sub(irs.0));
        }
        let ack = segment.ack.0.wrapping_sub(irs.0);
        let reach = self.reach();
        if ack > reach {
            let text = format!("acknowledges {ack} octets from the peer's SYN on, {reach} arrived");
            report(Rule::AckedArrived, text);
        }
        if self.last_ack.is_some_and(|last| ack < last) {
            let text = format!("acknowledges {ack} after {}", self.last_ack.unwrap_or(0));
            report(Rule::AckAdvances, text);
        }
        self.last_ack = self.last_ack.max(Some(ack));
        if self.fin_taken && !self.fin_ends.contains(&segment.ack.0) {
            let text = format!("acknowledges {ack}, which is behind no FIN that arrived");
            report(Rule::FinAcked, text);
        }
    }

    /// Adds what arrived; wrapped or absurd ranges are outside any window.
    fn merge(&mut self, start: u32, end: u32) {
        // A range that begins before the stream counts from its beginning on.
        let mut start = if start > u32::MAX / 2 { 0 } else { start };
        let mut end = end;
        if end < start || end > u32::MAX / 2 {
            return;
        }
        let touching: Vec<u32> = self
            .arrived
            .range(..=end)
            .filter(|(_, other_end)| **other_end >= start)
            .map(|(other, _)| *other)
            .collect();
        for other in touching {
            if let Some(other_end) = self.arrived.remove(&other) {
                start = start.min(other);
                end = end.max(other_end);
            }
        }
        self.arrived.insert(start, end);
    }

    /// How far the peer's stream arrived without a gap, counting its SYN.
    fn reach(&self) -> u32 {
        self.arrived
            .range(..=1)
            .next_back()
            .map_or(1, |(_, end)| (*end).max(1))
    }

    fn check_sent(
        &mut self,
        segment: &Segment,
        iss: Seq,
        is_v4: bool,
        report: &mut dyn FnMut(Rule, String),
    ) {
        let start = segment.seq.0.wrapping_sub(iss.0);
        let end = segment.seq_end().0.wrapping_sub(iss.0);
        if end < start || end > u32::MAX / 2 {
            return;
        }
        let length = segment.payload.len() as u32;
        let fin = u32::from(segment.flags.contains(Flags::FIN));
        // A probe of a closed window carries one octet beyond it (RFC 9293 section 3.8.6.1).
        let probe = u64::from(length == 1);
        if length > 0 && u64::from(end - fin) > self.right_edge + probe {
            let text = format!(
                "sends up to {} from its SYN on, the window ends at {}",
                end - fin,
                self.right_edge
            );
            report(Rule::InsideWindow, text);
        }
        if fin == 1 && *self.fin_at.get_or_insert(end - 1) != end - 1
            || length > 0 && self.fin_at.is_some_and(|at| end - fin > at)
        {
            let text = format!(
                "FIN or data at {}, the FIN was at {:?}",
                end - fin,
                self.fin_at
            );
            report(Rule::FinIsLast, text);
        }
        let offered = self.peer_syns.iter().filter_map(|(_, syn)| syn.mss).max();
        let default = if is_v4 { DEFAULT_MSS.0 } else { DEFAULT_MSS.1 };
        // Stacks may refuse an absurdly small MSS; 64 octets of payload are always allowed.
        let most = offered.map_or(default, u32::from).max(default.min(64));
        let no_option = self.peer_syns.iter().any(|(_, syn)| syn.mss.is_none());
        let most = if no_option { most.max(default) } else { most };
        if length > most {
            let text = format!("{length} octets of payload, the peer's MSS allows {most}");
            report(Rule::WithinMss, text);
        }
        self.sent = self.sent.max(end);
    }
}
