//! An IP packet and what it carries.

use std::net::{IpAddr, SocketAddr};

use crate::{Icmp, IpHeader, Segment, Udp, ip::protocol};

/// An IP packet as a value, every field as it stands on the wire.
///
/// See the [crate's contract](crate#contract) for what parsing and encoding promise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// The IP header, with IPv4 options or IPv6 extension headers.
    pub ip: IpHeader,
    /// What the packet carries.
    pub transport: Transport,
    /// Octets behind the end that the IP header states (Ethernet padding, for one).
    pub trailer: Vec<u8>,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Protocol 6.
    Tcp(Segment),
    /// Protocol 17.
    Udp(Udp),
    /// Protocol 1, over IPv4.
    Icmpv4(Icmp),
    /// Protocol 58, over IPv6.
    Icmpv6(Icmp),
    /// Any other protocol, encapsulations among them; also every fragment, and headers cut short.
    Other {
        /// The protocol of the payload, behind any IPv6 extension headers.
        protocol: u8,
        /// The payload, verbatim.
        bytes: Vec<u8>,
    },
}

impl Transport {
    /// The protocol number.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        match self {
            Self::Tcp(_) => protocol::TCP,
            Self::Udp(_) => protocol::UDP,
            Self::Icmpv4(_) => protocol::ICMP,
            Self::Icmpv6(_) => protocol::ICMPV6,
            Self::Other { protocol, .. } => *protocol,
        }
    }
}

impl Packet {
    /// A packet of any transport between two addresses, [finished](Self::finish).
    ///
    /// Of addresses of different families, the IPv4 one is mapped into IPv6.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, transport: Transport) -> Self {
        let ip = IpHeader::new(source, destination, transport.protocol());
        let mut packet = Self {
            ip,
            transport,
            trailer: Vec::new(),
        };
        packet.finish();
        packet
    }

    /// A TCP packet whose ports are those of the addresses, [finished](Self::finish): to send a wrong checksum or
    /// data offset, set it in what this returns.
    #[must_use]
    pub fn tcp(source: SocketAddr, destination: SocketAddr, segment: Segment) -> Self {
        let segment = Segment {
            source_port: source.port(),
            destination_port: destination.port(),
            ..segment
        };
        Self::new(source.ip(), destination.ip(), Transport::Tcp(segment))
    }

    /// A UDP packet, [finished](Self::finish).
    #[must_use]
    pub fn udp(source: SocketAddr, destination: SocketAddr, payload: Vec<u8>) -> Self {
        let udp = Udp::new(source.port(), destination.port(), payload);
        Self::new(source.ip(), destination.ip(), Transport::Udp(udp))
    }

    /// An ICMP packet, [finished](Self::finish): ICMPv4 between IPv4 addresses, else ICMPv6.
    #[must_use]
    pub fn icmp(source: IpAddr, destination: IpAddr, icmp: Icmp) -> Self {
        let transport = match (source, destination) {
            (IpAddr::V4(_), IpAddr::V4(_)) => Transport::Icmpv4(icmp),
            _ => Transport::Icmpv6(icmp),
        };
        Self::new(source, destination, transport)
    }

    /// The TCP segment, if the packet carries one.
    #[must_use]
    pub const fn segment(&self) -> Option<&Segment> {
        match &self.transport {
            Transport::Tcp(segment) => Some(segment),
            _ => None,
        }
    }

    /// The TCP segment, if the packet carries one, to change.
    #[must_use]
    pub const fn segment_mut(&mut self) -> Option<&mut Segment> {
        match &mut self.transport {
            Transport::Tcp(segment) => Some(segment),
            _ => None,
        }
    }

    /// The ICMP message of either version, if the packet carries one.
    #[must_use]
    pub const fn icmp_message(&self) -> Option<&Icmp> {
        match &self.transport {
            Transport::Icmpv4(icmp) | Transport::Icmpv6(icmp) => Some(icmp),
            _ => None,
        }
    }

    /// Source address.
    #[must_use]
    pub const fn source(&self) -> IpAddr {
        self.ip.source()
    }

    /// Destination address.
    #[must_use]
    pub const fn destination(&self) -> IpAddr {
        self.ip.destination()
    }

    /// Source and destination ports of TCP and UDP.
    #[must_use]
    pub const fn ports(&self) -> Option<(u16, u16)> {
        match &self.transport {
            Transport::Tcp(segment) => Some((segment.source_port, segment.destination_port)),
            Transport::Udp(udp) => Some((udp.source_port, udp.destination_port)),
            _ => None,
        }
    }
}
