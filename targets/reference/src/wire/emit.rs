//! Outbound packets: a segment's value into bytes, checksums computed (RFC 9293 MUST-2).

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use super::checksum::Sum;
use super::{ip, ip_options, tcp};
use crate::SourceRoute;
use crate::segment::OutboundSegment;

/// The IP packet that carries `segment`; `identification` is for IPv4.
pub(crate) fn emit(segment: &OutboundSegment<'_>, identification: u16) -> Vec<u8> {
    let options_length = segment.options.encoded_len();
    let tcp_length = 20 + options_length + segment.text_len();
    let mut packet = Vec::with_capacity(40 + tcp_length);
    match (&segment.local.addr, &segment.remote.addr) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let ends = [*source, *destination];
            match segment.route {
                None => {
                    let header = v4_header(segment, ends, 20 + tcp_length, identification);
                    packet.extend_from_slice(&header);
                }
                Some(route) => {
                    push_routed_header(segment, ends, route, identification, &mut packet);
                }
            }
        }
        _ => packet.extend_from_slice(&v6_header(segment, tcp_length)),
    }
    let header = packet.len();
    packet.extend_from_slice(&tcp_header(segment, options_length));
    segment.options.encode(&mut packet);
    for piece in segment.text {
        packet.extend_from_slice(piece);
    }
    // The final destination counts, whatever the header's is on the way: it is what the host that checks the sum finds there.
    let sum = Sum::default()
        .add_pseudo_header(segment.local.addr, segment.remote.addr, ip::TCP, tcp_length)
        .add(packet.get(header..).unwrap_or_default())
        .finish();
    write_at(&mut packet, header + 16, sum);
    packet
}

/// The fixed part (RFC 791 section 3.1), in words of 32 bits.
fn v4_header(
    segment: &OutboundSegment<'_>,
    [source, destination]: [Ipv4Addr; 2],
    length: usize,
    identification: u16,
) -> [u8; 20] {
    let length = u32::from(u16::try_from(length).unwrap_or(u16::MAX));
    // Don't Fragment, where path MTU discovery (RFC 1191) is on.
    let fragmentation = if segment.dont_fragment { 0x4000 } else { 0 };
    let mut words = [
        0x45 << 24 | u32::from(segment.class) << 16 | length,
        u32::from(identification) << 16 | fragmentation,
        u32::from(segment.ttl) << 24 | u32::from(ip::TCP) << 16,
        source.to_bits(),
        destination.to_bits(),
    ];
    let sum = words.into_iter().fold(Sum::default(), Sum::add_number);
    words[2] |= u32::from(sum.finish());
    octets(words)
}

/// The header of a packet that sets out on a source route: the first hop is its destination (RFC 791 section 3.1).
#[cold]
fn push_routed_header(
    segment: &OutboundSegment<'_>,
    [source, remote]: [Ipv4Addr; 2],
    route: &SourceRoute,
    identification: u16,
    packet: &mut Vec<u8>,
) {
    let length = 20 + route.encoded_len();
    let whole = length + 20 + segment.options.encoded_len() + segment.text_len();
    let ends = [source, route.first_hop()];
    packet.extend_from_slice(&v4_header(segment, ends, whole, identification));
    ip_options::push_route(route, remote, packet);
    if let Some(first) = packet.first_mut() {
        *first = 0x40 | (length / 4) as u8; // 15 words at the most
    }
    write_at(packet, 10, 0);
    let sum = Sum::default().add(packet).finish();
    write_at(packet, 10, sum);
}

fn octets(words: [u32; 5]) -> [u8; 20] {
    let mut octets = [0; 20];
    for (four, word) in octets.as_chunks_mut().0.iter_mut().zip(words) {
        *four = word.to_be_bytes();
    }
    octets
}

/// Apart from [`emit`], so that its code is not in the way of who sends by IPv4.
#[inline(never)]
fn v6_header(segment: &OutboundSegment<'_>, length: usize) -> [u8; 40] {
    let mut header = [0; 40];
    let [length_upper, length] = length_field(length);
    let (fixed, addresses) = header.split_at_mut(8);
    fixed.copy_from_slice(&[
        0x60 | segment.class >> 4,
        segment.class << 4,
        0,
        0,
        length_upper,
        length,
        ip::TCP,
        segment.ttl,
    ]);
    let (source, destination) = addresses.split_at_mut(16);
    source.copy_from_slice(&v6_octets(segment.local.addr));
    destination.copy_from_slice(&v6_octets(segment.remote.addr));
    header
}

/// The fixed part (RFC 9293 section 3.1), without a checksum.
fn tcp_header(segment: &OutboundSegment<'_>, options_length: usize) -> [u8; 20] {
    // 15 words at the most: options never exceed 40 octets.
    let offset = (5 + options_length / 4) as u32;
    let upper = u32::from(tcp::upper_flag_bits(segment.flags));
    let bits = u32::from(tcp::flag_bits(segment.flags));
    octets([
        u32::from(segment.local.port) << 16 | u32::from(segment.remote.port),
        segment.seq.0,
        segment.ack.0,
        offset << 28 | upper << 24 | bits << 16 | u32::from(segment.wnd),
        u32::from(segment.up),
    ])
}

/// Sets PSH in a packet of [`emit`]'s, and brings its checksum up to date (RFC 1624).
pub(crate) fn set_push(packet: &mut [u8]) {
    const PSH: u16 = 0x0008;
    let header = match packet.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0x0f) * 4,
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
