//! Whether what happened is what the script says. Pure: entries of a trace go in, differences come out.

mod clock;

use std::collections::{BTreeMap, VecDeque};

use halfopen_script::tree::{Action, Direction, Event, Script, StateAssertion, StateName};
use halfopen_target::{
    CallId, ConnectionId, Duration, Entry, EntryKind, Errno, Returned, Setup, State, Time,
};
use halfopen_wire::Encapsulated;

use crate::bindings::{Bindings, TimestampRule};
use crate::calls::{self, Running};
use crate::config::{Config, RunLimits};
use crate::outputs::TimeScale;
use crate::packet::quote::{self, Sent};
use crate::packet::{aggregate, compare, show};
use crate::transitions::{Match, Transitions, notice_delay_micros};
use crate::verdict::{Failure, FailureKind};
use crate::window::Window;
use clock::Clock;

/// How far an expectation has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Progress {
    /// What it waits for has not happened yet.
    Waiting,
    /// It was met; the trace's entries that met it.
    Met(Vec<usize>),
    /// It was not.
    Failed(Failure),
}

/// A packet that came and is not yet matched by a line.
#[derive(Clone, Debug)]
struct PendingPacket {
    at: Time,
    entry: usize,
    bytes: Vec<u8>,
}

/// Judges one drill as it goes on.
#[derive(Debug)]
pub(crate) struct Judge<'s> {
    script: &'s Script,
    setup: &'s Setup,
    clock: Clock,
    strict_segments: bool,
    pub(crate) bindings: Bindings,
    packets: VecDeque<PendingPacket>,
    /// What an ICMP error of the stack may be about.
    sent: Sent,
    transitions: Transitions,
    pub(crate) running: BTreeMap<CallId, Running>,
    entries: usize,
}

impl<'s> Judge<'s> {
    pub(crate) fn new(script: &'s Script, config: &'s Config, timer_tick: Duration) -> Self {
        let mut bindings = Bindings::new(config.ports);
        bindings.timestamps = config.timestamps;
        Self {
            script,
            setup: &config.setup,
            clock: Clock::new(config.tolerance, timer_tick, script.is_strict()),
            strict_segments: config.strict_segments,
            bindings,
            packets: VecDeque::new(),
            sent: Sent::default(),
            transitions: Transitions::default(),
            running: BTreeMap::new(),
            entries: 0,
        }
    }

