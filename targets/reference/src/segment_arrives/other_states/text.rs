//! Seventh: process the segment text (RFC 9293 section 3.10.7.4).

use super::Step;
use crate::output::{Output, control};
use crate::segment::Segment;
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{ConnectionError, DropReason, Instant};

/// Text in order goes to the user, text beyond a gap is held, and both are acknowledged.
pub(super) fn step(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    let is_strict = out.config().resets_text_after_fin;
    let goes_on = seg.arrived_text > seg.text.len() && !seg.text.is_empty();
    if is_strict && goes_on && tcb.end_of_stream {
        control::send_rst(tcb, seg.ack, now, out);
        tcb.end(Some(ConnectionError::Reset), now, out);
        return Step::Done;
    }
    if !tcb.state.takes_text() {
        if !seg.text.is_empty() {
            // After the remote's FIN there can be none; ignore it.
            out.dropped(Some(tcb.id), DropReason::TextNotTaken, now);
        }
        return Step::Continue;
    }
    let text = before_fin(tcb, seg);
    let has_text = seg.flags.fin || seg.arrived_text > 0;
    let leaves_gap = has_text && seg.seq.after(tcb.rcv_nxt);
    if tcb.released && (!text.is_empty() || (is_strict && leaves_gap)) {
        // RFC 9293 SHLD-3: nobody will ever read it, and the remote has to know.
        out.dropped(Some(tcb.id), DropReason::TextNotTaken, now);
        control::send_rst(tcb, seg.ack, now, out);
        tcb.end(None, now, out);
        return Step::Done;
    }
    if !text.is_empty() {
        take(tcb, seg.seq, text, now, out);
    }
    // What came with the SYN has waited here for ESTABLISHED.
    let waiting = tcb.receive.take_contiguous(tcb.rcv_nxt);
    if waiting > 0 {
        advance(tcb, waiting);
        tcb.ack_now = true; // RFC 5681 section 4.2: at once when a gap is filled
    }
    Step::Continue
}

/// The text as far as the remote's FIN, if that is known already.
fn before_fin<'a>(tcb: &Tcb, seg: &Segment<'a>) -> &'a [u8] {
    match tcb.remote_fin {
        Some(fin) => seg
            .text
            .get(..fin.octets_since(seg.seq))
            .unwrap_or(seg.text),
        None => seg.text,
    }
}

fn take(tcb: &mut Tcb, seg_seq: crate::Seq, text: &[u8], now: Instant, out: &mut Output) {
    tcb.last_text_at = Some(now);
    tcb.largest_text = tcb.largest_text.max(text.len());
    if seg_seq == tcb.rcv_nxt {
        let fills_gap = !tcb.receive.held().is_empty();
        deliver(tcb, text);
        tcb.unacked_text += text.len();
        acknowledge_later(tcb, fills_gap, now, out);
    } else {
        if let Some((first, octets)) = tcb.receive.held().held_part(seg_seq, text.len()) {
            tcb.note_duplicate(first, octets);
        }
        // RFC 9293 SHLD-31, MAY-13; RFC 5681 section 4.2: a duplicate ACK at once.
        let max_gaps = out.config().max_reassembly_gaps;
        if !tcb.receive.hold(tcb.rcv_nxt, seg_seq, text, max_gaps) {
            out.dropped(Some(tcb.id), DropReason::TextNotTaken, now);
        }
        if let Some(most) = out.config().remembered_islands {
            tcb.receive.forget_beyond(most);
        }
        tcb.ack_now = true;
    }
}

/// Hands text to the user.
fn deliver(tcb: &mut Tcb, text: &[u8]) {
    tcb.receive.append(text);
    advance(tcb, text.len());
}

/// Moves RCV.NXT over text that is in order now.
fn advance(tcb: &mut Tcb, octets: usize) {
    tcb.rcv_nxt = tcb.rcv_nxt.plus(octets);
    tcb.octets_received = tcb.octets_received.saturating_add(octets as u64);
}

/// Delayed ACKs (RFC 9293 SHLD-18): for every second full segment at least (SHLD-19), MUST-40: within 500 ms.
fn acknowledge_later(tcb: &mut Tcb, fills_gap: bool, now: Instant, out: &Output) {
    let config = out.config();
    let waits_for_reader = tcb.largest_text < config.ack_waits_for_reader.unwrap_or(0);
    let enough = tcb.owes_acknowledgment(config) && !waits_for_reader;
    match config.delayed_ack {
        Some(delay)
            if !delay.is_zero()
                && !fills_gap
                && !tcb.options.quick_ack
                && tcb.quick_acks == 0
                && !enough =>
        {
            tcb.timers
                .start(Timer::DelayedAck, || now.after(at_least(delay)));
        }
        _ => tcb.ack_now = true,
    }
}
