//! HyStart as Ha and Rhee published it: slow start ends when a train of ACKs is as long as the path, or when
//! round trips become longer. RFC 9438 section 4.10 names it beside HyStart++ ([`crate::rfc9406`]).

use core::time::Duration;

use crate::congestion::Growth;
use crate::{Instant, Seq};

/// Windows below this are left alone.
const LOW_WINDOW_SEGMENTS: usize = 16;
/// ACKs of one train come no further apart.
const TRAIN_GAP: Duration = Duration::from_millis(2);
const MIN_SAMPLES: u32 = 8;
const MIN_DELAY_THRESH: Duration = Duration::from_millis(4);
const MAX_DELAY_THRESH: Duration = Duration::from_millis(16);
/// The burst by which the host's own segmentation may stretch a train.
const BURST: u128 = 65_536 * 4;
const MAX_STRETCH: Duration = Duration::from_millis(1);

/// One round of slow start.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// It is over when something beyond this is acknowledged.
    end: Seq,
    began: Instant,
    /// The last ACK of the train that began the round.
    train: Instant,
    least: Option<Duration>,
    samples: u32,
}

/// What was measured so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HyStart {
    least: Option<Duration>,
    round: Option<Round>,
}

impl HyStart {
    /// An acknowledgment arrived; whether slow start is to end now. `cwnd` in octets, if slow start is under way.
    pub(crate) fn measured(
        &mut self,
        growth: &Growth,
        slow_start: Option<usize>,
        smss: usize,
    ) -> bool {
        let Some(rtt) = growth.rtt else { return false };
        let least = self.least.map_or(rtt, |least| least.min(rtt));
        self.least = Some(least);
        let Some(cwnd) = slow_start.filter(|cwnd| *cwnd >= LOW_WINDOW_SEGMENTS * smss) else {
            return false;
        };
        let round = match &mut self.round {
            Some(round) if !growth.snd_una.after(round.end) => round,
            over => over.insert(Round {
                end: growth.snd_nxt,
                began: growth.now,
                train: growth.now,
                least: None,
                samples: 0,
            }),
        };
        round.train_is_long(growth, least, cwnd) || round.is_slow(rtt, least)
    }

    /// A timeout: everything begins anew.
    pub(crate) fn timed_out(&mut self) {
        *self = Self::default();
    }
}

impl Round {
    /// The ACKs that came one after another span half of the round trip: the path holds no more than that.
    fn train_is_long(&mut self, growth: &Growth, least: Duration, cwnd: usize) -> bool {
        if growth.now.since(self.train) > TRAIN_GAP {
            return false;
        }
        self.train = growth.now;
        let rtt = growth.srtt.unwrap_or(least).as_micros();
        // What leaves in a microsecond is twice cwnd over the round trip, in slow start.
        let micros = BURST * rtt / (2 * cwnd as u128).max(1);
        let stretch = u64::try_from(micros).map_or(MAX_STRETCH, Duration::from_micros);
        let threshold = least.saturating_add(stretch.min(MAX_STRETCH)) / 2;
        growth.now.since(self.began) > threshold
    }

