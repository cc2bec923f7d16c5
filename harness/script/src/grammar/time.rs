//! The time before an event.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{TimeSpec, When};

/// No script lasts longer, in seconds: about 30,000 years.
const MOST_SECONDS: u64 = 1_000_000_000_000;

const MICROS: u64 = 1_000_000;

impl Parser<'_> {
    pub(super) fn time(&mut self) -> Parsed<TimeSpec> {
        let start = self.token().span;
        if self.eat_symbol('*') {
            return Ok(TimeSpec {
                span: start,
                start: When::Any,
                end: None,
            });
        }
        let relative = self.eat_symbol('+');
        let first = self.seconds(start, relative)?;
        if self.eat_symbol('~') {
            return self.range(start, relative, first);
        }
        let mut time = TimeSpec {
            span: start.to(self.previous()),
            start: if relative {
                When::After(first)
            } else {
                When::At(first)
            },
            end: None,
        };
        if self.eat(TokenKind::Ellipsis) {
            time.end = Some(self.end(start, relative, first)?);
            time.span = start.to(self.previous());
        }
        Ok(time)
    }

    /// `~0.2` or `~+0.2`, after the tilde.
    fn range(&mut self, start: Span, relative: bool, from: i64) -> Parsed<TimeSpec> {
        let plus = self.token().span;
        let second = self.eat_symbol('+');
        let to = self.seconds(start, second)?;
        let span = start.to(self.previous());
        if second != relative {
            let (place, help) = if relative {
                (span, "write `+` before both")
            } else {
                (plus, "write `+` before both or before none")
            };
            let wrong = Diagnostic::error(
                place,
                "one end of the range is relative, the other absolute",
            );
            return Err(Box::new(wrong.help(help)));
        } else if to < from {
            self.backwards(span, "this range of times is backwards");
        }
        if self.kind() == TokenKind::Ellipsis {
            return Err(Box::new(
                (*self.expected("an event"))
                    .label("a range cannot be the start of a blocking call")
                    .help("state one start, as in `0.1...0.3`"),
            ));
        }
        let start = if relative {
            When::AfterBetween(from, to.max(from))
        } else {
            When::Between(from, to.max(from))
        };
        Ok(TimeSpec {
            span,
            start,
            end: None,
        })
    }

    /// The end of a blocking call, behind the dots. packetdrill writes no plus there, and counts it from the same
    /// moment as the start.
    fn end(&mut self, time: Span, relative: bool, start: i64) -> Parsed<When> {
        let plus = self.token().span;
        let second = self.eat_symbol('+');
        let end = self.seconds(time, second || relative)?;
        let span = plus.to(self.previous());
        if second && !relative {
            self.diagnostics.push(
                Diagnostic::error(span, "the start of the call is absolute, its end relative")
                    .help("write both as absolute times, or `+` before the start"),
            );
        } else if end < start {
            self.backwards(span, "this call ends before it starts");
        }
        let end = end.max(start);
        Ok(if relative {
            When::After(end - start)
        } else {
            When::At(end)
        })
    }

    fn backwards(&mut self, span: Span, message: &str) {
        let wrong = Diagnostic::error(span, message)
            .label("the second time is before the first")
            .note("both times are counted from the same moment");
        self.diagnostics.push(wrong);
    }

    /// Seconds as microseconds, of the time that begins at `start`.
    fn seconds(&mut self, start: Span, relative: bool) -> Parsed<i64> {
        let token = self.token();
        let span = token.span;
        if !matches!(token.kind, TokenKind::Decimal | TokenKind::Integer) {
            let touches = self.previous().end == span.start && !token.starts_line;
            if matches!(token.kind, TokenKind::Word | TokenKind::Hex) && touches {
                return Err(self.wrong_time(start));
            }
            let before = self.previous().text(self.source);
            let wrong = *match (before, relative) {
                ("...", _) => self.expected("the end of the call's time after `...`"),
                ("~", _) => self.expected("the end of the range of times after `~`"),
                (_, true) => self.expected("seconds after `+`"),
                (_, false) => self.expected("a time"),
            };
            return Err(Box::new(match token.kind {
                TokenKind::Symbol('*') => wrong.help("any time is `*` alone"),
                TokenKind::Symbol('+') => wrong.help("one `+` is enough"),
                _ if before == "..." => {
                    wrong.help("the form is `+0.1...0.3`: both from the event before")
                }
                _ if before == "~" => wrong.help("the form is `+0.1~+0.3`"),
                _ if before == "+" => wrong.help("at once after the event before is `+0`"),
                _ => wrong,
            }));
        }
        let micros = micros(&token.text);
        let negative = token.text.starts_with('-');
        self.bump();
        if negative {
            return Err(Box::new(
                Diagnostic::error(span, "expected a time, found a negative number")
                    .help("an event comes at the moment of the one before it (`+0`) or later"),
            ));
        }
        micros.ok_or_else(|| {
            Box::new(
                Diagnostic::error(span, "this time is too large")
                    .label(format!("times are seconds, at most {MOST_SECONDS}")),
            )
        })
    }
}

/// The microseconds of `12.345`; digits beyond the sixth are dropped.
fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = match whole {
        "" | "-" => 0,
        digits => digits
            .parse()
            .ok()
            .filter(|seconds| *seconds <= MOST_SECONDS)?,
    };
    let fraction: u64 = format!("{fraction:0<6.6}").parse().ok()?;
    i64::try_from(whole * MICROS + fraction).ok()
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn fractions_are_exact_to_the_microsecond() {
        assert_eq!(micros("0.1"), Some(100_000));
        assert_eq!(micros(".000001"), Some(1));
        assert_eq!(micros("1.001"), Some(1_001_000));
        assert_eq!(micros("3"), Some(3_000_000));
        assert_eq!(micros("0.1234567"), Some(123_456));
        assert_eq!(micros("99999999999999"), None);
    }
}
