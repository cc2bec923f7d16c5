//! RFC 9438: CUBIC, in whole octets and milliseconds.

use crate::Instant;
use crate::congestion::Growth;

/// beta_cubic (section 4.6): what a loss leaves, in tenths.
const BETA_TENTHS: usize = 7;
/// C (section 5.1), in tenths of a segment for each cubed second.
const C_TENTHS: u128 = 4;
/// alpha_cubic (section 4.3): 3 (1 - beta) / (1 + beta), as a fraction.
const ALPHA: (u64, u64) = (9, 17);

/// One epoch of congestion avoidance (section 4.2).
#[derive(Clone, Copy, Debug)]
struct Epoch {
    began: Instant,
    /// K in milliseconds: how long the window takes to get back to W_max.
    k: u64,
    /// Where the curve has its plateau.
    origin: usize,
    /// W_est (section 4.3), with a fraction in `est_rest` over cwnd.
    w_est: usize,
    est_rest: u64,
    /// What is left of octets too few for cwnd to grow.
    rest: u64,
}

/// The variables of section 4.1.2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cubic {
    w_max: usize,
    /// cwnd_prior: the window before the last reduction.
    prior: usize,
    epoch: Option<Epoch>,
}

impl Cubic {
    /// Congestion avoidance (sections 4.2 to 4.5).
    pub(crate) fn avoid(&mut self, cwnd: usize, smss: usize, growth: &Growth) -> usize {
        let (w_max, prior) = (self.w_max, self.prior);
        let epoch = self
            .epoch
            .get_or_insert_with(|| Epoch::new(cwnd, w_max, smss, growth.now));
        self.w_max = w_max.max(epoch.origin);
        let elapsed = growth.now.since(epoch.began);
        let ahead = elapsed.saturating_add(growth.srtt.unwrap_or_default());
        let millis =
            |span: core::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        epoch.estimate((cwnd, prior, smss), growth.acked);
        let now = epoch.w_cubic(millis(elapsed), smss);
        if now < epoch.w_est {
            return cwnd.max(epoch.w_est); // section 4.3: the Reno-friendly region
        }
        // Section 4.2: towards where the curve will be one RTT from now, within bounds.
        let target = epoch
            .w_cubic(millis(ahead), smss)
            .clamp(cwnd, cwnd + cwnd / 2);
        let grown = (target - cwnd) as u64 * growth.acked as u64 + epoch.rest;
        epoch.rest = grown % cwnd as u64;
        cwnd + (grown / cwnd as u64) as usize
    }

    /// Section 4.6 and 4.7: what a loss leaves of `flight_size`, `cwnd` being the window until now.
    pub(crate) fn reduced(&mut self, flight_size: usize, cwnd: usize, smss: usize) -> usize {
        self.epoch = None;
        self.prior = cwnd;
        // Fast convergence: a flow that did not get back to where it was makes room for others.
        self.w_max = if cwnd < self.w_max {
            cwnd * (10 + BETA_TENTHS) / 20
        } else {
            cwnd
        };
        (flight_size * BETA_TENTHS / 10).max(2 * smss)
    }

    /// Section 4.8: after a timeout the curve begins where congestion avoidance does, with K = 0.
    pub(crate) fn timed_out(&mut self) {
        self.w_max = 0;
    }

    /// Section 5.8: time in which nothing was sent does not count.
    pub(crate) fn restarted(&mut self) {
        self.epoch = None;
    }
}

impl Epoch {
    fn new(cwnd: usize, w_max: usize, smss: usize, now: Instant) -> Self {
        let origin = w_max.max(cwnd);
        // Equation 2, in cubed milliseconds.
        let below = (origin - cwnd) as u128 * 10_000_000_000 / (C_TENTHS * smss.max(1) as u128);
        Self {
            began: now,
            k: cube_root(u64::try_from(below).unwrap_or(u64::MAX)),
            origin,
            w_est: cwnd,
            est_rest: 0,
            rest: 0,
        }
    }

