//! Symbols that stand for other text: `--define=NAME=value`, and what the runners of existing suites define.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::lexer::{Token, TokenKind, quote};

/// Names with the text that they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    values: BTreeMap<String, String>,
}

/// Fast Open cookies that Linux makes for the addresses of the suites: with the suites' key, and with a zero key.
const IPV4_COOKIES: [&str; 2] = ["3021b9d889017eeb", "b7c12350a90dc8f5"];
const IPV6_COOKIES: [&str; 2] = ["c1d1e9742a47a9bc", "82af1a8f9a205c34"];

/// Words that packetdrill's lexer takes before it looks for a definition: defining one has no effect there.
const RESERVED: [&str; 80] = [
    "ECN",
    "FO",
    "FOEXP",
    "Flags",
    "GREv0",
    "TS",
    "ack",
    "ce",
    "ceb",
    "checksum",
    "cmsg_data",
    "cmsg_level",
    "cmsg_type",
    "e0b",
    "e1b",
    "ecr",
    "ect0",
    "ect01",
    "ect1",
    "ee_code",
    "ee_data",
    "ee_errno",
    "ee_info",
    "ee_origin",
    "ee_type",
    "encap",
    "eol",
    "events",
    "fd",
    "flags",
    "flowlabel",
    "gre",
    "htons",
    "icmp",
    "id",
    "inet6_addr",
    "inet_addr",
    "ipv4",
    "ipv6",
    "key",
    "label",
    "linger",
    "md5",
    "mpls",
    "msg_control",
    "msg_flags",
    "msg_iov",
    "msg_name",
    "mss",
    "mtu",
    "noecn",
    "none",
    "nop",
    "off",
    "onoff",
    "present",
    "psp",
    "ptr",
    "raw",
    "revents",
    "sa_family",
    "sack",
    "sackOK",
    "scm_nsec",
    "scm_sec",
    "seq",
    "sin_addr",
    "sin_port",
    "spi",
    "sum",
    "tc",
    "tos",
    "ttl",
    "u32",
    "u64",
    "udp",
    "urg",
    "val",
    "win",
    "wscale",
];

impl Definitions {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// What packetdrill's suites expect to be defined when they run over IPv4.
    pub fn ipv4() -> Self {
        Self::customary(IPV4_COOKIES, "host_unreachable", "SOL_IP", "IP_RECVERR")
    }

    /// What packetdrill's suites expect to be defined when they run over IPv6.
    pub fn ipv6() -> Self {
        Self::customary(
            IPV6_COOKIES,
            "address_unreachable",
            "SOL_IPV6",
            "IPV6_RECVERR",
        )
    }

    /// What packetdrill's suites expect to be defined when IPv6 sockets talk over IPv4.
    pub fn mapped() -> Self {
        Self::customary(IPV4_COOKIES, "host_unreachable", "SOL_IPV6", "IPV6_RECVERR")
    }

    fn customary(cookies: [&str; 2], code: &str, level: &str, error: &str) -> Self {
        let mut definitions = Self::default();
        definitions.set("TFO_COOKIE", cookies[0]);
        definitions.set("TFO_COOKIE_ZERO", cookies[1]);
        definitions.set("CODE", code);
        definitions.set("CMSG_LEVEL_IP", level);
        definitions.set("CMSG_TYPE_RECVERR", error);
        definitions
    }

    /// Makes `name` stand for `value`: a number, a word, a string in quotes or a command in backticks.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// What `name` stands for.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether the script `source` reads the same with these definitions as with `other`.
    ///
    /// True for sure where it says so; a text that merely mentions a name that differs, in a comment say, counts as
    /// reading otherwise.
    pub fn reads_alike(&self, other: &Self, source: &str) -> bool {
        let names = self.values.keys().chain(other.values.keys());
        names
            .filter(|name| self.value(name) != other.value(name))
            .all(|name| !source.contains(name.as_str()))
    }

    /// Puts the values in place of the names, in all words of `tokens`.
    pub(crate) fn apply(&self, tokens: &mut [Token<'_>]) {
        if self.values.is_empty() {
            return;
        }
        for token in tokens.iter_mut() {
            if token.kind != TokenKind::Word {
                continue;
            }
            if let Some(value) = self.value(&token.text) {
                let (kind, text) = classify(value);
                token.kind = kind;
                token.text = Cow::Owned(text.to_owned());
            }
        }
    }
}

/// Name and value of `NAME=value`, as `-D` on a command line and `--define` in a script take it.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn split_definition(text: &str) -> Result<(&str, &str), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(format!("expected NAME=VALUE, found {}", quote(text)));
    };
    if !is_word(name) {
        return Err(format!(
            "expected a name of letters, digits and `_`, found {}",
            quote(name)
        ));
    }
    if RESERVED.contains(&name) {
        return Err(format!(
            "`{name}` is a word of the language and cannot stand for anything else"
        ));
    }
    if !is_one_token(value) {
        return Err(format!(
            "expected a word, a number, a string in double quotes or a command in backticks as the value of `{name}`, found {}",
            if value.is_empty() {
                "nothing".to_owned()
            } else {
                quote(value)
            }
        ));
    }
    Ok((name, value))
}

fn is_word(text: &str) -> bool {
    let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(belongs)
}

/// What a symbol can stand for: a word, a number, a string or a command.
fn is_one_token(value: &str) -> bool {
    for mark in ['"', '`'] {
        if let Some(rest) = value.strip_prefix(mark) {
            return rest
                .strip_suffix(mark)
                .is_some_and(|inner| !inner.contains(mark));
        }
    }
    is_word(value.strip_prefix('-').unwrap_or(value))
}

/// As which token a value is read.
fn classify(value: &str) -> (TokenKind, &str) {
    let inside = |mark: char| value.strip_prefix(mark).and_then(|v| v.strip_suffix(mark));
    if let Some(text) = inside('"') {
        return (TokenKind::Text, text);
    }
    if let Some(text) = inside('`') {
        return (TokenKind::Command, text);
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return (TokenKind::Integer, value);
    }
    match value.strip_prefix("0x") {
        Some(hex) if !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            (TokenKind::Hex, value)
        }
        _ => (TokenKind::Word, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_alike_what_names_no_symbol_of_theirs() {
        let (v4, v6) = (Definitions::ipv4(), Definitions::ipv6());
        assert!(v4.reads_alike(&v6, "+0 close(3) = 0"));
        assert!(!v4.reads_alike(&v6, "+0 > S 0:0(0) <FO TFO_COOKIE>"));
        assert!(v4.reads_alike(&Definitions::mapped(), "+0 > S 0:0(0) <FO TFO_COOKIE>"));
    }

    #[test]
    fn a_definition_has_a_name_and_one_token() {
        assert_eq!(split_definition("MSS=1460"), Ok(("MSS", "1460")));
        assert_eq!(split_definition("CC=\"reno\""), Ok(("CC", "\"reno\"")));
        for wrong in ["MSS", "=1", "MSS=", "M-S=1", "MSS=1 2", "mss=1460", "A=\"b"] {
            assert!(split_definition(wrong).is_err(), "{wrong}");
        }
    }
}
