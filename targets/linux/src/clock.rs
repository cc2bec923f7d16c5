//! The drill's clock, and how long the machine held things up.

use std::collections::VecDeque;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use halfopen_target::Time;
use nix::time::{ClockId, clock_gettime};

use crate::sys::process;

/// Nanoseconds of a clock that only goes forward.
pub(crate) fn monotonic() -> i64 {
    read(ClockId::CLOCK_MONOTONIC)
}

/// Nanoseconds of a clock; zero where there is none such.
pub(crate) fn read(clock: ClockId) -> i64 {
    clock_gettime(clock).map_or(0, |time| time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

/// The clock of one drill: zero when the drill began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: i64,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self {
            origin: monotonic(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.at(monotonic())
    }

    /// Waits without going to sleep.
    pub(crate) fn spin_until(&self, until: Time) {
        while self.now() < until {
            std::hint::spin_loop();
        }
    }

    /// The time of a moment of the monotonic clock.
    pub(crate) const fn at(&self, monotonic: i64) -> Time {
        let since = monotonic - self.origin;
        Time::from_micros(if since < 0 { 0 } else { since as u64 / 1000 })
    }

    /// The time of a packet's timestamp, which the kernel takes from the wall clock: the two clocks are read
    /// together, so that a step of the wall clock does not matter.
    pub(crate) fn at_wall(&self, wall: i64) -> Time {
        let before = monotonic();
        let wall_now = read(ClockId::CLOCK_REALTIME);
        self.at(before - (wall_now - wall))
    }
}

/// How often the heartbeat looks at the clock.
const BEAT: Duration = Duration::from_millis(1);
/// A gap from this on counts as a stall.
const STALL: Duration = Duration::from_millis(3);
/// How many stalls are remembered.
const REMEMBERED: usize = 4096;

/// A moment of the monotonic clock at which the machine had been held up, and for how long.
type Stall = (i64, Duration);

static STALLS: Mutex<VecDeque<Stall>> = Mutex::new(VecDeque::new());

/// Starts the thread that notices when the machine does not let threads run; once in a process.
pub(crate) fn start_heartbeat() {
    static START: Once = Once::new();
    START.call_once(|| {
        // Without it stalls go unnoticed and are taken for the stack's; nothing else depends on it.
        let _ = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(heartbeat);
    });
}

fn heartbeat() {
    // It notices what the threads whose work is timed would notice.
    process::be_timely();
    let mut last = monotonic();
    loop {
        std::thread::sleep(BEAT);
        let now = monotonic();
        let gap = Duration::from_nanos((now - last).unsigned_abs()).saturating_sub(BEAT);
        last = now;
        if gap >= STALL {
            remember(now, gap);
        }
    }
}

/// Takes note that the machine had been held up for `gap` until `now`.
fn remember(now: i64, gap: Duration) {
    let mut stalls = STALLS.lock().unwrap_or_else(PoisonError::into_inner);
    if stalls.len() == REMEMBERED {
        stalls.pop_front();
    }
    stalls.push_back((now, gap));
}

/// The stalls after `since`, in order.
pub(crate) fn stalls_since(since: i64) -> Vec<Stall> {
    let stalls = STALLS.lock().unwrap_or_else(PoisonError::into_inner);
    stalls
        .iter()
        .rev()
        .take_while(|(at, _)| *at > since)
        .copied()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}
