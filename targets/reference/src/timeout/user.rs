//! USER TIMEOUT (RFC 9293 section 3.10.8, section 3.8.3).

use crate::output::Output;
use crate::tcb::Tcb;
use crate::{ConnectionError, Instant};

/// All queues are flushed, the user is told, the connection ends.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let error = tcb
        .soft_error
        .filter(|error| matches!(error, ConnectionError::Unreachable(_)));
    tcb.end(
        Some(error.unwrap_or(ConnectionError::UserTimeout)),
        now,
        out,
    );
}
