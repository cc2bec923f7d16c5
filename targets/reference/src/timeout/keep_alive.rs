//! Keep-alives (RFC 9293 section 3.8.4, MAY-5).

use crate::output::{Output, control};
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{ConnectionError, Instant};

/// Probes an idle connection; ends it when enough probes went unanswered.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let due = tcb.last_heard.after(at_least(tcb.options.keep_idle));
    if now < due || tcb.has_outstanding() {
        // RFC 9293 MUST-26: something came in the meantime, or retransmission already asks the remote.
        let again = now.after(at_least(tcb.options.keep_interval));
        tcb.timers
            .set(Timer::KeepAlive, if now < due { due } else { again });
        return;
    }
    // RFC 9293 MUST-29: one unanswered probe proves nothing.
    if tcb.keep_alive_probes >= tcb.options.keep_count.max(2) {
        if out.config().gives_up_with_reset {
            control::send_abort(tcb, now, out);
        }
        tcb.end(Some(ConnectionError::KeepAliveTimedOut), now, out);
        return;
    }
    tcb.keep_alive_probes = tcb.keep_alive_probes.saturating_add(1);
    // RFC 9293 SHLD-12: without text, one before SND.NXT, so that the remote has to answer.
    control::send_ack_at(tcb, tcb.snd_nxt.wrapping_sub(1), now, out);
    tcb.timers.set(
        Timer::KeepAlive,
        now.after(at_least(tcb.options.keep_interval)),
    );
}
