//! Sequence numbers (RFC 9293 section 3.4): arithmetic modulo 2^32.

use core::fmt;

/// A sequence number.
///
/// There is no `Ord` on purpose: order modulo 2^32 is not transitive. [`Seq::before`] and its kin compare
/// two numbers that lie less than 2^31 apart.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Seq(pub u32);

impl Seq {
    /// The number `octets` further on.
    #[must_use]
    pub const fn wrapping_add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }

    /// The number `octets` further back.
    #[must_use]
    pub const fn wrapping_sub(self, octets: u32) -> Self {
        Self(self.0.wrapping_sub(octets))
    }

    /// The number `octets` further on, for a length held as `usize`.
    #[must_use]
    pub const fn plus(self, octets: usize) -> Self {
        // Truncation is the modulo that sequence space asks for.
        self.wrapping_add(octets as u32)
    }

    /// Octets from here forward to `later`, modulo 2^32.
    #[must_use]
    pub const fn distance_to(self, later: Self) -> u32 {
        later.0.wrapping_sub(self.0)
    }

    /// Octets from `earlier` forward to here; 0 if `earlier` is in fact later.
    #[must_use]
    pub const fn octets_since(self, earlier: Self) -> usize {
        if self.before(earlier) {
            0
        } else {
            earlier.distance_to(self) as usize
        }
    }

    /// `self < other`.
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// `self <= other`.
    #[must_use]
    pub const fn before_or_at(self, other: Self) -> bool {
        !other.before(self)
    }

    /// `self > other`.
    #[must_use]
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }

    /// `self >= other`.
    #[must_use]
    pub const fn at_or_after(self, other: Self) -> bool {
        !self.before(other)
    }

    /// Whether this lies in the `octets` long interval that begins at `start`.
    #[must_use]
    pub const fn within(self, start: Self, octets: u32) -> bool {
        start.distance_to(self) < octets
    }

    /// The later of the two.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// The earlier of the two.
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        if other.before(self) { other } else { self }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
