//! Bytes to values and back.
//!
//! pnet_packet reads and writes the fixed part of each header, never more than that: the views here are always over
//! exactly the octets of the fixed part, so that no accessor can run past the end, whatever the lengths in it say.

use std::ops::Range;

use pnet_packet::icmp::{IcmpCode, IcmpPacket, IcmpType, MutableIcmpPacket};
use pnet_packet::ip::IpNextHeaderProtocol;
use pnet_packet::ipv4::{Ipv4Flags, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::ipv6::{Ipv6Packet, MutableIpv6Packet};
use pnet_packet::tcp::{MutableTcpPacket, TcpPacket};
use pnet_packet::udp::{MutableUdpPacket, UdpPacket};

use crate::ip::{Extensions, protocol};
use crate::{
    Ecn, Flags, Icmp, IpHeader, Ipv4Header, Ipv6Header, Packet, Segment, Seq, Transport, Udp,
    option,
};

/// Why bytes are no IP packet. What lies behind a whole IP header never fails: see [`Transport::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is no octet at all.
    #[error("empty packet")]
    Empty,
    /// The header says that it is shorter than its fixed part.
    #[error("IPv4 header length of {0} words, below 5")]
    HeaderLength(u8),
    /// The header goes on behind the end.
    #[error("IP header of {needed} octets in a packet of {present}")]
    Truncated {
        /// Length of the header in octets.
        needed: usize,
        /// Length of the bytes.
        present: usize,
    },
    /// The version is neither 4 nor 6.
    #[error("IP version {0}")]
    Version(u8),
}

impl Packet {
    /// Parses an IP packet, beginning with its IP header.
    ///
    /// Never panics. [`encode`](Self::encode) gives the same bytes again.
    ///
    /// # Errors
    ///
    /// When `bytes` do not begin with a whole IP header.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let (ip, extent) = parse_ip(bytes)?;
        let trailer = bytes[extent.end..].to_vec();
        let transport = parse_transport(&ip, &bytes[extent]);
        Ok(Self {
            ip,
            transport,
            trailer,
        })
    }

    /// The bytes of the packet, verbatim: lengths, offsets and checksums as stated, right or wrong.
    ///
    /// Of a number wider than its field (a `data_offset` of 16), the low bits are written.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = encode_ip(&self.ip);
        bytes.extend(encode_transport(&self.transport));
        bytes.extend(&self.trailer);
        bytes
    }

    /// Makes everything agree: pads TCP and IPv4 options, sets lengths, data offset and protocol, then checksums.
    ///
    /// Call it last; to state something wrong, set it afterwards. A packet that no length field can state gets the
    /// highest length.
    pub fn finish(&mut self) {
        match &mut self.transport {
            Transport::Tcp(segment) => segment.finish(),
            Transport::Udp(udp) => udp.finish(),
            Transport::Icmpv4(_) | Transport::Icmpv6(_) | Transport::Other { .. } => {}
        }
        let payload = encode_transport(&self.transport).len();
        match &mut self.ip {
            IpHeader::V4(ip) => {
                // Zero is both the end of the IPv4 options and the padding behind it.
                ip.options.resize(ip.options.len().next_multiple_of(4), 0);
                ip.protocol = self.transport.protocol();
                let total = Ipv4Header::MINIMUM + ip.options.len() + payload;
                ip.total_length = u16::try_from(total).unwrap_or(u16::MAX);
            }
            IpHeader::V6(ip) => {
                ip.name_payload(self.transport.protocol());
                ip.payload_length =
                    u16::try_from(ip.extensions.len() + payload).unwrap_or(u16::MAX);
            }
        }
        self.set_checksums();
    }
}

/// The IP header that `bytes` begin with, and where in `bytes` its payload lies.
///
/// A packet that states more than there is has a payload up to the end; one that states less than its own header
/// has an empty payload.
pub(crate) fn parse_ip(bytes: &[u8]) -> Result<(IpHeader, Range<usize>), ParseError> {
    match bytes.first().map(|octet| octet >> 4) {
        None => Err(ParseError::Empty),
        Some(4) => parse_ipv4(bytes),
        Some(6) => parse_ipv6(bytes),
        Some(version) => Err(ParseError::Version(version)),
    }
}

fn parse_ipv4(bytes: &[u8]) -> Result<(IpHeader, Range<usize>), ParseError> {
    let fixed = fixed_part(bytes, Ipv4Header::MINIMUM)?;
    let view = Ipv4Packet::new(fixed).ok_or_else(|| truncated(bytes, Ipv4Header::MINIMUM))?;
    let words = view.get_header_length();
    if words < 5 {
        return Err(ParseError::HeaderLength(words));
    }
    let header = usize::from(words) * 4;
    let options = bytes
        .get(Ipv4Header::MINIMUM..header)
        .ok_or_else(|| truncated(bytes, header))?;
    let flags = view.get_flags();
    let ip = Ipv4Header {
        dscp: view.get_dscp(),
        ecn: Ecn::from_bits(view.get_ecn()),
        total_length: view.get_total_length(),
        identification: view.get_identification(),
        reserved_flag: flags & RESERVED_FLAG != 0,
        dont_fragment: flags & Ipv4Flags::DontFragment != 0,
        more_fragments: flags & Ipv4Flags::MoreFragments != 0,
        fragment_offset: view.get_fragment_offset(),
        ttl: view.get_ttl(),
        protocol: view.get_next_level_protocol().0,
        checksum: view.get_checksum(),
        source: view.get_source(),
        destination: view.get_destination(),
        options: options.to_vec(),
    };
    let end = usize::from(ip.total_length).clamp(header, bytes.len());
    Ok((IpHeader::V4(ip), header..end))
}

