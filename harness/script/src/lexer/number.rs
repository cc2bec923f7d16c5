//! Numbers, words and addresses: the tokens for which the longest match matters.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::TokenKind;

/// No textual IPv6 address is longer.
const LONGEST_ADDRESS: usize = 45;

/// The length of the name in `--name`, 0 when `rest` begins otherwise.
pub(super) fn option_name(rest: &str) -> usize {
    rest.strip_prefix("--").map_or(0, word)
}

/// The token at the beginning of `rest`, with its length in bytes; `None` when it is a lone character.
pub(super) fn scan(rest: &str) -> Option<(TokenKind, usize)> {
    if let Some(length) = ipv6(rest) {
        return Some((TokenKind::Ipv6, length));
    }
    if let Some(length) = ipv4(rest) {
        return Some((TokenKind::Ipv4, length));
    }
    let sign = usize::from(rest.starts_with('-'));
    let unsigned = &rest[sign..];
    let whole = digits(unsigned);
    let fraction = unsigned[whole..].strip_prefix('.').map_or(0, digits);
    let number = if fraction > 0 {
        Some((TokenKind::Decimal, sign + whole + 1 + fraction))
    } else if whole > 0 {
        Some((TokenKind::Integer, sign + whole))
    } else {
        None
    };
    let letters = word(rest);
    match number {
        Some((_, length)) if letters <= length => number,
        _ if letters > 0 => {
            let hex = rest[..letters].strip_prefix("0x");
            let is_hex =
                hex.is_some_and(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_hexdigit()));
            let kind = if is_hex {
                TokenKind::Hex
            } else {
                TokenKind::Word
            };
            Some((kind, letters))
        }
        other => other,
    }
}

fn prefix(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    bytes.iter().take_while(|byte| belongs(**byte)).count()
}

fn digits(text: &str) -> usize {
    prefix(text, |byte| byte.is_ascii_digit())
}

fn word(text: &str) -> usize {
    prefix(text, |byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn ipv4(rest: &str) -> Option<usize> {
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let head = &rest.as_bytes()[..rest.len().min(LONGEST_ADDRESS)];
    let length = head
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    let text = &rest[..length];
    text.parse::<Ipv4Addr>().is_ok().then_some(length)
}

/// An address must hold `::` or all of its eight groups, so that `1:1001` stays a range of sequence numbers.
fn ipv6(rest: &str) -> Option<usize> {
    let belongs = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    if !rest
        .bytes()
        .next()
        .is_some_and(|first| first == b':' || first.is_ascii_hexdigit())
    {
        return None;
    }
    // One more than the longest, for the colon that ends an encapsulation.
    let head = &rest.as_bytes()[..rest.len().min(LONGEST_ADDRESS + 1)];
    let run = head.iter().take_while(|byte| belongs(**byte)).count();
    let text = &rest[..run];
    if !text.contains("::") && text.bytes().filter(|byte| *byte == b':').count() < 7 {
        return None;
    }
    (2..=run)
        .rev()
        .take(2)
        .find(|length| text[..*length].parse::<Ipv6Addr>().is_ok())
}
