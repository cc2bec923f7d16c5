//! Sending text: what leaves now (RFC 9293 section 3.8.6.2.1, section 3.7.4; RFC 5681).

use core::time::Duration;

use super::{Output, control, retransmission};
use crate::chronograph::Limit;
use crate::segment::Flags;
use crate::send_memory;
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::wire::TcpOptions;
use crate::{Config, Instant, Seq, State, rfc8985};

/// Text that leaves so soon after text arrived is a reply to it.
const TURN: Duration = Duration::from_millis(40);

/// Octets that one burst holds at most.
const LARGEST_BURST: usize = 65_536;

/// Text for one segment, and whether the FIN goes with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    pub(super) len: usize,
    pub(super) fin: bool,
}

/// Sends what may be sent: retransmissions, new text and the FIN, and an ACK if one is owed.
pub(crate) fn transmit(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if sends_text(tcb) && !out.config().link_is_full {
        if out.config().restart_after_idle {
            restart_after_idle(tcb, now);
        }
        retransmission::resend(tcb, now, out);
        send_bursts(tcb, now, out);
        retransmission::resend_more(tcb, now, out);
    }
    if tcb.ack_now {
        control::send_ack(tcb, now, out);
    }
    schedule(tcb, now, out);
}

/// Sends everything new that may leave, and sees how that uses the congestion window.
fn send_bursts(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let before = tcb.snd_nxt;
    if tcb.unsent() != 0 || tcb.fin_is_due() {
        send_all_new(tcb, now, out);
    }
    let any = tcb.snd_nxt != before;
    if any {
        await_acknowledgment(tcb, now, out.config());
    }
    let in_flight = if tcb.is_selective() {
        tcb.scoreboard.pipe()
    } else {
        tcb.flight_size()
    };
    let is_full = in_flight + tcb.smss(out.config()) > tcb.congestion.cwnd();
    if is_full || any {
        let (flight_size, ends) = (tcb.flight_size(), (tcb.snd_una, tcb.snd_nxt));
        tcb.window_use.observe(flight_size, is_full, ends);
    }
}

fn send_all_new(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let mut layout = Layout::of(tcb, now, out.config());
    let (mut segments, mut most) = (0, usize::MAX);
    // Each round sends at least one octet or the FIN, so that the loop ends.
    while let Some(plan) = next_segment(tcb, layout.room, out.config()) {
        if segments == 0 && out.config().bursts {
            most = burst_segments(tcb, layout.room, out.config());
        }
        send_new(tcb, plan, &layout, now, out);
        if layout.options.report() {
            layout = Layout::of(tcb, now, out.config()); // what was told need not be told again
        }
        if segments > 0 {
            tcb.scoreboard.join_last();
        }
        segments += 1;
        if segments == most {
            end_new_burst(tcb, segments, out);
            segments = 0;
        }
    }
    end_new_burst(tcb, segments, out);
}

/// What leaves as one lies in a piece of memory of its own.
fn end_new_burst(tcb: &mut Tcb, segments: usize, out: &mut Output) {
    if segments > 0 {
        tcb.send.split(tcb.snd_nxt);
    }
    end_burst(segments, out);
}

/// The last of several segments that leave as one carries PSH.
pub(super) fn end_burst(segments: usize, out: &mut Output) {
    if segments > 1 && out.config().bursts {
        out.push_last();
    }
}

/// How many segments leave as one: what the connection's rate carries in a millisecond, more on short paths, and half of cwnd at
/// most.
fn burst_segments(tcb: &Tcb, room: usize, config: &Config) -> usize {
    let cwnd = tcb.congestion.cwnd();
    let half = (cwnd / room / 2).max(1);
    let Some(srtt) = tcb.rtt.srtt() else {
        return half;
    };
    let min_rtt = tcb.rack.min_rtt().unwrap_or(srtt);
    let gain = if tcb.congestion.in_slow_start() {
        200
    } else {
        120
    };
    let micros = usize::try_from(srtt.as_micros().max(1)).unwrap_or(usize::MAX);
    let each_milli = cwnd.saturating_mul(gain * 1_000 / 100) / micros;
    let short = u32::try_from(min_rtt.as_micros() >> 9).unwrap_or(u32::MAX);
    let more = LARGEST_BURST.checked_shr(short).unwrap_or(0);
    let octets = each_milli.saturating_add(more).min(LARGEST_BURST);
    (octets / room).max(config.least_burst).min(half)
}

