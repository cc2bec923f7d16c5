//! Running a script against a target: the timeline.

mod code;
mod command;

use std::panic::{AssertUnwindSafe, catch_unwind};

use halfopen_script::tree::{Action, CallSpec, Direction, Script, StateAssertion};
use halfopen_target::{
    CallId, Duration, EntryKind, Event, StopReason, Target, TargetError, Time, Trace,
};

use crate::calls::Running;
use crate::code::Program;
use crate::config::{Config, RunLimits};
use crate::judge::{Judge, Progress};
use crate::lower::{self, LowerError, Lowered};
use crate::packet::build;
use crate::verdict::{Failure, FailureKind, Verdict};

/// A stimulus that takes this long did not go straight through.
const NOTABLE: Duration = Duration::from_millis(1);

/// Whether a run stops at the first difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// It stops: the verdict is known.
    Judged,
    /// It goes on to the end of the script: the trace is what is wanted.
    Observed,
}

/// What a run gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    /// What it comes to.
    pub verdict: Verdict,
    /// The script's descriptor of each connection that has one.
    pub descriptors: std::collections::BTreeMap<halfopen_target::ConnectionId, i64>,
    /// How late the harness was with its own part, taken together.
    pub drift: Duration,
    /// How late the latest of them was.
    pub worst_slip: Duration,
}

/// Why a run ends before its script.
enum Stop {
    Failed(Box<Failure>),
    Reason(StopReason),
}

type Step<T = ()> = Result<T, Stop>;

/// Runs `script` against `target`.
///
/// Whatever the target does, this returns: a panic of the stack, a flood and an error of the machine are
/// verdicts. After a panic the target must not be used again.
pub fn run(script: &Script, target: &mut dyn Target, config: &Config, pacing: Pacing) -> Run {
    let limits = RunLimits::for_clock(target.capabilities().clock);
    run_within(script, target, config, pacing, limits)
}

/// Likewise, with limits of the caller's.
pub(crate) fn run_within(
    script: &Script,
    target: &mut dyn Target,
    config: &Config,
    pacing: Pacing,
    limits: RunLimits,
) -> Run {
    let name = target.capabilities().name.clone();
    let judge = Judge::new(script, config, target.capabilities().timer_tick);
    let mut runner = Runner {
        script,
        target,
        judge,
        trace: Trace::new(&name, config.setup.clone()),
        limits,
        pacing,
        quiet_packets: 0,
        first_failure: None,
        program: Program::default(),
        code_failure: None,
    };
    let verdict = match runner.run_all() {
        Ok(()) => match runner.first_failure.take() {
            None => Verdict::Pass,
            Some(failure) => runner.failed(failure),
        },
        Err(Stop::Failed(failure)) => {
            runner.note_stop(StopReason::Mismatch);
            runner.failed(*failure)
        }
        Err(Stop::Reason(reason)) => {
            runner.note_stop(reason.clone());
            runner.broken(reason)
        }
    };
    Run {
        descriptors: runner.judge.connection_descriptors(),
        drift: runner.judge.drift(),
        worst_slip: runner.judge.worst_slip(),
        trace: runner.trace,
        verdict,
    }
}

struct Runner<'s, 't> {
    script: &'s Script,
    target: &'t mut dyn Target,
    judge: Judge<'s>,
    trace: Trace,
    limits: RunLimits,
    pacing: Pacing,
    /// Packets that came since the script last went a step forward.
    quiet_packets: usize,
    first_failure: Option<Failure>,
    program: Program,
    /// What did not hold in a script for packetdrill, which runs all code in the end.
    code_failure: Option<Failure>,
}

