//! What a stack has to offer so that the host can put POSIX sockets over it.

use std::net::{IpAddr, SocketAddr};

use halfopen_target::{Capabilities, Missing, Observer, Setup, State, TargetError, Time};

use crate::{OptionDefaults, StackOption};

/// Names a listener or a connection inside of the stack; never used twice between two resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// What one call of the user interface of RFC 9293 section 3.9.1 could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The pair of endpoints, or the listening one, is in use.
    AlreadyExists,
    /// CLOSE came before.
    Closing,
    /// The stack knows no such connection, or it has ended.
    DoesNotExist,
    /// Connections, memory or ports are exhausted.
    InsufficientResources,
    /// The local address is not one of the stack's.
    LocalInvalid,
    /// The stack cannot do this here.
    NotSupported,
    /// The remote address or port cannot be opened.
    RemoteInvalid,
}

/// Why a connection failed, or what disturbs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The stack had no room.
    InsufficientResources,
    /// The remote refused the connection: RST before ESTABLISHED.
    Refused,
    /// The remote reset the connection.
    Reset,
    /// Retransmissions, keep-alive probes or the user timeout ran out.
    TimedOut,
    /// An ICMP message says that the remote cannot be reached.
    Unreachable(Unreachable),
}

/// What an ICMP message said, whatever its IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// Communication prohibited by an administrator.
    AdministrativelyProhibited,
    /// The host cannot be reached (ICMPv6: address unreachable).
    Host,
    /// The network cannot be reached (ICMPv6: no route).
    Network,
    /// A header field was not understood.
    ParameterProblem,
    /// The port is closed.
    Port,
    /// The host has no TCP.
    Protocol,
    /// A source route failed.
    SourceRoute,
    /// The hop limit ran out, or reassembly did.
    TimeExceeded,
}

/// Something that the stack reports about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackEvent {
    /// A connection went from one state to another.
    Transition {
        /// Whose state.
        connection: Key,
        /// The state before.
        from: State,
        /// The state after.
        to: State,
    },
    /// Something went wrong on a connection. What ends it comes before its transition to CLOSED.
    Error {
        /// Which connection.
        connection: Key,
        /// What.
        failure: Failure,
        /// Whether it ends the connection (RFC 9293 MUST-47 has soft errors not do that).
        fatal: bool,
    },
    /// An inbound segment was dropped.
    Dropped {
        /// Why, in the stack's own words.
        reason: String,
    },
}

/// What a RECEIVE found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The next octets of the stream; at least one.
    Data(Vec<u8>),
    /// Nothing yet.
    WouldBlock,
    /// The remote closed, and everything before its FIN was read.
    EndOfStream,
}

/// How a SEND wants its data handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendFlags {
    /// The last octet is urgent.
    pub urgent: bool,
    /// More data follows shortly.
    pub more: bool,
    /// A record ends here: nothing joins it in a segment.
    pub end_of_record: bool,
}

/// A passive OPEN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassiveOpen {
    /// Where to listen; the unspecified address stands for any of its family. The port is never zero.
    pub local: SocketAddr,
    /// A listener on `::` that also takes IPv4.
    pub dual_stack: bool,
    /// How many connections may wait to be accepted.
    pub backlog: usize,
    /// What the user set, for the listener and the connections that it spawns.
    pub options: Vec<StackOption>,
}

/// An active OPEN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveOpen {
    /// From where; the unspecified address stands for any of the remote's family. The port is zero only
    /// where [`InProcessStack::unused_port`] said so.
    pub local: SocketAddr,
    /// Where to.
    pub remote: SocketAddr,
    /// What the user set.
    pub options: Vec<StackOption>,
}

