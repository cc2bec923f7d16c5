//! ICMP messages: `icmp unreachable frag_needed mtu 1400 [1:1001(1000)]`.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind, quote};
use crate::span::Span;
use crate::symbols::{icmp_code_names, icmp_type_names, is_icmp_code, is_icmp_type, suggest};
use crate::tree::{IcmpSpec, QuotedSpec};

const NUMBERED: &str =
    "by numbers from 0 to 255, types and codes are written `type_3` and `code_4`";

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
        if self.kind() != TokenKind::Word || self.token().starts_line {
            let wrong = *self.expected("an ICMP type");
            return Err(Box::new(
                wrong.help("the form is `icmp unreachable port_unreachable`"),
            ));
        }
        let kind_token = self.bump();
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
        let wrong = Diagnostic::error(
            token.span,
            format!("expected an ICMP type, found {}", quote(name)),
        );
        Err(Box::new(match name {
            _ if name.starts_with("type_") => wrong.help(NUMBERED),
            "destination_unreachable" | "dest_unreachable" | "dest_unreach" => {
                wrong.did_you_mean(Some("unreachable"))
            }
            "ttl_exceeded" | "time_exceed" => wrong.did_you_mean(Some("time_exceeded")),
            _ => match suggest(name, icmp_type_names()) {
                Some(known) => wrong.label("unknown type").did_you_mean(Some(known)),
                None => {
                    let names: Vec<_> = icmp_type_names().collect();
                    wrong.label("unknown type").note(format!(
                        "the types are {}; by its number one is written `type_3`",
                        names.join(", ")
                    ))
                }
            },
        }))
    }

    fn icmp_code(&self, kind: &str, token: &Token<'_>) -> Parsed<String> {
        let name = token.text.as_ref();
        if let Some(number) = numbered(name, "code_") {
            return Ok(number);
        }
        if is_icmp_code(kind, name) {
            return Ok(name.to_owned());
        }
        Err(Box::new(self.wrong_code(kind, token)))
    }

    fn wrong_code(&self, kind: &str, token: &Token<'_>) -> Diagnostic {
        let names = icmp_code_names(kind);
        // A hyphen ends the word, though it may be meant to belong to it.
        let rest = &self.source[token.span.start..];
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))
            .unwrap_or(rest.len());
        let span = Span::new(token.span.start, token.span.start + length);
        let name = span.text(self.source);
        let wrong = Diagnostic::error(
            span,
            format!("expected a code of `{kind}`, found {}", quote(name)),
        );
        if name.starts_with("code_") {
            return wrong.help(NUMBERED);
        }
        match suggest(name, names.iter().copied()) {
            Some(known) => wrong.label("unknown code").did_you_mean(Some(known)),
            None if names.is_empty() => wrong.note(format!(
                "no code of `{kind}` has a name; by its number it is written `code_0`"
            )),
            None => wrong.label("unknown code").note(format!(
                "the codes of `{kind}` are {}; by its number one is written `code_0`",
                names.join(", ")
            )),
        }
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
        if code.is_none()
            && !self.at_line_end()
            && self.kind() == TokenKind::Word
            && !self.at_word("id")
        {
            return Err(Box::new(
                (*self.expected("the end of the line")).help("the code stands in front of the MTU"),
            ));
        }
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
        let open = self.bump().span;
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
            let wrong = *self
                .expected("the quoted packet: `seq:end(length)`, `udp (length)` or `raw (length)`");
            let is_flags = super::flags::intended(&self.token().text).is_some();
            return Err(Box::new(match self.kind() {
                TokenKind::Symbol(']') => {
                    wrong.help("leave the brackets out where nothing particular is quoted")
                }
                _ if is_flags => wrong.help("a segment is quoted by its sequence numbers alone"),
                _ => wrong,
            }));
        };
        self.close(']', "after the quoted packet", open)?;
        Ok(quoted)
    }
}

/// The number of `type_3` or `code_4`, without leading zeros.
fn numbered(name: &str, prefix: &str) -> Option<String> {
    let number: u8 = name.strip_prefix(prefix)?.parse().ok()?;
    Some(number.to_string())
}
