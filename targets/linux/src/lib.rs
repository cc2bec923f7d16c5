//! The running Linux kernel as a target under test.
//!
//! Each drill has two network namespaces of its own: the stack's, with the interface `tun0`, and the tester's,
//! across a veth pair. The tester injects through pnet's datalink channel and reads every packet with the
//! kernel's receive timestamp; socket calls are made by threads in the stack's namespace; states are asked of
//! sock_diag by exact ends. No segment leaves the namespaces, and descriptors are all that holds them, so
//! nothing outlives the process.
//!
//! It needs no root: [`privilege::enter`] takes the process into a user namespace where it must.
//!
//! This crate knows nothing of scripts and verdicts.

mod call;
mod checksum;
mod clock;
pub mod doctor;
mod link;
mod network;
mod observe;
mod pool;
pub mod privilege;
mod shown_counters;
mod sys;
mod target;
mod tick;
mod tunnel;
mod virtio;
mod with_shell;

pub use doctor::{Finding, available, diagnose};
pub use pool::Pool;
pub use target::{LinuxTarget, capabilities};
pub use with_shell::WithShell;
