//! A TCP segment: `1234 > 80 P. 1:1001(1000) ack 1 win 65535 urg 0 <options>`.

use halfopen_wire::Flags;

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{TokenKind, quote};
use crate::span::Span;
use crate::tree::{Direction, OptionsSpec, SegmentSpec};

/// `seq:end(length)`.
pub(super) struct Range {
    pub(super) seq: u32,
    pub(super) seq_end: u32,
    pub(super) length: u32,
    pub(super) span: Span,
}

impl Parser<'_> {
    pub(super) fn segment(&mut self, direction: Direction) -> Parsed<SegmentSpec> {
        let ports = self.ports()?;
        let (flags, flags_span) = self.flags()?;
        let range = self.seq_range(flags)?;
        let ack = match self.eat_word("ack") {
            true => Some(self.u32("an acknowledgment number after `ack`")?),
            false => None,
        };
        let window = match self.eat_word("win") {
            true => Some(self.u16("a window after `win`")?),
            false => None,
        };
        let urgent = match self.eat_word("urg") {
            true => Some(self.u16("an urgent pointer after `urg`")?),
            false => None,
        };
        let options = self.tcp_options(direction)?;
        let misplaced = self.at_word("win") || self.at_word("ack");
        if window.is_none() && direction == Direction::Inbound && !misplaced {
            let place = ack.map_or(range.span, |(_, span)| span).after();
            self.diagnostics.push(
                Diagnostic::error(
                    place,
                    "expected `win` and the window of the injected segment",
                )
                .label("no window is stated")
                .help("write `win 65535`"),
            );
        }
        Ok(SegmentSpec {
            ports,
            flags,
            flags_span,
            seq: range.seq,
            seq_end: range.seq_end,
            length: range.length,
            seq_span: range.span,
            ack,
            window,
            urgent,
            options,
        })
    }

    /// `S.`, `P.`, `.`, `SEWA`, `.5` (an ACK with the ACE field), `-` (none).
    fn flags(&mut self) -> Parsed<(u16, Span)> {
        let start = self.token().span;
        match self.kind() {
            TokenKind::Symbol('-') => {
                self.bump();
                return Ok((0, start));
            }
            TokenKind::Symbol('.') | TokenKind::Decimal => {
                self.bump();
            }
            TokenKind::Word => {
                self.bump();
                let more = matches!(self.kind(), TokenKind::Symbol('.') | TokenKind::Decimal);
                if more && !self.token().starts_line {
                    self.bump();
                }
            }
            _ => {
                let wrong = *self.expected("TCP flags");
                let at_range = self.peek(1).kind == TokenKind::Symbol(':');
                return Err(Box::new(if at_range {
                    wrong.help("`.` is an ACK, `S`, `F`, `R`, `P` are SYN, FIN, RST, PSH, and `-` is none at all")
                } else {
                    wrong.note("a packet is `flags seq:end(length) ack N win N <options>`, `udp (length)` or `icmp type code`")
                }));
            }
        }
        let span = start.to(self.previous());
        let text: String = span
            .text(self.source)
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let flags = self.flag_bits(&text, span)?;
        Ok((flags, span))
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
                _ => return Err(Box::new(wrong_flag(text, letter, span))),
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

    /// `1:1001(1000)`.
    pub(super) fn seq_range(&mut self, flags: u16) -> Parsed<Range> {
        const WHAT: &str = "sequence numbers, `seq:end(length)`";
        let (seq, start) = self.u32(WHAT)?;
        self.expect_symbol(':', "and the end of the sequence range")?;
        let (seq_end, end_span) = self.u32("the end of the sequence range")?;
        self.expect_symbol('(', "and the payload's length")?;
        let (length, length_span) = self.u16("the payload's length")?;
        self.expect_symbol(')', "after the payload's length")?;
        let length = u32::from(length);
        let numbers = start.to(end_span);
        if seq.wrapping_add(length) != seq_end {
            self.wrong_length(seq, seq_end, length, numbers, length_span, flags);
        }
        Ok(Range {
            seq,
            seq_end,
            length,
            span: start.to(self.previous()),
        })
    }

    fn wrong_length(
        &mut self,
        seq: u32,
        seq_end: u32,
        length: u32,
        numbers: Span,
        length_span: Span,
        flags: u16,
    ) {
        let held = seq_end.wrapping_sub(seq);
        let end = seq.wrapping_add(length);
        let mut wrong = Diagnostic::error(
            length_span,
            format!("expected the length {held}, found {length}"),
        )
        .label("the payload's length")
        .secondary(
            numbers,
            match held {
                1 => "holds 1 octet".to_owned(),
                _ => format!("holds {held} octets"),
            },
        );
        let counted = Flags::from_bits(flags).intersects(Flags::SYN.union(Flags::FIN));
        if counted && held == length.wrapping_add(1) {
            wrong =
                wrong.note("SYN and FIN are not counted here, though each takes a sequence number");
        }
        wrong = if held > u32::from(u16::MAX) {
            wrong.help(format!("write `{seq}:{end}({length})`"))
        } else {
            wrong.help(format!(
                "write `{seq}:{end}({length})` or `{seq}:{seq_end}({held})`"
            ))
        };
        self.diagnostics.push(wrong);
    }

    fn tcp_options(&mut self, direction: Direction) -> Parsed<OptionsSpec> {
        if !self.at_symbol('<') {
            return Ok(OptionsSpec::Absent);
        }
        let start = self.bump().span;
        if self.kind() == TokenKind::Ellipsis && self.peek(1).kind == TokenKind::Symbol('>') {
            self.bump();
            let span = start.to(self.bump().span);
            if direction == Direction::Inbound {
                self.diagnostics.push(
                    Diagnostic::error(span, "expected the options to inject, found `<...>`")
                        .label("only for packets that the stack sends")
                        .help("state the options, or leave the list out for none"),
                );
            }
            return Ok(OptionsSpec::Any(span));
        }
        let list = self.tcp_option_list()?;
        let span = start.to(self.previous());
        self.check_option_space(&list, span);
        Ok(OptionsSpec::List(list, span))
    }
}

fn wrong_flag(text: &str, letter: char, span: Span) -> Diagnostic {
    const NOTE: &str = "the flags are S (SYN), F (FIN), R (RST), P (PSH), `.` (ACK), U (URG), E (ECE), W (CWR), A (AE); `-` is none";
    let wrong = Diagnostic::error(span, format!("expected TCP flags, found {}", quote(text)))
        .label(format!("`{letter}` is no flag"));
    let upper = text.to_ascii_uppercase();
    let is_flags = upper.chars().all(|c| "SFRP.UEWA".contains(c));
    let protocols = ["icmp", "udp", "ipv4", "ipv6", "gre", "mpls", "encap"];
    if is_flags {
        return wrong.did_you_mean(Some(&upper));
    }
    match crate::symbols::suggest(text, protocols) {
        Some(protocol) if text.len() > 2 => wrong.did_you_mean(Some(protocol)),
        _ => wrong.note(NOTE),
    }
}
