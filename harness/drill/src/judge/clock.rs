//! When events are stated to happen, and how far from that they may be.

use halfopen_script::tree::{Action, Direction, Event, When};
use halfopen_target::{Duration, Time};

use crate::config::RunLimits;
use crate::verdict::Failure;
use crate::window::{Tolerance, Window};

/// Scripts for packetdrill state what kernels with a tick of 1 ms do. Linux lets its TCP timers last two ticks at least
/// (TCP_TIMEOUT_MIN) and rounds them up, so that longer ticks move what depends on them.
const TIMER_TICKS: u32 = 2;

/// The script's own clock, and what held us up.
#[derive(Debug)]
pub(super) struct Clock {
    tolerance: Tolerance,
    /// How coarse the stack's timers are, where the script makes allowance for it.
    timer_tick: Duration,
    is_strict: bool,
    /// When the clock began, after the script's initial command.
    origin: Time,
    /// When the event before really happened.
    base: Time,
    /// From when a packet that is injected next counts in a script for packetdrill, where that is not when the event before happened:
    /// after an injected packet, from when that should have been, so that lateness does not add up; after segments that had been
    /// there already, from when they had been read.
    anchor: Option<Time>,
    /// How late our own last stimulus was.
    slip: Duration,
    /// How late all our stimuli were, taken together: what the stack times from something further back may seem early by so much.
    drift: Duration,
    /// How late our latest stimulus was.
    worst_slip: Duration,
    /// How long our own last stimulus took: the stack could not answer before it was through.
    slack: Duration,
    /// When the machine held things up, and for how long.
    stalls: Vec<(Time, Duration)>,
}

impl Clock {
    /// For a script that makes allowance for the ticks of timers unless it `is_strict`.
    pub(super) fn new(tolerance: Tolerance, timer_tick: Duration, is_strict: bool) -> Self {
        Self {
            tolerance,
            timer_tick: if is_strict {
                Duration::ZERO
            } else {
                timer_tick
            },
            is_strict,
            origin: Time::ZERO,
            base: Time::ZERO,
            anchor: None,
            slip: Duration::ZERO,
            drift: Duration::ZERO,
            worst_slip: Duration::ZERO,
            slack: Duration::ZERO,
            stalls: Vec::new(),
        }
    }

    pub(super) const fn start(&mut self, at: Time) {
        self.origin = at;
        self.base = at;
    }

    pub(super) const fn origin(&self) -> Time {
        self.origin
    }

    pub(super) const fn base(&self) -> Time {
        self.base
    }

    pub(super) const fn drift(&self) -> Duration {
        self.drift
    }

    pub(super) const fn worst_slip(&self) -> Duration {
        self.worst_slip
    }

    /// When `event` is stated to happen.
    pub(super) fn window(&self, event: &Event) -> Window {
        let base = self
            .anchor
            .filter(|_| is_injected(event))
            .unwrap_or(self.base);
        Window::new(event.time.start, self.origin, base, self.slip)
    }

    /// When a blocking call that began at `start` is stated to end.
    pub(super) fn end_window(&self, event: &Event, start: Time) -> Option<Window> {
        let end = event.time.end?;
        Some(Window::new(end, self.origin, start, self.slip).widened(self.tolerance, start))
    }

    /// The latest moment until which `event` is waited for, and when it counts as missing.
    pub(super) fn deadline(&self, event: &Event, limits: &RunLimits) -> Time {
        let window = self.window(event).widened(self.tolerance, self.base);
        if window.latest == Time::MAX {
            return self.base + limits.any_time;
        }
        window.latest + limits.lateness
    }

    /// When what `event` expects may have happened; `delay` is how late its observer may notice.
    pub(super) fn allowed(&self, event: &Event, delay: Duration) -> Window {
        let mut window = self.window(event).widened(self.tolerance, self.base);
        if window.latest != Time::MAX {
            window.latest += delay + self.slack;
        }
        if self.window(event).earliest > self.base {
            window = window.widened_by(self.timer_tick * TIMER_TICKS);
        } else if event.action.is_bare_acknowledgment() && window.latest != Time::MAX {
            // Linux delays some to its next tick, the ACK of a FIN among them; where processors are not of one mind about when that
            // is, to the one after.
            window.latest += self.timer_tick;
        }
        window.earliest = window.earliest.before(self.drift);
        window
    }

    /// How far what counts from the start may be off at `at`.
    pub(super) fn tolerance_at(&self, at: Time) -> Duration {
        self.tolerance.over(at.since(self.origin)) + self.drift
    }

    /// We did what `event` says, at `at`: later events count from then.
    pub(super) fn stimulus(&mut self, event: &Event, at: Time) {
        let stated = self.window(event).earliest;
        self.slip = at.since(stated);
        self.worst_slip = self.worst_slip.max(self.slip);
        self.drift = match event.time.start {
            // An absolute time counts from the start: what came before is no part of it.
            When::At(_) | When::Between(..) => self.slip,
            _ => self.drift.saturating_add(self.slip),
        };
        self.slack = Duration::ZERO;
        self.base = at;
        let is_anchor = !self.is_strict && is_injected(event);
        self.anchor = is_anchor.then_some(stated);
    }

    /// An expectation was met by what happened at `at`.
    pub(super) const fn met(&mut self, at: Time) {
        self.base = at;
        self.anchor = None;
    }

    /// An expectation was passed over at `at`.
    pub(super) const fn passed_over(&mut self, at: Time) {
        self.base = at;
    }

    /// What met the last expectation had been there already, and was read by `now`.
    pub(super) fn read_by(&mut self, now: Time) {
        if !self.is_strict {
            self.anchor = Some(now.max(self.base));
        }
    }

    /// Our own stimulus took so long.
    pub(super) const fn took(&mut self, span: Duration) {
        self.slack = span;
    }

    /// The machine held things up.
    pub(super) fn stalled(&mut self, at: Time, span: Duration) {
        self.stalls.push((at, span));
    }

    /// Whether the machine was held up for long enough before `failure` to explain its lateness.
    pub(super) fn is_excused(&self, failure: &Failure) -> bool {
        let Some(late) = failure.is_late() else {
            return false;
        };
        let held: Duration = self
            .stalls
            .iter()
            .filter(|(at, span)| *at >= self.base && *at <= failure.at + *span + late)
            .map(|(_, span)| *span)
            .sum();
        held >= late
    }
}

fn is_injected(event: &Event) -> bool {
    let inbound = Direction::Inbound;
    matches!(&event.action, Action::Packet(spec) if spec.direction == inbound)
}
