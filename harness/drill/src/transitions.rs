//! Transitions that were observed and are not yet matched by a line of the script.

use std::collections::{BTreeMap, VecDeque};

use halfopen_target::{ConnectionId, Observer, State, Time, Transition};

/// A transition waiting for its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// When it was observed.
    pub(crate) at: Time,
    /// Index of its entry in the trace.
    pub(crate) entry: usize,
    /// What was observed; a coarse one is consumed piece by piece.
    pub(crate) transition: Transition,
}

impl Pending {
    /// A listening socket coming or going is set-up, not a change of a connection:
    /// a script may list it but need not.
    const fn is_optional(&self) -> bool {
        matches!(
            (self.transition.from, self.transition.to),
            (State::Closed, State::Listen) | (State::Listen, State::Closed)
        )
    }
}

/// What became of the attempt to match a line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Match {
    /// Nothing has been observed yet.
    Waiting,
    /// It matches what was observed.
    Matched(Pending),
    /// Something else was observed.
    Differs(Pending),
}

/// The transitions of all connections in order, and each connection's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transitions {
    pending: VecDeque<Pending>,
    states: BTreeMap<ConnectionId, State>,
    latest: Option<ConnectionId>,
}

impl Transitions {
    pub(crate) fn observe(&mut self, at: Time, entry: usize, transition: Transition) {
        self.states.insert(transition.connection, transition.to);
        self.latest = Some(transition.connection);
        self.pending.push_back(Pending {
            at,
            entry,
            transition,
        });
    }

    /// The state of a connection now; of the one that changed last where none is named.
    pub(crate) fn state(&self, connection: Option<ConnectionId>) -> Option<State> {
        self.states.get(&connection.or(self.latest)?).copied()
    }

    /// Takes the next observed transition for a line that says `from -> to`.
    ///
    /// `later` are the transitions that the script lists after it: a coarse observation `A -> C` satisfies
    /// `A -> B` when the script goes on `B -> C`, since such an observer cannot see `B`.
    pub(crate) fn take(
        &mut self,
        connection: Option<ConnectionId>,
        (from, to): (State, State),
        later: &[(State, State)],
    ) -> Match {
        let heads = self.heads(connection, (from, to));
        let fits = |index: &usize| {
            let seen = self.pending[*index].transition;
            seen.from == from
                && (seen.to == to || seen.observer.may_skip_states() && reaches(to, seen.to, later))
        };
        let Some(index) = heads
            .iter()
            .copied()
            .find(fits)
            .or_else(|| heads.first().copied())
        else {
            return Match::Waiting;
        };
        let pending = self.pending[index];
        let seen = pending.transition;
        if seen.from != from {
            return Match::Differs(pending);
        }
        if seen.to == to {
            self.pending.remove(index);
            return Match::Matched(pending);
        }
        if seen.observer.may_skip_states() && reaches(to, seen.to, later) {
            self.pending[index].transition.from = to;
            return Match::Matched(pending);
        }
        Match::Differs(pending)
    }

    /// The next pending transition of each connection that a line may be about: transitions are in order within
    /// a connection, and the first connection to have one comes first.
    fn heads(&self, connection: Option<ConnectionId>, line: (State, State)) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut heads = Vec::new();
        for (index, pending) in self.pending.iter().enumerate() {
            let Transition {
                connection: id,
                from,
                to,
                ..
            } = pending.transition;
            let is_asked = connection.is_none_or(|asked| asked == id);
            if is_asked && !seen.contains(&id) && (!pending.is_optional() || (from, to) == line) {
                seen.push(id);
                heads.push(index);
            }
        }
        heads
    }

    /// Gives up the next observed transition, for runs that only observe.
    pub(crate) fn drop_first(&mut self) {
        self.pending.pop_front();
    }

    /// The next transition that no line has matched and that must be listed.
    pub(crate) fn unlisted(&self) -> Option<Pending> {
        self.pending
            .iter()
            .find(|pending| !pending.is_optional())
            .copied()
    }
}

/// Whether the listed transitions lead from `state` to `goal` step by step.
fn reaches(mut state: State, goal: State, later: &[(State, State)]) -> bool {
    for (from, to) in later {
        if *from == state {
            state = *to;
            if state == goal {
                return true;
            }
        }
    }
    false
}

/// Whether a transition seen by this observer may be noticed late, and by how much at most.
pub(crate) const fn notice_delay_micros(observer: Observer) -> u64 {
    match observer {
        Observer::Stack | Observer::Tracepoint => 0,
        Observer::SockDiag => 20_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(from: State, to: State, observer: Observer) -> Transition {
        Transition {
            connection: ConnectionId(1),
            from,
            to,
            observer,
        }
    }

    #[test]
    fn a_coarse_observation_satisfies_the_steps_that_the_script_lists() {
        let mut transitions = Transitions::default();
        let coarse = seen(State::SynReceived, State::CloseWait, Observer::SockDiag);
        transitions.observe(Time::ZERO, 0, coarse);
        let first = transitions.take(
            None,
            (State::SynReceived, State::Established),
            &[(State::Established, State::CloseWait)],
        );
        assert!(matches!(first, Match::Matched(_)));
        let second = transitions.take(None, (State::Established, State::CloseWait), &[]);
        assert!(matches!(second, Match::Matched(_)));
        assert!(transitions.unlisted().is_none());
    }

    #[test]
    fn a_stack_that_reports_every_step_may_not_skip_one() {
        let mut transitions = Transitions::default();
        let jump = seen(State::SynReceived, State::CloseWait, Observer::Stack);
        transitions.observe(Time::ZERO, 0, jump);
        let first = transitions.take(
            None,
            (State::SynReceived, State::Established),
            &[(State::Established, State::CloseWait)],
        );
        assert!(matches!(first, Match::Differs(_)));
    }

    #[test]
    fn a_listening_socket_need_not_be_listed_but_may_be() {
        let mut transitions = Transitions::default();
        let listen = seen(State::Closed, State::Listen, Observer::Stack);
        transitions.observe(Time::ZERO, 0, listen);
        assert!(transitions.unlisted().is_none());
        let line = transitions.take(None, (State::Closed, State::Listen), &[]);
        assert!(matches!(line, Match::Matched(_)));
    }
}
