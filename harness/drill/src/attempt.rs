//! One drill, run once, and whether its outcome can be trusted: a machine that is busy with other things may have had a part in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halfopen_script::front_matter::Expectation;
use halfopen_target::{ClockKind, Target};

use crate::outcome::{Outcome, Standing};
use crate::run::Run;
use crate::session::Drill;
use crate::verdict::Verdict;

mod history;
mod once;

pub(crate) use history::History;
use history::length;
use once::{Lane, run_once, run_twice};

/// From this length on a drill is run twice at most for a failure that repeats.
pub(crate) const LONG: Duration = Duration::from_secs(3);

/// From this length on a drill is run twice at once, where others may run beside it: there is no waiting for a failure to repeat.
const VERY_LONG: Duration = Duration::from_secs(8);

/// How often a drill is run at most.
const MOST_ATTEMPTS: u32 = 10;

/// What is allowed to one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance {
    /// Whether what is doubtful then stays so.
    pub(crate) is_last: bool,
    /// Whether other drills may run beside it.
    pub(crate) has_company: bool,
}

/// Runs a drill, the `index`th of the plan; gives only how it went when the machine was too busy to tell, and it is to be run
/// again. On its last chance it runs alone, and is run again only if it failed in another way than ever before.
pub(crate) fn attempt(
    drill: &Drill,
    targets: &mut BTreeMap<String, Box<dyn Target>>,
    (seed, index): (u64, usize),
    history: &History,
    chance: Chance,
) -> Result<Outcome, History> {
    let begin = Instant::now();
    let is_live = drill.target.capabilities().clock == ClockKind::Live;
    let lane = Lane::new(index);
    let has_twin = is_live && chance.has_company && drill.file.script.length() >= VERY_LONG;
    let (first, twin) = if has_twin {
        run_twice(drill, targets, seed, lane)
    } else {
        (run_once(drill, targets, seed, lane), None)
    };
    let (run, next) = settle(first, twin, history);
    // Alone, and failed in another way than before: something else keeps the machine busy, which may pass.
    let is_final = chance.is_last && (next.is_convincing() || next.attempts >= MOST_ATTEMPTS);
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

/// What counts of a run and of the twin that ran beside it, and how the drill went with it: the twin only where the first failed.
fn settle(first: Run, twin: Option<Run>, history: &History) -> (Run, History) {
    let next = history.after(&first);
    match twin {
        Some(twin) if next.has_failed() => {
            let next = next.after(&twin);
            (twin, next)
        }
        _ => (first, next),
    }
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
            let is_settled = history.times() > 2 && !history.drifted;
            let is_long = history.times() > 1 && length(run) >= LONG;
            is_live && !is_settled && !is_long
        }
        Verdict::Error(_) => is_live && history.drifted,
        Verdict::Pass | Verdict::Skip(_) => false,
    }
}