/// A connection, or a listener, as STATUS sees it (RFC 9293 section 3.9.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state; CLOSED for a connection that ended and was not released yet.
    pub state: State,
    /// The stack's end.
    pub local: SocketAddr,
    /// The other end; none in a listener.
    pub remote: Option<SocketAddr>,
    /// Connections ready to be accepted, for a listener.
    pub ready_to_accept: usize,
    /// Octets that RECEIVE can deliver.
    pub receive_queued: usize,
    /// Whether the remote's FIN was reached in the stream (octets before it may wait to be read).
    pub end_of_stream: bool,
    /// Octets of text sent or waiting to be, not acknowledged.
    pub send_queued: usize,
    /// Octets of those that were never sent.
    pub unsent: usize,
    /// Octets that SEND would take, about.
    pub send_free: usize,
    /// Whether a writer that found no room should try again; see [`Status::with_room`].
    pub writable: bool,
    /// Octets between the user's read point and the urgent mark; `None` when not in urgent mode.
    pub urgent_ahead: Option<usize>,
    /// The MSS that the next full segment carries, in octets of text.
    pub snd_mss: usize,
    /// The path MTU in use, in octets.
    pub path_mtu: usize,
}

impl Status {
    /// A connection or listener without anything queued, with the least MSS and MTU of IPv4.
    pub const fn new(state: State, local: SocketAddr, remote: Option<SocketAddr>) -> Self {
        Self {
            state,
            local,
            remote,
            ready_to_accept: 0,
            receive_queued: 0,
            end_of_stream: false,
            send_queued: 0,
            unsent: 0,
            send_free: 0,
            writable: false,
            urgent_ahead: None,
            snd_mss: 536,
            path_mtu: 576,
        }
    }

    /// The same with a send buffer of which so many octets are free and so many in use: it is writable if a third is free, so
    /// that a writer is worth waking.
    #[must_use]
    pub const fn with_room(mut self, free: usize, used: usize) -> Self {
        self.send_free = free;
        self.writable = free > 0 && free >= used / 2;
        self
    }
}

/// Why a sysctl was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SysctlError {
    /// The stack has nothing of this name, or no such value of it.
    Unknown,
    /// The value is malformed, or the stack cannot behave that way.
    Invalid,
    /// The value asks for a mechanism that the stack lacks; the script is skipped with the reason.
    Lacks(Missing),
}

/// A sans-I/O TCP stack in this process: bytes and time go in, bytes and events come out.
///
/// The words are those of RFC 9293: the `open_…`, `send`, `receive`, `close`, `abort` and `status` of
/// section 3.9.1; sockets, descriptors, blocking and errno are the host's business. Time never runs by
/// itself: every input carries it, and it never decreases between two resets.
///
/// # Contract
///
/// - What an input makes the stack do at once can be polled when the input returns.
/// - `poll_event` and `poll_packet` come to an end without further input.
/// - After `handle_timeout(now)`, `poll_deadline` is later than `now`, or at least gets there in a few rounds.
/// - A connection that ended keeps its record, so that what was received can be read, until `release` or
///   `abort`; of a released one nothing is asked but its `status`.
pub trait InProcessStack {
    /// What the stack can do; the clock is always virtual.
    fn capabilities(&self) -> Capabilities;

    /// Begins anew with these addresses, MTU and seed: no connections, no history, time zero.
    ///
    /// # Errors
    /// When `setup` asks for what the stack lacks.
    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError>;

    /// An IP packet came in.
    fn handle_packet(&mut self, now: Time, packet: &[u8]);

    /// The deadline has come (or is long past).
    fn handle_timeout(&mut self, now: Time);

    /// When `handle_timeout` wants to be called.
    fn poll_deadline(&mut self) -> Option<Time>;

    /// The next IP packet to send.
    fn poll_packet(&mut self) -> Option<Vec<u8>>;

    /// The next thing to report.
    fn poll_event(&mut self) -> Option<StackEvent>;

    /// How complete the transitions of `poll_event` are.
    fn observer(&self) -> Observer {
        Observer::Stack
    }

    /// Passive OPEN: listens. It can `accept` until it is released.
    ///
    /// # Errors
    /// When the endpoint is in use, is not the stack's, or nothing more fits.
    fn open_passive(&mut self, now: Time, open: &PassiveOpen) -> Result<Key, CallError>;

    /// Changes a listener's backlog.
    fn set_backlog(&mut self, listener: Key, backlog: usize);

