//! Transport checksums that the kernel left to its interface: we are the interface, so we fill them in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::{self, MutableTcpPacket};
use pnet::packet::udp::{self, MutableUdpPacket};

/// Fills in the checksum of the TCP segment or UDP datagram in an IP packet; leaves anything else alone.
pub(crate) fn fill_in(packet: &mut [u8]) {
    let Some((header, protocol, ends)) = transport(packet) else {
        return;
    };
    let Some(payload) = packet.get_mut(header..) else {
        return;
    };
    match protocol {
        IpNextHeaderProtocols::Tcp => {
            if let Some(mut segment) = MutableTcpPacket::new(payload) {
                let sum = match ends {
                    (IpAddr::V4(a), IpAddr::V4(b)) => {
                        tcp::ipv4_checksum(&segment.to_immutable(), &a, &b)
                    }
                    (IpAddr::V6(a), IpAddr::V6(b)) => {
                        tcp::ipv6_checksum(&segment.to_immutable(), &a, &b)
                    }
                    _ => return,
                };
                segment.set_checksum(sum);
            }
        }
        IpNextHeaderProtocols::Udp => {
            if let Some(mut datagram) = MutableUdpPacket::new(payload) {
                let sum = match ends {
                    (IpAddr::V4(a), IpAddr::V4(b)) => {
                        udp::ipv4_checksum(&datagram.to_immutable(), &a, &b)
                    }
                    (IpAddr::V6(a), IpAddr::V6(b)) => {
                        udp::ipv6_checksum(&datagram.to_immutable(), &a, &b)
                    }
                    _ => return,
                };
                datagram.set_checksum(sum);
            }
        }
        _ => {}
    }
}

/// Length of the IP header, what follows it, and the two ends.
fn transport(packet: &[u8]) -> Option<(usize, IpNextHeaderProtocol, (IpAddr, IpAddr))> {
    match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new(packet)?;
            let ends: (Ipv4Addr, Ipv4Addr) = (ip.get_source(), ip.get_destination());
            let header = usize::from(ip.get_header_length()) * 4;
            Some((
                header,
                ip.get_next_level_protocol(),
                (ends.0.into(), ends.1.into()),
            ))
        }
        6 => {
            let ip = Ipv6Packet::new(packet)?;
            let ends: (Ipv6Addr, Ipv6Addr) = (ip.get_source(), ip.get_destination());
            Some((40, ip.get_next_header(), (ends.0.into(), ends.1.into())))
        }
        _ => None,
    }
}
