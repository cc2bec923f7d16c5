//! SEGMENT ARRIVES (RFC 9293 section 3.10.7), one module for each state that is treated by itself.

pub(crate) mod closed;
pub(crate) mod listen;
pub(crate) mod other_states;
pub(crate) mod remainder;
pub(crate) mod request;
pub(crate) mod syn_sent;

use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Config, Seq};

/// Whether the next step gets to see the segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Step {
    /// Go on with the next step.
    Continue,
    /// The segment is dealt with.
    Done,
}

/// Whether the segment begins at the left edge, or has something in the window, or is empty and at the right edge.
fn is_in_window(seg: &Segment<'_>, left: Seq, right: Seq) -> bool {
    let end = seg.seq.wrapping_add(seg.len());
    let overlaps = end.after(left) && seg.seq.before(right);
    seg.seq == left || overlaps || (seg.seq == right && seg.len() == 0)
}

/// Keeps text and FIN that came with a SYN until the connection is established.
///
/// RFC 9293 sections 3.10.7.2 and 3.10.7.3: they are not acknowledged before. The receive window, as the
/// SYN-ACK advertised it, bounds what is kept.
pub(super) fn hold_until_established(tcb: &mut Tcb, seg: &Segment<'_>, config: &Config) {
    if !config.holds_text_of_syn {
        return;
    }
    let room = tcb.rcv_wnd() as usize;
    let text = seg.text.get(..room).unwrap_or(seg.text);
    if !text.is_empty() {
        // Nothing else is held yet: there is room for one island.
        let max_gaps = config.max_reassembly_gaps.max(1);
        let _ = tcb.receive.hold(tcb.rcv_nxt, tcb.rcv_nxt, text, max_gaps);
    }
    if seg.flags.fin && text.len() == seg.text.len() {
        tcb.remote_fin = Some(seg.fin_seq());
    }
    if seg.flags.urg {
        tcb.held_up = Some(seg.seq.wrapping_add(u32::from(seg.up)));
    }
}
