//! A failed drill in full: the line of the script, what was expected, what came, and the last events.

use std::fmt::Write;

use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use halfopen_drill::{Failure, FailureKind, Outcome, Standing};

use crate::ladder::render_ladder;
use crate::mark::{Mark, marks};

/// How many events of the trace a failure shows.
const LAST_EVENTS: usize = 10;

/// Everything that is to say of a drill that did not simply pass, the last events among it; empty for one that did or was
/// skipped.
pub fn render_failure(outcome: &Outcome, colour: bool) -> String {
    let mut text = explain(outcome, colour);
    if outcome.standing.failure().is_some() {
        text.push_str(&render_ladder(outcome, LAST_EVENTS));
    }
    text
}

/// Likewise, without the last events.
pub(crate) fn explain(outcome: &Outcome, colour: bool) -> String {
    let mut text = String::new();
    match &outcome.standing {
        Standing::Pass | Standing::Skip(_) => {}
        Standing::Fail(failure) => text = difference(outcome, failure, None, colour),
        Standing::ExpectedFail { failure, reason } => {
            let note = format!("this failure is expected: {reason}");
            text = difference(outcome, failure, Some(&note), colour);
        }
        Standing::Inconclusive(failure) => {
            let note = "the machine was held up for at least as long: run again with fewer --jobs, \
                        or on a machine with less to do";
            text = difference(outcome, failure, Some(note), colour);
        }
        Standing::UnexpectedPass { reason } => {
            let _ = writeln!(
                text,
                "  passes, although its front matter expects it to fail: {reason}\n  \
                 take the `expect fail` out of the script if {} has changed",
                outcome.target
            );
        }
        Standing::Error(message) => {
            let _ = writeln!(text, "  could not be run: {message}");
        }
    }
    text
}

fn difference(outcome: &Outcome, failure: &Failure, note: Option<&str>, colour: bool) -> String {
    let name = outcome.file.name();
    let description = failure.to_string();
    let (title, details) = description
        .split_once('\n')
        .unwrap_or((description.as_str(), ""));
    let mut footers: Vec<String> = details.lines().map(|line| line.trim().to_owned()).collect();
    if let FailureKind::Packet { observed, .. } = &failure.kind {
        footers.push(format!("observed segment: {observed}"));
    }
    footers.extend(note.map(str::to_owned));
    footers.extend(remarks(outcome));
    let marks = marks(outcome, failure);
    let title = Level::ERROR
        .with_name(Some(failure.kind_name()))
        .primary_title(title);
    let mut group = match &marks[..] {
        // A stack that broke before the first event.
        [] => title.element(Origin::path(name.as_str())),
        marks => title.element(snippet(outcome, marks, &name)),
    };
    for footer in &footers {
        group = group.element(Level::NOTE.message(footer.as_str()));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    format!("{}\n", renderer.render(&[group]))
}

/// What differs, in one line: it goes well behind the name of the failure's kind.
pub(crate) fn in_one_line(failure: &Failure) -> String {
    let description = failure.to_string();
    let (first, details) = description
        .split_once('\n')
        .unwrap_or((description.as_str(), ""));
    let details: Vec<_> = details.lines().map(str::trim).collect();
    if details.is_empty() {
        first.to_owned()
    } else {
        details.join("; ")
    }
}

/// What the script tests, which requirements it holds the stack to, and how often it was run.
fn remarks(outcome: &Outcome) -> Vec<String> {
    let front_matter = &outcome.file.script.front_matter;
    let mut remarks = Vec::new();
    if let Some(title) = &front_matter.title {
        remarks.push(format!("the script tests: {title}"));
    }
    if !front_matter.requires.is_empty() {
        remarks.push(format!(
            "requirements: {}",
            front_matter.requires.join(", ")
        ));
    }
    if outcome.attempts > 1 {
        remarks.push(format!("it was run {} times", outcome.attempts));
    }
    remarks
}

fn snippet<'o>(
    outcome: &'o Outcome,
    marks: &'o [Mark],
    name: &'o str,
) -> Snippet<'o, Annotation<'o>> {
    let annotations = marks.iter().enumerate().map(|(index, mark)| {
        let kind = if index == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        kind.span(mark.span.range()).label(mark.label.as_str())
    });
    Snippet::source(outcome.file.source.as_str())
        .path(name)
        .annotations(annotations)
}
