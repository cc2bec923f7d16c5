//! ICMP messages by their octets, and what can be read of a quoted packet.

use std::net::SocketAddr;

use super::*;
use crate::{Flags, Segment, TcpOption};

fn packet(version: IpVersion) -> Packet {
    let (source, destination): (SocketAddr, SocketAddr) = match version {
        IpVersion::V4 => (
            "192.168.0.1:8080".parse().expect("an address"),
            "192.0.2.1:80".parse().expect("an address"),
        ),
        IpVersion::V6 => (
            "[fd3d::1]:8080".parse().expect("an address"),
            "[2001:db8::1]:80".parse().expect("an address"),
        ),
    };
    let segment = Segment {
        seq: Seq(1000),
        flags: Flags::ACK | Flags::PSH,
        options: vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::Timestamps { val: 1, ecr: 2 },
        ],
        payload: vec![7; 100],
        ..Segment::default()
    };
    Packet::tcp(source, destination, segment)
}

fn quote(version: IpVersion, octets: usize) -> Vec<u8> {
    QuotedPacket::of(&packet(version), octets).encode()
}

#[test]
fn errors_have_the_types_of_their_version() {
    use IpVersion::{V4, V6};
    let q = Vec::new;
    let table = [
        (Icmp::unreachable(V4, 3, q()), [3, 3, 0, 0, 0, 0]),
        (Icmp::unreachable(V6, 4, q()), [1, 4, 0, 0, 0, 0]),
        (
            Icmp::packet_too_big(V4, 0x10320, q()),
            [3, 4, 0, 0, 3, 0x20],
        ),
        (
            Icmp::packet_too_big(V6, 0x10320, q()),
            [2, 0, 0, 1, 3, 0x20],
        ),
        (Icmp::time_exceeded(V4, 1, q()), [11, 1, 0, 0, 0, 0]),
        (Icmp::time_exceeded(V6, 1, q()), [3, 1, 0, 0, 0, 0]),
        (
            Icmp::parameter_problem(V4, 0, 20, q()),
            [12, 0, 20, 0, 0, 0],
        ),
        (Icmp::parameter_problem(V6, 2, 40, q()), [4, 2, 0, 0, 0, 40]),
        (Icmp::source_quench(q()), [4, 0, 0, 0, 0, 0]),
        (
            Icmp::redirect_v4(1, Ipv4Addr::new(10, 0, 0, 9), q()),
            [5, 1, 10, 0, 0, 9],
        ),
        (
            Icmp::echo_request(V4, 0x102, 0x304, q()),
            [8, 0, 1, 2, 3, 4],
        ),
        (Icmp::echo_reply(V4, 0x102, 0x304, q()), [0, 0, 1, 2, 3, 4]),
        (
            Icmp::echo_request(V6, 0x102, 0x304, q()),
            [128, 0, 1, 2, 3, 4],
        ),
        (
            Icmp::echo_reply(V6, 0x102, 0x304, q()),
            [129, 0, 1, 2, 3, 4],
        ),
    ];
    for (icmp, [kind, code, a, b, c, d]) in table {
        assert_eq!(
            (icmp.kind, icmp.code, icmp.rest),
            (kind, code, [a, b, c, d])
        );
    }
}

#[test]
fn mtu_is_of_16_bits_in_ipv4_and_of_32_in_ipv6() {
    assert_eq!(
        Icmp::packet_too_big(IpVersion::V4, 0x1_0320, vec![]).mtu(),
        Some(800)
    );
    assert_eq!(
        Icmp::packet_too_big(IpVersion::V6, 0x1_0320, vec![]).mtu(),
        Some(0x1_0320)
    );
    assert_eq!(Icmp::unreachable(IpVersion::V4, 3, vec![]).mtu(), None);
    // Type 3 of ICMPv6 is time exceeded, which has no code 4.
    assert_eq!(Icmp::time_exceeded(IpVersion::V6, 0, vec![]).mtu(), None);
}

#[test]
fn echo_reads_identifier_and_number() {
    assert_eq!(
        Icmp::echo_reply(IpVersion::V6, 7, 9, vec![]).echo(),
        Some((7, 9))
    );
    assert_eq!(Icmp::source_quench(vec![]).echo(), None);
}

