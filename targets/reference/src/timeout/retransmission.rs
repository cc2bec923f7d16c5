//! RETRANSMISSION TIMEOUT (RFC 9293 section 3.10.8, section 3.8.3; RFC 6298 section 5).

use core::time::Duration;

use crate::output::{Output, retransmission, segmentation};
use crate::recovery::Phase;
use crate::tcb::Tcb;
use crate::{ConnectionError, Instant, State, rfc5682, rfc8985};

/// Sends the earliest unacknowledged segment again and backs off, or gives up.
pub(super) fn expire(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.flight_size() == 0 {
        return;
    }
    tcb.retransmissions = tcb.retransmissions.saturating_add(1);
    tcb.awaits_acknowledgment = false;
    if tcb.retransmissions > limit(tcb, out) || attempt_is_over(tcb, now, out) {
        give_up(tcb, now, out); // RFC 9293 MUST-20, MUST-22: R2
        return;
    }
    if tcb.retransmissions == out.config().r1 {
        tcb.disturb(ConnectionError::RetransmissionsExcessive, now, out); // RFC 9293 SHLD-9: R1
    }
    let linear = match tcb.state {
        State::SynSent => out.config().syn_linear_timeouts,
        _ => 0,
    };
    if tcb.retransmissions > linear {
        tcb.rtt.back_off(); // rule 5.5; the timer starts anew below, rule 5.6
    }
    if tcb.syn_is_unacked() {
        tcb.syn_losses = tcb.retransmissions;
        if tcb.state == State::SynSent {
            tcb.fall_back_from_fast_open();
        }
        if out.config().ecn_fallback {
            tcb.ecn.fall_back(tcb.retransmissions);
        }
        retransmission::retransmit_head(tcb, now, out);
        segmentation::schedule(tcb, now, out);
        return;
    }
    let flight_size = tcb.flight_size();
    tcb.remember_window(tcb.congestion.figures());
    let reduced = tcb.recovery.phase == Phase::Recovery;
    tcb.congestion
        .timed_out(flight_size, tcb.retransmissions == 1, reduced);
    tcb.recovery.timed_out(tcb.snd_nxt);
    tcb.note_reduction();
    // Rule 5.4: the earliest first; the rest follows as acknowledgments come.
    if tcb.is_selective() {
        let first = tcb.retransmissions == 1;
        rfc5682::timed_out(tcb, out.config().frto, first);
        rfc8985::forget_probe(tcb);
        if out.config().rack {
            rfc8985::mark_losses_on_timeout(tcb, now);
        } else {
            tcb.scoreboard.timed_out();
        }
        tcb.recovery.fast_retransmit = true; // the first, whatever is in the pipe
    } else {
        tcb.retransmit_next = Some(tcb.snd_una);
    }
    segmentation::transmit(tcb, now, out);
}

/// R2 for what is being retransmitted (RFC 9293 MUST-23: three minutes at least for a SYN).
fn limit(tcb: &Tcb, out: &Output) -> u32 {
    match (tcb.syn_is_unacked(), tcb.state) {
        (false, _) if tcb.released => out.config().orphan_r2.unwrap_or(tcb.options.r2),
        (false, _) => tcb.options.r2,
        (true, State::SynSent) => {
            let linear = out.config().syn_linear_timeouts;
            tcb.options.syn_retries.saturating_add(linear)
        }
        (true, _) => out.config().syn_ack_retries,
    }
}

/// Whether an attempt took as long as its retransmissions would if every timeout were doubled: those that are not, at the
/// beginning, add to their number but not to the time.
fn attempt_is_over(tcb: &Tcb, now: Instant, out: &Output) -> bool {
    let config = out.config();
    if tcb.state != State::SynSent {
        return false;
    }
    let mut timeout = config.initial_rto;
    let mut time = Duration::ZERO;
    for _ in 0..=tcb.options.syn_retries {
        time = time.saturating_add(timeout.min(config.max_rto));
        timeout = timeout.saturating_mul(2);
    }
    now.since(tcb.opened_at) >= time
}

fn give_up(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let error = tcb
        .soft_error
        .filter(|error| matches!(error, ConnectionError::Unreachable(_)));
    tcb.end(Some(error.unwrap_or(ConnectionError::TimedOut)), now, out);
}
