//! What the author of a TCP stack needs, and no more, to put that stack under test.
//!
//! A stack under test stands behind one small trait, [`Target`]: packets go in, socket calls go in, and
//! [`Event`]s come out, each with its [`Time`]. The whole outcome of running one script against one target
//! is a [`Trace`]; everything that halfopen says about a stack is a function of traces.
//!
//! This crate knows nothing of scripts, of verdicts or of reports, and nothing of how a packet is built:
//! packets are plain bytes here, so that a stack's author depends on as little as possible.
//!
//! ```
//! use halfopen_target::{Observer, State, Time, Transition};
//!
//! let step = Transition {
//!     connection: halfopen_target::ConnectionId(1),
//!     from: State::SynReceived,
//!     to: State::Established,
//!     observer: Observer::Stack,
//! };
//! assert_eq!(step.to_string(), "SYN-RECEIVED -> ESTABLISHED");
//! assert_eq!(Time::from_micros(1_500_000).to_string(), "1.500000");
//! ```
#![forbid(unsafe_code)]

mod call;
mod capabilities;
mod errno;
mod event;
pub mod posix;
mod returned;
mod setup;
mod state;
mod target;
mod time;
mod trace;

pub use call::{
    Address, Call, CallId, CallName, ControlData, ControlMessage, Descriptor, EpollEvent,
    OptionValue, PollDescriptor,
};
pub use capabilities::{Capabilities, Capability, ClockKind, Missing};
pub use errno::Errno;
pub use event::{ConnectionId, Event, EventKind, Observer, Transition};
pub use returned::{Output, Returned};
pub use setup::{AddressFamily, AddressMode, Setup, Surroundings};
pub use state::{ParseStateError, State};
pub use target::{Target, TargetError};
pub use time::{Duration, Time};
pub use trace::{Entry, EntryKind, StopReason, Trace};
