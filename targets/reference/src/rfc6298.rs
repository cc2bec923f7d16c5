//! RFC 6298: the retransmission timeout (RFC 9293 MUST-18).

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::{Config, Instant, Seq};

/// The clock granularity G: the millisecond of the timestamp clock.
const GRANULARITY: Duration = Duration::from_millis(1);
/// RFC 6298 rule 5.7: the RTO after a SYN had to be retransmitted.
const RTO_AFTER_SYN_LOSS: Duration = Duration::from_secs(3);

/// Samples that are in the making at the same time, at most.
const MOST_TIMED: usize = 4_096;

/// SRTT, RTTVAR and RTO of a connection.
#[derive(Clone, Debug)]
pub(crate) struct RttEstimator {
    srtt: Option<Duration>,
    rttvar: Duration,
    rto: Duration,
    backoff: u32,
    min: Duration,
    max: Duration,
    min_variance: Duration,
    /// The ends of segments that were sent once, and when: the samples in the making, in order.
    timed: VecDeque<(Seq, Instant)>,
    /// Where every acknowledgment gives a sample, the variance needs more than RTTVAR.
    deviation: Option<Deviation>,
    /// Samples taken.
    samples: u32,
    /// A timestamp counts once in a flight: from the first ACK of what is sent after this.
    sampled_until: Seq,
}

impl RttEstimator {
    pub(crate) fn new(config: &Config, iss: Seq) -> Self {
        Self {
            srtt: None,
            rttvar: Duration::ZERO,
            rto: config.initial_rto, // rule 2.1
            backoff: 0,
            min: config.min_rto,
            max: config.max_rto.max(config.min_rto),
            min_variance: config.min_rto_variance.max(GRANULARITY),
            timed: VecDeque::new(),
            deviation: config.samples_every_ack.then(|| Deviation::new(iss)),
            samples: 0,
            sampled_until: iss,
        }
    }

    /// The RTO with its backoff.
    #[inline]
    pub(crate) fn rto(&self) -> Duration {
        self.scaled(self.backoff)
    }

    /// The RTO without backoff, and SRTT and RTTVAR once measured.
    pub(crate) fn figures(&self) -> (Duration, Option<(Duration, Duration)>) {
        let rttvar = self.deviation.as_ref().map_or(self.rttvar, |d| d.mean);
        (self.rto, self.srtt.map(|srtt| (srtt, rttvar)))
    }

    /// How often the RTO was doubled since it was measured.
    pub(crate) fn backoff(&self) -> u32 {
        self.backoff
    }

    /// Octets of memory that it holds, used or not.
    #[cfg(test)]
    pub(crate) fn allocated(&self) -> usize {
        self.timed.capacity() * size_of::<(Seq, Instant)>()
    }

    /// How many samples were taken.
    pub(crate) fn samples(&self) -> u32 {
        self.samples
    }

    /// SRTT, once measured.
    pub(crate) fn srtt(&self) -> Option<Duration> {
        self.srtt
    }

    /// The RTO doubled `times` times, up to the maximum.
    #[inline]
    pub(crate) fn scaled(&self, times: u32) -> Duration {
        self.rto.saturating_mul(1 << times.min(30)).min(self.max)
    }

