//! Breaks the reference stack in one small place at a time, and names what no test notices.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use clap::Parser;
use halfopen_proofs::{Gauntlet, Mutant, mutants, root};

/// Puts the mutants of the reference stack to the suites, on both profiles, and to the stack's own tests: all mutants in one build, about
/// a second each.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit code 0: all were judged, and enough were noticed. 1: too few were. 2: they could not be judged."
)]
struct Arguments {
    /// Only mutants whose names contain one of these: a file, a function, a kind of change
    #[arg(value_name = "TEXT")]
    names: Vec<String>,
    /// Only every Nth of them
    #[arg(long, value_name = "N", default_value = "1")]
    one_in: NonZero<usize>,
    /// How many to judge at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// How many of a hundred have to be noticed
    #[arg(long, value_name = "PERCENT", default_value = "0")]
    least: f64,
    /// Where the copy of the workspace is kept
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// What became of all.
#[derive(Default)]
struct Tally {
    noticed_by: BTreeMap<String, usize>,
    left: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("halfopen-mutants: {problem}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let root = root();
    let all = mutants(&root)?;
    let named = |mutant: &Mutant| {
        let names = &arguments.names;
        names.is_empty() || names.iter().any(|name| mutant.name.contains(name))
    };
    let selected: Vec<Mutant> = all.into_iter().filter(named).collect();
    let selected: Vec<Mutant> = selected
        .into_iter()
        .step_by(arguments.one_in.get())
        .collect();
    let folder = arguments.folder.clone();
    let folder = folder.unwrap_or_else(|| root.join("target/mutants"));
    println!("building the stack with {} mutants in it", selected.len());
    let begin = Instant::now();
    let gauntlet = Gauntlet::build(&root, &folder, &selected)?;
    println!("built in {:.0} s", begin.elapsed().as_secs_f64());
    if let Some(program) = gauntlet.judge(None).map_err(|error| error.to_string())? {
        return Err(format!("the tests `{program}` fail on the stack as it is"));
    }
    let tally = judge_all(&gauntlet, &selected, jobs(arguments)).map_err(|e| e.to_string())?;
    let left_out = (0..selected.len()).filter(|number| gauntlet.leaves_out(*number));
    Ok(report(&tally, left_out.count(), begin, arguments.least))
}

fn jobs(arguments: &Arguments) -> NonZero<usize> {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    arguments.jobs.unwrap_or_else(cores)
}

fn judge_all(gauntlet: &Gauntlet, mutants: &[Mutant], jobs: NonZero<usize>) -> io::Result<Tally> {
    let numbers = (0..mutants.len()).filter(|number| !gauntlet.leaves_out(*number));
    let next = Mutex::new(numbers);
    let tally = Mutex::new(Tally::default());
    let take = || next.lock().ok().and_then(|mut next| next.next());
    let work = || -> io::Result<()> {
        while let Some(number) = take() {
            let noticed = gauntlet.judge(Some(number))?;
            let Ok(mut tally) = tally.lock() else { break };
            match noticed {
                Some(by) => *tally.noticed_by.entry(by.to_owned()).or_default() += 1,
                None => {
                    tally.left += 1;
                    println!("NOT NOTICED {}", mutants[number].name);
                }
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.get()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a worker panicked")))
        })
    })?;
    tally
        .into_inner()
        .map_err(|_| io::Error::other("a worker panicked"))
}

/// Says what became of the mutants; whether `least` of a hundred were noticed.
fn report(tally: &Tally, left_out: usize, begin: Instant, least: f64) -> bool {
    let noticed: usize = tally.noticed_by.values().sum();
    let judged = noticed + tally.left;
    let percent = 100.0 * noticed as f64 / judged.max(1) as f64;
    println!(
        "\n{judged} mutants in {:.0} s: {noticed} noticed ({percent:.1} %), {} not; {left_out} that do not build or are constants were left out",
        begin.elapsed().as_secs_f64(),
        tally.left
    );
    for (by, count) in &tally.noticed_by {
        println!("  {count} by {by}");
    }
    percent >= least
}
