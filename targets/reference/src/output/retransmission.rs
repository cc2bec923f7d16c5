//! Sending again: the head of what is unacknowledged, and after a timeout all of it in its turn.

use super::{Output, control, segmentation};
use crate::tcb::Tcb;
use crate::{Instant, Seq};

/// Sends the segment at SND.UNA again: the SYN, text, or the FIN.
pub(crate) fn retransmit_head(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.flight_size() == 0 {
        return;
    }
    if tcb.syn_is_unacked() {
        note(tcb, now);
        control::send_syn(tcb, now, out);
        return;
    }
    // RFC 7323 section 2.4: the first retransmission disregards a window that was taken back, later ones
    // keep to it (RFC 9293 SHLD-16, MAY-7); one octet always leaves.
    let limit = if tcb.retransmissions <= 1 {
        usize::MAX
    } else {
        (tcb.snd_wnd as usize).max(1)
    };
    let _ = retransmit_at(tcb, tcb.snd_una, limit, now, out);
}

/// Sends up to `limit` octets from `seq` on again; where the next would begin.
pub(crate) fn retransmit_at(
    tcb: &mut Tcb,
    seq: Seq,
    limit: usize,
    now: Instant,
    out: &mut Output,
) -> Seq {
    let text_end = tcb.fin_sent.unwrap_or(tcb.snd_nxt);
    let room = segmentation::text_room(tcb, now, out.config());
    let len = text_end.octets_since(seq).min(room).min(limit);
    let fin = tcb.fin_sent == Some(seq.plus(len)) && len < limit.max(1);
    note(tcb, now);
    segmentation::send_text(tcb, seq, len, fin, now, out);
    seq.plus(len).wrapping_add(u32::from(fin))
}

/// After a timeout: goes on with what is taken for lost, as far as the windows allow.
pub(super) fn resume(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.snd_wnd == 0 {
        return; // probing has taken over
    }
    while let Some(next) = tcb.retransmit_next.map(|next| next.max(tcb.snd_una)) {
        if next.at_or_after(tcb.snd_nxt) {
            tcb.retransmit_next = None;
            return;
        }
        let sent_again = next.octets_since(tcb.snd_una);
        let room = segmentation::text_room(tcb, now, out.config());
        let wanted = tcb.snd_nxt.octets_since(next).min(room);
        let head = sent_again == 0;
        if !head && sent_again + wanted > tcb.congestion.cwnd() {
            tcb.retransmit_next = Some(next);
            return;
        }
        let window = (tcb.snd_wnd as usize).saturating_sub(sent_again);
        let limit = match (head, tcb.retransmissions) {
            (true, 0 | 1) => usize::MAX,
            (true, _) => window.max(1),
            (false, _) => window,
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
fn note(tcb: &mut Tcb, now: Instant) {
    tcb.rtt.retransmitted();
    tcb.last_sent = now;
    tcb.total_retransmissions = tcb.total_retransmissions.saturating_add(1);
}