/// Whether text or a FIN can leave in this state.
fn sends_text(tcb: &Tcb) -> bool {
    let early = tcb.state == State::SynReceived && tcb.fast_open; // RFC 7413 section 4.2.2
    early
        || matches!(
            tcb.state,
            State::Established
                | State::FinWait1
                | State::CloseWait
                | State::Closing
                | State::LastAck
        )
}

/// The next segment with something new in it, if one may leave; `smss` octets of text are a full one.
fn next_segment(tcb: &Tcb, smss: usize, config: &Config) -> Option<Plan> {
    let unsent = tcb.unsent();
    if tcb.fin_sent.is_some() || (unsent == 0 && !tcb.fin_queued) {
        return None;
    }
    if tcb.has_lost() || tcb.scoreboard.is_full() {
        return None; // what is lost goes first (RFC 6675 section 4, NextSeg)
    }
    let window = usable_window(tcb, config);
    let record = tcb.record_left(tcb.snd_nxt);
    let len = unsent
        .min(smss)
        .min(window)
        .min(record.unwrap_or(usize::MAX))
        .min(usable_congestion_window(tcb, config));
    if record == Some(len) && unsent > len {
        return Some(Plan { len, fin: false }); // a record ends here: what follows cannot join it
    }
    let plan = Plan {
        len,
        fin: tcb.fin_queued && len == unsent && window > len,
    };
    may_leave(tcb, plan, unsent, smss).then_some(plan)
}

/// The sender's silly window avoidance, with Nagle's algorithm in it.
fn may_leave(tcb: &Tcb, plan: Plan, unsent: usize, smss: usize) -> bool {
    let Plan { len, fin } = plan;
    if fin {
        return true;
    }
    if len == 0 {
        return false;
    }
    // (1) a full segment (RFC 9293 SHLD-28)
    if len >= smss {
        return true;
    }
    // A SYN-ACK that is not acknowledged yet is no data (RFC 7413 section 4.2.2).
    let idle = tcb.flight_size() == usize::from(tcb.syn_is_unacked());
    let urgent = tcb.snd_up.is_some_and(|snd_up| snd_up.after(tcb.snd_nxt));
    // RFC 9293 MUST-17: Nagle's algorithm can be switched off. A close lets the rest go, too.
    let nagle_allows =
        idle || nothing_small_is_out(tcb) || tcb.options.no_delay || tcb.fin_queued || urgent;
    let corked =
        (tcb.options.cork || tcb.more_follows) && !tcb.pushes && !tcb.fin_queued && !urgent;
    // (2) all that is queued (RFC 9293 MUST-60: it never waits for more, unless the user said so)
    if len == unsent && nagle_allows && !corked {
        return true;
    }
    // (3) half of the largest window that the remote ever offered (RFC 9293 MUST-38)
    idle && !corked && len >= half_of_largest_window(tcb)
}

/// Minshall's variant of Nagle's algorithm, where it is in force: only small segments are waited for.
fn nothing_small_is_out(tcb: &Tcb) -> bool {
    tcb.options.nagle_counts_small_only
        && tcb
            .small_sent
            .is_none_or(|end| end.before_or_at(tcb.snd_una))
}

fn half_of_largest_window(tcb: &Tcb) -> usize {
    (tcb.max_snd_wnd as usize / 2).max(1)
}

