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

/// What a script says of one target: `linux: expect fail "why"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetNote {
    /// The target's name.
    pub target: String,
    /// Restricted to one address mode (`linux/v6: …`), where the note says so.
    pub mode: Option<String>,
    /// What is expected of it.
    pub expectation: Expectation,
    /// Why, with the source.
    pub reason: String,
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
