//! First: check the sequence number, after the timestamp (RFC 7323 section 5.3).

use super::{Step, rst};
use crate::output::{Output, control};
use crate::rfc3168;
use crate::rfc5961;
use crate::rfc7323::Verdict;
use crate::rfc9768::{self, SynAgain};
use crate::segment::{Flags, Segment};
use crate::tcb::Tcb;
use crate::{DropReason, Instant, State};

/// Drops what lies outside of the window; cuts off what is old and what is beyond.
pub(super) fn step(tcb: &mut Tcb, seg: &mut Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if says_nothing(tcb, seg, out) {
        out.dropped(Some(tcb.id), DropReason::NoAck, now);
        return Step::Done;
    }
    tcb.last_heard = now;
    tcb.keep_alive_probes = 0;
    match rfc9768::syn_again(tcb, seg) {
        Some(SynAgain::SynAck) => {
            control::send_syn(tcb, now, out);
            return Step::Done;
        }
        Some(SynAgain::Reset) => {
            control::send_rst(tcb, tcb.snd_nxt, now, out);
            tcb.enter(State::Listen, now, out);
            return Step::Done;
        }
        None => {}
    }
    match tcb.timestamps.as_ref().map_or(Verdict::Good, |stamps| {
        stamps.check(seg, out.config().paws_slack, now)
    }) {
        Verdict::Good => {}
        Verdict::Missing if out.config().takes_missing_timestamps => {}
        Verdict::Missing => {
            out.dropped(Some(tcb.id), DropReason::MissingTimestamp, now);
            return Step::Done;
        }
        Verdict::Old => {
            out.dropped(Some(tcb.id), DropReason::Paws, now);
            tcb.ack_now = true;
            return Step::Done;
        }
    }
    if crossed_syn_ack(tcb, seg) {
        // RFC 9293 figure 7: the SYN-ACK of a simultaneous open repeats the remote's SYN; its ACK counts.
        if out.config().duplicate_syn_is_reported {
            tcb.note_duplicate(seg.seq, 1);
        }
        seg.flags.syn = false;
        seg.flags.fin = false;
        seg.seq = tcb.rcv_nxt;
        seg.text = &[];
        tcb.ack_now = true;
        return Step::Continue;
    }
    let is_acceptable = if out.config().lenient_edges {
        is_acceptable_leniently(tcb, seg)
    } else {
        is_acceptable(tcb, seg)
    };
    if !is_acceptable {
        return unacceptable(tcb, seg, now, out);
    }
    let last_ack_sent = tcb.last_ack_sent;
    if let Some(stamps) = tcb.timestamps.as_mut() {
        stamps.update(seg, last_ack_sent, now);
    }
    if !seg.flags.rst && !seg.flags.syn {
        rfc3168::segment_arrives(tcb, seg);
        trim(tcb, seg);
    }
    Step::Continue
}

/// The four cases of RFC 9293 section 3.10.7.4.
fn is_acceptable(tcb: &Tcb, seg: &Segment<'_>) -> bool {
    let (seg_seq, seg_len) = (seg.seq, seg.len());
    let (rcv_nxt, rcv_wnd) = (tcb.rcv_nxt, tcb.rcv_wnd());
    if seg.flags.rst {
        // RFC 5961 section 3.2 looks at SEG.SEQ alone, whatever text comes along (RFC 9293 SHLD-2).
        return seg_seq.within(rcv_nxt, rcv_wnd);
    }
    match (seg_len, rcv_wnd) {
        (0, 0) => seg_seq == rcv_nxt,
        (0, _) => seg_seq.within(rcv_nxt, rcv_wnd),
        // RFC 9293 MUST-66: no text is taken, but ACK and URG at RCV.NXT count.
        (_, 0) => seg_seq == rcv_nxt,
        (_, _) => {
            let last = seg_seq.wrapping_add(seg_len).wrapping_sub(1);
            seg_seq.within(rcv_nxt, rcv_wnd) || last.within(rcv_nxt, rcv_wnd)
        }
    }
}

