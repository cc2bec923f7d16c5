//! Why a user call failed, in the words of RFC 9293 section 3.9.1.

use core::fmt;

use crate::{ConnectionError, Unreachable};

/// Why a user call failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserError {
    /// The connection ended with this error; reported once by each call until it is released.
    Aborted(ConnectionError),
    /// "connection already exists": the two endpoints, or the listening one, are in use.
    ConnectionAlreadyExists,
    /// "connection closing": CLOSE came before.
    ConnectionClosing,
    /// "connection does not exist".
    ConnectionDoesNotExist,
    /// "insufficient resources": connections, or local ports, are exhausted.
    InsufficientResources,
    /// The local address is not one of the stack's.
    LocalInvalid,
    /// The call makes no sense for a listener, or for a connection that is not one.
    NotSupported,
    /// The remote address cannot be opened: broadcast, multicast, unspecified or another family (RFC 9293 MUST-46).
    RemoteInvalid,
    /// "remote socket unspecified".
    RemoteUnspecified,
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted(error) => fmt::Display::fmt(error, f),
            Self::ConnectionAlreadyExists => f.write_str("connection already exists"),
            Self::ConnectionClosing => f.write_str("connection closing"),
            Self::ConnectionDoesNotExist => f.write_str("connection does not exist"),
            Self::InsufficientResources => f.write_str("insufficient resources"),
            Self::LocalInvalid => f.write_str("local address is not the stack's"),
            Self::NotSupported => f.write_str("call does not apply"),
            Self::RemoteInvalid => f.write_str("remote address cannot be opened"),
            Self::RemoteUnspecified => f.write_str("remote socket unspecified"),
        }
    }
}

impl core::error::Error for UserError {}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientResources => f.write_str("insufficient resources"),
            Self::KeepAliveTimedOut => f.write_str("keep-alive probes unanswered"),
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset"),
            Self::RetransmissionsExcessive => f.write_str("excessive retransmissions"),
            Self::TimedOut => f.write_str("connection timed out"),
            Self::Unreachable(unreachable) => write!(f, "{unreachable}"),
            Self::UserTimeout => f.write_str("connection aborted due to user timeout"),
        }
    }
}

impl core::error::Error for ConnectionError {}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdministrativelyProhibited => "communication administratively prohibited",
            Self::Host => "host unreachable",
            Self::Network => "network unreachable",
            Self::ParameterProblem => "parameter problem",
            Self::Port => "port unreachable",
            Self::Protocol => "protocol unreachable",
            Self::SourceRoute => "source route failed",
            Self::TimeExceeded => "time exceeded",
        })
    }
}
