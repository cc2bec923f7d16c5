//! Outer headers around a packet, and the same headers as arguments of calls.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::tree::Encapsulation;

/// Bits of the first word of a GRE header (RFC 2890).
pub(crate) mod gre {
    pub(crate) const CHECKSUM: u16 = 0x8000;
    pub(crate) const KEY: u16 = 0x2000;
    pub(crate) const SEQUENCE: u16 = 0x1000;
}

const GRE_FORM: &str =
    "the form is `flags [none], sum 0, off 0, key = 0, seq 0`, all of it, in this order";

const MPLS_FORM: &str =
    "the form is `(label 16, tc 0, [S], ttl 64)`, with `[S]` in the last label alone";

fn address_form(name: &str) -> &'static str {
    match name {
        "ipv4" => "the form is `ipv4 192.0.2.1 > 192.168.0.1:`",
        _ => "the form is `ipv6 2001:db8::1 > fd3d:0a0b:17d6::1:`",
    }
}

/// packetdrill takes no more labels.
const MOST_LABELS: usize = 6;

impl Parser<'_> {
    /// An outer header, where one stands.
    pub(super) fn encapsulation(&mut self) -> Parsed<Option<Encapsulation>> {
        if self.kind() != TokenKind::Word {
            return Ok(None);
        }
        let name = self.token().text.clone().into_owned();
        let header = match name.as_str() {
            "ipv4" => {
                self.bump();
                let ip = self.ip_fields()?;
                let (source, destination) = self.addresses(TokenKind::Ipv4, &name)?;
                Encapsulation::Ipv4(source, destination, ip)
            }
            "ipv6" => {
                self.bump();
                let ip = self.ip_fields()?;
                let (source, destination) = self.addresses(TokenKind::Ipv6, &name)?;
                Encapsulation::Ipv6(source, destination, ip)
            }
            "gre" | "GREv0" => {
                self.bump();
                if self.at_symbol(':') {
                    Encapsulation::Gre(vec![0; 4])
                } else {
                    self.eat_symbol(',');
                    Encapsulation::Gre(self.gre_header()?)
                }
            }
            "mpls" => {
                self.bump();
                Encapsulation::Mpls(self.mpls_stack()?)
            }
            _ => return Ok(None),
        };
        if !self.at_symbol(':') {
            let wrong = *self.expected(format!("`:` at the end of the `{name}` header"));
            return Err(Box::new(wrong.help("each outer header ends with a colon")));
        }
        self.bump();
        Ok(Some(header))
    }

    /// `source > destination` of the header `name`.
    fn addresses<T: std::str::FromStr>(&mut self, kind: TokenKind, name: &str) -> Parsed<(T, T)> {
        let source = self.address(kind, "source", name)?;
        if !self.at_symbol('>') {
            let wrong = *self.expected("`>` between the addresses");
            return Err(Box::new(wrong.help(address_form(name))));
        }
        self.bump();
        Ok((source, self.address(kind, "destination", name)?))
    }

    fn address<T: std::str::FromStr>(
        &mut self,
        kind: TokenKind,
        role: &str,
        name: &str,
    ) -> Parsed<T> {
        let version = if kind == TokenKind::Ipv4 {
            "IPv4"
        } else {
            "IPv6"
        };
        let token = self.token();
        let parsed = token.text.parse();
        if token.kind == kind
            && let Ok(address) = parsed
        {
            self.bump();
            return Ok(address);
        }
        let what = format!("expected an {version} {role} address");
        // What looks like an address is cut into several tokens where it is none.
        let belongs = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
        let rest = &self.source[token.span.start..];
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let is_number = token.text.starts_with(|c: char| c.is_ascii_digit());
        if token.starts_line || !is_number || length == 0 {
            let wrong = *self.expected(&what["expected ".len()..]);
            return Err(Box::new(wrong.help(address_form(name))));
        }
        let text = rest[..length].trim_end_matches(':');
        let span = Span::new(token.span.start, token.span.start + text.len());
        Err(Box::new(
            Diagnostic::error(span, format!("{what}, found {}", quote(text)))
                .help(address_form(name)),
        ))
    }

    /// `encap psp spi 7`: the index.
    pub(super) fn psp(&mut self) -> Parsed<Option<u32>> {
        if !self.eat_word("encap") {
            return Ok(None);
        }
        for word in ["psp", "spi"] {
            if !self.eat_word(word) {
                return Err(Box::new(
                    (*self.expected(format!("`{word}`"))).help("the form is `encap psp spi 7`"),
                ));
            }
        }
        let (index, _) = self.number_in("a security parameters index", 0..=0xffff_ffff)?;
        if self.at_symbol(':') {
            let wrong = *self.expected("the segment's flags");
            return Err(Box::new(
                wrong.help("no colon stands behind `encap psp spi N`"),
            ));
        }
        Ok(Some(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// `(label 0, tc 0, [S], ttl 0) …`
    pub(super) fn mpls_stack(&mut self) -> Parsed<Vec<u32>> {
        let mut entries = Vec::new();
        let start = self.token().span;
        while self.at_symbol('(') {
            let open = self.bump().span;
            entries.push(self.mpls_entry(open)?);
        }
        if entries.len() > MOST_LABELS {
            self.diagnostics.push(
                Diagnostic::error(start.to(self.previous()), "too many MPLS labels")
                    .label(format!("{}; at most {MOST_LABELS}", entries.len())),
            );
        }
        Ok(entries)
    }

    fn mpls_entry(&mut self, open: Span) -> Parsed<u32> {
        let label = self.mpls_field("label", 0xf_ffff)?;
        self.expect_symbol(',', "after the label")?;
        let class = self.mpls_field("tc", 7)?;
        self.expect_symbol(',', "after the traffic class")?;
        let mut bottom = 0;
        if self.eat_symbol('[') {
            if !self.eat_word("S") {
                let wrong = *self.expected("`S`, the mark of the bottom of the stack");
                return Err(Box::new(wrong.help(MPLS_FORM)));
            }
            self.expect_symbol(']', "after `[S`")?;
            self.expect_symbol(',', "after `[S]`")?;
            bottom = 1;
        }
        let ttl = self.mpls_field("ttl", 0xff)?;
        self.close(')', "at the end of an MPLS label", open)?;
        Ok(label << 12 | class << 9 | bottom << 8 | ttl)
    }

    fn mpls_field(&mut self, name: &str, most: i64) -> Parsed<u32> {
        if !self.eat_word(name) {
            return Err(Box::new(
                (*self.expected(format!("`{name}`"))).help(MPLS_FORM),
            ));
        }
        let (value, _) = self.integer_in(&format!("a number after `{name}`"), 0..=most)?;
        Ok(u32::try_from(value).unwrap_or(0))
    }

    /// `flags [checksum present], sum 0, off 0, key = 0, seq 0`, commas at will.
    pub(super) fn gre_header(&mut self) -> Parsed<Vec<u8>> {
        if !self.eat_word("flags") && !self.eat_word("Flags") {
            return Err(Box::new((*self.expected("`flags`")).help(GRE_FORM)));
        }
        let flags = if self.at_symbol('[') {
            let open = self.bump().span;
            self.gre_flags(open)?
        } else {
            self.number_in("the flags of a GRE header", 0..=0xffff)?.0
        };
        self.eat_symbol(',');
        let sum = self.gre_field("sum", 0xffff)?;
        self.eat_symbol(',');
        let offset = self.gre_field("off", 0xffff)?;
        self.eat_symbol(',');
        let key = self.gre_field("key", 0xffff_ffff)?;
        self.eat_symbol(',');
        let sequence = self.gre_field("seq", 0xffff_ffff)?;
        let flags = u16::try_from(flags).unwrap_or(0);
        let mut octets = flags.to_be_bytes().to_vec();
        octets.extend([0, 0]);
        if flags & gre::CHECKSUM != 0 {
            octets.extend((sum << 16 | offset).to_be_bytes());
        }
        if flags & gre::KEY != 0 {
            octets.extend(key.to_be_bytes());
        }
        if flags & gre::SEQUENCE != 0 {
            octets.extend(sequence.to_be_bytes());
        }
        Ok(octets)
    }

    fn gre_flags(&mut self, open: Span) -> Parsed<i64> {
        let mut flags = 0;
        loop {
            let flag = match self.token().text.as_ref() {
                "none" => 0,
                "checksum" => gre::CHECKSUM,
                "key" => gre::KEY,
                // packetdrill writes the one flag with a hash.
                "sequence" => gre::SEQUENCE,
                _ => {
                    let wrong = *self.expected(
                        "`none`, `checksum present`, `key present` or `sequence# present`",
                    );
                    return Err(Box::new(match self.token().text.as_ref() {
                        "sum" | "off" => wrong.secondary(open, "the list of flags begins here"),
                        _ => wrong,
                    }));
                }
            };
            self.bump();
            if flag == gre::SEQUENCE {
                self.eat_symbol('#');
            }
            if flag != 0 && !self.eat_word("present") {
                let wrong = *self.expected("`present`");
                return Err(Box::new(wrong.help("a flag is written `key present`")));
            }
            flags |= i64::from(flag);
            if !self.eat_symbol(',') {
                break;
            }
        }
        self.close(']', "after the flags of a GRE header", open)?;
        Ok(flags)
    }

    fn gre_field(&mut self, name: &str, most: i64) -> Parsed<u32> {
        if !self.eat_word(name) {
            let wrong = *self.expected(format!("`{name}` and its value"));
            return Err(Box::new(wrong.help(GRE_FORM)));
        }
        if name == "key" {
            self.eat_symbol('=');
        }
        let (value, _) = self.number_in(&format!("a number after `{name}`"), 0..=most)?;
        Ok(u32::try_from(value).unwrap_or(u32::MAX))
    }
}