    /// Rule 5.5: back off the timer.
    pub(crate) fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
    }

    /// Text that ends at `end` leaves for the first time.
    pub(crate) fn sent(&mut self, end: Seq, now: Instant) {
        let most = if self.deviation.is_some() {
            MOST_TIMED
        } else {
            1
        };
        if self.timed.len() < most {
            self.timed.push_back((end, now));
        }
    }

    /// Section 3, Karn's algorithm: what was retransmitted gives no sample.
    pub(crate) fn retransmitted(&mut self) {
        self.timed.clear();
    }

    /// Everything before `seg_ack` was acknowledged; `echoed` is the age of the timestamp that came back.
    ///
    /// A timestamp makes samples of retransmitted text unambiguous, so it serves when nothing is timed.
    #[inline]
    pub(crate) fn acknowledged(
        &mut self,
        seg_ack: Seq,
        snd_nxt: Seq,
        now: Instant,
        echoed: Option<Duration>,
    ) {
        let nothing_timed = self.timed.is_empty();
        let mut oldest = None;
        while let Some((end, sent_at)) = self.timed.front().copied()
            && seg_ack.at_or_after(end)
        {
            self.timed.pop_front();
            oldest.get_or_insert(sent_at);
        }
        let sample = match (oldest, echoed) {
            (Some(sent_at), _) => now.since(sent_at),
            (None, Some(age)) if nothing_timed && seg_ack.after(self.sampled_until) => age,
            _ => return,
        };
        self.sample(sample, seg_ack, snd_nxt);
        self.sampled_until = snd_nxt;
    }

    /// A segment that ends at `end` and was sent only once, `age` ago, arrived: it serves when nothing is
    /// timed, as a timestamp does.
    pub(crate) fn delivered(&mut self, end: Seq, snd_nxt: Seq, age: Duration) {
        if self.timed.is_empty() && end.after(self.sampled_until) {
            self.sample(age, end, snd_nxt);
            self.sampled_until = snd_nxt;
        }
    }

    /// Rule 5.7: the SYN had to be retransmitted; data begin with 3 s unless a timestamp measured the path.
    pub(crate) fn syn_was_lost(&mut self) {
        self.backoff = 0;
        self.rto = self.rto.max(RTO_AFTER_SYN_LOSS).min(self.max);
    }

    /// Rules 2.2 and 2.3.
    fn sample(&mut self, r: Duration, una: Seq, snd_nxt: Seq) {
        self.samples = self.samples.saturating_add(1);
        let srtt = match self.srtt {
            None => {
                self.rttvar = r / 2;
                r
            }
            Some(srtt) => {
                // RTTVAR first: it needs the SRTT from before. beta is 1/4, alpha 1/8.
                if self.deviation.is_none() {
                    self.rttvar = self.rttvar.saturating_mul(3) / 4 + srtt.abs_diff(r) / 4;
                }
                srtt.saturating_mul(7) / 8 + r / 8
            }
        };
        if let Some(deviation) = &mut self.deviation {
            let floor = self.min_variance / 4;
            self.rttvar = deviation.sample(r, self.srtt, (una, snd_nxt), (self.rttvar, floor));
        }
        self.srtt = Some(srtt);
        let rto = srtt.saturating_add(self.rttvar.saturating_mul(4).max(self.min_variance));
        self.rto = rto.max(self.min).min(self.max); // rules 2.4 and 2.5
        self.backoff = 0;
    }
}

/// The deviation of samples that come with every acknowledgment: its mean, and its largest value in a round trip.
#[derive(Clone, Debug)]
struct Deviation {
    mean: Duration,
    largest: Duration,
    /// The round trip ends when this is acknowledged.
    until: Seq,
}

impl Deviation {
    const fn new(iss: Seq) -> Self {
        Self {
            mean: Duration::ZERO,
            largest: Duration::ZERO,
            until: iss,
        }
    }

