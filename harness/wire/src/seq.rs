//! Sequence numbers: positions on a circle of 2^32.

use std::fmt;

/// A TCP sequence number (RFC 9293 §3.4), in host byte order.
///
/// It has no `Ord`: order on a circle is not transitive. Two numbers are compared by the shorter way round with
/// [`before`](Self::before) and [`after`](Self::after). Two numbers exactly 2^31 apart are neither before nor after
/// one another, so `a.before(b)` and `b.before(a)` are never both true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// Half of the sequence space: from here on a number no longer counts as ahead.
    const HALF: u32 = 1 << 31;

    /// Whether `self` comes before `other`, the shorter way round.
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        let distance = self.distance_to(other);
        distance != 0 && distance < Self::HALF
    }

    /// Whether `self` comes after `other`, the shorter way round.
    #[must_use]
    pub const fn after(self, other: Self) -> bool {
        other.before(self)
    }

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

    /// How many octets lie between `self` and `other`, going forward: `self.wrapping_add(distance) == other`.
    #[must_use]
    pub const fn distance_to(self, other: Self) -> u32 {
        other.0.wrapping_sub(self.0)
    }

    /// Whether `self` lies in the window of `size` octets that begins at `start`. An empty window holds nothing.
    #[must_use]
    pub const fn is_within(self, start: Self, size: u32) -> bool {
        start.distance_to(self) < size
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<u32> for Seq {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl From<Seq> for u32 {
    fn from(seq: Seq) -> Self {
        seq.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_number_after_the_highest_is_zero() {
        assert_eq!(Seq(u32::MAX).wrapping_add(1), Seq(0));
        assert!(Seq(u32::MAX).before(Seq(0)));
        assert!(Seq(0).after(Seq(u32::MAX)));
    }

    #[test]
    fn no_number_is_before_or_after_itself() {
        for number in [0, 1, 1 << 31, u32::MAX] {
            assert!(!Seq(number).before(Seq(number)));
            assert!(!Seq(number).after(Seq(number)));
        }
    }

    #[test]
    fn opposite_points_are_neither_before_nor_after() {
        assert!(!Seq(7).before(Seq(7 + (1 << 31))));
        assert!(!Seq(7).after(Seq(7 + (1 << 31))));
        assert!(Seq(7).before(Seq(7 + (1 << 31) - 1)));
        assert!(Seq(7).after(Seq(7 + (1 << 31) + 1)));
    }

    #[test]
    fn an_empty_window_holds_nothing() {
        assert!(!Seq(5).is_within(Seq(5), 0));
        assert!(Seq(5).is_within(Seq(5), 1));
        assert!(!Seq(6).is_within(Seq(5), 1));
        assert!(Seq(1).is_within(Seq(u32::MAX), 3));
    }

    proptest! {
        #[test]
        fn exactly_one_of_before_after_equal_holds_unless_opposite(start: u32, distance: u32) {
            let a = Seq(start);
            let b = a.wrapping_add(distance);
            let true_ones = [a.before(b), a.after(b), a == b].iter().filter(|&&holds| holds).count();
            prop_assert_eq!(true_ones, usize::from(distance != 1 << 31));
        }

        #[test]
        fn within_half_the_space_order_is_that_of_the_distance(start: u32, near in 0u32..1 << 31, far in 0u32..1 << 31) {
            let a = Seq(start).wrapping_add(near);
            let b = Seq(start).wrapping_add(far);
            prop_assert_eq!(a.before(b), near < far);
            prop_assert_eq!(a.after(b), near > far);
        }

        #[test]
        fn distance_and_addition_are_inverse(a: u32, b: u32) {
            prop_assert_eq!(Seq(a).wrapping_add(Seq(a).distance_to(Seq(b))), Seq(b));
            prop_assert_eq!(Seq(a).wrapping_add(b).wrapping_sub(b), Seq(a));
        }
    }
}
