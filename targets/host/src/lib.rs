//! POSIX sockets, once, over any in-process stack.
//!
//! Scripts speak POSIX: descriptors, blocking calls, `poll`, socket options, errno. A sans-I/O stack speaks
//! RFC 9293: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS. A [`Host`] puts the one over the other and is a
//! [`Target`](halfopen_target::Target) with a virtual clock, so that the adapter of a stack is no more than
//! an implementation of [`InProcessStack`].
//!
//! Where POSIX leaves something open, sockets behave as Linux's do, since that is what scripts are written
//! for. This crate knows nothing of scripts and verdicts, and nothing of what a segment looks like: packets
//! pass through it as bytes.
//!
//! ```
//! use halfopen_host::{Host, InProcessStack};
//! use halfopen_target::{AddressMode, Event, Setup, Target, TargetError, Time};
//!
//! /// What a stack answers to one packet, at the moment it comes.
//! fn answers(stack: impl InProcessStack, packet: &[u8]) -> Result<Vec<Event>, TargetError> {
//!     let mut target = Host::new(stack);
//!     target.reset(&Setup::defaults(AddressMode::V4))?;
//!     target.inject(packet)?;
//!     let mut events = Vec::new();
//!     while let Some(event) = target.next_event(Time::ZERO)? {
//!         events.push(event);
//!     }
//!     Ok(events)
//! }
//! ```
#![forbid(unsafe_code)]

mod address;
mod call;
mod connection;
mod epoll;
mod errno;
mod error_queue;
mod file;
mod host;
mod limits;
mod option;
mod socket;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod timestamping;
mod wake;
mod watch;
mod zero_copy;

pub use host::Host;
pub use option::{OptionDefaults, SourceRoute, StackOption};
pub use stack::{
    ActiveOpen, CallError, Failure, InProcessStack, Key, PassiveOpen, Received, SendFlags,
    StackEvent, Status, SysctlError, Unreachable,
};
pub use watch::StateWatch;
