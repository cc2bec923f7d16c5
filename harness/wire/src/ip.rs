//! The headers of IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Protocol numbers, as IANA lists them.
pub mod protocol {
    /// IPv6 hop-by-hop options.
    pub const HOP_BY_HOP: u8 = 0;
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// IPv4 inside IP.
    pub const IPV4: u8 = 4;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// IPv6 inside IP.
    pub const IPV6: u8 = 41;
    /// IPv6 routing header.
    pub const ROUTING: u8 = 43;
    /// IPv6 fragment header.
    pub const FRAGMENT: u8 = 44;
    /// Generic routing encapsulation.
    pub const GRE: u8 = 47;
    /// Authentication header.
    pub const AUTHENTICATION: u8 = 51;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
    /// IPv6: nothing follows.
    pub const NO_NEXT_HEADER: u8 = 59;
    /// IPv6 destination options.
    pub const DESTINATION_OPTIONS: u8 = 60;
    /// IPv6 mobility header.
    pub const MOBILITY: u8 = 135;
    /// An MPLS label stack inside IP (RFC 4023).
    pub const MPLS: u8 = 137;
}

/// An explicit congestion notification codepoint of an IP header (RFC 3168 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ecn {
    /// 00: not ECN-capable.
    #[default]
    NotEct,
    /// 01: ECN-capable, also L4S (RFC 9331).
    Ect1,
    /// 10: ECN-capable.
    Ect0,
    /// 11: congestion experienced.
    Ce,
}

impl Ecn {
    /// The codepoint of the low two bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::NotEct,
            1 => Self::Ect1,
            2 => Self::Ect0,
            _ => Self::Ce,
        }
    }

    /// The two bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::NotEct => 0,
            Self::Ect1 => 1,
            Self::Ect0 => 2,
            Self::Ce => 3,
        }
    }
}

/// An IPv4 header (RFC 791), its fields in host byte order and as they stand on the wire.
///
/// The version is 4 and the header length follows from `options`, in whole words, rounded up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ipv4Header {
    /// Differentiated services codepoint, 6 bits.
    pub dscp: u8,
    /// Congestion notification.
    pub ecn: Ecn,
    /// Length of header and payload in octets, as stated.
    pub total_length: u16,
    /// Identification of the datagram that a fragment belongs to.
    pub identification: u16,
    /// The highest of the three flags, which RFC 791 wants zero.
    pub reserved_flag: bool,
    /// DF.
    pub dont_fragment: bool,
    /// MF.
    pub more_fragments: bool,
    /// Offset of a fragment in units of 8 octets, 13 bits.
    pub fragment_offset: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Header checksum, as stated.
    pub checksum: u16,
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// The options with their padding, verbatim: a multiple of 4 octets, 40 at most, on anything parsed.
    pub options: Vec<u8>,
}

impl Ipv4Header {
    /// Length of the header without options, in octets.
    pub const MINIMUM: usize = 20;

    /// Where the packet goes in the end: the last address of a source route that is not used up (RFC 791 section 3.1,
    /// options 131 and 137), else the destination.
    #[must_use]
    pub fn final_destination(&self) -> Ipv4Addr {
        let mut rest = self.options.as_slice();
        while let Some((kind, behind)) = rest.split_first() {
            rest = match kind {
                0 => break,
                1 => behind,
                _ => {
                    let length = behind.first().map_or(0, |length| usize::from(*length));
                    let (Some(option), true) = (rest.get(..length), length >= 2) else {
                        break;
                    };
                    if let (131 | 137, [_, _, pointer, .., a, b, c, d]) = (kind, option)
                        && usize::from(*pointer) + 3 <= length
                    {
                        return Ipv4Addr::new(*a, *b, *c, *d);
                    }
                    rest.get(length..).unwrap_or_default()
                }
            };
        }
        self.destination
    }

    /// A header with what a modern stack sends: DF, a time to live of 64, no options.
    #[must_use]
    pub const fn new(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8) -> Self {
        Self {
            dscp: 0,
            ecn: Ecn::NotEct,
            total_length: Self::MINIMUM as u16,
            identification: 0,
            reserved_flag: false,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            ttl: 64,
            protocol,
            checksum: 0,
            source,
            destination,
            options: Vec::new(),
        }
    }

    /// Whether the packet is one piece of a longer one.
    #[must_use]
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }
}

/// An IPv6 header (RFC 8200) and the extension headers behind it, in host byte order and as they stand on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6Header {
    /// Differentiated services codepoint, 6 bits.
    pub dscp: u8,
    /// Congestion notification.
    pub ecn: Ecn,
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Length of extension headers and payload in octets, as stated.
    pub payload_length: u16,
    /// What follows the fixed header: the first extension header, if there is one.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// The extension headers, verbatim, each whole. The last one's next-header octet names the payload.
    pub extensions: Vec<u8>,
}

impl Ipv6Header {
    /// Length of the fixed header in octets.
    pub const FIXED: usize = 40;

    /// A header with a hop limit of 64 and no extension headers.
    #[must_use]
    pub const fn new(source: Ipv6Addr, destination: Ipv6Addr, next_header: u8) -> Self {
        Self {
            dscp: 0,
            ecn: Ecn::NotEct,
            flow_label: 0,
            payload_length: 0,
            next_header,
            hop_limit: 64,
            source,
            destination,
            extensions: Vec::new(),
        }
    }

    /// The protocol of the payload behind the extension headers.
    #[must_use]
    pub fn payload_protocol(&self) -> u8 {
        Extensions::walk(self.next_header, &self.extensions).protocol
    }

    /// Makes the last extension header, or the fixed one, name `protocol` as what follows.
    pub(crate) fn name_payload(&mut self, protocol: u8) {
        match Extensions::walk(self.next_header, &self.extensions).last {
            Some(at) => self.extensions[at] = protocol,
            None => self.next_header = protocol,
        }
    }
}

