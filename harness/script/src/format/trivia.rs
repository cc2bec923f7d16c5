//! What stands between tokens: blanks, newlines and comments.

use crate::span::Span;

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'s> {
    /// As written, without blanks at its end.
    pub(super) text: &'s str,
    /// How many newlines stand between it and what is before it.
    pub(super) newlines: usize,
}

impl Comment<'_> {
    /// Whether it ends with its line.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

/// The comments of a gap between two tokens.
#[derive(Debug)]
pub(super) struct Gap<'s> {
    pub(super) comments: Vec<Comment<'s>>,
    /// How many newlines stand behind the last comment, or in the whole gap where there is none.
    pub(super) newlines: usize,
}

impl<'s> Gap<'s> {
    /// Reads `span`, in which no token stands.
    pub(super) fn new(source: &'s str, span: Span) -> Self {
        let mut rest = span.text(source);
        let mut gap = Self {
            comments: Vec::new(),
            newlines: 0,
        };
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(body) = rest.strip_prefix("/*") {
                body.find("*/").map_or(rest.len(), |at| at + 4)
            } else {
                gap.newlines += usize::from(first == '\n');
                rest = &rest[first.len_utf8()..];
                continue;
            };
            gap.comments.push(Comment {
                text: rest[..length].trim_end(),
                newlines: std::mem::take(&mut gap.newlines),
            });
            rest = &rest[length..];
        }
        gap
    }
}
