//! Fifth: check the ACK field (RFC 9293 section 3.10.7.4, RFC 5961 section 5).

use super::Step;
use crate::congestion::Growth;
use crate::output::{Output, control, retransmission};
use crate::rfc6582::Advice;
use crate::rfc6675::Delivery;
use crate::segment::Segment;
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{Config, DropReason, Instant, State, recovery, rfc2883, rfc3168, rfc4015, rfc5961};

/// Takes in SEG.ACK and SEG.WND, and what they mean for the state.
pub(super) fn step(tcb: &mut Tcb, seg: &mut Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if !seg.flags.ack {
        out.dropped(Some(tcb.id), DropReason::NoAck, now);
        return Step::Done;
    }
    if tcb.state == State::SynReceived && syn_received(tcb, seg, now, out) == Step::Done {
        return Step::Done;
    }
    // RFC 9293 MAY-12, after which test, discard and ACK are a MUST.
    if !rfc5961::ack_is_in_range(tcb, seg.ack, out.config()) {
        out.dropped(Some(tcb.id), DropReason::AckOutOfRange, now);
        rfc5961::challenge(tcb, now, out);
        return Step::Done;
    }
    // Not before SEG.SEQ and SEG.ACK were found good: whoever guesses at them must not divert the connection.
    if seg.route.is_some() && out.config().later_routes_replace {
        tcb.save_return_route(seg, out.config()); // RFC 9293 SHLD-24
    }
    acknowledge(tcb, seg, now, out);
    after_acknowledgment(tcb, now, out)
}

/// SYN-RECEIVED: the ACK of our SYN establishes the connection, any other is answered with RST.
#[cold]
fn syn_received(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    let seg_ack = seg.ack;
    if !(seg_ack.after(tcb.snd_una) && seg_ack.before_or_at(tcb.snd_nxt)) {
        out.dropped(Some(tcb.id), DropReason::AckOutOfRange, now);
        control::reply_rst(seg, out);
        return Step::Done;
    }
    tcb.snd_wnd = tcb.window_of(seg);
    tcb.max_snd_wnd = tcb.max_snd_wnd.max(tcb.snd_wnd);
    tcb.snd_wl1 = seg.seq;
    tcb.snd_wl2 = seg_ack;
    tcb.enter(State::Established, now, out);
    tcb.schedule_keep_alive();
    if tcb.fin_queued {
        // A CLOSE was queued for processing after entering ESTABLISHED (RFC 9293 section 3.10.4).
        tcb.enter(State::FinWait1, now, out);
    }
    Step::Continue
}

/// What ESTABLISHED does with an ACK, and every later state too.
fn acknowledge(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    let duplicate = is_duplicate(tcb, seg);
    let was_closed = tcb.snd_wnd == 0;
    let advanced = seg.ack.after(tcb.snd_una);
    let before = tcb.snd_una;
    let mut delivery = Delivery::default();
    let acked = if advanced {
        advance(tcb, seg, &mut delivery, now, out)
    } else {
        0
    };
    let advance = before.distance_to(tcb.snd_una);
    update_window(tcb, seg, advance, out.config());
    // RFC 9293 MUST-37: whoever answers probes is alive, however long the window stays closed.
    tcb.unanswered_probes = 0;
    if was_closed && tcb.snd_wnd == 0 {
        tcb.note_progress(now);
    }
    if was_closed && tcb.snd_wnd > 0 && tcb.probes > 0 {
        tcb.take_for_lost(); // the probe's octet was refused
    }
    if tcb.is_selective() {
        selective(
            tcb,
            seg,
            (acked, duplicate),
            &mut delivery,
            now,
            out.config(),
        );
    } else if duplicate {
        let smss = tcb.smss(out.config());
        let before = tcb.congestion.figures();
        let (snd_una, snd_nxt) = (tcb.snd_una, tcb.snd_nxt);
        let advice = tcb
            .recovery
            .duplicate_ack(snd_una, snd_nxt, smss, &mut tcb.congestion);
        if advice == Advice::RetransmitHead {
            tcb.undo = None;
            tcb.remember_window(before);
        }
        follow(advice, tcb, now, out);
    }
    rfc3168::acknowledgment_arrives(tcb, seg);
}

/// RFC 6675 section 5: what the SACK blocks and SEG.ACK say together.
fn selective(
    tcb: &mut Tcb,
    seg: &Segment<'_>,
    (acked, duplicate): (usize, bool),
    delivery: &mut Delivery,
    now: Instant,
    config: &Config,
) {
    let blocks = &seg.options.sack;
    let before = delivery.segments;
    let nothing_is_out = before == 0 && tcb.flight_size() == 0;
    if nothing_is_out && blocks.len() == 0 {
        return; // as in all that a mere receiver gets
    }
    tcb.scoreboard
        .sack(blocks, tcb.snd_una, config.whole_segment_sacks, delivery);
    let sacked = delivery.segments - before;
    tcb.segments_delivered = tcb.segments_delivered.saturating_add(sacked as u64);
    let duplicate_text = rfc2883::find(blocks, seg.ack);
    // RFC 6675 section 2: a duplicate ACK brings news. One without any block counts as without SACK.
    let duplicate = delivery.sacked > 0 || (duplicate && blocks.len() == 0);
    let ack = recovery::Ack {
        delivery,
        acked,
        duplicate: duplicate && duplicate_text.is_none(),
        duplicate_text,
        echo: tcb
            .timestamps
            .and(seg.options.timestamps)
            .map(|stamps| stamps.ecr),
    };
    recovery::acknowledged(tcb, &ack, now, config);
    recovery::probe_for_tail(tcb, &ack, now, config);
}

