//! Checksums against sums done by hand.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::{Flags, Icmp, Ipv4Header, Segment, Udp};

const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

fn syn() -> Segment {
    Segment {
        source_port: 1,
        destination_port: 2,
        flags: Flags::SYN,
        window: 0xffff,
        ..Segment::default()
    }
}

#[test]
fn tcp_over_ipv4() {
    let packet = Packet::new(A.into(), B.into(), Transport::Tcp(syn()));
    // Pseudo-header: 0a00 + 0001 + 0a00 + 0002 + 0006 + 0014 = 141d.
    // Segment: 0001 + 0002 + 5002 + ffff = 15004. Together 16421, folded 6422, inverted 9bdd.
    assert_eq!(
        packet.segment().map(|segment| segment.checksum),
        Some(0x9bdd)
    );
    assert_eq!(packet.checksum_is_right(), Some(true));
}

#[test]
fn tcp_over_ipv6() {
    let [a, b] = ["2001:db8::1", "2001:db8::2"]
        .map(|address| address.parse::<Ipv6Addr>().expect("an address"));
    let packet = Packet::new(a.into(), b.into(), Transport::Tcp(syn()));
    // Pseudo-header: 2 * (2001 + 0db8) + 0001 + 0002 + 0014 + 0006 = 5b8f.
    // Segment as above: 15004. Together 1ab93, folded ab94, inverted 546b.
    assert_eq!(
        packet.segment().map(|segment| segment.checksum),
        Some(0x546b)
    );
    assert_eq!(packet.checksum_is_right(), Some(true));
}

#[test]
fn an_odd_octet_counts_as_the_high_half_of_a_word() {
    let packet = Packet::new(
        A.into(),
        B.into(),
        Transport::Tcp(Segment {
            payload: vec![0x80],
            ..syn()
        }),
    );
    // As tcp_over_ipv4, the length one more and 8000 added: 16421 + 0001 + 8000 = 1e422, folded e423, inverted 1bdc.
    assert_eq!(
        packet.segment().map(|segment| segment.checksum),
        Some(0x1bdc)
    );
}

#[test]
fn ipv4_header() {
    let packet = Packet::new(A.into(), B.into(), Transport::Tcp(syn()));
    let IpHeader::V4(ip) = &packet.ip else {
        panic!("not IPv4")
    };
    // 4500 + 0028 + 0000 + 4000 + 4006 + 0a00 + 0001 + 0a00 + 0002 = d931, inverted 26ce.
    assert_eq!(ip.checksum, 0x26ce);
    assert_eq!(packet.ip.checksum_is_right(), Some(true));
}

#[test]
fn ipv4_options_are_part_of_the_header() {
    let mut ip = IpHeader::V4(Ipv4Header {
        options: vec![0x94, 4, 0, 0],
        ..Ipv4Header::new(A, B, 6)
    });
    ip.set_checksum();
    let IpHeader::V4(header) = &ip else {
        panic!("not IPv4")
    };
    // 4600 + 0014 + 0000 + 4000 + 4006 + 0a00 + 0001 + 0a00 + 0002 + 9404 = 16e21, folded 6e22, inverted 91dd.
    assert_eq!(header.checksum, 0x91dd);
}

#[test]
fn icmpv4_has_no_pseudo_header_and_icmpv6_has_one() {
    let icmp = Icmp::new(3, 4, [0, 0, 3, 0x20], vec![]);
    let packet = Packet::icmp(A.into(), B.into(), icmp.clone());
    // 0304 + 0320 = 0624, inverted f9db.
    assert_eq!(
        packet.icmp_message().map(|icmp| icmp.checksum),
        Some(0xf9db)
    );
    assert_eq!(packet.checksum_is_right(), Some(true));

    let [a, b] = ["2001:db8::1", "2001:db8::2"]
        .map(|address| address.parse::<Ipv6Addr>().expect("an address"));
    let packet = Packet::icmp(a.into(), b.into(), icmp);
    // 2 * (2001 + 0db8) + 0001 + 0002 + 0008 + 003a + 0624 = 61db, inverted 9e24.
    assert_eq!(
        packet.icmp_message().map(|icmp| icmp.checksum),
        Some(0x9e24)
    );
    assert_eq!(packet.checksum_is_right(), Some(true));
}

/// UDP from 10.0.0.1 to 10.0.0.2, ports 0, whose sum without the payload is 0a00 + 0001 + 0a00 + 0002 + 0011 + 2 * 000a
/// = 1428.
fn udp(payload: [u8; 2]) -> Packet {
    Packet::new(
        A.into(),
        B.into(),
        Transport::Udp(Udp::new(0, 0, payload.to_vec())),
    )
}

fn udp_checksum(packet: &Packet) -> u16 {
    let Transport::Udp(udp) = &packet.transport else {
        panic!("not UDP")
    };
    udp.checksum
}

#[test]
fn udp_checksum_of_zero_is_sent_as_all_ones() {
    assert_eq!(udp_checksum(&udp([0, 0])), 0xebd7);
    // ebd7 more makes a sum of ffff, whose inverse would say that there is no checksum.
    let packet = udp([0xeb, 0xd7]);
    assert_eq!(udp_checksum(&packet), 0xffff);
    assert_eq!(packet.checksum_is_right(), Some(true));
}

#[test]
fn udp_without_a_checksum_is_not_judged_over_ipv4_and_wrong_over_ipv6() {
    let mut packet = udp([1, 2]);
    packet.transport.set_checksum_field(0);
    assert_eq!(packet.checksum_is_right(), None);
    let [a, b] = [A, B].map(|address| address.to_ipv6_mapped());
    let mut packet = Packet::new(a.into(), b.into(), packet.transport);
    assert_eq!(packet.checksum_is_right(), Some(true));
    packet.transport.set_checksum_field(0);
    assert_eq!(packet.checksum_is_right(), Some(false));
}

#[test]
fn one_changed_bit_anywhere_makes_the_checksum_wrong() {
    let good = Packet::new(
        A.into(),
        B.into(),
        Transport::Tcp(Segment {
            payload: vec![1, 2, 3],
            ..syn()
        }),
    )
    .encode();
    for bit in 20 * 8..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            Packet::parse(&bad)
                .expect("the IP header is whole")
                .checksum_is_right(),
            Some(false),
            "bit {bit}"
        );
    }
}

#[test]
fn what_has_no_checksum_is_not_judged() {
    let other = Transport::Other {
        protocol: 47,
        bytes: vec![1, 2, 3],
    };
    assert_eq!(
        Packet::new(A.into(), B.into(), other.clone()).checksum_is_right(),
        None
    );
    let packet = Packet::new(A.to_ipv6_mapped().into(), B.to_ipv6_mapped().into(), other);
    assert_eq!(packet.ip.checksum_is_right(), None);
}

#[test]
fn a_source_route_takes_the_checksum_to_its_last_address() {
    let (here, hop) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
    let last = Ipv4Addr::new(192, 0, 2, 9);
    let route = |pointer| {
        let mut header = Ipv4Header::new(here, hop, 6);
        header.options = vec![1, 131, 7, pointer, 192, 0, 2, 9];
        header
    };
    assert_eq!(route(4).final_destination(), last);
    assert_eq!(route(8).final_destination(), hop, "the route is used up");
    let mut header = route(4);
    header.options = vec![94, 0, 131, 7];
    assert_eq!(header.final_destination(), hop, "no length, no route");
}
