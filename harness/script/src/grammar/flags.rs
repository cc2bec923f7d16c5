//! The flags of a TCP segment: `S.`, `P.`, `.`, `SEWA`, `.5` (an ACK with the ACE field), `-` (none).

use halfopen_wire::Flags;

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;

const FLAGS_NOTE: &str = "the flags are S (SYN), F (FIN), R (RST), P (PSH), U (URG), E (ECE), W (CWR), A (AE) and `.` (ACK), so that a SYN with an ACK is `S.`; `-` is none";

const PACKET_NOTE: &str = "a packet is `flags seq:end(length) ack N win N <options>`, `udp (length)` or `icmp type code`, perhaps behind an outer header (`ipv4`, `ipv6`, `gre`, `mpls`)";

const PORTS_HELP: &str = "ports are written `8080 > 80`, the source first, in front of the flags";

/// How others name single flags.
const NAMES: [(&str, &str); 13] = [
    ("ACK", "."),
    ("CWR", "W"),
    ("DATA", "P."),
    ("ECE", "E"),
    ("FIN", "F"),
    ("FINACK", "F."),
    ("PSH", "P"),
    ("PUSH", "P"),
    ("RESET", "R"),
    ("RST", "R"),
    ("SYN", "S"),
    ("SYNACK", "S."),
    ("URG", "U"),
];

