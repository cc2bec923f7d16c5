//! Lines of text as snapshots: one file for a theme, one line for a packet.

use std::net::{IpAddr, Ipv4Addr};

use insta::assert_snapshot;

use super::*;
use crate::{AccEcnOrder, Flags, Gre, Ipv6Header, Label, Segment, TcpOption};

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1));

fn tcp(segment: Segment) -> Packet {
    Packet::tcp(SocketAddr::new(A, 8080), SocketAddr::new(B, 80), segment)
}

fn with_options(options: Vec<TcpOption>) -> String {
    let mut segment = Segment {
        flags: Flags::ACK,
        window: 100,
        options,
        ..Segment::default()
    };
    segment.finish();
    segment.to_string()
}

fn lines<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| format!("{item}\n")).collect()
}

fn syn_ack() -> Segment {
    Segment {
        seq: Seq(5000),
        ack: Seq(1001),
        flags: Flags::SYN | Flags::ACK,
        window: 65535,
        options: vec![
            TcpOption::Mss(1460),
            TcpOption::SackPermitted,
            TcpOption::Timestamps { val: 700, ecr: 300 },
            TcpOption::Nop,
            TcpOption::WindowScale(7),
        ],
        ..Segment::default()
    }
}

#[test]
fn numbers_absolute_and_relative() {
    let packet = tcp(syn_ack());
    let relative = Relative {
        seq: Seq(5000),
        ack: Seq(1000),
        ts_val: 600,
        ts_ecr: 300,
    };
    let data = tcp(Segment {
        seq: Seq(4999),
        ack: Seq(1001),
        flags: Flags::ACK | Flags::PSH,
        window: 512,
        options: vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::Sack(vec![(Seq(2001), Seq(3001)), (Seq(999), Seq(1))]),
        ],
        payload: vec![0; 3],
        ..Segment::default()
    });
    let rst = tcp(Segment {
        seq: Seq(5001),
        flags: Flags::RST,
        ..Segment::default()
    });
    assert_snapshot!(lines([
        packet.line(),
        packet.line().relative(relative),
        packet.line().relative(relative.reversed()),
        packet.line().relative(relative).addresses(true),
        data.line(),
        data.line().relative(relative),
        rst.line().relative(relative),
    ]));
}

#[test]
fn fields_without_their_flag() {
    let relative = Relative {
        seq: Seq(1),
        ack: Seq(1),
        ts_val: 1,
        ts_ecr: 1,
    };
    let timestamps = vec![
        TcpOption::Nop,
        TcpOption::Nop,
        TcpOption::Timestamps { val: 5, ecr: 0 },
    ];
    let segments = [
        Segment::default(),
        Segment {
            seq: Seq(1),
            ack: Seq(7),
            flags: Flags::SYN,
            options: timestamps,
            ..Segment::default()
        },
        Segment {
            urgent_pointer: 9,
            flags: Flags::ACK,
            ..Segment::default()
        },
        Segment {
            flags: Flags::URG,
            ..Segment::default()
        },
        Segment {
            flags: Flags::from_bits(0xfff),
            ..Segment::default()
        },
    ];
    assert_snapshot!(lines(segments.into_iter().map(|mut segment| {
        segment.finish();
        segment.line(relative).to_string()
    })));
}

#[test]
fn every_option() {
    let counters = vec![1, 2, 0xff_ffff];
    let options = [
        vec![],
        vec![TcpOption::EndOfList],
        vec![
            TcpOption::Mss(536),
            TcpOption::Nop,
            TcpOption::WindowScale(14),
        ],
        vec![TcpOption::SackPermitted, TcpOption::Sack(vec![])],
        vec![TcpOption::Md5([0xab; 16])],
        vec![
            TcpOption::FastOpen(vec![]),
            TcpOption::FastOpen(vec![1, 0xfe]),
        ],
        vec![
            TcpOption::FastOpenExp(vec![]),
            TcpOption::FastOpenExp(vec![1, 2, 3, 4]),
        ],
        vec![TcpOption::AccEcn {
            order: AccEcnOrder::Zero,
            counters: counters.clone(),
        }],
        vec![TcpOption::AccEcn {
            order: AccEcnOrder::One,
            counters: counters[..2].to_vec(),
        }],
        vec![
            TcpOption::Unknown {
                kind: 99,
                data: vec![1, 2],
            },
            TcpOption::Unknown {
                kind: 2,
                data: vec![],
            },
        ],
        vec![TcpOption::Nop, TcpOption::Malformed(vec![2, 0, 5])],
        vec![TcpOption::EndOfList, TcpOption::Padding(vec![1, 2, 3])],
    ];
    assert_snapshot!(lines(options.map(with_options)));
}

