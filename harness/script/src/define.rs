//! Symbols that stand for other text: `--define=NAME=value`, and what the runners of existing suites define.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::lexer::{Token, TokenKind};

/// Names with the text that they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    values: BTreeMap<String, String>,
}

/// Fast Open cookies that Linux makes for the addresses of the suites: with the suites' key, and with a zero key.
const IPV4_COOKIES: [&str; 2] = ["3021b9d889017eeb", "b7c12350a90dc8f5"];
const IPV6_COOKIES: [&str; 2] = ["c1d1e9742a47a9bc", "82af1a8f9a205c34"];

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
