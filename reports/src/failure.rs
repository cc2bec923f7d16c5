//! A failed drill in full: the line of the script, what was expected, what came, and the last events.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use halfopen_drill::{Failure, Outcome, Standing};

use crate::ladder::render_ladder;

/// How many events of the trace a failure shows.
const LAST_EVENTS: usize = 10;

/// Everything that is to say of a drill that did not simply pass; empty for one that did or was skipped.
pub fn render_failure(outcome: &Outcome, colour: bool) -> String {
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
    footers.extend(note.map(str::to_owned));
    let requires = &outcome.file.script.front_matter.requires;
    if !requires.is_empty() {
        footers.push(format!("requirements: {}", requires.join(", ")));
    }
    let mut group = Level::ERROR
        .with_name(Some(failure.kind_name()))
        .primary_title(title)
        .element(snippet(outcome, failure, &name));
    for footer in &footers {
        group = group.element(Level::NOTE.message(footer.as_str()));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let ladder = render_ladder(outcome, LAST_EVENTS);
    format!("{}\n{ladder}", renderer.render(&[group]))
}

fn snippet<'o>(
    outcome: &'o Outcome,
    failure: &Failure,
    name: &'o str,
) -> Snippet<'o, annotate_snippets::Annotation<'o>> {
    let source = outcome.file.source.as_str();
    let length = source.len();
    let place = match failure.span {
        Some(span) => span.range(),
        // Nothing in the script stands for it: point behind the last line.
        None => source.trim_end().len()..length,
    };
    let label = format!("at {} s", failure.at);
    Snippet::source(source)
        .path(name)
        .annotation(AnnotationKind::Primary.span(place).label(label))
}
