//! The tick of the kernel's timers: how long it is, and where between two of them a drill begins.
//!
//! TCP's timers and its accounts of time (`tcpi_busy_time`) count ticks, so that what they come to depends on where between two ticks
//! a connection began. Scripts that begin alike see the same.

use std::sync::OnceLock;
use std::time::Duration;

use nix::time::{ClockId, clock_getres};

use crate::clock::{monotonic, read};

/// A clock that goes forward with every tick, and only then. What it shows is some time ago even then: it counts whole ticks since the
/// machine was started, and by the wall clock's rate.
const COARSE: ClockId = ClockId::CLOCK_MONOTONIC_COARSE;

/// How many ticks are watched to learn when they come.
const WATCHED: usize = 8;

/// Where drills begin, in parts of a hundred of the way from a tick to the next.
///
/// Scripts mostly speak of multiples of 10 ms, which is two and a half ticks of 4 ms. What begins at about the middle of a tick, or up
/// to a millisecond later, comes to the same; drills begin a little before, since their first calls take their time.
const BEGIN: i64 = 34;

/// What one tick takes (4 ms where CONFIG_HZ is 250); zero where nobody knows.
pub(crate) fn length() -> Duration {
    clock_getres(COARSE).map_or(Duration::ZERO, Duration::from)
}

/// Waits for the same point between two ticks.
pub(crate) fn await_phase() {
    let tick = i64::try_from(length().as_nanos()).unwrap_or(0);
    if tick > 0 {
        let begin = phase(tick) + tick * BEGIN / 100;
        let wait = (begin - monotonic()).rem_euclid(tick);
        std::thread::sleep(Duration::from_nanos(wait.unsigned_abs()));
    }
}

/// When ticks come: so many nanoseconds after a multiple of their length, by the monotonic clock. That is zero for kernels since 6.4,
/// and something else after every start of the machine before.
fn phase(tick: i64) -> i64 {
    static PHASE: OnceLock<i64> = OnceLock::new();
    *PHASE.get_or_init(|| earliest((0..WATCHED).filter_map(|_| watch(tick)), tick))
}

/// When the next tick was seen; none in a machine whose clock stands.
fn watch(tick: i64) -> Option<i64> {
    // Not all ticks in a row, or whoever keeps the processor at the moment would make all of them late.
    std::thread::sleep(Duration::from_nanos(tick.unsigned_abs() * 3 / 4));
    let (before, since) = (read(COARSE), monotonic());
    loop {
        let now = monotonic();
        if read(COARSE) != before {
            return Some(now);
        }
        if now - since > 16 * tick {
            return None;
        }
        std::hint::spin_loop();
    }
}

/// The least of the moments within a tick at which ticks were seen, since they can be seen late and never early: as far back from the
/// first as any was, the short way round.
fn earliest(seen: impl IntoIterator<Item = i64>, tick: i64) -> i64 {
    let mut seen = seen.into_iter();
    let Some(first) = seen.next() else { return 0 };
    let back = seen
        .map(|at| (at - first + tick / 2).rem_euclid(tick) - tick / 2)
        .fold(0, i64::min);
    (first + back).rem_euclid(tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: i64 = 4_000_000;

    #[test]
    fn the_tick_that_was_seen_earliest_counts() {
        assert_eq!(
            earliest([TICK + 90, 3 * TICK + 20, 7 * TICK + 50], TICK),
            20
        );
    }

    #[test]
    fn what_is_earlier_may_lie_before_the_multiple() {
        assert_eq!(earliest([5 * TICK + 90, 9 * TICK - 20], TICK), TICK - 20);
    }

    #[test]
    fn nothing_seen_is_taken_for_a_multiple() {
        assert_eq!(earliest([], TICK), 0);
    }
}
