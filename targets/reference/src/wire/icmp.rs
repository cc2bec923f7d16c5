//! ICMP and ICMPv6 errors that quote a TCP segment (RFC 792, RFC 4443).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::Sum;
use super::ip::{self, Datagram};
use super::ip_options::{self, Route};
use super::{be16, be32};
use crate::{DropReason, Endpoint, Seq, Unreachable};

/// An ICMP error about a segment that left from `local`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct IcmpError {
    /// The quoted source.
    pub(crate) local: Endpoint,
    /// The quoted destination.
    pub(crate) remote: Endpoint,
    /// The quoted sequence number.
    pub(crate) seq: Seq,
    /// The length of the quoted packet as its IP header says; ICMPv6 always tells the MTU, so that nobody asks.
    pub(crate) quoted_length: usize,
    /// What it says.
    pub(crate) kind: IcmpKind,
}

/// What an ICMP error means to TCP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IcmpKind {
    /// Fragmentation needed, or packet too big; with the next hop's MTU (0 when not given).
    PacketTooBig(u32),
    /// The destination is not reachable.
    Unreachable(Unreachable),
}

/// Reads an ICMPv4 message.
pub(super) fn parse_v4(datagram: &Datagram<'_, Ipv4Addr>) -> Result<IcmpError, DropReason> {
    let bytes = datagram.payload;
    if Sum::default().add(bytes).finish() != 0 {
        return Err(DropReason::BadIcmpChecksum);
    }
    let (kind, code) = kind_and_code(bytes)?;
    let kind = match (kind, code) {
        (3, 0 | 6 | 11) => IcmpKind::Unreachable(Unreachable::Network),
        (3, 1 | 7 | 8 | 12) => IcmpKind::Unreachable(Unreachable::Host),
        (3, 2) => IcmpKind::Unreachable(Unreachable::Protocol),
        (3, 3) => IcmpKind::Unreachable(Unreachable::Port),
        (3, 4) => IcmpKind::PacketTooBig(u32::from(be16(bytes, 6).unwrap_or(0))),
        (3, 5) => IcmpKind::Unreachable(Unreachable::SourceRoute),
        (3, 9 | 10 | 13..=15) => IcmpKind::Unreachable(Unreachable::AdministrativelyProhibited),
        (11, _) => IcmpKind::Unreachable(Unreachable::TimeExceeded),
        (12, _) => IcmpKind::Unreachable(Unreachable::ParameterProblem),
        // RFC 9293 MUST-55: Source Quench (4) is discarded, as is all that is no error.
        _ => return Err(DropReason::IcmpIgnored),
    };
    quoted_v4(bytes.get(8..).ok_or(DropReason::Truncated)?, kind)
}

/// Reads an ICMPv6 message.
pub(super) fn parse_v6(datagram: &Datagram<'_, Ipv6Addr>) -> Result<IcmpError, DropReason> {
    let bytes = datagram.payload;
    let sum = Sum::default()
        .add_pseudo_header(
            datagram.source.into(),
            datagram.destination.into(),
            ip::ICMPV6,
            bytes.len(),
        )
        .add(bytes);
    if sum.finish() != 0 {
        return Err(DropReason::BadIcmpChecksum);
    }
    let (kind, code) = kind_and_code(bytes)?;
    let kind = match (kind, code) {
        (1, 0) => IcmpKind::Unreachable(Unreachable::Network),
        (1, 1 | 5 | 6) => IcmpKind::Unreachable(Unreachable::AdministrativelyProhibited),
        (1, 4) => IcmpKind::Unreachable(Unreachable::Port),
        (1, _) => IcmpKind::Unreachable(Unreachable::Host),
        (2, _) => IcmpKind::PacketTooBig(be32(bytes, 4).ok_or(DropReason::Truncated)?),
        (3, _) => IcmpKind::Unreachable(Unreachable::TimeExceeded),
        // An unrecognised next header means that there is no TCP (RFC 9293 section 3.9.2.2).
        (4, 1) => IcmpKind::Unreachable(Unreachable::Protocol),
        (4, _) => IcmpKind::Unreachable(Unreachable::ParameterProblem),
        _ => return Err(DropReason::IcmpIgnored),
    };
    quoted_v6(bytes.get(8..).ok_or(DropReason::Truncated)?, kind)
}

fn kind_and_code(bytes: &[u8]) -> Result<(u8, u8), DropReason> {
    match bytes {
        [kind, code, ..] => Ok((*kind, *code)),
        _ => Err(DropReason::Truncated),
    }
}

fn quoted_v4(quote: &[u8], kind: IcmpKind) -> Result<IcmpError, DropReason> {
    if quote.first().map(|first| first >> 4) != Some(4) {
        return Err(DropReason::IcmpNotOurs);
    }
    let (header, total) = ip::v4_lengths(quote).ok_or(DropReason::IcmpNotOurs)?;
    if quote.get(9) != Some(&ip::TCP) {
        return Err(DropReason::IcmpIgnored);
    }
    let source = ip::v4_address(quote, 12).ok_or(DropReason::Truncated)?;
    let options = quote.get(20..header).unwrap_or_default();
    // On its way along a source route, what we sent names its final destination there (RFC 791 section 3.1).
    let destination = match ip_options::source_route(options) {
        Some(Route::GoesOn(end)) => end,
        _ => ip::v4_address(quote, 16).ok_or(DropReason::Truncated)?,
    };
    let tcp = quote.get(header..).ok_or(DropReason::Truncated)?;
    let (ports, seq) = quoted_tcp(tcp)?;
    Ok(IcmpError {
        local: Endpoint::new(source.into(), ports.0),
        remote: Endpoint::new(destination.into(), ports.1),
        seq,
        quoted_length: total,
        kind,
    })
}

fn quoted_v6(quote: &[u8], kind: IcmpKind) -> Result<IcmpError, DropReason> {
    if quote.first().map(|first| first >> 4) != Some(6) {
        return Err(DropReason::IcmpNotOurs);
    }
    let next = quote.get(6).copied().ok_or(DropReason::Truncated)?;
    let source = ip::v6_address(quote, 8).ok_or(DropReason::Truncated)?;
    let destination = ip::v6_address(quote, 24).ok_or(DropReason::Truncated)?;
    let (next, tcp) = ip::skip_extensions(next, quote.get(40..).ok_or(DropReason::Truncated)?)?;
    if next != ip::TCP {
        return Err(DropReason::IcmpIgnored);
    }
    let (ports, seq) = quoted_tcp(tcp)?;
    Ok(IcmpError {
        local: Endpoint::new(source.into(), ports.0),
        remote: Endpoint::new(destination.into(), ports.1),
        seq,
        quoted_length: 0,
        kind,
    })
}

fn quoted_tcp(tcp: &[u8]) -> Result<((u16, u16), Seq), DropReason> {
    match (be16(tcp, 0), be16(tcp, 2), be32(tcp, 4)) {
        (Some(source), Some(destination), Some(seq)) => Ok(((source, destination), Seq(seq))),
        _ => Err(DropReason::Truncated),
    }
}
