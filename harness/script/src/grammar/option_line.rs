//! The `--name=value` lines at the top.

use std::net::IpAddr;

use super::Parser;
use crate::define::{Definitions, split_definition};
use crate::diagnostic::{Diagnostic, Severity};
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
                .label("option lines stand before the first command and event")
                .help("move it to the top"),
        );
    }

    fn option_line(&mut self) -> OptionLine {
        let mut name = self.bump();
        // packetdrill's names have no hyphens, but people write them.
        while self.at_symbol('-') || matches!(self.kind(), TokenKind::Word | TokenKind::Integer) {
            if !self.tokens[self.at - 1].touches(self.token()) {
                break;
            }
            name.span.end = self.bump().span.end;
        }
        name.text = name
            .span
            .text(self.source)
            .trim_start_matches("--")
            .to_owned()
            .into();
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
            let wrong = Diagnostic::error(
                name_span,
                format!("there is no option {}", quote(&format!("--{name}"))),
            )
            .label("unknown option");
            self.diagnostics
                .push(match symbols::suggest(name, symbols::option_names()) {
                    Some(known) => wrong.did_you_mean(Some(&format!("--{known}"))),
                    None => {
                        let names: Vec<_> = symbols::option_names().collect();
                        wrong.note(format!("the options are {}", names.join(", ")))
                    }
                });
            self.skip_value(option);
            return;
        };
        let (kind_of_value, example) = described(kind);
        let wrong = match (kind, option.value.as_deref()) {
            (OptionKind::Switch, None) => return,
            (OptionKind::Switch, Some(_)) => {
                Diagnostic::error(value_span, format!("`--{name}` takes no value"))
                    .help(format!("write `--{name}`; without the line it is off"))
            }
            (_, None) => {
                let rest = self.skip_value(option);
                let example = rest.as_deref().unwrap_or(example);
                Diagnostic::error(
                    name_span.after(),
                    format!("expected `=` and {kind_of_value} after `--{name}`"),
                )
                .help(format!("write `--{name}={example}`"))
            }
            (_, Some(value)) if fits(kind, value) => return,
            (OptionKind::Definition, Some(value)) if !value.is_empty() => {
                let why = split_definition(value).err().unwrap_or_default();
                Diagnostic::error(value_span, why).help("the form is `--define=NAME=value`")
            }
            (_, Some(value)) => {
                let found = match value {
                    "" => "nothing".to_owned(),
                    _ => quote(value),
                };
                let wrong = Diagnostic::error(
                    value_span,
                    format!("expected {kind_of_value} for `--{name}`, found {found}"),
                );
                with_advice(wrong, kind, value)
            }
        };
        self.diagnostics.push(wrong);
    }

    /// Goes to the end of the line where a value stands without its `=`, which has been reported; the value.
    fn skip_value(&mut self, option: &OptionLine) -> Option<String> {
        let is_value = matches!(
            self.kind(),
            TokenKind::Word | TokenKind::Integer | TokenKind::Ipv4 | TokenKind::Symbol(':')
        );
        if option.value.is_some() || self.at_line_end() || !is_value {
            return None;
        }
        self.eat_symbol(':');
        let start = self.token().span;
        while !self.at_line_end() {
            self.bump();
        }
        Some(start.to(self.previous()).text(self.source).to_owned())
    }
}

/// What an option takes, in words, and an example.
fn described(kind: OptionKind) -> (String, &'static str) {
    let (words, example) = match kind {
        OptionKind::Switch => ("nothing", ""),
        OptionKind::Number(least, most) => {
            return (format!("a whole number from {least} to {most}"), "1500");
        }
        OptionKind::Percentage => ("a number from 0 to 100", "5"),
        OptionKind::Address => ("an IP address", "192.168.0.1"),
        OptionKind::IpVersion => ("`ipv4`, `ipv4-mapped-ipv6` or `ipv6`", "ipv4"),
        OptionKind::Definition => ("`NAME=value`", "NAME=value"),
        OptionKind::NonFatal => ("`packet`, `syscall` or `packet,syscall`", "packet"),
        OptionKind::Text => ("a value", "\"text\""),
    };
    (words.to_owned(), example)
}

/// What to do about `value`, where that can be told.
fn with_advice(wrong: Diagnostic, kind: OptionKind, value: &str) -> Diagnostic {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    match (kind, value) {
        (OptionKind::Number(..) | OptionKind::Percentage, _) if value.ends_with(',') => {
            wrong.help("option lines have no commas between them")
        }
        (OptionKind::Number(..) | OptionKind::Percentage, _)
            if digits > 0 && digits < value.len() =>
        {
            wrong.help("a number stands alone, without a unit")
        }
        (OptionKind::IpVersion, "4" | "v4" | "IPv4") => wrong.did_you_mean(Some("ipv4")),
        (OptionKind::IpVersion, "6" | "v6" | "IPv6") => wrong.did_you_mean(Some("ipv6")),
        (OptionKind::IpVersion, "mapped") => wrong.did_you_mean(Some("ipv4-mapped-ipv6")),
        (OptionKind::NonFatal, _) => Diagnostic {
            severity: Severity::Warning,
            ..wrong
                .did_you_mean(symbols::suggest(value, ["packet", "syscall"]))
                .note("packetdrill takes other words, and does nothing about them")
        },
        (OptionKind::Address, _) if value.contains('/') => {
            wrong.help("a prefix is at most `/32` long for IPv4, `/128` for IPv6")
        }
        (OptionKind::Address, _) if value.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            wrong.help("names are not looked up: write the address")
        }
        _ => wrong,
    }
}

fn fits(kind: OptionKind, value: &str) -> bool {
    match kind {
        OptionKind::Switch => false,
        OptionKind::Number(least, most) => value
            .parse::<u64>()
            .is_ok_and(|number| (least..=most).contains(&number)),
        OptionKind::Percentage => value
            .parse::<f64>()
            .is_ok_and(|number| (0.0..=100.0).contains(&number)),
        OptionKind::Address => {
            let (address, prefix) = value.split_once('/').unwrap_or((value, "0"));
            let most = match address.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => 32,
                Ok(IpAddr::V6(_)) => 128,
                Err(_) => return false,
            };
            prefix.parse::<u8>().is_ok_and(|length| length <= most)
        }
        OptionKind::IpVersion => matches!(value, "ipv4" | "ipv4-mapped-ipv6" | "ipv6"),
        OptionKind::Definition => split_definition(value).is_ok(),
        OptionKind::NonFatal => value
            .split([',', ' '])
            .all(|part| matches!(part, "packet" | "syscall" | "")),
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
