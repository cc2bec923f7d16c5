//! Bodies of the fuzz targets, as a library: the targets, the replay of findings and the tests call the same
//! functions.
//!
//! A body turns a structured input into stimuli for a target, records the [`Trace`](halfopen_target::Trace),
//! and holds it against the [invariants](halfopen_drill::invariant). A finding is shrunk and written as a
//! script.
#![forbid(unsafe_code)]

mod finding;
pub mod script;
pub mod segments;

pub use finding::Finding;
