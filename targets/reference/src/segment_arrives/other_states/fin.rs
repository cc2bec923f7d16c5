//! Eighth: check the FIN bit (RFC 9293 section 3.10.7.4).

use crate::output::Output;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Instant, State};

/// A FIN that is next in the stream is acknowledged and changes the state; one beyond a gap is held.
#[inline]
pub(super) fn step(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    if !tcb.state.takes_text() {
        // CLOSE-WAIT, CLOSING, LAST-ACK remain; in TIME-WAIT it restarts the 2 MSL timer.
        if seg.flags.fin && tcb.state == State::TimeWait {
            tcb.ack_now = true;
            tcb.restart_time_wait(now, out.config());
        }
        return;
    }
    if seg.flags.fin {
        tcb.ack_now = true;
        tcb.remote_fin.get_or_insert_with(|| seg.fin_seq());
    }
    if tcb.remote_fin == Some(tcb.rcv_nxt) {
        take(tcb, now, out);
    }
}

/// RCV.NXT moves over the FIN; the user sees the end of the stream.
fn take(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if counts_fin(out) {
        tcb.rcv_nxt = tcb.rcv_nxt.wrapping_add(1);
    }
    tcb.rcv_adv = tcb.rcv_adv.max(tcb.rcv_nxt);
    tcb.receive.clear_held();
    tcb.end_of_stream = true;
    tcb.ack_now = true;
    match tcb.state {
        State::Established => tcb.enter(State::CloseWait, now, out),
        // Had our FIN been acknowledged, the fifth step would have entered FIN-WAIT-2.
        State::FinWait1 => tcb.enter(State::Closing, now, out),
        State::FinWait2 if skips_time_wait(out) => {
            crate::output::control::send_ack(tcb, now, out);
            tcb.end(None, now, out);
        }
        State::FinWait2 => {
            tcb.enter_time_wait(now, out);
            tcb.ack_now = true;
        }
        _ => {}
    }
}

#[cfg(feature = "planted-bugs")]
fn counts_fin(out: &Output) -> bool {
    out.config().planted_bug != Some(crate::PlantedBug::FinNotCounted)
}

#[cfg(not(feature = "planted-bugs"))]
fn counts_fin(_: &Output) -> bool {
    true
}

#[cfg(feature = "planted-bugs")]
fn skips_time_wait(out: &Output) -> bool {
    out.config().planted_bug == Some(crate::PlantedBug::TimeWaitSkipped)
}

#[cfg(not(feature = "planted-bugs"))]
fn skips_time_wait(_: &Output) -> bool {
    false
}