    /// Equation 1: W_cubic(t).
    fn w_cubic(&self, millis: u64, smss: usize) -> usize {
        let distance = u128::from(millis.abs_diff(self.k).min(1 << 24));
        let moved = C_TENTHS * smss as u128 * distance * distance * distance / 10_000_000_000;
        let moved = usize::try_from(moved).unwrap_or(usize::MAX);
        if millis < self.k {
            self.origin.saturating_sub(moved)
        } else {
            self.origin.saturating_add(moved)
        }
    }

    /// Equation 4: the window that Reno would have.
    fn estimate(&mut self, (cwnd, prior, smss): (usize, usize, usize), acked: usize) {
        let (over, under) = if self.w_est >= prior { (1, 1) } else { ALPHA };
        let segment_share = acked as u64 * over * smss as u64 + self.est_rest;
        let divisor = (cwnd as u64).max(1) * under;
        self.w_est += (segment_share / divisor) as usize;
        self.est_rest = segment_share % divisor;
    }
}

/// The greatest number whose cube is not above `value`.
fn cube_root(value: u64) -> u64 {
    let (mut low, mut high) = (0_u64, 2_642_245); // the cube root of u64::MAX
    while low < high {
        let middle = (low + high).div_ceil(2);
        if middle * middle * middle <= value {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const SMSS: usize = 1_000;

    /// Acknowledges a window's worth each round trip until `until`; the windows at the end of each.
    fn run(
        cubic: &mut Cubic,
        mut cwnd: usize,
        rounds: u64,
        rtt: Duration,
    ) -> alloc::vec::Vec<usize> {
        let mut now = Instant::ZERO;
        let mut windows = alloc::vec![];
        for _ in 0..rounds {
            now = now.after(rtt);
            for _ in 0..cwnd / SMSS {
                let growth = Growth {
                    acked: SMSS,
                    now,
                    ..Growth::for_tests()
                };
                cwnd = cubic.avoid(cwnd, SMSS, &growth);
            }
            windows.push(cwnd);
        }
        windows
    }

    #[test]
    fn cube_roots_are_whole() {
        for (value, root) in [
            (0, 0),
            (7, 1),
            (8, 2),
            (26, 2),
            (27, 3),
            (u64::MAX, 2_642_245),
        ] {
            assert_eq!(cube_root(value), root);
        }
    }

    #[test]
    fn the_window_is_back_at_its_plateau_after_k() {
        let mut cubic = Cubic::default();
        let ssthresh = cubic.reduced(1_000_000, 1_000_000, SMSS);
        assert_eq!(ssthresh, 700_000);
        // K = cbrt(300 / 0.4) = 9.085 s: concave before, flat there, convex beyond.
        let windows = run(&mut cubic, ssthresh, 180, Duration::from_millis(100));
        let at_k = windows[90];
        assert!((990_000..=1_001_000).contains(&at_k), "{at_k}");
        let step = |at: usize| windows[at + 1] - windows[at];
        assert!(step(1) > step(40) && step(40) > step(88), "concave");
        assert!(step(95) < step(130) && step(130) < step(170), "convex");
    }

    #[test]
    fn at_short_round_trips_it_grows_as_fast_as_reno() {
        let mut cubic = Cubic::default();
        let ssthresh = cubic.reduced(20_000, 20_000, SMSS);
        let windows = run(&mut cubic, ssthresh, 100, Duration::from_millis(1));
        // 100 rounds of alpha = 9/17 until 20 segments, then of one segment each.
        let last = *windows.last().unwrap();
        assert!(last > 60_000, "{last}");
    }

    #[test]
    fn after_a_timeout_the_curve_begins_where_the_window_is() {
        let mut cubic = Cubic::default();
        let ssthresh = cubic.reduced(1_000_000, 1_000_000, SMSS);
        cubic.timed_out();
        let windows = run(&mut cubic, ssthresh, 20, Duration::from_millis(100));
        // 0.4 * 2^3 segments after two seconds, or what Reno makes of twenty round trips.
        assert!(windows[19] < 712_000, "{}", windows[19]);
    }

    #[test]
    fn fast_convergence_gives_up_some_of_the_plateau() {
        let mut cubic = Cubic::default();
        cubic.reduced(100_000, 100_000, SMSS);
        cubic.reduced(80_000, 80_000, SMSS);
        assert_eq!(cubic.w_max, 68_000);
        // A flow that did get back keeps all of it.
        cubic.reduced(68_000, 68_000, SMSS);
        assert_eq!(cubic.w_max, 68_000);
    }

    #[test]
    fn a_loss_leaves_seven_tenths_but_two_segments_at_least() {
        let mut cubic = Cubic::default();
        for (flight_size, left) in [(10_000, 7_000), (2_858, 2_000), (3_000, 2_100), (0, 2_000)] {
            assert_eq!(cubic.reduced(flight_size, 10_000, SMSS), left);
        }
    }

    /// An epoch that began at zero.
    fn epoch(k: u64, origin: usize, w_est: usize) -> Epoch {
        Epoch {
            began: Instant::ZERO,
            k,
            origin,
            w_est,
            est_rest: 0,
            rest: 0,
        }
    }

    #[test]
    fn the_curve_is_that_of_equation_1() {
        let epoch = epoch(2_000, 10_000, 0);
        // 0.4 (t - 2)^3 segments of 1000 octets.
        for (millis, window) in [(0, 6_800), (1_000, 9_600), (2_000, 10_000), (5_000, 20_800)] {
            assert_eq!(epoch.w_cubic(millis, SMSS), window, "{millis}");
        }
    }

    #[test]
    fn the_estimate_keeps_what_is_too_little_for_an_octet() {
        let mut epoch = epoch(0, 10_000, 10_000);
        // Each acknowledgment is worth 9/17 * 30 * 1000 / 10000 = 1.588 octets: seventeen are 27.
        for _ in 0..17 {
            epoch.estimate((10_000, 20_000, SMSS), 30);
        }
        assert_eq!((epoch.w_est, epoch.est_rest), (10_027, 0));
    }

    #[test]
    fn the_window_moves_towards_the_target_by_whole_octets_and_keeps_the_rest() {
        let mut cubic = Cubic {
            w_max: 10_000,
            prior: 20_000,
            epoch: Some(epoch(0, 10_000, 10_000)),
        };
        // Ten seconds ahead the curve is at 410000: half as much again is the most. Where the two curves meet, this one counts.
        let growth = Growth {
            acked: 10,
            srtt: Some(Duration::from_secs(10)),
            ..Growth::for_tests()
        };
        assert_eq!(cubic.avoid(10_000, SMSS, &growth), 10_005);
        // A quarter of a second ahead it is at 10006.
        let mut cubic = Cubic {
            w_max: 10_000,
            prior: 20_000,
            epoch: Some(epoch(0, 10_000, 0)),
        };
        let growth = Growth {
            acked: 900,
            srtt: Some(Duration::from_millis(250)),
            ..Growth::for_tests()
        };
        // 6 * 900 / 10000 = 0.54 octets each time.
        let windows: alloc::vec::Vec<usize> =
            (0..4).map(|_| cubic.avoid(10_000, SMSS, &growth)).collect();
        assert_eq!(windows, [10_000, 10_001, 10_000, 10_001]);
    }

    #[test]
    fn idle_time_begins_a_new_epoch() {
        let mut cubic = Cubic::default();
        let ssthresh = cubic.reduced(100_000, 100_000, SMSS);
        let began = |cubic: &mut Cubic, seconds| {
            let growth = Growth {
                acked: SMSS,
                now: Instant::from_secs(seconds),
                ..Growth::for_tests()
            };
            cubic.avoid(ssthresh, SMSS, &growth);
            cubic.epoch.map(|epoch| epoch.began)
        };
        assert_eq!(began(&mut cubic, 5), Some(Instant::from_secs(5)));
        assert_eq!(began(&mut cubic, 7), Some(Instant::from_secs(5)));
        cubic.restarted();
        assert_eq!(began(&mut cubic, 9), Some(Instant::from_secs(9)));
    }
}
