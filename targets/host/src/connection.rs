//! Connections of the stack as the host follows them: names, errors, and who still holds a port.

use std::collections::BTreeMap;

use halfopen_target::{AddressFamily, ConnectionId, Errno, State};

use crate::address::Bound;
use crate::{Failure, Key, errno};

/// A record of the stack.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    /// As the last reported transition left it.
    pub(crate) state: State,
    /// What ended it, until the user is told.
    pub(crate) error: Option<Errno>,
    /// The last error that did not end it.
    pub(crate) soft_error: Option<Errno>,
}

impl Connection {
    const fn new(id: ConnectionId) -> Self {
        Self {
            id,
            state: State::Closed,
            error: None,
            soft_error: None,
        }
    }
}

/// A connection without a socket that may still exist in the stack, and so holds its port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orphan {
    pub(crate) bound: Bound,
    pub(crate) reuse_addr: bool,
}

/// All connections of a drill, by the stack's names for them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    known: BTreeMap<Key, Connection>,
    orphans: BTreeMap<Key, Orphan>,
    last_id: u64,
}

impl Connections {
    /// A name that was not used before.
    pub(crate) fn new_id(&mut self) -> ConnectionId {
        self.last_id += 1;
        ConnectionId(self.last_id)
    }

    /// A socket's OPEN gave this record: it goes by the socket's name.
    pub(crate) fn name(&mut self, key: Key, id: ConnectionId) {
        self.known.insert(key, Connection::new(id));
    }

    /// The record of this key; a connection that nobody opened was spawned by a listener.
    pub(crate) fn get(&mut self, key: Key) -> &mut Connection {
        let last_id = &mut self.last_id;
        self.known.entry(key).or_insert_with(|| {
            *last_id += 1;
            Connection::new(ConnectionId(*last_id))
        })
    }

    /// Takes note of an error; gives its number.
    pub(crate) fn note_error(
        &mut self,
        key: Key,
        what: Failure,
        fatal: bool,
        ip: AddressFamily,
    ) -> Errno {
        let connection = self.get(key);
        let errno = errno::of_failure(what, connection.state, ip);
        if fatal {
            // As Linux: a timeout is told by what disturbed the connection before, if anything did.
            let told = match what {
                Failure::TimedOut => connection.soft_error.unwrap_or(errno),
                _ => errno,
            };
            connection.error = Some(told);
        } else {
            connection.soft_error = Some(errno);
        }
        errno
    }

    pub(crate) fn take_error(&mut self, key: Key) -> Option<Errno> {
        self.known.get_mut(&key)?.error.take()
    }

    pub(crate) fn has_error(&self, key: Key) -> bool {
        self.known.get(&key).is_some_and(|c| c.error.is_some())
    }

    /// The socket of this connection is gone.
    pub(crate) fn orphan(&mut self, key: Key, orphan: Orphan) {
        self.orphans.insert(key, orphan);
    }

    /// Drops the orphans that no longer exist in the stack.
    pub(crate) fn retain_orphans(&mut self, mut exists: impl FnMut(Key) -> bool) {
        self.orphans.retain(|key, _| exists(*key));
    }

    pub(crate) fn orphans(&self) -> impl Iterator<Item = &Orphan> {
        self.orphans.values()
    }
}