#[test]
fn eight_quoted_octets_give_ports_and_sequence_number() {
    for version in [IpVersion::V4, IpVersion::V6] {
        let quoted = Icmp::unreachable(version, 0, quote(version, 8))
            .quoted()
            .expect("a quoted packet");
        assert_eq!(quoted.octets.len(), 8);
        assert_eq!(quoted.protocol(), protocol::TCP);
        assert_eq!(quoted.ports(), Some((8080, 80)));
        assert_eq!(quoted.seq(), Some(Seq(1000)));
        assert_eq!(quoted.payload_length(), None);
        assert_eq!(quoted.original_length(), 132);
        assert!(matches!(
            quoted.transport(),
            Transport::Other { protocol: 6, .. }
        ));
        assert_eq!(quoted.ip, packet(version).ip);
    }
}

#[test]
fn more_quoted_octets_give_the_payload_length_and_the_segment() {
    let quoted = QuotedPacket::parse(&quote(IpVersion::V4, 13)).expect("a quoted packet");
    assert_eq!(quoted.payload_length(), Some(100));
    let quoted = QuotedPacket::parse(&quote(IpVersion::V4, 32)).expect("a quoted packet");
    let Transport::Tcp(segment) = quoted.transport() else {
        panic!("not TCP")
    };
    assert_eq!(
        (segment.seq, segment.options.len(), segment.payload.len()),
        (Seq(1000), 3, 0)
    );
}

#[test]
fn fewer_octets_than_a_field_needs_give_none() {
    let parse =
        |octets| QuotedPacket::parse(&quote(IpVersion::V4, octets)).expect("a quoted packet");
    assert_eq!(parse(3).ports(), None);
    assert_eq!(parse(4).ports(), Some((8080, 80)));
    assert_eq!(parse(7).seq(), None);
    assert_eq!(parse(12).payload_length(), None);
    assert_eq!(QuotedPacket::parse(&quote(IpVersion::V4, 8)[..19]), None);
}

#[test]
fn a_quoted_fragment_behind_the_first_has_no_ports() {
    let mut fragment = packet(IpVersion::V4);
    let IpHeader::V4(ip) = &mut fragment.ip else {
        panic!("not IPv4")
    };
    ip.fragment_offset = 1;
    let quoted = QuotedPacket::of(&fragment, 8);
    assert_eq!((quoted.ports(), quoted.seq()), (None, None));
}

#[test]
fn a_message_that_is_no_error_quotes_nothing() {
    let bytes = quote(IpVersion::V4, 8);
    assert_eq!(
        Icmp::echo_request(IpVersion::V4, 1, 1, bytes.clone()).quoted(),
        None
    );
    assert_eq!(
        Icmp::echo_request(IpVersion::V6, 1, 1, bytes).quoted(),
        None
    );
}

#[test]
fn a_redirect_of_ipv6_quotes_in_an_option() {
    let addresses =
        ["fe80::1", "2001:db8::1"].map(|address| address.parse::<Ipv6Addr>().expect("an address"));
    let redirect = Icmp::redirect_v6(addresses[0], addresses[1], &quote(IpVersion::V6, 12));
    assert_eq!(redirect.body.len() % 8, 0);
    let quoted = redirect.quoted().expect("a quoted packet");
    assert_eq!((quoted.seq(), quoted.octets.len()), (Some(Seq(1000)), 8));

    // The same behind another option, and with an option of no length in front, which ends the search.
    let mut behind = redirect;
    behind.body.splice(32..32, [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(behind.quoted(), Some(quoted));
    behind.body[33] = 0;
    assert_eq!(behind.quoted(), None);
    assert_eq!(
        Icmp::new(v6::REDIRECT, 0, [0; 4], vec![0; 31]).quoted(),
        None
    );
}

#[test]
fn a_redirect_quotes_no_more_than_its_option_can_count() {
    let address = Ipv6Addr::LOCALHOST;
    let redirect = Icmp::redirect_v6(address, address, &[0; 5000]);
    assert_eq!(redirect.body.len(), 32 + 255 * 8);
    assert_eq!(redirect.body[33], 255);
}