impl Parser<'_> {
    pub(super) fn flags(&mut self) -> Parsed<(u16, Span)> {
        let start = self.token().span;
        let first = self.at;
        match self.kind() {
            TokenKind::Symbol('-' | '.') | TokenKind::Decimal => {
                self.bump();
            }
            TokenKind::Word => {
                self.bump();
                let more = matches!(self.kind(), TokenKind::Symbol('.') | TokenKind::Decimal);
                if more && !self.token().starts_line {
                    self.bump();
                }
            }
            _ => return Err(self.no_flags()),
        }
        let span = start.to(self.previous());
        if self.flags_go_on() {
            return Err(self.wrong_run(start));
        }
        let text: String = self.tokens[first..self.at]
            .iter()
            .map(|token| token.text.as_ref())
            .collect();
        if text == "-" {
            return Ok((0, span));
        }
        let flags = self.flag_bits(&text, span)?;
        Ok((flags, span))
    }

    /// Whether something touches the flags that is no beginning of a sequence number.
    fn flags_go_on(&self) -> bool {
        let touches = self.previous().end == self.token().span.start;
        touches
            && matches!(
                self.kind(),
                TokenKind::Word
                    | TokenKind::Symbol('.' | '+' | '-' | '|' | ',' | '/' | '&')
                    | TokenKind::Decimal
            )
    }

    /// Flags with more than letters and a dot at their end: `S+.`, `.S`, `SYN|ACK`.
    fn wrong_run(&self, start: Span) -> Box<Diagnostic> {
        let rest = &self.source[start.start..];
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let span = Span::new(start.start, start.start + length);
        let text = span.text(self.source);
        let wrong = Diagnostic::error(span, format!("expected TCP flags, found {}", quote(text)));
        Box::new(match intended(text) {
            Some(flags) if text.contains('.') && !text.contains(['+', '|', ',', '/', '&']) => wrong
                .label("the dot, once, stands last")
                .help(format!("did you mean `{flags}`?")),
            Some(flags) => wrong
                .help(format!("did you mean `{flags}`?"))
                .note(FLAGS_NOTE),
            None if text.starts_with(|c: char| c.is_ascii_digit()) => wrong.help(ADDRESS_HELP),
            None => wrong.note(FLAGS_NOTE),
        })
    }

    fn no_flags(&self) -> Box<Diagnostic> {
        let wrong = *self.expected("TCP flags");
        let next = self.peek(1).kind;
        let is_range =
            next == TokenKind::Symbol(':') && self.peek(3).kind == TokenKind::Symbol('(');
        Box::new(match self.kind() {
            TokenKind::Integer if is_range => wrong.help(
                "`.` is an ACK, `S`, `F`, `R`, `P` are SYN, FIN, RST, PSH, and `-` is none at all",
            ),
            TokenKind::Integer
                if matches!(
                    next,
                    TokenKind::Symbol(':') | TokenKind::Arrow | TokenKind::Word | TokenKind::Symbol('.')
                ) =>
            {
                wrong.help(PORTS_HELP)
            }
            TokenKind::Symbol('<' | '>') => {
                wrong.help("`<` is a packet injected, `>` one that the stack sends; one of them stands here, once")
            }
            TokenKind::Symbol('{') => {
                wrong.help("fields of the IP header stand in brackets: `[ect0]`")
            }
            TokenKind::Hex | TokenKind::Text => wrong.note(FLAGS_NOTE),
            TokenKind::Ipv4 | TokenKind::Ipv6 => wrong.help(ADDRESS_HELP),
            _ => wrong.note(PACKET_NOTE),
        })
    }

    fn flag_bits(&mut self, text: &str, span: Span) -> Parsed<u16> {
        let mut flags = Flags::NONE;
        let mut ace = None;
        for letter in text.chars() {
            flags = flags.union(match letter {
                'F' => Flags::FIN,
                'S' => Flags::SYN,
                'R' => Flags::RST,
                'P' => Flags::PSH,
                '.' => Flags::ACK,
                'U' => Flags::URG,
                'E' => Flags::ECE,
                'W' => Flags::CWR,
                'A' => Flags::AE,
                '0'..='7' if ace.is_none() => {
                    ace = letter.to_digit(8);
                    Flags::NONE
                }
                _ => return Err(Box::new(self.wrong_flag(text, letter, span))),
            });
        }
        let ecn = Flags::ECE.union(Flags::CWR).union(Flags::AE);
        if let Some(count) = ace {
            if flags.intersects(ecn) {
                self.diagnostics.push(
                    Diagnostic::error(span, "both letters and a number for the ACE field")
                        .label("`E`, `W` and `A` are the bits of that number")
                        .help("write either `.5` or `AE.`"),
                );
            }
            // RFC 9768 section 3.2.2: AE is the highest bit, ECE the lowest.
            for (bit, flag) in [(1, Flags::ECE), (2, Flags::CWR), (4, Flags::AE)] {
                if count & bit != 0 {
                    flags = flags.union(flag);
                }
            }
        } else if flags.contains(Flags::AE)
            && !flags.intersects(Flags::ECE.union(Flags::CWR).union(Flags::ACK))
        {
            let acked = format!("{}.", text.replace('A', ""));
            self.diagnostics.push(
                Diagnostic::warning(span, "`A` is the flag AE of accurate ECN, not ACK")
                    .help(format!("ACK is a dot: `{acked}`")),
            );
        }
        Ok(flags.bits())
    }

    fn wrong_flag(&self, text: &str, letter: char, span: Span) -> Diagnostic {
        let wrong = Diagnostic::error(span, format!("expected TCP flags, found {}", quote(text)));
        let word = text.trim_end_matches('.');
        if super::ip::is_field(word) {
            return wrong.help(format!(
                "fields of the IP header stand in brackets: `[{word}]`"
            ));
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) && text.len() > 2 {
            return wrong.help(ADDRESS_HELP);
        }
        match word {
            "tcp" | "TCP" => {
                return wrong.help("a TCP segment is not named: it begins with its flags");
            }
            "Flags" | "flags" => {
                return wrong
                    .help("flags stand alone, as in `S. 0:0(0) ack 1 win 65535`")
                    .note(FLAGS_NOTE);
            }
            "ip" | "IP" => {
                return wrong
                    .help("an outer header is `ipv4 …:` or `ipv6 …:`")
                    .help(ADDRESS_HELP);
            }
            "psp" | "PSP" => return wrong.help("the form is `encap psp spi 7`"),
            _ => {}
        }
        if let Some(flags) = intended(text) {
            return wrong.did_you_mean(Some(&flags)).note(FLAGS_NOTE);
        }
        if self.at_symbol('>') {
            return wrong.help("a port is a number").help(PORTS_HELP);
        }
        let protocols = ["icmp", "udp", "ipv4", "ipv6", "gre", "mpls", "encap"];
        let meant = crate::symbols::suggest(text, protocols).filter(|_| text.len() > 2);
        let is_word = text.len() > 2 && text.chars().all(|c| c.is_ascii_lowercase());
        match meant {
            Some(protocol) => wrong.did_you_mean(Some(protocol)),
            None if is_word => wrong.note(PACKET_NOTE),
            None => wrong
                .label(format!("`{letter}` is no flag"))
                .note(FLAGS_NOTE),
        }
    }
}

const ADDRESS_HELP: &str =
    "a packet's own addresses are not written; the options `--local_ip` and `--remote_ip` say them";

/// The flags that were meant by names (`SYN|ACK`), by small letters, or by letters in disorder.
pub(super) fn intended(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let is_mark = |c: char| matches!(c, '+' | '-' | '|' | ',' | '/' | '&');
    let mut letters = String::new();
    for piece in upper.split(is_mark).filter(|piece| !piece.is_empty()) {
        let named = NAMES.iter().find(|(name, _)| *name == piece);
        match named {
            Some((_, flags)) => letters.push_str(flags),
            None if piece.chars().all(|c| "SFRP.UEWA".contains(c)) => letters.push_str(piece),
            None => return None,
        }
    }
    let mut flags: String = "SFRPUEWA"
        .chars()
        .filter(|flag| letters.contains(*flag))
        .collect();
    if letters.contains('.') {
        flags.push('.');
    }
    (!flags.is_empty()).then_some(flags)
}
