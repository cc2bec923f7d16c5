//! FIN-WAIT-2 without an application: the remote's FIN is not waited for for ever.

use crate::output::Output;
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{Instant, State};

/// Starts the timer of an orphan.
pub(crate) fn schedule(tcb: &mut Tcb, now: Instant) {
    if let Some(timeout) = tcb
        .options
        .fin_wait_2_timeout
        .filter(|_| tcb.released && tcb.state == State::FinWait2)
    {
        tcb.timers
            .set(Timer::FinWait2, now.after(at_least(timeout)));
    }
}

/// The orphan goes without a word, as after a user timeout.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    tcb.end(None, now, out);
}
