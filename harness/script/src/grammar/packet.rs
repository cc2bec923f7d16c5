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
        if !self.at_symbol('(') {
            let wrong = *self.expected("`(` and the payload's length after `udp`");
            return Err(Box::new(wrong.help(
                "the form is `udp (1000)`, or with ports `udp 53 > 53 (1000)`",
            )));
        }
        let open = self.bump().span;
        let (length, _) = self.u16("the payload's length")?;
        self.close(')', "after the payload's length", open)?;
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
        if self.kind() == TokenKind::Word {
            let wrong = *self.expected("a destination port");
            return Err(Box::new(
                wrong.help("both ports are written, `8080 > 80`, or none"),
            ));
        }
        let (destination, _) = self.u16("a destination port")?;
        Ok(Some((source, destination)))
    }
}
