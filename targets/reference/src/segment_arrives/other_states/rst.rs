//! Second: check the RST bit (RFC 9293 section 3.10.7.4, RFC 5961 section 3.2).

use super::Step;
use crate::output::Output;
use crate::rfc5961;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Config, ConnectionError, DropReason, Instant, State};

/// An exact RST ends the connection; any other in the window draws a challenge ACK.
#[inline]
pub(super) fn step(tcb: &mut Tcb, seg: &mut Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if !seg.flags.rst {
        return Step::Continue;
    }
    // The first step let only RSTs inside of the window pass.
    if !is_exact(tcb, seg, out.config()) && !in_window_suffices(out) {
        out.dropped(Some(tcb.id), DropReason::RstNotExact, now);
        rfc5961::challenge(tcb, now, out);
        return Step::Done;
    }
    match tcb.state {
        // RFC 7413: the user holds it already, or soon will.
        State::SynReceived if tcb.fast_open => tcb.end(Some(ConnectionError::Reset), now, out),
        State::SynReceived if tcb.listener.is_some() => {
            // A passive OPEN returns to LISTEN, and its user is not told.
            tcb.enter(State::Listen, now, out);
        }
        State::SynReceived if !out.config().resets_in_syn_received => {
            tcb.end(Some(ConnectionError::Refused), now, out);
        }
        State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait => {
            tcb.end(Some(ConnectionError::Reset), now, out); // RFC 9293 MUST-12
        }
        State::TimeWait if out.config().ignore_rst_in_time_wait => {
            out.dropped(Some(tcb.id), DropReason::RstNotExact, now); // RFC 1337
        }
        _ => tcb.end(None, now, out),
    }
    Step::Done
}

/// RFC 5961 section 3.2: at RCV.NXT.
pub(super) fn is_exact(tcb: &Tcb, seg: &Segment<'_>, config: &Config) -> bool {
    seg.seq == tcb.rcv_nxt || (config.takes_near_rsts && is_near(tcb, seg))
}

/// A remote may have forgotten its FIN, or count from what it knows to have arrived out of order.
fn is_near(tcb: &Tcb, seg: &Segment<'_>) -> bool {
    let before_fin = tcb.end_of_stream
        && seg.seq == tcb.rcv_nxt.wrapping_sub(1)
        && matches!(
            tcb.state,
            State::CloseWait | State::Closing | State::LastAck
        );
    before_fin || (tcb.offer.sack && tcb.receive.held().right_edge() == Some(seg.seq))
}

#[cfg(feature = "planted-bugs")]
fn in_window_suffices(out: &Output) -> bool {
    out.config().planted_bug == Some(crate::PlantedBug::AcceptsRstInWindow)
}

#[cfg(not(feature = "planted-bugs"))]
fn in_window_suffices(_: &Output) -> bool {
    false
}
