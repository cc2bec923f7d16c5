//! Processes that must not outlive what started them.
#![expect(
    unsafe_code,
    reason = "what a child does before it becomes another program is for the C interface"
)]

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::Signal;

/// Gives the process a group of its own, and has it told (SIGTERM) when the thread that starts it ends, however that ends.
pub(crate) fn end_with_us(command: &mut Command) {
    command.process_group(0);
    // SAFETY: the closure makes one system call, which is safe between fork and exec, and allocates nothing.
    unsafe {
        command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGTERM).map_err(Into::into));
    }
}
