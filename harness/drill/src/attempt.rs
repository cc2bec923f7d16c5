//! One drill, run once, and whether its outcome can be trusted: a machine that is busy with other things may have had a part in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfopen_script::front_matter::Expectation;
use halfopen_target::{
    AddressMode, Capabilities, Capability, ClockKind, Setup, StopReason, Target, Time, Trace,
};

use crate::config::Config;
use crate::outcome::{Outcome, Standing};
use crate::run::{Pacing, Run, run};
use crate::session::Drill;
use crate::verdict::{FailureKind, Verdict};

/// How late one of our own stimuli must have been for a failure to be looked at again: an idle machine keeps far below.
const NOTABLE_SLIP: Duration = Duration::from_millis(1);

/// How late all of them must have been, taken together: so long, or in long drills one part in so many of their length.
const NOTABLE_DRIFT: (Duration, u32) = (Duration::from_millis(2), 500);

/// From this length on a drill is run twice at most for a failure that repeats.
pub(crate) const LONG: Duration = Duration::from_secs(3);

/// How often a drill is run at most.
const MOST_ATTEMPTS: u32 = 10;

/// Lateness that differs by no more than this is the same.
const AS_LATE: Duration = Duration::from_micros(250);

/// How a drill went so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// How often it was run.
    attempts: u32,
    /// How it failed when it was last run.
    failure: Option<Doubt>,
    /// How often in a row it failed like that.
    times: u32,
    /// Whether we were late then.
    drifted: bool,
}

impl History {
    /// Whether another run beside the others can tell more: they had no part in the first.
    pub(crate) fn is_worth_a_second_look(&self) -> bool {
        self.attempts == 1 && self.fails_in_time() && !self.drifted
    }

    /// Whether it failed when it was last run, in another way than by being late.
    fn fails_in_time(&self) -> bool {
        let in_time = |failure: &Doubt| failure.late.is_none();
        self.failure.as_ref().is_some_and(in_time)
    }

