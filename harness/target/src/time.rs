//! Time as a drill sees it: microseconds since the drill began.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A span of time; microseconds are the finest that scripts can say.
pub type Duration = std::time::Duration;

/// A moment: microseconds since the drill began, by the target's clock, virtual or live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Time(u64);

impl Time {
    /// The moment the drill began.
    pub const ZERO: Self = Self(0);
    /// Later than any moment that a drill reaches.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `micros` microseconds after the drill began.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the drill began.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this moment is; zero if it is before.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Microseconds from `origin` to this moment, negative if it is before.
    pub const fn micros_from(self, origin: Self) -> i64 {
        self.0.wrapping_sub(origin.0) as i64
    }

    /// `span` before this, or zero.
    #[must_use]
    pub const fn before(self, span: Duration) -> Self {
        let micros = span.as_micros();
        if micros > self.0 as u128 {
            Self::ZERO
        } else {
            Self(self.0 - micros as u64)
        }
    }

    /// This moment moved by a signed number of microseconds, not below zero.
    pub const fn offset(self, micros: i64) -> Self {
        Self(self.0.saturating_add_signed(micros))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(micros))
    }
}

/// Seconds with six decimals, as packetdrill scripts write them.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Time};

    #[test]
    fn spans_saturate_instead_of_wrapping() {
        let t = Time::from_micros(5);
        assert_eq!(t - Duration::from_secs(1), Time::ZERO);
        assert_eq!(t.since(Time::from_micros(9)), Duration::ZERO);
        assert_eq!(t.micros_from(Time::from_micros(9)), -4);
        assert_eq!(t.offset(-9), Time::ZERO);
    }
}
