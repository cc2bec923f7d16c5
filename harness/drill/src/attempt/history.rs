//! How often a drill was run, how it failed each time, and whether that was the same each time.

use std::time::Duration;

use halfopen_target::Time;

use crate::run::Run;
use crate::verdict::{FailureKind, Verdict};

/// How late one of our own stimuli must have been for a failure to be looked at again: an idle machine keeps far below.
const NOTABLE_SLIP: Duration = Duration::from_micros(500);

/// How late all of them must have been, taken together: so long, or in long drills one part in so many of their length.
const NOTABLE_DRIFT: (Duration, u32) = (Duration::from_millis(2), 500);

/// Lateness that differs by no more than this is the same.
const AS_LATE: Duration = Duration::from_micros(500);

/// How a drill went so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// How often it was run.
    pub(super) attempts: u32,
    /// How it failed when it was last run.
    failure: Option<Doubt>,
    /// How it failed before.
    earlier: Vec<Doubt>,
    /// Whether we were late then.
    pub(super) drifted: bool,
}

impl History {
    /// Whether another run beside the others can tell more: they had no part in the first.
    pub(crate) fn is_worth_a_second_look(&self) -> bool {
        self.attempts == 1 && self.fails_in_time() && !self.drifted
    }

    /// Whether it failed when it was last run, in another way than by being late.
    pub(super) fn fails_in_time(&self) -> bool {
        let in_time = |failure: &Doubt| failure.late.is_none();
        self.failure.as_ref().is_some_and(in_time)
    }

    /// Whether it failed when it was last run.
    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// How often it failed as it did last, not only the last times: what a tick more or less decides goes now this way, now that.
    pub(super) fn times(&self) -> usize {
        let Some(failure) = &self.failure else {
            return 0;
        };
        let alike = self.earlier.iter().filter(|before| failure.repeats(before));
        1 + alike.count()
    }

    /// Whether it failed the same often enough for one who has no better chance to see it: twice, or once more if we were late or
    /// lateness is all that failed, since the kernel's own timers now and then take a tick more.
    pub(super) fn is_convincing(&self) -> bool {
        self.times() > 2 || self.times() > 1 && !self.drifted && self.fails_in_time()
    }

    /// The same with one more run.
    pub(super) fn after(&self, run: &Run) -> Self {
        let mut earlier = self.earlier.clone();
        earlier.extend(self.failure.clone());
        Self {
            attempts: self.attempts + 1,
            failure: failure_of(run),
            earlier,
            drifted: has_drifted(run),
        }
    }
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Doubt {
    line: Option<usize>,
    /// What was expected and observed; of a segment only which fields differ, and not until when it was waited for, since what is random
    /// is other each time.
    said: String,
    /// By how much it was late, when that is all that failed.
    late: Option<Duration>,
}

impl Doubt {
    /// Whether this is how it failed before. What a busy machine makes late is late by one span now and by another then.
    fn repeats(&self, before: &Self) -> bool {
        let is_as_late = match (self.late, before.late) {
            (None, None) => self.said == before.said,
            (Some(now), Some(then)) => now.abs_diff(then) <= AS_LATE,
            _ => false,
        };
        self.line == before.line && is_as_late
    }
}

fn failure_of(run: &Run) -> Option<Doubt> {
    match &run.verdict {
        Verdict::Fail(failure) => Some(Doubt {
            line: failure.line,
            said: match &failure.kind {
                FailureKind::Packet { .. }
                | FailureKind::Missing { .. }
                | FailureKind::UnlistedPacket { .. } => {
                    let all = failure.to_string();
                    all.lines().next().unwrap_or_default().to_owned()
                }
                _ => failure.to_string(),
            },
            late: failure.is_late(),
        }),
        _ => None,
    }
}

/// How long the run took.
pub(super) fn length(run: &Run) -> Duration {
    let last = run.trace.entries.last();
    last.map_or(Duration::ZERO, |last| last.at.since(Time::ZERO))
}

fn has_drifted(run: &Run) -> bool {
    let (least, part) = NOTABLE_DRIFT;
    run.worst_slip >= NOTABLE_SLIP || run.drift >= least.max(length(run) / part)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use halfopen_target::{AddressMode, Setup, Trace};

    use super::*;
    use crate::verdict::Failure;

    fn run(verdict: Verdict, slip: Duration) -> Run {
        Run {
            trace: Trace::new("linux", Setup::defaults(AddressMode::V4)),
            verdict,
            descriptors: BTreeMap::new(),
            drift: slip,
            worst_slip: slip,
        }
    }

    fn failed(kind: FailureKind) -> Run {
        let failure = Failure {
            event: Some(3),
            line: Some(7),
            span: None,
            at: Time::ZERO,
            kind,
        };
        run(Verdict::Fail(failure), Duration::ZERO)
    }

    fn late_by(micros: u64) -> Run {
        failed(FailureKind::Time {
            what: "segment",
            expected: (Time::ZERO, Time::from_micros(10_000)),
            observed: Time::from_micros(10_000 + micros),
        })
    }

    fn missing_until(micros: u64) -> Run {
        failed(FailureKind::Missing {
            what: "a segment".to_owned(),
            until: Time::from_micros(micros),
            instead: vec![format!("{micros}")],
        })
    }

    fn after(runs: &[Run]) -> History {
        let begin = History::default();
        runs.iter().fold(begin, |history, run| history.after(run))
    }

    #[test]
    fn lateness_that_comes_back_every_other_turn_repeats() {
        let mut runs = vec![late_by(36_850), late_by(40_900), late_by(37_040)];
        let history = after(&runs);
        assert_eq!((history.attempts, history.times()), (3, 2));
        assert!(!history.is_convincing());
        runs.extend([late_by(40_870), late_by(36_700)]);
        assert!(after(&runs).is_convincing());
    }

    #[test]
    fn lateness_that_is_another_each_time_does_not_repeat() {
        let history = after(&[late_by(300), late_by(12_000), late_by(2_000)]);
        assert!(!history.is_convincing());
    }

    #[test]
    fn what_did_not_come_repeats_whatever_the_time() {
        let history = after(&[missing_until(510_943), missing_until(501_874)]);
        assert_eq!(history.times(), 2);
    }

    #[test]
    fn a_failure_while_we_were_late_takes_one_more_to_convince() {
        let mut late = missing_until(500_000);
        late.worst_slip = Duration::from_millis(5);
        assert!(!after(&[missing_until(1), late.clone()]).is_convincing());
        assert!(after(&[missing_until(1), missing_until(2), late]).is_convincing());
    }

    #[test]
    fn a_pass_is_no_failure_that_repeats() {
        let history = after(&[missing_until(1), run(Verdict::Pass, Duration::ZERO)]);
        assert!(history.failure.is_none() && !history.is_convincing());
    }
}
