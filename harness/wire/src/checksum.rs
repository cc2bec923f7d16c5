//! Internet checksums (RFC 1071) of headers and transports.

use pnet_packet::util;

use crate::{IpHeader, Packet, Transport, codec};

/// No word is skipped: no packet has this many.
const SKIP_NONE: usize = usize::MAX;

/// The one's complement sum of parts, each but the last of an even length.
///
/// pnet sums into 32 bits, which 128 KiB can overflow; hence the pieces.
pub(crate) fn sum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u32;
    for piece in parts.iter().flat_map(|part| part.chunks(0x8000)) {
        sum += u32::from(!util::checksum(piece, SKIP_NONE));
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

/// The pseudo-header that the checksum of a transport covers (RFC 9293 §3.1, RFC 8200 §8.1).
fn pseudo_header(ip: &IpHeader, protocol: u8, length: usize) -> Vec<u8> {
    // A length that no packet has is taken modulo 2^32, like its field.
    let length = (length as u32).to_be_bytes();
    let mut bytes = Vec::with_capacity(40);
    match ip {
        IpHeader::V4(ip) => {
            bytes.extend(ip.source.octets());
            bytes.extend(ip.final_destination().octets());
        }
        IpHeader::V6(ip) => {
            bytes.extend(ip.source.octets());
            bytes.extend(ip.destination.octets());
        }
    }
    // IPv4 has 16 bits of length and IPv6 has 32: the sums are the same.
    bytes.extend(length);
    bytes.extend([0, 0, 0, protocol]);
    bytes
}

/// The sum over everything that the checksum of a transport covers, its own field among it.
fn transport_sum(ip: &IpHeader, transport: &Transport) -> u16 {
    let bytes = codec::encode_transport(transport);
    match transport {
        Transport::Icmpv4(_) => sum(&[&bytes]),
        _ => sum(&[
            &pseudo_header(ip, transport.protocol(), bytes.len()),
            &bytes,
        ]),
    }
}

impl Packet {
    /// Whether the checksum of the transport is right, as a receiver would find: the sum over all of it is zero.
    ///
    /// `None` when there is no checksum to judge: a transport that is `Other`, or UDP over IPv4 that states none.
    /// A packet that lost octets, or whose checksum was left to a network card, has a wrong one. The destination is
    /// the last one of an IPv4 source route, whose host checks it, else that of the IP header; RFC 8200 §8.1 asks for the
    /// final one where a routing header still has a way to go.
    #[must_use]
    pub fn checksum_is_right(&self) -> Option<bool> {
        match (&self.transport, &self.ip) {
            (Transport::Other { .. }, _) => None,
            (Transport::Udp(udp), IpHeader::V4(_)) if udp.checksum == 0 => None,
            // RFC 8200 section 8.1: over IPv6 a UDP checksum is never left out.
            (Transport::Udp(udp), IpHeader::V6(_)) if udp.checksum == 0 => Some(false),
            _ => Some(transport_sum(&self.ip, &self.transport) == 0xffff),
        }
    }

    /// Sets the checksums of the IP header and of the transport.
    pub(crate) fn set_checksums(&mut self) {
        self.ip.set_checksum();
        self.transport.set_checksum_field(0);
        let mut checksum = !transport_sum(&self.ip, &self.transport);
        if matches!(self.transport, Transport::Udp(_)) && checksum == 0 {
            // RFC 768: zero would say that there is none.
            checksum = 0xffff;
        }
        self.transport.set_checksum_field(checksum);
    }
}

impl Transport {
    fn set_checksum_field(&mut self, checksum: u16) {
        match self {
            Self::Tcp(segment) => segment.checksum = checksum,
            Self::Udp(udp) => udp.checksum = checksum,
            Self::Icmpv4(icmp) | Self::Icmpv6(icmp) => icmp.checksum = checksum,
            Self::Other { .. } => {}
        }
    }
}

impl IpHeader {
    /// Whether the header's own checksum is right; `None` for IPv6, which has none.
    #[must_use]
    pub fn checksum_is_right(&self) -> Option<bool> {
        match self {
            Self::V4(_) => Some(sum(&[&codec::encode_ip(self)]) == 0xffff),
            Self::V6(_) => None,
        }
    }

    fn set_checksum(&mut self) {
        if let Self::V4(ip) = self {
            ip.checksum = 0;
            let checksum = !sum(&[&codec::encode_ip(self)]);
            if let Self::V4(ip) = self {
                ip.checksum = checksum;
            }
        }
    }
}

#[cfg(test)]
mod tests;
