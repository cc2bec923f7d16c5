//! The host: a stack, its sockets, and a clock that only `next_event` moves.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::path::PathBuf;

use halfopen_target::posix::{SO_REUSEADDR, SOL_SOCKET};
use halfopen_target::{
    AddressFamily, AddressMode, Call, CallId, Capabilities, Capability, Errno, Event, EventKind,
    Missing, Returned, Setup, State, Target, TargetError, Time, Transition,
};

use crate::call::{Outcome, Pending, Refusal};
use crate::connection::{Connections, Orphan};
use crate::limits::Limits;
use crate::socket::{Socket, SocketId};
use crate::table::{Object, Table};
use crate::{InProcessStack, Key, StackEvent, Status, address};

/// Events that one stimulus, or one moment, may cause before the stack counts as out of control.
const EVENTS_AT_ONCE: usize = 100_000;
/// Timeouts that a stack may ask for at one moment.
const TIMEOUTS_AT_ONCE: usize = 10_000;

/// POSIX sockets over a stack in this process, as a [`Target`] in virtual time.
///
/// Nothing happens between two calls: what a packet or a socket call causes is ready when it returns, at the
/// same moment, in the order in which the stack did it; `next_event` jumps from deadline to deadline.
#[derive(Debug)]
pub struct Host<S> {
    pub(crate) stack: S,
    pub(crate) capabilities: Capabilities,
    pub(crate) local_ip: IpAddr,
    pub(crate) now: Time,
    pub(crate) table: Table,
    pub(crate) connections: Connections,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    /// Where relative paths begin.
    pub(crate) folder: PathBuf,
    events: VecDeque<Event>,
    pending: BTreeMap<CallId, Pending>,
    last_call: u64,
    events_at_once: usize,
    timeouts_at_once: usize,
}

/// A socket with the stack's record of it, at this moment.
pub(crate) struct View {
    pub(crate) state: State,
    /// The stack's record; none before OPEN, or when the stack has forgotten it.
    pub(crate) status: Option<Status>,
    pub(crate) key: Option<Key>,
    /// Nothing more will be received: SHUT_RD, the remote's FIN, or the connection ended.
    pub(crate) read_is_shut: bool,
    /// Nothing more can be sent: SHUT_WR, or the connection ended.
    pub(crate) write_is_shut: bool,
    /// The remote's FIN was reached.
    pub(crate) end_of_stream: bool,
    pub(crate) has_error: bool,
}

impl<S: InProcessStack> Host<S> {
    /// A host for this stack; it can be used after [`reset`](Target::reset).
    pub fn new(stack: S) -> Self {
        Self {
            capabilities: stack.capabilities(),
            stack,
            local_ip: address::unspecified(AddressFamily::Ipv4),
            now: Time::ZERO,
            table: Table::default(),
            connections: Connections::default(),
            limits: Limits::default(),
            seed: 0,
            folder: PathBuf::new(),
            events: VecDeque::new(),
            pending: BTreeMap::new(),
            last_call: 0,
            events_at_once: 0,
            timeouts_at_once: 0,
        }
    }

    /// The stack under the sockets.
    pub const fn stack(&self) -> &S {
        &self.stack
    }

    /// The family of packets on the wire.
    pub(crate) const fn wire(&self) -> AddressFamily {
        address::family(self.local_ip)
    }

    pub(crate) fn socket(&self, id: SocketId) -> Result<&Socket, Errno> {
        self.table.socket(id).ok_or(Errno::EBADF)
    }

    pub(crate) fn socket_mut(&mut self, id: SocketId) -> Result<&mut Socket, Errno> {
        self.table.socket_mut(id).ok_or(Errno::EBADF)
    }

    pub(crate) fn view(&self, id: SocketId) -> Result<View, Errno> {
        let socket = self.socket(id)?;
        let key = socket.key;
        let status = key.and_then(|key| self.stack.status(key));
        let state = match (status, socket.deferred) {
            (Some(status), _) => status.state,
            // Linux: a `connect` that waits for data is on its way.
            (None, Some(_)) => State::SynSent,
            (None, None) => State::Closed,
        };
        // A connection that ended is shut both ways, whatever ended it.
        let ended = key.is_some() && state == State::Closed;
        let end_of_stream = status.is_some_and(|status| status.end_of_stream);
        let failed = key.is_some_and(|key| self.connections.has_error(key));
        Ok(View {
            state,
            status,
            key,
            read_is_shut: socket.shut_read || end_of_stream || ended,
            write_is_shut: socket.shut_write || ended,
            end_of_stream,
            has_error: socket.error.is_some() || failed,
        })
    }

