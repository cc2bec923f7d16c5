//! The `//:` lines at the top of a script: metadata that packetdrill takes for comments.

use crate::span::Span;

/// What the `//:` lines say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// `title`: what is tested, in a sentence.
    pub title: Option<String>,
    /// `requires`: ids of the requirements that the script tests.
    pub requires: Vec<String>,
    /// `targets`: what is known of single targets.
    pub targets: Vec<TargetNote>,
    /// Where the lines stand.
    pub span: Span,
}

/// What a script says of some targets: `linux, reference:linux: expect fail "why"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetNote {
    /// The targets, at least one.
    pub targets: Vec<NotedTarget>,
    /// What is expected of them.
    pub expectation: Expectation,
    /// Why, with the source.
    pub reason: String,
}

/// A target that a note speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedTarget {
    /// The target's name, which may have a profile: `reference:linux`.
    pub name: String,
    /// Restricted to one address mode (`linux/v6`), where the note says so.
    pub mode: Option<String>,
}

impl TargetNote {
    /// Whether the note speaks of a target in one address mode or, without one, in all of them.
    pub fn names(&self, target: &str, mode: Option<&str>) -> bool {
        self.targets
            .iter()
            .any(|noted| noted.name == target && noted.mode.as_deref() == mode)
    }
}

/// What a script expects of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// `expect fail`: a known, explained deviation; a pass fails the run.
    Fail,
    /// `skip`: cannot be run there, for the reason.
    Skip,
}

impl FrontMatter {
    /// Whether the script has no `//:` line.
    pub const fn is_empty(&self) -> bool {
        self.title.is_none() && self.requires.is_empty() && self.targets.is_empty()
    }
}
