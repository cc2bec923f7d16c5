//! ICMP for both versions of IP, and the packets that its errors quote.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{IpHeader, Packet, Seq, Transport, codec, ip::IpVersion, ip::protocol};

pub mod names;

/// Types and codes of ICMPv4 (RFC 792, RFC 1122 §3.2.2, RFC 1191, RFC 1812 §5.2.7).
pub mod v4 {
    /// Type: echo reply.
    pub const ECHO_REPLY: u8 = 0;
    /// Type: destination unreachable.
    pub const UNREACHABLE: u8 = 3;
    /// Code of unreachable: fragmentation needed and DF set.
    pub const FRAG_NEEDED: u8 = 4;
    /// Type: source quench.
    pub const SOURCE_QUENCH: u8 = 4;
    /// Type: redirect.
    pub const REDIRECT: u8 = 5;
    /// Type: echo request.
    pub const ECHO_REQUEST: u8 = 8;
    /// Type: time exceeded.
    pub const TIME_EXCEEDED: u8 = 11;
    /// Type: parameter problem.
    pub const PARAMETER_PROBLEM: u8 = 12;
}

/// Types of ICMPv6 (RFC 4443, RFC 4861).
pub mod v6 {
    /// Type: destination unreachable.
    pub const UNREACHABLE: u8 = 1;
    /// Type: packet too big.
    pub const PACKET_TOO_BIG: u8 = 2;
    /// Type: time exceeded.
    pub const TIME_EXCEEDED: u8 = 3;
    /// Type: parameter problem.
    pub const PARAMETER_PROBLEM: u8 = 4;
    /// Type: echo request.
    pub const ECHO_REQUEST: u8 = 128;
    /// Type: echo reply.
    pub const ECHO_REPLY: u8 = 129;
    /// Type: redirect.
    pub const REDIRECT: u8 = 137;
}

/// The redirected-header option of an ICMPv6 redirect (RFC 4861 §4.6.3).
const REDIRECTED_HEADER: u8 = 4;

/// The room that such an option takes before what it quotes.
const REDIRECTED_HEADER_FIXED: usize = 8;

/// An ICMP message of either version, as it stands on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Icmp {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// The checksum, as stated.
    pub checksum: u16,
    /// The second word of the header, whose meaning depends on the type.
    pub rest: [u8; 4],
    /// What follows; in an error, the packet that it is about.
    pub body: Vec<u8>,
}

impl Icmp {
    /// Length of the header in octets.
    pub const HEADER: usize = 8;

    /// A message whose checksum [`Packet::finish`] will set.
    #[must_use]
    pub const fn new(kind: u8, code: u8, rest: [u8; 4], body: Vec<u8>) -> Self {
        Self {
            kind,
            code,
            checksum: 0,
            rest,
            body,
        }
    }

    /// Destination unreachable, with any code of its version.
    #[must_use]
    pub const fn unreachable(version: IpVersion, code: u8, quoted: Vec<u8>) -> Self {
        let kind = match version {
            IpVersion::V4 => v4::UNREACHABLE,
            IpVersion::V6 => v6::UNREACHABLE,
        };
        Self::new(kind, code, [0; 4], quoted)
    }

    /// The link's MTU in octets is too small: "fragmentation needed" in IPv4, which has room for the low 16 bits of
    /// `mtu` (RFC 1191), "packet too big" in IPv6.
    #[must_use]
    pub const fn packet_too_big(version: IpVersion, mtu: u32, quoted: Vec<u8>) -> Self {
        let rest = mtu.to_be_bytes();
        match version {
            IpVersion::V4 => Self::new(
                v4::UNREACHABLE,
                v4::FRAG_NEEDED,
                [0, 0, rest[2], rest[3]],
                quoted,
            ),
            IpVersion::V6 => Self::new(v6::PACKET_TOO_BIG, 0, rest, quoted),
        }
    }

    /// Time exceeded: code 0 in transit, 1 in reassembly.
    #[must_use]
    pub const fn time_exceeded(version: IpVersion, code: u8, quoted: Vec<u8>) -> Self {
        let kind = match version {
            IpVersion::V4 => v4::TIME_EXCEEDED,
            IpVersion::V6 => v6::TIME_EXCEEDED,
        };
        Self::new(kind, code, [0; 4], quoted)
    }

