//! ICMP messages: `icmp unreachable frag_needed mtu 1400 [1:1001(1000)]`.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind, quote};
use crate::span::Span;
use crate::symbols::{icmp_code_names, icmp_type_names, is_icmp_code, is_icmp_type, suggest};
use crate::tree::{IcmpSpec, QuotedSpec};

impl Parser<'_> {
    /// A quoted packet in front of `icmp`, where one stands: an order that old scripts have.
    pub(super) fn early_quote(&mut self) -> Parsed<Option<(QuotedSpec, Span)>> {
        let is_range =
            self.peek(1).kind == TokenKind::Integer && self.peek(2).kind == TokenKind::Symbol(':');
        if !self.at_symbol('[') || !is_range {
            return Ok(None);
        }
        let start = self.token().span;
        let quoted = self.quoted()?;
        Ok(Some((quoted, start.to(self.previous()))))
    }

    pub(super) fn icmp(&mut self, early_quote: Option<(QuotedSpec, Span)>) -> Parsed<IcmpSpec> {
        self.bump();
        if self.kind() == TokenKind::Integer {
            let number = self.token().text.clone();
            return Err(Box::new(
                (*self.expected("an ICMP type"))
                    .help(format!("a type by its number is written `type_{number}`")),
            ));
        }
        let kind_token = self.expect_word("an ICMP type, such as `unreachable`")?;
        let kind = self.icmp_type(&kind_token)?;
        let mut span = kind_token.span;
        let mut code = None;
        let has_code = self.kind() == TokenKind::Word
            && !self.token().starts_line
            && !self.at_word("mtu")
            && !self.at_word("id");
        if has_code {
            let token = self.bump();
            code = Some(self.icmp_code(&kind, &token)?);
            span = span.to(token.span);
        }
        let mtu = self.icmp_mtu(&kind, code.as_deref())?;
        let echo_id = match self.eat_word("id") {
            true => Some(self.u16("an identifier after `id`")?.0),
            false => None,
        };
        let quoted = match (self.at_symbol('['), early_quote) {
            (true, None) => Some(self.quoted()?),
            (true, Some((_, first))) => {
                let wrong = Diagnostic::error(self.token().span, "two packets are quoted")
                    .secondary(first, "the first");
                return Err(Box::new(wrong));
            }
            (false, Some((quoted, span))) => {
                self.diagnostics.push(
                    Diagnostic::warning(span, "the quoted packet stands in front of `icmp`")
                        .note("packetdrill refuses this order, which some old scripts have")
                        .help("write it behind the message"),
                );
                Some(quoted)
            }
            (false, None) => None,
        };
        Ok(IcmpSpec {
            kind,
            code,
            span,
            mtu,
            echo_id,
            quoted,
        })
    }

    fn icmp_type(&self, token: &Token<'_>) -> Parsed<String> {
        let name = token.text.as_ref();
        if let Some(number) = numbered(name, "type_") {
            return Ok(number);
        }
        if is_icmp_type(name) {
            return Ok(name.to_owned());
        }
        Err(Box::new(
            Diagnostic::error(
                token.span,
                format!("expected an ICMP type, found {}", quote(name)),
            )
            .label("unknown type")
            .did_you_mean(suggest(name, icmp_type_names()))
            .note("a type by its number is written `type_3`"),
        ))
    }

    fn icmp_code(&self, kind: &str, token: &Token<'_>) -> Parsed<String> {
        let name = token.text.as_ref();
        if let Some(number) = numbered(name, "code_") {
            return Ok(number);
        }
        if is_icmp_code(kind, name) {
            return Ok(name.to_owned());
        }
        let names = icmp_code_names(kind);
        let wrong = Diagnostic::error(
            token.span,
            format!("expected a code of `{kind}`, found {}", quote(name)),
        )
        .label("unknown code")
        .did_you_mean(suggest(name, names.iter().copied()));
        Err(Box::new(if names.is_empty() {
            wrong.note(format!(
                "no code of `{kind}` has a name; by its number it is written `code_0`"
            ))
        } else {
            wrong.note("a code by its number is written `code_0`")
        }))
    }

    fn icmp_mtu(&mut self, kind: &str, code: Option<&str>) -> Parsed<Option<u32>> {
        if !self.at_word("mtu") {
            return Ok(None);
        }
        let word = self.bump().span;
        let (mtu, span) = self.u32("an MTU after `mtu`")?;
        let is_ipv4 =
            matches!(kind, "unreachable" | "3") && matches!(code, Some("frag_needed" | "4"));
        let is_ipv6 = matches!(kind, "packet_too_big" | "2") && matches!(code, None | Some("0"));
        if !is_ipv4 && !is_ipv6 {
            self.diagnostics.push(
                Diagnostic::error(word.to(span), "this ICMP message holds no MTU")
                    .note("`unreachable frag_needed` (IPv4) and `packet_too_big` (IPv6) hold one"),
            );
        } else if is_ipv4 && mtu > u32::from(u16::MAX) {
            self.diagnostics.push(
                Diagnostic::error(span, format!("expected an MTU after `mtu`, found {mtu}"))
                    .label("from 0 to 65535 in ICMPv4"),
            );
        }
        Ok(Some(mtu))
    }

    /// `[1:1001(1000)]`, `[udp (1000)]`, `[raw (1000)]`.
    fn quoted(&mut self) -> Parsed<QuotedSpec> {
        self.bump();
        let quoted = if self.at_word("udp") || self.at_word("raw") {
            let name = self.bump().text;
            self.expect_symbol('(', &format!("and a length after `{name}`"))?;
            let length = u32::from(self.u16("a length")?.0);
            self.expect_symbol(')', "after the length")?;
            match name.as_ref() {
                "udp" => QuotedSpec::Udp { length },
                _ => QuotedSpec::Raw { length },
            }
        } else if self.kind() == TokenKind::Integer {
            let range = self.seq_range(0)?;
            QuotedSpec::Tcp {
                seq: range.seq,
                seq_end: range.seq_end,
                length: range.length,
            }
        } else {
            return Err(self.expected(
                "the quoted packet: `seq:end(length)`, `udp (length)` or `raw (length)`",
            ));
        };
        self.expect_symbol(']', "after the quoted packet")?;
        Ok(quoted)
    }
}

/// The number of `type_3` or `code_4`, without leading zeros.
fn numbered(name: &str, prefix: &str) -> Option<String> {
    let number: u8 = name.strip_prefix(prefix)?.parse().ok()?;
    Some(number.to_string())
}
