//! Sending again: the head of what is unacknowledged, what the scoreboard takes for lost, and after a
//! timeout without SACK all of it in its turn.

use super::segmentation::Plan;
use super::{Output, control, segmentation};
use crate::recovery::Phase;
use crate::rfc5682::Step;
use crate::tcb::Tcb;
use crate::{Instant, Seq};

/// Sends the segment at SND.UNA again: the SYN, text, or the FIN.
pub(crate) fn retransmit_head(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.flight_size() == 0 {
        return;
    }
    if tcb.syn_is_unacked() {
        note(tcb, now, out);
        control::send_syn(tcb, now, out);
        return;
    }
    let limit = head_limit(tcb, out);
    let _ = retransmit_at(tcb, tcb.snd_una, limit, now, out);
}

/// Octets that may leave again from SND.UNA on.
///
/// RFC 7323 section 2.4: the first retransmission disregards a window that was taken back, later ones keep to it (RFC 9293 SHLD-16,
/// MAY-7); one octet always leaves.
fn head_limit(tcb: &Tcb, out: &Output) -> usize {
    if out.config().retransmissions_keep_to_window || tcb.retransmissions > 1 {
        (tcb.snd_wnd as usize).max(1)
    } else {
        usize::MAX
    }
}

/// Sends the last segment again, or as much of its end as fits (RFC 8985 section 7.3); whether there was one.
pub(super) fn resend_tail(tcb: &mut Tcb, now: Instant, out: &mut Output) -> bool {
    let Some((start, end)) = tcb.scoreboard.tail() else {
        return false;
    };
    let room = segmentation::text_room(tcb, now, out.config());
    let text_end = tcb.fin_sent.map_or(end, |fin| fin.min(end));
    let excess = text_end.octets_since(start).saturating_sub(room);
    let start = start.plus(excess);
    retransmit_at(tcb, start, end.octets_since(start), now, out) != start
}

/// Sends the first `limit` octets again, or the first segment, into a closed window (RFC 9293 MUST-36).
pub(super) fn probe(tcb: &mut Tcb, limit: usize, now: Instant, out: &mut Output) {
    // The remote need not take it: nothing follows for what is out.
    let _ = send_again(tcb, tcb.snd_una, limit, now, out);
}

/// Sends up to `limit` octets from `seq` on again; where the next would begin.
fn retransmit_at(tcb: &mut Tcb, seq: Seq, limit: usize, now: Instant, out: &mut Output) -> Seq {
    let end = send_again(tcb, seq, limit, now, out);
    tcb.scoreboard.resent(seq, end, now);
    tcb.recovery.sent(end.octets_since(seq));
    end
}

fn send_again(tcb: &mut Tcb, seq: Seq, limit: usize, now: Instant, out: &mut Output) -> Seq {
    let text_end = tcb.fin_sent.unwrap_or(tcb.snd_nxt);
    let room = segmentation::text_room(tcb, now, out.config());
    let record = tcb.record_left(seq).unwrap_or(usize::MAX);
    let len = text_end.octets_since(seq).min(room).min(limit).min(record);
    let fin = tcb.fin_sent == Some(seq.plus(len)) && len < limit.max(1);
    note(tcb, now, out);
    let options = tcb.segment_options(now);
    segmentation::send_text(tcb, seq, Plan { len, fin }, &options, out);
    seq.plus(len).wrapping_add(u32::from(fin))
}

/// Sends what is taken for lost, as far as the windows allow.
#[inline]
pub(super) fn resend(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.snd_wnd == 0 {
        return; // probing has taken over
    }
    if tcb.is_selective() {
        if tcb.recovery.frto == Some(Step::Second) {
            return; // RFC 5682 section 3.1 step 2: something new instead
        }
        resend_lost(tcb, now, out);
    } else {
        resume(tcb, now, out);
    }
}