    pub(crate) fn event(&self, index: usize) -> &'s Event {
        &self.script.events[index]
    }

    /// When event `index` is stated to happen.
    pub(crate) fn window(&self, index: usize) -> Window {
        self.clock.window(self.event(index))
    }

    /// When a blocking call that began at `start` is stated to end.
    pub(crate) fn end_window(&self, index: usize, start: Time) -> Option<Window> {
        self.clock.end_window(self.event(index), start)
    }

    /// The latest moment until which event `index` is waited for, and when it counts as missing.
    pub(crate) fn deadline(&self, index: usize, limits: &RunLimits) -> Time {
        self.clock.deadline(self.event(index), limits)
    }

    /// The script's own clock begins at `at`.
    pub(crate) const fn start(&mut self, at: Time) {
        self.clock.start(at);
    }

    /// Goes on after expectation `index` that was not met, as if it had been: for runs that only observe.
    pub(crate) fn pass_over(&mut self, index: usize, at: Time) {
        match &self.event(index).action {
            Action::Packet(_) => {
                self.packets.pop_front();
            }
            Action::State(_) => self.transitions.drop_first(),
            _ => {}
        }
        self.clock.passed_over(at);
    }

    /// Takes note of something that happened; entries come in the order of the trace.
    pub(crate) fn observe(&mut self, entry: &Entry) {
        let index = self.entries;
        self.entries += 1;
        match &entry.kind {
            EntryKind::Outbound(bytes) => self.packets.push_back(PendingPacket {
                at: entry.at,
                entry: index,
                bytes: bytes.clone(),
            }),
            EntryKind::Inbound(bytes) => self.sent.note(bytes),
            EntryKind::Transition(transition) => {
                self.transitions.observe(entry.at, index, *transition);
            }
            EntryKind::Returned { id, returned } => {
                if let Some(running) = self.running.get_mut(id) {
                    running.finish(entry.at, index, returned.clone());
                    calls::note_return(&mut self.bindings, running);
                }
            }
            EntryKind::Stalled(span) if entry.script_event.is_some() => self.clock.took(*span),
            EntryKind::Stalled(span) => self.clock.stalled(entry.at, *span),
            _ => {}
        }
    }

    /// We did what event `index` says, at `at`: later events count from then.
    pub(crate) fn stimulus(&mut self, index: usize, at: Time) {
        let event = self.event(index);
        self.clock.stimulus(event, at);
    }

    /// What met the last expectation had been there already, and was read by `now`.
    pub(crate) fn read_by(&mut self, now: Time) {
        self.clock.read_by(now);
    }

    /// Whether expectation `index` (an outbound packet or a transition) is met.
    pub(crate) fn check(&mut self, index: usize) -> Progress {
        match &self.event(index).action {
            Action::Packet(spec) if spec.direction == Direction::Outbound => {
                self.check_packet(index)
            }
            Action::State(spec) => match spec.assertion {
                StateAssertion::Becomes(from, to) => {
                    self.check_transition(index, spec.descriptor, (state(from), state(to)))
                }
                StateAssertion::Is(expected) => {
                    self.check_state(index, spec.descriptor, state(expected))
                }
            },
            _ => Progress::Met(Vec::new()),
        }
    }

    fn check_packet(&mut self, index: usize) -> Progress {
        let Action::Packet(spec) = &self.event(index).action else {
            return Progress::Waiting;
        };
        self.pass_over_others(spec.is_tcp_without_ports());
        let Some(first) = self.packets.front().cloned() else {
            return Progress::Waiting;
        };
        let mut packet = match Encapsulated::parse(&first.bytes) {
            Ok(packet) => packet,
            Err(error) => return self.no_packet(index, &first, &error.to_string()),
        };
        let mut last = first;
        let mut entries = vec![last.entry];
        while !self.strict_segments && aggregate::is_short(spec, &packet.inner) {
            let Some(next) = self.packets.get(entries.len()).cloned() else {
                return Progress::Waiting;
            };
            match aggregate::join(&packet, &last.bytes, &next.bytes) {
                Some(joined) => packet = joined,
                None => break,
            }
            entries.push(next.entry);
            last = next;
        }
        if let TimestampRule::Packetdrill { tolerance, .. } = &mut self.bindings.timestamps {
            let allowed = self.clock.tolerance_at(last.at);
            *tolerance = u64::try_from(allowed.as_micros()).unwrap_or(u64::MAX);
        }
        let mut mismatches = compare::compare(spec, &packet, &mut self.bindings);
        if self.script.is_strict() {
            mismatches.extend(quote::compare(&packet.inner, &self.sent));
        }
        if !mismatches.is_empty() {
            let observed = show::packet(&packet, &self.bindings);
            let kind = FailureKind::Packet {
                observed,
                mismatches,
            };
            return Progress::Failed(self.failure(index, last.at, kind));
        }
        self.packets.drain(..entries.len());
        self.timed(index, last.at, "segment", 0, entries)
    }

    /// Drops segments of connections that a script for packetdrill no longer speaks of: it looks at one connection at a time.
    fn pass_over_others(&mut self, is_of_current: bool) {
        if self.script.is_strict() || !is_of_current {
            return;
        }
        while let Some(first) = self.packets.front() {
            let packet = Encapsulated::parse(&first.bytes).ok();
            let segment = packet.as_ref().and_then(|packet| packet.inner.segment());
            if !segment.is_some_and(|segment| self.bindings.is_of_another(segment)) {
                break;
            }
            self.packets.pop_front();
        }
    }

    fn no_packet(&self, index: usize, pending: &PendingPacket, error: &str) -> Progress {
        let observed = format!(
            "{} octets that are no IP packet: {error}",
            pending.bytes.len()
        );
        let kind = FailureKind::Packet {
            observed,
            mismatches: Vec::new(),
        };
        Progress::Failed(self.failure(index, pending.at, kind))
    }

    fn check_transition(
        &mut self,
        index: usize,
        descriptor: Option<i64>,
        expected: (State, State),
    ) -> Progress {
        let connection = descriptor.and_then(|fd| self.bindings.connection(fd));
        let later = self.later_transitions(index, descriptor);
        match self.transitions.take(connection, expected, &later) {
            Match::Waiting => Progress::Waiting,
            Match::Differs(pending) => {
                let observed = (pending.transition.from, pending.transition.to);
                let kind = FailureKind::Transition { expected, observed };
                Progress::Failed(self.failure(index, pending.at, kind))
            }
            Match::Matched(pending) => {
                let delay = notice_delay_micros(pending.transition.observer);
                self.timed(index, pending.at, "transition", delay, vec![pending.entry])
            }
        }
    }

    fn later_transitions(&self, index: usize, descriptor: Option<i64>) -> Vec<(State, State)> {
        self.script.events[index + 1..]
            .iter()
            .filter_map(|event| match &event.action {
                Action::State(spec) if spec.descriptor == descriptor => match spec.assertion {
                    StateAssertion::Becomes(from, to) => Some((state(from), state(to))),
                    StateAssertion::Is(_) => None,
                },
                _ => None,
            })
            .collect()
    }

    fn check_state(&self, index: usize, descriptor: Option<i64>, expected: State) -> Progress {
        let connection = descriptor.map(|fd| self.bindings.connection(fd));
        let observed = match connection {
            Some(None) => None,
            Some(Some(id)) => self.transitions.state(Some(id)).or(Some(State::Closed)),
            None => self.transitions.state(None),
        };
        if observed == Some(expected) {
            Progress::Met(Vec::new())
        } else {
            let kind = FailureKind::State { expected, observed };
            Progress::Failed(self.failure(index, self.clock.base(), kind))
        }
    }

    /// Judges the time of what met event `index`; `delay` is how late its observer may notice.
    fn timed(
        &mut self,
        index: usize,
        at: Time,
        what: &'static str,
        delay: u64,
        entries: Vec<usize>,
    ) -> Progress {
        let delay = Duration::from_micros(delay);
        let window = self.clock.allowed(self.event(index), delay);
        if !window.contains(at) {
            let kind = FailureKind::Time {
                what,
                expected: window.bounds(),
                observed: at,
            };
            return Progress::Failed(self.failure(index, at, kind));
        }
        self.clock.met(at);
        Progress::Met(entries)
    }

    /// Judges a call that has ended.
    pub(crate) fn check_call(&mut self, id: CallId) -> Progress {
        let Some(running) = self.running.get(&id) else {
            return Progress::Waiting;
        };
        let Some((at, entry, returned)) = running.ended() else {
            return Progress::Waiting;
        };
        let index = running.event();
        let mut window = self.end_window(index, running.started());
        if let Some(window) = &mut window
            && window.latest != Time::MAX
        {
            // What ends the call may have come as late as our stimuli since its start.
            window.latest += self.clock.drift().saturating_sub(running.drift());
        }
        if let Some(window) = window
            && !window.contains(at)
        {
            let kind = FailureKind::NotBlocking {
                call: running.name().to_owned(),
                expected: window.bounds(),
                observed: at,
            };
            return Progress::Failed(self.failure(index, at, kind));
        }
        let returned: Returned = returned.clone();
        let running = running.clone();
        let scale = TimeScale {
            origin: self.clock.origin(),
            tolerance: self.clock.tolerance_at(at),
        };
        match calls::compare(
            self.event(index),
            &running,
            &returned,
            &mut self.bindings,
            &scale,
        ) {
            Some(kind) => Progress::Failed(self.failure(index, at, kind)),
            None => {
                self.running.remove(&id);
                Progress::Met(vec![entry])
            }
        }
    }

    /// Nothing came for expectation `index` until `until`.
    pub(crate) fn missing(&self, index: usize, until: Time) -> Failure {
        let what = match &self.event(index).action {
            Action::State(spec) => match spec.assertion {
                StateAssertion::Becomes(from, to) => {
                    format!("the transition {} -> {}", state(from), state(to))
                }
                StateAssertion::Is(name) => format!("the state {}", state(name)),
            },
            _ => "a packet".to_owned(),
        };
        let mut instead = Vec::new();
        if let Some(pending) = self.transitions.unlisted()
            && self.script.asserts_states()
        {
            instead.push(format!("the transition {}", pending.transition));
        }
        let packets: Vec<_> = self.packets.iter().map(|p| p.bytes.clone()).collect();
        for bytes in packets.iter().take(3) {
            instead.push(self.describe(bytes));
        }
        self.failure(
            index,
            until,
            FailureKind::Missing {
                what,
                until,
                instead,
            },
        )
    }

    /// What came that no line of the script lists, once the script is over.
    pub(crate) fn unlisted(&self) -> Option<Failure> {
        if self.script.is_strict()
            && let Some(pending) = self.packets.front().cloned()
        {
            let observed = self.describe(&pending.bytes);
            let kind = FailureKind::UnlistedPacket { observed };
            return Some(self.unplaced(pending.at, kind));
        }
        self.unlisted_transition()
    }

    /// A transition that no line lists, where the script asserts states.
    pub(crate) fn unlisted_transition(&self) -> Option<Failure> {
        if !self.script.asserts_states() {
            return None;
        }
        let pending = self.transitions.unlisted()?;
        let observed = (pending.transition.from, pending.transition.to);
        let kind = FailureKind::UnlistedTransition { observed };
        Some(self.unplaced(pending.at, kind))
    }

    /// A packet in one line, in the script's numbers.
    pub(crate) fn describe(&self, bytes: &[u8]) -> String {
        match Encapsulated::parse(bytes) {
            Ok(packet) => show::packet(&packet, &self.bindings),
            Err(error) => format!("{} octets that are no IP packet: {error}", bytes.len()),
        }
    }

    pub(crate) fn failure(&self, index: usize, at: Time, kind: FailureKind) -> Failure {
        let event = self.event(index);
        Failure {
            event: Some(index),
            line: Some(event.line),
            span: Some(event.span),
            at,
            kind,
        }
    }

    fn unplaced(&self, at: Time, kind: FailureKind) -> Failure {
        let last = self.script.events.last();
        Failure {
            event: None,
            line: last.map(|event| event.line),
            span: None,
            at,
            kind,
        }
    }

    /// Whether the machine was held up for long enough before `failure` to explain its lateness.
    pub(crate) fn is_excused(&self, failure: &Failure) -> bool {
        self.clock.is_excused(failure)
    }

    /// How late all our stimuli were so far, taken together.
    pub(crate) const fn drift(&self) -> Duration {
        self.clock.drift()
    }

    /// How late the latest of them was.
    pub(crate) const fn worst_slip(&self) -> Duration {
        self.clock.worst_slip()
    }

    pub(crate) const fn setup(&self) -> &'s Setup {
        self.setup
    }

    pub(crate) fn connection_descriptors(&self) -> BTreeMap<ConnectionId, i64> {
        self.bindings
            .named_connections()
            .map(|(fd, id)| (id, fd))
            .collect()
    }
}

/// The state that a name in a script stands for.
pub(crate) const fn state(name: StateName) -> State {
    match name {
        StateName::Closed => State::Closed,
        StateName::Listen => State::Listen,
        StateName::SynSent => State::SynSent,
        StateName::SynReceived => State::SynReceived,
        StateName::Established => State::Established,
        StateName::FinWait1 => State::FinWait1,
        StateName::FinWait2 => State::FinWait2,
        StateName::CloseWait => State::CloseWait,
        StateName::Closing => State::Closing,
        StateName::LastAck => State::LastAck,
        StateName::TimeWait => State::TimeWait,
    }
}

/// The result of a call in the words of a script.
pub(crate) fn result_text(result: Result<i64, Errno>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(errno) => format!("-1 {errno} ({})", errno.text()),
    }
}

#[cfg(test)]
mod ticks;
