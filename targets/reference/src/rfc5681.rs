//! RFC 5681: slow start, congestion avoidance and what a loss costs (RFC 9293 MUST-19); the initial
//! window of RFC 6928.
//!
//! [`CongestionControl`] is the seam: an algorithm says how much may be in flight, [`crate::rfc6582`]
//! finds out what was lost.

use core::fmt::Debug;

/// Far beyond any window that TCP can express.
const MAX_CWND: usize = 1 << 30;

/// An algorithm that bounds the octets in flight.
pub(crate) trait CongestionControl: Debug + Send + Sync {
    /// cwnd in octets.
    fn cwnd(&self) -> usize;
    /// ssthresh in octets.
    fn ssthresh(&self) -> usize;
    /// The sender's maximum segment size changed; that is no sign of congestion.
    fn set_smss(&mut self, smss: usize);
    /// `acked` octets were newly acknowledged outside of recovery.
    fn acknowledged(&mut self, acked: usize);
    /// Three duplicate ACKs: recovery begins with `flight_size` octets out.
    fn recovery_began(&mut self, flight_size: usize);
    /// Another duplicate ACK: a segment has left the network.
    fn recovery_inflated(&mut self);
    /// Part of the loss is repaired: `acked` octets were acknowledged.
    fn recovery_advanced(&mut self, acked: usize);
    /// The loss is repaired, `flight_size` octets are out.
    fn recovery_ended(&mut self, flight_size: usize);
    /// The retransmission timer fired; `first` unless it did for the same text before.
    fn timed_out(&mut self, flight_size: usize, first: bool);
    /// Nothing was sent for longer than an RTO (section 4.1).
    fn restarted_after_idle(&mut self);
}

/// The algorithm of RFC 5681 with the deflation of RFC 6582.
#[derive(Clone, Debug)]
pub(crate) struct Reno {
    cwnd: usize,
    ssthresh: usize,
    smss: usize,
    initial_window: usize,
    /// Octets acknowledged since cwnd last grew, in congestion avoidance.
    credit: usize,
}

impl Reno {
    /// A new connection's: `segments` of `smss` octets to begin with.
    ///
    /// RFC 6928 section 2: min(10 SMSS, max(2 SMSS, 14600)). One segment if the SYN was lost (section 3.1).
    pub(crate) fn new(smss: usize, segments: usize, syn_was_lost: bool) -> Self {
        let segments = segments.max(1);
        let generous = smss.saturating_mul(segments);
        let initial_window =
            generous.min(smss.saturating_mul(2).max(segments.saturating_mul(1_460)));
        let initial_window = if syn_was_lost {
            smss
        } else {
            initial_window.max(smss)
        };
        // "SHOULD be set arbitrarily high"
        Self {
            cwnd: initial_window,
            ssthresh: MAX_CWND,
            smss,
            initial_window,
            credit: 0,
        }
    }

    fn set_cwnd(&mut self, cwnd: usize) {
        self.cwnd = cwnd.clamp(self.smss, MAX_CWND);
        self.credit = 0;
    }

    /// Equation 4: half of what is in flight, two segments at the least.
    fn half_of(&self, flight_size: usize) -> usize {
        (flight_size / 2).max(self.smss * 2)
    }
}

impl CongestionControl for Reno {
    fn cwnd(&self) -> usize {
        self.cwnd
    }

    fn ssthresh(&self) -> usize {
        self.ssthresh
    }

    fn set_smss(&mut self, smss: usize) {
        self.smss = smss.max(1);
        self.cwnd = self.cwnd.max(self.smss);
    }

    fn acknowledged(&mut self, acked: usize) {
        if self.cwnd < self.ssthresh {
            // Equation 2, slow start: no more than one segment for each ACK.
            self.set_cwnd(self.cwnd.saturating_add(acked.min(self.smss)));
            return;
        }
        // Congestion avoidance: one segment for each cwnd of octets acknowledged.
        self.credit = self.credit.saturating_add(acked);
        if self.credit >= self.cwnd {
            let rest = self.credit - self.cwnd;
            self.set_cwnd(self.cwnd.saturating_add(self.smss));
            self.credit = rest.min(self.cwnd);
        }
    }

    fn recovery_began(&mut self, flight_size: usize) {
        self.ssthresh = self.half_of(flight_size);
        self.set_cwnd(self.ssthresh + 3 * self.smss);
    }

    fn recovery_inflated(&mut self) {
        self.set_cwnd(self.cwnd.saturating_add(self.smss));
    }

    fn recovery_advanced(&mut self, acked: usize) {
        // RFC 6582 section 3.2 step 3: deflate by what was acknowledged, add back one segment.
        let back = if acked >= self.smss { self.smss } else { 0 };
        self.set_cwnd(self.cwnd.saturating_sub(acked).saturating_add(back));
    }

    fn recovery_ended(&mut self, flight_size: usize) {
        // RFC 6582 section 3.2 step 3, the first option: no burst of what the window would now allow.
        self.set_cwnd(
            self.ssthresh
                .min(flight_size.max(self.smss).saturating_add(self.smss)),
        );
    }

    fn timed_out(&mut self, flight_size: usize, first: bool) {
        if first {
            self.ssthresh = self.half_of(flight_size);
        }
        self.set_cwnd(self.smss);
    }

    fn restarted_after_idle(&mut self) {
        self.set_cwnd(self.cwnd.min(self.initial_window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_window_is_ten_segments_but_bounded_for_large_ones() {
        assert_eq!(Reno::new(1_460, 10, false).cwnd(), 14_600);
        assert_eq!(Reno::new(536, 10, false).cwnd(), 5_360);
        assert_eq!(Reno::new(9_000, 10, false).cwnd(), 18_000);
        assert_eq!(Reno::new(1_460, 10, true).cwnd(), 1_460);
    }

    #[test]
    fn slow_start_adds_no_more_than_a_segment_for_each_ack() {
        let mut reno = Reno::new(1_000, 1, false);
        reno.acknowledged(1_000);
        reno.acknowledged(5_000);
        reno.acknowledged(10);
        assert_eq!(reno.cwnd(), 1_000 + 1_000 + 1_000 + 10);
    }

    #[test]
    fn congestion_avoidance_adds_one_segment_for_each_window() {
        let mut reno = Reno::new(1_000, 10, false);
        reno.recovery_began(20_000);
        reno.recovery_ended(20_000);
        assert_eq!((reno.cwnd(), reno.ssthresh()), (10_000, 10_000));
        for _ in 0..10 {
            reno.acknowledged(1_000);
        }
        assert_eq!(reno.cwnd(), 11_000);
    }

    #[test]
    fn a_timeout_leaves_one_segment_and_a_second_one_keeps_ssthresh() {
        let mut reno = Reno::new(1_000, 10, false);
        reno.timed_out(10_000, true);
        assert_eq!((reno.cwnd(), reno.ssthresh()), (1_000, 5_000));
        reno.timed_out(1_000, false);
        assert_eq!((reno.cwnd(), reno.ssthresh()), (1_000, 5_000));
    }
}
