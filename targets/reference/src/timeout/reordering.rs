//! The reordering timeout: what did not come by now is lost (RFC 8985 section 6.3).

use crate::Instant;
use crate::output::{Output, segmentation};
use crate::recovery;
use crate::tcb::Tcb;

/// Finds what is lost and sends it again.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    recovery::reordering_timed_out(tcb, now, out.config());
    segmentation::transmit(tcb, now, out);
}
