//! RFC 5682: F-RTO, which notices that a retransmission timeout was spurious (the SACK-enhanced form).

use crate::rfc6675::Delivery;
use crate::tcb::Tcb;
use crate::{Config, rfc4015};

/// Which acknowledgment after the timeout is awaited (section 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Step 2: the one for the segment that the timer sent again.
    First,
    /// Step 3: the one that decides; two new segments are out.
    Second,
}

/// Step 1: the timer fired for the first time for this text.
pub(crate) fn timed_out(tcb: &mut Tcb, enabled: bool, first: bool) {
    tcb.recovery.frto = (enabled && first && tcb.is_selective()).then_some(Step::First);
}

/// Steps 2 and 3; `acked` octets moved SND.UNA.
#[inline]
pub(crate) fn acknowledged(tcb: &mut Tcb, delivery: &Delivery, acked: usize, config: &Config) {
    let Some(step) = tcb.recovery.frto else {
        return;
    };
    match step {
        Step::First if acked == 0 => {} // only the scoreboard learns from it
        Step::First => {
            // Step 2: it must leave something open, and there must be something new to send.
            let repaired = tcb.snd_una.after(tcb.recovery.recover);
            let window = tcb.snd_una.wrapping_add(tcb.snd_wnd);
            // A full segment, so that Nagle's algorithm cannot hold it back.
            let smss = tcb.smss(config);
            let can_send = tcb.unsent() >= smss && window.octets_since(tcb.snd_nxt) >= smss;
            tcb.recovery.frto = (!repaired && can_send).then_some(Step::Second);
        }
        Step::Second => {
            tcb.recovery.frto = None;
            // Step 3: what left before the timeout, and not again, arrived: it was never lost. The new segments
            // of step 2 say nothing of that.
            let recover = tcb.recovery.recover;
            if delivery
                .first_original
                .is_some_and(|first| first.before_or_at(recover))
            {
                rfc4015::take_back(tcb);
            }
        }
    }
}