    /// The least of more than eight round trips is an eighth longer than the least ever.
    fn is_slow(&mut self, rtt: Duration, least: Duration) -> bool {
        let here = self.least.map_or(rtt, |known| known.min(rtt));
        self.least = Some(here);
        if self.samples < MIN_SAMPLES {
            self.samples += 1;
            return false;
        }
        let threshold = (least / 8).clamp(MIN_DELAY_THRESH, MAX_DELAY_THRESH);
        here > least.saturating_add(threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMSS: usize = 1_000;
    const BASE: Duration = Duration::from_millis(80);

    /// The ACK of a round whose number is `round`, so long after its first, with this round trip.
    fn ack(hystart: &mut HyStart, round: u64, after_ms: u64, rtt: Duration, cwnd: usize) -> bool {
        let number = round as u32 * 100_000;
        let growth = Growth {
            now: Instant::from_millis(round * 1_000 + after_ms),
            rtt: Some(rtt),
            srtt: Some(BASE),
            snd_una: Seq(number + 1 + after_ms as u32),
            snd_nxt: Seq(number + 100_000),
            ..Growth::for_tests()
        };
        hystart.measured(&growth, Some(cwnd), SMSS)
    }

    #[test]
    fn the_ninth_long_round_trip_ends_slow_start() {
        let mut hystart = HyStart::default();
        assert!(!ack(&mut hystart, 0, 0, BASE, 10 * SMSS));
        let long = BASE + Duration::from_millis(11);
        for number in 0..8 {
            assert!(!ack(&mut hystart, 1, 5 * number, long, 20 * SMSS));
        }
        assert!(ack(&mut hystart, 1, 40, long, 20 * SMSS));
    }

    #[test]
    fn one_short_round_trip_among_them_does_not() {
        let mut hystart = HyStart::default();
        assert!(!ack(&mut hystart, 0, 0, BASE, 10 * SMSS));
        assert!(!ack(&mut hystart, 1, 0, BASE, 20 * SMSS));
        for number in 1..12 {
            assert!(!ack(&mut hystart, 1, 3 * number, 2 * BASE, 20 * SMSS));
        }
    }

    #[test]
    fn a_train_of_half_a_round_trip_ends_slow_start() {
        let mut hystart = HyStart::default();
        assert!(!ack(&mut hystart, 0, 0, BASE, 20 * SMSS));
        for after_ms in 1..=40 {
            assert!(!ack(&mut hystart, 0, after_ms, BASE, 20 * SMSS));
        }
        assert!(ack(&mut hystart, 0, 41, BASE, 20 * SMSS));
    }

    #[test]
    fn a_small_window_is_left_alone() {
        let mut hystart = HyStart::default();
        assert!(!ack(&mut hystart, 0, 0, BASE, 10 * SMSS));
        for number in 0..20 {
            assert!(!ack(&mut hystart, 1, 5 * number, 3 * BASE, 15 * SMSS));
        }
    }

    #[test]
    fn acks_of_one_train_come_two_milliseconds_apart_at_most() {
        for (apart, ends) in [(2, true), (3, false)] {
            let mut hystart = HyStart::default();
            let mut train = (0..=45).step_by(apart);
            let ended = train.any(|after_ms| ack(&mut hystart, 0, after_ms, BASE, 20 * SMSS));
            assert_eq!(ended, ends, "{apart} ms");
        }
    }

    #[test]
    fn a_train_may_be_stretched_by_what_leaves_in_one_burst() {
        let millisecond = Duration::from_millis(1);
        // 256 KiB leave in 100 us where twice this window leaves in a millisecond: half of 1.1 ms is allowed.
        let arrives = |after: u64, hystart: &mut HyStart| {
            let growth = Growth {
                now: Instant(after),
                rtt: Some(millisecond),
                srtt: Some(millisecond),
                snd_nxt: Seq(100_000),
                ..Growth::for_tests()
            };
            hystart.measured(&growth, Some(1_310_720), SMSS)
        };
        let mut hystart = HyStart::default();
        assert!(!arrives(0, &mut hystart));
        assert!(!arrives(550, &mut hystart));
        assert!(arrives(551, &mut hystart));
    }

    #[test]
    fn an_eighth_longer_is_not_long_yet_and_each_round_has_a_least_of_its_own() {
        for (more, ends) in [(10_000, false), (10_001, true)] {
            let mut hystart = HyStart::default();
            assert!(!ack(&mut hystart, 1, 0, BASE, 20 * SMSS));
            let longer = BASE + Duration::from_micros(more);
            let mut round = (0..9).map(|number| 5 * number);
            let ended = round.any(|after_ms| ack(&mut hystart, 2, after_ms, longer, 20 * SMSS));
            assert_eq!(ended, ends, "{more} us");
        }
    }

    #[test]
    fn after_a_timeout_the_path_is_measured_anew() {
        let mut hystart = HyStart::default();
        assert!(!ack(&mut hystart, 0, 0, BASE, 10 * SMSS));
        hystart.timed_out();
        for number in 0..9 {
            assert!(!ack(&mut hystart, 1, 5 * number, 2 * BASE, 20 * SMSS));
        }
    }
}
