//! Packets for property tests: legal and illegal ones.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::array::uniform16;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::ip::protocol;
use crate::{
    AccEcnOrder, Ecn, Encapsulated, Flags, Gre, Icmp, IpHeader, Ipv4Header, Ipv6Header, Label,
    Outer, Packet, Segment, Seq, TcpOption, Transport, Udp,
};

/// The most octets of options that a TCP or IPv4 header can state.
const MOST_OPTIONS: usize = 40;

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

/// Any option, also such as no parse gives.
pub(crate) fn option() -> impl Strategy<Value = TcpOption> {
    let order = prop_oneof![Just(AccEcnOrder::Zero), Just(AccEcnOrder::One)];
    prop_oneof![
        Just(TcpOption::EndOfList),
        Just(TcpOption::Nop),
        any::<u16>().prop_map(TcpOption::Mss),
        any::<u8>().prop_map(TcpOption::WindowScale),
        Just(TcpOption::SackPermitted),
        vec(any::<(u32, u32)>(), 0..5).prop_map(|blocks| TcpOption::Sack(
            blocks.into_iter().map(|(l, r)| (Seq(l), Seq(r))).collect()
        )),
        any::<(u32, u32)>().prop_map(|(val, ecr)| TcpOption::Timestamps { val, ecr }),
        uniform16(any::<u8>()).prop_map(TcpOption::Md5),
        octets(18).prop_map(TcpOption::FastOpen),
        octets(18).prop_map(TcpOption::FastOpenExp),
        (order, vec(any::<u32>(), 0..5))
            .prop_map(|(order, counters)| TcpOption::AccEcn { order, counters }),
        (any::<u8>(), octets(10)).prop_map(|(kind, data)| TcpOption::Unknown { kind, data }),
        octets(6).prop_map(TcpOption::Malformed),
        octets(6).prop_map(TcpOption::Padding),
    ]
}

/// Any segment; its options may or may not fit its header, and its data offset may be anything.
pub(crate) fn segment() -> impl Strategy<Value = Segment> {
    let numbers = any::<(u16, u16, u32, u32, u8, u16, u16, u16, u16)>();
    (numbers, vec(option(), 0..8), octets(64)).prop_map(|(numbers, options, payload)| {
        let (
            source_port,
            destination_port,
            seq,
            ack,
            data_offset,
            flags,
            window,
            checksum,
            urgent_pointer,
        ) = numbers;
        Segment {
            source_port,
            destination_port,
            seq: Seq(seq),
            ack: Seq(ack),
            data_offset,
            flags: Flags::from_bits(flags),
            window,
            checksum,
            urgent_pointer,
            options,
            payload,
        }
    })
}

/// A segment whose options fit a header.
fn fitting_segment() -> impl Strategy<Value = Segment> {
    segment().prop_map(|mut segment| {
        while segment.header_length() > Segment::MINIMUM_HEADER + MOST_OPTIONS {
            segment.options.pop();
        }
        segment
    })
}

fn udp() -> impl Strategy<Value = Udp> {
    (any::<(u16, u16, u16, u16)>(), octets(64)).prop_map(|(numbers, payload)| {
        let (source_port, destination_port, length, checksum) = numbers;
        Udp {
            source_port,
            destination_port,
            length,
            checksum,
            payload,
        }
    })
}

fn icmp() -> impl Strategy<Value = Icmp> {
    let kind = prop_oneof![any::<u8>(), 0u8..14, 128u8..138];
    (kind, any::<(u8, u16, [u8; 4])>(), octets(120)).prop_map(
        |(kind, (code, checksum, rest), body)| Icmp {
            kind,
            code,
            checksum,
            rest,
            body,
        },
    )
}

fn ecn() -> impl Strategy<Value = Ecn> {
    (0u8..4).prop_map(Ecn::from_bits)
}

/// An IPv4 header of a whole packet, its narrow fields in their width.
fn ipv4() -> impl Strategy<Value = Ipv4Header> {
    let numbers = any::<(u16, u16, bool, bool, u8, u8, u16, u32, u32)>();
    (0u8..64, ecn(), numbers, octets(MOST_OPTIONS)).prop_map(|(dscp, ecn, numbers, options)| {
        let (
            total_length,
            identification,
            reserved_flag,
            dont_fragment,
            ttl,
            protocol,
            checksum,
            source,
            to,
        ) = numbers;
        Ipv4Header {
            dscp,
            ecn,
            total_length,
            identification,
            reserved_flag,
            dont_fragment,
            more_fragments: false,
            fragment_offset: 0,
            ttl,
            protocol,
            checksum,
            source: Ipv4Addr::from_bits(source),
            destination: Ipv4Addr::from_bits(to),
            options,
        }
    })
}

/// A kind of extension header, its length in its own units, and what it is filled with.
fn extension() -> impl Strategy<Value = (u8, u8, u8)> {
    let kind = prop_oneof![
        Just(protocol::HOP_BY_HOP),
        Just(protocol::ROUTING),
        Just(protocol::DESTINATION_OPTIONS),
        Just(protocol::AUTHENTICATION),
        Just(protocol::MOBILITY),
        Just(protocol::FRAGMENT),
    ];
    (kind, 0u8..4, any::<u8>())
}

