//! Strings, commands and code: tokens with an opening and a closing mark.

use super::{Lexer, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// Where the search for a closing mark ended, in bytes from where it began.
enum Found {
    /// Before the mark.
    Close(usize),
    /// Before the newline in front of a line that clearly is the next event.
    Event(usize),
    /// At the end of the text.
    End,
}

impl Lexer<'_> {
    pub(super) fn text(&mut self) {
        self.delimited(TokenKind::Text, "\"", "\"", "string");
    }

    pub(super) fn command(&mut self) {
        self.delimited(TokenKind::Command, "`", "`", "command");
    }

    pub(super) fn code(&mut self) {
        self.delimited(TokenKind::Code, "%{", "}%", "code block");
    }

    fn delimited(
        &mut self,
        kind: TokenKind,
        open: &'static str,
        close: &'static str,
        what: &'static str,
    ) {
        let body = self.at + open.len();
        let text = &self.source[body..];
        let found = if self.hopeless.contains(&close) {
            Found::End
        } else {
            find_close(text, close, kind)
        };
        let (length, instead) = match found {
            Found::Close(length) => {
                let span = Span::new(self.at, body + length + close.len());
                self.push(kind, span, &self.source[body..body + length]);
                return;
            }
            Found::Event(length) => (length, "the next event"),
            Found::End => {
                self.hopeless.push(close);
                if kind == TokenKind::Text {
                    let line = text.find('\n').unwrap_or(text.len());
                    (line, "the end of the line")
                } else if let Some(event) = find_event_line(text) {
                    (event, "the next event")
                } else {
                    (text.len(), "the end of the file")
                }
            }
        };
        self.unclosed.push(self.at);
        let mark = match close {
            "`" => "a closing backtick".to_owned(),
            _ => format!("`{close}`"),
        };
        let mut wrong = Diagnostic::error(
            Span::new(self.at, body),
            format!("expected {mark}, found {instead}"),
        )
        .label(format!("this {what} is never closed"));
        if kind == TokenKind::Code && text[..length].contains("%}") {
            wrong = wrong.help("code ends with `}%`, not with `%}`");
        }
        self.diagnostics.push(wrong);
        let span = Span::new(self.at, body + length);
        self.push(kind, span, &self.source[body..body + length]);
    }
}

fn find_close(text: &str, close: &str, kind: TokenKind) -> Found {
    // Python may well go on with a line that begins with a plus sign; shell commands and strings do not.
    let is_code = kind == TokenKind::Code;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(close.as_bytes()) {
            return Found::Close(at);
        }
        if !is_code && bytes[at] == b'\n' && is_event_line(&bytes[at + 1..]) {
            return Found::Event(at);
        }
        at += if !is_code && bytes[at] == b'\\' { 2 } else { 1 };
    }
    Found::End
}

/// Whether a line begins like `  +0.1`, as no line of a shell command or string does.
fn is_event_line(line: &[u8]) -> bool {
    let blank = line
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let next = line.get(blank + 1);
    line.get(blank) == Some(&b'+') && next.is_some_and(|b| b.is_ascii_digit() || *b == b'.')
}

/// How many bytes stand before the newline in front of the next event.
fn find_event_line(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|at| bytes[*at] == b'\n' && is_event_line(&bytes[at + 1..]))
}
