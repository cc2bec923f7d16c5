//! Runs a script against a target, and judges the trace.
//!
//! [`run()`] walks the timeline of a script against one [`Target`](halfopen_target::Target): it injects, calls,
//! waits, and records all that happens in a [`Trace`](halfopen_target::Trace). A judge that does no I/O
//! pairs what came with what the script expects. [`rejudge`] makes the verdict again from a saved trace, by
//! running the same timeline over it. [`run_session`] runs many drills at once, and [`diff`] compares what
//! two targets did.
//!
//! This crate knows nothing of any particular target, of the terminal or of report formats.
#![forbid(unsafe_code)]

#[cfg(test)]
mod answering;
mod attempt;
mod bindings;
mod calls;
mod code;
mod config;
pub mod diff;
mod guard;
pub mod invariant;
mod judge;
mod lower;
mod outcome;
mod outputs;
mod packet;
pub mod payload;
mod replay;
mod run;
mod scribe;
mod session;
mod transcript;
mod transitions;
mod verdict;
mod window;

pub use bindings::Ports;
pub use config::{Config, ConfigError, RunLimits};
pub use guard::chain;
pub use outcome::{Counts, Outcome, ScriptFile, Standing};
pub use replay::rejudge;
pub use run::{Pacing, Run, run};
pub use scribe::write_script;
pub use session::{Drill, Options, SessionEvent, TargetFactory, run_session};
pub use transcript::{Line, Side, transcript};
pub use verdict::{Failure, FailureKind, FieldMismatch, Verdict};
pub use window::Tolerance;
