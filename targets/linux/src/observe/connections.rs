//! The connections of a drill and their states, from one look to the next.

use std::collections::BTreeMap;
use std::io;

use halfopen_target::{ConnectionId, Observer, State, Transition};

use super::{SockDiag, Tuple};

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

/// Every connection of a drill, by its ends.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    by_tuple: BTreeMap<Tuple, Connection>,
    /// Ends that packets named, which may yet become connections.
    named: Vec<Tuple>,
    /// Listening sockets by their local port.
    listeners: BTreeMap<ConnectionId, u16>,
    next: u64,
}

impl Connections {
    /// A number for a new socket or connection.
    pub(crate) const fn new_id(&mut self) -> ConnectionId {
        self.next += 1;
        ConnectionId(self.next)
    }

    /// A packet, either way, named these ends.
    pub(crate) fn note(&mut self, tuple: Tuple) {
        if !self.by_tuple.contains_key(&tuple) && !self.named.contains(&tuple) {
            self.named.push(tuple);
        }
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
        self.by_tuple.entry(tuple).or_insert(opening);
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
    pub(crate) fn look(
        &mut self,
        diag: &mut SockDiag,
        cause: Cause,
    ) -> io::Result<Vec<Transition>> {
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
    fn appear(&mut self, tuple: Tuple, state: State, found: &mut Vec<Transition>) {
        let id = self.new_id();
        found.push(transition(id, State::Listen, state));
        let connection = Connection {
            id,
            state,
            is_passive: true,
        };
        self.by_tuple.insert(tuple, connection);
    }

    fn compare(
        &mut self,
        tuple: Tuple,
        state: Option<State>,
        cause: Cause,
        found: &mut Vec<Transition>,
    ) {
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
            found.push(transition(id, before, State::Closed));
            self.by_tuple.remove(&tuple);
            self.appear(tuple, now, found);
            return;
        }
        found.push(transition(id, before, now));
        if matches!(now, State::Closed | State::Listen) {
            self.by_tuple.remove(&tuple);
            self.named.push(tuple);
        } else {
            connection.state = now;
        }
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
