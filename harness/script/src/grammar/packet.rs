//! A packet: direction, outer headers, fields of the IP header, and what it carries.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::tree::{Action, Direction, EcnSpec, Encapsulation, PacketBody, PacketSpec, UdpSpec};

impl Parser<'_> {
    /// Behind the time, at `<` or `>`.
    pub(super) fn packet(&mut self, direction: Direction) -> Parsed<Action> {
        let start = self.bump().span;
        let mut encapsulations = Vec::new();
        while let Some(header) = self.encapsulation()? {
            encapsulations.push(header);
        }
        let early_quote = self.early_quote()?;
        let ip_span = self.token().span;
        let ip = self.ip_fields()?;
        let ip_span = ip_span.to(self.previous());
        if ip.ecn == Some(EcnSpec::Ect01) && direction == Direction::Inbound {
            self.diagnostics.push(
                Diagnostic::error(ip_span, "expected one ECN codepoint, found `ect01`")
                    .label("which of the two should be injected?")
                    .help("write `ect0` or `ect1`; `ect01` is for packets that the stack sends"),
            );
        }
        if ip.wrong_checksum && direction == Direction::Outbound {
            self.diagnostics.push(
                Diagnostic::error(
                    ip_span,
                    "a wrong checksum can be injected, but not expected",
                )
                .note("the checksum of every segment that the stack sends is checked"),
            );
        }
        if let Some(index) = self.psp()? {
            encapsulations.push(Encapsulation::Psp(index));
        }
        let body = if self.at_word("icmp") {
            PacketBody::Icmp(self.icmp(early_quote)?)
        } else if early_quote.is_some() {
            return Err(self.expected("`icmp` after the quoted packet"));
        } else if self.at_word("udp") {
            if ip.ecn.is_some() {
                self.diagnostics.push(
                    Diagnostic::error(ip_span, "ECN is for TCP segments, not for UDP datagrams")
                        .help("state the whole field: `[tos 0x2]`"),
                );
            }
            PacketBody::Udp(self.udp()?)
        } else {
            PacketBody::Tcp(self.segment(direction)?)
        };
        self.check_end(&body)?;
        Ok(Action::Packet(PacketSpec {
            span: start.to(self.previous()),
            direction,
            encapsulations,
            ip,
            body,
        }))
    }

    fn udp(&mut self) -> Parsed<UdpSpec> {
        self.bump();
        let ports = self.ports()?;
        self.expect_symbol('(', "and the payload's length after `udp`")?;
        let (length, _) = self.u16("the payload's length")?;
        self.expect_symbol(')', "after the payload's length")?;
        Ok(UdpSpec {
            ports,
            length: length.into(),
        })
    }

    /// `1234 > 80`, where it stands.
    pub(super) fn ports(&mut self) -> Parsed<Option<(u16, u16)>> {
        if self.kind() != TokenKind::Integer || self.peek(1).kind != TokenKind::Symbol('>') {
            return Ok(None);
        }
        let (source, _) = self.u16("a source port")?;
        self.bump();
        let (destination, _) = self.u16("a destination port")?;
        Ok(Some((source, destination)))
    }

    /// What cannot stand behind a packet on its line, with what was meant.
    fn check_end(&self, body: &PacketBody) -> Parsed<()> {
        let token = self.token();
        if token.starts_line || token.kind == TokenKind::End {
            return Ok(());
        }
        let is_time = matches!(
            token.kind,
            TokenKind::Symbol('+' | '*') | TokenKind::Decimal | TokenKind::Integer
        );
        if is_time {
            return Ok(());
        }
        let wrong = *self.expected("the end of the line");
        let word = token.text.as_ref();
        let order = "the order is `seq:end(length)`, `ack`, `win`, `urg`, `<options>`";
        let wrong = match (body, word) {
            (PacketBody::Tcp(_), "ack" | "win" | "urg") => wrong.help(order),
            (PacketBody::Tcp(segment), _) if token.kind == TokenKind::Word => {
                let mut next = vec!["ack", "win", "urg"];
                if segment.ack.is_some() {
                    next.remove(0);
                }
                match crate::symbols::suggest(word, next) {
                    Some(known) => wrong.did_you_mean(Some(known)),
                    None => wrong.note(order),
                }
            }
            (PacketBody::Tcp(_), _) => wrong.note(order),
            _ => wrong,
        };
        Err(Box::new(wrong))
    }
}
