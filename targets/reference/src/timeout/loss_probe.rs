//! The probe timeout: the tail of what is in flight may be lost (RFC 8985 section 7.3).

use crate::output::{Output, segmentation};
use crate::tcb::Tcb;
use crate::{Instant, rfc8985};

/// Sends one segment, so that the remote's acknowledgment shows what is missing.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.flight_size() == 0 || tcb.snd_wnd == 0 || !tcb.is_selective() {
        return;
    }
    if rfc8985::may_probe(tcb, out.config()) {
        segmentation::send_loss_probe(tcb, now, out);
    } else {
        segmentation::await_timeout(tcb, now, out);
    }
}