impl Runner<'_, '_> {
    fn run_all(&mut self) -> Step {
        self.guard(|target, setup| target.reset(setup))?;
        if let Some(command) = &self.script.init_command {
            self.command(None, command)?;
        }
        self.guard(|target, _| target.align())?;
        let start = self.target.now();
        self.judge.start(start);
        for index in 0..self.script.events.len() {
            self.quiet_packets = 0;
            self.event(index)?;
            self.judge_ended_calls()?;
        }
        while let Some(id) = self.judge.running.keys().next().copied() {
            self.await_call(id)?;
        }
        self.drain()?;
        if let Some(failure) = self.judge.unlisted() {
            self.difference(failure)?;
        }
        let outcome = self.program.finish();
        self.judge_code(None, outcome)?;
        if let Some(failure) = self.code_failure.take() {
            self.difference(failure)?;
        }
        if let Some(command) = &self.script.cleanup_command {
            self.command(None, command)?;
        }
        Ok(())
    }

    fn event(&mut self, index: usize) -> Step {
        match &self.judge.event(index).action {
            Action::Packet(spec) if spec.direction == Direction::Inbound => {
                self.wait_for_start(index)?;
                self.inject(index)
            }
            Action::Call(spec) => {
                if let Some(id) = self.judge.running.keys().next().copied() {
                    self.await_call(id)?;
                }
                self.wait_for_start(index)?;
                self.call(index, spec)
            }
            Action::Command(command) => {
                self.wait_for_start(index)?;
                let at = self.target.now();
                self.judge.stimulus(index, at);
                self.command(Some(index), command)
            }
            Action::Code(code) => {
                self.wait_for_start(index)?;
                self.drain()?;
                let at = self.target.now();
                self.judge.stimulus(index, at);
                self.code(index, &code.text)
            }
            Action::State(spec) if matches!(spec.assertion, StateAssertion::Is(_)) => {
                self.wait_for_start(index)?;
                self.drain()?;
                let at = self.target.now();
                self.push(at, Some(index), EntryKind::Checkpoint);
                self.judge.stimulus(index, at);
                match self.judge.check(index) {
                    Progress::Failed(failure) => self.difference(failure),
                    _ => Ok(()),
                }
            }
            Action::Packet(_) | Action::State(_) => self.expect(index),
        }
    }

    /// Waits for the moment of a step of our own; what the stack does meanwhile is kept.
    fn wait_for_start(&mut self, index: usize) -> Step {
        let at = self.judge.window(index).earliest;
        while self.next(at)? {}
        Ok(())
    }

    fn inject(&mut self, index: usize) -> Step {
        let Action::Packet(spec) = &self.judge.event(index).action else {
            return Ok(());
        };
        let setup = self.judge.setup();
        let packet = build::build(spec, &mut self.judge.bindings, setup)
            .map_err(|lacks| Stop::Reason(StopReason::Lacks(lacks)))?;
        let bytes = packet.encode();
        let at = self.target.now();
        self.judge.stimulus(index, at);
        self.push(at, Some(index), EntryKind::Inbound(bytes.clone()));
        self.guard(|target, _| target.inject(&bytes))?;
        self.note_took(index, at);
        self.drain()
    }

    /// A stimulus that took long was held up by the machine: what answers it counts from when it was through.
    fn note_took(&mut self, index: usize, began: Time) {
        let now = self.target.now();
        let took = now.since(began);
        if took >= NOTABLE {
            self.push(now, Some(index), EntryKind::Stalled(took));
        }
    }

    fn call(&mut self, index: usize, spec: &CallSpec) -> Step {
        let setup = self.judge.setup();
        let lowered = lower::lower(spec, &mut self.judge.bindings, setup).map_err(|error| {
            Stop::Reason(match error {
                LowerError::Unsupported(lacks) => StopReason::Lacks(lacks),
                LowerError::Wrong { message, .. } => {
                    let line = self.judge.event(index).line;
                    StopReason::Broken(format!("line {line}: {message}"))
                }
            })
        })?;
        let at = self.target.now();
        self.judge.stimulus(index, at);
        let id = self.start(index, at, Some(spec), lowered)?;
        self.note_took(index, at);
        if self.judge.event(index).time.end.is_some() {
            return self.drain();
        }
        self.await_end(id, self.limits.call)?;
        self.judge_call(id)
    }

