//! RFC 8985: RACK, which finds losses by time instead of by counting, and TLP, which probes for tail losses.

use core::time::Duration;

use crate::recovery::{Ack, Phase};
use crate::rfc6675::{DUP_THRESH, Delivery, Transmission};
use crate::tcb::{Tcb, at_least};
use crate::timer::Timer;
use crate::{Config, Instant, Seq, rfc7323};

/// Section 6.2 step 4: recoveries for which a widened reordering window is kept.
const REO_WND_PERSIST: u32 = 16;
/// Section 7.2: the PTO before any measurement.
const PTO_WITHOUT_SRTT: Duration = Duration::from_secs(1);
/// Reordering by more segments than this counts as by so many.
const MAX_DEGREE: u32 = 300;
/// For how long a least round trip counts (section 6.2 step 1 leaves the window open).
const MIN_RTT_WINDOW: Duration = Duration::from_secs(300);

/// The variables of section 5.3 and 5.4.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rack {
    /// RACK.xmit_ts and RACK.end_seq, of what was sent last among what arrived.
    newest: Option<(Instant, Seq)>,
    /// RACK.rtt.
    rtt: Duration,
    min_rtt: Option<(Duration, Instant)>,
    /// Times that packets were seen to overtake each other.
    reorderings: u32,
    /// The most segments that one was overtaken by, beyond [`DUP_THRESH`].
    degree: u32,
    dsack_round: Option<Seq>,
    /// RACK.reo_wnd_mult - 1.
    widened: u32,
    persist: u32,
    probe: Option<Probe>,
    /// Round trips that were measured when the last probe left.
    samples_at_probe: u32,
}

/// The loss probe that is out (section 5.4).
#[derive(Clone, Copy, Debug)]
struct Probe {
    /// TLP.end_seq.
    end: Seq,
    /// TLP.is_retrans.
    is_retransmission: bool,
}

impl Rack {
    /// The least round trip seen of late.
    pub(crate) fn min_rtt(&self) -> Option<Duration> {
        self.min_rtt.map(|(least, _)| least)
    }

    /// How often packets were seen to overtake each other.
    pub(crate) fn reorderings(&self) -> u32 {
        self.reorderings
    }

    /// Segments by which one may be overtaken, as far as was seen.
    pub(crate) fn degree(&self) -> u32 {
        DUP_THRESH.saturating_add(self.degree)
    }

    /// Step 3: a segment arrived so many octets behind the furthest one.
    fn note_reordering(&mut self, behind: usize, smss: usize) {
        self.reorderings = self.reorderings.saturating_add(1);
        let segments = u32::try_from(behind.div_ceil(smss.max(1))).unwrap_or(MAX_DEGREE);
        let beyond = segments.min(MAX_DEGREE).saturating_sub(DUP_THRESH);
        self.degree = self.degree.max(beyond);
    }

    /// Step 1: RACK.min_RTT.
    fn update_min_rtt(&mut self, rtt: Duration, now: Instant) {
        let replaces = self
            .min_rtt
            .is_none_or(|(least, since)| rtt <= least || now.since(since) > MIN_RTT_WINDOW);
        if replaces {
            self.min_rtt = Some((rtt, now));
        }
    }

    /// Step 2: what was sent last among what arrived.
    ///
    /// A round trip shorter than any before, of a segment that left twice, is that of its first copy; so is
    /// one whose echo is from before the second left, as `answers` tells.
    fn update(&mut self, delivery: &Delivery, answers: impl Fn(Instant) -> bool, now: Instant) {
        let is_meant = |entry: &Transmission| {
            let rtt = now.since(entry.sent_at);
            let plausible = self.min_rtt().is_none_or(|least| rtt >= least);
            !entry.resent || (plausible && answers(entry.sent_at))
        };
        let last = delivery.last.filter(is_meant);
        let newest = delivery.newest.filter(is_meant);
        let Some(newest) = newest.or(delivery.newest_original) else {
            return;
        };
        // RACK_update goes through the segments in the order in which they are told of.
        self.rtt = now.since(last.unwrap_or(newest).sent_at);
        if !newest.resent {
            self.update_min_rtt(now.since(newest.sent_at), now);
        }
        if self
            .newest
            .is_none_or(|known| sent_after((newest.sent_at, newest.end), known))
        {
            self.newest = Some((newest.sent_at, newest.end));
        }
    }

    /// Step 4: D-SACKs say that the reordering window is too narrow.
    fn adapt(&mut self, duplicate: bool, recovered: bool, snd_una: Seq, snd_nxt: Seq) {
        self.dsack_round = self.dsack_round.filter(|round| snd_una.before(*round));
        if duplicate && self.dsack_round.is_none() {
            self.dsack_round = Some(snd_nxt);
            self.widened = self.widened.saturating_add(1);
            self.persist = REO_WND_PERSIST;
        } else if recovered {
            self.persist = self.persist.saturating_sub(1);
            if self.persist == 0 {
                self.widened = 0;
            }
        }
    }

