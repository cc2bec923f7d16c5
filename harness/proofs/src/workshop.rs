//! A copy of the workspace in which the stack is broken, built and drilled.
//!
//! The copy lies below the build folder and stays, so that the next time only the stack is built again, and not everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::drills::Drills;
use crate::weave::{CHOICE, Edit, Woven, add_choosers, guilty, weave};
use crate::{Change, Proof, copy, process};

/// After this the drills of one proof are stopped: a broken stack may be slow without end.
const LONGEST: Duration = Duration::from_secs(120);

/// How often a build is tried again without the proofs that kept it from succeeding.
const MOST_BUILDS: u32 = 6;

/// How a build went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Build {
    /// The command is there.
    Done,
    /// What the compiler said.
    Failed(String),
}

/// The copy.
#[derive(Debug)]
pub struct Workshop {
    original: PathBuf,
    copy: PathBuf,
    output: PathBuf,
}

impl Workshop {
    /// A copy below `folder` of the repository at `root`.
    #[must_use]
    pub fn new(root: &Path, folder: &Path) -> Self {
        Self {
            original: root.to_path_buf(),
            copy: folder.join("copy"),
            output: folder.join("target"),
        }
    }

    /// Builds the stack with as many of the changes in it as go together; gives the numbers of the others.
    ///
    /// # Errors
    /// It does not build as it is, or a file could not be read or written.
    pub fn build_together(&self, proofs: &[(usize, &Proof)]) -> Result<Vec<usize>, String> {
        let mut alone: BTreeSet<usize> = BTreeSet::new();
        for _ in 0..MOST_BUILDS {
            let together: Vec<_> = proofs
                .iter()
                .copied()
                .filter(|(number, _)| !alone.contains(number))
                .collect();
            let woven = self.write(&together)?;
            alone.extend(woven.values().flat_map(|woven| &woven.left_out));
            let said = match self.build()? {
                Build::Done => return Ok(alone.into_iter().collect()),
                Build::Failed(said) => said,
            };
            let guilty = guilty(&woven, &said);
            if guilty.is_empty() {
                return Err(format!("the stack does not build as it is:\n{said}"));
            }
            alone.extend(guilty);
        }
        Err("too many of the changes do not build".to_owned())
    }

    /// Builds the stack with the changes of one proof in it.
    ///
    /// # Errors
    /// The change does not fit, or a file could not be read or written.
    pub fn build_alone(&self, proof: &Proof) -> Result<Build, String> {
        self.write(&[])?;
        let mut sources: BTreeMap<&str, String> = BTreeMap::new();
        for change in &proof.changes {
            let source = match sources.remove(change.file.as_str()) {
                Some(source) => source,
                None => self.read(&change.file)?,
            };
            sources.insert(&change.file, change.apply(&source)?);
        }
        for (file, source) in sources {
            copy::write(&self.copy.join(file), source.as_bytes())
                .map_err(|error| format!("{file}: {error}"))?;
        }
        self.build()
    }

    fn read(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(self.original.join(file)).map_err(|error| format!("{file}: {error}"))
    }

    /// Brings the copy up to date, with these changes in it.
    fn write(&self, proofs: &[(usize, &Proof)]) -> Result<BTreeMap<String, Woven>, String> {
        let mut by_file: BTreeMap<&str, Vec<(usize, &Change)>> = BTreeMap::new();
        for (number, proof) in proofs {
            for change in &proof.changes {
                let of_file = by_file.entry(change.file.as_str()).or_default();
                of_file.push((*number, change));
            }
        }
        let mut woven = BTreeMap::new();
        let mut changed: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for (file, changes) in by_file {
            let source = self.read(file)?;
            let edits = changes
                .iter()
                .map(|(number, change)| Edit::of(*number, change, &source));
            let result = weave(&source, &edits.collect::<Result<Vec<_>, _>>()?);
            changed.insert(PathBuf::from(file), result.source.clone().into_bytes());
            woven.insert(file.to_owned(), result);
        }
        add_choosers(&self.original, &mut changed)?;
        copy::bring_up_to_date(&self.original, &self.copy, &changed)
            .map_err(|error| format!("{}: {error}", self.copy.display()))?;
        Ok(woven)
    }

    /// Builds the command with the stack as it is in the copy.
    fn build(&self) -> Result<Build, String> {
        let output = Command::new(copy::cargo())
            .current_dir(&self.copy)
            .args(["build", "--quiet", "--package", "halfopen"])
            .args(["--jobs", "1", "--target-dir"])
            .arg(&self.output)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_DEV_INCREMENTAL", "true")
            .env("CARGO_TERM_COLOR", "never")
            // What a change leaves unused is no matter.
            .env("RUSTFLAGS", "-Awarnings")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        if output.status.success() {
            return Ok(Build::Done);
        }
        Ok(Build::Failed(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }

    /// Runs scripts on the reference stack as it was built, with the change of this number in force; what they came to, and whether
    /// all ended in time.
    ///
    /// # Errors
    /// The command could not be started, or its report not be read.
    pub fn drill(&self, scripts: &[&str], choice: Option<usize>) -> io::Result<(Drills, bool)> {
        let report = self.output.join("drills.json");
        fs::write(&report, "")?; // nothing of an earlier run is left
        let mut command = Command::new(self.output.join("debug/halfopen"));
        command
            .current_dir(&self.copy)
            .args(["run", "--jobs", "1", "--timeout", "5", "--json"])
            .arg(&report)
            .args(scripts)
            .env_remove(CHOICE)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = choice {
            command.env(CHOICE, number.to_string());
        }
        let in_time = process::wait(command.spawn()?, LONGEST)?.is_some();
        Ok((Drills::of_json(&fs::read_to_string(&report)?), in_time))
    }
}
