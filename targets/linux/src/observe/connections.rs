//! The connections of a drill and their states, from one look to the next.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use halfopen_target::{ConnectionId, Observer, State, Transition};

use super::{SockDiag, Step, Tracepoint, Tuple};

/// What happened before a look, which tells apart two ways for a connection to vanish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A packet was injected, or a call made.
    Stimulus,
    /// Time passed.
    Time,
}

/// One connection that the drill knows.
#[derive(Clone, Copy, Debug)]
struct Connection {
    id: ConnectionId,
    state: State,
    /// Spawned by a listener.
    is_passive: bool,
}

/// A transition that a look found, and when it happened (nanoseconds of CLOCK_MONOTONIC), where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) at: Option<i64>,
    pub(crate) transition: Transition,
}

/// Every connection of a drill, by its ends.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// Tells the steps between two looks, where the machine lets it.
    trace: Option<Arc<Tracepoint>>,
    by_tuple: BTreeMap<Tuple, Connection>,
    /// Ends that packets named, which may yet become connections.
    named: Vec<Tuple>,
    /// Listening sockets by their local port.
    listeners: BTreeMap<ConnectionId, u16>,
    next: u64,
}

impl Connections {
    /// No connections yet; `trace` tells the steps between two looks.
    pub(crate) fn new(trace: Option<Arc<Tracepoint>>) -> Self {
        let mut connections = Self::default();
        connections.trace = trace;
        connections
    }

    /// A number for a new socket or connection.
    pub(crate) const fn new_id(&mut self) -> ConnectionId {
        self.next += 1;
        ConnectionId(self.next)
    }

    /// A packet, either way, named these ends.
    pub(crate) fn note(&mut self, tuple: Tuple) {
        if !self.by_tuple.contains_key(&tuple) && !self.named.contains(&tuple) {
            self.named.push(tuple);
            self.watch(tuple);
        }
    }

    fn watch(&self, tuple: Tuple) {
        if let Some(trace) = &self.trace {
            trace.watch(tuple);
        }
    }

    /// The steps of a connection since the last look.
    fn steps(&self, tuple: &Tuple) -> Vec<Step> {
        self.trace
            .as_ref()
            .map(|trace| trace.take(tuple))
            .unwrap_or_default()
    }

    /// A socket began to listen.
    pub(crate) fn listen(&mut self, id: ConnectionId, port: u16) -> Option<Transition> {
        let is_new = self.listeners.insert(id, port).is_none();
        is_new.then(|| transition(id, State::Closed, State::Listen))
    }

    /// A socket was closed; if it listened, it no longer does.
    pub(crate) fn unlisten(&mut self, id: ConnectionId) -> Option<Transition> {
        self.listeners.remove(&id)?;
        Some(transition(id, State::Listen, State::Closed))
    }

    /// A socket with this number connects with these ends.
    pub(crate) fn connect(&mut self, id: ConnectionId, tuple: Tuple) {
        let opening = Connection {
            id,
            state: State::Closed,
            is_passive: false,
        };
        self.named.retain(|named| *named != tuple);
        self.by_tuple.entry(tuple).or_insert(opening);
        self.watch(tuple);
    }

    /// The connection with these ends.
    pub(crate) fn find(&self, tuple: &Tuple) -> Option<ConnectionId> {
        self.by_tuple.get(tuple).map(|connection| connection.id)
    }

    /// Whether a timer of the kernel may change some connection's state.
    pub(crate) fn may_change_by_time(&self) -> bool {
        self.by_tuple
            .values()
            .any(|connection| connection.state != State::Closed)
    }

    /// Looks at every connection and gives the transitions since the last look.
    pub(crate) fn look(&mut self, diag: &mut SockDiag, cause: Cause) -> io::Result<Vec<Seen>> {
        let mut found = Vec::new();
        for tuple in std::mem::take(&mut self.named) {
            match diag.state(&tuple)? {
                Some(state) => self.appear(tuple, state, &mut found),
                None => self.named.push(tuple),
            }
        }
        let known: Vec<_> = self.by_tuple.keys().copied().collect();
        for tuple in known {
            let state = diag.state(&tuple)?;
            self.compare(tuple, state, cause, &mut found);
        }
        Ok(found)
    }

    /// A connection came into being: a listener spawned it.
    fn appear(&mut self, tuple: Tuple, state: State, found: &mut Vec<Seen>) {
        let id = self.new_id();
        let steps = self.steps(&tuple);
        path(id, (State::Listen, state), &steps, found);
        let connection = Connection {
            id,
            state,
            is_passive: true,
        };
        self.by_tuple.insert(tuple, connection);
    }

    fn compare(&mut self, tuple: Tuple, state: Option<State>, cause: Cause, found: &mut Vec<Seen>) {
        let steps = self.steps(&tuple);
        let Some(connection) = self.by_tuple.get_mut(&tuple) else {
            return;
        };
        let before = connection.state;
        let now = match state {
            Some(state) => state,
            // A passive opening that a segment ended is back in LISTEN (RFC 9293 section 3.10.7.4).
            None if before == State::SynReceived
                && connection.is_passive
                && cause == Cause::Stimulus
                && self.listeners.values().any(|port| *port == tuple.local.1) =>
            {
                State::Listen
            }
            None => State::Closed,
        };
        if now == before {
            return;
        }
        let id = connection.id;
        let is_new = matches!(now, State::SynReceived | State::SynSent)
            && !matches!(before, State::Closed | State::SynSent);
        if is_new {
            // The ends are those of another connection now (RFC 9293 MAY-2).
            found.push(coarse(id, before, State::Closed));
            self.by_tuple.remove(&tuple);
            self.appear(tuple, now, found);
            return;
        }
        path(id, (before, now), &steps, found);
        if matches!(now, State::Closed | State::Listen) {
            self.by_tuple.remove(&tuple);
            self.named.push(tuple);
        } else {
            connection.state = now;
        }
    }
}

/// What leads from one state to another: the steps that the kernel told of, as far as they go, and what is left between two looks.
fn path(id: ConnectionId, (from, to): (State, State), steps: &[Step], found: &mut Vec<Seen>) {
    let mut state = from;
    for step in steps {
        // A full socket that closes may live on as one in TIME-WAIT or FIN-WAIT-2: that only sock_diag tells.
        let is_handed_on = step.to == State::Closed && to != State::Closed;
        if state == to || step.from != state || is_handed_on {
            continue;
        }
        found.push(Seen {
            at: Some(step.at),
            transition: Transition {
                observer: Observer::Tracepoint,
                ..transition(id, state, step.to)
            },
        });
        state = step.to;
    }
    if state != to {
        found.push(coarse(id, state, to));
    }
}

const fn coarse(id: ConnectionId, from: State, to: State) -> Seen {
    Seen {
        at: None,
        transition: transition(id, from, to),
    }
}

const fn transition(connection: ConnectionId, from: State, to: State) -> Transition {
    Transition {
        connection,
        from,
        to,
        observer: Observer::SockDiag,
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        if let Some(trace) = &self.trace {
            for tuple in self.by_tuple.keys().chain(&self.named) {
                trace.forget(tuple);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_step_tells_is_left_to_the_looks() {
        let mut found = Vec::new();
        path(
            ConnectionId(1),
            (State::FinWait1, State::TimeWait),
            &[],
            &mut found,
        );
        assert_eq!(
            found,
            [coarse(ConnectionId(1), State::FinWait1, State::TimeWait)]
        );
    }
}