/// SND.UNA < SEG.ACK: something new was acknowledged; how many octets of text.
fn advance(
    tcb: &mut Tcb,
    seg: &Segment<'_>,
    delivery: &mut Delivery,
    now: Instant,
    out: &mut Output,
) -> usize {
    let (seg_ack, snd_nxt, before) = (seg.ack, tcb.snd_nxt, tcb.snd_una);
    let echoed = tcb
        .timestamps
        .as_ref()
        .and_then(|stamps| stamps.echoed_age(seg, tcb.opened_at, now));
    tcb.rtt.acknowledged(seg_ack, snd_nxt, now, echoed);
    if tcb.syn_is_unacked() {
        tcb.begin_transfer(out.config());
    }
    tcb.snd_una = seg_ack;
    let acked = tcb.send.acknowledge(seg_ack);
    tcb.scoreboard.acknowledge(seg_ack, delivery);
    let segments = delivery.segments as u64;
    tcb.segments_delivered = tcb.segments_delivered.saturating_add(segments);
    rfc4015::echo_arrives(tcb, seg);
    tcb.octets_acked = tcb.octets_acked.saturating_add(acked as u64);
    tcb.retransmissions = 0;
    tcb.awaits_acknowledgment = false;
    tcb.soft_error = None;
    tcb.snd_up = tcb.snd_up.filter(|snd_up| snd_up.after(seg_ack));
    if tcb.is_selective() {
        tcb.timers
            .set(Timer::Retransmission, now.after(at_least(tcb.rtt.rto()))); // RFC 6298 rule 5.3
    } else {
        // RFC 5681 section 3.1: the handshake, whose ACK brings no octet, does not enlarge cwnd.
        let growth = Growth {
            acked: match tcb.recovery.dup_acks as usize {
                // Every duplicate ACK told of a segment that arrived; one at least filled the hole.
                dup_acks if out.config().grows_by_delivery => {
                    let smss = tcb.smss(out.config());
                    acked.saturating_sub(dup_acks * smss).max(smss.min(acked))
                }
                _ => acked,
            },
            now,
            srtt: tcb.rtt.srtt(),
            rtt: delivery
                .newest
                .filter(|newest| !newest.resent)
                .map(|newest| now.since(newest.sent_at)),
            snd_una: seg_ack,
            snd_nxt,
            flight_size: seg_ack.octets_since(before) + tcb.flight_size(),
            window_use: tcb.window_use,
        };
        let smss = tcb.smss(out.config());
        let (advice, restart) =
            tcb.recovery
                .new_ack(seg_ack, snd_nxt, smss, &growth, &mut tcb.congestion);
        if restart || out.config().partial_acks_restart_timer {
            tcb.timers
                .set(Timer::Retransmission, now.after(at_least(tcb.rtt.rto()))); // RFC 6298 rule 5.3
        }
        follow(advice, tcb, now, out);
    }
    tcb.note_progress(now);
    acked
}

fn follow(advice: Advice, tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if advice == Advice::RetransmitHead && tcb.snd_wnd > 0 {
        retransmission::retransmit_head(tcb, now, out);
    }
}

/// RFC 5681 section 2: nothing but the acknowledgment itself, of text that is out.
fn is_duplicate(tcb: &Tcb, seg: &Segment<'_>) -> bool {
    seg.ack == tcb.snd_una
        && tcb.flight_size() > 0
        && tcb.snd_wnd > 0
        && seg.arrived_text == 0
        && !seg.flags.fin
        && tcb.window_of(seg) == tcb.snd_wnd
}

/// SND.WND follows the newest segment: SND.WL1 and SND.WL2 say which that is.
///
/// What an older segment acknowledges, `advance` octets, is taken off the window: its right edge stays where the newest had it.
fn update_window(tcb: &mut Tcb, seg: &Segment<'_>, advance: u32, config: &Config) {
    let (seg_seq, seg_ack) = (seg.seq, seg.ack);
    let is_newer = tcb.snd_wl1.before(seg_seq)
        || (tcb.snd_wl1 == seg_seq && tcb.snd_wl2.before_or_at(seg_ack))
        || (advance > 0 && config.new_acks_update_window);
    if seg_ack.at_or_after(tcb.snd_una) && is_newer {
        // RFC 7323 section 2.3: scaled by the remote's shift. RFC 9293 MUST-1: unsigned.
        tcb.snd_wnd = tcb.window_of(seg);
        tcb.max_snd_wnd = tcb.max_snd_wnd.max(tcb.snd_wnd);
        tcb.snd_wl1 = seg_seq;
        tcb.snd_wl2 = seg_ack;
    } else {
        tcb.snd_wnd = tcb.snd_wnd.saturating_sub(advance);
    }
}

/// What the acknowledgment of our FIN does.
fn after_acknowledgment(tcb: &mut Tcb, now: Instant, out: &mut Output) -> Step {
    if !tcb.fin_is_acked() {
        // CLOSING and LAST-ACK ignore a segment that does not acknowledge the FIN.
        let ignored = matches!(tcb.state, State::Closing | State::LastAck)
            && !out.config().resets_text_after_fin;
        return if ignored { Step::Done } else { Step::Continue };
    }
    match tcb.state {
        State::FinWait1 => {
            tcb.enter(State::FinWait2, now, out);
            crate::timeout::fin_wait_2::schedule(tcb, now);
            Step::Continue
        }
        State::Closing => {
            tcb.enter_time_wait(now, out);
            Step::Done
        }
        State::LastAck => {
            tcb.end(None, now, out);
            Step::Done
        }
        _ => Step::Continue,
    }
}
