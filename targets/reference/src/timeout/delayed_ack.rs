//! The acknowledgment that waited has to leave (RFC 9293 MUST-40).

use crate::Instant;
use crate::output::{Output, segmentation};
use crate::tcb::Tcb;

/// Acknowledges, with text if there is some.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    tcb.ack_now = true;
    segmentation::transmit(tcb, now, out);
}
