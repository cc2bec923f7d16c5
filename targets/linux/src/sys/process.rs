//! Who goes first when all want the processor, and processes that are started without keeping others up.
#![expect(unsafe_code, reason = "scheduling is for the C interface")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// The priority of threads whose work is timed, where the user may have it.
const TIMED: libc::c_int = -10;
/// The least of the priorities that go before all ordinary threads.
const LEAST: libc::c_int = 1;
/// The priority of commands: another drill's timing matters more.
const COMMANDS: libc::c_int = 5;

/// Lets the calling thread go before others, where the user may.
pub(crate) fn go_first() {
    // Zero is the calling thread.
    set_priority(0, TIMED);
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
    // Zero is the calling thread.
    schedule_process(0, policy, priority);
}

fn schedule_process(id: libc::pid_t, policy: libc::c_int, priority: libc::c_int) {
    let parameters = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: the parameters outlive the call; without the right to it nothing changes.
    unsafe { libc::sched_setscheduler(id, policy, &raw const parameters) };
}

/// Lets a process, and what it starts from now on, go before others, where the user may.
pub(crate) fn hurry(process: u32) {
    set_priority(process, TIMED);
}

fn set_priority(process: u32, priority: libc::c_int) {
    // SAFETY: takes integers only; without the right to it nothing changes.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, process, priority) };
}

/// Starts a program in a process group of its own, as an ordinary process of a lower priority.
///
/// Until it has become that program the child has a copy of every descriptor of this process, other drills' sockets among them: none
/// of these is closed for good meanwhile. So it must not have to wait for a processor then, and is not made by copying the whole
/// process (which it would be if it had anything to do of ours before).
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    schedule(libc::SCHED_RR, LEAST);
    let child = command.process_group(0).spawn();
    be_timely();
    let child = child?;
    let id = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    // It is not waited for yet, so that the number is its.
    schedule_process(id, libc::SCHED_OTHER, 0);
    set_priority(child.id(), COMMANDS);
    Ok(child)
}
