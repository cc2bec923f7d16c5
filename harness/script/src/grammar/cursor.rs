//! Looking at tokens, taking them, and saying what was expected instead.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind, quote};
use crate::span::Span;

impl<'s> Parser<'s> {
    /// The token `ahead` of the current one; the end of the file where there are no more.
    pub(super) fn peek(&self, ahead: usize) -> &Token<'s> {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    pub(super) fn token(&self) -> &Token<'s> {
        self.peek(0)
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token().kind
    }

    /// The span of the token before the current one.
    pub(super) fn previous(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub(super) fn bump(&mut self) -> Token<'s> {
        let token = self.token().clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Whether the current token is this word.
    pub(super) fn at_word(&self, word: &str) -> bool {
        let token = self.token();
        token.kind == TokenKind::Word && token.text == word
    }

    pub(super) fn at_symbol(&self, symbol: char) -> bool {
        self.kind() == TokenKind::Symbol(symbol)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn eat_symbol(&mut self, symbol: char) -> bool {
        self.eat(TokenKind::Symbol(symbol))
    }

    pub(super) fn expect_symbol(&mut self, symbol: char, after: &str) -> Parsed<Span> {
        if self.at_symbol(symbol) {
            return Ok(self.bump().span);
        }
        Err(self.expected(format!("`{symbol}` {after}")))
    }

    /// Takes the `symbol` that closes what was opened at `open`.
    pub(super) fn close(&mut self, symbol: char, after: &str, open: Span) -> Parsed<Span> {
        if self.at_symbol(symbol) {
            return Ok(self.bump().span);
        }
        Err(Box::new(
            (*self.expected(format!("`{symbol}` {after}"))).secondary(open, "opened here"),
        ))
    }

    /// "expected …, found …" at the current token, or behind the one before where the line ends there.
    pub(super) fn expected(&self, what: impl AsRef<str>) -> Box<Diagnostic> {
        let token = self.token();
        let what = what.as_ref();
        if self.at > 0 && token.starts_line {
            return Box::new(Diagnostic::error(
                self.previous().after(),
                format!("expected {what}, found the end of the line"),
            ));
        }
        let wrong = Diagnostic::error(
            token.span,
            format!("expected {what}, found {}", token.describe(self.source)),
        );
        Box::new(match self.definition() {
            Some(note) => wrong.note(note),
            None => wrong,
        })
    }

    /// What the current token stands for, where it is a defined name.
    fn definition(&self) -> Option<String> {
        let token = self.token();
        let is_defined = matches!(token.text, Cow::Owned(_));
        let name = token.span.text(self.source);
        is_defined.then(|| format!("{} is defined as {}", quote(name), quote(&token.text)))
    }

    /// An integer, decimal or hexadecimal, with its place.
    pub(super) fn any_integer(&mut self, what: &str) -> Parsed<(i64, Span)> {
        let token = self.token();
        let value = match token.kind {
            TokenKind::Integer => token.text.parse().ok(),
            TokenKind::Hex => i64::from_str_radix(token.text.trim_start_matches("0x"), 16).ok(),
            _ => return Err(self.no_integer(what)),
        };
        let span = self.bump().span;
        match value {
            Some(value) => Ok((value, span)),
            None => Err(Box::new(
                Diagnostic::error(span, "this number is too large")
                    .label(format!("more than {}", i64::MAX)),
            )),
        }
    }

    fn no_integer(&self, what: &str) -> Box<Diagnostic> {
        let wrong = *self.expected(what);
        let token = self.token();
        let text = token.text.as_ref();
        if token.starts_line {
            return Box::new(wrong);
        }
        let help = match token.kind {
            TokenKind::Word if text.starts_with(|c: char| c.is_ascii_digit()) => not_a_number(text),
            TokenKind::Word if is_constant(text) => define_help(text),
            TokenKind::Symbol('=') => {
                let name = self.previous().text(self.source);
                format!("write a blank for `=`: `{name} {}`", self.peek(1).text)
            }
            TokenKind::Ellipsis => {
                let name = self.previous().text(self.source);
                format!("what need not be checked is left out, with its `{name}`")
            }
            TokenKind::Decimal => "a whole number stands here".to_owned(),
            TokenKind::Text => "numbers stand without quotes".to_owned(),
            _ => return Box::new(wrong),
        };
        Box::new(wrong.help(help))
    }

    /// A decimal integer within `range`, with its place. Out of range it is reported, and the nearest end of the
    /// range stands in for it.
    pub(super) fn integer_in(
        &mut self,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Parsed<(i64, Span)> {
        // What a definition stands for may be in hexadecimal anywhere.
        let is_literal = matches!(self.token().text, Cow::Borrowed(_));
        if self.kind() == TokenKind::Hex && is_literal {
            let decimal = i64::from_str_radix(self.token().text.trim_start_matches("0x"), 16);
            let wrong = *self.expected(what);
            return Err(Box::new(match decimal {
                Ok(value) => wrong.help(format!(
                    "packetdrill takes only decimal numbers here: write `{value}`"
                )),
                Err(_) => wrong.help("packetdrill takes only decimal numbers here"),
            }));
        }
        self.number_in(what, range)
    }

    /// Like [`Self::integer_in`], for a number that is written in hexadecimal.
    pub(super) fn hex_in(&mut self, what: &str, range: RangeInclusive<i64>) -> Parsed<i64> {
        if self.kind() == TokenKind::Integer {
            let help = self
                .token()
                .text
                .parse::<u32>()
                .map(|value| format!("write `{value:#x}`"));
            let wrong = *self.expected(format!("{what} in hexadecimal"));
            return Err(Box::new(match help {
                Ok(help) => wrong.help(help),
                Err(_) => wrong,
            }));
        }
        Ok(self.number_in(&format!("{what} in hexadecimal"), range)?.0)
    }

    pub(super) fn number_in(
        &mut self,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Parsed<(i64, Span)> {
        let definition = self.definition();
        let is_hex = self.kind() == TokenKind::Hex;
        let (value, span) = self.any_integer(what)?;
        if range.contains(&value) {
            return Ok((value, span));
        }
        let (least, most) = (*range.start(), *range.end());
        let (found, room) = match is_hex {
            true => (
                format!("{value:#x}"),
                format!("from {least:#x} to {most:#x}"),
            ),
            false => (value.to_string(), format!("from {least} to {most}")),
        };
        let mut wrong =
            Diagnostic::error(span, format!("expected {what}, found {found}")).label(room);
        wrong.notes.extend(definition);
        self.diagnostics.push(wrong);
        Ok((value.clamp(least, most), span))
    }

    pub(super) fn u8(&mut self, what: &str) -> Parsed<(u8, Span)> {
        let (value, span) = self.integer_in(what, 0..=i64::from(u8::MAX))?;
        Ok((u8::try_from(value).unwrap_or(u8::MAX), span))
    }

    pub(super) fn u16(&mut self, what: &str) -> Parsed<(u16, Span)> {
        let (value, span) = self.integer_in(what, 0..=i64::from(u16::MAX))?;
        Ok((u16::try_from(value).unwrap_or(u16::MAX), span))
    }

    pub(super) fn u32(&mut self, what: &str) -> Parsed<(u32, Span)> {
        let (value, span) = self.integer_in(what, 0..=i64::from(u32::MAX))?;
        Ok((u32::try_from(value).unwrap_or(u32::MAX), span))
    }
}

/// Whether `name` looks like a constant: capitals, and more of them than flags would be.
pub(crate) fn is_constant(name: &str) -> bool {
    let belongs = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    name.len() > 2 && name.bytes().all(belongs)
}

pub(crate) fn define_help(name: &str) -> String {
    format!(
        "if it should stand for a number, define it: `--define={name}=…` in the script, or `-D {name}=…` on the command line"
    )
}

/// What is wrong with a word that begins with a digit.
pub(crate) fn not_a_number(text: &str) -> String {
    let is_hex =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(digits) = text.strip_prefix("0X").filter(|digits| is_hex(digits)) {
        return format!("a hexadecimal number begins with a small x: `0x{digits}`");
    }
    if text == "0x" {
        return "hexadecimal digits stand behind `0x`".to_owned();
    }
    if text.starts_with("0x") {
        return "hexadecimal digits are 0 to 9 and a to f".to_owned();
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let binary = text
        .strip_prefix("0b")
        .and_then(|bits| i64::from_str_radix(bits, 2).ok());
    if let Some(value) = binary {
        return format!("numbers are decimal or hexadecimal: `{value}` or `{value:#x}`");
    }
    if rest
        .bytes()
        .all(|byte| byte == b'_' || byte.is_ascii_digit())
    {
        return format!("a number has no `_`: `{}`", text.replace('_', ""));
    }
    match rest {
        "k" | "K" | "M" | "G" | "ms" | "us" | "s" | "B" | "kB" | "KB" => {
            format!("a number has no unit: `{number}` would be a number")
        }
        "L" | "l" | "u" | "U" | "UL" | "ul" | "LL" | "ULL" => {
            format!("a number has no suffix: `{number}`")
        }
        _ if rest.starts_with('e')
            && rest.len() > 1
            && rest[1..].bytes().all(|b| b.is_ascii_digit()) =>
        {
            "a number is written without an exponent".to_owned()
        }
        _ if is_hex(text) => format!("a hexadecimal number begins with `0x`: `0x{text}`"),
        _ => {
            "a number is written in decimal digits, or in hexadecimal digits behind `0x`".to_owned()
        }
    }
}
