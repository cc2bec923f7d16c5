//! SYN-RECEIVED after a passive OPEN, where it is a request and not a connection yet: of the remote's SYN no more is remembered than
//! the answer needs ([`crate::Config::brief_requests`]).

use super::{Step, is_in_window, syn_sent};
use crate::output::{Output, control, segmentation};
use crate::rfc7323::Verdict;
use crate::segment::{Flags, Segment};
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{DropReason, Instant, State, rfc5961, rfc9768};

/// Whether the connection is such a request.
pub(crate) fn is_one(tcb: &Tcb, out: &Output) -> bool {
    let is_passive = tcb.listener.is_some() && !tcb.fast_open;
    tcb.state == State::SynReceived && is_passive && out.config().brief_requests
}

/// The SYN again, SEG.ACK, SEG.SEQ, RST, SYN, in this order; `Continue` if the segment makes a connection of the request.
#[cold]
pub(crate) fn check(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    let stamps = tcb.timestamps.as_ref();
    let is_old = stamps.is_some_and(|stamps| stamps.check(seg, 0, now) == Verdict::Old);
    let Flags { syn, ack, rst, .. } = seg.flags;
    let is_first_syn = syn && seg.seq == tcb.irs;
    if rfc9768::syn_again(tcb, seg).is_some() {
        return Step::Continue; // the first step knows what to answer
    }
    if is_first_syn && !ack && !rst && !is_old {
        if out.admit_challenge(now) {
            control::send_syn(tcb, now, out);
            let rto = at_least(tcb.rtt.rto());
            tcb.timers.set(Timer::Retransmission, now.after(rto));
        }
        return Step::Done;
    }
    if ack && !rst && seg.ack != tcb.iss.wrapping_add(1) {
        out.dropped(Some(tcb.id), DropReason::AckOutOfRange, now);
        control::reply_rst(seg, out);
        return Step::Done;
    }
    let echo_is_wrong = ack && syn_sent::echoes_another_syn(tcb, seg, now);
    if is_old || echo_is_wrong || !is_in_window(seg, tcb.rcv_nxt, tcb.rcv_adv) {
        out.dropped(Some(tcb.id), DropReason::OutOfWindow, now);
        if !rst && out.admit_challenge(now) {
            control::send_ack(tcb, now, out);
        }
        segmentation::schedule(tcb, now, out);
        return Step::Done;
    }
    if rst && seg.seq != tcb.rcv_nxt {
        out.dropped(Some(tcb.id), DropReason::RstNotExact, now);
        rfc5961::challenge(tcb, now, out);
        segmentation::schedule(tcb, now, out);
        return Step::Done;
    }
    if rst || (syn && !is_first_syn) {
        if !rst {
            out.dropped(Some(tcb.id), DropReason::SynOnConnection, now);
            control::reply_rst(seg, out);
        }
        tcb.enter(State::Listen, now, out);
        return Step::Done;
    }
    if !ack {
        out.dropped(Some(tcb.id), DropReason::NoAck, now);
        return Step::Done;
    }
    Step::Continue
}
