//! The `--name=value` lines at the top.

use std::net::IpAddr;

use super::Parser;
use crate::define::{Definitions, split_definition};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::symbols::{self, OptionKind};
use crate::tree::OptionLine;

impl Parser<'_> {
    /// Reads the option lines, and puts the values of all definitions into the tokens behind them.
    pub(super) fn option_lines(&mut self, definitions: &Definitions) -> Vec<OptionLine> {
        let mut definitions = definitions.clone();
        let mut options = Vec::new();
        while self.kind() == TokenKind::OptionName {
            let option = self.option_line();
            if option.name == "define"
                && let Some(Ok((name, value))) = option.value.as_deref().map(split_definition)
            {
                definitions.set(name, value);
            }
            options.push(option);
        }
        definitions.apply(&mut self.tokens[self.at..]);
        options
    }

    /// An option line below an event or command.
    pub(super) fn late_option(&mut self) {
        let option = self.option_line();
        self.diagnostics.push(
            Diagnostic::error(option.span, "expected a time, found an option line")
                .label("option lines stand before the first command and event"),
        );
    }

    fn option_line(&mut self) -> OptionLine {
        let name = self.bump();
        let mut value = None;
        let mut value_span = name.span.after();
        if self.at_symbol('=') && !self.token().starts_line {
            self.bump();
            (value, value_span) = self.option_value();
        }
        let option = OptionLine {
            span: name.span.to(value_span),
            name: name.text.into_owned(),
            value,
        };
        self.check_option(&option, name.span, value_span);
        option
    }

    /// A string without its quotes, or all tokens up to the next blank.
    fn option_value(&mut self) -> (Option<String>, Span) {
        let empty = self.previous().after();
        if self.token().starts_line || self.kind() == TokenKind::End {
            return (Some(String::new()), empty);
        }
        if self.kind() == TokenKind::Text {
            let token = self.bump();
            return (Some(token.text.into_owned()), token.span);
        }
        let start = self.token().span;
        while self.kind() != TokenKind::End {
            let touches = self.token().touches(self.peek(1)) && self.peek(1).kind != TokenKind::End;
            self.bump();
            if !touches {
                break;
            }
        }
        let span = start.to(self.previous());
        (Some(span.text(self.source).to_owned()), span)
    }

    fn check_option(&mut self, option: &OptionLine, name_span: Span, value_span: Span) {
        let name = option.name.as_str();
        let Some(kind) = symbols::option_kind(name) else {
            self.diagnostics.push(
                Diagnostic::error(
                    name_span,
                    format!("there is no option {}", quote(&format!("--{name}"))),
                )
                .label("unknown option")
                .did_you_mean(
                    symbols::suggest(name, symbols::option_names())
                        .map(|known| format!("--{known}"))
                        .as_deref(),
                ),
            );
            return;
        };
        let expected = match kind {
            OptionKind::Switch => None,
            OptionKind::Number => Some("a whole number"),
            OptionKind::Decimal => Some("a number"),
            OptionKind::Address => Some("an IP address"),
            OptionKind::IpVersion => Some("`ipv4`, `ipv4-mapped-ipv6` or `ipv6`"),
            OptionKind::Definition => Some("`SYMBOL=value`"),
            OptionKind::Text => Some("a value"),
        };
        let wrong = match (expected, option.value.as_deref()) {
            (None, None) => return,
            (None, Some(_)) => Diagnostic::error(value_span, format!("`--{name}` takes no value")),
            (Some(what), None) => Diagnostic::error(
                name_span.after(),
                format!("expected `=` and {what} after `--{name}`"),
            ),
            (Some(_), Some(value)) if fits(kind, value) => return,
            (Some(_), Some(value)) if kind == OptionKind::Definition && !value.is_empty() => {
                let why = split_definition(value).err().unwrap_or_default();
                Diagnostic::error(value_span, why).help("the form is `--define=NAME=value`")
            }
            (Some(what), Some(value)) => Diagnostic::error(
                value_span,
                format!("expected {what} for `--{name}`, found {}", quote(value)),
            ),
        };
        self.diagnostics.push(wrong);
    }
}

fn fits(kind: OptionKind, value: &str) -> bool {
    match kind {
        OptionKind::Switch => false,
        OptionKind::Number => value.parse::<u64>().is_ok(),
        OptionKind::Decimal => value
            .parse::<f64>()
            .is_ok_and(|number| number.is_finite() && number >= 0.0),
        OptionKind::Address => {
            let (address, prefix) = value.split_once('/').unwrap_or((value, "0"));
            address.parse::<IpAddr>().is_ok() && prefix.parse::<u8>().is_ok()
        }
        OptionKind::IpVersion => matches!(value, "ipv4" | "ipv4-mapped-ipv6" | "ipv6"),
        OptionKind::Definition => split_definition(value).is_ok(),
        OptionKind::Text => !value.is_empty() && is_quotable(value),
    }
}

/// Whether `value` can stand in quotes as it is.
fn is_quotable(value: &str) -> bool {
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c == '"' || c == '\\' && chars.next().is_none() {
            return false;
        }
    }
    true
}
