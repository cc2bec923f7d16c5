//! SEGMENT ARRIVES in CLOSED (RFC 9293 section 3.10.7.1): no connection exists.

use crate::output::{Output, control};
use crate::segment::Segment;
use crate::{DropReason, Instant};

/// All data are discarded; a segment without RST draws one.
#[cold]
pub(crate) fn segment_arrives(seg: &Segment<'_>, now: Instant, out: &mut Output) {
    out.dropped(None, DropReason::NoConnection, now);
    if !seg.flags.rst {
        control::reply_rst(seg, out);
    }
}