    /// Parameter problem at octet `pointer` of the quoted packet; IPv4 has room for its low 8 bits.
    #[must_use]
    pub const fn parameter_problem(
        version: IpVersion,
        code: u8,
        pointer: u32,
        quoted: Vec<u8>,
    ) -> Self {
        match version {
            IpVersion::V4 => Self::new(
                v4::PARAMETER_PROBLEM,
                code,
                [pointer as u8, 0, 0, 0],
                quoted,
            ),
            IpVersion::V6 => Self::new(v6::PARAMETER_PROBLEM, code, pointer.to_be_bytes(), quoted),
        }
    }

    /// Source quench (IPv4 only; RFC 6633 deprecates it).
    #[must_use]
    pub const fn source_quench(quoted: Vec<u8>) -> Self {
        Self::new(v4::SOURCE_QUENCH, 0, [0; 4], quoted)
    }

    /// ICMPv4 redirect to a gateway: code 0 for a network, 1 for a host, 2 and 3 the same for a type of service.
    #[must_use]
    pub const fn redirect_v4(code: u8, gateway: Ipv4Addr, quoted: Vec<u8>) -> Self {
        Self::new(v4::REDIRECT, code, gateway.octets(), quoted)
    }

    /// ICMPv6 redirect: reach `destination` by way of `target`. The quoted packet goes into a redirected-header
    /// option, cut down to whole units of 8 octets, as many as such an option can count.
    #[must_use]
    pub fn redirect_v6(target: Ipv6Addr, destination: Ipv6Addr, quoted: &[u8]) -> Self {
        let units = ((REDIRECTED_HEADER_FIXED + quoted.len()) / 8).min(usize::from(u8::MAX));
        let mut body = Vec::from(target.octets());
        body.extend(destination.octets());
        body.extend([REDIRECTED_HEADER, units as u8, 0, 0, 0, 0, 0, 0]);
        body.extend(&quoted[..units * 8 - REDIRECTED_HEADER_FIXED]);
        Self::new(v6::REDIRECT, 0, [0; 4], body)
    }

    /// Echo request.
    #[must_use]
    pub const fn echo_request(version: IpVersion, id: u16, number: u16, data: Vec<u8>) -> Self {
        let kind = match version {
            IpVersion::V4 => v4::ECHO_REQUEST,
            IpVersion::V6 => v6::ECHO_REQUEST,
        };
        Self::new(kind, 0, echo_rest(id, number), data)
    }

    /// Echo reply.
    #[must_use]
    pub const fn echo_reply(version: IpVersion, id: u16, number: u16, data: Vec<u8>) -> Self {
        let kind = match version {
            IpVersion::V4 => v4::ECHO_REPLY,
            IpVersion::V6 => v6::ECHO_REPLY,
        };
        Self::new(kind, 0, echo_rest(id, number), data)
    }

    /// The next hop's MTU in octets that a "fragmentation needed" or a "packet too big" states.
    ///
    /// The types of the two do not overlap, so the version need not be known.
    #[must_use]
    pub const fn mtu(&self) -> Option<u32> {
        match (self.kind, self.code) {
            (v4::UNREACHABLE, v4::FRAG_NEEDED) => {
                Some(u16::from_be_bytes([self.rest[2], self.rest[3]]) as u32)
            }
            (v6::PACKET_TOO_BIG, _) => Some(u32::from_be_bytes(self.rest)),
            _ => None,
        }
    }

    /// The identifier and the sequence number of an echo request or reply.
    #[must_use]
    pub const fn echo(&self) -> Option<(u16, u16)> {
        let [a, b, c, d] = self.rest;
        match self.kind {
            v4::ECHO_REPLY | v4::ECHO_REQUEST | v6::ECHO_REQUEST | v6::ECHO_REPLY => {
                Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
            }
            _ => None,
        }
    }

