//! RFC 9937: proportional rate reduction, which spreads what a loss costs over the recovery.

/// The account of one recovery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateReduction {
    /// RecoverFS: octets out when recovery began.
    recover_fs: usize,
    /// prr_delivered: octets delivered since.
    delivered: usize,
    /// prr_out: octets sent since.
    out: usize,
}

impl RateReduction {
    pub(crate) fn new(flight_size: usize) -> Self {
        Self {
            recover_fs: flight_size.max(1),
            delivered: 0,
            out: 0,
        }
    }

    /// Octets left in recovery, for the first time or again.
    pub(crate) fn sent(&mut self, octets: usize) {
        self.out = self.out.saturating_add(octets);
    }

    /// An acknowledgment delivered octets; how many may leave now (section 6.2).
    ///
    /// `safe_ack`: SND.UNA advanced and nothing more is lost. Then the window is refilled as by slow start,
    /// else by no more than what arrived.
    pub(crate) fn acknowledged(
        &mut self,
        octets: usize,
        (pipe, ssthresh, smss): (usize, usize, usize),
        safe_ack: bool,
    ) -> usize {
        self.delivered = self.delivered.saturating_add(octets);
        let allowed = if pipe > ssthresh {
            let share = self.delivered.saturating_mul(ssthresh);
            share.div_ceil(self.recover_fs).saturating_sub(self.out)
        } else {
            let arrived = self.delivered.saturating_sub(self.out).max(octets);
            let limit = arrived.saturating_add(if safe_ack { smss } else { 0 });
            limit.min(ssthresh - pipe)
        };
        // The fast retransmission leaves in any case.
        if self.out == 0 {
            allowed.max(smss)
        } else {
            allowed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_is_delivered_leaves_when_the_window_is_halved() {
        let mut reduction = RateReduction::new(20_000);
        let (mut pipe, mut left) = (19_000, 0);
        for _ in 0..18 {
            pipe -= 1_000;
            let allowed = reduction.acknowledged(1_000, (pipe, 10_000, 1_000), true);
            if allowed >= 1_000 {
                reduction.sent(1_000);
                pipe += 1_000;
                left += 1;
            }
        }
        assert_eq!((left, pipe), (9, 10_000));
    }

    #[test]
    fn a_heavy_loss_is_refilled_by_slow_start_or_by_no_more_than_arrived() {
        let mut reduction = RateReduction::new(20_000);
        reduction.sent(1_000);
        assert_eq!(
            reduction.acknowledged(3_000, (4_000, 10_000, 1_000), false),
            3_000
        );
        assert_eq!(
            reduction.acknowledged(1_000, (4_000, 10_000, 1_000), true),
            4_000
        );
    }
}
