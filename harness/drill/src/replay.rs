//! A saved trace as a target: the same timeline over it gives the same verdict, with no stack at all.

use std::collections::VecDeque;

use halfopen_script::tree::Script;
use halfopen_target::{
    Call, CallId, Capabilities, ClockKind, Entry, EntryKind, Event, EventKind, Setup, StopReason,
    Target, TargetError, Time, Trace,
};

use crate::config::{Config, RunLimits};
use crate::run::{Pacing, run_within};
use crate::verdict::Verdict;

/// Judges a saved trace again: what [`run()`](crate::run()) would say if the stack did all of it once more.
pub fn rejudge(script: &Script, trace: &Trace, config: &Config) -> Verdict {
    match trace.stop() {
        // What the machine or the target refused is no part of the stack's doing.
        Some((_, StopReason::Lacks(lacks))) => return Verdict::Skip(lacks.clone()),
        Some((_, StopReason::Broken(what))) => return Verdict::Error(what.clone()),
        _ => {}
    }
    let mut target = Replay {
        capabilities: Capabilities::all(&trace.target, "a recorded trace", ClockKind::Virtual),
        entries: trace.entries.iter().cloned().collect(),
        now: Time::ZERO,
    };
    let config = Config {
        setup: trace.setup.clone(),
        ..config.clone()
    };
    run_within(
        script,
        &mut target,
        &config,
        Pacing::Judged,
        RunLimits::REPLAY,
    )
    .verdict
}

struct Replay {
    capabilities: Capabilities,
    entries: VecDeque<Entry>,
    now: Time,
}

impl Replay {
    /// Goes to the next recorded stimulus; what was not asked for before it is passed over.
    fn seek(&mut self, wanted: impl Fn(&EntryKind) -> bool) -> Result<Entry, TargetError> {
        while let Some(entry) = self.entries.pop_front() {
            if wanted(&entry.kind) {
                self.now = self.now.max(entry.at);
                return Ok(entry);
            }
        }
        Err(TargetError::Unresponsive(
            "the recorded trace ends here".to_owned(),
        ))
    }
}

impl Target for Replay {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, _: &Setup) -> Result<(), TargetError> {
        Ok(())
    }

    fn now(&self) -> Time {
        // A stimulus happened when it was recorded, not when the script asks for it.
        match self.entries.front() {
            Some(entry) if is_stimulus(&entry.kind) => self.now.max(entry.at),
            _ => self.now,
        }
    }

    fn inject(&mut self, _: &[u8]) -> Result<(), TargetError> {
        self.seek(|kind| matches!(kind, EntryKind::Inbound(_)))
            .map(drop)
    }

    fn call(&mut self, _: Call) -> Result<CallId, TargetError> {
        let entry = self.seek(|kind| matches!(kind, EntryKind::Called { .. }))?;
        match entry.kind {
            EntryKind::Called { id, .. } => Ok(id),
            _ => Ok(CallId(0)),
        }
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        while let Some(entry) = self.entries.front() {
            let kind = match &entry.kind {
                EntryKind::Outbound(packet) => EventKind::Outbound(packet.clone()),
                EntryKind::Transition(transition) => EventKind::Transition(*transition),
                EntryKind::Returned { id, returned } => EventKind::Returned {
                    call: *id,
                    returned: returned.clone(),
                },
                EntryKind::Dropped { reason } => EventKind::Dropped {
                    reason: reason.clone(),
                },
                EntryKind::Stalled(span) => EventKind::Stalled(*span),
                kind if is_stimulus(kind) => break,
                _ => {
                    self.entries.pop_front();
                    continue;
                }
            };
            // A call ends at once where it was recorded so, whatever the clock of the script says.
            if entry.at > until && entry.at > self.now {
                break;
            }
            let at = entry.at;
            self.entries.pop_front();
            self.now = self.now.max(at);
            return Ok(Some(Event { at, kind }));
        }
        if until != Time::MAX {
            self.now = self.now.max(until);
        }
        Ok(None)
    }
}

const fn is_stimulus(kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::Inbound(_) | EntryKind::Called { .. })
}
