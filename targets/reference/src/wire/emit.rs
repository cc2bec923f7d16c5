//! Outbound packets: a segment's value into bytes, checksums computed (RFC 9293 MUST-2).

use alloc::vec::Vec;
use core::net::IpAddr;

use super::checksum::Sum;
use super::{ip, tcp};
use crate::segment::OutboundSegment;

/// The IP packet that carries `segment`; `identification` is for IPv4.
pub(crate) fn emit(segment: &OutboundSegment, identification: u16) -> Vec<u8> {
    let tcp_length = 20 + segment.options.encoded_len() + segment.text.len();
    let mut packet = Vec::with_capacity(40 + tcp_length);
    match (segment.local.addr, segment.remote.addr) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total = length_field(20 + tcp_length);
            packet.extend([0x45, segment.class]);
            packet.extend(total);
            packet.extend(identification.to_be_bytes());
            // Don't Fragment: path MTU discovery (RFC 1191) is on.
            packet.extend([0x40, 0x00, segment.ttl, ip::TCP, 0, 0]);
            packet.extend(source.octets());
            packet.extend(destination.octets());
            let sum = Sum::default().add(&packet).finish();
            write_at(&mut packet, 10, sum);
        }
        (source, destination) => {
            packet.extend([0x60 | segment.class >> 4, segment.class << 4, 0, 0]);
            packet.extend(length_field(tcp_length));
            packet.extend([ip::TCP, segment.ttl]);
            packet.extend(v6_octets(source));
            packet.extend(v6_octets(destination));
        }
    }
    let header = packet.len();
    emit_tcp(segment, &mut packet);
    let sum = Sum::default()
        .add_pseudo_header(segment.local.addr, segment.remote.addr, ip::TCP, tcp_length)
        .add(packet.get(header..).unwrap_or_default())
        .finish();
    write_at(&mut packet, header + 16, sum);
    packet
}

fn emit_tcp(segment: &OutboundSegment, packet: &mut Vec<u8>) {
    let words = 5 + segment.options.encoded_len() / 4;
    packet.extend(segment.local.port.to_be_bytes());
    packet.extend(segment.remote.port.to_be_bytes());
    packet.extend(segment.seq.0.to_be_bytes());
    packet.extend(segment.ack.0.to_be_bytes());
    // 15 words at the most: options never exceed 40 octets.
    let offset = (words << 4) as u8 | tcp::upper_flag_bits(segment.flags);
    packet.extend([offset, tcp::flag_bits(segment.flags)]);
    packet.extend(segment.wnd.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(segment.up.to_be_bytes());
    segment.options.encode(packet);
    packet.extend_from_slice(&segment.text);
}

fn v6_octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn length_field(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

fn write_at(packet: &mut [u8], at: usize, value: u16) {
    if let Some(field) = packet.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}
