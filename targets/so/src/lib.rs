//! Plug-ins for packetdrill as targets under test.
//!
//! A stack that packetdrill can test as a shared library (its option `--so_filename`) exports one function,
//! `packetdrill_interface_init`, which fills a table of functions: socket calls, a packet in, a packet out, the time. The same library
//! is the target `so:PATH` here.
//!
//! Such a library counts on a process of its own, as packetdrill gives it one for each script: it has global state, and may crash. So
//! [`SoTarget`] starts a process for each drill, which loads the library and is spoken to through a socket ([`serve`] is that process). A
//! library that crashes, or hangs, fails its own drill and no other. The process has a network namespace and a `/tmp` of its own, in which
//! the script's shell commands run too, so that nothing of the machine is touched.
//!
//! What is called when is as in packetdrill: one call at a time, but for those that block; while one blocks, others are made, and
//! packets are asked for.
//!
//! This crate knows nothing of scripts and verdicts.

mod descriptors;
mod host;
mod plugin;
mod process;
mod protocol;
mod surroundings;
mod target;

pub use host::serve;
pub use target::{HostCommand, SoTarget, capabilities};
