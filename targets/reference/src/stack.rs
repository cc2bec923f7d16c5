//! The stack: inputs, outputs, and what follows from a connection's change of state.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::listener::Listener;
use crate::output::Output;
use crate::rfc4022::Counters;
use crate::rfc7413::Peers;
use crate::table::Table;
use crate::tcb::Tcb;
use crate::{Config, ConnectionId, Event, Instant, State, UserError, timeout};

/// A TCP stack that does no I/O.
///
/// Its methods come in four kinds:
/// - **inputs**, `handle_packet` and `handle_timeout`: something arrived, or a deadline passed;
/// - **user calls**, those of RFC 9293 section 3.9.1: `open_passive`, `open_active`, `accept`, `send`,
///   `receive`, `close`, `release`, `abort`, `status`, `take_error`, `set_option`;
/// - **outputs**, `poll_packet`, `poll_event` and `poll_timeout`: what to do next;
/// - the **configuration**.
///
/// After any input or user call, poll packets and events until there are none, then wait until the next
/// packet arrives or `poll_timeout` is reached. Time is a parameter and has to be monotonic. The same
/// inputs at the same times give the same outputs.
#[derive(Debug)]
pub struct Stack {
    pub(crate) table: Table,
    pub(crate) out: Output,
    pub(crate) fast_open_peers: Peers,
}

impl Stack {
    /// A stack without connections.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            table: Table::default(),
            out: Output::new(config),
            fast_open_peers: Peers::default(),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.out.config()
    }

    /// The configuration, to change it; what a connection copied when it began stays.
    pub fn config_mut(&mut self) -> &mut Config {
        self.out.config_mut()
    }

    /// Fires every timer due at or before `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        // A timer that fires is stopped or set to a later moment, so that the loop ends.
        while let Some((deadline, id)) = self.table.next_deadline() {
            if deadline > now {
                break;
            }
            if let Some(tcb) = self.table.connections.get_mut(&id) {
                timeout::expire(tcb, now, &mut self.out);
            }
            self.settle(id, now);
        }
    }

    /// The next IP packet to send.
    pub fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.out.poll_packet()
    }

    /// The next event, in order of happening.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.out.poll_event()
    }

    /// When `handle_timeout` is next needed; `None` if no timer runs.
    #[must_use]
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.table.next_deadline().map(|(deadline, _)| deadline)
    }

    /// Packets and events that were lost since [`Config::max_queued`] of them waited to be polled.
    #[must_use]
    pub fn lost_output(&self) -> u64 {
        self.out.overflow()
    }

    /// What the stack has counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.out.counters
    }

    /// The next connection of a listener that reached ESTABLISHED, or went further, oldest first.
    ///
    /// A connection that was reset in the meantime is handed out too: [`Stack::take_error`] tells.
    ///
    /// # Errors
    /// [`UserError::ConnectionDoesNotExist`], or [`UserError::NotSupported`] if `listener` is a connection.
    pub fn accept(&mut self, listener: ConnectionId) -> Result<Option<ConnectionId>, UserError> {
        if self.table.connections.contains_key(&listener) {
            return Err(UserError::NotSupported);
        }
        let listener = self
            .table
            .listeners
            .get_mut(&listener)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        let next = listener.ready.pop_front();
        if let Some(tcb) = next.and_then(|id| self.table.connections.get_mut(&id)) {
            tcb.accepted = true;
        }
        Ok(next)
    }

    /// Draws the consequences of whatever just happened to a connection.
    pub(crate) fn settle(&mut self, id: ConnectionId, now: Instant) {
        let Some(tcb) = self.table.connections.get_mut(&id) else {
            return;
        };
        if let Some(lesson) = tcb.learned.take() {
            self.fast_open_peers
                .learn(tcb.remote.addr, tcb.remote_mss, lesson);
        }
        if tcb.established && !tcb.announced {
            announce(tcb, &mut self.table.listeners);
        }
        self.table.deadlines.note(tcb);
        let may_end = matches!(tcb.state, State::Listen | State::Closed | State::TimeWait);
        if may_end || tcb.replaces.is_some() {
            self.settle_replaced(id, now);
            self.settle_end(id, now);
        }
    }

    /// What a connection leaves behind that has ended, or will end by itself.
    fn settle_end(&mut self, id: ConnectionId, now: Instant) {
        let Some(tcb) = self.table.connections.get(&id) else {
            return;
        };
        let unreachable = tcb.released || (tcb.listener.is_some() && !tcb.announced);
        match tcb.state {
            // Back in LISTEN, it is the listener's again; or nobody will ever ask for it.
            State::Listen => self.forget(id),
            State::Closed if unreachable => self.forget(id),
            State::Closed => self.table.detach(id),
            State::TimeWait => self.limit_time_wait(id, now),
            _ => {}
        }
    }

    /// A connection that reopens one in TIME-WAIT ends it when established, and leaves it alone otherwise.
    ///
    /// RFC 9293 MAY-2: back to TIME-WAIT if the SYN turns out to be an old duplicate.
    fn settle_replaced(&mut self, id: ConnectionId, now: Instant) {
        let Some(tcb) = self.table.connections.get_mut(&id) else {
            return;
        };
        let failed = !tcb.established && matches!(tcb.state, State::Closed | State::Listen);
        if !tcb.established && !failed {
            return;
        }
        let Some(old) = tcb.replaces.take() else {
            return;
        };
        if failed {
            self.table.detach(id);
            self.table.attach(old);
        } else if let Some(tcb) = self.table.connections.get_mut(&old) {
            tcb.end(None, now, &mut self.out);
            self.settle(old, now);
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        let listener = self.table.connections.get(&id).and_then(|tcb| tcb.listener);
        if let Some(listener) =
            listener.and_then(|listener| self.table.listeners.get_mut(&listener))
        {
            listener.pending.remove(&id);
        }
        self.table.remove(id);
    }

    /// Keeps the number of connections in TIME-WAIT within its bound: the oldest goes first.
    fn limit_time_wait(&mut self, id: ConnectionId, now: Instant) {
        if self.table.time_wait.back() != Some(&id) && !self.table.time_wait.contains(&id) {
            self.table.time_wait.push_back(id);
        }
        let max = self.config().max_time_wait;
        if self.table.time_wait.len() <= max {
            return;
        }
        let connections = &self.table.connections;
        self.table.time_wait.retain(|id| {
            connections
                .get(id)
                .is_some_and(|tcb| tcb.state == State::TimeWait)
        });
        if self.table.time_wait.len() > max
            && let Some(oldest) = self.table.time_wait.pop_front()
            && let Some(tcb) = self.table.connections.get_mut(&oldest)
        {
            tcb.end(None, now, &mut self.out);
            self.settle(oldest, now);
        }
    }
}

/// Tells the listener of a connection that was established.
fn announce(tcb: &mut Tcb, listeners: &mut BTreeMap<ConnectionId, Listener>) {
    if let Some(listener) = tcb.listener.and_then(|id| listeners.get_mut(&id)) {
        tcb.announced = true;
        listener.pending.remove(&tcb.id);
        listener.ready.push_back(tcb.id);
    }
}
