//! RFC 6582 (NewReno): fast retransmit and fast recovery without SACK, and RFC 3042's limited transmit.

use crate::Seq;
use crate::congestion::{Congestion, Growth};
use crate::recovery::{Phase, Recovery};

/// Duplicate ACKs that stand for a loss.
const DUP_THRESH: u32 = 3;

/// What an ACK asks the sender to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// Nothing beyond what the windows allow.
    None,
    /// Retransmit the segment at SND.UNA now.
    RetransmitHead,
}

impl Recovery {
    /// Segments that may leave beyond cwnd: one for each of the first two duplicate ACKs (RFC 3042).
    pub(crate) fn limited_transmit(&self) -> usize {
        if self.phase == Phase::Recovery {
            0
        } else {
            self.dup_acks.min(DUP_THRESH - 1) as usize
        }
    }

    /// A duplicate ACK of `snd_una` arrived.
    pub(crate) fn duplicate_ack(
        &mut self,
        snd_una: Seq,
        snd_nxt: Seq,
        smss: usize,
        window: &mut Congestion,
    ) -> Advice {
        self.dup_acks = self.dup_acks.saturating_add(1);
        if self.phase == Phase::Recovery {
            // RFC 5681 section 3.2 step 4: a segment has left the network.
            window.set_cwnd(window.cwnd().saturating_add(smss));
            return Advice::None;
        }
        // Section 3.2 step 1: only when the ACK covers more than `recover`, or one loss would count twice.
        if self.dup_acks != DUP_THRESH || !snd_una.after(self.recover) {
            return Advice::None;
        }
        self.begin(snd_nxt);
        // RFC 5681 section 3.2 step 2: what limited transmit sent is not counted.
        let extra = smss.saturating_mul(DUP_THRESH as usize - 1);
        let flight_size = snd_una.distance_to(snd_nxt) as usize;
        window.reduce(flight_size.saturating_sub(extra).max(smss));
        window.set_cwnd(window.ssthresh() + DUP_THRESH as usize * smss);
        Advice::RetransmitHead
    }

    /// Octets were newly acknowledged, up to `snd_una`.
    ///
    /// Also says whether the retransmission timer is to be restarted: in recovery only the first partial
    /// ACK does (section 3.2 step 3, the impatient variant).
    pub(crate) fn new_ack(
        &mut self,
        snd_una: Seq,
        snd_nxt: Seq,
        smss: usize,
        growth: &Growth,
        window: &mut Congestion,
    ) -> (Advice, bool) {
        self.dup_acks = 0;
        let repaired = snd_una.after(self.recover);
        if self.phase != Phase::Recovery {
            if repaired {
                self.phase = Phase::Open;
            }
            window.acknowledged(growth);
            return (Advice::None, true);
        }
        if repaired {
            self.phase = Phase::Open;
            // Step 3, the first option: no burst of what the window would now allow.
            let flight_size = snd_una.distance_to(snd_nxt) as usize;
            let modest = flight_size.max(smss).saturating_add(smss);
            window.set_cwnd(window.ssthresh().min(modest));
            return (Advice::None, true);
        }
        self.partial_acks = self.partial_acks.saturating_add(1);
        // Step 3: deflate by what was acknowledged, add back one segment.
        let back = if growth.acked >= smss { smss } else { 0 };
        let deflated = window.cwnd().saturating_sub(growth.acked);
        window.set_cwnd(deflated.saturating_add(back));
        (Advice::RetransmitHead, self.partial_acks == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limited_transmit_lets_two_segments_out_and_none_in_recovery() {
        let mut recovery = Recovery::new(Seq(0));
        for (dup_acks, segments) in [(0, 0), (1, 1), (2, 2), (3, 2), (9, 2)] {
            recovery.dup_acks = dup_acks;
            assert_eq!(recovery.limited_transmit(), segments);
        }
        recovery.phase = Phase::Recovery;
        assert_eq!(recovery.limited_transmit(), 0);
    }
}
