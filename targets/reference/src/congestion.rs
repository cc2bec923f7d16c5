//! The congestion window: what every algorithm shares, and the algorithms by name.
//!
//! An algorithm says how the window grows in congestion avoidance and what a loss leaves of it; slow start,
//! the initial window (RFC 6928), the restart after idle time (RFC 5681 section 4.1) and taking a reduction
//! back (RFC 4015) are the same for all.

use core::time::Duration;

use crate::hystart::HyStart;
use crate::rfc5681::Reno;
use crate::rfc9406::{Advice, HyStart as HyStartPlusPlus};
use crate::rfc9438::Cubic;
use crate::{Config, CongestionAlgorithm, HyStartVariant, Instant, Seq};

/// Far beyond any window that TCP can express.
pub(crate) const MAX_CWND: usize = 1 << 30;

/// What an acknowledgment of new octets, outside of recovery, tells the congestion window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth {
    /// Octets newly acknowledged.
    pub(crate) acked: usize,
    /// When.
    pub(crate) now: Instant,
    /// SRTT, once measured.
    pub(crate) srtt: Option<Duration>,
    /// The round trip that this acknowledgment measured, if any.
    pub(crate) rtt: Option<Duration>,
    /// SND.UNA and SND.NXT.
    pub(crate) snd_una: Seq,
    pub(crate) snd_nxt: Seq,
    /// Octets that were out before it came.
    pub(crate) flight_size: usize,
    /// How much of the window this round trip used.
    pub(crate) window_use: WindowUse,
}

/// How much of the congestion window one round trip uses (RFC 7661 section 4.1, RFC 9438 section 5.8).
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowUse {
    /// Whether there was a moment at which it had room for no segment more.
    pub(crate) is_full: bool,
    /// The most octets that were out.
    pub(crate) most: usize,
    /// The round trip ends when SND.UNA gets here.
    until: Seq,
}

impl WindowUse {
    pub(crate) fn new(iss: Seq) -> Self {
        Self {
            is_full: false,
            most: 0,
            until: iss,
        }
    }

    /// `flight_size` octets are out now.
    pub(crate) fn observe(
        &mut self,
        flight_size: usize,
        is_full: bool,
        (snd_una, snd_nxt): (Seq, Seq),
    ) {
        let is_over = snd_una.at_or_after(self.until);
        if is_over || is_full || (!self.is_full && flight_size > self.most) {
            *self = Self {
                is_full,
                most: flight_size,
                until: snd_nxt,
            };
        }
    }
}

/// The algorithms.
#[derive(Clone, Debug)]
enum Algorithm {
    Reno(Reno),
    Cubic(Cubic),
}

/// What ends CUBIC's slow start before losses do (RFC 9438 section 4.10).
#[derive(Clone, Copy, Debug)]
enum Exit {
    Original(HyStart),
    PlusPlus(HyStartPlusPlus),
}

/// cwnd, ssthresh and what moves them.
#[derive(Clone, Debug)]
pub(crate) struct Congestion {
    cwnd: usize,
    ssthresh: usize,
    smss: usize,
    initial_window: usize,
    algorithm: Algorithm,
    exit: Option<Exit>,
    slow_start_segments: usize,
    validated: bool,
    reduces_from_window: bool,
    counts_segments: bool,
}

impl Congestion {
    /// A new connection's.
    ///
    /// RFC 6928 section 2: min(10 SMSS, max(2 SMSS, 14600)). One segment if the SYN was lost (section 3.1).
    pub(crate) fn new(smss: usize, config: &Config, syn_was_lost: bool) -> Self {
        let segments = config.initial_window.max(1);
        let generous = smss.saturating_mul(segments);
        let most = smss
            .saturating_mul(2)
            .max(segments.saturating_mul(config.initial_window_mss));
        let initial_window = if syn_was_lost {
            smss
        } else {
            generous.min(most).max(smss)
        };
        Self {
            cwnd: initial_window,
            ssthresh: MAX_CWND, // "SHOULD be set arbitrarily high"
            smss,
            initial_window,
            algorithm: match config.congestion_algorithm {
                CongestionAlgorithm::Reno => Algorithm::Reno(Reno::default()),
                CongestionAlgorithm::Cubic => Algorithm::Cubic(Cubic::default()),
            },
            exit: match (config.congestion_algorithm, config.hystart) {
                (CongestionAlgorithm::Reno, _) | (_, HyStartVariant::Off) => None,
                (_, HyStartVariant::Original) => Some(Exit::Original(HyStart::default())),
                (_, HyStartVariant::PlusPlus) => Some(Exit::PlusPlus(HyStartPlusPlus::default())),
            },
            slow_start_segments: config.slow_start_segments.max(1),
            validated: config.validate_window,
            reduces_from_window: config.reduces_from_window,
            counts_segments: config.window_counts_segments,
        }
    }

    /// cwnd in octets.
    pub(crate) fn cwnd(&self) -> usize {
        self.cwnd
    }

    /// ssthresh in octets.
    pub(crate) fn ssthresh(&self) -> usize {
        self.ssthresh
    }

