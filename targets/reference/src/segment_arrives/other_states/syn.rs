//! Fourth: check the SYN bit (RFC 9293 section 3.10.7.4, RFC 5961 section 4.2).

use super::Step;
use crate::output::Output;
use crate::rfc5961;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{DropReason, Instant, State};

/// A SYN inside of a connection draws a challenge ACK; a passive OPEN in SYN-RECEIVED starts anew.
///
/// What reopens a connection in TIME-WAIT (RFC 9293 MAY-2) was handed to a listener before the first step.
#[inline]
pub(super) fn step(tcb: &mut Tcb, seg: &mut Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if !seg.flags.syn {
        return Step::Continue;
    }
    out.dropped(Some(tcb.id), DropReason::SynOnConnection, now);
    if tcb.state == State::SynReceived && tcb.listener.is_some() && !tcb.fast_open {
        tcb.enter(State::Listen, now, out);
    } else {
        rfc5961::challenge_syn(tcb, seg, now, out);
    }
    Step::Done
}