    /// Step 4: RACK.reo_wnd.
    fn reordering_window(
        &self,
        in_recovery: bool,
        sacked: u32,
        srtt: Option<Duration>,
    ) -> Duration {
        if self.reorderings == 0 && (in_recovery || sacked >= DUP_THRESH) {
            return Duration::ZERO;
        }
        let quarter = self.min_rtt().unwrap_or_default() / 4;
        let window = quarter.saturating_mul(self.widened.saturating_add(1));
        window.min(srtt.unwrap_or(window))
    }

    /// When a segment is lost, if something sent after it arrived.
    fn deadline(&self, entry: &Transmission, window: Duration) -> Option<Instant> {
        let newest = self.newest?;
        sent_after(newest, (entry.sent_at, entry.end))
            .then(|| entry.sent_at.after(self.rtt).after(window))
    }
}

/// RACK_sent_after.
fn sent_after(one: (Instant, Seq), other: (Instant, Seq)) -> bool {
    one.0 > other.0 || one.0 == other.0 && one.1.after(other.1)
}

/// Steps 1 to 4 for an acknowledgment; `recovered` when it ended a recovery.
#[inline]
pub(crate) fn acknowledged(
    tcb: &mut Tcb,
    ack: &Ack<'_>,
    recovered: bool,
    smss: usize,
    now: Instant,
) {
    let offset = tcb.timestamp_offset;
    let answers = |sent_at: Instant| {
        ack.echo
            .is_none_or(|echo| !rfc7323::before(echo, rfc7323::clock(offset, sent_at)))
    };
    tcb.rack.update(ack.delivery, answers, now);
    let highest = tcb.scoreboard.highest_arrived(tcb.snd_una);
    for start in ack.delivery.reordered.into_iter().flatten() {
        tcb.rack.note_reordering(highest.octets_since(start), smss);
    }
    let duplicate = ack.duplicate_text.is_some();
    tcb.rack
        .adapt(duplicate, recovered, tcb.snd_una, tcb.snd_nxt);
}

/// Step 5, RACK_detect_loss: marks what is lost by now, and waits for what may be soon. Whether there was any.
pub(crate) fn detect_loss(tcb: &mut Tcb, now: Instant) -> bool {
    let window = reordering_window(tcb);
    let rack = tcb.rack;
    let first = tcb.scoreboard.sent_first();
    if first.is_some_and(|first| rack.deadline(first, window).is_none()) {
        // Whatever followed it was sent after what arrived, too.
        tcb.timers.stop(Timer::Reordering);
        return false;
    }
    let mut next: Option<Instant> = None;
    let lost = tcb.scoreboard.mark_lost_if(|entry| {
        let Some(deadline) = rack.deadline(entry, window) else {
            return false;
        };
        if deadline <= now {
            return true;
        }
        next = Some(next.map_or(deadline, |next| next.max(deadline)));
        false
    });
    match next {
        Some(deadline) => tcb.timers.set(Timer::Reordering, deadline),
        None => tcb.timers.stop(Timer::Reordering),
    }
    lost
}

fn reordering_window(tcb: &Tcb) -> Duration {
    let in_recovery = tcb.recovery.phase != Phase::Open;
    let sacked = tcb.scoreboard.sacked_segments();
    tcb.rack
        .reordering_window(in_recovery, sacked, tcb.rtt.srtt())
}

/// Section 6.3: at a timeout, the first segment is lost, and what should have arrived by now.
pub(crate) fn mark_losses_on_timeout(tcb: &mut Tcb, now: Instant) {
    let window = reordering_window(tcb);
    let (rack, snd_una) = (tcb.rack, tcb.snd_una);
    tcb.scoreboard.forget_reneged();
    tcb.scoreboard.mark_lost_if(|entry| {
        entry.start == snd_una || entry.sent_at.after(rack.rtt).after(window) <= now
    });
}

/// Section 7.2, TLP_calc_PTO: (re)starts the probe timer, or stops it where there is nothing to probe for.
pub(crate) fn schedule_probe(tcb: &mut Tcb, now: Instant, config: &Config) {
    let wanted = config.tail_loss_probe
        && tcb.is_selective()
        && tcb.recovery.phase == Phase::Open
        && tcb.rack.probe.is_none()
        && tcb.snd_wnd > 0
        && tcb.scoreboard.sacked_segments() == 0;
    if !wanted {
        tcb.timers.stop(Timer::LossProbe);
        return;
    }
    let pto = match tcb.rtt.srtt() {
        Some(srtt) if tcb.scoreboard.len() == 1 => {
            // The only segment's acknowledgment may be delayed (WCDelAckT).
            srtt.saturating_mul(2)
                .saturating_add(config.probe_ack_delay)
        }
        Some(srtt) => srtt.saturating_mul(2).max(config.least_probe_timeout),
        None => PTO_WITHOUT_SRTT,
    };
    let deadline = now.after(at_least(pto));
    let rto = tcb.timers.deadline(Timer::Retransmission);
    let deadline = rto.map_or(deadline, |rto| rto.min(deadline));
    tcb.timers.set(Timer::LossProbe, deadline);
}

