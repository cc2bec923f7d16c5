//! What a drill came to, with what the script's front matter expects of its target.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use halfopen_script::front_matter::{Expectation, TargetNote};
use halfopen_script::tree::Script;
use halfopen_target::{AddressMode, ConnectionId, Trace};

use crate::verdict::{Failure, Verdict};

/// A script as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptFile {
    /// The path as the user gave it or as it was found.
    pub path: PathBuf,
    /// The text.
    pub source: String,
    /// The tree.
    pub script: Script,
}

impl ScriptFile {
    /// The name in reports: the path with forward slashes.
    pub fn name(&self) -> String {
        self.path.to_string_lossy().replace('\\', "/")
    }

    /// What the front matter says of `target` in `mode`, the most particular note first.
    pub fn note(&self, target: &str, mode: AddressMode) -> Option<&TargetNote> {
        let find = |mode: Option<&str>| {
            let mut notes = self.script.front_matter.targets.iter();
            notes.find(|note| note.names(target, mode))
        };
        find(Some(mode.name())).or_else(|| find(None))
    }
}

/// What a drill came to in the end: the `verdict` of the reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Everything happened as the script says.
    Pass,
    /// The stack did something else.
    Fail(Failure),
    /// It failed, as the script's front matter says it would, for this reason.
    ExpectedFail {
        /// What differed.
        failure: Failure,
        /// Why that is expected.
        reason: String,
    },
    /// It passed although the front matter says that it fails, for this reason: the note is stale.
    UnexpectedPass {
        /// Why a failure was expected.
        reason: String,
    },
    /// It was not run, for this reason.
    Skip(String),
    /// The machine was too busy to tell, even when the drill was run again.
    Inconclusive(Failure),
    /// The harness or the machine could not run it.
    Error(String),
}

impl Standing {
    /// The name that the reports use.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::ExpectedFail { .. } => "expected-fail",
            Self::UnexpectedPass { .. } => "unexpected-pass",
            Self::Skip(_) => "skip",
            Self::Inconclusive(_) => "inconclusive",
            Self::Error(_) => "error",
        }
    }

    /// The difference behind it, where there is one.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Fail(failure)
            | Self::ExpectedFail { failure, .. }
            | Self::Inconclusive(failure) => Some(failure),
            _ => None,
        }
    }

    /// The verdict in the light of what the front matter expects.
    pub fn of(verdict: Verdict, note: Option<&TargetNote>) -> Self {
        let expected = note
            .filter(|note| note.expectation == Expectation::Fail)
            .map(|note| note.reason.clone());
        match (verdict, expected) {
            (Verdict::Pass, None) => Self::Pass,
            (Verdict::Pass, Some(reason)) => Self::UnexpectedPass { reason },
            (Verdict::Fail(failure), None) => Self::Fail(failure),
            // A stack that breaks is never what a note expects.
            (Verdict::Fail(failure), Some(reason)) => match failure.kind {
                crate::verdict::FailureKind::Stack(_) => Self::Fail(failure),
                _ => Self::ExpectedFail { failure, reason },
            },
            (Verdict::Inconclusive(failure), _) => Self::Inconclusive(failure),
            (Verdict::Skip(reason), _) => Self::Skip(reason),
            (Verdict::Error(message), _) => Self::Error(message),
        }
    }
}

/// One drill, done.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The script.
    pub file: Arc<ScriptFile>,
    /// The target's name.
    pub target: String,
    /// The address families used.
    pub mode: AddressMode,
    /// What it came to.
    pub standing: Standing,
    /// What happened, of the last attempt.
    pub trace: Trace,
    /// The script's descriptor of each connection that has one.
    pub descriptors: BTreeMap<ConnectionId, i64>,
    /// How often it was run.
    pub attempts: u32,
    /// How long the last attempt took on the wall clock.
    pub wall: Duration,
}

/// How many drills came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub pass: usize,
    /// Failed.
    pub fail: usize,
    /// Failed as expected.
    pub expected_fail: usize,
    /// Passed against expectation.
    pub unexpected_pass: usize,
    /// Not run.
    pub skip: usize,
    /// The machine was too busy to tell.
    pub inconclusive: usize,
    /// Could not be run.
    pub error: usize,
}

impl Counts {
    /// Counts one more.
    pub const fn add(&mut self, standing: &Standing) {
        let count = match standing {
            Standing::Pass => &mut self.pass,
            Standing::Fail(_) => &mut self.fail,
            Standing::ExpectedFail { .. } => &mut self.expected_fail,
            Standing::UnexpectedPass { .. } => &mut self.unexpected_pass,
            Standing::Skip(_) => &mut self.skip,
            Standing::Inconclusive(_) => &mut self.inconclusive,
            Standing::Error(_) => &mut self.error,
        };
        *count += 1;
    }

    /// All drills.
    pub const fn total(&self) -> usize {
        self.pass
            + self.fail
            + self.expected_fail
            + self.unexpected_pass
            + self.skip
            + self.inconclusive
            + self.error
    }
}