/// An IPv6 header of a whole packet with up to three extension headers.
fn ipv6() -> impl Strategy<Value = Ipv6Header> {
    let numbers = any::<(u16, u8, u8, u128, u128)>();
    (
        0u8..64,
        ecn(),
        0u32..1 << 20,
        numbers,
        vec(extension(), 0..4),
    )
        .prop_map(
            |(
                dscp,
                ecn,
                flow_label,
                (payload_length, next_header, hop_limit, source, to),
                chain,
            )| {
                let mut ip = Ipv6Header {
                    dscp,
                    ecn,
                    flow_label,
                    payload_length,
                    next_header: chain.first().map_or(next_header, |(kind, ..)| *kind),
                    hop_limit,
                    source: Ipv6Addr::from_bits(source),
                    destination: Ipv6Addr::from_bits(to),
                    extensions: Vec::new(),
                };
                for (index, (kind, units, fill)) in chain.iter().enumerate() {
                    let next = chain
                        .get(index + 1)
                        .map_or(protocol::NO_NEXT_HEADER, |(kind, ..)| *kind);
                    match *kind {
                        // A whole packet in one fragment (RFC 6946).
                        protocol::FRAGMENT => ip
                            .extensions
                            .extend([next, 0, 0, 0, *fill, *fill, *fill, *fill]),
                        kind => {
                            let length = match kind {
                                protocol::AUTHENTICATION => (usize::from(*units) + 2) * 4,
                                _ => (usize::from(*units) + 1) * 8,
                            };
                            ip.extensions.extend([next, *units]);
                            ip.extensions.extend(std::iter::repeat_n(*fill, length - 2));
                        }
                    }
                }
                ip
            },
        )
}

/// A protocol that has no type here and is no extension header.
fn other() -> impl Strategy<Value = Transport> {
    let protocol = prop_oneof![
        Just(protocol::GRE),
        Just(protocol::IPV4),
        Just(protocol::IPV6),
        Just(253)
    ];
    (protocol, octets(80)).prop_map(|(protocol, bytes)| Transport::Other { protocol, bytes })
}

fn packet_v4() -> impl Strategy<Value = Packet> {
    let transport = prop_oneof![
        3 => fitting_segment().prop_map(Transport::Tcp),
        1 => udp().prop_map(Transport::Udp),
        1 => icmp().prop_map(Transport::Icmpv4),
        1 => other(),
    ];
    // A fragment, if any: its offset, and whether more follow.
    let fragment = of(prop_oneof![(1u16..1 << 13, any::<bool>()), Just((0, true)),]);
    (ipv4(), transport, octets(9), fragment).prop_map(
        |(mut ip, mut transport, trailer, fragment)| {
            if let (Some((offset, more)), Transport::Other { .. }) = (fragment, &transport) {
                (ip.fragment_offset, ip.more_fragments) = (offset, more);
                // A fragment's protocol is what the whole has.
                if let Transport::Other { protocol, .. } = &mut transport {
                    *protocol = protocol::TCP;
                }
            }
            Packet {
                ip: IpHeader::V4(ip),
                transport,
                trailer,
            }
        },
    )
}

fn packet_v6() -> impl Strategy<Value = Packet> {
    let transport = prop_oneof![
        3 => fitting_segment().prop_map(Transport::Tcp),
        1 => udp().prop_map(Transport::Udp),
        1 => icmp().prop_map(Transport::Icmpv6),
        1 => other(),
    ];
    (ipv6(), transport, octets(9)).prop_map(|(ip, transport, trailer)| Packet {
        ip: IpHeader::V6(ip),
        transport,
        trailer,
    })
}

/// A packet that a parse can give again once it is finished.
pub(crate) fn packet() -> impl Strategy<Value = Packet> {
    prop_oneof![packet_v4(), packet_v6()]
}

/// A packet without any rule: fields wider than they should be, fragments of known transports, ICMP of the wrong
/// version, headers too long.
pub(crate) fn illegal_packet() -> impl Strategy<Value = Packet> {
    let transport = prop_oneof![
        segment().prop_map(Transport::Tcp),
        udp().prop_map(Transport::Udp),
        icmp().prop_map(Transport::Icmpv4),
        icmp().prop_map(Transport::Icmpv6),
        (any::<u8>(), octets(60))
            .prop_map(|(protocol, bytes)| Transport::Other { protocol, bytes }),
    ];
    (
        packet(),
        transport,
        any::<(u8, u16, bool, u32)>(),
        octets(90),
    )
        .prop_map(
            |(mut packet, transport, (dscp, offset, more, flow_label), octets)| {
                match &mut packet.ip {
                    IpHeader::V4(ip) => {
                        ip.dscp = dscp;
                        (ip.fragment_offset, ip.more_fragments) = (offset, more);
                        ip.options = octets;
                    }
                    IpHeader::V6(ip) => {
                        ip.dscp = dscp;
                        ip.flow_label = flow_label;
                        ip.extensions = octets;
                    }
                }
                packet.transport = transport;
                packet
            },
        )
}

