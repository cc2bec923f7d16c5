//! The trait that a stack under test stands behind.

use crate::{Call, CallId, Capabilities, Event, Missing, Setup, Time};

/// Why a target could not do what it was asked: the harness's or the machine's fault, never a verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The target cannot do this at all; the script is skipped with the reason.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// This machine or this user does not allow it.
    #[error("{what}: {why} ({remedy})")]
    NotPermitted {
        /// What was tried.
        what: String,
        /// What the machine said.
        why: String,
        /// What the user can do about it.
        remedy: String,
    },
    /// The machine refused something that should work.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// What the machine said.
        #[source]
        source: std::io::Error,
    },
    /// The stack under test did not come back (a hang, or a thread that died).
    #[error("the stack does not respond: {0}")]
    Unresponsive(String),
}

/// A stack under test.
///
/// # Contract
///
/// - [`reset`](Self::reset) comes first and before each further drill; after it [`now`](Self::now) is zero
///   and nothing of an earlier drill can be seen.
/// - [`inject`](Self::inject) and [`call`](Self::call) are stimuli. What the stack does at once because of
///   them is ready for [`next_event`](Self::next_event) when they return.
/// - `next_event(until)` gives events in the order of their happening. It returns `None` only when nothing
///   happens up to and including `until`, and then the clock stands at `until` or later. With a virtual clock
///   that costs nothing; with a live clock it waits. `next_event(now())` never waits.
/// - A call that ends at once reports its end as an event like any other.
pub trait Target {
    /// What this target can do.
    fn capabilities(&self) -> &Capabilities;

    /// Begins a drill: fresh addresses, no connections, no history, time zero.
    ///
    /// # Errors
    /// When the machine does not allow it, or `setup` asks for what the target lacks.
    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError>;

    /// The script's first event is next. A live target may wait here, for milliseconds at most, until its stack's timers
    /// stand as they stood in every drill before: what they round then rounds in the same way. From now on a command of the script is as urgent as all else.
    ///
    /// # Errors
    /// When the stack no longer responds.
    fn align(&mut self) -> Result<(), TargetError> {
        Ok(())
    }

    /// The time since the drill began.
    fn now(&self) -> Time;

    /// Delivers an IP packet to the stack, exactly as given.
    ///
    /// # Errors
    /// When the packet could not be handed over; a stack that drops it is no error.
    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError>;

    /// Starts a socket call; its end is an event.
    ///
    /// # Errors
    /// When the target lacks this call; a call that fails in the stack is no error but returns an errno.
    fn call(&mut self, call: Call) -> Result<CallId, TargetError>;

    /// What the stack has counted, by the names that Linux's `nstat` prints (`TcpOutRsts`, `TcpExtPAWSEstab`); commands beside the
    /// stack are shown it.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Forgets what the stack knows of peers beyond their connections, such as cookies of fast open: what `ip tcp_metrics flush`
    /// does to Linux.
    fn forget_peers(&mut self) {}

    /// The next thing that the stack does, no later than `until`.
    ///
    /// # Errors
    /// When the stack no longer responds, or watching it failed.
    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError>;
}

impl<T: Target + ?Sized> Target for Box<T> {
    fn capabilities(&self) -> &Capabilities {
        (**self).capabilities()
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        (**self).reset(setup)
    }

    fn align(&mut self) -> Result<(), TargetError> {
        (**self).align()
    }

    fn now(&self) -> Time {
        (**self).now()
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        (**self).inject(packet)
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        (**self).call(call)
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        (**self).counters()
    }

    fn forget_peers(&mut self) {
        (**self).forget_peers();
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        (**self).next_event(until)
    }
}
