//! Sixth: check the URG bit (RFC 9293 section 3.10.7.4, section 3.8.5).

use crate::output::Output;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Event, Instant, Seq};

/// RCV.UP moves forward, and the user is told of each advance.
///
/// Goes by the segment as it came: RFC 9293 MUST-66, the pointer counts even if no text could be taken.
pub(super) fn step(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    if !tcb.state.takes_text() {
        return;
    }
    if let Some(held) = tcb.held_up.take() {
        advance(tcb, held, now, out);
    }
    if seg.flags.urg {
        // The pointer is an offset from SEG.SEQ (RFC 9293 MUST-62).
        advance(
            tcb,
            seg.arrived_seq.wrapping_add(u32::from(seg.up)),
            now,
            out,
        );
    }
}

fn advance(tcb: &mut Tcb, rcv_up: Seq, now: Instant, out: &mut Output) {
    let read_point = tcb.rcv_nxt.wrapping_sub(tcb.receive.len() as u32);
    let is_news = tcb.rcv_up.is_none_or(|known| rcv_up.after(known));
    if is_news && rcv_up.after(read_point) {
        tcb.rcv_up = Some(rcv_up);
        out.event(Event::Urgent {
            connection: tcb.id,
            at: now,
        }); // RFC 9293 MUST-32
    }
}
