//! The signal that makes a blocked call return.
#![expect(unsafe_code, reason = "signals need the C interface")]

use std::sync::Once;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

extern "C" fn do_nothing(_: libc::c_int) {}

/// Installs a handler that does nothing, without SA_RESTART: its only effect is that a blocked call returns.
pub(crate) fn handle_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let action = SigAction::new(
            SigHandler::Handler(do_nothing),
            SaFlags::empty(),
            SigSet::empty(),
        );
        // SAFETY: the handler does nothing at all, so it is safe at any moment.
        let _ = unsafe { sigaction(Signal::SIGUSR1, &action) };
    });
}

/// Sends the signal to one thread of this process.
pub(crate) fn interrupt(thread_id: i32) {
    // SAFETY: takes integers only; a thread that has ended is an error that may be ignored.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread_id, libc::SIGUSR1) };
}
