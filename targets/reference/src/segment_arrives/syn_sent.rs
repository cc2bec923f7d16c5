//! SEGMENT ARRIVES in SYN-SENT (RFC 9293 section 3.10.7.3).

use core::time::Duration;

use super::other_states;
use super::{Step, hold_until_established};
use crate::output::{Output, control, segmentation};
use crate::rfc7413::Lesson;
use crate::segment::Segment;
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{ConnectionError, DropReason, Instant, State, rfc7323};

/// First ACK, second RST, (third security), fourth SYN, fifth anything else.
pub(crate) fn segment_arrives(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    let done = first_ack(tcb, seg, now, out) == Step::Done
        || second_rst(tcb, seg, now, out) == Step::Done
        || fourth_syn(tcb, seg, now, out) == Step::Done;
    if !done {
        out.dropped(Some(tcb.id), DropReason::NoUse, now);
    }
}

/// First: an ACK has to acknowledge our SYN.
fn first_ack(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    let seg_ack = seg.ack;
    let acceptable = seg_ack.after(tcb.snd_una) && seg_ack.before_or_at(tcb.snd_nxt);
    let echo_is_wrong = out.config().checks_echo_on_syn_ack && echoes_another_syn(tcb, seg, now);
    if !seg.flags.ack || (acceptable && !echo_is_wrong) {
        return Step::Continue;
    }
    if out.config().wrong_ack_repeats_syn && !acceptable && tcb.retransmissions == 0 {
        tcb.timers
            .set(Timer::Retransmission, now.after(at_least(Duration::ZERO)));
    }
    if seg.flags.rst {
        out.dropped(Some(tcb.id), DropReason::RstNotExact, now); // RFC 5961 section 3.2
    } else {
        out.dropped(Some(tcb.id), DropReason::AckOutOfRange, now);
        control::reply_rst(seg, out);
    }
    Step::Done
}

/// Whether the timestamp that comes back was in none of our SYNs.
pub(super) fn echoes_another_syn(tcb: &Tcb, seg: &Segment<'_>, now: Instant) -> bool {
    let echoed = seg.options.timestamps.map_or(0, |stamps| stamps.ecr);
    let clock = |at| rfc7323::clock(tcb.timestamp_offset, at);
    let since = |at| clock(at).wrapping_sub(echoed);
    // From the first SYN on until now.
    echoed != 0
        && tcb.offer.timestamps
        && since(now) > clock(now).wrapping_sub(clock(tcb.opened_at))
}

/// Second: a RST counts if it acknowledges our SYN.
fn second_rst(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if !seg.flags.rst {
        return Step::Continue;
    }
    if seg.flags.ack {
        tcb.end(Some(ConnectionError::Refused), now, out);
    } else {
        out.dropped(Some(tcb.id), DropReason::RstNotExact, now);
    }
    Step::Done
}

/// Fourth: SYN-ACK ends the handshake; SYN alone is a simultaneous open.
fn fourth_syn(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) -> Step {
    if !seg.flags.syn {
        return Step::Continue;
    }
    tcb.accept_syn(seg, now);
    if seg.flags.ack {
        established(tcb, seg, now, out);
    } else {
        simultaneous_open(tcb, seg, now, out);
    }
    Step::Done
}

fn established(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    let echoed = tcb
        .timestamps
        .as_ref()
        .and_then(|stamps| stamps.echoed_age(seg, tcb.opened_at, now));
    tcb.rtt.acknowledged(seg.ack, tcb.snd_nxt, now, echoed);
    tcb.snd_una = seg.ack;
    let sent_text = tcb.snd_nxt.after(tcb.iss.wrapping_add(1));
    if !tcb.fell_back && tcb.send.end().after(tcb.snd_nxt) {
        tcb.last_text_at = Some(now); // text waited for the handshake: the ends take turns
    }
    tcb.begin_transfer(out.config());
    tcb.settle_text_of_syn(seg);
    learn(tcb, seg, sent_text, out);
    tcb.last_heard = now;
    tcb.timers.stop_all();
    tcb.enter(State::Established, now, out);
    tcb.schedule_keep_alive();
    // The SYN is dealt with; what else the segment holds goes through the sixth to eighth step.
    tcb.ack_now = true;
    if !out.config().holds_text_of_syn && !tcb.fast_open_asked {
        segmentation::transmit(tcb, now, out);
        return;
    }
    let mut rest = *seg;
    rest.seq = tcb.rcv_nxt;
    rest.flags.syn = false;
    other_states::sequence::trim(tcb, &mut rest);
    other_states::sixth_to_eighth(tcb, &rest, now, out);
    segmentation::transmit(tcb, now, out);
}

/// What the SYN-ACK says about fast open (RFC 7413 section 4.1.3.1), also where the SYN had to be sent again: that it was lost
/// was only presumed.
fn learn(tcb: &mut Tcb, seg: &Segment<'_>, sent_text: bool, out: &Output) {
    if !tcb.fast_open_asked {
        return;
    }
    // A cookie that nobody asked for is none.
    let cookie = seg
        .options
        .fast_open
        .filter(|option| tcb.fast_open_request.is_some() && !option.cookie.octets().is_empty());
    let refused = tcb.fast_open_request.filter(|_| {
        cookie.is_none() && !sent_text && !tcb.fell_back && out.config().fast_open_tries_experiment
    });
    tcb.learned = Some(Lesson {
        cookie,
        ask_by_experiment: refused.map(|request| !request.experimental),
    });
}

/// RFC 9293 MUST-10: both ends sent a SYN.
fn simultaneous_open(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    tcb.fall_back_from_fast_open();
    tcb.give_up_text_of_syn(tcb.iss.wrapping_add(1));
    tcb.enter(State::SynReceived, now, out);
    control::send_syn(tcb, now, out);
    hold_until_established(tcb, seg, out.config());
    segmentation::schedule(tcb, now, out);
}