    /// The same with one more run.
    fn after(&self, run: &Run) -> Self {
        let failure = failure_of(run);
        let repeats =
            matches!((&failure, &self.failure), (Some(now), Some(before)) if now.repeats(before));
        Self {
            attempts: self.attempts + 1,
            times: if repeats { self.times + 1 } else { 1 },
            failure,
            drifted: has_drifted(run),
        }
    }
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Doubt {
    line: Option<usize>,
    /// What was expected and observed; of a segment only which fields differ, since random ones are others each time.
    said: String,
    /// By how much it was late, when that is all that failed.
    late: Option<Duration>,
}

impl Doubt {
    /// Whether this is how it failed before. What a busy machine makes late is late by one span now and by another then.
    fn repeats(&self, before: &Self) -> bool {
        let is_as_late = match (self.late, before.late) {
            (None, None) => self.said == before.said,
            (Some(now), Some(then)) => now.abs_diff(then) <= AS_LATE,
            _ => false,
        };
        self.line == before.line && is_as_late
    }
}

/// Runs a drill, the `index`th of the plan; gives only how it went when the machine was too busy to tell, and it is to be run
/// again. On its last chance it runs alone, and is run again only if we were late even so and it failed in another way than before.
pub(crate) fn attempt(
    drill: &Drill,
    targets: &mut BTreeMap<String, Box<dyn Target>>,
    (seed, index): (u64, usize),
    history: &History,
    is_last: bool,
) -> Result<Outcome, History> {
    let begin = Instant::now();
    let (run, is_live) = run_once(drill, targets, seed, index);
    let next = history.after(&run);
    // Alone, late all the same, and failed in another way than before: something else keeps the machine busy, which may pass.
    let is_final = is_last && (next.times > 1 || !next.drifted || next.attempts >= MOST_ATTEMPTS);
    if !is_final && !is_expected(drill, &next) && is_doubtful(&run, is_live, &next) {
        return Err(next);
    }
    let name = drill.target.capabilities().name.clone();
    let note = drill.file.note(&name, drill.mode);
    Ok(Outcome {
        file: Arc::clone(&drill.file),
        target: name,
        mode: drill.mode,
        standing: Standing::of(run.verdict, note),
        trace: run.trace,
        descriptors: run.descriptors,
        attempts: next.attempts,
        wall: begin.elapsed(),
    })
}

/// Whether the drill failed as its script foretells, in another way than by being late: nobody has to be convinced of that.
fn is_expected(drill: &Drill, history: &History) -> bool {
    let note = drill
        .file
        .note(&drill.target.capabilities().name, drill.mode);
    note.is_some_and(|note| note.expectation == Expectation::Fail) && history.fails_in_time()
}

/// Whether the machine may have had a part in how a drill ended, of which `history` tells with all before.
///
/// A stack's own fault repeats: on a live stack no failure is believed that was seen once or twice only, and what fails for a
/// time, or when we were late, has to fail again when less goes on. Of long drills the first repetition is enough.
fn is_doubtful(run: &Run, is_live: bool, history: &History) -> bool {
    match &run.verdict {
        Verdict::Inconclusive(_) => true,
        Verdict::Fail(_) => {
            let is_settled = history.times > 2 && !history.drifted;
            let is_long = history.times > 1 && length(run) >= LONG;
            is_live && !is_settled && !is_long
        }
        Verdict::Error(_) => is_live && history.drifted,
        Verdict::Pass | Verdict::Skip(_) => false,
    }
}

fn failure_of(run: &Run) -> Option<Doubt> {
    match &run.verdict {
        Verdict::Fail(failure) => Some(Doubt {
            line: failure.line,
            said: match &failure.kind {
                FailureKind::Packet { .. } => {
                    let fields = failure.to_string();
                    fields.lines().next().unwrap_or_default().to_owned()
                }
                _ => failure.to_string(),
            },
            late: failure.is_late(),
        }),
        _ => None,
    }
}

fn length(run: &Run) -> Duration {
    let last = run.trace.entries.last();
    last.map_or(Duration::ZERO, |last| last.at.since(Time::ZERO))
}

fn has_drifted(run: &Run) -> bool {
    let (least, part) = NOTABLE_DRIFT;
    run.worst_slip >= NOTABLE_SLIP || run.drift >= least.max(length(run) / part)
}

fn run_once(
    drill: &Drill,
    targets: &mut BTreeMap<String, Box<dyn Target>>,
    seed: u64,
    index: usize,
) -> (Run, bool) {
    let capabilities = drill.target.capabilities();
    let is_live = capabilities.clock == ClockKind::Live;
    let name = capabilities.name.clone();
    let not_run = |verdict| Run {
        trace: Trace::new(&name, Setup::defaults(drill.mode)),
        verdict,
        descriptors: BTreeMap::new(),
        drift: Duration::ZERO,
        worst_slip: Duration::ZERO,
    };
    if let Some(reason) = reason_to_skip(drill, capabilities) {
        return (not_run(Verdict::Skip(reason)), is_live);
    }
    let folder = drill
        .file
        .path
        .parent()
        .unwrap_or_else(|| std::path::Path::new("."));
    let config = Config::new(&drill.file.script, folder, drill.mode, seed);
    let mut config = match config {
        Ok(config) => config,
        Err(error) => return (not_run(Verdict::Error(error.to_string())), is_live),
    };
    if is_live {
        // Ports of their own let drills that run at once be told apart in machine-wide events.
        config.ports.tester = 20_000 + (index % 40_000) as u16;
    }
    let mut target = match targets
        .remove(&name)
        .map_or_else(|| drill.target.create(), Ok)
    {
        Ok(target) => target,
        Err(error) => {
            return (
                not_run(Verdict::Error(crate::guard::chain(&error))),
                is_live,
            );
        }
    };
    let run = run(&drill.file.script, target.as_mut(), &config, Pacing::Judged);
    // After a panic or an error nothing is known of the target's inside.
    let usable = match run.trace.stop() {
        None => true,
        Some((_, reason)) => matches!(reason, StopReason::Mismatch | StopReason::Lacks(_)),
    };
    if usable {
        targets.insert(name, target);
    }
    (run, is_live)
}

/// Why a drill is not run at all.
fn reason_to_skip(drill: &Drill, capabilities: &Capabilities) -> Option<String> {
    let note = drill.file.note(&capabilities.name, drill.mode);
    if let Some(note) = note
        && note.expectation == Expectation::Skip
    {
        return Some(note.reason.clone());
    }
    if drill.file.script.uses_psp() {
        return Some("PSP: the harness has no keys to encrypt segments with".to_owned());
    }
    let mut needs = vec![match drill.mode {
        AddressMode::V4 => Capability::Ipv4,
        AddressMode::V6 => Capability::Ipv6,
        AddressMode::Mapped => Capability::MappedIpv4,
    }];
    if drill.file.script.asserts_states() {
        needs.push(Capability::States);
    }
    if drill.file.script.uses_tunnels() {
        needs.push(Capability::Tunnels);
    }
    needs
        .into_iter()
        .find_map(|capability| capabilities.require(capability).err())
        .map(|missing| missing.to_string())
}
