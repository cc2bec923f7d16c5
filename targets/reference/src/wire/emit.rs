//! Outbound packets: a segment's value into bytes, checksums computed (RFC 9293 MUST-2).

use alloc::vec::Vec;
use core::net::IpAddr;

use super::checksum::Sum;
use super::{ip, tcp};
use crate::segment::OutboundSegment;

/// The IP packet that carries `segment`; `identification` is for IPv4.
pub(crate) fn emit(segment: &OutboundSegment<'_>, identification: u16) -> Vec<u8> {
    let options_length = segment.options.encoded_len();
    let tcp_length = 20 + options_length + segment.text_len();
    let mut packet = Vec::with_capacity(40 + tcp_length);
    match (&segment.local.addr, &segment.remote.addr) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let ends = [source.octets(), destination.octets()];
            let header = v4_header(segment, ends, 20 + tcp_length, identification);
            packet.extend_from_slice(&header);
        }
        (source, destination) => {
            packet.extend_from_slice(&[0x60 | segment.class >> 4, segment.class << 4, 0, 0]);
            packet.extend_from_slice(&length_field(tcp_length));
            packet.extend_from_slice(&[ip::TCP, segment.ttl]);
            packet.extend_from_slice(&v6_octets(*source));
            packet.extend_from_slice(&v6_octets(*destination));
        }
    }
    let header = packet.len();
    packet.extend_from_slice(&tcp_header(segment, options_length));
    segment.options.encode(&mut packet);
    for piece in segment.text {
        packet.extend_from_slice(piece);
    }
    let sum = Sum::default()
        .add_pseudo_header(segment.local.addr, segment.remote.addr, ip::TCP, tcp_length)
        .add(packet.get(header..).unwrap_or_default())
        .finish();
    write_at(&mut packet, header + 16, sum);
    packet
}

fn v4_header(
    segment: &OutboundSegment<'_>,
    [source, destination]: [[u8; 4]; 2],
    length: usize,
    identification: u16,
) -> [u8; 20] {
    let [length_upper, length] = length_field(length);
    let [id_upper, id] = identification.to_be_bytes();
    // Don't Fragment, where path MTU discovery (RFC 1191) is on.
    let fragmentation = if segment.dont_fragment { 0x40 } else { 0 };
    let [s0, s1, s2, s3] = source;
    let [d0, d1, d2, d3] = destination;
    #[rustfmt::skip]
    let mut header = [
        0x45, segment.class, length_upper, length,
        id_upper, id, fragmentation, 0,
        segment.ttl, ip::TCP, 0, 0,
        s0, s1, s2, s3,
        d0, d1, d2, d3,
    ];
    let sum = Sum::default().add(&header).finish();
    write_at(&mut header, 10, sum);
    header
}

/// The fixed part (RFC 9293 section 3.1), without a checksum.
fn tcp_header(segment: &OutboundSegment<'_>, options_length: usize) -> [u8; 20] {
    // 15 words at the most: options never exceed 40 octets.
    let words = 5 + options_length / 4;
    let offset = (words << 4) as u8 | tcp::upper_flag_bits(segment.flags);
    let [p0, p1] = segment.local.port.to_be_bytes();
    let [p2, p3] = segment.remote.port.to_be_bytes();
    let [s0, s1, s2, s3] = segment.seq.0.to_be_bytes();
    let [a0, a1, a2, a3] = segment.ack.0.to_be_bytes();
    let [w0, w1] = segment.wnd.to_be_bytes();
    let [u0, u1] = segment.up.to_be_bytes();
    #[rustfmt::skip]
    let header = [
        p0, p1, p2, p3,
        s0, s1, s2, s3,
        a0, a1, a2, a3,
        offset, tcp::flag_bits(segment.flags), w0, w1,
        0, 0, u0, u1,
    ];
    header
}

/// Sets PSH in a packet of [`emit`]'s, and brings its checksum up to date (RFC 1624).
pub(crate) fn set_push(packet: &mut [u8]) {
    const PSH: u16 = 0x0008;
    let header = match packet.first().map(|octet| octet >> 4) {
        Some(4) => 20,
        _ => 40,
    };
    let word = |packet: &[u8], at| super::be16(packet, at).unwrap_or_default();
    let before = word(packet, header + 12);
    let after = before | PSH;
    let sum = u32::from(!word(packet, header + 16)) + u32::from(!before) + u32::from(after);
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    write_at(packet, header + 12, after);
    write_at(packet, header + 16, !(folded as u16));
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
