//! RFC 6191: when a SYN may reopen a connection that is in TIME-WAIT.

use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Config, rfc7323};

/// Whether the SYN belongs to a new incarnation (RFC 6191 section 2; RFC 9293 MAY-2, SHLD-4).
pub(crate) fn may_reopen(tcb: &Tcb, seg: &Segment<'_>, config: &Config) -> bool {
    // The old connection's last number is the FIN's, RCV.NXT - 1: a greater SEG.SEQ is a new one. At
    // RCV.NXT itself the SYN is taken for the first number never used, which RFC 9293 allows too.
    let seq_is_greater = seg.seq.after(tcb.rcv_nxt);
    match (tcb.timestamps.as_ref(), seg.options.timestamps) {
        (Some(old), Some(new)) if rfc7323::before(old.ts_recent(), new.val) => true,
        (Some(old), Some(new)) if old.ts_recent() == new.val => seq_is_greater,
        (Some(_), Some(_)) => false,
        (Some(_), None) => seq_is_greater,
        (None, Some(_)) => seq_is_greater || config.timestamps_alone_reopen,
        (None, None) => seq_is_greater,
    }
}
