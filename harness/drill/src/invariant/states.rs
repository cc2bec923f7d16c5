//! Rules about states: which edges there are, and what may cause the end of a connection.

use std::collections::BTreeMap;

use halfopen_target::{ConnectionId, Duration, Observer, State, Time, Transition};
use halfopen_wire::{Flags, Packet};

use super::{Rule, Violation};

/// The most segments that one stimulus may draw: a large window's worth and a margin.
const MOST_PER_STIMULUS: usize = 4096;

/// The shortest TIME-WAIT that counts as two maximum segment lifetimes: RFC 9293 section 3.4.2 leaves the
/// lifetime to the implementer, and 30 s is the shortest in use.
const SHORTEST_TIME_WAIT: Duration = Duration::from_secs(60);

/// What was done to the stack last.
#[derive(Clone, Debug, Default)]
struct Stimulus {
    at: Time,
    flags: Option<Flags>,
    is_error: bool,
    is_call: bool,
    sent_reset: bool,
    established: bool,
    segments: usize,
    flooded: bool,
}

#[derive(Debug, Default)]
pub(super) struct States {
    current: BTreeMap<ConnectionId, State>,
    time_wait_since: BTreeMap<ConnectionId, Time>,
    stimulus: Stimulus,
    /// A connection ended with no reason seen yet; a reset sent at the same moment may still explain it.
    unexplained: Option<Violation>,
    found: Vec<Violation>,
}

impl States {
    pub(super) fn inbound(&mut self, at: Time, packet: Option<&Packet>) {
        self.settle();
        let segment = packet.and_then(Packet::segment);
        self.stimulus = Stimulus {
            at,
            flags: segment.map(|segment| segment.flags),
            is_error: segment.is_none(),
            ..Stimulus::default()
        };
    }

    pub(super) fn called(&mut self, at: Time) {
        self.settle();
        self.stimulus = Stimulus {
            at,
            is_call: true,
            ..Stimulus::default()
        };
    }

    pub(super) fn outbound(&mut self, packet: &Packet, report: &mut dyn FnMut(Rule, String)) {
        let stimulus = &mut self.stimulus;
        stimulus.segments += 1;
        if stimulus.segments > MOST_PER_STIMULUS && !stimulus.flooded {
            stimulus.flooded = true;
            let text = format!("more than {MOST_PER_STIMULUS} segments after one stimulus");
            report(Rule::NoFlood, text);
        }
        if packet.checksum_is_right() == Some(false) {
            report(Rule::Checksum, "the checksum is wrong".to_owned());
        }
        let Some(segment) = packet.segment() else {
            return;
        };
        if segment.flags.contains(Flags::RST) {
            stimulus.sent_reset = true;
            self.unexplained = None;
            if stimulus.segments == 1
                && stimulus
                    .flags
                    .is_some_and(|flags| flags.contains(Flags::RST))
            {
                let text = format!("`{}` in answer to an RST", segment.flags);
                report(Rule::NoResetForReset, text);
            }
        }
    }

    pub(super) fn transition(
        &mut self,
        at: Time,
        entry: usize,
        transition: &Transition,
        report: &mut dyn FnMut(Rule, String),
    ) {
        let Transition { from, to, .. } = *transition;
        let before = self.current.insert(transition.connection, to);
        if before.is_some_and(|before| before != from) {
            let text = format!("{transition}, but the state was {}", before.unwrap_or(from));
            report(Rule::LegalTransition, text);
        }
        let may_skip = transition.observer == Observer::SockDiag;
        if !(is_edge(from, to) || may_skip && to != from) {
            report(Rule::LegalTransition, transition.to_string());
        }
        if to == State::Established {
            self.stimulus.established = true;
        }
        if to == State::TimeWait {
            self.time_wait_since.insert(transition.connection, at);
        }
        if to == State::Closed {
            self.check_end(at, entry, transition, report);
        }
    }

    fn check_end(
        &mut self,
        at: Time,
        entry: usize,
        transition: &Transition,
        report: &mut dyn FnMut(Rule, String),
    ) {
        let stimulus = &self.stimulus;
        let by_segment = stimulus.flags.is_some() && at == stimulus.at;
        if transition.from == State::TimeWait && !by_segment && !stimulus.is_call {
            let since = self.time_wait_since.get(&transition.connection);
            let lasted = at.since(since.copied().unwrap_or(Time::ZERO));
            if lasted < SHORTEST_TIME_WAIT {
                let text = format!("TIME-WAIT lasted {} s", lasted.as_secs_f64());
                report(Rule::TimeWaitLasts, text);
            }
            return;
        }
        if !by_segment || stimulus.is_error {
            return;
        }
        let flags = stimulus.flags.unwrap_or_default();
        let explained = flags.contains(Flags::RST)
            || stimulus.sent_reset
            || match transition.from {
                State::LastAck => flags.contains(Flags::ACK),
                // RFC 9293 MAY-2: a new connection takes its place.
                State::TimeWait => flags.contains(Flags::SYN) || stimulus.established,
                _ => false,
            };
        if !explained {
            self.unexplained = Some(Violation {
                rule: Rule::CausedEnd,
                at,
                entry,
                text: format!("{transition} because of `{flags}`"),
            });
        }
    }

    /// A stimulus is over: what nothing explained is a violation.
    fn settle(&mut self) {
        self.found.extend(self.unexplained.take());
    }

    pub(super) fn finish(mut self) -> Vec<Violation> {
        self.settle();
        self.found
    }
}

/// The edges of figure 5 and those that section 3.10 adds in words (ABORT, RST and timeouts from anywhere).
pub(super) const fn is_edge(from: State, to: State) -> bool {
    use State::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
        SynSent, TimeWait,
    };
    match to {
        Closed => !matches!(from, Closed),
        Listen => matches!(from, Closed | SynReceived),
        SynSent => matches!(from, Closed | Listen),
        SynReceived => matches!(from, Listen | SynSent),
        Established => matches!(from, SynSent | SynReceived),
        FinWait1 => matches!(from, Established | SynReceived),
        FinWait2 => matches!(from, FinWait1),
        CloseWait => matches!(from, Established),
        Closing => matches!(from, FinWait1),
        LastAck => matches!(from, CloseWait),
        TimeWait => matches!(from, FinWait1 | FinWait2 | Closing),
    }
}
