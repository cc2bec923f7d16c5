//! The reference stack as a target under test.
//!
//! Nothing to install and no privilege: the stack runs in this process, in virtual time, so that a wait of
//! two minutes costs nothing and two runs with one seed give the same bytes.
//!
//! ```
//! use halfopen_reference_target::ReferenceTarget;
//! use halfopen_target::{AddressMode, Call, EventKind, Setup, Target, Time, posix};
//!
//! let mut target = ReferenceTarget::new();
//! target.reset(&Setup::defaults(AddressMode::V4))?;
//! let id = target.call(Call::Socket {
//!     domain: posix::AF_INET,
//!     kind: posix::SOCK_STREAM,
//!     protocol: 0,
//! })?;
//! let end = target.next_event(Time::ZERO)?.expect("the call ends at once");
//! assert!(matches!(end.kind, EventKind::Returned { call, .. } if call == id));
//! # Ok::<(), halfopen_target::TargetError>(())
//! ```
#![forbid(unsafe_code)]

mod convert;
mod counters;
mod stack;
mod sysctl;
mod tcp_info;
#[cfg(test)]
mod tests;

use halfopen_host::Host;
use halfopen_reference::Config;
#[cfg(feature = "planted-bugs")]
pub use halfopen_reference::PlantedBug;
pub use halfopen_reference::Profile;
use halfopen_target::{Call, CallId, Capabilities, Event, Setup, Target, TargetError, Time};

use stack::ReferenceStack;

/// The bundled stack, with POSIX sockets, in virtual time.
#[derive(Debug)]
pub struct ReferenceTarget {
    host: Host<ReferenceStack>,
}

impl ReferenceTarget {
    /// The stack as its own defaults have it, which are those of the RFCs.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(|_| {})
    }

    /// The stack with another configuration: `alter` sees it at the start of each drill, after addresses,
    /// MTU and secret were filled in.
    #[must_use]
    pub fn with_config(alter: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        Self {
            host: Host::new(ReferenceStack::new(Profile::rfc(), Box::new(alter))),
        }
    }

    /// The stack with the parameters of another profile, such as [`Profile::linux`].
    #[must_use]
    pub fn with_profile(profile: Profile) -> Self {
        Self {
            host: Host::new(ReferenceStack::new(profile, Box::new(|_| {}))),
        }
    }

    /// The stack itself, for tests that look deeper than a socket does.
    #[must_use]
    pub fn stack(&self) -> &halfopen_reference::Stack {
        self.host.stack().inner()
    }
}

impl Default for ReferenceTarget {
    fn default() -> Self {
        Self::new()
    }
}

impl Target for ReferenceTarget {
    fn capabilities(&self) -> &Capabilities {
        self.host.capabilities()
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.host.reset(setup)
    }

    fn now(&self) -> Time {
        self.host.now()
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.host.inject(packet)
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.host.call(call)
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.host.counters()
    }

    fn forget_peers(&mut self) {
        self.host.forget_peers();
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        self.host.next_event(until)
    }
}
