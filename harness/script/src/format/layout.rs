//! From text to text: the canonical layout of a script, with its comments and its spelling.
//!
//! Unlike writing a tree, this keeps what a tree does not hold: comments, names that are defined, hexadecimal numbers,
//! the lines over which an event goes, and single blank lines.

use super::TIME_COLUMNS;
use super::spacing::{Context, Place};
use super::trivia::{Comment, Gap};
use crate::lexer::{Token, TokenKind, lex};
use crate::span::Span;
use crate::tree::{Action, Event, Script};
use crate::{Definitions, Diagnostic, parse_with};

/// How much further right what is in brackets stands, on a line of its own.
const INDENT: usize = 4;

/// Keys of the front matter are filled up with blanks to this many columns.
const KEY_COLUMNS: usize = 10;

/// Lays a script out in the canonical way; `definitions` are as for [`parse_with`].
///
/// Laying out the result changes nothing, and what the script says stays the same.
///
/// # Errors
/// All findings of the script when one of them is an error: then nothing can be said about its layout.
pub fn layout(source: &str, definitions: &Definitions) -> Result<String, Vec<Diagnostic>> {
    let script = parse_with("", source, definitions).into_result()?;
    let lexed = lex(source);
    let mut writer = Writer {
        source,
        tokens: &lexed.tokens,
        out: String::new(),
        section: Section::FrontMatter,
        key_column: usize::MAX,
    };
    let mut end = 0;
    for part in parts(&script) {
        let gap = Gap::new(source, Span::new(end, part.span().start));
        writer.gap(&gap, Some(part.section()));
        writer.part(&part);
        end = part.span().end;
    }
    let gap = Gap::new(source, Span::new(end, source.len()));
    writer.gap(&gap, None);
    writer.end_line();
    Ok(writer.out)
}

/// The parts of a script, which blank lines keep apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    FrontMatter,
    Options,
    InitCommand,
    Events,
    CleanupCommand,
}

/// What stands on a line of its own.
enum Part<'t> {
    Verbatim(Span, Section),
    Event(&'t Event),
}

impl Part<'_> {
    const fn span(&self) -> Span {
        match self {
            Self::Verbatim(span, _) => *span,
            Self::Event(event) => event.span,
        }
    }

    const fn section(&self) -> Section {
        match self {
            Self::Verbatim(_, section) => *section,
            Self::Event(_) => Section::Events,
        }
    }
}

fn parts(script: &Script) -> Vec<Part<'_>> {
    let verbatim = |span, section| Part::Verbatim(span, section);
    let options = script
        .options
        .iter()
        .map(|option| verbatim(option.span, Section::Options));
    let init = script.init_command.iter();
    let cleanup = script.cleanup_command.iter();
    options
        .chain(init.map(|command| verbatim(command.span, Section::InitCommand)))
        .chain(script.events.iter().map(Part::Event))
        .chain(cleanup.map(|command| verbatim(command.span, Section::CleanupCommand)))
        .collect()
}

struct Writer<'s> {
    source: &'s str,
    tokens: &'s [Token<'s>],
    out: String,
    /// Of the line written last.
    section: Section,
    /// Where the key of the front matter's last entry began.
    key_column: usize,
}

