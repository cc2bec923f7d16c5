//! Breaks the reference stack, one requirement at a time, and sees whether the scripts notice.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use halfopen_proofs::{Build, Catalogue, Drills, Finding, Proof, Suites, Workshop, judge, root};

/// Carries out the proofs of suites/proofs: changes the reference stack so that it breaks a requirement, and runs the scripts that
/// claim it.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit code 0: every proof holds. 1: one does not. 2: they could not be carried out."
)]
struct Arguments {
    /// Only proofs of requirements that begin so, or of files of suites/proofs with that name
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Where the copy of the workspace is kept
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Only say which requirements have no proof
    #[arg(long)]
    missing: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("halfopen-proofs: {problem}");
            ExitCode::from(2)
        }
    }
}

/// How many of the requirements in all proofs came to what.
#[derive(Default)]
struct Tally {
    noticed: usize,
    other: Vec<String>,
}

impl Tally {
    fn fail(&mut self, proof: &Proof, what: &str) {
        println!("  {what}");
        self.other.push(format!("{}: {what}", proof.breaks));
    }
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let root = root();
    let suites = Suites::read(&root)?;
    let catalogue = Catalogue::read(&root)?;
    if arguments.missing {
        for id in catalogue.missing(&suites) {
            println!("{id}");
        }
        return Ok(true);
    }
    let selected: Vec<(usize, &Proof)> = catalogue
        .proofs
        .iter()
        .filter(|proof| is_selected(proof, &arguments.ids))
        .enumerate()
        .collect();
    if selected.is_empty() {
        return Err("no proof has such an id".to_owned());
    }
    let folder = arguments
        .folder
        .clone()
        .unwrap_or_else(|| root.join("target/proofs"));
    let workshop = Workshop::new(&root, &folder);
    println!("building the stack with all changes that go together");
    let begin = Instant::now();
    let alone = workshop.build_together(&selected)?;
    println!("built in {:.0} s", begin.elapsed().as_secs_f64());
    let before = unchanged(&workshop, &suites, &selected)?;
    let mut tally = Tally::default();
    for (number, proof) in &selected {
        if !alone.contains(number) {
            println!("{}", proof.breaks);
            drill(
                &workshop,
                &suites,
                &before,
                (proof, Some(*number)),
                &mut tally,
            )?;
        }
    }
    for (number, proof) in &selected {
        if alone.contains(number) {
            println!("{} (with a build of its own)", proof.breaks);
            match workshop.build_alone(proof)? {
                Build::Done => drill(&workshop, &suites, &before, (proof, None), &mut tally)?,
                Build::Failed(said) => tally.fail(proof, &format!("does not build:\n{said}")),
            }
        }
    }
    println!(
        "\n{} proofs in {:.0} s: {} noticed, {} not",
        selected.len(),
        begin.elapsed().as_secs_f64(),
        tally.noticed,
        tally.other.len()
    );
    for line in &tally.other {
        println!("  {line}");
    }
    Ok(tally.other.is_empty())
}

fn is_selected(proof: &Proof, ids: &[String]) -> bool {
    let begins = |id: &String| {
        proof.written_in.trim_end_matches(".toml") == id
            || proof.requirements.iter().any(|named| named.starts_with(id))
    };
    ids.is_empty() || ids.iter().any(begins)
}

fn scripts_of<'a>(suites: &'a Suites, proofs: &[(usize, &'a Proof)]) -> Vec<&'a str> {
    let ids = proofs.iter().flat_map(|(_, proof)| &proof.requirements);
    let scripts: BTreeSet<&str> = ids.flat_map(|id| suites.scripts_of(id)).collect();
    scripts.into_iter().collect()
}

/// What the scripts come to on the stack as it is.
fn unchanged(
    workshop: &Workshop,
    suites: &Suites,
    proofs: &[(usize, &Proof)],
) -> Result<Drills, String> {
    let (drills, in_time) = workshop
        .drill(&scripts_of(suites, proofs), None)
        .map_err(|error| error.to_string())?;
    if in_time {
        Ok(drills)
    } else {
        Err("the scripts do not end on the stack as it is".to_owned())
    }
}

/// Runs the scripts of one proof on what was built, and says what they noticed.
fn drill(
    workshop: &Workshop,
    suites: &Suites,
    before: &Drills,
    (proof, choice): (&Proof, Option<usize>),
    tally: &mut Tally,
) -> Result<(), String> {
    let (after, in_time) = workshop
        .drill(&scripts_of(suites, &[(0, proof)]), choice)
        .map_err(|error| error.to_string())?;
    if !in_time {
        tally.fail(proof, "the drills do not end");
        return Ok(());
    }
    for id in &proof.requirements {
        match judge(id, suites, before, &after) {
            Finding::Noticed { script, reason } => {
                tally.noticed += 1;
                let first = reason.lines().next().unwrap_or_default();
                println!("  {id}: noticed by {script}: {first}");
            }
            Finding::NotNoticed => tally.fail(proof, &format!("{id}: NOT NOTICED")),
            Finding::OnlyPanics { script } => {
                tally.fail(proof, &format!("{id}: only a panic, in {script}"));
            }
        }
    }
    Ok(())
}