#[test]
fn an_option_alone_shows_absolute_numbers() {
    assert_eq!(
        TcpOption::Sack(vec![(Seq(1), Seq(2))]).to_string(),
        "sack 1:2"
    );
    let four = TcpOption::AccEcn {
        order: AccEcnOrder::One,
        counters: vec![1, 2, 3, 4],
    };
    assert_eq!(four.to_string(), "ECN e1b 1 ceb 2 e0b 3 ? 4");
}

#[test]
fn icmp_messages() {
    use IpVersion::{V4, V6};
    let v6 = |address: &str| address.parse::<IpAddr>().expect("an address");
    let segment = Segment {
        seq: Seq(1001),
        flags: Flags::ACK,
        payload: vec![0; 1000],
        ..Segment::default()
    };
    let quote = |octets| QuotedPacket::of(&tcp(segment.clone()), octets).encode();
    let udp = Packet::udp(SocketAddr::new(A, 1), SocketAddr::new(B, 2), vec![0; 100]);
    let gre = Packet::new(
        A,
        B,
        Transport::Other {
            protocol: 47,
            bytes: vec![0; 30],
        },
    );
    let four = [
        Icmp::packet_too_big(V4, 800, quote(20)),
        Icmp::packet_too_big(V4, 800, quote(8)),
        Icmp::unreachable(V4, 1, quote(20)),
        Icmp::unreachable(V4, 200, vec![]),
        Icmp::unreachable(V4, 3, QuotedPacket::of(&udp, 8).encode()),
        Icmp::unreachable(V4, 2, QuotedPacket::of(&gre, 8).encode()),
        Icmp::time_exceeded(V4, 0, quote(20)),
        Icmp::parameter_problem(V4, 0, 1, quote(20)),
        Icmp::source_quench(quote(20)),
        Icmp::redirect_v4(1, Ipv4Addr::new(10, 0, 0, 1), quote(20)),
        Icmp::echo_request(V4, 77, 1, vec![0; 56]),
        Icmp::new(200, 3, [0; 4], vec![1, 2, 3]),
    ]
    .map(|icmp| Packet::icmp(A, B, icmp));
    let six = [
        Icmp::packet_too_big(V6, 1280, quote(20)),
        Icmp::unreachable(V6, 0, quote(20)),
        Icmp::time_exceeded(V6, 0, quote(20)),
        Icmp::parameter_problem(V6, 1, 40, quote(20)),
        Icmp::echo_reply(V6, 77, 1, vec![]),
    ]
    .map(|icmp| Packet::icmp(v6("2001:db8::1"), v6("fd3d::1"), icmp));
    // The quoted segment is the other side's.
    let relative = Relative {
        seq: Seq(50),
        ack: Seq(1000),
        ..Relative::default()
    };
    assert_snapshot!(lines(
        four.iter()
            .chain(&six)
            .map(|packet| packet.line().relative(relative))
    ));
}

#[test]
fn other_transports_and_ip_fields() {
    let udp = Packet::udp(SocketAddr::new(A, 1), SocketAddr::new(B, 2), vec![0; 100]);
    let marked = [Ecn::Ect0, Ecn::Ect1, Ecn::Ce].map(|ecn| {
        let mut packet = tcp(syn_ack());
        packet.ip.set_ecn(ecn);
        packet.finish();
        packet
    });
    let mut classed = marked[0].clone();
    let IpHeader::V4(ip) = &mut classed.ip else {
        panic!("not IPv4")
    };
    ip.dscp = 4;
    classed.finish();
    let fragment = |offset, more, bytes| {
        let mut packet = Packet::new(A, B, Transport::Other { protocol: 6, bytes });
        let IpHeader::V4(ip) = &mut packet.ip else {
            panic!("not IPv4")
        };
        (ip.fragment_offset, ip.more_fragments) = (offset, more);
        packet.finish();
        packet
    };
    let other = Packet::new(
        A,
        B,
        Transport::Other {
            protocol: 132,
            bytes: vec![0; 12],
        },
    );
    let mut packets = vec![
        udp,
        classed,
        fragment(0, true, vec![0; 16]),
        fragment(2, false, vec![0; 4]),
        other,
    ];
    packets.extend(marked);
    assert_snapshot!(lines(
        packets.iter().map(|packet| packet.line().addresses(true))
    ));
}

