//! Packets at random.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use halfopen_script::tree::{
    AccEcnField, Direction, EcnSpec, Encapsulation, IcmpSpec, IpSpec, OptionsSpec, PacketBody,
    PacketSpec, QuotedSpec, SegmentSpec, TcpOptionKind, TcpOptionSpec, UdpSpec,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::NOWHERE;

pub(super) fn packet() -> impl Strategy<Value = PacketSpec> {
    let direction = select(vec![Direction::Inbound, Direction::Outbound]);
    (
        direction,
        vec(encapsulation(), 0..3),
        of(any::<u32>()),
        ip(),
    )
        .prop_flat_map(|(direction, encapsulations, psp, ip)| {
            (Just((direction, encapsulations, psp, ip)), body(direction))
        })
        .prop_map(|((direction, mut encapsulations, psp, mut ip), body)| {
            ip.wrong_checksum &= direction == Direction::Inbound;
            if direction == Direction::Inbound && ip.ecn == Some(EcnSpec::Ect01) {
                ip.ecn = None;
            }
            if matches!(body, PacketBody::Udp(_)) {
                ip.ecn = None;
            }
            encapsulations.extend(psp.map(Encapsulation::Psp));
            PacketSpec {
                span: NOWHERE,
                direction,
                encapsulations,
                ip,
                body,
            }
        })
}

fn ip() -> impl Strategy<Value = IpSpec> {
    let ecn = select(vec![
        EcnSpec::NotEct,
        EcnSpec::Ect1,
        EcnSpec::Ect0,
        EcnSpec::Ect01,
        EcnSpec::Ce,
    ]);
    let octet = (any::<bool>(), of(ecn), of(any::<u8>()));
    let addresses = (of(any::<IpAddr>()), of(any::<IpAddr>()));
    let options = of(vec(any::<u8>(), 1..=40));
    let header = (octet, of(any::<u8>()), of(0..=0xf_ffff_u32));
    (header, addresses, options, any::<bool>()).prop_map(
        |(((is_ecn, ecn, tos), ttl, flow_label), addresses, options, wrong_checksum)| IpSpec {
            ecn: ecn.filter(|_| is_ecn),
            tos: tos.filter(|_| !is_ecn),
            ttl,
            flow_label,
            source: addresses.0,
            destination: addresses.1,
            options,
            wrong_checksum,
        },
    )
}

fn encapsulation() -> impl Strategy<Value = Encapsulation> {
    let gre = (any::<u8>(), any::<[u8; 12]>()).prop_map(|(flags, rest)| {
        let flags = flags & 0xb0;
        let words = (flags & 0xb0).count_ones() as usize;
        let mut octets = vec![flags, 0, 0, 0];
        octets.extend(&rest[..4 * words]);
        Encapsulation::Gre(octets)
    });
    prop_oneof![
        (any::<Ipv4Addr>(), any::<Ipv4Addr>(), ip())
            .prop_map(|(from, to, ip)| Encapsulation::Ipv4(from, to, ip)),
        (any::<Ipv6Addr>(), any::<Ipv6Addr>(), ip())
            .prop_map(|(from, to, ip)| Encapsulation::Ipv6(from, to, ip)),
        gre,
        vec(any::<u32>(), 0..6).prop_map(Encapsulation::Mpls),
    ]
}

fn body(direction: Direction) -> impl Strategy<Value = PacketBody> {
    let udp = (of(any::<(u16, u16)>()), any::<u16>()).prop_map(|(ports, length)| UdpSpec {
        ports,
        length: length.into(),
    });
    prop_oneof![
        6 => segment(direction).prop_map(PacketBody::Tcp),
        1 => udp.prop_map(PacketBody::Udp),
        1 => icmp().prop_map(PacketBody::Icmp),
    ]
}

fn segment(direction: Direction) -> impl Strategy<Value = SegmentSpec> {
    let is_inbound = direction == Direction::Inbound;
    let fields = (
        of(any::<u32>()),
        of(any::<u16>()),
        any::<u16>(),
        of(any::<u16>()),
    );
    (
        of(any::<(u16, u16)>()),
        0..0x200_u16,
        any::<u32>(),
        any::<u16>(),
        fields,
        options(is_inbound),
    )
        .prop_map(move |(ports, flags, seq, length, fields, options)| {
            let (ack, window, inbound_window, urgent) = fields;
            let window = if is_inbound {
                Some(inbound_window)
            } else {
                window
            };
            SegmentSpec {
                ports,
                flags,
                flags_span: NOWHERE,
                seq,
                seq_end: seq.wrapping_add(length.into()),
                length: length.into(),
                seq_span: NOWHERE,
                ack: ack.map(|ack| (ack, NOWHERE)),
                window: window.map(|window| (window, NOWHERE)),
                urgent: urgent.map(|pointer| (pointer, NOWHERE)),
                options,
            }
        })
}

