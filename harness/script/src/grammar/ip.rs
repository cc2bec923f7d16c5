//! Fields of the IP header in brackets: `[ect0]`, `[tos 0x10]`, `[ttl 64]`, `[flowlabel 0x12345]`.
//!
//! Of our own: `[source 127.0.0.1]`, `[destination 224.0.0.1]`, `[options 94040000]`, `[wrong_checksum]`.

use std::net::IpAddr;

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::symbols::suggest;
use crate::tree::{EcnSpec, IpSpec};

const FIELDS: [&str; 12] = [
    "noecn",
    "ect0",
    "ect1",
    "ect01",
    "ce",
    "tos",
    "ttl",
    "flowlabel",
    "source",
    "destination",
    "options",
    "wrong_checksum",
];

/// Octets for options in an IPv4 header.
const OPTION_SPACE: usize = 40;

/// Whether `name` is a field of the IP header.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

impl Parser<'_> {
    /// The fields in brackets or parentheses; none where there are no brackets.
    pub(super) fn ip_fields(&mut self) -> Parsed<IpSpec> {
        let mut ip = IpSpec::default();
        let close = match self.kind() {
            TokenKind::Symbol('[') => ']',
            TokenKind::Symbol('(') => ')',
            _ => return Ok(ip),
        };
        let open = self.bump().span;
        loop {
            self.ip_field(&mut ip)?;
            if !self.eat_symbol(',') {
                break;
            }
        }
        if !self.at_symbol(close) {
            let wrong = *self.expected(format!("`,` or `{close}` after a field of the IP header"));
            let wrong = wrong.secondary(open, "opened here");
            return Err(Box::new(match is_field(&self.token().text) {
                true => wrong.help("fields have commas between: `[ect0,ttl 64]`"),
                false => wrong,
            }));
        }
        self.bump();
        Ok(ip)
    }

    fn ip_field(&mut self, ip: &mut IpSpec) -> Parsed<()> {
        let name = if self.kind() == TokenKind::Word {
            self.token().text.clone().into_owned()
        } else {
            String::new()
        };
        let ecn = match name.as_str() {
            "noecn" => Some(EcnSpec::NotEct),
            "ect0" => Some(EcnSpec::Ect0),
            "ect1" => Some(EcnSpec::Ect1),
            "ect01" => Some(EcnSpec::Ect01),
            "ce" => Some(EcnSpec::Ce),
            "tos" | "ttl" | "flowlabel" | "source" | "destination" | "options"
            | "wrong_checksum" => None,
            _ => {
                return Err(self.no_ip_field(&name));
            }
        };
        let span = self.bump().span;
        let taken = match name.as_str() {
            "tos" => {
                let tos = self.hex_in("the type-of-service octet", 0..=0xff)?;
                ip.tos
                    .replace(u8::try_from(tos).unwrap_or(u8::MAX))
                    .is_some()
                    || ip.ecn.is_some()
            }
            "ttl" => ip.ttl.replace(self.u8("a time to live")?.0).is_some(),
            "flowlabel" => {
                let label = self.hex_in("a flow label of 20 bits", 0..=0xf_ffff)?;
                ip.flow_label
                    .replace(u32::try_from(label).unwrap_or(0xf_ffff))
                    .is_some()
            }
            "source" => ip
                .source
                .replace(self.ip_address("a source address")?)
                .is_some(),
            "destination" => {
                let address = self.ip_address("a destination address")?;
                ip.destination.replace(address).is_some()
            }
            "options" => ip.options.replace(self.ip_options()?).is_some(),
            "wrong_checksum" => std::mem::replace(&mut ip.wrong_checksum, true),
            _ => {
                let before = ip.ecn.is_some() || ip.tos.is_some();
                ip.ecn = ecn;
                before
            }
        };
        if taken {
            self.diagnostics.push(
                Diagnostic::error(span, "this field of the IP header is stated twice")
                    .note("the ECN codepoints are the two lowest bits of `tos`"),
            );
        }
        Ok(())
    }

    fn ip_address(&mut self, what: &str) -> Parsed<IpAddr> {
        if !matches!(self.kind(), TokenKind::Ipv4 | TokenKind::Ipv6) {
            return Err(self.expected(what));
        }
        let parsed = self.token().text.parse();
        let address = parsed.map_err(|_| self.expected(what))?;
        self.bump();
        Ok(address)
    }

    fn ip_options(&mut self) -> Parsed<Vec<u8>> {
        const WHAT: &str = "IPv4 options in hexadecimal digits";
        if !matches!(self.kind(), TokenKind::Word | TokenKind::Integer) {
            return Err(self.expected(WHAT));
        }
        let span = self.token().span;
        let octets = self.octets(WHAT)?;
        if octets.len() > OPTION_SPACE {
            return Err(Box::new(
                Diagnostic::error(span, "these options do not fit into an IPv4 header").label(
                    format!("{} octets; there is room for {OPTION_SPACE}", octets.len()),
                ),
            ));
        }
        Ok(octets)
    }

    fn no_ip_field(&self, name: &str) -> Box<Diagnostic> {
        let wrong = *self.expected("a field of the IP header");
        let note = format!("the fields are {}", FIELDS.join(", "));
        Box::new(match self.kind() {
            TokenKind::Symbol(']' | ')') => {
                wrong.help("leave the brackets out where no field is stated")
            }
            TokenKind::Ipv4 | TokenKind::Ipv6 => wrong.help("an address stands without brackets"),
            TokenKind::Word => match (name, super::flags::intended(name)) {
                ("dscp" | "ds" | "diffserv", _) => wrong
                    .help("the whole octet is `tos`, in hexadecimal: `[tos 0x28]`")
                    .note(note),
                ("ecn", _) => wrong.help("the ECN codepoints are `noecn`, `ect0`, `ect1` and `ce`"),
                ("hlim" | "hoplimit" | "hop_limit", _) => wrong.did_you_mean(Some("ttl")),
                (_, Some(flags)) if name.len() < 4 => {
                    let dot = if self.peek(1).kind == TokenKind::Symbol('.') {
                        "."
                    } else {
                        ""
                    };
                    wrong.help(format!("flags stand without brackets: `{flags}{dot}`"))
                }
                _ => wrong.did_you_mean(suggest(name, FIELDS)).note(note),
            },
            _ => wrong.note(note),
        })
    }
}
