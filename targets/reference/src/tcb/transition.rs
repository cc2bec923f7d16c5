//! From state to state, to the end of the connection; and errors that end it, or do not.

use super::Tcb;
use crate::output::Output;
use crate::timer::Timer;
use crate::{Config, ConnectionError, Event, Instant, State};

impl Tcb {
    /// Enters a state and reports it; every transition passes through here.
    #[cold]
    pub(crate) fn enter(&mut self, to: State, now: Instant, out: &mut Output) {
        let from = core::mem::replace(&mut self.state, to);
        if from != to {
            out.counters.transition(from, to);
            out.event(Event::Transition {
                connection: self.id,
                from,
                to,
                at: now,
            });
        }
    }

    /// Ends the connection: timers stop, what was not sent or not complete is let go.
    ///
    /// Text that came in order stays readable, unless an error ended the connection.
    #[cold]
    pub(crate) fn end(&mut self, error: Option<ConnectionError>, now: Instant, out: &mut Output) {
        self.timers.stop_all();
        self.send.clear();
        self.receive.clear_held();
        self.scoreboard.clear();
        self.ack_now = false;
        self.retransmit_next = None;
        if let Some(error) = error {
            // RFC 9293 section 3.10.7.4: all segment queues are flushed.
            if !out.config().text_outlives_reset {
                self.receive.clear();
            }
            self.error = Some(error);
            out.event(Event::Error {
                connection: self.id,
                error,
                fatal: true,
                at: now,
            });
        }
        self.enter(State::Closed, now, out);
    }

    /// Remembers an error that does not end the connection (RFC 9293 MUST-47).
    #[cold]
    pub(crate) fn disturb(&mut self, error: ConnectionError, now: Instant, out: &mut Output) {
        if matches!(error, ConnectionError::Unreachable(_)) {
            self.soft_error = Some(error); // it will explain a timeout that follows
        } else {
            self.soft_error.get_or_insert(error);
        }
        out.event(Event::Error {
            connection: self.id,
            error,
            fatal: false,
            at: now,
        });
    }

    /// Enters TIME-WAIT: only the 2 MSL timer runs.
    #[cold]
    pub(crate) fn enter_time_wait(&mut self, now: Instant, out: &mut Output) {
        self.timers.stop_all();
        self.send.clear();
        self.scoreboard.clear();
        self.retransmit_next = None;
        self.enter(State::TimeWait, now, out);
        self.restart_time_wait(now, out.config());
    }

    /// RFC 9293 MUST-13: two maximum segment lifetimes.
    #[cold]
    pub(crate) fn restart_time_wait(&mut self, now: Instant, config: &Config) {
        self.timers
            .set(Timer::TimeWait, now.after(config.msl.saturating_mul(2)));
    }
}
