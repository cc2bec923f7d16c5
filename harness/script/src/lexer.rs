//! From text to tokens. Every mistake is reported and stepped over; nothing stops the lexer.
//!
//! Where several tokens could begin at a place, the longest wins, as in packetdrill: `3021b9d8` is a word, not a
//! number and a word, and `0.1` is a number, not three tokens.

mod delimited;
mod lookalike;
mod number;

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// What a token is; its text says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `socket`, `mss`, `3021b9d8`: letters, digits and underscores.
    Word,
    /// `10`, `-1`.
    Integer,
    /// `0x1f`.
    Hex,
    /// `0.1`, `.1`.
    Decimal,
    /// `"…"`; the text is without the quotes, escapes as written.
    Text,
    /// A command; the text is without the backticks.
    Command,
    /// `%{ … }%`; the text is what stands between.
    Code,
    /// `192.0.2.1`
    Ipv4,
    /// `2001:db8::1`
    Ipv6,
    /// `--name`; the text is without the dashes.
    OptionName,
    /// `...`
    Ellipsis,
    /// `->`
    Arrow,
    /// Any other character.
    Symbol(char),
    /// The end of the file.
    End,
}

/// A token.
#[derive(Clone, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// What it says, without delimiters.
    pub(crate) text: Cow<'s, str>,
    /// Whether it is the first on its line.
    pub(crate) starts_line: bool,
}

impl Token<'_> {
    /// For "found …" in messages.
    pub(crate) fn describe(&self, source: &str) -> String {
        match self.kind {
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Text => "a string".to_owned(),
            TokenKind::Command => "a command in backticks".to_owned(),
            TokenKind::Code => "a code block".to_owned(),
            TokenKind::Ellipsis => "`...`".to_owned(),
            TokenKind::Symbol(c) if c.is_control() => {
                format!("the character U+{:04X}", u32::from(c))
            }
            TokenKind::Symbol(c) if !c.is_ascii() => format!("`{c}` (U+{:04X})", u32::from(c)),
            _ => quote(self.span.text(source)),
        }
    }

    /// Whether it begins with `first`.
    pub(crate) fn span_starts_with(&self, first: char) -> bool {
        self.text.starts_with(first) || self.kind == TokenKind::Symbol(first)
    }

    /// Whether nothing stands between this token and `next`.
    pub(crate) const fn touches(&self, next: &Self) -> bool {
        self.span.end == next.span.start
    }
}

/// `text` in backticks, shortened where it is long.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return format!("`{text}`");
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("`{head}…`")
}

/// What the lexer makes of a text.
pub(crate) struct Lexed<'s> {
    /// The tokens; the last is [`TokenKind::End`].
    pub(crate) tokens: Vec<Token<'s>>,
    /// The `//:` lines before the first token.
    pub(crate) front_matter: Vec<Span>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Where the tokens begin that are never closed.
    pub(crate) unclosed: Vec<usize>,
}

/// Cuts `source` into tokens.
pub(crate) fn lex(source: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        source,
        at: 0,
        starts_line: true,
        tokens: Vec::new(),
        front_matter: Vec::new(),
        diagnostics: Vec::new(),
        hopeless: Vec::new(),
        unclosed: Vec::new(),
    };
    while lexer.at < source.len() {
        lexer.step();
    }
    let end = Span::new(source.len(), source.len());
    lexer.push(TokenKind::End, end, "");
    Lexed {
        tokens: lexer.tokens,
        front_matter: lexer.front_matter,
        diagnostics: lexer.diagnostics,
        unclosed: lexer.unclosed,
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    starts_line: bool,
    tokens: Vec<Token<'s>>,
    front_matter: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
    /// Delimiters that were searched to the end of the file in vain: not searched again, which keeps time linear.
    hopeless: Vec<&'static str>,
    unclosed: Vec<usize>,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: TokenKind, span: Span, text: &'s str) {
        self.tokens.push(Token {
            kind,
            span,
            text: Cow::Borrowed(text),
            starts_line: self.starts_line,
        });
        self.starts_line = false;
        self.at = span.end;
    }

    /// Takes the next `length` bytes as a token that is its own text.
    fn take(&mut self, kind: TokenKind, length: usize) {
        let span = Span::new(self.at, self.at + length);
        self.push(kind, span, &self.source[span.range()]);
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return;
        };
        match first {
            '\n' => {
                self.starts_line = true;
                self.at += 1;
            }
            ' ' | '\t' | '\r' | '\u{feff}' => self.at += first.len_utf8(),
            '/' if rest.starts_with("//") => self.line_comment(),
            '/' if rest.starts_with("/*") => self.block_comment(),
            '%' if rest.starts_with("%{") => self.code(),
            '"' => self.text(),
            '`' if rest.starts_with("```") => self.fence(),
            '`' => self.command(),
            '.' if rest.starts_with("...") => self.take(TokenKind::Ellipsis, 3),
            '-' if rest.starts_with("->") => self.take(TokenKind::Arrow, 2),
            '-' if number::option_name(rest) > 0 => {
                let end = self.at + 2 + number::option_name(rest);
                let text = &self.source[self.at + 2..end];
                self.push(TokenKind::OptionName, Span::new(self.at, end), text);
            }
            _ => match number::scan(rest) {
                Some((kind, length)) => self.take(kind, length),
                None if self.lookalike(first) => {}
                None => self.take(TokenKind::Symbol(first), first.len_utf8()),
            },
        }
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let span = Span::new(self.at, self.at + length);
        if rest.starts_with("//:") && self.starts_line {
            if self.tokens.is_empty() {
                self.front_matter.push(span);
            } else {
                self.diagnostics.push(
                    Diagnostic::error(span, "front matter below the top of the script")
                        .label("this line comes too late")
                        .help("move it above the first option, command or event")
                        .help("for an ordinary comment, put a space between `//` and `:`"),
                );
            }
        }
        self.at = span.end;
    }

    /// The fence around code in Markdown, with the language's name behind it.
    fn fence(&mut self) {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let span = Span::new(self.at, self.at + length);
        self.diagnostics.push(
            Diagnostic::error(
                span,
                "expected an event, found the fence of a code block in Markdown",
            )
            .help("leave this line out"),
        );
        self.at = span.end;
    }

    fn block_comment(&mut self) {
        match self.rest()[2..].find("*/") {
            Some(length) => {
                let end = self.at + 2 + length + 2;
                self.starts_line |= self.source[self.at..end].contains('\n');
                self.at = end;
            }
            None => {
                let open = Span::new(self.at, self.at + 2);
                self.diagnostics.push(
                    Diagnostic::error(open, "expected `*/`, found the end of the file")
                        .label("this comment is never closed"),
                );
                self.at = self.source.len();
            }
        }
    }
}

#[cfg(test)]
mod tests;
