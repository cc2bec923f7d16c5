//! Bytes to values and back: IP, TCP and the ICMP errors that quote TCP.
//!
//! Contract: nothing here panics, whatever the bytes; a packet is either understood whole, checksums
//! included, or refused with a [`DropReason`]. No code is shared with the harness that judges this stack.

mod checksum;
mod emit;
mod icmp;
mod ip;
mod ip_options;
mod options;
mod tcp;

#[cfg(test)]
mod tests;

pub(crate) use emit::{emit, set_push};
pub(crate) use icmp::{IcmpError, IcmpKind};
pub(crate) use ip_options::CompletedRoute;
pub(crate) use options::{
    AccEcnOption, Cookie, FastOpenOption, MAX_SACK_BLOCKS, SackBlocks, TcpOptions, TimestampsOption,
};

use core::net::Ipv4Addr;

use crate::DropReason;
use crate::segment::Segment;
use ip::Datagram;

/// What a packet turned out to be.
#[derive(Debug)]
pub(crate) enum Inbound<'p, 'a> {
    /// A TCP segment.
    Segment(&'p mut Segment<'a>),
    /// An ICMP error about a segment of ours.
    Error(IcmpError),
}

/// What the parser has to know about its surroundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leniency {
    /// Do not look at the TCP checksum; only a planted bug asks for that.
    pub(crate) ignore_tcp_checksum: bool,
    /// Take packets that came by an IP source route.
    pub(crate) take_source_routes: bool,
}

/// Reads one IP packet.
///
/// A segment is put together in `place` and stays there: whoever moves it has to wait for what was just written.
#[inline]
pub(crate) fn parse<'p, 'a>(
    packet: &'a [u8],
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<Inbound<'p, 'a>, DropReason> {
    match packet.first().map(|first| first >> 4) {
        None => Err(DropReason::Truncated),
        Some(4) => parse_v4(packet, leniency, place),
        Some(6) => parse_v6(packet, leniency, place),
        Some(_) => Err(DropReason::UnknownIpVersion),
    }
}

#[inline]
fn parse_v4<'p, 'a>(
    packet: &'a [u8],
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<Inbound<'p, 'a>, DropReason> {
    let datagram = ip::parse_v4(packet)?;
    if !datagram.options.is_empty() {
        return parse_with_options(&datagram, leniency, place);
    }
    read_v4(&datagram, leniency, place)
}

#[inline]
fn read_v4<'p, 'a>(
    datagram: &Datagram<'a, Ipv4Addr>,
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<Inbound<'p, 'a>, DropReason> {
    match datagram.protocol {
        ip::TCP => tcp::parse(datagram, leniency, place).map(Inbound::Segment),
        ip::ICMP => icmp::parse_v4(datagram).map(Inbound::Error),
        _ => Err(DropReason::NotTcp),
    }
}

/// A segment with options of IP: the source route that brought it goes with it. Apart, as IPv6 is.
#[cold]
#[inline(never)]
fn parse_with_options<'p, 'a>(
    datagram: &Datagram<'a, Ipv4Addr>,
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<Inbound<'p, 'a>, DropReason> {
    let route = ip::completed_route(datagram.options, leniency)?;
    let mut inbound = read_v4(datagram, leniency, place)?;
    if let Inbound::Segment(segment) = &mut inbound {
        segment.route = route;
    }
    Ok(inbound)
}

/// Apart from the other, so that its code is not in the way of who talks by IPv4.
#[inline(never)]
fn parse_v6<'p, 'a>(
    packet: &'a [u8],
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<Inbound<'p, 'a>, DropReason> {
    let datagram = ip::parse_v6(packet)?;
    match datagram.protocol {
        ip::TCP => tcp::parse(&datagram, leniency, place).map(Inbound::Segment),
        ip::ICMPV6 => icmp::parse_v6(&datagram).map(Inbound::Error),
        _ => Err(DropReason::NotTcp),
    }
}

/// The big-endian 16-bit number at `at`, if the bytes reach that far.
pub(crate) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let field: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_be_bytes(field))
}

/// The big-endian 32-bit number at `at`, if the bytes reach that far.
pub(crate) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let field: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(field))
}

/// The checksum of these bytes, for tests that build packets by hand.
#[cfg(test)]
pub(crate) fn checksum_of(bytes: &[u8]) -> u16 {
    checksum::Sum::default().add(bytes).finish()
}
