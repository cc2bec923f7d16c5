//! RFC 6582 (NewReno): fast retransmit and fast recovery without SACK, and RFC 3042's limited transmit.

use crate::Seq;
use crate::rfc5681::CongestionControl;

/// Duplicate ACKs that stand for a loss.
const DUP_THRESH: u32 = 3;

/// Where loss detection stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    dup_acks: u32,
    /// The last octet sent when recovery began, or when the retransmission timer fired.
    recover: Seq,
    in_recovery: bool,
    partial_acks: u32,
}

/// What an ACK asks the sender to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// Nothing beyond what the windows allow.
    None,
    /// Retransmit the segment at SND.UNA now.
    RetransmitHead,
}

impl Recovery {
    pub(crate) fn new(iss: Seq) -> Self {
        Self {
            dup_acks: 0,
            recover: iss,
            in_recovery: false,
            partial_acks: 0,
        }
    }

    /// Whether fast recovery is under way.
    pub(crate) fn in_recovery(&self) -> bool {
        self.in_recovery
    }

    /// Duplicate ACKs in a row.
    pub(crate) fn dup_acks(&self) -> u32 {
        self.dup_acks
    }

    /// Segments that may leave beyond cwnd: one for each of the first two duplicate ACKs (RFC 3042).
    pub(crate) fn limited_transmit(&self) -> usize {
        if self.in_recovery {
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
        control: &mut dyn CongestionControl,
    ) -> Advice {
        self.dup_acks = self.dup_acks.saturating_add(1);
        if self.in_recovery {
            control.recovery_inflated();
            return Advice::None;
        }
        // Section 3.2 step 1: only when the ACK covers more than `recover`, or one loss would count twice.
        if self.dup_acks != DUP_THRESH || !snd_una.after(self.recover) {
            return Advice::None;
        }
        self.recover = snd_nxt.wrapping_sub(1);
        self.in_recovery = true;
        self.partial_acks = 0;
        // RFC 5681 section 3.2 step 2: what limited transmit sent is not counted.
        let extra = smss.saturating_mul(DUP_THRESH as usize - 1);
        control.recovery_began(
            (snd_una.distance_to(snd_nxt) as usize)
                .saturating_sub(extra)
                .max(smss),
        );
        Advice::RetransmitHead
    }

    /// `acked` octets were newly acknowledged, up to `snd_una`.
    ///
    /// Also says whether the retransmission timer is to be restarted: in recovery only the first partial
    /// ACK does (section 3.2 step 3, the impatient variant).
    pub(crate) fn new_ack(
        &mut self,
        snd_una: Seq,
        snd_nxt: Seq,
        acked: usize,
        control: &mut dyn CongestionControl,
    ) -> (Advice, bool) {
        self.dup_acks = 0;
        if !self.in_recovery {
            control.acknowledged(acked);
            return (Advice::None, true);
        }
        if snd_una.after(self.recover) {
            self.in_recovery = false;
            control.recovery_ended(snd_una.distance_to(snd_nxt) as usize);
            return (Advice::None, true);
        }
        self.partial_acks = self.partial_acks.saturating_add(1);
        control.recovery_advanced(acked);
        (Advice::RetransmitHead, self.partial_acks == 1)
    }

    /// The retransmission timer fired: section 3.2 step 4.
    pub(crate) fn timed_out(&mut self, snd_nxt: Seq) {
        self.recover = snd_nxt.wrapping_sub(1);
        self.in_recovery = false;
        self.dup_acks = 0;
    }
}
