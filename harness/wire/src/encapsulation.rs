//! Packets in packets: the headers of tunnels around an IP packet.

use crate::codec::{ParseError, encode_ip};
use crate::ip::protocol;
use crate::{IpHeader, IpVersion, Packet, Transport};

pub use gre::Gre;
pub use mpls::Label;

mod gre;
mod mpls;

/// EtherTypes, by which GRE names what it carries (RFC 2784 section 2.4).
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// An MPLS label stack of a unicast packet (RFC 5332).
    pub const MPLS: u16 = 0x8847;
    /// An MPLS label stack whose top label was assigned upstream, as for multicast (RFC 5332).
    pub const MPLS_UPSTREAM: u16 = 0x8848;
}

/// How many outer headers are looked through. What lies deeper stays [`Transport::Other`], so that no packet costs more than
/// its length a few times over.
const MOST_OUTER: usize = 16;

/// A header around an IP packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outer {
    /// An IP header of either version (RFC 2003, RFC 2473, RFC 4213).
    Ip(IpHeader),
    /// A GRE header.
    Gre(Gre),
    /// An MPLS label stack (RFC 3032), from its top; over IP as RFC 4023 has it.
    Mpls(Vec<Label>),
}

/// An IP packet with the headers around it, if there are any.
///
/// [Parsing](Self::parse), then [encoding](Self::encode), is the identity on bytes, as for a [`Packet`]: a header is looked
/// through only where everything behind it is understood up to the next IP header. Of what is not (a fragment, an
/// unknown protocol type, octets behind the end that an outer header states) the packet around it is the inner one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Encapsulated {
    /// The headers around the packet, the outermost first. One that comes off a wire begins with IP.
    pub outer: Vec<Outer>,
    /// The innermost packet.
    pub inner: Packet,
}

impl Encapsulated {
    /// Parses an IP packet and what it carries. Never panics.
    ///
    /// # Errors
    ///
    /// When `bytes` do not begin with a whole IP header.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Packet::parse(bytes).map(Self::from)
    }

    /// The bytes of the whole, verbatim.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.outer, &self.inner)
    }

    /// Makes the outer headers agree with each other and with what they carry: lengths, protocols, the flags of GRE, and
    /// checksums. The inner packet stays as it is; [finish](Packet::finish) it first.
    pub fn finish(&mut self) {
        for at in (0..self.outer.len()).rev() {
            let carried = self
                .outer
                .get(at + 1)
                .map_or_else(|| Kind::Ip(self.inner.ip.version()), Outer::kind);
            let bytes = encode(&self.outer[at + 1..], &self.inner);
            match &mut self.outer[at] {
                Outer::Ip(ip) => {
                    let mut packet = Packet {
                        ip: ip.clone(),
                        transport: Transport::Other {
                            protocol: carried.protocol(),
                            bytes,
                        },
                        trailer: Vec::new(),
                    };
                    packet.finish();
                    *ip = packet.ip;
                }
                Outer::Gre(gre) => gre.finish(carried.ethertype(), &bytes),
                Outer::Mpls(_) => {}
            }
        }
    }
}

/// The bytes of headers and what they carry.
pub(crate) fn encode(outer: &[Outer], inner: &Packet) -> Vec<u8> {
    let headers = outer.iter().flat_map(|outer| match outer {
        Outer::Ip(ip) => encode_ip(ip),
        Outer::Gre(gre) => gre.encode(),
        Outer::Mpls(stack) => mpls::encode(stack),
    });
    headers.chain(inner.encode()).collect()
}

impl From<Packet> for Encapsulated {
    /// Looks through the headers of `packet`.
    fn from(packet: Packet) -> Self {
        let mut outer = Vec::new();
        let mut inner = packet;
        while outer.len() < MOST_OUTER
            && let Some((between, next)) = carried(&inner)
        {
            outer.push(Outer::Ip(std::mem::replace(&mut inner, next).ip));
            outer.extend(between);
        }
        Self { outer, inner }
    }
}

/// The packet that `packet` carries, and the headers between the two IP headers.
fn carried(packet: &Packet) -> Option<(Vec<Outer>, Packet)> {
    let Transport::Other { protocol, bytes } = &packet.transport else {
        return None;
    };
    if packet.ip.is_fragment() || !packet.trailer.is_empty() {
        return None;
    }
    let mut between = Vec::new();
    let mut kind = Kind::of_protocol(*protocol)?;
    let mut rest = bytes.as_slice();
    loop {
        kind = match kind {
            Kind::Ip(version) => {
                let inner = Packet::parse(rest).ok()?;
                return (inner.ip.version() == version).then_some((between, inner));
            }
            Kind::Gre => {
                let (gre, behind) = Gre::parse(rest)?;
                rest = behind;
                let kind = Kind::of_ethertype(gre.protocol_type)?;
                between.push(Outer::Gre(gre));
                kind
            }
            Kind::Mpls => {
                let (stack, behind) = mpls::parse(rest)?;
                between.push(Outer::Mpls(stack));
                rest = behind;
                // Nothing in a label says what it carries, so the first octet does (RFC 4928).
                Kind::Ip(match rest.first()? >> 4 {
                    4 => IpVersion::V4,
                    6 => IpVersion::V6,
                    _ => return None,
                })
            }
        };
    }
}

impl Outer {
    /// The IP header, if it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<&IpHeader> {
        match self {
            Self::Ip(ip) => Some(ip),
            Self::Gre(_) | Self::Mpls(_) => None,
        }
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Ip(ip) => Kind::Ip(ip.version()),
            Self::Gre(_) => Kind::Gre,
            Self::Mpls(_) => Kind::Mpls,
        }
    }
}

/// What a header carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ip(IpVersion),
    Gre,
    Mpls,
}

impl Kind {
    const fn of_protocol(protocol: u8) -> Option<Self> {
        match protocol {
            protocol::IPV4 => Some(Self::Ip(IpVersion::V4)),
            protocol::IPV6 => Some(Self::Ip(IpVersion::V6)),
            protocol::GRE => Some(Self::Gre),
            protocol::MPLS => Some(Self::Mpls),
            _ => None,
        }
    }

    const fn of_ethertype(ethertype: u16) -> Option<Self> {
        match ethertype {
            ethertype::IPV4 => Some(Self::Ip(IpVersion::V4)),
            ethertype::IPV6 => Some(Self::Ip(IpVersion::V6)),
            ethertype::MPLS | ethertype::MPLS_UPSTREAM => Some(Self::Mpls),
            _ => None,
        }
    }

    const fn protocol(self) -> u8 {
        match self {
            Self::Ip(IpVersion::V4) => protocol::IPV4,
            Self::Ip(IpVersion::V6) => protocol::IPV6,
            Self::Gre => protocol::GRE,
            Self::Mpls => protocol::MPLS,
        }
    }

    /// `None` for GRE, which has no EtherType.
    const fn ethertype(self) -> Option<u16> {
        match self {
            Self::Ip(IpVersion::V4) => Some(ethertype::IPV4),
            Self::Ip(IpVersion::V6) => Some(ethertype::IPV6),
            Self::Gre => None,
            Self::Mpls => Some(ethertype::MPLS),
        }
    }
}

#[cfg(test)]
mod tests;
