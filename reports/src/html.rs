//! A run as one page of HTML that needs nothing else: no server, no network, no other file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use askama::Template;
use halfopen_drill::{Counts, Outcome, SessionEvent, Standing};

use crate::failure::{explain, in_one_line};
use crate::file::make_folder;
use crate::ladder::drawing::{Drawing, draw};
use crate::{OutputError, OutputFile, Sink, counts};

/// How many events of the trace a failure shows: a page has more room than a terminal.
const LAST_EVENTS: usize = 60;
/// With more failures than this the page begins with a list of them, to be opened one by one.
const MOST_OPEN: usize = 10;

/// The page of a run.
#[derive(Debug)]
pub struct Html {
    file: OutputFile,
    drills: Vec<Drill>,
    by_target: BTreeMap<String, Counts>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct Page<'r> {
    drills: usize,
    summary: String,
    seconds: String,
    cards: Vec<Card<'r>>,
    verdicts: Vec<&'static str>,
    groups: Vec<Group<'r>>,
}

/// What a target came to.
struct Card<'r> {
    target: &'r str,
    as_expected: usize,
    total: usize,
    parts: Vec<Part>,
}

/// A verdict and how many drills have it.
struct Part {
    name: &'static str,
    count: usize,
}

struct Group<'r> {
    title: &'static str,
    is_open: bool,
    drills: Vec<&'r Drill>,
}

/// What the page shows of a drill: it does not keep the trace.
#[derive(Debug)]
struct Drill {
    verdict: &'static str,
    is_as_expected: bool,
    script: String,
    line: Option<usize>,
    title: Option<String>,
    requires: Vec<String>,
    target: String,
    mode: &'static str,
    seconds: String,
    attempts: u32,
    kind: Option<&'static str>,
    reason: Option<String>,
    explanation: Option<String>,
    ladder: Option<Drawing>,
}

impl Html {
    /// A page `index.html` in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made, or no file in it.
    pub fn create(folder: &Path) -> Result<Self, OutputError> {
        make_folder(folder)?;
        Ok(Self {
            file: OutputFile::create(&folder.join("index.html"))?,
            drills: Vec::new(),
            by_target: BTreeMap::new(),
        })
    }

    fn write(&mut self, counts: &Counts, seconds: f64) -> Result<(), OutputError> {
        let shown = counts::by_verdict(counts);
        let (as_expected, not): (Vec<_>, Vec<_>) =
            self.drills.iter().partition(|drill| drill.is_as_expected);
        let group = |title, is_open, drills: Vec<_>| Group {
            title,
            is_open,
            drills,
        };
        let groups = [
            group("Not as expected", not.len() <= MOST_OPEN, not),
            group("As expected", false, as_expected),
        ];
        let page = Page {
            drills: counts.total(),
            summary: counts::summary(counts),
            seconds: format!("{seconds:.2}"),
            cards: self.by_target.iter().map(card).collect(),
            verdicts: shown
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(name, _)| *name)
                .collect(),
            groups: groups
                .into_iter()
                .filter(|group| !group.drills.is_empty())
                .collect(),
        };
        let text = page.render();
        let text = text.map_err(|error| self.file.error(io::Error::other(error)))?;
        self.file.write(&text)?;
        self.file.finish()
    }
}

impl Sink for Html {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { .. } | SessionEvent::Progress { .. } => Ok(()),
            SessionEvent::Finished(outcome) => {
                let counts = self.by_target.entry(outcome.target.clone()).or_default();
                counts.add(&outcome.standing);
                self.drills.push(drill(outcome));
                Ok(())
            }
            SessionEvent::Ended { counts, wall } => self.write(counts, wall.as_secs_f64()),
        }
    }
}

fn card<'r>((target, counts): (&'r String, &Counts)) -> Card<'r> {
    let parts = counts::by_verdict(counts).into_iter();
    Card {
        target,
        as_expected: counts.pass + counts.expected_fail + counts.skip,
        total: counts.total(),
        parts: parts
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| Part { name, count })
            .collect(),
    }
}

fn drill(outcome: &Outcome) -> Drill {
    let front_matter = &outcome.file.script.front_matter;
    let standing = &outcome.standing;
    let failure = standing.failure();
    let (kind, reason) = match standing {
        Standing::Fail(failure) | Standing::Inconclusive(failure) => {
            (Some(failure.kind_name()), Some(in_one_line(failure)))
        }
        Standing::UnexpectedPass { reason } => (
            Some("passes, although it is expected to fail"),
            Some(reason.clone()),
        ),
        // What is said is why that is known, not what differs.
        _ => (None, crate::json::reason(standing)),
    };
    let explanation = explain(outcome, false);
    Drill {
        verdict: standing.name(),
        is_as_expected: matches!(
            standing,
            Standing::Pass | Standing::ExpectedFail { .. } | Standing::Skip(_)
        ),
        script: outcome.file.name(),
        line: failure.and_then(|failure| failure.line),
        title: front_matter.title.clone(),
        requires: front_matter.requires.clone(),
        target: outcome.target.clone(),
        mode: outcome.mode.name(),
        seconds: format!("{:.3}", outcome.wall.as_secs_f64()),
        attempts: outcome.attempts,
        kind,
        reason,
        explanation: failure.map(|_| explanation),
        ladder: failure.and_then(|_| draw(outcome, LAST_EVENTS)),
    }
}
