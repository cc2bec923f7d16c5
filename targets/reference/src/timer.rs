//! The timers of a connection: a table indexed by kind.

use crate::Instant;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Timer {
    /// Text was received and its acknowledgment waits (RFC 9293 section 3.8.6.3).
    DelayedAck,
    /// An orphan waits in FIN-WAIT-2 for the remote's FIN.
    FinWait2,
    /// The connection is idle (RFC 9293 section 3.8.4).
    KeepAlive,
    /// The tail of what is in flight may be lost (RFC 8985 section 7).
    LossProbe,
    /// A partial segment waits for the window, or for more data (RFC 9293 section 3.8.6.2.1).
    Override,
    /// The remote's window is closed (RFC 9293 section 3.8.6.1).
    Persist,
    /// Something is lost unless it was only reordered (RFC 8985 section 6).
    Reordering,
    /// Something sent was not acknowledged (RFC 6298).
    Retransmission,
    /// 2 MSL in TIME-WAIT.
    TimeWait,
    /// Data stay undelivered (RFC 9293 section 3.8.3).
    User,
}

impl Timer {
    /// In the order in which they are served when several are due at once.
    pub(crate) const ALL: [Self; 10] = [
        Self::DelayedAck,
        Self::Override,
        Self::Reordering,
        Self::LossProbe,
        Self::Retransmission,
        Self::Persist,
        Self::KeepAlive,
        Self::User,
        Self::FinWait2,
        Self::TimeWait,
    ];
}

/// The deadline of a timer that does not run, and of one that is set to the end of time.
pub(crate) const NEVER: Instant = Instant(u64::MAX);

/// Which timers run, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerTable {
    deadlines: [Instant; Timer::ALL.len()],
    /// See [`TimerTable::not_before`].
    not_before: Instant,
}

impl Default for TimerTable {
    fn default() -> Self {
        Self {
            deadlines: [NEVER; Timer::ALL.len()],
            not_before: NEVER,
        }
    }
}

impl TimerTable {
    /// Starts or restarts a timer.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.write(timer, deadline);
        self.not_before = self.not_before.min(deadline);
    }

    /// Starts a timer unless it runs.
    pub(crate) fn start(&mut self, timer: Timer, deadline: impl FnOnce() -> Instant) {
        if !self.is_running(timer) {
            self.set(timer, deadline());
        }
    }

    /// Stops a timer.
    pub(crate) fn stop(&mut self, timer: Timer) {
        self.write(timer, NEVER);
    }

    /// Stops them all.
    pub(crate) fn stop_all(&mut self) {
        *self = Self::default();
    }

    /// Whether a timer runs.
    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    /// When a timer fires.
    pub(crate) fn deadline(&self, timer: Timer) -> Option<Instant> {
        let deadline = self.deadlines.get(timer as usize).copied();
        deadline.filter(|deadline| *deadline != NEVER)
    }

    /// Stops a timer that is due; whether it was.
    pub(crate) fn take_if_due(&mut self, timer: Timer, now: Instant) -> bool {
        let due = self.deadline(timer).is_some_and(|deadline| deadline <= now);
        if due {
            self.stop(timer);
        }
        due
    }

    /// No timer fires before this; perhaps none then either, since some were stopped or moved.
    pub(crate) fn not_before(&self) -> Instant {
        self.not_before
    }

    /// When the next timer fires.
    pub(crate) fn next(&mut self) -> Option<Instant> {
        self.not_before = self.deadlines.into_iter().fold(NEVER, Instant::min);
        Some(self.not_before).filter(|next| *next != NEVER)
    }

    fn write(&mut self, timer: Timer, deadline: Instant) {
        if let Some(slot) = self.deadlines.get_mut(timer as usize) {
            *slot = deadline;
        }
    }
}