    /// The pending error, which is told once.
    pub(crate) fn take_error(&mut self, id: SocketId) -> Option<Errno> {
        let socket = self.table.socket_mut(id)?;
        let own = socket.error.take();
        let key = socket.key;
        let failure = key.and_then(|key| self.connections.take_error(key));
        own.or(failure)
    }

    /// Makes a socket fit for another `connect`, as Linux's disconnect does: an open connection is reset.
    pub(crate) fn disconnect(&mut self, id: SocketId) -> Result<(), Errno> {
        let state = self.view(id)?.state;
        let socket = self.socket_mut(id)?;
        let key = socket.key;
        socket.forget_connection();
        if matches!(state, State::SynSent) || needs_reset(state) {
            socket.error = Some(Errno::ECONNRESET);
        }
        match key {
            Some(key) if needs_reset(state) => self.stack.abort(self.now, key),
            Some(key) => self.stack.release(self.now, key),
            None => {}
        }
        Ok(())
    }

    /// Ends a socket.
    fn destroy(&mut self, id: SocketId) -> Option<Key> {
        let view = self.view(id).ok()?;
        let socket = self.table.forget(id)?;
        let key = socket.key?;
        if !socket.listening
            && view.state != State::Closed
            && let Some(bound) = socket.bound
        {
            let reuse_addr = socket.settings.flag(SOL_SOCKET, SO_REUSEADDR);
            self.connections.orphan(key, Orphan { bound, reuse_addr });
        }
        if socket.settings.linger == (true, 0) && !socket.listening && view.state != State::Closed {
            self.stack.abort(self.now, key);
        } else {
            self.stack.release(self.now, key);
        }
        Some(key)
    }

    /// The missing capability as the target tells it, with a reason of our own if it gives none.
    pub(crate) fn lacks(&self, capability: Capability, reason: &str) -> Missing {
        match self.capabilities.require(capability) {
            Err(missing) => missing,
            Ok(()) => Missing {
                capability,
                reason: reason.to_owned(),
            },
        }
    }

    /// Ends a call: what the stack did because of it comes first.
    fn finish(&mut self, call: CallId, returned: Returned) -> Result<(), TargetError> {
        self.drain_stack()?;
        self.push(EventKind::Returned { call, returned })
    }

    fn push(&mut self, kind: EventKind) -> Result<(), TargetError> {
        self.events_at_once += 1;
        if self.events_at_once > EVENTS_AT_ONCE {
            let what = format!("more than {EVENTS_AT_ONCE} events at {} s", self.now);
            return Err(TargetError::Unresponsive(what));
        }
        self.events.push_back(Event { at: self.now, kind });
        Ok(())
    }

    /// Takes what the stack has done; how much it was. Events come first: a transition is the cause of the
    /// packet that it comes with.
    fn drain_stack(&mut self) -> Result<usize, TargetError> {
        let before = self.events_at_once;
        loop {
            let round = self.events_at_once;
            while let Some(event) = self.stack.poll_event() {
                self.note(event)?;
            }
            while let Some(packet) = self.stack.poll_packet() {
                self.push(EventKind::Outbound(packet))?;
            }
            if self.events_at_once == round {
                return Ok(self.events_at_once - before);
            }
        }
    }

    fn note(&mut self, event: StackEvent) -> Result<(), TargetError> {
        match event {
            StackEvent::Transition {
                connection,
                from,
                to,
            } => {
                let known = self.connections.get(connection);
                known.state = to;
                let transition = Transition {
                    connection: known.id,
                    from,
                    to,
                    observer: self.stack.observer(),
                };
                self.push(EventKind::Transition(transition))
            }
            StackEvent::Error {
                connection,
                failure,
                fatal,
            } => {
                let status = self.stack.status(connection);
                let ip =
                    status.map_or_else(|| self.wire(), |status| address::family(status.local.ip()));
                let errno = self.connections.note_error(connection, failure, fatal, ip);
                if !fatal
                    && let Some(socket) = self.table.by_key(connection)
                    && socket.settings.wants_soft_errors()
                {
                    socket.error = Some(errno);
                }
                Ok(())
            }
            StackEvent::Dropped { reason } => self.push(EventKind::Dropped { reason }),
        }
    }

    /// Brings everything to rest: what the stack did, the calls that it wakes, and what those cause.
    fn settle(&mut self) -> Result<(), TargetError> {
        loop {
            self.drain_stack()?;
            self.notice();
            let mut woke = false;
            let waiting: Vec<CallId> = self.pending.keys().copied().collect();
            for id in waiting {
                let Some(mut pending) = self.pending.remove(&id) else {
                    continue;
                };
                match self.attempt(&mut pending.operation) {
                    Some(reply) => {
                        woke = true;
                        self.finish(id, returned(reply))?;
                        self.end_unreferenced(&pending);
                    }
                    None => {
                        self.pending.insert(id, pending);
                    }
                }
            }
            if self.drain_stack()? == 0 && !woke {
                return Ok(());
            }
        }
    }