fn options(is_inbound: bool) -> impl Strategy<Value = OptionsSpec> {
    let list = vec(option(), 1..4).prop_filter("options must fit", |list| {
        list.iter().map(room).sum::<usize>() <= 40
    });
    prop_oneof![
        Just(OptionsSpec::Absent),
        Just(if is_inbound {
            OptionsSpec::Absent
        } else {
            OptionsSpec::Any(NOWHERE)
        }),
        list.prop_map(|list| OptionsSpec::List(list, NOWHERE)),
    ]
}

/// The most octets that an option can take.
fn room(option: &TcpOptionSpec) -> usize {
    match &option.kind {
        TcpOptionKind::Sack(Some(blocks)) => 2 + 8 * blocks.len(),
        TcpOptionKind::FastOpen(Some(octets))
        | TcpOptionKind::FastOpenExp(Some(octets))
        | TcpOptionKind::Md5(Some(octets))
        | TcpOptionKind::Raw { data: octets, .. } => 4 + octets.len(),
        _ => 11,
    }
}

fn option() -> impl Strategy<Value = TcpOptionSpec> {
    let octets = |least: usize| of(vec(any::<u8>(), least..12));
    let counters = (any::<bool>(), vec(0..=0xff_ffff_u32, 1..=3)).prop_map(|(forward, values)| {
        let mut order = [AccEcnField::E0b, AccEcnField::Ceb, AccEcnField::E1b];
        if !forward {
            order.reverse();
        }
        TcpOptionKind::AccEcn(order.into_iter().zip(values).collect())
    });
    let raw = (any::<u8>(), of(any::<u8>()), vec(any::<u8>(), 0..12))
        .prop_map(|(kind, length, data)| TcpOptionKind::Raw { kind, length, data });
    prop_oneof![
        Just(TcpOptionKind::Nop),
        Just(TcpOptionKind::Eol),
        any::<u16>().prop_map(TcpOptionKind::Mss),
        any::<u8>().prop_map(TcpOptionKind::WindowScale),
        Just(TcpOptionKind::SackPermitted),
        of(vec(any::<(u32, u32)>(), 1..4)).prop_map(TcpOptionKind::Sack),
        (of(any::<u32>()), of(any::<u32>()))
            .prop_map(|(val, ecr)| TcpOptionKind::Timestamps { val, ecr }),
        octets(0).prop_map(TcpOptionKind::FastOpen),
        octets(0).prop_map(TcpOptionKind::FastOpenExp),
        octets(1).prop_map(TcpOptionKind::Md5),
        counters,
        raw,
    ]
    .prop_map(|kind| TcpOptionSpec {
        span: NOWHERE,
        kind,
    })
}

fn icmp() -> impl Strategy<Value = IcmpSpec> {
    let message = select(vec![
        ("unreachable", Some("port_unreachable"), false),
        ("unreachable", Some("frag_needed"), true),
        ("packet_too_big", None, true),
        ("time_exceeded", Some("7"), false),
        ("11", Some("0"), false),
        ("echo_reply", None, false),
    ]);
    let quoted = prop_oneof![
        (any::<u32>(), any::<u16>()).prop_map(|(seq, length)| QuotedSpec::Tcp {
            seq,
            seq_end: seq.wrapping_add(length.into()),
            length: length.into(),
        }),
        any::<u16>().prop_map(|length| QuotedSpec::Udp {
            length: length.into()
        }),
        any::<u16>().prop_map(|length| QuotedSpec::Raw {
            length: length.into()
        }),
    ];
    (message, any::<u16>(), of(any::<u16>()), of(quoted)).prop_map(
        |((kind, code, has_mtu), mtu, echo_id, quoted)| IcmpSpec {
            kind: kind.to_owned(),
            code: code.map(str::to_owned),
            span: NOWHERE,
            mtu: has_mtu.then_some(mtu.into()),
            echo_id,
            quoted,
        },
    )
}
