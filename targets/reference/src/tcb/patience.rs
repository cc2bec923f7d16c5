//! How long the connection waits for progress, and for a sign of life.

use core::time::Duration;

use super::Tcb;
use crate::timer::Timer;
use crate::{Instant, State};

impl Tcb {
    /// (Re)starts the user timer if something is outstanding, else stops it (RFC 9293 section 3.8.3).
    pub(crate) fn note_progress(&mut self, now: Instant) {
        match self.options.user_timeout {
            Some(timeout) if self.has_outstanding() && !self.awaits_first_probe() => {
                self.timers.set(Timer::User, now.after(at_least(timeout)))
            }
            _ => self.timers.stop(Timer::User),
        }
    }

    /// Whether text waits for the window or the link, and the time until the first probe does not count.
    fn awaits_first_probe(&self) -> bool {
        self.user_timeout_counts_from_probes && self.flight_size() == 0 && self.probes == 0
    }

    /// Starts the user timer for what became outstanding.
    pub(crate) fn await_progress(&mut self, now: Instant) {
        if !self.timers.is_running(Timer::User) {
            self.note_progress(now);
        }
    }

    /// (Re)starts keep-alive from the last time the remote was heard, or stops it.
    pub(crate) fn schedule_keep_alive(&mut self) {
        // RFC 9293 MUST-24, MUST-25: only where the application asked for it.
        if self.options.keep_alive && self.state.is_synchronized() && self.state != State::TimeWait
        {
            self.timers.set(
                Timer::KeepAlive,
                self.last_heard.after(at_least(self.options.keep_idle)),
            );
        } else {
            self.timers.stop(Timer::KeepAlive);
        }
    }
}

/// No timer is shorter, so that time always advances between two firings.
pub(crate) fn at_least(duration: Duration) -> Duration {
    duration.max(Duration::from_millis(1))
}
