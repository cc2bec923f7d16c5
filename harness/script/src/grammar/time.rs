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
        let first = self.seconds(relative)?;
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
            time.end = Some(self.end(relative, first)?);
            time.span = start.to(self.previous());
        }
        Ok(time)
    }

    /// `~0.2` or `~+0.2`, after the tilde.
    fn range(&mut self, start: Span, relative: bool, from: i64) -> Parsed<TimeSpec> {
        let plus = self.token().span;
        let second = self.eat_symbol('+');
        let to = self.seconds(second)?;
        let span = start.to(self.previous());
        if second != relative {
            let (place, help) = if relative {
                (span, "write `+` before both")
            } else {
                (plus, "write `+` before both or before none")
            };
            self.diagnostics.push(
                Diagnostic::error(
                    place,
                    "one end of the range is relative, the other absolute",
                )
                .help(help),
            );
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
    fn end(&mut self, relative: bool, start: i64) -> Parsed<When> {
        let plus = self.token().span;
        let second = self.eat_symbol('+');
        let end = self.seconds(second || relative)?;
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
        let wrong =
            Diagnostic::error(span, message).note("both times are counted from the same moment");
        self.diagnostics.push(wrong);
    }

    /// Seconds as microseconds.
    fn seconds(&mut self, relative: bool) -> Parsed<i64> {
        let token = self.token();
        let span = token.span;
        if !matches!(token.kind, TokenKind::Decimal | TokenKind::Integer) {
            return Err(if relative {
                self.expected("seconds after `+`")
            } else {
                self.expected("a time")
            });
        }
        let micros = micros(&token.text);
        let negative = token.text.starts_with('-');
        self.bump();
        if negative {
            return Err(Box::new(Diagnostic::error(
                span,
                "expected a time, found a negative number",
            )));
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
