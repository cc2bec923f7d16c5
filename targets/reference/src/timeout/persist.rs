//! The remote's window stays closed: probe it (RFC 9293 section 3.8.6.1).

use crate::output::{Output, segmentation};
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{ConnectionError, Instant};

/// Sends a probe and waits twice as long for the next (RFC 9293 SHLD-30).
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    // RFC 9293 MUST-37, SHLD-17: only silence ends the connection, never a window that stays closed.
    if tcb.unanswered_probes >= tcb.options.r2 {
        tcb.end(Some(ConnectionError::TimedOut), now, out);
        return;
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.unanswered_probes = tcb.unanswered_probes.saturating_add(1);
    let interval = at_least(tcb.rtt.scaled(tcb.probes));
    tcb.timers.set(Timer::Persist, now.after(interval));
    segmentation::probe_window(tcb, now, out);
}
