//! What a stack under test reports.

use std::fmt;

use crate::{CallId, Returned, State, Time};

/// One connection (or listening socket) of the stack under test, as long as the drill lasts.
///
/// The target chooses the numbers; they are never reused within a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConnectionId(pub u64);

/// Something that the stack under test did, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// When it happened: for a packet of a live target, the kernel's receive timestamp.
    pub at: Time,
    /// What happened.
    pub kind: EventKind,
}

/// What the stack under test did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EventKind {
    /// It sent this IP packet.
    Outbound(Vec<u8>),
    /// A connection went from one state to another.
    Transition(Transition),
    /// A socket call ended.
    Returned {
        /// The call, as [`Target::call`](crate::Target::call) named it.
        call: CallId,
        /// How it ended.
        returned: Returned,
    },
    /// It dropped a segment, and says why.
    Dropped {
        /// The reason in the stack's own words.
        reason: String,
    },
    /// The machine, not the stack, held things up for this long until now (live targets only).
    Stalled(crate::Duration),
}

/// A connection went from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transition {
    /// Whose state it is.
    pub connection: ConnectionId,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Who saw it, and so how complete the picture is.
    pub observer: Observer,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}

/// Who saw a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Observer {
    /// The stack itself reported it: no transition is missed.
    Stack,
    /// A kernel tracepoint reported it: no transition of a full socket is missed.
    Tracepoint,
    /// The state was asked for before and after (sock_diag): two transitions
    /// that happen at one moment show as one, from the first state to the last.
    SockDiag,
}

impl Observer {
    /// Whether intermediate states may be missing from what this observer reports.
    pub const fn may_skip_states(self) -> bool {
        matches!(self, Self::SockDiag)
    }

    /// The observer's name in traces and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Tracepoint => "tracepoint",
            Self::SockDiag => "sock_diag",
        }
    }
}
