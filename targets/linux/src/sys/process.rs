//! Processes that must not outlive what started them, and who goes first when all want the processor.
#![expect(
    unsafe_code,
    reason = "what a child does before it becomes another program is for the C interface"
)]

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::Signal;

/// The priority of threads whose work is timed, where the user may have it.
const TIMED: libc::c_int = -10;
/// The least of the priorities that go before all ordinary threads.
const LEAST: libc::c_int = 1;
/// The priority of commands: another drill's timing matters more.
const COMMANDS: libc::c_int = 5;

/// Lets the calling thread go before others, where the user may.
pub(crate) fn go_first() {
    // SAFETY: takes integers only; without the right to it nothing changes.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, TIMED) };
}

/// Lets the calling thread run whenever it has something to do, before everything else, where the user may. What it starts is ordinary
/// again. For threads that mostly wait: while one computes, no other of them runs on its processor.
pub(crate) fn be_timely() {
    schedule(libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, LEAST);
}

/// Takes [`be_timely`] back.
pub(crate) fn be_ordinary() {
    schedule(libc::SCHED_OTHER, 0);
}

fn schedule(policy: libc::c_int, priority: libc::c_int) {
    let parameters = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: zero is the calling thread, and the parameters outlive the call; without the right to it nothing changes.
    unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
}

/// Gives the process a group of its own and a lower priority, and has it told (SIGTERM) when the thread that starts it ends, however that ends.
pub(crate) fn end_with_us(command: &mut Command) {
    command.process_group(0);
    // SAFETY: the closure makes two system calls, which are safe between fork and exec, and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            libc::setpriority(libc::PRIO_PROCESS, 0, COMMANDS);
            prctl::set_pdeathsig(Signal::SIGTERM).map_err(Into::into)
        });
    }
}