    /// What was closed while a call waited on it ends with that call.
    fn end_unreferenced(&mut self, ended: &Pending) {
        for object in ended.operation.objects().into_iter().flatten() {
            if !self.table.is_open(object) && !self.is_awaited(object) {
                self.end(object);
            }
        }
    }

    /// Whether a call waits on this socket or file.
    pub(crate) fn is_awaited(&self, object: Object) -> bool {
        self.pending
            .values()
            .any(|pending| pending.operation.objects().contains(&Some(object)))
    }

    /// Ends what no descriptor and no call refers to any more; gives the connection of a socket.
    pub(crate) fn end(&mut self, object: Object) -> Option<Key> {
        self.unwatch(object);
        match object {
            Object::Socket(id) => self.destroy(id),
            Object::File(id) => {
                self.end_file(id);
                None
            }
        }
    }

    /// Ends the calls whose time is over.
    fn expire_calls(&mut self) -> Result<(), TargetError> {
        let late: Vec<CallId> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.deadline.is_some_and(|at| at <= self.now))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            if let Some(mut pending) = self.pending.remove(&id) {
                let reply = self.give_up(&mut pending.operation);
                self.finish(id, returned(reply))?;
                self.end_unreferenced(&pending);
            }
        }
        Ok(())
    }

    /// The next moment at which something happens without further input.
    fn next_deadline(&mut self) -> Option<Time> {
        let calls = self.pending.values().filter_map(|pending| pending.deadline);
        calls.chain(self.stack.poll_deadline()).min()
    }

    /// Lets everything happen that is due at `at`.
    fn advance(&mut self, at: Time) -> Result<(), TargetError> {
        if at > self.now {
            self.now = at;
            self.events_at_once = 0;
            self.timeouts_at_once = 0;
        }
        self.timeouts_at_once += 1;
        if self.timeouts_at_once > TIMEOUTS_AT_ONCE {
            let what = format!("more than {TIMEOUTS_AT_ONCE} timeouts at {} s", self.now);
            return Err(TargetError::Unresponsive(what));
        }
        if self
            .stack
            .poll_deadline()
            .is_some_and(|due| due <= self.now)
        {
            self.stack.handle_timeout(self.now);
            self.settle()?;
        }
        self.expire_calls()?;
        self.settle()
    }

    fn begin_stimulus(&mut self) {
        self.events_at_once = 0;
        self.timeouts_at_once = 0;
    }
}

/// Whether a disconnect in this state sends RST, as Linux has it.
const fn needs_reset(state: State) -> bool {
    matches!(
        state,
        State::SynReceived
            | State::Established
            | State::CloseWait
            | State::FinWait1
            | State::FinWait2
    )
}

/// How a call ends that gave this.
fn returned(reply: Result<Returned, Errno>) -> Returned {
    reply.unwrap_or_else(Returned::error)
}

impl<S: InProcessStack> Target for Host<S> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.capabilities.require(match setup.mode {
            AddressMode::V4 => Capability::Ipv4,
            AddressMode::V6 => Capability::Ipv6,
            AddressMode::Mapped => Capability::MappedIpv4,
        })?;
        self.stack.reset(setup)?;
        self.local_ip = setup.local_ip;
        self.seed = setup.seed;
        self.folder.clone_from(&setup.working_directory);
        self.now = Time::ZERO;
        self.table = Table::default();
        self.connections = Connections::default();
        self.limits = Limits::default();
        self.events.clear();
        self.pending.clear();
        self.last_call = 0;
        self.begin_stimulus();
        self.settle()
    }

    fn now(&self) -> Time {
        self.now
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.begin_stimulus();
        self.stack.handle_packet(self.now, packet);
        self.settle()
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.begin_stimulus();
        let outcome = match self.start(call) {
            Ok(outcome) => outcome,
            Err(Refusal::Errno(errno)) => Outcome::Ended(Returned::error(errno)),
            Err(Refusal::Missing(missing)) => return Err(missing.into()),
        };
        self.last_call += 1;
        let id = CallId(self.last_call);
        match outcome {
            Outcome::Ended(returned) => self.finish(id, returned)?,
            Outcome::Waits(pending) => {
                self.pending.insert(id, pending);
            }
        }
        self.settle()?;
        Ok(id)
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.stack.counters()
    }

    fn forget_peers(&mut self) {
        self.stack.forget_peers();
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            match self.next_deadline() {
                Some(at) if at <= until => self.advance(at.max(self.now))?,
                _ => {
                    if until > self.now {
                        self.now = until;
                        self.begin_stimulus();
                    }
                    return Ok(None);
                }
            }
        }
    }
}