/// Bytes that begin like an IP packet of a known transport, and are anything else behind that.
pub(crate) fn nearly_a_packet() -> impl Strategy<Value = Vec<u8>> {
    let protocol = prop_oneof![
        Just(protocol::TCP),
        Just(protocol::UDP),
        Just(protocol::ICMP),
        Just(protocol::ICMPV6),
        Just(protocol::IPV4),
        Just(protocol::IPV6),
        Just(protocol::HOP_BY_HOP),
        Just(protocol::FRAGMENT),
        Just(protocol::AUTHENTICATION),
    ];
    (any::<bool>(), 4u8..12, protocol, 0u8..160, octets(160)).prop_map(
        |(v6, words, protocol, length, mut bytes)| {
            // Octet by octet, as far as there are any: version, length, fragment offset and protocol or next header.
            let set: &[(usize, u8)] = if v6 {
                &[(0, 0x60), (4, 0), (5, length), (6, protocol)]
            } else {
                &[
                    (0, 0x40 | words),
                    (2, 0),
                    (3, length),
                    (6, 0),
                    (7, 0),
                    (9, protocol),
                ]
            };
            for (at, octet) in set {
                if let Some(place) = bytes.get_mut(*at) {
                    *place = *octet;
                }
            }
            bytes
        },
    )
}

/// A finished packet's bytes with some octets changed, cut off or added.
pub(crate) fn mutated_packet() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (
        packet(),
        changes,
        any::<prop::sample::Index>(),
        any::<bool>(),
        octets(20),
    )
        .prop_map(|(mut packet, changes, cut, is_cut, more)| {
            packet.finish();
            let mut bytes = packet.encode();
            for (at, octet) in changes {
                let at = at.index(bytes.len());
                bytes[at] = octet;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            } else {
                bytes.extend(more);
            }
            bytes
        })
}

fn outer_ip() -> impl Strategy<Value = Outer> {
    prop_oneof![
        ipv4().prop_map(|ip| Outer::Ip(IpHeader::V4(ip))),
        ipv6().prop_map(|ip| Outer::Ip(IpHeader::V6(ip))),
    ]
}

/// A GRE header whose flags name no source route and no other version.
fn gre() -> impl Strategy<Value = Outer> {
    let fields = (of(any::<(u16, u16)>()), of(any::<u32>()), of(any::<u32>()));
    (any::<u16>(), fields).prop_map(|(flags, (checksum, key, sequence))| {
        Outer::Gre(Gre {
            flags: flags & !(Gre::ROUTING | 7),
            protocol_type: 0,
            checksum,
            key,
            sequence,
        })
    })
}

/// A label stack whose last entry, and no other, is the bottom.
fn label_stack() -> impl Strategy<Value = Outer> {
    vec(any::<u32>(), 1..4).prop_map(|words| {
        let bottom = words.len() - 1;
        let entry = |(at, word)| Label {
            is_bottom: at == bottom,
            ..Label::from(word)
        };
        Outer::Mpls(words.into_iter().enumerate().map(entry).collect())
    })
}

/// A packet in headers that a parse can give again once all are finished.
pub(crate) fn encapsulated() -> impl Strategy<Value = Encapsulated> {
    let innermost = packet().prop_filter("carries nothing that looks like a packet", |packet| {
        !matches!(packet.transport, Transport::Other { .. })
    });
    (
        vec((outer_ip(), of(gre()), of(label_stack())), 0..4),
        innermost,
    )
        .prop_map(|(headers, inner)| Encapsulated {
            outer: headers
                .into_iter()
                .flat_map(|(ip, gre, labels)| std::iter::once(ip).chain(gre).chain(labels))
                .collect(),
            inner,
        })
}

/// Bytes that begin like a tunnelled packet, and are anything else behind that.
pub(crate) fn nearly_encapsulated() -> impl Strategy<Value = Vec<u8>> {
    let behind = prop_oneof![
        Just((protocol::IPV4, Vec::new())),
        Just((protocol::IPV6, Vec::new())),
        any::<[u8; 4]>().prop_map(|octets| (protocol::GRE, octets.to_vec())),
        any::<[u8; 1]>().prop_map(|[flags]| (protocol::GRE, vec![flags & 0xb0, 0, 8, 0])),
        any::<[u8; 8]>().prop_map(|octets| (protocol::MPLS, octets.to_vec())),
    ];
    (behind, nearly_a_packet()).prop_map(|((protocol, between), inner)| {
        let bytes = [between, inner].concat();
        let source = Ipv4Addr::new(198, 51, 100, 1);
        Packet::new(
            source.into(),
            source.into(),
            Transport::Other { protocol, bytes },
        )
        .encode()
    })
}
