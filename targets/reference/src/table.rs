//! The stack's connections and listeners, and who is found where.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use crate::deadlines::Deadlines;
use crate::ends::Ends;
use crate::listener::Listener;
use crate::tcb::Tcb;
use crate::{ConnectionId, Endpoint, Instant, State};

/// Every connection and listener, with the indices that find them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) connections: BTreeMap<ConnectionId, Box<Tcb>>,
    pub(crate) listeners: BTreeMap<ConnectionId, Listener>,
    /// The ends of every connection that segments may reach.
    pub(crate) tuples: BTreeMap<Ends, ConnectionId>,
    pub(crate) deadlines: Deadlines,
    /// Connections that entered TIME-WAIT, the oldest first; some may have left it since.
    pub(crate) time_wait: VecDeque<ConnectionId>,
    last_id: u64,
    /// Ephemeral ports that active OPENs have chosen (`next_ephemeral` of RFC 6056 section 3.3.3).
    pub(crate) ports_chosen: u32,
}

impl Table {
    /// A name that was never used.
    pub(crate) fn next_id(&mut self) -> ConnectionId {
        self.last_id += 1;
        ConnectionId(self.last_id)
    }

    /// Connections and listeners held.
    pub(crate) fn len(&self) -> usize {
        self.connections.len() + self.listeners.len()
    }

    /// The connection that a segment between these ends is for.
    pub(crate) fn find(&self, local: &Endpoint, remote: &Endpoint) -> Option<ConnectionId> {
        self.tuples.get(&Ends::of(local, remote)).copied()
    }

    /// The listener that a SYN between these ends is for: the one that names its ends most closely.
    pub(crate) fn find_listener(&self, local: Endpoint, remote: Endpoint) -> Option<ConnectionId> {
        self.listeners
            .values()
            .filter(|listener| listener.matches(local, remote))
            .max_by_key(|listener| listener.closeness())
            .map(|listener| listener.id)
    }

    /// Adds a connection that segments reach from now on.
    pub(crate) fn insert(&mut self, tcb: Box<Tcb>) {
        self.tuples
            .insert(Ends::of(&tcb.local, &tcb.remote), tcb.id);
        self.connections.insert(tcb.id, tcb);
    }

    /// Segments no longer reach this connection.
    pub(crate) fn detach(&mut self, id: ConnectionId) {
        if let Some(tcb) = self.connections.get(&id) {
            let ends = Ends::of(&tcb.local, &tcb.remote);
            if self.tuples.get(&ends) == Some(&id) {
                self.tuples.remove(&ends);
            }
        }
    }

    /// Segments reach this connection, which is in TIME-WAIT, again, unless another has its place.
    pub(crate) fn attach(&mut self, id: ConnectionId) {
        if let Some(tcb) = self
            .connections
            .get(&id)
            .filter(|tcb| tcb.state == State::TimeWait)
        {
            let ends = Ends::of(&tcb.local, &tcb.remote);
            self.tuples.entry(ends).or_insert(id);
        }
    }

    /// Forgets a connection.
    pub(crate) fn remove(&mut self, id: ConnectionId) {
        self.detach(id);
        if let Some(mut tcb) = self.connections.remove(&id) {
            self.deadlines.forget(&mut tcb);
        }
    }

    /// The next timer of all: when it fires, and whose it is.
    pub(crate) fn next_deadline(&mut self) -> Option<(Instant, ConnectionId)> {
        self.deadlines.next(&mut self.connections)
    }
}
