//! The whole outcome of one drill.

use crate::{Call, CallId, Descriptor, Event, EventKind, Returned, Setup, Time, Transition};

/// Everything that happened in one drill, in order: what was done to the stack and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The target's name.
    pub target: String,
    /// The addresses, limits and seed of the drill.
    pub setup: Setup,
    /// What happened, in order of happening.
    pub entries: Vec<Entry>,
}

/// One thing that happened in a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: Time,
    /// Which event of the script caused it or was paired with it: an index into the script's events.
    /// What the stack did unasked has none.
    pub script_event: Option<usize>,
    /// What happened.
    pub kind: EntryKind,
}

/// What happened at one moment of a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// We injected this IP packet.
    Inbound(Vec<u8>),
    /// The stack sent this IP packet.
    Outbound(Vec<u8>),
    /// We started a socket call.
    Called {
        /// The call's number.
        id: CallId,
        /// The call with its arguments, in the target's own descriptors.
        call: Call,
    },
    /// A socket call ended.
    Returned {
        /// The call's number.
        id: CallId,
        /// How it ended.
        returned: Returned,
    },
    /// A descriptor of the script was bound to one of the target's.
    Bound {
        /// The number in the script.
        script: i64,
        /// The number in the target.
        target: Descriptor,
    },
    /// A connection went from one state to another.
    Transition(Transition),
    /// The script looked at a connection's state at this moment, or ran a step of its own.
    Checkpoint,
    /// The stack dropped a segment and said why.
    Dropped {
        /// The reason in the stack's own words.
        reason: String,
    },
    /// The machine held things up for this long until now.
    Stalled(crate::Duration),
    /// The drill ended before the script did.
    Stopped(StopReason),
}

/// Why a drill ended before its script did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// An event that the script expects did not come in time, or came different.
    Mismatch,
    /// A call that should have ended did not.
    CallStillRunning,
    /// The stack panicked; the text is its message.
    Panicked(String),
    /// The stack stopped responding.
    Unresponsive(String),
    /// The stack sends without end.
    Flooded {
        /// How many packets came at one moment or in the drill.
        packets: usize,
    },
    /// The target lacks something that the script needs.
    Lacks(String),
    /// The harness or the machine failed.
    Broken(String),
}

impl Trace {
    /// An empty trace.
    pub fn new(target: &str, setup: Setup) -> Self {
        Self {
            target: target.to_owned(),
            setup,
            entries: Vec::new(),
        }
    }

    /// Appends what happened and gives its index.
    pub fn push(&mut self, at: Time, script_event: Option<usize>, kind: EntryKind) -> usize {
        self.entries.push(Entry {
            at,
            script_event,
            kind,
        });
        self.entries.len() - 1
    }

    /// All transitions with their times.
    pub fn transitions(&self) -> impl Iterator<Item = (Time, &Transition)> {
        self.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Transition(transition) => Some((entry.at, transition)),
            _ => None,
        })
    }

    /// Why the drill ended early, if it did.
    pub fn stop(&self) -> Option<(&Entry, &StopReason)> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.kind {
                EntryKind::Stopped(reason) => Some((entry, reason)),
                _ => None,
            })
    }
}

impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        let kind = match event.kind {
            EventKind::Outbound(packet) => EntryKind::Outbound(packet),
            EventKind::Transition(transition) => EntryKind::Transition(transition),
            EventKind::Returned { call, returned } => EntryKind::Returned { id: call, returned },
            EventKind::Dropped { reason } => EntryKind::Dropped { reason },
            EventKind::Stalled(span) => EntryKind::Stalled(span),
        };
        Self {
            at: event.at,
            script_event: None,
            kind,
        }
    }
}
