//! TIME-WAIT TIMEOUT (RFC 9293 section 3.10.8): 2 MSL are over.

use crate::Instant;
use crate::output::Output;
use crate::tcb::Tcb;

/// The connection is gone.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    tcb.end(None, now, out);
}
