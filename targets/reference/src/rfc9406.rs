//! RFC 9406: HyStart++, which leaves slow start when round trips become longer, before packets are lost.

use core::time::Duration;

use crate::Seq;
use crate::congestion::Growth;

// Section 4.3.
const MIN_RTT_THRESH: Duration = Duration::from_millis(4);
const MAX_RTT_THRESH: Duration = Duration::from_millis(16);
const MIN_RTT_DIVISOR: u32 = 8;
const N_RTT_SAMPLE: u32 = 8;
const CSS_GROWTH_DIVISOR: usize = 4;
const CSS_ROUNDS: u32 = 5;

/// What to do with slow start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// Grow by the octets acknowledged, divided by this.
    Grow(usize),
    /// Enter congestion avoidance.
    Leave,
}

/// The rounds of section 4.2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HyStart {
    /// windowEnd: the round is over when this is acknowledged.
    window_end: Option<Seq>,
    last_round: Option<Duration>,
    this_round: Option<Duration>,
    samples: u32,
    /// cssBaselineMinRtt and the rounds so far, in conservative slow start.
    conservative: Option<(Duration, u32)>,
}

impl HyStart {
    /// An acknowledgment in slow start.
    pub(crate) fn acknowledged(&mut self, growth: &Growth) -> Advice {
        if self
            .window_end
            .is_none_or(|end| growth.snd_una.at_or_after(end))
        {
            self.begin_round(growth.snd_nxt);
            if let Some((_, rounds)) = &mut self.conservative {
                *rounds += 1;
                if *rounds > CSS_ROUNDS {
                    return Advice::Leave;
                }
            }
        }
        if let Some(rtt) = growth.rtt {
            self.this_round = Some(self.this_round.map_or(rtt, |least| least.min(rtt)));
            self.samples = self.samples.saturating_add(1);
        }
        if self.samples >= N_RTT_SAMPLE {
            self.compare();
        }
        Advice::Grow(if self.conservative.is_some() {
            CSS_GROWTH_DIVISOR
        } else {
            1
        })
    }

    fn begin_round(&mut self, snd_nxt: Seq) {
        self.last_round = self.this_round.take().or(self.last_round);
        self.samples = 0;
        self.window_end = Some(snd_nxt);
    }

    fn compare(&mut self) {
        let Some(now) = self.this_round else { return };
        match (self.conservative, self.last_round) {
            // The delay was not there to stay: slow start goes on.
            (Some((baseline, _)), _) if now < baseline => self.conservative = None,
            (None, Some(before)) => {
                let threshold = (before / MIN_RTT_DIVISOR).clamp(MIN_RTT_THRESH, MAX_RTT_THRESH);
                if now >= before.saturating_add(threshold) {
                    self.conservative = Some((now, 0));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten ACKs of a round whose round trips take so long.
    fn round(hystart: &mut HyStart, number: u32, millis: u64) -> Advice {
        let mut advice = Advice::Leave;
        for ack in 0..10 {
            advice = hystart.acknowledged(&Growth {
                rtt: Some(Duration::from_millis(millis)),
                snd_una: Seq(number * 100 + ack),
                snd_nxt: Seq(number * 100 + 100),
                ..Growth::for_tests()
            });
            if advice == Advice::Leave {
                break;
            }
        }
        advice
    }

    #[test]
    fn a_longer_round_trip_slows_the_start_and_five_rounds_of_it_end_it() {
        let mut hystart = HyStart::default();
        assert_eq!(round(&mut hystart, 0, 40), Advice::Grow(1));
        assert_eq!(round(&mut hystart, 1, 43), Advice::Grow(1));
        assert_eq!(round(&mut hystart, 2, 50), Advice::Grow(4));
        for number in 3..8 {
            assert_eq!(round(&mut hystart, number, 50), Advice::Grow(4));
        }
        assert_eq!(round(&mut hystart, 8, 50), Advice::Leave);
    }

    #[test]
    fn a_passing_delay_does_not_end_slow_start() {
        let mut hystart = HyStart::default();
        round(&mut hystart, 0, 40);
        assert_eq!(round(&mut hystart, 1, 60), Advice::Grow(4));
        assert_eq!(round(&mut hystart, 2, 40), Advice::Grow(1));
    }
}