/// Octets between SND.NXT and the right edge of the remote's window.
fn usable_window(tcb: &Tcb, config: &Config) -> usize {
    #[cfg(feature = "planted-bugs")]
    if config.planted_bug == Some(crate::PlantedBug::IgnoresWindow) {
        return usize::from(u16::MAX);
    }
    let _ = config;
    // RFC 9293 MUST-34, SHLD-15: a window that shrank below what is in flight leaves nothing.
    // A window that came with a SYN counts from the first octet of text on.
    let begin = if tcb.syn_is_unacked() {
        tcb.iss.wrapping_add(1)
    } else {
        tcb.snd_una
    };
    begin.wrapping_add(tcb.snd_wnd).octets_since(tcb.snd_nxt)
}

/// Octets that the congestion window has room for (RFC 5681, RFC 3042, RFC 6675).
pub(super) fn usable_congestion_window(tcb: &Tcb, config: &Config) -> usize {
    if tcb.awaits_acknowledgment {
        return 0;
    }
    if tcb.is_selective() {
        return tcb.congestion.cwnd().saturating_sub(tcb.scoreboard.pipe());
    }
    let extra = tcb
        .recovery
        .limited_transmit()
        .saturating_mul(tcb.smss(config));
    tcb.congestion
        .cwnd()
        .saturating_add(extra)
        .saturating_sub(tcb.flight_size())
}

/// What a segment sent now has besides text, and the room that this leaves.
struct Layout {
    options: TcpOptions,
    /// Octets of text.
    room: usize,
}

impl Layout {
    fn of(tcb: &Tcb, now: Instant, config: &Config) -> Self {
        let options = tcb.segment_options(now);
        let room = tcb
            .segment_room(config)
            .saturating_sub(options.encoded_len());
        Self {
            options,
            room: room.max(1),
        }
    }
}

/// Octets of text that a segment sent now can hold.
pub(crate) fn text_room(tcb: &Tcb, now: Instant, config: &Config) -> usize {
    Layout::of(tcb, now, config).room
}

/// Lets unsent text join the last segment of a retransmission that begins at `seq`, as far as it fits.
pub(super) fn take_along(tcb: &mut Tcb, seq: Seq, now: Instant, out: &mut Output) {
    let config = out.config();
    let free = text_room(tcb, now, config).saturating_sub(tcb.snd_nxt.octets_since(seq));
    if tcb.fin_sent.is_some() || free == 0 || tcb.records.contains(&tcb.snd_nxt) {
        return;
    }
    let (unsent, window) = (tcb.unsent(), usable_window(tcb, config));
    let len = unsent
        .min(free)
        .min(window)
        .min(usable_congestion_window(tcb, config));
    let fin = tcb.fin_queued && len == unsent && window > len;
    advance_snd_nxt(tcb, len, fin, now, out);
}

/// SND.NXT moves over `len` octets, and the FIN if it goes with them.
fn advance_snd_nxt(tcb: &mut Tcb, len: usize, fin: bool, now: Instant, out: &mut Output) {
    let text_end = tcb.snd_nxt.plus(len);
    let end = text_end.wrapping_add(u32::from(fin));
    tcb.scoreboard.sent(tcb.snd_nxt, end, now);
    tcb.recovery.sent(len + usize::from(fin));
    tcb.snd_nxt = end;
    if fin {
        tcb.fin_sent = Some(text_end);
        if tcb.state == State::CloseWait {
            tcb.enter(State::LastAck, now, out);
        }
    }
}

/// Sends something new by itself.
fn send_one(tcb: &mut Tcb, plan: Plan, now: Instant, out: &mut Output) {
    let layout = Layout::of(tcb, now, out.config());
    send_new(tcb, plan, &layout, now, out);
    await_acknowledgment(tcb, now, out.config());
}

fn send_new(tcb: &mut Tcb, plan: Plan, layout: &Layout, now: Instant, out: &mut Output) {
    if plan.len < layout.room {
        tcb.small_sent = Some(tcb.snd_nxt.plus(plan.len));
    }
    let replies = tcb.last_text_at.is_some_and(|at| now.since(at) < TURN);
    if out.config().replies_end_quick_acks && replies {
        tcb.quick_acks = 0;
    }
    send_text(tcb, tcb.snd_nxt, plan, &layout.options, out);
    advance_snd_nxt(tcb, plan.len, plan.fin, now, out);
    tcb.rtt.sent(tcb.snd_nxt, now);
    tcb.last_sent = now;
}

