//! Transitions of a stack that does not report them: its states, looked at after every input.

use std::collections::{BTreeMap, VecDeque};

use halfopen_target::State;

use crate::{Key, StackEvent};

/// Remembers the states of connections and tells what changed.
///
/// An adapter of a stack without reports calls [`observe`](Self::observe) for each connection after every
/// input and gives out [`poll`](Self::poll) as `poll_event`; its `observer` is then
/// [`Observer::SockDiag`](halfopen_target::Observer::SockDiag), since states in between are not seen.
#[derive(Clone, Debug, Default)]
pub struct StateWatch {
    states: BTreeMap<Key, State>,
    events: VecDeque<StackEvent>,
}

impl StateWatch {
    /// Takes note of a connection's state; one never seen before was CLOSED.
    pub fn observe(&mut self, connection: Key, state: State) {
        let from = self
            .states
            .insert(connection, state)
            .unwrap_or(State::Closed);
        if from != state {
            self.events.push_back(StackEvent::Transition {
                connection,
                from,
                to: state,
            });
        }
    }

    /// Begins to watch a connection in a state that is not to be told, such as one spawned in LISTEN.
    pub fn assume(&mut self, connection: Key, state: State) {
        self.states.insert(connection, state);
    }

    /// Reports something else in its place among the transitions.
    pub fn report(&mut self, event: StackEvent) {
        self.events.push_back(event);
    }

    /// The next thing to report.
    pub fn poll(&mut self) -> Option<StackEvent> {
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told_and_in_order() {
        let mut watch = StateWatch::default();
        let transition = |from, to| StackEvent::Transition {
            connection: Key(1),
            from,
            to,
        };
        watch.assume(Key(1), State::Listen);
        watch.observe(Key(1), State::Listen);
        watch.observe(Key(1), State::SynReceived);
        watch.observe(Key(1), State::SynReceived);
        watch.observe(Key(1), State::Closed);
        assert_eq!(
            watch.poll(),
            Some(transition(State::Listen, State::SynReceived))
        );
        assert_eq!(
            watch.poll(),
            Some(transition(State::SynReceived, State::Closed))
        );
        assert_eq!(watch.poll(), None);
    }
}
