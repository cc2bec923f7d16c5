//! Characters that word processors, web pages and keyboards put in place of plain ones.

use super::{Lexer, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// What a character was meant for.
enum Meant {
    /// A character of the language, or a few.
    Plain(&'static str),
    /// The beginning or end of a string.
    Quote,
    /// Nothing that can be seen.
    Blank,
}

fn meant(c: char) -> Option<Meant> {
    Some(match c {
        '…' => Meant::Plain("..."),
        '‐' | '‑' | '‒' | '–' | '—' | '−' | '﹣' | '－' => Meant::Plain("-"),
        '→' | '⟶' | '➔' | '➜' | '⇒' => Meant::Plain("->"),
        '“' | '”' | '„' | '‟' | '«' | '»' | '＂' | '″' => Meant::Quote,
        '（' => Meant::Plain("("),
        '）' => Meant::Plain(")"),
        '［' => Meant::Plain("["),
        '］' => Meant::Plain("]"),
        '｛' => Meant::Plain("{"),
        '｝' => Meant::Plain("}"),
        '＜' | '‹' | '〈' => Meant::Plain("<"),
        '＞' | '›' | '〉' => Meant::Plain(">"),
        '，' | '、' | '‚' => Meant::Plain(","),
        '．' | '。' => Meant::Plain("."),
        '：' => Meant::Plain(":"),
        '＝' => Meant::Plain("="),
        '＋' => Meant::Plain("+"),
        '＊' | '∗' => Meant::Plain("*"),
        '～' | '∼' | '˜' => Meant::Plain("~"),
        '｜' => Meant::Plain("|"),
        '＠' => Meant::Plain("@"),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}' => Meant::Blank,
        _ if c.is_whitespace() => Meant::Blank,
        _ => return None,
    })
}

/// The token that `plain` is.
fn kind_of(plain: &str) -> TokenKind {
    match plain {
        "..." => TokenKind::Ellipsis,
        "->" => TokenKind::Arrow,
        _ => TokenKind::Symbol(plain.chars().next().unwrap_or(' ')),
    }
}

impl Lexer<'_> {
    /// Reports `c` where it stands for a plain character, and goes on as if that had been written. False where it
    /// stands for none.
    pub(super) fn lookalike(&mut self, c: char) -> bool {
        let Some(meant) = meant(c) else {
            return false;
        };
        let span = Span::new(self.at, self.at + c.len_utf8());
        let number = format!("U+{:04X}", u32::from(c));
        match meant {
            Meant::Plain(plain) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        span,
                        format!("found `{c}` ({number}), which is no character of the language"),
                    )
                    .help(format!("write `{plain}`")),
                );
                self.push(kind_of(plain), span, plain);
            }
            Meant::Blank => {
                self.diagnostics.push(
                    Diagnostic::error(span, format!("found an invisible character ({number})"))
                        .label("here, though it may not be seen")
                        .help("write a plain blank, or nothing"),
                );
                self.at = span.end;
            }
            Meant::Quote => self.typographic_text(span, &number),
        }
        true
    }

    /// A string in typographic quotes, up to the next one on the line.
    fn typographic_text(&mut self, open: Span, number: &str) {
        let rest = &self.source[open.end..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let is_quote = |c: char| c == '"' || matches!(meant(c), Some(Meant::Quote));
        let body = line.find(is_quote).unwrap_or(line.len());
        let close = line[body..].chars().next().map_or(0, char::len_utf8);
        let span = Span::new(open.start, open.end + body + close);
        self.diagnostics.push(
            Diagnostic::error(
                span,
                format!("expected a string in plain quotes, found typographic ones ({number})"),
            )
            .help("write plain `\"` before and behind it; editors and web pages change them"),
        );
        self.push(
            TokenKind::Text,
            span,
            &self.source[open.end..open.end + body],
        );
    }
}
