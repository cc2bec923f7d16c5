//! `halfopen fuzz`: coverage-guided fuzzing through cargo-fuzz; findings become scripts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use halfopen_fuzz::{script, segments};
use halfopen_reference_target::ReferenceTarget;

use super::doctor::succeeds;
use crate::args::FuzzArguments;
use crate::exit::Exit;
use crate::output::say;

/// The fuzz targets.
const NAMES: [&str; 2] = ["segments", "script"];

/// Where inputs for the target `script` lie beside the fuzz folder.
const SCRIPTS: [&str; 2] = ["../suites", "../harness/script"];

pub(crate) fn run(arguments: &FuzzArguments) -> Result<Exit, String> {
    let name = arguments.name.as_str();
    if !NAMES.contains(&name) {
        let names = NAMES.join(", ");
        return Err(format!(
            "there is no fuzz target `{name}`: there are {names}"
        ));
    }
    let folder = &arguments.fuzz_dir;
    if !folder.join("Cargo.toml").is_file() {
        return Err(format!(
            "{}: not the project's fuzz folder: run this at the top of a clone, or give --fuzz-dir",
            folder.display()
        ));
    }
    if !succeeds("cargo", &["fuzz", "--version"]) {
        return Err("fuzzing needs cargo-fuzz: cargo install cargo-fuzz".to_owned());
    }
    let artifacts = folder.join("artifacts").join(name);
    let before = list(&artifacts);
    let ended_well = fuzz(arguments, folder)?;
    let new: Vec<_> = list(&artifacts).difference(&before).cloned().collect();
    let mut found = 0;
    for (artifact, _) in &new {
        found += usize::from(report(artifact, name, folder)?);
    }
    match (found, ended_well) {
        (0, true) => {
            say!("nothing found");
            Ok(Exit::AsExpected)
        }
        (0, false) if new.is_empty() => Err("the fuzzer did not run: see above".to_owned()),
        (0, false) => {
            Err("what the fuzzer found does not show outside of it: see above".to_owned())
        }
        _ => Ok(Exit::Failed),
    }
}

fn fuzz(arguments: &FuzzArguments, folder: &Path) -> Result<bool, String> {
    let mut command = Command::new("cargo");
    let name = &arguments.name;
    command
        .args(["fuzz", "run", name, "--fuzz-dir"])
        .arg(folder)
        // Sanitizers need a nightly compiler, and the stack has no unsafe code to find anything in.
        .args(["--sanitizer", "none"])
        .arg(corpus(folder, name)?);
    if name == "script" {
        command.args(SCRIPTS.map(|scripts| folder.join(scripts)));
    }
    command.args(["--", "-print_final_stats=1"]);
    let dictionary = folder.join("dictionaries").join(format!("{name}.dict"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    if let Some(seconds) = arguments.time {
        command.arg(format!("-max_total_time={seconds}"));
    }
    if let Some(runs) = arguments.runs {
        command.arg(format!("-runs={runs}"));
    }
    command
        .status()
        .map(|status| status.success())
        .map_err(|error| format!("cargo fuzz could not be started: {error}"))
}

/// The folder that keeps the inputs which reached something new.
fn corpus(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let corpus = folder.join("corpus").join(name);
    fs::create_dir_all(&corpus)
        .map(|()| corpus.clone())
        .map_err(|error| format!("{}: {error}", corpus.display()))
}

/// The files in a folder with the times of their writing: an input that was found before is found under its old name.
fn list(folder: &Path) -> BTreeSet<(PathBuf, SystemTime)> {
    let written =
        |entry: fs::DirEntry| Some((entry.path(), entry.metadata().ok()?.modified().ok()?));
    fs::read_dir(folder)
        .map(|entries| entries.flatten().filter_map(written).collect())
        .unwrap_or_default()
}

/// Shrinks what an artifact shows and writes it as a script; false when it shows nothing here.
fn report(artifact: &Path, name: &str, folder: &Path) -> Result<bool, String> {
    let input = fs::read(artifact).map_err(|e| format!("{}: {e}", artifact.display()))?;
    let found = match name {
        "script" => script::finding(&input),
        _ => segments::finding(&input, &|| Box::new(ReferenceTarget::new())),
    };
    let Some(found) = found else {
        say!(
            "{}: shows nothing outside of the fuzzer; kept as it is",
            artifact.display()
        );
        return Ok(false);
    };
    let findings = folder.join("findings");
    fs::create_dir_all(&findings).map_err(|e| format!("{}: {e}", findings.display()))?;
    let path = findings.join(format!("{name}-{}.pkt", found.rule));
    fs::write(&path, &found.script).map_err(|e| format!("{}: {e}", path.display()))?;
    say!("found: {}\n  {}", found.text, path.display());
    Ok(true)
}