/// The timers for what was sent for the first time.
fn await_acknowledgment(tcb: &mut Tcb, now: Instant, config: &Config) {
    tcb.timers.stop(Timer::Override);
    // RFC 6298 rule 5.1.
    let deadline = || now.after(at_least(tcb.rtt.rto()));
    tcb.timers.start(Timer::Retransmission, deadline);
    tcb.await_progress(now);
    rfc8985::schedule_probe(tcb, now, config);
}

/// Sends the planned octets from `seq` on, and the FIN after them if it is planned.
pub(super) fn send_text(
    tcb: &mut Tcb,
    seq: Seq,
    Plan { len, fin }: Plan,
    options: &TcpOptions,
    out: &mut Output,
) {
    let len = len.min(tcb.send.octets_from(seq));
    // RFC 9293 MUST-61: PSH on the segment that empties the queue; also SHLD-27, one for many SENDs.
    let end = seq.plus(len);
    let empties = end == tcb.send.end() && !tcb.more_follows && tcb.unpushed != Some(end);
    let marked = tcb.records.contains(&end) || tcb.pushes_at.contains(&end);
    let psh = len > 0 && (empties || marked);
    let urgent = tcb.snd_up.filter(|snd_up| snd_up.after(seq));
    let flags = Flags {
        fin,
        psh,
        urg: urgent.is_some(),
        ..Flags::default()
    };
    let mut segment = control::acknowledging(tcb, seq, flags, options, len);
    if let Some(snd_up) = urgent {
        // RFC 9293 MUST-62: the pointer names the octet after the urgent data.
        segment.up = u16::try_from(seq.distance_to(snd_up)).unwrap_or(u16::MAX);
    }
    segment.text = tcb.send.slices(seq, len);
    segment.route = tcb.route.as_deref();
    out.send(&segment);
}

/// RFC 5681 section 4.1: after an idle RTO the old window says nothing about the path.
fn restart_after_idle(tcb: &mut Tcb, now: Instant) {
    if tcb.flight_size() == 0 && now.since(tcb.last_sent) > tcb.rtt.rto() {
        tcb.congestion.restarted_after_idle();
    }
}

/// Sends one octet into a closed window: new text if there is any, else the oldest again (RFC 9293 MUST-36).
///
/// Where probes have no new text, an old sequence number asks for the answer, as in a keep-alive, and what is out already goes
/// again as after a timeout.
pub(crate) fn probe_window(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let has_text = out.config().probes_have_text;
    if tcb.flight_size() > 0 {
        let limit = if has_text { 1 } else { usize::MAX };
        retransmission::probe(tcb, limit, now, out);
    } else if !has_text {
        control::send_ack_at(tcb, tcb.snd_una.wrapping_sub(1), now, out);
    } else {
        let len = tcb.unsent().min(1);
        send_one(
            tcb,
            Plan {
                len,
                fin: len == 0 && tcb.fin_is_due(),
            },
            now,
            out,
        );
    }
    // The answer comes when the window opens: it measures the remote's user, not the path.
    tcb.rtt.retransmitted();
    schedule(tcb, now, out);
}

/// Sends something new if there is any and the window takes it, whatever cwnd says, else the last segment
/// again (RFC 8985 section 7.3).
pub(crate) fn send_loss_probe(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let (unsent, window) = (tcb.unsent(), usable_window(tcb, out.config()));
    let len = unsent.min(text_room(tcb, now, out.config())).min(window);
    let fin = tcb.fin_is_due() && len == unsent && window > len;
    let sends_new = sends_text(tcb) && (len > 0 || fin) && !tcb.scoreboard.is_full();
    if sends_new {
        send_one(tcb, Plan { len, fin }, now, out);
    }
    if sends_new || retransmission::resend_tail(tcb, now, out) {
        rfc8985::probe_sent(tcb, !sends_new);
    }
    await_timeout(tcb, now, out);
}

