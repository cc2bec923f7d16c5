//! `halfopen diff`: the same scripts on two stacks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use halfopen_drill::diff::{Difference, first_difference};
use halfopen_drill::{Config, Pacing, Run, ScriptFile, TargetFactory, Verdict};
use halfopen_target::{AddressMode, ClockKind};

use crate::args::DiffArguments;
use crate::exit::Exit;
use crate::output::say;
use crate::{registry, select};

/// How many common steps are shown before a difference.
const STEPS_BEFORE: usize = 6;

pub(crate) fn run(arguments: &DiffArguments) -> Result<Exit, String> {
    let selected = select::select(&arguments.selection)?;
    let targets = registry::find(
        &arguments.targets,
        &arguments.loading,
        selected.has_commands(),
    )?;
    let [left, right] = &targets[..] else {
        return Err("--targets takes two different targets, such as `linux,reference`".to_owned());
    };
    let targets = [left, right];
    let pairs: Vec<_> = selected
        .drills()
        .map(|(file, mode)| (file.as_ref(), mode))
        .collect();
    let (mut compared, mut differ, mut failed) = (0, 0, selected.unreadable);
    in_order(
        &pairs,
        targets,
        arguments.selection.seed,
        |index, result| {
            let (file, mode) = pairs[index];
            match result {
                Ok(found) => {
                    compared += 1;
                    if let Some(found) = found {
                        differ += 1;
                        show(file, mode, targets, &found);
                    }
                }
                Err(Reason::Skipped(why)) => {
                    say!("{} ({}): not compared: {why}", file.name(), mode.name());
                }
                Err(Reason::Broken(why)) => {
                    eprintln!("{} ({}): {why}", file.name(), mode.name());
                    failed = true;
                }
            }
        },
    );
    say!("{compared} compared, {differ} differ");
    Ok(if differ > 0 {
        Exit::Failed
    } else if failed {
        Exit::CouldNotBeDone
    } else {
        Exit::AsExpected
    })
}

type Compared = Result<Option<Difference>, Reason>;

/// Compares all pairs, many at once, and gives what came of each in their order.
fn in_order(
    pairs: &[(&ScriptFile, AddressMode)],
    targets: [&Arc<dyn TargetFactory>; 2],
    seed: u64,
    mut take: impl FnMut(usize, Compared),
) {
    let is_live = targets
        .iter()
        .any(|target| target.capabilities().clock == ClockKind::Live);
    let processors = thread::available_parallelism().map_or(2, usize::from);
    // Drills on a live stack mostly wait.
    let workers = if is_live { processors * 8 } else { processors };
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(pairs.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((file, mode)) = pairs.get(index) else {
                        return;
                    };
                    let result = compare(file, *mode, targets, seed, index);
                    if sender.send((index, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for (index, result) in receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&turn) {
                take(turn, result);
                turn += 1;
            }
        }
    });
}

fn compare(
    file: &ScriptFile,
    mode: AddressMode,
    targets: [&Arc<dyn TargetFactory>; 2],
    seed: u64,
    index: usize,
) -> Compared {
    let left = observe(targets[0], file, mode, seed, index)?;
    let right = observe(targets[1], file, mode, seed, index)?;
    Ok(first_difference(&file.script, &left.trace, &right.trace))
}

enum Reason {
    Skipped(String),
    Broken(String),
}

fn observe(
    factory: &Arc<dyn TargetFactory>,
    file: &ScriptFile,
    mode: AddressMode,
    seed: u64,
    index: usize,
) -> Result<Run, Reason> {
    let folder = file.path.parent().unwrap_or_else(|| Path::new("."));
    let mut config = Config::new(&file.script, folder, mode, seed)
        .map_err(|error| Reason::Broken(error.to_string()))?;
    if factory.capabilities().clock == ClockKind::Live {
        // Ports of their own let drills that run at once be told apart in machine-wide events.
        config.ports.tester = 20_000 + (index % 40_000) as u16;
    }
    let mut target = factory
        .create()
        .map_err(|error| Reason::Broken(error.to_string()))?;
    let observed = halfopen_drill::run(&file.script, target.as_mut(), &config, Pacing::Observed);
    let name = &factory.capabilities().name;
    match observed.verdict {
        Verdict::Skip(why) => Err(Reason::Skipped(format!("{name}: {why}"))),
        Verdict::Error(why) => Err(Reason::Broken(format!("{name}: {why}"))),
        _ => Ok(observed),
    }
}

fn show(
    file: &ScriptFile,
    mode: AddressMode,
    targets: [&Arc<dyn TargetFactory>; 2],
    found: &Difference,
) {
    let line = found.line.map_or(String::new(), |line| format!(":{line}"));
    say!("{}{line} ({})", file.name(), mode.name());
    let names = targets.map(|target| target.capabilities().name.as_str());
    let width = names
        .map(str::len)
        .into_iter()
        .max()
        .unwrap_or(0)
        .max("both".len());
    let first = found.before.len().saturating_sub(STEPS_BEFORE);
    for step in &found.before[first..] {
        say!("    {:width$}  {}", "both", step.text);
    }
    for (name, step) in names.into_iter().zip([&found.left, &found.right]) {
        match step {
            Some(step) => say!("    {name:width$}  {} (at {} s)", step.text, step.at),
            None => say!("    {name:width$}  nothing more"),
        }
    }
    say!();
}