fn parse_ipv6(bytes: &[u8]) -> Result<(IpHeader, Range<usize>), ParseError> {
    let fixed = fixed_part(bytes, Ipv6Header::FIXED)?;
    let view = Ipv6Packet::new(fixed).ok_or_else(|| truncated(bytes, Ipv6Header::FIXED))?;
    let traffic_class = view.get_traffic_class();
    let mut ip = Ipv6Header {
        dscp: traffic_class >> 2,
        ecn: Ecn::from_bits(traffic_class),
        flow_label: view.get_flow_label(),
        payload_length: view.get_payload_length(),
        next_header: view.get_next_header().0,
        hop_limit: view.get_hop_limit(),
        source: view.get_source(),
        destination: view.get_destination(),
        extensions: Vec::new(),
    };
    let end = (Ipv6Header::FIXED + usize::from(ip.payload_length)).min(bytes.len());
    let behind = &bytes[Ipv6Header::FIXED..end];
    let extensions = Extensions::walk(ip.next_header, behind).length;
    ip.extensions = behind[..extensions].to_vec();
    Ok((IpHeader::V6(ip), Ipv6Header::FIXED + extensions..end))
}

/// The highest of the three flags of an IPv4 header.
const RESERVED_FLAG: u8 = 0b100;

fn fixed_part(bytes: &[u8], length: usize) -> Result<&[u8], ParseError> {
    bytes.get(..length).ok_or_else(|| truncated(bytes, length))
}

const fn truncated(bytes: &[u8], needed: usize) -> ParseError {
    ParseError::Truncated {
        needed,
        present: bytes.len(),
    }
}

/// What the payload of an IP packet is, by the protocol that the header names.
pub(crate) fn parse_transport(ip: &IpHeader, bytes: &[u8]) -> Transport {
    let protocol = ip.protocol();
    let known = match (protocol, ip) {
        _ if ip.is_fragment() => None,
        (protocol::TCP, _) => parse_tcp(bytes).map(Transport::Tcp),
        (protocol::UDP, _) => parse_udp(bytes).map(Transport::Udp),
        (protocol::ICMP, IpHeader::V4(_)) => parse_icmp(bytes).map(Transport::Icmpv4),
        (protocol::ICMPV6, IpHeader::V6(_)) => parse_icmp(bytes).map(Transport::Icmpv6),
        _ => None,
    };
    known.unwrap_or_else(|| Transport::Other {
        protocol,
        bytes: bytes.to_vec(),
    })
}

/// A segment whose data offset lies below its header has no options, one whose offset lies behind its end has
/// nothing else.
fn parse_tcp(bytes: &[u8]) -> Option<Segment> {
    let (fixed, rest) = bytes.split_at_checked(Segment::MINIMUM_HEADER)?;
    let view = TcpPacket::new(fixed)?;
    let data_offset = view.get_data_offset();
    let options = (usize::from(data_offset) * 4)
        .saturating_sub(Segment::MINIMUM_HEADER)
        .min(rest.len());
    let (options, payload) = rest.split_at(options);
    Some(Segment {
        source_port: view.get_source(),
        destination_port: view.get_destination(),
        seq: Seq(view.get_sequence()),
        ack: Seq(view.get_acknowledgement()),
        data_offset,
        // To pnet, AE is the lowest of four reserved bits.
        flags: Flags::from_bits(u16::from(view.get_reserved()) << 8 | u16::from(view.get_flags())),
        window: view.get_window(),
        checksum: view.get_checksum(),
        urgent_pointer: view.get_urgent_ptr(),
        options: option::parse(options),
        payload: payload.to_vec(),
    })
}

fn parse_udp(bytes: &[u8]) -> Option<Udp> {
    let (fixed, payload) = bytes.split_at_checked(Udp::HEADER)?;
    let view = UdpPacket::new(fixed)?;
    Some(Udp {
        source_port: view.get_source(),
        destination_port: view.get_destination(),
        length: view.get_length(),
        checksum: view.get_checksum(),
        payload: payload.to_vec(),
    })
}

