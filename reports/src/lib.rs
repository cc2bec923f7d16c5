//! Sinks over drills and their traces.
//!
//! A session tells every [`Sink`] what happens, in the order of the plan; each makes its own report of it. Reports
//! are functions of outcomes and traces: they never ask a target for more.
#![forbid(unsafe_code)]

mod console;
mod counts;
mod failure;
mod file;
mod html;
mod json;
mod junit;
mod ktap;
mod ladder;
mod mark;
pub mod matrix;
mod pcap;
mod progress;
mod table;

use halfopen_drill::SessionEvent;

pub use console::{Console, Style};
pub use failure::render_failure;
pub use file::{OutputError, OutputFile};
pub use html::Html;
pub use json::Json;
pub use junit::Junit;
pub use ktap::Ktap;
pub use ladder::render_ladder;
pub use pcap::Pcap;

/// Something that makes a report of a session.
pub trait Sink {
    /// Takes note of an event.
    ///
    /// # Errors
    /// When the report cannot be written.
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError>;
}