    fn start(
        &mut self,
        index: usize,
        at: Time,
        spec: Option<&CallSpec>,
        lowered: Lowered,
    ) -> Step<CallId> {
        let call = lowered.call.clone();
        let mut running = Running::start(index, at, spec, lowered, &mut self.judge.bindings);
        running.set_drift(self.judge.drift());
        let started = call.clone();
        let id = self.guard(move |target, _| target.call(call))?;
        self.judge.running.insert(id, running);
        self.push(at, Some(index), EntryKind::Called { id, call: started });
        Ok(id)
    }

    /// Takes events until the call has ended, for `limit` at most.
    fn await_end(&mut self, id: CallId, limit: Duration) -> Step {
        let deadline = self.target.now() + limit;
        while self.judge.running.get(&id).is_some_and(|r| !r.is_over()) {
            if !self.next(deadline)? {
                break;
            }
        }
        Ok(())
    }

    /// Waits for a blocking call until the moment at which it counts as hanging, and judges it.
    fn await_call(&mut self, id: CallId) -> Step {
        let Some(running) = self.judge.running.get(&id) else {
            return Ok(());
        };
        let (index, started) = (running.event(), running.started());
        let latest = match self.judge.end_window(index, started) {
            Some(window) if window.latest != Time::MAX => window.latest + self.limits.lateness,
            _ => self.target.now() + self.limits.any_time,
        };
        let remaining = latest.since(self.target.now());
        self.await_end(id, remaining)?;
        self.judge_call(id)
    }

    fn judge_ended_calls(&mut self) -> Step {
        let ended: Vec<_> = self
            .judge
            .running
            .iter()
            .filter(|(_, running)| running.is_over())
            .map(|(id, _)| *id)
            .collect();
        for id in ended {
            self.judge_call(id)?;
        }
        Ok(())
    }

    fn judge_call(&mut self, id: CallId) -> Step {
        match self.judge.check_call(id) {
            Progress::Met(entries) => {
                let index = self.trace.entries.iter().rev().find_map(|e| match e.kind {
                    EntryKind::Called { id: called, .. } if called == id => e.script_event,
                    _ => None,
                });
                self.pair(&entries, index);
                Ok(())
            }
            Progress::Failed(failure) => {
                self.judge.running.remove(&id);
                self.difference(failure)
            }
            Progress::Waiting => {
                let Some(running) = self.judge.running.remove(&id) else {
                    return Ok(());
                };
                let kind = FailureKind::StillRunning {
                    call: running.name().to_owned(),
                };
                let at = self.target.now();
                let failure = self.judge.failure(running.event(), at, kind);
                self.difference(failure)
            }
        }
    }

    /// Waits until an expectation is met or can no longer be.
    fn expect(&mut self, index: usize) -> Step {
        let deadline = self.judge.deadline(index, &self.limits);
        let mut has_waited = false;
        loop {
            match self.judge.check(index) {
                Progress::Met(entries) => {
                    self.pair(&entries, Some(index));
                    if !has_waited {
                        self.judge.read_by(self.target.now());
                    }
                    return Ok(());
                }
                Progress::Failed(failure) => {
                    let at = failure.at;
                    self.difference(failure)?;
                    self.judge.pass_over(index, at);
                    return Ok(());
                }
                Progress::Waiting => {}
            }
            has_waited = true;
            if !self.next(deadline)? {
                let failure = self.judge.missing(index, deadline);
                self.difference(failure)?;
                let at = self.judge.window(index).earliest;
                self.judge.pass_over(index, at);
                return Ok(());
            }
        }
    }

    /// Takes everything that the stack has done by now.
    fn drain(&mut self) -> Step {
        let now = self.target.now();
        while self.next(now)? {}
        Ok(())
    }