/// RFC 6675 section 4, NextSeg rule 1: the holes that the scoreboard shows.
fn resend_lost(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let mut whatever_cwnd = core::mem::take(&mut tcb.recovery.fast_retransmit); // section 5, step 4.3
    // What left as one burst leaves as one again.
    let (mut segments, mut end) = (0, None);
    while tcb.scoreboard.has_lost() {
        let room = segmentation::text_room(tcb, now, out.config());
        let Some((seq, length)) = tcb.scoreboard.next_lost(room) else {
            break;
        };
        let usable = segmentation::usable_congestion_window(tcb, out.config());
        let may_leave = core::mem::take(&mut whatever_cwnd) || tcb.scoreboard.pipe() == 0;
        if !may_leave && usable < length.min(room) {
            break;
        }
        if end != Some(seq) || !tcb.scoreboard.is_joined(seq) {
            segmentation::end_burst(segments, out);
            segments = 0;
        }
        if !resend_hole(tcb, seq, length, now, out) {
            break;
        }
        segments += 1;
        end = Some(seq.plus(length));
    }
    segmentation::end_burst(segments, out);
}

/// Sends one hole again, or as much of it as fits; whether anything left.
fn resend_hole(tcb: &mut Tcb, seq: Seq, length: usize, now: Instant, out: &mut Output) -> bool {
    let limit = if seq == tcb.snd_una {
        head_limit(tcb, out)
    } else {
        tcb.snd_una.wrapping_add(tcb.snd_wnd).octets_since(seq)
    };
    let mut length = length;
    if seq.plus(length) == tcb.snd_nxt {
        segmentation::take_along(tcb, seq, now, out);
        length = tcb.snd_nxt.octets_since(seq);
    }
    limit > 0 && retransmit_at(tcb, seq, length.min(limit), now, out) != seq
}

/// RFC 6675 section 4, NextSeg rules 3 and 4: nothing is lost and nothing new can leave, but recovery goes on.
#[inline]
pub(super) fn resend_more(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let by_count = tcb.is_selective() && !out.config().rack;
    if !by_count || tcb.recovery.phase != Phase::Recovery || tcb.snd_wnd == 0 {
        return;
    }
    while !tcb.has_lost() {
        let smss = tcb.smss(out.config());
        if segmentation::usable_congestion_window(tcb, out.config()) < smss {
            return;
        }
        let mut hole = tcb.scoreboard.next_hole();
        if hole.is_none() && out.config().rescues_tail {
            hole = tcb.scoreboard.rescue(tcb.snd_una, tcb.recovery.recover);
        }
        let Some((seq, length)) = hole else {
            return;
        };
        if !resend_hole(tcb, seq, length, now, out) {
            return;
        }
    }
}

/// After a timeout without SACK: goes on with what is taken for lost.
fn resume(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    while let Some(next) = tcb.retransmit_next.map(|next| next.max(tcb.snd_una)) {
        if next.at_or_after(tcb.snd_nxt) {
            tcb.retransmit_next = None;
            return;
        }
        let sent_again = next.octets_since(tcb.snd_una);
        let room = segmentation::text_room(tcb, now, out.config());
        let wanted = tcb.snd_nxt.octets_since(next).min(room);
        let head = sent_again == 0;
        let is_full = tcb.awaits_acknowledgment || sent_again + wanted > tcb.congestion.cwnd();
        if !head && is_full {
            tcb.retransmit_next = Some(next);
            return;
        }
        let limit = if head {
            head_limit(tcb, out)
        } else {
            (tcb.snd_wnd as usize).saturating_sub(sent_again)
        };
        if limit == 0 {
            tcb.retransmit_next = Some(next);
            return;
        }
        segmentation::take_along(tcb, next, now, out);
        let after = retransmit_at(tcb, next, limit, now, out);
        tcb.retransmit_next = Some(after);
        if after == next {
            return; // nothing fits: the timer will see to it
        }
    }
}

/// Karn's algorithm: what goes out again gives no sample.
fn note(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    out.counters.leaves_again();
    tcb.rtt.retransmitted();
    tcb.note_resent(now);
    tcb.last_sent = now;
    tcb.total_retransmissions = tcb.total_retransmissions.saturating_add(1);
}
