//! A TCP segment: `1234 > 80 P. 1:1001(1000) ack 1 win 65535 urg 0 <options>`.

use halfopen_wire::Flags;

use super::cursor::{define_help, is_constant};
use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::tree::{Direction, OptionsSpec, SegmentSpec};

const RANGE_HELP: &str =
    "the form is `seq:end(length)`, as in `1:1001(1000)`, or `1:1(0)` without payload";

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
        // Whatever else stands there is told first: it may be a window in disguise.
        let is_whole = self.at_line_end() || self.begins_timed_event();
        if window.is_none() && direction == Direction::Inbound && is_whole {
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

    /// `1:1001(1000)`.
    pub(super) fn seq_range(&mut self, flags: u16) -> Parsed<Range> {
        if !matches!(self.kind(), TokenKind::Integer) {
            return Err(self.no_range());
        }
        let findings = self.diagnostics.len();
        let (seq, start) = self.u32("sequence numbers, `seq:end(length)`")?;
        if !self.at_symbol(':') {
            let wrong = *self.expected("`:` and the end of the sequence range");
            return Err(Box::new(match self.kind() {
                TokenKind::Symbol('>') => {
                    wrong.help("ports stand in front of the flags: `8080 > 80 S 0:0(0)`")
                }
                _ => wrong.help(RANGE_HELP),
            }));
        }
        self.bump();
        let (seq_end, end_span) = self.u32("the end of the sequence range")?;
        if !self.at_symbol('(') {
            return Err(Box::new(
                (*self.expected("`(` and the payload's length")).help(RANGE_HELP),
            ));
        }
        let open = self.bump().span;
        if self.at_symbol(')') {
            return Err(Box::new(
                (*self.expected("the payload's length")).help("no payload is `(0)`"),
            ));
        }
        let (length, length_span) = self.u16("the payload's length")?;
        self.close(')', "after the payload's length", open)?;
        let length = u32::from(length);
        let numbers = start.to(end_span);
        // A number out of range has been reported, and fits nothing.
        if seq.wrapping_add(length) != seq_end && self.diagnostics.len() == findings {
            self.wrong_length(seq, seq_end, length, numbers, length_span, flags);
        }
        Ok(Range {
            seq,
            seq_end,
            length,
            span: start.to(self.previous()),
        })
    }

    fn no_range(&self) -> Box<Diagnostic> {
        let wrong = *self.expected("sequence numbers, `seq:end(length)`");
        let token = self.token();
        let are_flags = |token: &Token<'_>| {
            token.kind == TokenKind::Word && token.text.chars().all(|c| "SFRPUEWA".contains(c))
        };
        Box::new(match token.kind {
            TokenKind::Word if are_flags(token) && self.previous().text(self.source) == "-" => {
                wrong.help("`-` is no flag at all; the direction is `<` or `>` alone")
            }
            TokenKind::Word if are_flags(token) => {
                wrong.help("flags stand together, without a blank: `FP.`")
            }
            TokenKind::Word if token.text == "seq" => {
                wrong.help("the numbers stand without a word: `1:1001(1000)`")
            }
            TokenKind::Word if is_constant(&token.text) => wrong.help(define_help(&token.text)),
            TokenKind::Hex => wrong.help("packetdrill takes only decimal numbers here"),
            TokenKind::Symbol('[') => wrong
                .help("fields of the IP header stand in front of the flags: `> [ect0] . 1:1(0)`"),
            _ => wrong.help(RANGE_HELP),
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
        if seq_end < seq && held > u32::from(u16::MAX) {
            self.diagnostics.push(
                Diagnostic::error(numbers, "this range of sequence numbers is backwards")
                    .help(format!("write `{seq}:{end}({length})`")),
            );
            return;
        }
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
        let list = self.tcp_option_list(start)?;
        let span = start.to(self.previous());
        self.check_option_space(&list, span);
        Ok(OptionsSpec::List(list, span))
    }
}