/// The outcome of a walk over IPv6 extension headers.
pub(crate) struct Extensions {
    /// What follows the headers that were whole.
    pub(crate) protocol: u8,
    /// Their length in octets.
    pub(crate) length: usize,
    /// Where the last of them begins: its first octet is its next-header field.
    pub(crate) last: Option<usize>,
    /// Offset in octets and whether more follows, if a fragment header among them says that there is more elsewhere.
    pub(crate) fragment: Option<(u32, bool)>,
}

impl Extensions {
    /// Walks as far as whole extension headers go.
    pub(crate) fn walk(next_header: u8, bytes: &[u8]) -> Self {
        let mut seen = Self {
            protocol: next_header,
            length: 0,
            last: None,
            fragment: None,
        };
        // What lies behind the header of a fragment is a piece of something, not another header.
        while seen.fragment.is_none() {
            let rest = &bytes[seen.length..];
            let Some(length) =
                Self::length_of(seen.protocol, rest).filter(|length| *length <= rest.len())
            else {
                break;
            };
            if seen.protocol == protocol::FRAGMENT {
                // RFC 8200 section 4.5: 13 bits of offset in units of 8 octets, two reserved, M. Both zero is a whole
                // packet (RFC 6946).
                let word = u16::from_be_bytes([rest[2], rest[3]]);
                let (offset, more) = (word & 0xfff8, word & 1 != 0);
                seen.fragment = (offset != 0 || more).then_some((u32::from(offset), more));
            }
            seen.last = Some(seen.length);
            seen.protocol = rest[0];
            seen.length += length;
        }
        seen
    }

    /// The length in octets of the extension header that `bytes` begin with, `None` when it is none or cut short.
    fn length_of(kind: u8, bytes: &[u8]) -> Option<usize> {
        let units = usize::from(*bytes.get(1)?);
        match kind {
            protocol::HOP_BY_HOP
            | protocol::ROUTING
            | protocol::DESTINATION_OPTIONS
            | protocol::MOBILITY => Some((units + 1) * 8),
            protocol::FRAGMENT => Some(8),
            // RFC 4302 counts in units of 4 octets, less 2.
            protocol::AUTHENTICATION => Some((units + 2) * 4),
            _ => None,
        }
    }
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The header of either version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IpHeader {
    /// IPv4.
    V4(Ipv4Header),
    /// IPv6.
    V6(Ipv6Header),
}

impl IpHeader {
    /// A header of the version that both addresses share; where they differ, IPv6 with the IPv4 one mapped.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, protocol: u8) -> Self {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                Self::V4(Ipv4Header::new(source, destination, protocol))
            }
            _ => Self::V6(Ipv6Header::new(
                mapped(source),
                mapped(destination),
                protocol,
            )),
        }
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> IpVersion {
        match self {
            Self::V4(_) => IpVersion::V4,
            Self::V6(_) => IpVersion::V6,
        }
    }

    /// Source address.
    #[must_use]
    pub const fn source(&self) -> IpAddr {
        match self {
            Self::V4(ip) => IpAddr::V4(ip.source),
            Self::V6(ip) => IpAddr::V6(ip.source),
        }
    }

    /// Destination address.
    #[must_use]
    pub const fn destination(&self) -> IpAddr {
        match self {
            Self::V4(ip) => IpAddr::V4(ip.destination),
            Self::V6(ip) => IpAddr::V6(ip.destination),
        }
    }

    /// The protocol of the payload, behind any extension headers.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        match self {
            Self::V4(ip) => ip.protocol,
            Self::V6(ip) => ip.payload_protocol(),
        }
    }

    /// Congestion notification.
    #[must_use]
    pub const fn ecn(&self) -> Ecn {
        match self {
            Self::V4(ip) => ip.ecn,
            Self::V6(ip) => ip.ecn,
        }
    }

    /// Sets the congestion notification.
    pub const fn set_ecn(&mut self, ecn: Ecn) {
        match self {
            Self::V4(ip) => ip.ecn = ecn,
            Self::V6(ip) => ip.ecn = ecn,
        }
    }

    /// Differentiated services codepoint, 6 bits.
    #[must_use]
    pub const fn dscp(&self) -> u8 {
        match self {
            Self::V4(ip) => ip.dscp,
            Self::V6(ip) => ip.dscp,
        }
    }

    /// Time to live, or hop limit.
    #[must_use]
    pub const fn ttl(&self) -> u8 {
        match self {
            Self::V4(ip) => ip.ttl,
            Self::V6(ip) => ip.hop_limit,
        }
    }

    /// Sets the time to live, or hop limit.
    pub const fn set_ttl(&mut self, ttl: u8) {
        match self {
            Self::V4(ip) => ip.ttl = ttl,
            Self::V6(ip) => ip.hop_limit = ttl,
        }
    }

    /// Whether the packet is one piece of a longer one.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.fragment().is_some()
    }

    /// Offset in octets of the piece that the packet is, and whether more pieces follow; `None` for a whole packet.
    #[must_use]
    pub fn fragment(&self) -> Option<(u32, bool)> {
        match self {
            Self::V4(ip) if ip.is_fragment() => {
                Some((u32::from(ip.fragment_offset) * 8, ip.more_fragments))
            }
            Self::V4(_) => None,
            Self::V6(ip) => Extensions::walk(ip.next_header, &ip.extensions).fragment,
        }
    }

    /// Offset in octets of the piece that the packet is, 0 for a whole packet.
    #[must_use]
    pub fn fragment_offset(&self) -> u32 {
        self.fragment().map_or(0, |(offset, _)| offset)
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}