fn parse_icmp(bytes: &[u8]) -> Option<Icmp> {
    let (fixed, body) = bytes.split_at_checked(Icmp::HEADER)?;
    let view = IcmpPacket::new(fixed)?;
    Some(Icmp {
        kind: view.get_icmp_type().0,
        code: view.get_icmp_code().0,
        checksum: view.get_checksum(),
        rest: fixed[4..].try_into().ok()?,
        body: body.to_vec(),
    })
}

/// A view is refused only over fewer octets than its fixed part has.
const LONG_ENOUGH: &str = "the buffer is as long as the fixed part of the header";

/// The bytes of an IP header, options and extension headers included.
pub(crate) fn encode_ip(ip: &IpHeader) -> Vec<u8> {
    match ip {
        IpHeader::V4(ip) => encode_ipv4(ip),
        IpHeader::V6(ip) => encode_ipv6(ip),
    }
}

fn encode_ipv4(ip: &Ipv4Header) -> Vec<u8> {
    let mut bytes = vec![0; Ipv4Header::MINIMUM];
    let mut view = MutableIpv4Packet::new(&mut bytes).expect(LONG_ENOUGH);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    view.set_version(4);
    view.set_header_length((5 + ip.options.len().div_ceil(4)) as u8 & 0xf);
    view.set_dscp(ip.dscp & 0x3f);
    view.set_ecn(ip.ecn.bits());
    view.set_total_length(ip.total_length);
    view.set_identification(ip.identification);
    view.set_flags(
        flag(ip.reserved_flag, RESERVED_FLAG)
            | flag(ip.dont_fragment, Ipv4Flags::DontFragment)
            | flag(ip.more_fragments, Ipv4Flags::MoreFragments),
    );
    view.set_fragment_offset(ip.fragment_offset & 0x1fff);
    view.set_ttl(ip.ttl);
    view.set_next_level_protocol(IpNextHeaderProtocol(ip.protocol));
    view.set_checksum(ip.checksum);
    view.set_source(ip.source);
    view.set_destination(ip.destination);
    bytes.extend(&ip.options);
    bytes
}

fn encode_ipv6(ip: &Ipv6Header) -> Vec<u8> {
    let mut bytes = vec![0; Ipv6Header::FIXED];
    let mut view = MutableIpv6Packet::new(&mut bytes).expect(LONG_ENOUGH);
    view.set_version(6);
    view.set_traffic_class(ip.dscp << 2 | ip.ecn.bits());
    view.set_flow_label(ip.flow_label & 0x000f_ffff);
    view.set_payload_length(ip.payload_length);
    view.set_next_header(IpNextHeaderProtocol(ip.next_header));
    view.set_hop_limit(ip.hop_limit);
    view.set_source(ip.source);
    view.set_destination(ip.destination);
    bytes.extend(&ip.extensions);
    bytes
}

/// The bytes of what an IP packet carries.
pub(crate) fn encode_transport(transport: &Transport) -> Vec<u8> {
    match transport {
        Transport::Tcp(segment) => encode_tcp(segment),
        Transport::Udp(udp) => encode_udp(udp),
        Transport::Icmpv4(icmp) | Transport::Icmpv6(icmp) => encode_icmp(icmp),
        Transport::Other { bytes, .. } => bytes.clone(),
    }
}

fn encode_tcp(segment: &Segment) -> Vec<u8> {
    let mut bytes = vec![0; Segment::MINIMUM_HEADER];
    let mut view = MutableTcpPacket::new(&mut bytes).expect(LONG_ENOUGH);
    let [reserved, flags] = segment.flags.bits().to_be_bytes();
    view.set_source(segment.source_port);
    view.set_destination(segment.destination_port);
    view.set_sequence(segment.seq.0);
    view.set_acknowledgement(segment.ack.0);
    view.set_data_offset(segment.data_offset & 0xf);
    view.set_reserved(reserved);
    view.set_flags(flags);
    view.set_window(segment.window);
    view.set_checksum(segment.checksum);
    view.set_urgent_ptr(segment.urgent_pointer);
    bytes.extend(option::encode(&segment.options));
    bytes.extend(&segment.payload);
    bytes
}

fn encode_udp(udp: &Udp) -> Vec<u8> {
    let mut bytes = vec![0; Udp::HEADER];
    let mut view = MutableUdpPacket::new(&mut bytes).expect(LONG_ENOUGH);
    view.set_source(udp.source_port);
    view.set_destination(udp.destination_port);
    view.set_length(udp.length);
    view.set_checksum(udp.checksum);
    bytes.extend(&udp.payload);
    bytes
}

fn encode_icmp(icmp: &Icmp) -> Vec<u8> {
    let mut bytes = vec![0; Icmp::HEADER];
    let mut view = MutableIcmpPacket::new(&mut bytes).expect(LONG_ENOUGH);
    view.set_icmp_type(IcmpType(icmp.kind));
    view.set_icmp_code(IcmpCode(icmp.code));
    view.set_checksum(icmp.checksum);
    bytes[4..].copy_from_slice(&icmp.rest);
    bytes.extend(&icmp.body);
    bytes
}

#[cfg(test)]
mod tests;