    /// The packet that an error is about, as far as it is quoted; `None` when the message quotes none, or when what
    /// it quotes does not begin with a whole IP header.
    #[must_use]
    pub fn quoted(&self) -> Option<QuotedPacket> {
        match self.kind {
            v6::UNREACHABLE..=v6::PARAMETER_PROBLEM
            | v4::REDIRECT
            | v4::TIME_EXCEEDED
            | v4::PARAMETER_PROBLEM => QuotedPacket::parse(&self.body),
            v6::REDIRECT => QuotedPacket::parse(self.redirected()?),
            _ => None,
        }
    }

    /// What the redirected-header option of an ICMPv6 redirect holds.
    fn redirected(&self) -> Option<&[u8]> {
        // Two addresses come before the options.
        let mut options = self.body.get(32..)?;
        loop {
            let length = usize::from(*options.get(1)?) * 8;
            if length == 0 {
                return None;
            }
            if options[0] == REDIRECTED_HEADER {
                return options.get(REDIRECTED_HEADER_FIXED..length.min(options.len()));
            }
            options = options.get(length..)?;
        }
    }
}

const fn echo_rest(id: u16, number: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (id.to_be_bytes(), number.to_be_bytes());
    [a, b, c, d]
}

/// A packet as an ICMP error quotes it: the IP header, and as many octets of the rest as the sender cared to give.
///
/// Its total length speaks of the original packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuotedPacket {
    /// The IP header, whole.
    pub ip: IpHeader,
    /// The first octets of what followed; RFC 792 promises eight of them, RFC 1812 more.
    pub octets: Vec<u8>,
}

impl QuotedPacket {
    /// What an error about `packet` quotes: the IP header and the first `octets` behind it.
    #[must_use]
    pub fn of(packet: &Packet, octets: usize) -> Self {
        let mut bytes = codec::encode_transport(&packet.transport);
        bytes.truncate(octets);
        Self {
            ip: packet.ip.clone(),
            octets: bytes,
        }
    }

    /// The quoted packet at the start of `bytes`, if that holds a whole IP header.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (ip, extent) = codec::parse_ip(bytes).ok()?;
        Some(Self {
            ip,
            octets: bytes[extent].to_vec(),
        })
    }

    /// The bytes, to be the body of an [`Icmp`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = codec::encode_ip(&self.ip);
        bytes.extend(&self.octets);
        bytes
    }

    /// The protocol of the original packet.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        self.ip.protocol()
    }

    /// Source and destination ports, if the packet was TCP or UDP and that much of it is here.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        if !matches!(self.protocol(), protocol::TCP | protocol::UDP) {
            return None;
        }
        let word = self.word(0)?;
        Some(((word >> 16) as u16, word as u16))
    }

    /// The sequence number, if the packet was TCP and that much of it is here.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        (self.protocol() == protocol::TCP)
            .then(|| self.word(1))?
            .map(Seq)
    }

    /// What is here of the transport: a whole TCP or ICMP header and what follows, else the bytes.
    #[must_use]
    pub fn transport(&self) -> Transport {
        codec::parse_transport(&self.ip, &self.octets)
    }

    /// How many octets the original packet had behind its IP header and extension headers, by the length it states.
    #[must_use]
    pub fn original_length(&self) -> usize {
        match &self.ip {
            IpHeader::V4(ip) => usize::from(ip.total_length)
                .saturating_sub(crate::Ipv4Header::MINIMUM + ip.options.len()),
            IpHeader::V6(ip) => usize::from(ip.payload_length).saturating_sub(ip.extensions.len()),
        }
    }

    /// How many octets of text the quoted TCP segment had; `None` when it was not TCP, or when its data offset is
    /// not among the octets that are here.
    #[must_use]
    pub fn payload_length(&self) -> Option<usize> {
        self.seq()?;
        let header = usize::from(self.octets.get(12)? >> 4) * 4;
        Some(self.original_length().saturating_sub(header))
    }

    fn word(&self, index: usize) -> Option<u32> {
        // Behind a fragment's offset there are no ports.
        if self.ip.fragment_offset() != 0 {
            return None;
        }
        let octets = self.octets.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(octets.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests;