/// Whether a probe may leave: there is none out, and a round trip was measured since the last one, or at all
/// (section 7.3).
pub(crate) fn may_probe(tcb: &Tcb, config: &Config) -> bool {
    let is_measured = tcb.rtt.samples() > tcb.rack.samples_at_probe;
    tcb.rack.probe.is_none() && (is_measured || config.probes_unmeasured_paths)
}

/// A loss probe leaves (section 7.3).
pub(crate) fn probe_sent(tcb: &mut Tcb, is_retransmission: bool) {
    let end = tcb.snd_nxt;
    tcb.rack.samples_at_probe = tcb.rtt.samples();
    tcb.rack.probe = Some(Probe {
        end,
        is_retransmission,
    });
}

/// Section 7.4.2, TLP_process_ack: whether the probe repaired a loss that nobody else noticed.
pub(crate) fn probe_acknowledged(
    tcb: &mut Tcb,
    duplicate_text: Option<(Seq, Seq)>,
    is_plain_duplicate: bool,
) -> bool {
    let Some(probe) = tcb
        .rack
        .probe
        .filter(|probe| tcb.snd_una.at_or_after(probe.end))
    else {
        return false;
    };
    let arrived_twice = duplicate_text.is_some_and(|(_, right)| right == probe.end);
    let repaired = tcb.snd_una.after(probe.end);
    if !probe.is_retransmission || arrived_twice || is_plain_duplicate {
        tcb.rack.probe = None;
        return false;
    }
    if repaired {
        tcb.rack.probe = None;
    }
    repaired
}

/// The retransmission timer fired, or everything begins anew: no probe is out.
pub(crate) fn forget_probe(tcb: &mut Tcb) {
    tcb.rack.probe = None;
    tcb.timers.stop(Timer::LossProbe);
    tcb.timers.stop(Timer::Reordering);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rack(min_rtt_ms: u64) -> Rack {
        Rack {
            min_rtt: Some((Duration::from_millis(min_rtt_ms), Instant::ZERO)),
            ..Rack::default()
        }
    }

    #[test]
    fn without_reordering_three_sacked_segments_leave_no_reordering_window() {
        let rack = rack(40);
        let window = |in_recovery, sacked| rack.reordering_window(in_recovery, sacked, None);
        assert_eq!(window(false, 2), Duration::from_millis(10));
        assert_eq!(window(false, 3), Duration::ZERO);
        assert_eq!(window(true, 0), Duration::ZERO);
    }

    #[test]
    fn duplicates_widen_the_window_once_a_round_and_sixteen_recoveries_narrow_it() {
        let mut rack = rack(40);
        rack.reorderings = 1;
        rack.adapt(true, false, Seq(0), Seq(100));
        rack.adapt(true, false, Seq(50), Seq(200));
        let window = |rack: &Rack| rack.reordering_window(true, 9, Some(Duration::from_millis(50)));
        assert_eq!(window(&rack), Duration::from_millis(20));
        rack.adapt(true, false, Seq(100), Seq(300));
        assert_eq!(window(&rack), Duration::from_millis(30));
        for _ in 0..15 {
            rack.adapt(false, true, Seq(400), Seq(500));
        }
        assert_eq!(window(&rack), Duration::from_millis(30));
        rack.adapt(false, true, Seq(400), Seq(500));
        assert_eq!(window(&rack), Duration::from_millis(10));
    }

    #[test]
    fn the_least_round_trip_counts_for_five_minutes_unless_there_is_a_lesser() {
        let mut rack = rack(40);
        let mut least = |millis, at| {
            rack.update_min_rtt(Duration::from_millis(millis), at);
            rack.min_rtt
        };
        let known = |millis, at| Some((Duration::from_millis(millis), at));
        let since = Instant::ZERO;
        assert_eq!(least(41, Instant::from_secs(300)), known(40, since));
        let over = Instant::from_millis(300_001);
        assert_eq!(least(41, over), known(41, over));
        let soon = Instant::from_secs(301);
        assert_eq!(least(40, soon), known(40, soon));
        let again = Instant::from_secs(302);
        assert_eq!(least(40, again), known(40, again));
    }

    #[test]
    fn a_window_is_never_longer_than_the_smoothed_round_trip() {
        let rack = Rack {
            widened: 100,
            reorderings: 1,
            ..rack(40)
        };
        let srtt = Duration::from_millis(45);
        assert_eq!(rack.reordering_window(true, 9, Some(srtt)), srtt);
    }
}
