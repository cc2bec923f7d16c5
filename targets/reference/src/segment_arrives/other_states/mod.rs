//! SEGMENT ARRIVES in SYN-RECEIVED and every later state (RFC 9293 section 3.10.7.4): eight steps.
//!
//! Each step is `step(tcb, seg, now, out) -> Step`. Timestamps (RFC 7323) are looked at in the first,
//! before the sequence number. The order is part of the standard: what one step drops, no later one sees.

pub(crate) mod ack;
pub(crate) mod fin;
pub(crate) mod rst;
pub(crate) mod security;
pub(crate) mod sequence;
pub(crate) mod syn;
pub(crate) mod text;
pub(crate) mod urg;

use super::{Step, remainder, request};
use crate::output::{Output, segmentation};
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Instant, State};

/// Takes one segment through the eight steps, then sends what has become due.
///
/// The segment is trimmed where it lies: a copy would wait for what the parser has just written.
pub(crate) fn segment_arrives(
    tcb: &mut Tcb,
    seg: &mut Segment<'_>,
    now: Instant,
    out: &mut Output,
) {
    if remainder::is_one(tcb, out) {
        remainder::segment_arrives(tcb, seg, now, out);
        return;
    }
    if request::is_one(tcb, out) && request::check(tcb, seg, now, out) == Step::Done {
        return;
    }
    let _ = eight_steps(tcb, seg, now, out);
    if tcb.state != State::Closed {
        // RFC 9293 MUST-58, MUST-59: one ACK for all that the segment brought, with text where there is any.
        segmentation::transmit(tcb, now, out);
    }
}

fn eight_steps(tcb: &mut Tcb, seg: &mut Segment<'_>, now: Instant, out: &mut Output) -> Step {
    let steps = [
        sequence::step,
        rst::step,
        security::step,
        syn::step,
        ack::step,
    ];
    for step in steps {
        if step(tcb, seg, now, out) == Step::Done {
            return Step::Done;
        }
    }
    sixth_to_eighth(tcb, seg, now, out);
    Step::Done
}

/// The last three steps; also what SYN-SENT does with the rest of a SYN-ACK.
///
/// Of `seg` the part inside of the window is left.
pub(crate) fn sixth_to_eighth(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    urg::step(tcb, seg, now, out);
    if text::step(tcb, seg, now, out) == Step::Continue {
        fin::step(tcb, seg, now, out);
    }
}