/// After the probe timer the retransmission timer is next, probe or none (RFC 8985 section 7.3).
pub(crate) fn await_timeout(tcb: &mut Tcb, now: Instant, out: &Output) {
    tcb.timers.stop(Timer::LossProbe);
    let rto = at_least(tcb.rtt.rto());
    tcb.timers.set(Timer::Retransmission, now.after(rto));
    schedule(tcb, now, out);
}

/// The override timeout has elapsed: a partial segment leaves, if the window takes any of it.
pub(crate) fn transmit_partial(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    tcb.unpushed = None;
    if sends_text(tcb) && !tcb.has_lost() && !tcb.scoreboard.is_full() {
        let config = out.config();
        let window = usable_window(tcb, config).min(usable_congestion_window(tcb, config));
        let len = tcb.unsent().min(text_room(tcb, now, config)).min(window);
        if len > 0 {
            send_one(tcb, Plan { len, fin: false }, now, out);
        }
    }
    transmit(tcb, now, out);
}

/// Starts and stops the timers that follow from what is in flight and what is not.
pub(crate) fn schedule(tcb: &mut Tcb, now: Instant, out: &Output) {
    if tcb.state == State::Closed {
        tcb.timers.stop_all();
        return;
    }
    let in_flight = tcb.flight_size() > 0;
    let window_is_closed = tcb.snd_wnd == 0 && !tcb.syn_is_unacked();
    let held_up = out.config().link_is_full && !in_flight && !tcb.syn_is_unacked();
    if (window_is_closed || held_up) && (sends_text(tcb) && tcb.has_outstanding()) {
        // RFC 9293 MUST-35, MUST-36: probing replaces retransmission; SHLD-29: first after an RTO.
        tcb.timers.stop(Timer::Retransmission);
        tcb.timers.stop(Timer::Override);
        let deadline = || now.after(at_least(tcb.rtt.rto()));
        tcb.timers.start(Timer::Persist, deadline);
    } else {
        tcb.timers.stop(Timer::Persist);
        tcb.probes = 0;
        tcb.unanswered_probes = 0;
        if in_flight {
            let deadline = || now.after(at_least(tcb.rtt.rto()));
            tcb.timers.start(Timer::Retransmission, deadline);
        } else {
            tcb.timers.stop(Timer::Retransmission); // RFC 6298 rule 5.2
            tcb.timers.stop(Timer::LossProbe);
            tcb.timers.stop(Timer::Reordering);
        }
        schedule_override(tcb, now, out.config());
    }
    if tcb.has_outstanding() {
        tcb.await_progress(now);
        if sends_text(tcb) {
            tcb.lacks_room &= !send_memory::is_writable(tcb, out.config());
            tcb.chronograph.busy(limit(tcb, out.config()), now);
        }
    } else {
        tcb.timers.stop(Timer::User);
        tcb.chronograph.idle(now);
    }
}

/// What keeps text from being sent, besides the congestion window.
fn limit(tcb: &Tcb, config: &Config) -> Option<Limit> {
    if window_limits(tcb, config) {
        Some(Limit::Window)
    } else {
        (tcb.lacks_room && tcb.unsent() == 0).then_some(Limit::SendBuffer)
    }
}

/// Whether the remote's window, and not the congestion window, keeps text from being sent.
fn window_limits(tcb: &Tcb, config: &Config) -> bool {
    let segment = tcb.unsent().min(tcb.smss(config));
    usable_window(tcb, config) < segment && usable_congestion_window(tcb, config) >= segment
}

/// Something unsent that no ACK will release waits for the override timeout (RFC 9293 MUST-60).
fn schedule_override(tcb: &mut Tcb, now: Instant, config: &Config) {
    let corked = tcb.options.cork || tcb.more_follows;
    if sends_text(tcb) && tcb.unsent() > 0 && (corked || tcb.flight_size() == 0) {
        let deadline = || now.after(at_least(config.override_timeout));
        tcb.timers.start(Timer::Override, deadline);
    } else {
        tcb.timers.stop(Timer::Override);
    }
}
