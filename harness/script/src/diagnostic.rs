//! What is wrong with a script: where, what was found, what could stand there.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::span::{LineIndex, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The script can be run, but hardly says what is meant.
    Warning,
    /// The script cannot be run.
    Error,
}

/// One finding about a script's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, as "expected …, found …" where that fits.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to say right under the place; may be empty.
    pub label: String,
    /// Other places that matter, each with its words.
    pub secondary: Vec<(Span, String)>,
    /// Facts that explain.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

/// Other places further away than this are told by their line number, not shown.
const FAR_LINES: usize = 20;

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning at `span`.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, message)
        }
    }

    /// With words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With another place.
    #[must_use]
    pub fn secondary(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push((span, label.into()));
        self
    }

    /// With a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// With "did you mean …", where there is a suggestion.
    #[must_use]
    pub fn did_you_mean(self, suggestion: Option<&str>) -> Self {
        match suggestion {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None => self,
        }
    }

    /// Whether the script cannot be run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Shows the finding with its line of `source`, the file being called `name`; with ANSI colours on demand.
    ///
    /// `source` must be the text that was parsed.
    pub fn render(&self, name: &str, source: &str, colour: bool) -> String {
        let lines = LineIndex::new(source);
        let span = clip(self.span, source);
        let here = lines.line(span.start);
        let mut notes = self.notes.clone();
        let mut near = Vec::new();
        for (other, label) in &self.secondary {
            let other = clip(*other, source);
            let line = lines.line(other.start);
            if line.abs_diff(here) > FAR_LINES {
                notes.push(format!("line {line}: {label}"));
            } else {
                near.push((other, label));
            }
        }
        let places = || near.iter().map(|(other, _)| *other).chain([span]);
        let first = lines.line(
            places()
                .map(|place| place.start)
                .min()
                .unwrap_or(span.start),
        );
        let start = lines.start(first);
        let last = places().map(|place| place.end).max().unwrap_or(span.end);
        let end = source[last..]
            .find('\n')
            .map_or(source.len(), |at| last + at);
        let shifted = |place: Span| place.start - start..place.end - start;

        let level = match self.severity {
            Severity::Warning => Level::WARNING,
            Severity::Error => Level::ERROR,
        };
        let mut primary = AnnotationKind::Primary.span(shifted(span));
        if !self.label.is_empty() {
            primary = primary.label(self.label.as_str());
        }
        let snippet = Snippet::source(&source[start..end])
            .line_start(first)
            .path(name)
            .annotation(primary)
            .annotations(near.iter().map(|(other, label)| {
                AnnotationKind::Context
                    .span(shifted(*other))
                    .label(label.as_str())
            }));
        let group = Group::with_title(level.primary_title(self.message.as_str()))
            .element(snippet)
            .elements(notes.iter().map(|note| Level::NOTE.message(note.as_str())))
            .elements(
                self.help
                    .iter()
                    .map(|help| Level::HELP.message(help.as_str())),
            );
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }
}

/// `span` within `source` and on its character boundaries, whatever it was made for; of a long one the first line.
fn clip(span: Span, source: &str) -> Span {
    let boundary = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(span.start);
    let end = boundary(span.end.max(start));
    let line = source[start..end].find('\n').map_or(end, |at| start + at);
    Span::new(start, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_outside_the_text_is_shown_at_its_end() {
        let diagnostic = Diagnostic::error(Span::new(90, 99), "wrong").label("here");
        let shown = diagnostic.render("a.pkt", "+0 ä", false);
        assert!(shown.contains("a.pkt:1:"), "{shown}");
    }

    #[test]
    fn a_far_place_is_told_by_its_line() {
        let source = "x\n".repeat(100);
        let diagnostic =
            Diagnostic::error(Span::new(190, 191), "wrong").secondary(Span::new(0, 1), "first");
        let shown = diagnostic.render("a.pkt", &source, false);
        assert!(shown.contains("line 1: first"), "{shown}");
        assert!(shown.lines().count() < 10, "{shown}");
    }

    #[test]
    fn colour_only_on_demand() {
        let diagnostic = Diagnostic::warning(Span::new(0, 1), "wrong");
        assert!(!diagnostic.render("a", "x", false).contains('\u{1b}'));
        assert!(diagnostic.render("a", "x", true).contains('\u{1b}'));
    }
}
