//! RFC 5961: blind attacks; challenge ACKs, their limit, and the range of SEG.ACK.

use crate::config::ChallengeAckLimit;
use crate::output::{Output, control};
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Config, Instant, Seq, rfc9768};

/// Counts challenge ACKs of the whole stack (section 7).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChallengeAckCounter {
    began: Instant,
    sent: u32,
}

impl ChallengeAckCounter {
    /// Whether one more may leave now; counts it if so.
    pub(crate) fn admit(&mut self, limit: Option<ChallengeAckLimit>, now: Instant) -> bool {
        let Some(limit) = limit else { return true };
        if now.since(self.began) >= limit.interval {
            *self = Self {
                began: now,
                sent: 0,
            };
        }
        let admitted = self.sent < limit.count;
        self.sent = self.sent.saturating_add(u32::from(admitted));
        admitted
    }
}

/// Sends `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, unless too many have left already.
#[cold]
pub(crate) fn challenge(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if out.admit_challenge(now) {
        control::send_ack(tcb, now, out);
    }
}

/// Answers a SYN on a connection that is open so, wherever it lies (section 4.2).
#[cold]
pub(crate) fn challenge_syn(tcb: &mut Tcb, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    if out.admit_challenge(now) {
        rfc9768::syn_arrives(tcb, seg);
        control::send_ack(tcb, now, out);
    }
}

/// Whether a segment without text, SYN and FIN that lies outside of the window is answered (section 7). With both windows full each
/// end's ACKs lie at the other's right edge, and every answer to one would be answered itself.
#[cold]
pub(crate) fn answers_unacceptable_ack(tcb: &mut Tcb, now: Instant, config: &Config) -> bool {
    let interval = config.unacceptable_ack_interval;
    let last = tcb.unacceptable_ack_answered;
    if last.is_some_and(|last| now.since(last) < interval) {
        return false;
    }
    tcb.unacceptable_ack_answered = Some(now);
    true
}

/// Section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT.
pub(crate) fn ack_is_in_range(tcb: &Tcb, seg_ack: Seq, config: &Config) -> bool {
    let mut range = tcb.max_snd_wnd;
    if config.bounds_old_acks_by_acknowledged {
        // The SYN of a passive OPEN does not count.
        let controls = u64::from(tcb.listener.is_none()) + u64::from(tcb.fin_is_acked());
        let acked = tcb.octets_acked.saturating_add(controls);
        range = u32::try_from(acked).map_or(range, |acked| range.min(acked));
    }
    let oldest = tcb.snd_una.wrapping_sub(range);
    seg_ack.at_or_after(oldest) && seg_ack.before_or_at(tcb.snd_nxt)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn the_limit_holds_for_an_interval_and_then_starts_anew() {
        let limit = Some(ChallengeAckLimit {
            count: 2,
            interval: Duration::from_secs(1),
        });
        let mut counter = ChallengeAckCounter::default();
        let mut admit = |millis| counter.admit(limit, Instant::from_millis(millis));
        assert_eq!(
            [admit(0), admit(10), admit(20), admit(999)],
            [true, true, false, false]
        );
        assert_eq!(
            [admit(1_000), admit(1_001), admit(1_002)],
            [true, true, false]
        );
    }
}
