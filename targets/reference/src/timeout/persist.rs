//! The remote's window stays closed: probe it (RFC 9293 section 3.8.6.1). Or the link took nothing: try again.

use core::time::Duration;

use super::user;
use crate::output::{Output, segmentation};
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{ConnectionError, Instant};

/// After so long a link that was full may take a packet.
const LINK_RETRY: Duration = Duration::from_millis(500);

/// Sends a probe and waits twice as long for the next (RFC 9293 SHLD-30).
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.timers.take_if_due(Timer::User, now) {
        user::expire(tcb, now, out); // one more probe would come too late
        return;
    }
    // RFC 9293 MUST-37, SHLD-17: only silence ends the connection, never a window that stays closed.
    if tcb.unanswered_probes >= tcb.options.r2 {
        tcb.end(Some(ConnectionError::TimedOut), now, out);
        return;
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.unanswered_probes = tcb.unanswered_probes.saturating_add(1);
    tcb.await_progress(now);
    let interval = if out.config().link_is_full {
        LINK_RETRY
    } else {
        at_least(tcb.rtt.scaled(tcb.probes))
    };
    tcb.timers.set(Timer::Persist, now.after(interval));
    if tcb.snd_wnd > 0 {
        segmentation::transmit(tcb, now, out); // the link, and not the window, was in the way
    } else {
        segmentation::probe_window(tcb, now, out);
    }
}
