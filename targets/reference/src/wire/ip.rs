//! IPv4 and IPv6 headers, inbound.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::checksum::Sum;
use super::ip_options::{self, CompletedRoute, Route};
use super::{Leniency, be16};
use crate::DropReason;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const ICMPV6: u8 = 58;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;

/// An IP packet without its headers; `A` is an address of its version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a, A> {
    pub(super) source: A,
    pub(super) destination: A,
    pub(super) protocol: u8,
    /// Traffic class: the Diffserv and ECN fields.
    pub(super) class: u8,
    /// The options of an IPv4 header.
    pub(super) options: &'a [u8],
    pub(super) payload: &'a [u8],
}

/// The IPv4 header's length and the packet's, if they make sense together.
pub(super) fn v4_lengths(packet: &[u8]) -> Option<(usize, usize)> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(be16(packet, 2)?);
    (header >= 20 && total >= header).then_some((header, total))
}

/// The IPv4 address at `at`.
pub(super) fn v4_address(packet: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = packet.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(Ipv4Addr::from(octets))
}

/// The IPv6 address at `at`.
pub(super) fn v6_address(packet: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = packet.get(at..at.checked_add(16)?)?.try_into().ok()?;
    Some(Ipv6Addr::from(octets))
}

/// Reads an IPv4 header; bytes beyond the packet's own length (link padding) are left out.
#[inline]
pub(super) fn parse_v4(packet: &[u8]) -> Result<Datagram<'_, Ipv4Addr>, DropReason> {
    if packet.len() < 20 {
        return Err(DropReason::Truncated);
    }
    let (header, total) = v4_lengths(packet).ok_or(DropReason::BadIpHeader)?;
    let payload = packet.get(header..total).ok_or(DropReason::Truncated)?;
    let header = packet.get(..header).ok_or(DropReason::Truncated)?;
    if Sum::default().add(header).finish() != 0 {
        return Err(DropReason::BadIpChecksum);
    }
    let fragment = be16(packet, 6).ok_or(DropReason::Truncated)?;
    if fragment & 0x3fff != 0 {
        return Err(DropReason::Fragment);
    }
    Ok(Datagram {
        source: v4_address(packet, 12).ok_or(DropReason::Truncated)?,
        destination: v4_address(packet, 16).ok_or(DropReason::Truncated)?,
        class: packet.get(1).copied().ok_or(DropReason::Truncated)?,
        options: header.get(20..).unwrap_or_default(),
        protocol: packet.get(9).copied().ok_or(DropReason::Truncated)?,
        payload,
    })
}

/// The source route that ended here, if the packet came by one; options that are not understood are ignored (RFC 9293 MUST-50).
#[cold]
pub(super) fn completed_route(
    options: &[u8],
    leniency: Leniency,
) -> Result<Option<CompletedRoute<'_>>, DropReason> {
    match ip_options::source_route(options) {
        None => Ok(None),
        Some(_) if !leniency.take_source_routes => Err(DropReason::SourceRouted),
        // RFC 1122 section 3.3.5: it is to be forwarded, and this stack does not forward.
        Some(Route::GoesOn(_)) => Err(DropReason::NotForUs),
        Some(Route::Completed(route)) => Ok(Some(route)),
    }
}

/// Reads an IPv6 header and its extensions; bytes beyond the packet's own length are left out.
pub(super) fn parse_v6(packet: &[u8]) -> Result<Datagram<'_, Ipv6Addr>, DropReason> {
    if packet.len() < 40 {
        return Err(DropReason::Truncated);
    }
    let length = usize::from(be16(packet, 4).ok_or(DropReason::Truncated)?);
    let payload = packet.get(40..40 + length).ok_or(DropReason::Truncated)?;
    let next = packet.get(6).copied().ok_or(DropReason::Truncated)?;
    let (protocol, payload) = skip_extensions(next, payload)?;
    Ok(Datagram {
        source: v6_address(packet, 8).ok_or(DropReason::Truncated)?,
        destination: v6_address(packet, 24).ok_or(DropReason::Truncated)?,
        // Between version and flow label.
        class: be16(packet, 0).map_or(0, |first| (first >> 4) as u8),
        options: &[],
        protocol,
        payload,
    })
}

/// Walks the extension headers (RFC 8200 section 4); each is at least 8 octets, so that the walk ends.
pub(super) fn skip_extensions(mut next: u8, mut rest: &[u8]) -> Result<(u8, &[u8]), DropReason> {
    loop {
        let length = match next {
            HOP_BY_HOP | DESTINATION_OPTIONS | ROUTING => {
                let units = rest.get(1).copied().ok_or(DropReason::Truncated)?;
                if next == ROUTING && rest.get(3).copied() != Some(0) {
                    return Err(DropReason::BadIpHeader); // segments are left: we are not the last hop
                }
                (usize::from(units) + 1) * 8
            }
            FRAGMENT => {
                // A packet that is its own only fragment (RFC 6946) needs no reassembly.
                if be16(rest, 2).ok_or(DropReason::Truncated)? & 0xfff9 != 0 {
                    return Err(DropReason::Fragment);
                }
                8
            }
            _ => return Ok((next, rest)),
        };
        next = rest.first().copied().ok_or(DropReason::Truncated)?;
        rest = rest.get(length..).ok_or(DropReason::Truncated)?;
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAGMENT, HOP_BY_HOP, ROUTING, skip_extensions};
    use crate::DropReason;

    #[test]
    fn only_the_last_hop_of_a_route_takes_the_packet() {
        let header = |segments_left: u8| [6, 0, 0, segments_left, 0, 0, 0, 0, 0xaa];
        let taken = Ok((6, &[0xaa][..]));
        assert_eq!(skip_extensions(ROUTING, &header(0)), taken);
        let refused = Err(DropReason::BadIpHeader);
        assert_eq!(skip_extensions(ROUTING, &header(1)), refused);
        // In other headers that octet has another meaning.
        assert_eq!(skip_extensions(HOP_BY_HOP, &header(1)), taken);
    }

    #[test]
    fn only_a_packet_that_is_its_own_only_fragment_is_taken() {
        let header = |field: u8| [6, 0, 0, field, 0, 0, 0, 1, 0xaa];
        let taken = Ok((6, &[0xaa][..]));
        assert_eq!(skip_extensions(FRAGMENT, &header(0)), taken);
        // The reserved bits are ignored on receipt (RFC 8200 section 4.5).
        assert_eq!(skip_extensions(FRAGMENT, &header(0b110)), taken);
        let (more, offset) = (header(1), header(8));
        assert_eq!(skip_extensions(FRAGMENT, &more), Err(DropReason::Fragment));
        assert_eq!(
            skip_extensions(FRAGMENT, &offset),
            Err(DropReason::Fragment)
        );
    }
}
