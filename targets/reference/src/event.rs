//! What the stack reports about itself: transitions, new connections, errors, drops.

use core::fmt;

use crate::{Instant, State};

/// Names a listener or a connection; never used twice by one stack.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something that happened, in order of happening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// A connection changed its state. Each change is reported once, with every state in between.
    Transition {
        /// Whose state.
        connection: ConnectionId,
        /// The state that it left.
        from: State,
        /// The state that it entered.
        to: State,
        /// When.
        at: Instant,
    },
    /// A SYN made a listener begin a connection; its transition from LISTEN follows.
    Spawned {
        /// The listener, which stays.
        listener: ConnectionId,
        /// The new connection.
        connection: ConnectionId,
        /// When.
        at: Instant,
    },
    /// Something went wrong on a connection.
    Error {
        /// Which connection.
        connection: ConnectionId,
        /// What.
        error: ConnectionError,
        /// Whether it ended the connection; if not it is a soft error (RFC 9293 MUST-47).
        fatal: bool,
        /// When.
        at: Instant,
    },
    /// The urgent pointer moved ahead of what the user has read (RFC 9293 MUST-32).
    Urgent {
        /// Which connection.
        connection: ConnectionId,
        /// When.
        at: Instant,
    },
    /// An inbound packet, or a part of it, was not accepted.
    Dropped {
        /// The connection that it was for, if there was one.
        connection: Option<ConnectionId>,
        /// Why.
        reason: DropReason,
        /// When.
        at: Instant,
    },
}

/// Why a connection failed, or what disturbs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConnectionError {
    /// The stack had no room for the connection.
    InsufficientResources,
    /// Keep-alive probes went unanswered (RFC 9293 section 3.8.4).
    KeepAliveTimedOut,
    /// The remote refused the connection: RST before ESTABLISHED.
    Refused,
    /// The remote reset the connection.
    Reset,
    /// Retransmissions reached R1 (RFC 9293 SHLD-9); soft.
    RetransmissionsExcessive,
    /// Retransmissions reached R2 (RFC 9293 MUST-20).
    TimedOut,
    /// An ICMP message says that the remote cannot be reached.
    Unreachable(Unreachable),
    /// The user timeout elapsed (RFC 9293 section 3.10.8).
    UserTimeout,
}

/// What an ICMP message said, whatever its IP version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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

/// Why a packet was dropped.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DropReason {
    /// SEG.ACK outside of the range of RFC 5961 section 5.
    AckOutOfRange,
    /// The listener has as many unfinished or unaccepted connections as it may.
    BacklogFull,
    /// The TCP data offset points outside of the segment.
    BadDataOffset,
    /// The IP header contradicts itself or the packet.
    BadIpHeader,
    /// The IPv4 header's checksum is wrong.
    BadIpChecksum,
    /// The ICMP checksum is wrong.
    BadIcmpChecksum,
    /// The TCP checksum is wrong (RFC 9293 MUST-3).
    BadTcpChecksum,
    /// A SYN to a broadcast or multicast address (RFC 9293 MUST-57).
    BroadcastOrMulticast,
    /// An IP fragment; the stack does not reassemble.
    Fragment,
    /// An ICMP error that matches no connection, or no octet in flight (RFC 5927 section 4.1).
    IcmpNotOurs,
    /// An ICMP message that TCP has no use for, such as Source Quench (RFC 9293 MUST-55).
    IcmpIgnored,
    /// The source address cannot be that of a host (RFC 9293 MUST-63).
    InvalidSource,
    /// The timestamps option is missing though it was negotiated (RFC 7323 section 3.2).
    MissingTimestamp,
    /// No ACK bit where one is needed.
    NoAck,
    /// No connection and no listener for this segment.
    NoConnection,
    /// Nothing that the state can use: neither SYN nor RST in SYN-SENT, say.
    NoUse,
    /// Not addressed to this stack.
    NotForUs,
    /// Neither TCP nor ICMP.
    NotTcp,
    /// Outside of the receive window (RFC 9293 section 3.10.7.4, first step).
    OutOfWindow,
    /// An old timestamp (RFC 7323 section 5).
    Paws,
    /// A RST that is not exactly at RCV.NXT, or cannot be trusted (RFC 5961 section 3).
    RstNotExact,
    /// A RST outside of the window, or for no connection.
    RstOutOfWindow,
    /// Came by an IP source route, and none is taken ([`crate::Config::takes_source_routes`]).
    SourceRouted,
    /// A SYN on a synchronized connection (RFC 5961 section 4).
    SynOnConnection,
    /// Text for which the application will never ask, or which there is no room to keep.
    TextNotTaken,
    /// As many connections as the stack may hold.
    TooManyConnections,
    /// Shorter than its headers say, or than a header is.
    Truncated,
    /// An IP version that is neither 4 nor 6.
    UnknownIpVersion,
}