#[test]
fn encapsulations() {
    let wrap = |inner: &Packet, protocol| {
        let (source, destination) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        Packet::new(
            source,
            destination,
            Transport::Other {
                protocol,
                bytes: inner.encode(),
            },
        )
    };
    let once = wrap(&tcp(syn_ack()), protocol::IPV4);
    let localhost = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 7));
    let six_in_four = wrap(
        &Packet::udp(localhost, localhost, vec![0; 5]),
        protocol::IPV6,
    );
    let nested = (0..6).fold(once.clone(), |packet, _| wrap(&packet, protocol::IPV4));
    let not_ip = Packet::new(
        A,
        B,
        Transport::Other {
            protocol: protocol::IPV4,
            bytes: vec![0; 30],
        },
    );
    let mut tunnelled = Encapsulated {
        outer: vec![
            Outer::Ip(IpHeader::new(A, B, 0)),
            Outer::Gre(Gre {
                key: Some(7),
                ..Gre::default()
            }),
            Outer::Mpls(vec![Label::from(0x0001_0040), Label::from(0x0001_1f40)]),
        ],
        inner: tcp(syn_ack()),
    };
    tunnelled.finish();
    if let Some(Outer::Ip(IpHeader::V4(ip))) = tunnelled.outer.first_mut() {
        ip.ecn = Ecn::Ect0;
    }
    let tunnelled = Packet::parse(&tunnelled.encode()).expect("an IP packet");
    assert_snapshot!(lines([
        once.to_string(),
        tunnelled.to_string(),
        once.line().addresses(true).to_string(),
        six_in_four.to_string(),
        nested.to_string(),
        not_ip.to_string(),
    ]));
}

#[test]
fn what_is_wrong_is_said() {
    let good = tcp(Segment {
        flags: Flags::ACK,
        payload: vec![0; 4],
        ..Segment::default()
    });
    let change = |change: fn(&mut Packet)| {
        let mut packet = good.clone();
        change(&mut packet);
        packet
    };
    let ip_change = |change: fn(&mut Ipv4Header)| {
        let mut packet = good.clone();
        let IpHeader::V4(ip) = &mut packet.ip else {
            panic!("not IPv4")
        };
        change(ip);
        packet
    };
    let mut udp = Packet::udp(SocketAddr::new(A, 1), SocketAddr::new(B, 2), vec![0; 3]);
    let Transport::Udp(datagram) = &mut udp.transport else {
        panic!("not UDP")
    };
    datagram.length = 5;
    let IpAddr::V6(six) = "2001:db8::1".parse().expect("an address") else {
        panic!("not IPv6")
    };
    let mut extended = Packet::new(six.into(), six.into(), good.transport.clone());
    extended.ip = IpHeader::V6(Ipv6Header {
        extensions: vec![6, 0, 1, 4, 0, 0, 0, 0],
        ..Ipv6Header::new(six, six, 60)
    });
    extended.finish();
    let packets = [
        change(|packet| packet.segment_mut().expect("TCP").checksum ^= 1),
        change(|packet| packet.segment_mut().expect("TCP").data_offset = 4),
        change(|packet| packet.trailer = vec![0; 6]),
        ip_change(|ip| ip.checksum ^= 1),
        ip_change(|ip| ip.total_length = 10),
        ip_change(|ip| ip.options = vec![0x94, 4, 0, 0]),
        udp,
        extended,
    ];
    let silent = packets[0].line().checksums(false).to_string();
    assert_snapshot!(lines(packets.iter().map(Packet::to_string).chain([silent])));
}