    /// Active OPEN: sends a SYN.
    ///
    /// # Errors
    /// When the pair of endpoints is in use, one of them is impossible, or nothing more fits.
    fn open_active(&mut self, now: Time, open: &ActiveOpen) -> Result<Key, CallError>;

    /// Active OPEN with data for the SYN (RFC 7413); how many octets of it were taken, none where no cookie is known yet.
    ///
    /// Called only where the stack supports [`StackOption::FastOpen`].
    ///
    /// # Errors
    /// Those of [`open_active`](Self::open_active).
    fn open_fast(
        &mut self,
        now: Time,
        open: &ActiveOpen,
        data: &[u8],
    ) -> Result<(Key, usize), CallError> {
        let _ = data;
        self.open_active(now, open).map(|key| (key, 0))
    }

    /// Whether an active OPEN may send data in its SYN, as things are set (RFC 7413).
    fn opens_fast(&self) -> bool {
        false
    }

    /// Whether an active OPEN to this remote would: its cookie is known, or none is needed.
    fn knows_cookie(&self, remote: IpAddr) -> bool {
        let _ = remote;
        false
    }

    /// The next connection that a listener has ready, oldest first.
    fn accept(&mut self, listener: Key) -> Option<Key>;

    /// SEND: takes as many octets as there is room for now; how many (perhaps none).
    ///
    /// # Errors
    /// When the connection cannot take any more, ever.
    fn send(
        &mut self,
        now: Time,
        connection: Key,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<usize, CallError>;

    /// RECEIVE: up to `max` octets, at least one; with `peek` they stay.
    ///
    /// # Errors
    /// When the connection ended with an error, or does not exist.
    fn receive(
        &mut self,
        now: Time,
        connection: Key,
        max: usize,
        peek: bool,
    ) -> Result<Received, CallError>;

    /// CLOSE: no more data will be sent (a FIN follows what is queued), but more can be received.
    fn close(&mut self, now: Time, connection: Key);

    /// The user is gone, as after POSIX `close`: closes what is open, and resets the connection if text was
    /// not read (RFC 9293 section 3.6.1); a listener takes its unaccepted connections with it.
    fn release(&mut self, now: Time, connection: Key);

    /// ABORT: sends RST where RFC 9293 section 3.9.1.5 says so, and forgets the connection.
    fn abort(&mut self, now: Time, connection: Key);

    /// STATUS; none for what the stack does not know (any more).
    fn status(&self, connection: Key) -> Option<Status>;

    /// What `getsockopt` gives for `TCP_INFO`, in the layout of Linux's `struct tcp_info`; none where the stack has no such view.
    fn tcp_info(&self, now: Time, connection: Key) -> Option<Vec<u8>> {
        let _ = (now, connection);
        None
    }

    /// How many places in memory the octets of one segment may lie in, in a stack that sends them from where the user has them.
    fn fragments_per_segment(&self) -> Option<usize> {
        None
    }

    /// Whether the stack can do what this option asks for.
    fn supports(&self, option: StackOption) -> bool;

    /// Changes an option of a listener or connection.
    fn set_option(&mut self, now: Time, connection: Key, option: StackOption);

    /// What holds where the user set nothing.
    fn defaults(&self) -> OptionDefaults;

    /// Sets a sysctl by its dotted Linux name.
    ///
    /// # Errors
    /// When the stack has none of that name, or cannot do what the value asks for.
    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        let _ = (name, value);
        Err(SysctlError::Unknown)
    }

    /// What the stack has counted, by the names that Linux's `nstat` prints.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Forgets what the stack knows of peers beyond their connections: cookies of fast open, and the like.
    fn forget_peers(&mut self) {}

    /// A port of the stack's own choice, for a `bind` to port 0 or (with `remote`) for an active OPEN.
    ///
    /// `Some(0)` leaves it to `open_active`; `None`, the default, leaves it to the host.
    fn unused_port(&mut self, local: IpAddr, remote: Option<SocketAddr>) -> Option<u16> {
        let _ = (local, remote);
        None
    }
}
