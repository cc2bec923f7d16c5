//! All mutants in one build, each put to the tests that could notice it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::mutants::Mutant;
use crate::weave::{CHOICE, Edit, Woven, add_choosers, guilty, weave};
use crate::{copy, process};

/// After this a test program is stopped: a mutant that never ends is noticed.
const LONGEST: Duration = Duration::from_secs(120);

/// How often the stack is checked again without the mutants that the compiler refused.
const MOST_CHECKS: u32 = 40;

/// Packages, and which of their tests judge; the suites first, which notice most.
const TESTS: [(&str, &[&str]); 2] = [
    ("halfopen-reference-target", &["--test", "suites"]),
    ("halfopen-reference", &["--lib", "--test", "public"]),
];

/// A test program, as cargo built it.
#[derive(Clone, Debug)]
struct Program {
    name: String,
    executable: PathBuf,
    package: PathBuf,
}

/// What cargo says of what it built.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<ArtifactTarget>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
}

/// The test programs with all mutants in them.
#[derive(Debug)]
pub struct Gauntlet {
    programs: Vec<Program>,
    left_out: BTreeSet<usize>,
}

impl Gauntlet {
    /// Builds them in a copy of the repository at `root`, below `folder`.
    ///
    /// # Errors
    /// The stack does not build as it is, or a file could not be read or written.
    pub fn build(root: &Path, folder: &Path, mutants: &[Mutant]) -> Result<Self, String> {
        let copy = folder.join("copy");
        let mut left_out = BTreeSet::new();
        for _ in 0..MOST_CHECKS {
            let woven = write(root, &copy, mutants, &left_out)?;
            left_out.extend(woven.values().flat_map(|woven| &woven.left_out));
            let check = ["check", "--package", "halfopen-reference", "--lib"];
            let Err(said) = cargo(&copy, &check)? else {
                let programs = programs(&copy)?;
                return Ok(Self { programs, left_out });
            };
            let refused = guilty(&woven, &said);
            if refused.is_empty() {
                return Err(format!("the stack does not build as it is:\n{said}"));
            }
            left_out.extend(refused);
        }
        Err("too many of the mutants do not build".to_owned())
    }

    /// Whether a mutant is not in the build: the compiler refused it, or it lies outside of every function that runs.
    #[must_use]
    pub fn leaves_out(&self, number: usize) -> bool {
        self.left_out.contains(&number)
    }

    /// The test program that notices the mutant of this number; without a number, one that fails as it is.
    ///
    /// # Errors
    /// A program could not be started.
    pub fn judge(&self, number: Option<usize>) -> io::Result<Option<&str>> {
        for program in &self.programs {
            let child = Command::new(&program.executable)
                .current_dir(&program.package)
                .arg("--quiet")
                .env(CHOICE, number.unwrap_or(usize::MAX).to_string())
                .env("RUST_BACKTRACE", "0")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let passes = process::wait(child, LONGEST)?.is_some_and(|status| status.success());
            if !passes {
                return Ok(Some(&program.name));
            }
        }
        Ok(None)
    }
}

/// Brings the copy up to date, with all mutants in it that are not left out.
fn write(
    root: &Path,
    copy: &Path,
    mutants: &[Mutant],
    left_out: &BTreeSet<usize>,
) -> Result<BTreeMap<String, Woven>, String> {
    let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (number, mutant) in mutants.iter().enumerate() {
        // A file of which all are left out is written as it was.
        let of_file = by_file.entry(&mutant.file).or_default();
        if !left_out.contains(&number) {
            of_file.push((number, mutant));
        }
    }
    let mut woven = BTreeMap::new();
    let mut changed: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for (file, mutants) in by_file {
        let source =
            fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let edits = mutants.iter().filter_map(|(number, mutant)| {
            Some(Edit {
                number: *number,
                at: mutant.at(&source)?,
                replace: &mutant.replacement,
            })
        });
        let result = weave(&source, &edits.collect::<Vec<_>>());
        changed.insert(PathBuf::from(file), result.source.clone().into_bytes());
        woven.insert(file.to_owned(), result);
    }
    add_choosers(root, &mut changed)?;
    copy::bring_up_to_date(root, copy, &changed)
        .map_err(|error| format!("{}: {error}", copy.display()))?;
    Ok(woven)
}

fn programs(copy: &Path) -> Result<Vec<Program>, String> {
    let mut programs = Vec::new();
    for (package, tests) in TESTS {
        let arguments = [&["test", "--no-run", "--package", package], tests].concat();
        let said = cargo(copy, &arguments)?
            .map_err(|said| format!("the tests do not build, though the stack does:\n{said}"))?;
        let artifacts = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        programs.extend(artifacts.filter_map(program));
    }
    Ok(programs)
}

fn program(artifact: Artifact) -> Option<Program> {
    Some(Program {
        name: artifact.target?.name,
        executable: artifact.executable?,
        package: artifact.manifest_path?.parent()?.to_path_buf(),
    })
}

/// What cargo says on its standard output; in the inner error, what it finds wrong.
fn cargo(copy: &Path, arguments: &[&str]) -> Result<Result<String, String>, String> {
    let output = Command::new(copy::cargo())
        .current_dir(copy)
        .args(arguments)
        .args(["--profile", "mutants", "--target-dir"])
        .arg(copy.with_file_name("target"))
        .args(["--message-format", "json-render-diagnostics"])
        .env("CARGO_PROFILE_MUTANTS_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_MUTANTS_INCREMENTAL", "false")
        .env("CARGO_TERM_COLOR", "never")
        // A mutant may leave things unused, and compute what the compiler can tell to be wrong.
        .env(
            "RUSTFLAGS",
            "-Awarnings -Aarithmetic_overflow -Aunconditional_panic",
        )
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Ok(if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    })
}
