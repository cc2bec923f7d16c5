//! What is left of a connection in TIME-WAIT, and in FIN-WAIT-2 once its user is gone, where no more is remembered than these need:
//! RCV.NXT, the window, and the timestamps ([`crate::Config::brief_remainders`]).

use super::is_in_window;
use crate::output::{Output, control};
use crate::rfc7323::Verdict;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{DropReason, Instant, State, rfc5961};

/// Whether the connection is such a remainder.
pub(crate) fn is_one(tcb: &Tcb, out: &Output) -> bool {
    let is_over = tcb.state == State::TimeWait || (tcb.state == State::FinWait2 && tcb.released);
    is_over && out.config().brief_remainders
}

/// SEG.SEQ decides; SEG.ACK is not looked at.
#[cold]
pub(crate) fn segment_arrives(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    let stamps = tcb.timestamps.as_ref();
    let is_old = stamps.is_some_and(|stamps| stamps.check(seg, 0, now) == Verdict::Old);
    if tcb.state == State::TimeWait {
        time_wait(tcb, seg, is_old, now, out);
    } else {
        fin_wait_2(tcb, seg, is_old, now, out);
    }
}

/// Waits for the FIN that comes next; any RST or SYN in the window, and any text, ends it.
fn fin_wait_2(tcb: &mut Tcb, seg: &Segment<'_>, is_old: bool, now: Instant, out: &mut Output) {
    if is_old || !is_in_window(seg, tcb.rcv_nxt, tcb.rcv_adv) {
        out.dropped(Some(tcb.id), DropReason::OutOfWindow, now);
        acknowledge(tcb, seg, now, out);
        return;
    }
    if seg.flags.rst {
        tcb.end(None, now, out);
        return;
    }
    let end = seg.seq.wrapping_add(seg.len());
    let has_news = seg.flags.ack && seg.len() > 0 && end.after(tcb.rcv_nxt);
    if !seg.flags.syn && !has_news {
        out.dropped(Some(tcb.id), DropReason::NoUse, now);
    } else if !seg.flags.syn && seg.flags.fin && end == tcb.rcv_nxt.wrapping_add(1) {
        tcb.rcv_nxt = end;
        tcb.rcv_adv = tcb.rcv_adv.max(end);
        tcb.end_of_stream = true;
        tcb.enter_time_wait(now, out);
        control::send_ack(tcb, now, out);
    } else {
        control::reply_rst(seg, out);
        tcb.end(None, now, out);
    }
}

/// Everything but what is exact is acknowledged; what may open anew was handed to a listener before (RFC 6191).
fn time_wait(tcb: &mut Tcb, seg: &Segment<'_>, is_old: bool, now: Instant, out: &mut Output) {
    let is_exact = !is_old && seg.seq == tcb.rcv_nxt;
    match (is_exact, seg.flags.rst) {
        (true, true) if !out.config().ignore_rst_in_time_wait => tcb.end(None, now, out),
        (_, true) => out.dropped(Some(tcb.id), DropReason::RstNotExact, now),
        (true, false) if seg.len() == 0 => tcb.restart_time_wait(now, out.config()),
        (_, false) => {
            // An old SYN, which may be a new one with a lower number, does not prolong it.
            if is_old || seg.flags.ack {
                tcb.restart_time_wait(now, out.config());
            }
            out.dropped(Some(tcb.id), DropReason::OutOfWindow, now);
            acknowledge(tcb, seg, now, out);
        }
    }
}

/// RFC 5961 section 7: what has neither text nor FIN is not answered too often.
fn acknowledge(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    if seg.len() == 0 || seg.flags.syn {
        rfc5961::challenge(tcb, now, out);
    } else {
        control::send_ack(tcb, now, out);
    }
}
