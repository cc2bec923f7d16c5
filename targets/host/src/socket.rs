//! A socket: what POSIX remembers of it besides the stack's own record.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use halfopen_target::{AddressFamily, ConnectionId, Duration, Errno};

use crate::address::Bound;
use crate::error_queue::ErrorQueue;
use crate::option::numbers::{IPV6_RECVERR, SO_SNDLOWAT};
use crate::timestamping::Timestamping;
use crate::wake::Seen;
use crate::zero_copy::ZeroCopy;
use crate::{Key, StackOption};
use halfopen_target::posix::*;

/// Names a socket inside of the host; descriptors point to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(crate) u64);

/// How far `connect` has come, as Linux's `SS_UNCONNECTED`, `SS_CONNECTING` and `SS_CONNECTED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Association {
    Unconnected,
    Connecting,
    Connected,
}

/// One socket.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    /// What the harness calls it, from `socket` or `accept` on.
    pub(crate) connection: ConnectionId,
    pub(crate) family: AddressFamily,
    pub(crate) nonblocking: bool,
    pub(crate) bound: Option<Bound>,
    /// The user named the address, or the port, in `bind`: it outlives a disconnect.
    pub(crate) bound_by_user: bool,
    /// The stack's record: a listener, or a connection in whatever state. None before OPEN.
    pub(crate) key: Option<Key>,
    pub(crate) listening: bool,
    pub(crate) association: Association,
    /// Where `connect` is to go with the first data that is written (`TCP_FASTOPEN_CONNECT`).
    pub(crate) deferred: Option<SocketAddr>,
    /// `SO_ERROR`, as far as it does not come from the stack's record.
    pub(crate) error: Option<Errno>,
    pub(crate) shut_read: bool,
    pub(crate) shut_write: bool,
    /// Octets taken out of the stream since the connection began.
    pub(crate) octets_read: u64,
    /// Octets put into the stream since the connection began.
    pub(crate) octets_sent: u64,
    pub(crate) zero_copy: ZeroCopy,
    pub(crate) timestamping: Timestamping,
    pub(crate) errors: ErrorQueue,
    /// A writer or a waiter found no room, and wants to know when there is some.
    pub(crate) wants_space: bool,
    /// What those who watch it with epoll know of.
    pub(crate) seen: Seen,
    /// The place in the stream of the urgent octet that `MSG_OOB` gave last.
    pub(crate) urgent_taken_at: Option<u64>,
    pub(crate) settings: Settings,
}

impl Socket {
    pub(crate) fn new(connection: ConnectionId, family: AddressFamily) -> Self {
        Self {
            connection,
            family,
            nonblocking: false,
            bound: None,
            bound_by_user: false,
            key: None,
            listening: false,
            association: Association::Unconnected,
            deferred: None,
            error: None,
            shut_read: false,
            shut_write: false,
            octets_read: 0,
            octets_sent: 0,
            zero_copy: ZeroCopy::default(),
            timestamping: Timestamping::default(),
            errors: ErrorQueue::default(),
            wants_space: false,
            seen: Seen::default(),
            urgent_taken_at: None,
            settings: Settings::default(),
        }
    }

    /// The socket of a connection that this listener spawned: it inherits options, but neither
    /// `O_NONBLOCK` nor errors.
    pub(crate) fn spawned(&self, connection: ConnectionId, key: Key, bound: Bound) -> Self {
        Self {
            bound: Some(bound),
            bound_by_user: true,
            key: Some(key),
            association: Association::Connected,
            settings: self.settings.clone(),
            ..Self::new(connection, self.family)
        }
    }

    /// Whether IPv4 is taken, too, by a socket of IPv6.
    pub(crate) fn is_dual_stack(&self) -> bool {
        self.family == AddressFamily::Ipv6 && !self.settings.flag(IPPROTO_IPV6, IPV6_V6ONLY)
    }

    /// Forgets the stack's record, as a disconnect does; a port that the host chose is free again.
    pub(crate) fn forget_connection(&mut self) {
        self.key = None;
        self.listening = false;
        self.association = Association::Unconnected;
        self.deferred = None;
        self.shut_read = false;
        self.shut_write = false;
        self.octets_read = 0;
        self.octets_sent = 0;
        self.urgent_taken_at = None;
        if !self.bound_by_user {
            self.bound = None;
        }
    }
}

/// Option values as `getsockopt` shows them, and what of them concerns the stack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    ints: BTreeMap<(i32, i32), i32>,
    stack: BTreeMap<(i32, i32), StackOption>,
    /// `IP_OPTIONS`, padded to whole words.
    pub(crate) ip_options: Vec<u8>,
    /// `SO_LINGER`: on or off, and the seconds.
    pub(crate) linger: (bool, i32),
    /// `SO_RCVTIMEO`; zero waits for ever.
    pub(crate) receive_timeout: Duration,
    /// `SO_SNDTIMEO`; zero waits for ever.
    pub(crate) send_timeout: Duration,
}

impl Settings {
    pub(crate) fn int(&self, level: i32, name: i32) -> Option<i32> {
        self.ints.get(&(level, name)).copied()
    }

    pub(crate) fn flag(&self, level: i32, name: i32) -> bool {
        self.int(level, name).is_some_and(|value| value != 0)
    }

    /// Remembers a value, and what it means to the stack.
    pub(crate) fn set(&mut self, level: i32, name: i32, value: i32, stack: Option<StackOption>) {
        self.ints.insert((level, name), value);
        if let Some(option) = stack {
            self.stack.insert((level, name), option);
        }
    }

    /// Remembers what is no integer.
    pub(crate) fn keep(&mut self, level: i32, name: i32, stack: StackOption) {
        self.stack.insert((level, name), stack);
    }

    /// What was last said to the stack by this option.
    pub(crate) fn kept(&self, level: i32, name: i32) -> Option<StackOption> {
        self.stack.get(&(level, name)).copied()
    }

    /// What the user set for the stack, for a connection of this family.
    pub(crate) fn stack_options(&self, family: AddressFamily) -> Vec<StackOption> {
        self.stack
            .iter()
            .filter(|((level, _), _)| concerns(*level, family))
            .map(|(_, option)| *option)
            .collect()
    }

    /// `SO_RCVLOWAT`, at least 1.
    pub(crate) fn receive_low_water(&self) -> usize {
        let value = self.int(SOL_SOCKET, SO_RCVLOWAT).unwrap_or(1);
        usize::try_from(value).unwrap_or(1).max(1)
    }

    /// Whether soft errors become pending errors at once.
    pub(crate) fn wants_soft_errors(&self) -> bool {
        self.flag(IPPROTO_IP, IP_RECVERR) || self.flag(IPPROTO_IPV6, IPV6_RECVERR)
    }
}

/// Whether options of this level mean anything to a connection of this family.
pub(crate) const fn concerns(level: i32, family: AddressFamily) -> bool {
    match level {
        IPPROTO_IP => matches!(family, AddressFamily::Ipv4),
        IPPROTO_IPV6 => matches!(family, AddressFamily::Ipv6),
        _ => true,
    }
}

/// What `getsockopt` answers where nothing was set and the stack has no say.
pub(crate) const fn fixed_default(level: i32, name: i32) -> i32 {
    match (level, name) {
        (SOL_SOCKET, SO_RCVLOWAT | SO_SNDLOWAT) | (IPPROTO_TCP, TCP_QUICKACK) => 1,
        _ => 0,
    }
}
