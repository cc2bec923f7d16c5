//! `halfopen diff`: the same scripts on two stacks.

use std::path::Path;
use std::sync::Arc;

use halfopen_drill::diff::{Difference, Step, first_difference};
use halfopen_drill::{Config, Pacing, Run, ScriptFile, TargetFactory, Verdict};
use halfopen_target::AddressMode;

use crate::args::DiffArguments;
use crate::exit::Exit;
use crate::{registry, select};

/// How many common steps are shown before a difference.
const STEPS_BEFORE: usize = 6;

pub(crate) fn run(arguments: &DiffArguments) -> Result<Exit, String> {
    let targets = registry::find(&arguments.targets)?;
    let [left, right] = &targets[..] else {
        return Err("--targets takes two different targets, such as `linux,reference`".to_owned());
    };
    let selected = select::select(&arguments.selection)?;
    let seed = arguments.selection.seed;
    let (mut compared, mut differ, mut failed) = (0, 0, selected.unreadable);
    for file in &selected.files {
        for mode in select::modes(&arguments.selection.modes, file) {
            let runs = observe(left, file, mode, seed)
                .and_then(|l| observe(right, file, mode, seed).map(|r| (l, r)));
            match runs {
                Ok((l, r)) => {
                    compared += 1;
                    if let Some(found) = first_difference(&file.script, &l.trace, &r.trace) {
                        differ += 1;
                        show(file, mode, [left, right], &found);
                    }
                }
                Err(Reason::Skipped(why)) => {
                    println!("{} ({}): not compared: {why}", file.name(), mode.name());
                }
                Err(Reason::Broken(why)) => {
                    eprintln!("{} ({}): {why}", file.name(), mode.name());
                    failed = true;
                }
            }
        }
    }
    println!("{compared} compared, {differ} differ");
    Ok(if differ > 0 {
        Exit::Failed
    } else if failed {
        Exit::CouldNotBeDone
    } else {
        Exit::AsExpected
    })
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
) -> Result<Run, Reason> {
    let folder = file.path.parent().unwrap_or_else(|| Path::new("."));
    let config = Config::new(&file.script, folder, mode, seed)
        .map_err(|error| Reason::Broken(error.to_string()))?;
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
    println!("{}{line} ({})", file.name(), mode.name());
    let first = found.before.len().saturating_sub(STEPS_BEFORE);
    for step in &found.before[first..] {
        println!("    both       {}", step.text);
    }
    let text = |step: &Option<Step>| {
        step.as_ref().map_or_else(
            || "nothing more".to_owned(),
            |step| format!("{} (at {} s)", step.text, step.at),
        )
    };
    println!(
        "    {:10} {}",
        targets[0].capabilities().name,
        text(&found.left)
    );
    println!(
        "    {:10} {}",
        targets[1].capabilities().name,
        text(&found.right)
    );
    println!();
}