    /// Takes a sample; gives RTTVAR, which rises with the largest deviation at once and falls once in a round trip.
    fn sample(
        &mut self,
        r: Duration,
        srtt: Option<Duration>,
        (una, snd_nxt): (Seq, Seq),
        (rttvar, floor): (Duration, Duration),
    ) -> Duration {
        let Some(srtt) = srtt else {
            self.mean = r / 2;
            self.largest = self.mean.max(floor);
            self.until = snd_nxt;
            return self.largest;
        };
        let error = srtt.abs_diff(r);
        // A round trip that shrank is no reason to wait longer: such a deviation counts little.
        let share = if r < srtt { 32 } else { 4 };
        let (more, less) = (
            error.saturating_sub(self.mean),
            self.mean.saturating_sub(error),
        );
        self.mean = self.mean + more / share - less / 4;
        self.largest = self.largest.max(self.mean);
        let mut rttvar = rttvar.max(self.largest);
        if una.after(self.until) {
            rttvar -= (rttvar - self.largest) / 4;
            self.until = snd_nxt;
            self.largest = floor;
        }
        rttvar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimator(min_rto: Duration) -> RttEstimator {
        RttEstimator::new(
            &Config {
                min_rto,
                ..Config::default()
            },
            Seq(0),
        )
    }

    fn feed(estimator: &mut RttEstimator, rtts_ms: &[u64]) {
        for (index, rtt) in rtts_ms.iter().enumerate() {
            let end = Seq(index as u32 + 1);
            estimator.sent(end, Instant::ZERO);
            estimator.acknowledged(end, end, Instant::from_millis(*rtt), None);
        }
    }

    #[test]
    fn the_first_sample_sets_srtt_and_half_of_it_as_rttvar() {
        let mut estimator = estimator(Duration::from_millis(1));
        assert_eq!(estimator.rto(), Duration::from_secs(1));
        feed(&mut estimator, &[300]);
        assert_eq!(estimator.rto(), Duration::from_millis(900));
    }

    #[test]
    fn later_samples_use_alpha_one_eighth_and_beta_one_quarter() {
        let mut estimator = estimator(Duration::from_millis(1));
        feed(&mut estimator, &[800, 1600]);
        // rttvar = 3/4 * 400 + 1/4 * 800, srtt = 7/8 * 800 + 1/8 * 1600
        assert_eq!(
            estimator.figures().1,
            Some((Duration::from_millis(900), Duration::from_millis(500)))
        );
        assert_eq!(estimator.rto(), Duration::from_millis(2_900));
    }

    #[test]
    fn the_rto_has_a_floor_and_backs_off_to_a_ceiling() {
        let mut estimator = estimator(Duration::from_secs(1));
        feed(&mut estimator, &[1]);
        let mut seen = alloc::vec::Vec::new();
        for _ in 0..9 {
            seen.push(estimator.rto().as_secs());
            estimator.back_off();
        }
        assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
    }

    #[test]
    fn every_acknowledgment_may_give_a_sample_of_the_oldest_text_that_it_covers() {
        let config = Config {
            samples_every_ack: true,
            min_rto: Duration::from_millis(1),
            ..Config::default()
        };
        let mut estimator = RttEstimator::new(&config, Seq(0));
        for end in 1..=4 {
            estimator.sent(Seq(end), Instant::from_millis(u64::from(end)));
        }
        estimator.acknowledged(Seq(1), Seq(4), Instant::from_millis(81), None);
        estimator.acknowledged(Seq(3), Seq(4), Instant::from_millis(162), None);
        let srtt = estimator.srtt();
        assert_eq!(srtt, Some(Duration::from_millis(90)), "80 and then 160 ms");
        estimator.retransmitted();
        estimator.acknowledged(Seq(4), Seq(4), Instant::from_millis(900), None);
        assert_eq!(estimator.srtt(), srtt);
    }

    #[test]
    fn retransmitted_text_gives_no_sample_without_a_timestamp() {
        let mut estimator = estimator(Duration::from_millis(1));
        estimator.sent(Seq(10), Instant::ZERO);
        estimator.back_off();
        estimator.retransmitted();
        estimator.acknowledged(Seq(10), Seq(10), Instant::from_secs(5), None);
        assert_eq!(estimator.rto(), Duration::from_secs(2));
        estimator.acknowledged(
            Seq(10),
            Seq(10),
            Instant::from_secs(5),
            Some(Duration::from_millis(100)),
        );
        assert_eq!(estimator.rto(), Duration::from_millis(300));
    }

    #[test]
    fn an_echo_serves_once_in_a_flight_and_only_while_nothing_is_timed() {
        let echo = |millis| Some(Duration::from_millis(millis));
        let mut estimator = estimator(Duration::from_millis(1));
        estimator.sent(Seq(10), Instant::ZERO);
        estimator.acknowledged(Seq(5), Seq(10), Instant::ZERO, echo(300));
        assert_eq!(estimator.srtt(), None, "up to 10 is timed");
        estimator.retransmitted();
        estimator.acknowledged(Seq(5), Seq(10), Instant::ZERO, echo(100));
        assert_eq!(estimator.srtt(), echo(100));
        estimator.acknowledged(Seq(10), Seq(10), Instant::ZERO, echo(300));
        assert_eq!(estimator.srtt(), echo(100), "it is of the same flight");
    }

    #[test]
    fn what_is_known_to_have_arrived_serves_as_an_echo_does() {
        let mut estimator = estimator(Duration::from_millis(1));
        let of = Duration::from_millis;
        estimator.sent(Seq(10), Instant::ZERO);
        estimator.delivered(Seq(20), Seq(30), of(300));
        assert_eq!(estimator.srtt(), None, "up to 10 is timed");
        estimator.retransmitted();
        estimator.delivered(Seq(20), Seq(30), of(100));
        assert_eq!(estimator.srtt(), Some(of(100)));
        estimator.delivered(Seq(30), Seq(30), of(300));
        assert_eq!(estimator.srtt(), Some(of(100)), "it is of the same flight");
    }

    #[test]
    fn the_largest_deviation_counts_at_once_and_decays_once_in_a_round_trip() {
        let of = Duration::from_micros;
        let mut deviation = Deviation::new(Seq(0));
        let mut sample = |r, srtt, una, rttvar| {
            let ends = (Seq(una), Seq(una + 10));
            deviation.sample(of(r), srtt, ends, (of(rttvar), of(5_000)))
        };
        assert_eq!(sample(12_800, None, 0, 0), of(6_400));
        let srtt = Some(of(12_800));
        assert_eq!(sample(22_400, srtt, 5, 0), of(7_200)); // 6.4 + (9.6 - 6.4) / 4
        assert_eq!(sample(2_400, srtt, 10, 0), of(7_300)); // shorter: 7.2 + (10.4 - 7.2) / 32
        assert_eq!(sample(11_900, srtt, 10, 0), of(7_300)); // the mean is now 7.3 - (7.3 - 0.9) / 4 = 5.7
        assert_eq!(sample(18_500, srtt, 11, 9_300), of(8_800)); // 9.3 - (9.3 - 7.3) / 4
        assert_eq!(sample(18_500, srtt, 21, 0), of(5_700));
    }
}
