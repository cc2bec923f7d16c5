//! From scripts and targets to outcomes: what every command that judges drills does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use halfopen_drill::{Counts, Drill, Options, SessionEvent, TargetFactory, run_session};
use halfopen_reports::{OutputError, Sink};

use crate::args::{Execution, Selection};
use crate::select::Selected;

/// Every script on every target in each of its address modes, in this order: target, script, mode.
pub(crate) fn plan(selected: &Selected, targets: &[Arc<dyn TargetFactory>]) -> Vec<Drill> {
    let of_target = |target: &Arc<dyn TargetFactory>| {
        let target = Arc::clone(target);
        selected.drills().map(move |(file, mode)| Drill {
            file: Arc::clone(file),
            target: Arc::clone(&target),
            mode,
        })
    };
    targets.iter().flat_map(of_target).collect()
}

/// Runs the drills and tells all sinks what happens.
///
/// # Errors
/// The first report that could not be written.
pub(crate) fn run(
    drills: &[Drill],
    selection: &Selection,
    execution: &Execution,
    sinks: &mut [&mut dyn Sink],
) -> Result<Counts, String> {
    let options = Options {
        jobs: execution.jobs.map(usize::from),
        seed: selection.seed,
        hang: Duration::from_secs(execution.loading.timeout),
    };
    let mut broken: Option<OutputError> = None;
    let counts = run_session(drills, &options, &mut |event: SessionEvent| {
        for sink in &mut *sinks {
            if let Err(error) = sink.handle(&event) {
                broken.get_or_insert(error);
            }
        }
    });
    broken.map_or(Ok(counts), |error| Err(error.to_string()))
}

/// How many of these reports go to standard output.
pub(crate) fn on_standard_output(reports: &[&Option<PathBuf>]) -> usize {
    reports
        .iter()
        .filter(|path| path.as_deref() == Some(Path::new("-")))
        .count()
}
