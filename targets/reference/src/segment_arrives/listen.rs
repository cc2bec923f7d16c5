//! SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2).

use alloc::boxed::Box;

use super::Step;
use crate::listener::Listener;
use crate::output::{Output, control, segmentation};
use crate::rfc7413::Answer;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{ConnectionId, DropReason, Event, Instant, Seq, State};

/// First to fourth: RST, ACK, SYN, anything else. `Continue` if the SYN is to spawn a connection.
pub(crate) fn check(
    listener: &Listener,
    seg: &Segment<'_>,
    now: Instant,
    out: &mut Output,
) -> Step {
    if seg.flags.rst {
        out.dropped(Some(listener.id), DropReason::RstOutOfWindow, now);
        return Step::Done;
    }
    if seg.flags.ack {
        // Any acknowledgment is bad if it arrives on a connection still in LISTEN.
        out.dropped(Some(listener.id), DropReason::NoConnection, now);
        control::reply_rst(seg, out);
        return Step::Done;
    }
    let contradicts_itself = seg.flags.fin && out.config().drops_syn_with_fin;
    if !seg.flags.syn || contradicts_itself {
        out.dropped(Some(listener.id), DropReason::NoUse, now);
        return Step::Done;
    }
    if listener.is_full() {
        // No answer: the remote will try again.
        out.dropped(Some(listener.id), DropReason::BacklogFull, now);
        return Step::Done;
    }
    Step::Continue
}

/// Begins a connection: the SYN is answered with SYN-ACK.
pub(crate) fn spawn(
    listener: &Listener,
    (id, iss): (ConnectionId, Seq),
    fast_open: Answer,
    seg: &Segment<'_>,
    now: Instant,
    out: &mut Output,
) -> Box<Tcb> {
    let ends = (seg.local, seg.remote);
    let options = listener.options_of_spawned(out.config());
    let mut tcb = Tcb::new(id, ends, options, iss, out.config(), now);
    tcb.listener = Some(listener.id); // RFC 9293 MUST-11
    tcb.save_return_route(seg, out.config());
    tcb.state = State::Listen;
    tcb.accept_syn(seg, now);
    out.event(Event::Spawned {
        listener: listener.id,
        connection: id,
        at: now,
    });
    tcb.fast_open_reply = fast_open.cookie;
    if fast_open.takes_text {
        tcb.take_text_of_syn(seg, out.config());
    }
    tcb.enter(State::SynReceived, now, out);
    control::send_syn(&mut tcb, now, out);
    tcb.snd_nxt = iss.wrapping_add(1);
    tcb.rtt.sent(tcb.snd_nxt, now);
    tcb.last_sent = now;
    if !fast_open.takes_text && !fast_open.drops_text {
        super::hold_until_established(&mut tcb, seg, out.config());
    }
    segmentation::schedule(&mut tcb, now, out);
    tcb
}
