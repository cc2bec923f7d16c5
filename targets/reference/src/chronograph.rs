//! How long a connection had something to send, and what kept it from being sent.

use core::time::Duration;

use crate::Instant;

/// What the time goes by with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Spell {
    /// There is something to send or to be acknowledged.
    Busy,
    /// There is more to send than the remote's window takes.
    WindowLimited,
}

/// The account: of spells that are over, and the one that is not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Chronograph {
    busy: Duration,
    window_limited: Duration,
    running: Option<(Spell, Instant)>,
}

impl Chronograph {
    /// Something is to be sent or acknowledged, and the remote's window is what stands in the way, or not.
    pub(crate) fn busy(&mut self, window_limited: bool, now: Instant) {
        let spell = if window_limited {
            Spell::WindowLimited
        } else {
            Spell::Busy
        };
        if self.running.is_none_or(|(running, _)| running != spell) {
            self.idle(now);
            self.running = Some((spell, now));
        }
    }

    /// Everything is acknowledged.
    pub(crate) fn idle(&mut self, now: Instant) {
        (self.busy, self.window_limited) = self.totals(now);
        self.running = None;
    }

    /// Time with something to send, all in all, and of that with the remote's window in the way.
    #[must_use]
    pub fn totals(&self, now: Instant) -> (Duration, Duration) {
        let (mut busy, mut window_limited) = (self.busy, self.window_limited);
        if let Some((spell, since)) = self.running {
            let elapsed = now.since(since);
            busy = busy.saturating_add(elapsed);
            if spell == Spell::WindowLimited {
                window_limited = window_limited.saturating_add(elapsed);
            }
        }
        (busy, window_limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_with_the_window_in_the_way_is_busy_time_too() {
        let mut account = Chronograph::default();
        let at = Instant::from_millis;
        account.busy(false, at(100));
        account.busy(true, at(130));
        account.busy(true, at(150));
        account.busy(false, at(180));
        account.idle(at(200));
        account.idle(at(900));
        let millis = Duration::from_millis;
        assert_eq!(account.totals(at(1_000)), (millis(100), millis(50)));
        account.busy(true, at(1_000));
        assert_eq!(account.totals(at(1_001)), (millis(101), millis(51)));
    }
}
