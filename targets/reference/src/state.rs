//! The connection states of RFC 9293 section 3.3.2.

use core::fmt;

/// A state of a connection, in the RFC's order and spelling.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// No connection at all; what a record shows after its connection ended.
    Closed,
    /// Waiting for a connection request from any, or one, remote endpoint.
    Listen,
    /// Waiting for a matching connection request after having sent one.
    SynSent,
    /// Waiting for the acknowledgment of a request, having both received and sent one.
    SynReceived,
    /// An open connection.
    Established,
    /// Waiting for the remote's FIN, or the acknowledgment of ours.
    FinWait1,
    /// Waiting for the remote's FIN.
    FinWait2,
    /// Waiting for the local user's CLOSE.
    CloseWait,
    /// Waiting for the acknowledgment of our FIN, the remote's has come.
    Closing,
    /// Waiting for the acknowledgment of our FIN, sent in answer to the remote's.
    LastAck,
    /// Waiting until the remote surely has the acknowledgment of its FIN.
    TimeWait,
}

impl State {
    /// Every state, in the RFC's order.
    pub const ALL: [Self; 11] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// The name as RFC 9293 spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether the state is one of RFC 9293's synchronized states (ESTABLISHED and later).
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        !matches!(
            self,
            Self::Closed | Self::Listen | Self::SynSent | Self::SynReceived
        )
    }

    /// Whether the remote may still deliver text in this state.
    #[must_use]
    pub const fn takes_text(self) -> bool {
        matches!(self, Self::Established | Self::FinWait1 | Self::FinWait2)
    }

    /// Whether the remote's FIN has been received and taken in order.
    #[must_use]
    pub const fn has_remote_fin(self) -> bool {
        matches!(
            self,
            Self::CloseWait | Self::Closing | Self::LastAck | Self::TimeWait
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
