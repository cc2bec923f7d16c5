//! How long a connection had something to send, and what kept it from being sent.

use core::time::Duration;

use crate::Instant;

/// What keeps text from being sent, besides the congestion window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limit {
    /// The remote's window.
    Window,
    /// The send buffer: the user has more, but it is full of what was sent.
    SendBuffer,
}

/// Time with something to send or to be acknowledged, all in all and by what stood in the way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// All of it.
    pub busy: Duration,
    /// With the remote's window in the way.
    pub window_limited: Duration,
    /// With the send buffer in the way.
    pub send_buffer_limited: Duration,
}

/// The account: of spells that are over, and the one that is not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Chronograph {
    over: Totals,
    running: Option<(Option<Limit>, Instant)>,
}

impl Chronograph {
    /// Something is to be sent or acknowledged; what stands in the way, if anything does.
    #[inline]
    pub(crate) fn busy(&mut self, limit: Option<Limit>, now: Instant) {
        if self.running.is_none_or(|(running, _)| running != limit) {
            self.idle(now);
            self.running = Some((limit, now));
        }
    }

    /// Everything is acknowledged.
    pub(crate) fn idle(&mut self, now: Instant) {
        self.over = self.totals(now);
        self.running = None;
    }

    /// The time until now.
    #[must_use]
    pub fn totals(&self, now: Instant) -> Totals {
        let mut totals = self.over;
        if let Some((limit, since)) = self.running {
            let elapsed = now.since(since);
            totals.busy = totals.busy.saturating_add(elapsed);
            let limited = match limit {
                None => return totals,
                Some(Limit::Window) => &mut totals.window_limited,
                Some(Limit::SendBuffer) => &mut totals.send_buffer_limited,
            };
            *limited = limited.saturating_add(elapsed);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_with_something_in_the_way_is_busy_time_too() {
        let mut account = Chronograph::default();
        let at = Instant::from_millis;
        account.busy(None, at(100));
        account.busy(Some(Limit::Window), at(130));
        account.busy(Some(Limit::Window), at(150));
        account.busy(Some(Limit::SendBuffer), at(180));
        account.idle(at(200));
        account.idle(at(900));
        let millis = Duration::from_millis;
        let totals = |busy, window, buffer| Totals {
            busy: millis(busy),
            window_limited: millis(window),
            send_buffer_limited: millis(buffer),
        };
        assert_eq!(account.totals(at(1_000)), totals(100, 50, 20));
        account.busy(Some(Limit::Window), at(1_000));
        assert_eq!(account.totals(at(1_001)), totals(101, 51, 20));
    }
}