impl<'s> Writer<'s> {
    fn end_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn blank_line(&mut self) {
        self.end_line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// The comments and blank lines in front of a part of `next`, or at the end.
    fn gap(&mut self, gap: &Gap<'s>, next: Option<Section>) {
        let is_top = self.out.is_empty();
        let mut is_trailing = !is_top;
        let mut is_front_matter = is_top;
        for comment in &gap.comments {
            let is_entry = self.section == Section::FrontMatter
                && comment.text.starts_with("//:")
                && self.starts_line(comment);
            is_trailing &= comment.newlines == 0;
            if is_trailing {
                self.out.push(' ');
            } else if comment.newlines > 1 {
                self.blank_line();
            } else if is_front_matter && !is_entry && self.key_column != usize::MAX {
                // What follows the front matter is not part of it.
                self.blank_line();
            } else {
                self.end_line();
            }
            is_front_matter = is_entry;
            match is_entry {
                true => self.front_matter(comment),
                false => self.out.push_str(comment.text),
            }
            // Behind a comment to its end of line nothing else stands there.
            is_trailing &= !comment.is_line();
        }
        let Some(next) = next else {
            return;
        };
        let is_other = next != self.section && !self.out.is_empty();
        // A comment belongs to what it stands above.
        let has_own_comment = gap.comments.iter().any(|c| is_top || c.newlines > 0);
        if gap.newlines > 1 || is_other && (!has_own_comment || is_front_matter) {
            self.blank_line();
        } else {
            self.end_line();
        }
        self.section = next;
    }

    /// Whether only blanks stand in front of `comment` on its line.
    fn starts_line(&self, comment: &Comment<'_>) -> bool {
        let at = comment.text.as_ptr() as usize - self.source.as_ptr() as usize;
        let before = &self.source[..at];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        !before[line..].contains("//")
    }

    fn front_matter(&mut self, comment: &Comment<'s>) {
        let body = &comment.text["//:".len()..];
        let text = body.trim();
        self.out.push_str("//:");
        if text.is_empty() {
            return;
        }
        let column = body.len() - body.trim_start().len();
        if column > self.key_column {
            let indent = KEY_COLUMNS + 1;
            self.out.push_str(&format!("{:indent$}{text}", ""));
            return;
        }
        self.key_column = column;
        let (key, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let line = format!(" {key:<KEY_COLUMNS$}{}", value.trim_start());
        self.out.push_str(line.trim_end());
    }

    fn part(&mut self, part: &Part<'_>) {
        match part {
            Part::Verbatim(span, Section::Options) => {
                let text = span.text(self.source);
                let has_comment = text.contains("//") || text.contains("/*");
                match text.split_once('=') {
                    Some((name, value)) if !has_comment => {
                        self.out.push_str(name.trim_end());
                        self.out.push('=');
                        self.out.push_str(value.trim_start());
                    }
                    _ => self.out.push_str(text),
                }
            }
            Part::Verbatim(span, _) => self.out.push_str(span.text(self.source)),
            Part::Event(event) => self.event(event),
        }
    }

    fn tokens_in(&self, span: Span) -> &'s [Token<'s>] {
        let first = self
            .tokens
            .partition_point(|token| token.span.start < span.start);
        let last = self
            .tokens
            .partition_point(|token| token.span.start < span.end);
        &self.tokens[first..last.max(first)]
    }

    fn event(&mut self, event: &Event) {
        let tokens = self.tokens_in(event.span);
        let action = match &event.action {
            Action::Packet(packet) => packet.span.start,
            Action::Call(call) => call.span.start,
            Action::Command(command) => command.span.start,
            Action::Code(code) => code.span.start,
            Action::State(state) => state.span.start,
        };
        let middle = tokens.partition_point(|token| token.span.start < action);
        let (time, rest) = tokens.split_at(middle.min(tokens.len()));
        let time = self.time(time, action);
        self.out.push_str(&format!("{time:>TIME_COLUMNS$} "));
        let context = Context::new(&event.action, rest);
        self.action(rest, &context);
    }

    /// The time, whose tokens have nothing between them, and what stands between it and the action at `action`.
    fn time(&self, tokens: &[Token<'_>], action: usize) -> String {
        let mut text = String::new();
        for (index, token) in tokens.iter().enumerate() {
            text.push_str(token.span.text(self.source));
            let next = tokens.get(index + 1).map_or(action, |next| next.span.start);
            let gap = Gap::new(self.source, Span::new(token.span.end, next));
            for comment in &gap.comments {
                text.push(' ');
                text.push_str(comment.text);
                if comment.is_line() {
                    text.push('\n');
                } else if index + 1 < tokens.len() {
                    text.push(' ');
                }
            }
        }
        text
    }

    fn action(&mut self, tokens: &'s [Token<'s>], context: &Context) {
        let mut open: Vec<(char, String)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if token.span.start >= context.remark() {
                self.remark(&tokens[index..]);
                return;
            }
            self.out.push_str(token.span.text(self.source));
            match token.kind {
                TokenKind::Symbol(bracket @ ('(' | '[' | '{')) => {
                    let before = index.checked_sub(1).map(|at| tokens[at].text.to_string());
                    open.push((bracket, before.unwrap_or_default()));
                }
                TokenKind::Symbol(')' | ']' | '}') => {
                    open.pop();
                }
                _ => {}
            }
            if let Some(next) = tokens.get(index + 1) {
                let place = Place {
                    before: index.checked_sub(1).map(|at| &tokens[at]),
                    left: token,
                    right: next,
                    open: &open,
                };
                let is_remark = next.span.start >= context.remark();
                let has_blank = is_remark || place.has_blank(context);
                self.between(token, next, open.len(), has_blank, context);
            }
        }
    }

    /// Comments, a line's end or a blank between two tokens of an event.
    fn between(
        &mut self,
        left: &Token<'_>,
        right: &Token<'_>,
        depth: usize,
        has_blank: bool,
        context: &Context,
    ) {
        let gap = Gap::new(self.source, Span::new(left.span.end, right.span.start));
        let closes = matches!(right.kind, TokenKind::Symbol(')' | ']' | '}'));
        let depth = depth.saturating_sub(usize::from(closes));
        let indent = TIME_COLUMNS + 1 + INDENT * depth.max(1);
        let mut must_break = false;
        for comment in &gap.comments {
            if must_break || comment.newlines > 0 {
                self.out.push_str(&format!("\n{:indent$}", ""));
            } else {
                self.out.push(' ');
            }
            self.out.push_str(comment.text);
            must_break = comment.is_line();
        }
        // Calls keep their lines within brackets, where structures may be long.
        let is_call = matches!(context, Context::Call { .. });
        let keeps_line = is_call && gap.newlines > 0 && (depth > 0 || closes);
        if must_break || keeps_line {
            self.out.push_str(&format!("\n{:indent$}", ""));
        } else if has_blank || !gap.comments.is_empty() {
            self.out.push(' ');
        }
    }

    /// The words of a remark, with one blank between each two.
    fn remark(&mut self, tokens: &[Token<'_>]) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return;
        };
        let inner = Span::new(first.span.end, last.span.start.max(first.span.end));
        let text = inner.text(self.source);
        self.out.push('(');
        if text.contains("//") {
            // A comment swallows the rest of its line.
            self.out.push_str(text);
        } else {
            let words: Vec<_> = text.split_whitespace().collect();
            self.out.push_str(&words.join(" "));
        }
        self.out.push(')');
    }
}