    /// cwnd and ssthresh, to go back to.
    pub(crate) fn figures(&self) -> (usize, usize) {
        (self.cwnd, self.ssthresh)
    }

    /// Whether the window grows by slow start (RFC 5681 section 3.1).
    pub(crate) fn in_slow_start(&self) -> bool {
        self.cwnd < self.ssthresh
    }

    /// The sender's maximum segment size changed; that is no sign of congestion.
    pub(crate) fn set_smss(&mut self, smss: usize) {
        let before = core::mem::replace(&mut self.smss, smss.max(1));
        if self.counts_segments {
            self.cwnd = self.cwnd / before * self.smss;
            self.ssthresh = (self.ssthresh / before).saturating_mul(self.smss);
        }
        self.cwnd = self.cwnd.max(self.smss);
    }

    /// Recovery says how much may be out.
    pub(crate) fn set_cwnd(&mut self, cwnd: usize) {
        self.cwnd = cwnd.clamp(self.smss, MAX_CWND);
    }

    /// Octets were newly acknowledged outside of recovery.
    #[inline]
    pub(crate) fn acknowledged(&mut self, growth: &Growth) {
        let slow_start = self.in_slow_start().then_some(self.cwnd);
        if let Some(Exit::Original(hystart)) = &mut self.exit
            && hystart.measured(growth, slow_start, self.smss)
        {
            self.ssthresh = self.cwnd;
        }
        if self.validated && !self.is_limiting(growth) {
            return;
        }
        if self.in_slow_start() {
            self.slow_start(growth);
            return;
        }
        let cwnd = match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.avoid(self.cwnd, self.smss, growth.acked),
            Algorithm::Cubic(cubic) => cubic.avoid(self.cwnd, self.smss, growth),
        };
        self.set_cwnd(cwnd);
    }

    /// RFC 7661 section 4.1, RFC 9438 section 5.8: a window that is not used up is not proven.
    fn is_limiting(&self, growth: &Growth) -> bool {
        let most = growth.window_use.most.max(growth.flight_size);
        growth.window_use.is_full || (self.in_slow_start() && self.cwnd < 2 * most)
    }

    fn slow_start(&mut self, growth: &Growth) {
        let advice = match &mut self.exit {
            Some(Exit::PlusPlus(hystart)) => hystart.acknowledged(growth),
            _ => Advice::Grow(1),
        };
        match advice {
            Advice::Grow(divisor) => {
                // RFC 5681 equation 2: one segment for each ACK; RFC 3465 and RFC 9406 allow a few.
                let most = self.slow_start_segments.saturating_mul(self.smss);
                let more = growth.acked.min(most) / divisor;
                self.set_cwnd(self.cwnd.saturating_add(more).min(self.ssthresh));
            }
            Advice::Leave => {
                self.ssthresh = self.cwnd;
                self.exit = None; // RFC 9406 section 4.3: for the first slow start only
            }
        }
    }

    /// What a loss leaves a share of: what is in flight, or the window where that counts (RFC 9438 section 4.6).
    pub(crate) fn reduced_from(&self, flight_size: usize) -> usize {
        if self.reduces_from_window {
            self.cwnd
        } else {
            flight_size
        }
    }

    /// A loss: ssthresh becomes what the algorithm leaves of `flight_size`.
    pub(crate) fn reduce(&mut self, flight_size: usize) {
        if matches!(self.exit, Some(Exit::PlusPlus(_))) {
            self.exit = None;
        }
        let flight_size = self.reduced_from(flight_size);
        self.ssthresh = match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.reduced(flight_size, self.smss),
            Algorithm::Cubic(cubic) => cubic.reduced(flight_size, self.cwnd, self.smss),
        };
    }

    /// The retransmission timer fired; `first` unless it did for the same text before.
    ///
    /// `reduced`: a recovery from a loss in the same flight is under way. Then the window, where a share of that counts, has been
    /// reduced already.
    pub(crate) fn timed_out(&mut self, flight_size: usize, first: bool, reduced: bool) {
        if first {
            if !(reduced && self.reduces_from_window) {
                self.reduce(flight_size);
            }
            if let Algorithm::Cubic(cubic) = &mut self.algorithm {
                cubic.timed_out();
            }
            if let Some(Exit::Original(hystart)) = &mut self.exit {
                hystart.timed_out();
            }
        }
        self.set_cwnd(self.smss); // RFC 5681 section 3.1: the loss window
    }

    /// A reduction was in error (RFC 4015 section 3.2).
    pub(crate) fn restore(&mut self, cwnd: usize, ssthresh: usize) {
        self.ssthresh = self.ssthresh.max(ssthresh);
        self.set_cwnd(self.cwnd.max(cwnd));
    }

    /// Nothing was sent for longer than an RTO (RFC 5681 section 4.1).
    pub(crate) fn restarted_after_idle(&mut self) {
        self.set_cwnd(self.cwnd.min(self.initial_window));
        if let Algorithm::Cubic(cubic) = &mut self.algorithm {
            cubic.restarted();
        }
    }
}