    /// Takes the next event until `until`; false when there is none.
    fn next(&mut self, until: Time) -> Step<bool> {
        let event = self.guard(|target, _| target.next_event(until))?;
        let Some(Event { at, kind }) = event else {
            return Ok(false);
        };
        let entry = halfopen_target::Entry::from(Event { at, kind });
        if matches!(entry.kind, EntryKind::Outbound(_)) {
            self.quiet_packets += 1;
            if self.quiet_packets > self.limits.packets {
                return Err(Stop::Reason(StopReason::Flooded {
                    packets: self.quiet_packets,
                }));
            }
        }
        self.push(entry.at, None, entry.kind);
        if let EntryKind::Returned { id, .. } = self.last().kind {
            self.note_bound(id);
        }
        Ok(true)
    }

    fn last(&self) -> &halfopen_target::Entry {
        &self.trace.entries[self.trace.entries.len() - 1]
    }

    /// Records which of the target's descriptors a number of the script stands for.
    fn note_bound(&mut self, id: CallId) {
        let Some(running) = self.judge.running.get(&id) else {
            return;
        };
        if let Some((script, target)) = running.given() {
            let (at, event) = (self.last().at, running.event());
            self.push(at, Some(event), EntryKind::Bound { script, target });
        }
    }

    fn push(&mut self, at: Time, script_event: Option<usize>, kind: EntryKind) {
        self.trace.push(at, script_event, kind);
        let last = self.trace.entries.len() - 1;
        self.judge.observe(&self.trace.entries[last]);
    }

    fn pair(&mut self, entries: &[usize], index: Option<usize>) {
        for entry in entries {
            if let Some(entry) = self.trace.entries.get_mut(*entry) {
                entry.script_event = index;
            }
        }
    }

    /// A difference ends a judged run; an observed one remembers the first and goes on.
    fn difference(&mut self, failure: Failure) -> Step {
        match self.pacing {
            Pacing::Judged => Err(Stop::Failed(Box::new(failure))),
            Pacing::Observed => {
                self.first_failure.get_or_insert(failure);
                Ok(())
            }
        }
    }

    fn note_stop(&mut self, reason: StopReason) {
        let at = catch_unwind(AssertUnwindSafe(|| self.target.now())).unwrap_or(Time::ZERO);
        self.trace.push(at, None, EntryKind::Stopped(reason));
    }

    fn failed(&self, failure: Failure) -> Verdict {
        if self.judge.is_excused(&failure) {
            Verdict::Inconclusive(failure)
        } else {
            Verdict::Fail(failure)
        }
    }

    fn broken(&self, reason: StopReason) -> Verdict {
        match reason {
            StopReason::Lacks(lacks) => Verdict::Skip(lacks),
            StopReason::Broken(message) => Verdict::Error(message),
            reason => {
                let at = self.trace.entries.last().map_or(Time::ZERO, |e| e.at);
                let event = self.trace.entries.iter().rev().find_map(|e| e.script_event);
                Verdict::Fail(Failure {
                    event,
                    line: event.map(|index| self.judge.event(index).line),
                    span: event.map(|index| self.judge.event(index).span),
                    at,
                    kind: FailureKind::Stack(reason),
                })
            }
        }
    }

    /// Calls the target; its panic and its errors become reasons to stop.
    fn guard<T>(
        &mut self,
        act: impl FnOnce(&mut dyn Target, &halfopen_target::Setup) -> Result<T, TargetError>,
    ) -> Step<T> {
        let setup = self.judge.setup();
        let target = &mut *self.target;
        let result =
            crate::guard::quietly(|| catch_unwind(AssertUnwindSafe(|| act(target, setup))));
        let error = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(panic) => {
                let message = crate::guard::message(panic.as_ref());
                return Err(Stop::Reason(StopReason::Panicked(message)));
            }
        };
        Err(Stop::Reason(match error {
            TargetError::Missing(missing) => StopReason::Lacks(missing.to_string()),
            TargetError::Unresponsive(what) => StopReason::Unresponsive(what),
            other => StopReason::Broken(crate::guard::chain(&other)),
        }))
    }
}
