//! When an event should happen, counted from what really happened before it.

use halfopen_script::tree::When;
use halfopen_target::{Duration, Time};

/// How far from its stated time an event may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// Fixed part (packetdrill's `--tolerance_usecs`, 4 ms by default).
    pub fixed: Duration,
    /// Part of the time span since the event before, in hundredths of a per cent.
    pub per_ten_thousand: u32,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            fixed: Duration::from_millis(4),
            per_ten_thousand: 25,
        }
    }
}

impl Tolerance {
    /// What packetdrill allows for without options: 4 ms, or 12.5 % of the time since the event before.
    pub const PACKETDRILL: Self = Self {
        fixed: Duration::from_millis(4),
        per_ten_thousand: 1_250,
    };

    /// The tolerance for an event stated `span` after the one before: the larger of the two parts.
    pub fn over(&self, span: Duration) -> Duration {
        self.fixed.max(span * self.per_ten_thousand / 10_000)
    }
}

/// The moments between which an event is stated to happen, without tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) earliest: Time,
    /// `Time::MAX` for an event that may come at any time.
    pub(crate) latest: Time,
}

impl Window {
    /// The window of `when`: relative times count from `base`, the moment of the event before as it really
    /// happened; absolute ones from `origin`, the start of the script, `slip` later at most, since that is how late our own last
    /// stimulus was.
    pub(crate) fn new(when: When, origin: Time, base: Time, slip: Duration) -> Self {
        let absolute = |micros: i64| origin.offset(micros);
        match when {
            When::Any => Self {
                earliest: base,
                latest: Time::MAX,
            },
            When::At(at) => Self {
                earliest: absolute(at),
                latest: absolute(at) + slip,
            },
            When::After(span) => Self {
                earliest: base.offset(span),
                latest: base.offset(span),
            },
            When::Between(from, to) => Self {
                earliest: absolute(from),
                latest: absolute(to) + slip,
            },
            When::AfterBetween(from, to) => Self {
                earliest: base.offset(from),
                latest: base.offset(to),
            },
        }
    }

    /// The same, wider by `error` at both ends.
    pub(crate) fn widened_by(self, error: Duration) -> Self {
        Self {
            earliest: self.earliest.before(error),
            latest: if self.latest == Time::MAX {
                self.latest
            } else {
                self.latest + error
            },
        }
    }

    /// The window widened by the tolerance for its distance from `base`.
    pub(crate) fn widened(self, tolerance: Tolerance, base: Time) -> Self {
        if self.latest == Time::MAX {
            return self;
        }
        let early = tolerance.over(self.earliest.since(base));
        let late = tolerance.over(self.latest.since(base));
        Self {
            earliest: self.earliest - early,
            latest: self.latest + late,
        }
    }

    pub(crate) fn contains(self, at: Time) -> bool {
        (self.earliest..=self.latest).contains(&at)
    }

    pub(crate) const fn bounds(self) -> (Time, Time) {
        (self.earliest, self.latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_stimulus_moves_what_depends_on_it_and_nothing_else() {
        let late = Time::from_micros(131_000);
        let reply = Window::new(When::After(0), Time::ZERO, late, Duration::from_millis(31));
        assert_eq!(reply.earliest, late);
        let absolute = Window::new(
            When::At(100_000),
            Time::ZERO,
            late,
            Duration::from_millis(31),
        );
        assert!(absolute.contains(late));
        assert!(!absolute.contains(late + Duration::from_millis(1)));
    }

    #[test]
    fn tolerance_grows_with_the_distance() {
        let tolerance = Tolerance::default();
        assert_eq!(
            tolerance.over(Duration::from_secs(60)),
            Duration::from_millis(150)
        );
    }
}