#[cfg(test)]
impl Growth {
    /// One that tells nothing.
    pub(crate) fn for_tests() -> Self {
        Self {
            acked: 0,
            now: Instant::ZERO,
            srtt: None,
            rtt: None,
            snd_una: Seq(0),
            snd_nxt: Seq(0),
            flight_size: 0,
            window_use: WindowUse::new(Seq(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(smss: usize, initial_window: usize, syn_was_lost: bool) -> Congestion {
        let config = Config {
            initial_window,
            ..Config::default()
        };
        Congestion::new(smss, &config, syn_was_lost)
    }

    fn acknowledge(window: &mut Congestion, acked: usize) {
        window.acknowledged(&Growth {
            acked,
            ..Growth::for_tests()
        });
    }

    #[test]
    fn the_initial_window_is_ten_segments_but_bounded_for_large_ones() {
        assert_eq!(window(1_460, 10, false).cwnd(), 14_600);
        assert_eq!(window(536, 10, false).cwnd(), 5_360);
        assert_eq!(window(9_000, 10, false).cwnd(), 18_000);
        assert_eq!(window(1_460, 10, true).cwnd(), 1_460);
    }

    #[test]
    fn slow_start_adds_no_more_than_a_segment_for_each_ack() {
        let mut window = window(1_000, 1, false);
        for acked in [1_000, 5_000, 10] {
            acknowledge(&mut window, acked);
        }
        assert_eq!(window.cwnd(), 1_000 + 1_000 + 1_000 + 10);
    }

    #[test]
    fn congestion_avoidance_adds_one_segment_for_each_window() {
        let mut window = window(1_000, 10, false);
        window.reduce(20_000);
        window.set_cwnd(window.ssthresh());
        assert_eq!((window.cwnd(), window.ssthresh()), (10_000, 10_000));
        for _ in 0..10 {
            acknowledge(&mut window, 1_000);
        }
        assert_eq!(window.cwnd(), 11_000);
    }

    #[test]
    fn a_window_that_was_full_once_counts_as_full_for_a_round_trip() {
        let mut used = WindowUse::new(Seq(0));
        used.observe(3_000, false, (Seq(0), Seq(3_000)));
        used.observe(2_000, false, (Seq(1_000), Seq(3_000)));
        assert_eq!((used.is_full, used.most), (false, 3_000));
        used.observe(3_000, false, (Seq(1_000), Seq(4_000))); // as much again prolongs nothing
        let mut next = used;
        next.observe(500, false, (Seq(3_000), Seq(4_500)));
        assert_eq!((next.is_full, next.most), (false, 500));
        used.observe(4_000, false, (Seq(1_000), Seq(5_000)));
        assert_eq!((used.is_full, used.most), (false, 4_000));
        used.observe(2_500, true, (Seq(2_500), Seq(5_000)));
        assert_eq!((used.is_full, used.most), (true, 2_500));
        used.observe(3_500, false, (Seq(3_000), Seq(6_500)));
        assert_eq!((used.is_full, used.most), (true, 2_500));
        used.observe(1_000, false, (Seq(5_000), Seq(6_000)));
        assert_eq!((used.is_full, used.most), (false, 1_000));
    }

    #[test]
    fn a_window_grows_only_while_it_is_used_up_where_that_is_asked() {
        let config = Config {
            initial_window: 10,
            validate_window: true,
            ..Config::default()
        };
        let grown = |most: usize, is_full: bool, ssthresh: usize| {
            let mut window = Congestion::new(1_000, &config, false);
            window.ssthresh = ssthresh;
            let mut window_use = WindowUse::new(Seq(0));
            window_use.observe(most, is_full, (Seq(0), Seq(10_000)));
            window.acknowledged(&Growth {
                acked: 10_000,
                window_use,
                ..Growth::for_tests()
            });
            window.cwnd() > 10_000
        };
        // Slow start: half of it suffices, so that it can double.
        assert_eq!(
            [grown(5_000, false, MAX_CWND), grown(5_001, false, MAX_CWND)],
            [false, true]
        );
        assert!(grown(1_000, true, MAX_CWND));
        // Congestion avoidance: it has to have been full.
        assert_eq!(
            [grown(9_999, false, 0), grown(1_000, true, 0)],
            [false, true]
        );
    }

    #[test]
    fn smaller_segments_leave_the_octets_of_the_window_or_their_number() {
        for (window_counts_segments, figures) in [(false, (10_000, 5_500)), (true, (5_000, 2_500))]
        {
            let config = Config {
                window_counts_segments,
                ..Config::default()
            };
            let mut window = Congestion::new(1_000, &config, false);
            window.ssthresh = 5_500;
            window.set_smss(500);
            assert_eq!(window.figures(), figures);
        }
    }

    #[test]
    fn a_timeout_leaves_one_segment_and_a_second_one_keeps_ssthresh() {
        let mut window = window(1_000, 10, false);
        window.timed_out(10_000, true, false);
        assert_eq!((window.cwnd(), window.ssthresh()), (1_000, 5_000));
        window.timed_out(1_000, false, false);
        assert_eq!((window.cwnd(), window.ssthresh()), (1_000, 5_000));
    }
}