/// Where edges are taken leniently: neither all old nor all new, and a FIN takes no room.
fn is_acceptable_leniently(tcb: &Tcb, seg: &Segment<'_>) -> bool {
    let end = seg.seq.wrapping_add(seg.len());
    if end.before(tcb.last_ack_sent) || seg.seq.after(tcb.rcv_adv) {
        return false;
    }
    let text_end = end.wrapping_sub(u32::from(seg.flags.fin));
    let is_read = tcb.receive.is_empty() && !tcb.end_of_stream;
    is_read || text_end.before_or_at(tcb.rcv_adv)
}

/// Without ACK, RST and SYN there is nothing that a synchronized state has a use for, where that counts first.
fn says_nothing(tcb: &Tcb, seg: &Segment<'_>, out: &Output) -> bool {
    let Flags { ack, rst, syn, .. } = seg.flags;
    let passive = tcb.state == State::SynReceived && tcb.listener.is_some();
    let has_text_to_come = tcb.state != State::TimeWait && !passive;
    out.config().drops_unacknowledging_first && has_text_to_come && !(ack || rst || syn)
}

/// Leaves of the segment what lies in the window: text before RCV.NXT, or beyond the right edge, goes.
///
/// The remote is told at once that it did not know what had come, or sent too much; after its FIN, when no text can follow and
/// all is ignored, it is not.
pub(crate) fn trim(tcb: &mut Tcb, seg: &mut Segment<'_>) {
    let takes_text = tcb.state.takes_text() || !tcb.state.is_synchronized();
    let old = tcb.rcv_nxt.octets_since(seg.seq);
    if old > 0 {
        tcb.ack_now |= takes_text || tcb.lenient_edges;
        tcb.note_duplicate(seg.seq, old.min(seg.text.len()));
        if old > seg.text.len() {
            seg.flags.fin = false;
        }
        seg.text = seg.text.get(old..).unwrap_or_default();
        seg.seq = tcb.rcv_nxt;
    }
    let room = tcb.rcv_adv.octets_since(seg.seq);
    let fin_fits = seg.text.len() <= room && tcb.lenient_edges;
    if seg.len() as usize > room && !fin_fits {
        tcb.ack_now |= takes_text;
        seg.flags.fin = false;
        seg.text = seg.text.get(..room).unwrap_or(seg.text);
    }
}

/// In a simultaneous open: the remote's SYN again, this time with an ACK of ours.
fn crossed_syn_ack(tcb: &Tcb, seg: &Segment<'_>) -> bool {
    let flags = seg.flags;
    tcb.state == State::SynReceived
        && tcb.listener.is_none()
        && flags.syn
        && flags.ack
        && !flags.rst
        && seg.seq == tcb.irs
        && seg.ack.after(tcb.snd_una)
        && seg.ack.before_or_at(tcb.snd_nxt)
}

#[cold]
fn unacceptable(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if seg.flags.rst && rst::is_exact(tcb, seg, out.config()) {
        return Step::Continue; // RFC 9293 MUST-66: with a closed window, too
    }
    if seg.flags.rst {
        out.dropped(Some(tcb.id), DropReason::RstOutOfWindow, now);
        return Step::Done;
    }
    out.dropped(Some(tcb.id), DropReason::OutOfWindow, now);
    if seg.flags.syn && tcb.state.is_synchronized() {
        rfc5961::challenge_syn(tcb, seg, now, out);
        return Step::Done;
    }
    if seg.len() == 0 && !rfc5961::answers_unacceptable_ack(tcb, now, out.config()) {
        return Step::Done;
    }
    tcb.ack_now = true;
    if seg.fin_seq().before_or_at(tcb.rcv_nxt) {
        tcb.note_duplicate(seg.text_seq(), seg.text.len());
    }
    let is_remote_fin = seg.flags.fin && seg.fin_seq().wrapping_add(1) == tcb.rcv_nxt;
    if tcb.state == State::TimeWait && is_remote_fin {
        tcb.restart_time_wait(now, out.config()); // the remote did not get our ACK
    }
    Step::Done
}
