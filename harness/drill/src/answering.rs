//! A target for tests: it answers packets, each with one that leaves a while later, and has nothing else.

use std::collections::VecDeque;

use halfopen_target::{
    Call, CallId, Capabilities, ClockKind, Duration, Event, EventKind, Setup, Target, TargetError,
    Time,
};

/// Answers each packet as `answer` says: with which packet, and how much later.
pub(crate) struct Answering<F> {
    capabilities: Capabilities,
    answer: F,
    events: VecDeque<Event>,
    now: Time,
}

impl<F> Answering<F> {
    pub(crate) fn new(name: &str, answer: F) -> Self {
        Self {
            capabilities: Capabilities::all(name, "a test", ClockKind::Virtual),
            answer,
            events: VecDeque::new(),
            now: Time::ZERO,
        }
    }

    /// The same with timers that are so coarse.
    pub(crate) fn with_timer_tick(mut self, tick: Duration) -> Self {
        self.capabilities = self.capabilities.with_timer_tick(tick);
        self
    }
}

impl<F: FnMut(&[u8]) -> Option<(Vec<u8>, Duration)>> Target for Answering<F> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, _: &Setup) -> Result<(), TargetError> {
        Ok(())
    }

    fn now(&self) -> Time {
        self.now
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        if let Some((answer, delay)) = (self.answer)(packet) {
            self.events.push_back(Event {
                at: self.now + delay,
                kind: EventKind::Outbound(answer),
            });
        }
        Ok(())
    }

    fn call(&mut self, _: Call) -> Result<CallId, TargetError> {
        Err(TargetError::Unresponsive("it has no calls".to_owned()))
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        let is_due = self.events.front().is_some_and(|event| event.at <= until);
        let event = if is_due {
            self.events.pop_front()
        } else {
            None
        };
        self.now = match &event {
            Some(event) => event.at,
            None => self.now.max(until),
        };
        Ok(event)
    }
}
