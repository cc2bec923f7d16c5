//! Tests of the contract between bytes and values.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::{Relative, TcpOption, strategies};

/// Parses, asks for everything that can be asked, and holds the identity on bytes.
fn exercise(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(packet) = Packet::parse(bytes) else {
        return Ok(());
    };
    prop_assert_eq!(packet.encode(), bytes);
    let text = packet
        .line()
        .relative(Relative {
            seq: Seq(9),
            ack: Seq(8),
            ts_val: 7,
            ts_ecr: 6,
        })
        .to_string();
    prop_assert!(!text.is_empty() && !text.contains('\n'));
    let is_other = matches!(packet.transport, Transport::Other { .. });
    prop_assert!(!is_other || packet.checksum_is_right().is_none());
    if let Some(quoted) = packet.icmp_message().and_then(Icmp::quoted) {
        prop_assert!(quoted.ports().is_none() || quoted.octets.len() >= 4);
        prop_assert!(
            quoted
                .payload_length()
                .is_none_or(|length| length <= quoted.original_length())
        );
        prop_assert_eq!(
            encode_transport(&quoted.transport()),
            quoted.octets.as_slice()
        );
        let read_again = crate::QuotedPacket::parse(&quoted.encode());
        prop_assert_eq!(read_again.map(|again| again.ip), Some(quoted.ip));
    }
    let mut finished = packet;
    finished.finish();
    prop_assert_ne!(finished.checksum_is_right(), Some(false));
    prop_assert_ne!(finished.ip.checksum_is_right(), Some(false));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn random_bytes_never_panic_and_what_parses_encodes_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes)?;
    }

    #[test]
    fn bytes_that_begin_like_a_packet_encode_the_same(bytes in strategies::nearly_a_packet()) {
        exercise(&bytes)?;
    }

    #[test]
    fn mutated_packets_encode_the_same(bytes in strategies::mutated_packet()) {
        exercise(&bytes)?;
    }

    #[test]
    fn a_finished_packet_comes_back_from_its_bytes_equal(packet in strategies::packet()) {
        let mut packet = packet;
        packet.finish();
        prop_assert_eq!(Packet::parse(&packet.encode()), Ok(packet));
    }

    #[test]
    fn finishing_twice_changes_nothing(packet in strategies::packet()) {
        let mut once = packet;
        once.finish();
        let mut twice = once.clone();
        twice.finish();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn any_value_can_be_encoded_shown_and_finished(packet in strategies::illegal_packet()) {
        let bytes = packet.encode();
        // Whatever is said, some IP packet or some error is heard.
        exercise(&bytes)?;
        prop_assert!(!packet.to_string().contains('\n'));
        let mut packet = packet;
        packet.finish();
        exercise(&packet.encode())?;
    }
}

/// A SYN from 192.0.2.1:8080 to 192.168.0.1:80 with the options given, finished.
fn syn(options: Vec<TcpOption>) -> Packet {
    let source = "192.0.2.1:8080".parse().expect("an address");
    let destination = "192.168.0.1:80".parse().expect("an address");
    Packet::tcp(
        source,
        destination,
        Segment {
            flags: Flags::SYN,
            options,
            ..Segment::default()
        },
    )
}

#[test]
fn every_field_of_an_ipv4_tcp_packet_is_where_the_rfcs_put_it() {
    let bytes = [
        0x46, 0xb9, 0x00, 0x31, 0x12, 0x34, 0xc0, 0x00, 0x40, 0x06, 0xab, 0xcd, 10, 0, 0, 1, 10, 0,
        0, 2, // IPv4
        0x94, 0x04, 0x00, 0x00, // router alert
        0x1f, 0x90, 0x00, 0x50, 0x00, 0x00, 0x00, 0x05, 0x80, 0x00, 0x00, 0x01, 0x6b, 0x12, 0x04,
        0x00, 0xbe, 0xef, 0x00, 0x07, // TCP
        0x02, 0x04, 0x05, 0xb4, // MSS
        b'x', // payload
        0xee, 0xff, // trailer
    ];
    let packet = Packet::parse(&bytes).expect("it parses");
    let IpHeader::V4(ip) = &packet.ip else {
        panic!("not IPv4")
    };
    assert_eq!(
        (ip.dscp, ip.ecn, ip.total_length, ip.identification),
        (46, Ecn::Ect1, 49, 0x1234)
    );
    assert_eq!(
        (ip.reserved_flag, ip.dont_fragment, ip.more_fragments),
        (true, true, false)
    );
    assert_eq!((ip.ttl, ip.protocol, ip.checksum), (64, 6, 0xabcd));
    assert_eq!(
        (ip.source, ip.destination),
        (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2))
    );
    assert_eq!(ip.options, [0x94, 4, 0, 0]);
    let expected = Segment {
        source_port: 8080,
        destination_port: 80,
        seq: Seq(5),
        ack: Seq(0x8000_0001),
        data_offset: 6,
        flags: Flags::from_bits(0xb12),
        window: 1024,
        checksum: 0xbeef,
        urgent_pointer: 7,
        options: vec![TcpOption::Mss(1460)],
        payload: b"x".to_vec(),
    };
    assert_eq!(packet.segment(), Some(&expected));
    assert_eq!(packet.trailer, [0xee, 0xff]);
    assert_eq!(packet.encode(), bytes);
}

#[test]
fn every_field_of_an_ipv6_header_is_where_rfc_8200_puts_it() {
    let mut bytes = vec![0x6b, 0x9a, 0xbc, 0xde, 0x00, 0x13, 60, 9];
    let source: Ipv6Addr = "2001:db8::1".parse().expect("an address");
    let destination: Ipv6Addr = "fd3d:a0b:17d6::1".parse().expect("an address");
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend([17, 0, 1, 4, 0, 0, 0, 0]); // destination options, one PadN
    bytes.extend([0, 53, 0x30, 0x39, 0, 11, 0, 0, 1, 2, 3]); // UDP
    let packet = Packet::parse(&bytes).expect("it parses");
    let expected = Ipv6Header {
        dscp: 46,
        ecn: Ecn::Ect1,
        flow_label: 0xabcde,
        payload_length: 19,
        next_header: 60,
        hop_limit: 9,
        source,
        destination,
        extensions: vec![17, 0, 1, 4, 0, 0, 0, 0],
    };
    assert_eq!(packet.ip, IpHeader::V6(expected));
    let udp = Udp {
        source_port: 53,
        destination_port: 12345,
        length: 11,
        checksum: 0,
        payload: vec![1, 2, 3],
    };
    assert_eq!(packet.transport, Transport::Udp(udp));
    assert_eq!(packet.encode(), bytes);
}

#[test]
fn ae_and_the_reserved_bits_survive() {
    let mut packet = syn(vec![]);
    for bits in [0x100, 0x200, 0x400, 0x800, 0xfff] {
        let flags = Flags::from_bits(bits);
        packet.segment_mut().expect("TCP").flags = flags;
        let bytes = packet.encode();
        assert_eq!(u16::from_be_bytes([bytes[32], bytes[33]]) & 0xfff, bits);
        assert_eq!(
            Packet::parse(&bytes)
                .expect("it parses")
                .segment()
                .map(|segment| segment.flags),
            Some(flags)
        );
    }
}

#[test]
fn a_data_offset_below_five_makes_all_the_rest_payload() {
    let mut packet = syn(vec![TcpOption::Mss(1460)]);
    packet.segment_mut().expect("TCP").data_offset = 4;
    let received = Packet::parse(&packet.encode()).expect("it parses");
    let segment = received.segment().expect("TCP");
    assert_eq!(
        (segment.data_offset, segment.options.as_slice()),
        (4, &[][..])
    );
    assert_eq!(segment.payload, [2, 4, 5, 0xb4]);
}

#[test]
fn a_data_offset_beyond_the_end_makes_all_the_rest_options() {
    let mut packet = syn(vec![TcpOption::Mss(1460)]);
    let segment = packet.segment_mut().expect("TCP");
    (segment.data_offset, segment.payload) = (15, vec![1, 3, 3]);
    let received = Packet::parse(&packet.encode()).expect("it parses");
    let segment = received.segment().expect("TCP");
    assert_eq!(segment.data_offset, 15);
    // The stated end of the packet cuts the last three octets off.
    assert_eq!(segment.options, [TcpOption::Mss(1460)]);
    assert_eq!(
        (segment.payload.len(), received.trailer.as_slice()),
        (0, &[1, 3, 3][..])
    );

    packet.finish();
    packet.segment_mut().expect("TCP").data_offset = 15;
    let received = Packet::parse(&packet.encode()).expect("it parses");
    let segment = received.segment().expect("TCP");
    assert_eq!(
        segment.options,
        [
            TcpOption::Mss(1460),
            TcpOption::Nop,
            TcpOption::Malformed(vec![3, 3])
        ]
    );
    assert!(segment.payload.is_empty());
}

#[test]
fn headers_cut_short_are_other() {
    let whole = syn(vec![]).encode();
    for length in 20..40 {
        let packet = Packet::parse(&whole[..length]).expect("the IP header is whole");
        assert_eq!(
            packet.transport,
            Transport::Other {
                protocol: 6,
                bytes: whole[20..length].to_vec()
            }
        );
    }
    for length in 1..20 {
        let error = ParseError::Truncated {
            needed: 20,
            present: length,
        };
        assert_eq!(Packet::parse(&whole[..length]), Err(error));
    }
}

#[test]
fn bytes_without_a_whole_ip_header_say_what_is_wrong() {
    assert_eq!(Packet::parse(&[]), Err(ParseError::Empty));
    assert_eq!(Packet::parse(&[0x50; 60]), Err(ParseError::Version(5)));
    assert_eq!(Packet::parse(&[0x44; 60]), Err(ParseError::HeaderLength(4)));
    assert_eq!(
        Packet::parse(&[0x4f; 59]),
        Err(ParseError::Truncated {
            needed: 60,
            present: 59
        })
    );
    assert_eq!(
        Packet::parse(&[0x60; 39]),
        Err(ParseError::Truncated {
            needed: 40,
            present: 39
        })
    );
}

#[test]
fn every_fragment_is_other_even_the_first() {
    let mut packet = syn(vec![]);
    for (offset, more) in [(0, true), (1, false), (0x1fff, true)] {
        let IpHeader::V4(ip) = &mut packet.ip else {
            panic!("not IPv4")
        };
        (ip.fragment_offset, ip.more_fragments) = (offset, more);
        let received = Packet::parse(&packet.encode()).expect("it parses");
        assert!(matches!(
            received.transport,
            Transport::Other { protocol: 6, .. }
        ));
        assert_eq!(received.ip.fragment(), Some((u32::from(offset) * 8, more)));
    }
}

/// A TCP packet over IPv6 behind a fragment header with the word given.
fn behind_fragment_header(word: u16) -> Packet {
    let address: Ipv6Addr = "2001:db8::1".parse().expect("an address");
    let mut ip = Ipv6Header::new(address, address, protocol::FRAGMENT);
    let [high, low] = word.to_be_bytes();
    ip.extensions = vec![6, 0, high, low, 0, 0, 0, 1];
    let mut packet = Packet {
        ip: IpHeader::V6(ip),
        transport: Transport::Tcp(Segment::default()),
        trailer: vec![],
    };
    packet.finish();
    Packet::parse(&packet.encode()).expect("it parses")
}

#[test]
fn an_ipv6_fragment_is_other_and_an_atomic_one_is_not() {
    // RFC 6946: neither offset nor more to follow; the reserved bits do not count.
    assert!(behind_fragment_header(0).segment().is_some());
    assert!(behind_fragment_header(0b110).segment().is_some());
    assert_eq!(
        behind_fragment_header(0x0009).ip.fragment(),
        Some((8, true))
    );
    assert_eq!(
        behind_fragment_header(0x0010).ip.fragment(),
        Some((16, false))
    );
    assert!(matches!(
        behind_fragment_header(1).transport,
        Transport::Other { protocol: 6, .. }
    ));
}

#[test]
fn behind_the_header_of_an_ipv6_fragment_no_header_is_looked_for() {
    let address = Ipv6Addr::LOCALHOST;
    let mut ip = Ipv6Header::new(address, address, protocol::FRAGMENT);
    ip.extensions = vec![protocol::DESTINATION_OPTIONS, 0, 0, 8, 0, 0, 0, 1];
    let piece = Transport::Other {
        protocol: protocol::DESTINATION_OPTIONS,
        bytes: vec![6, 0, 1, 4, 0, 0, 0, 0],
    };
    let mut packet = Packet {
        ip: IpHeader::V6(ip),
        transport: piece,
        trailer: vec![],
    };
    packet.finish();
    assert_eq!(Packet::parse(&packet.encode()), Ok(packet));
}

#[test]
fn ipv4_options_that_are_no_whole_words_state_one_word_more() {
    let mut packet = syn(vec![]);
    let IpHeader::V4(ip) = &mut packet.ip else {
        panic!("not IPv4")
    };
    ip.options = vec![1; 5];
    assert_eq!(packet.encode()[0], 0x47);
    packet.finish();
    let IpHeader::V4(ip) = &packet.ip else {
        panic!("not IPv4")
    };
    assert_eq!(ip.options, [1, 1, 1, 1, 1, 0, 0, 0]);
}

#[test]
fn an_extension_header_cut_short_is_part_of_other() {
    let address: Ipv6Addr = "2001:db8::1".parse().expect("an address");
    let cut = Transport::Other {
        protocol: protocol::HOP_BY_HOP,
        bytes: vec![6, 1, 0, 0, 0, 0, 0, 0],
    };
    let packet = Packet::new(address.into(), address.into(), cut.clone());
    let received = Packet::parse(&packet.encode()).expect("it parses");
    assert_eq!(received.transport, cut);
    let IpHeader::V6(ip) = received.ip else {
        panic!("not IPv6")
    };
    assert!(ip.extensions.is_empty());
}

#[test]
fn a_length_shorter_than_the_header_leaves_everything_to_the_trailer() {
    let mut packet = syn(vec![]);
    let IpHeader::V4(ip) = &mut packet.ip else {
        panic!("not IPv4")
    };
    ip.total_length = 10;
    let received = Packet::parse(&packet.encode()).expect("it parses");
    assert_eq!(
        received.transport,
        Transport::Other {
            protocol: 6,
            bytes: vec![]
        }
    );
    assert_eq!(received.trailer.len(), 20);
}

#[test]
fn a_length_longer_than_the_packet_takes_what_is_there() {
    let mut packet = syn(vec![]);
    let IpHeader::V4(ip) = &mut packet.ip else {
        panic!("not IPv4")
    };
    ip.total_length = 1500;
    let received = Packet::parse(&packet.encode()).expect("it parses");
    assert!(received.segment().is_some());
    assert!(received.trailer.is_empty());
}

#[test]
fn icmp_of_the_other_version_is_other() {
    let mut packet = syn(vec![]);
    packet.transport = Transport::Icmpv6(Icmp::default());
    packet.finish();
    let received = Packet::parse(&packet.encode()).expect("it parses");
    assert!(matches!(
        received.transport,
        Transport::Other { protocol: 58, .. }
    ));
}

#[test]
fn addresses_of_two_families_meet_in_ipv6() {
    let source = "192.0.2.1:1".parse().expect("an address");
    let destination = "[2001:db8::1]:2".parse().expect("an address");
    let packet = Packet::tcp(source, destination, Segment::default());
    assert_eq!(
        packet.source(),
        "::ffff:192.0.2.1"
            .parse::<std::net::IpAddr>()
            .expect("an address")
    );
    assert_eq!(packet.ports(), Some((1, 2)));
}

#[test]
fn a_payload_that_no_length_can_state_is_still_finished() {
    let source = "192.0.2.1:1".parse().expect("an address");
    let destination = "192.0.2.2:2".parse().expect("an address");
    // Longer than pnet's 32-bit sums bear: 2^32 / 65535 words.
    let payload = [0xff, 0xf0].repeat(150_000);
    let packet = Packet::udp(source, destination, payload);
    let IpHeader::V4(ip) = &packet.ip else {
        panic!("not IPv4")
    };
    assert_eq!(ip.total_length, u16::MAX);
    let Transport::Udp(udp) = &packet.transport else {
        panic!("not UDP")
    };
    // Addresses c000 + 0201 + c000 + 0202, protocol 0011, length 0004 + 93e8, ports 0001 + 0002, stated length ffff:
    // together 31802, folded 1805. 150000 words of fff0 are 249cb6100, folded aacd. c2d2, inverted 3d2d.
    assert_eq!(udp.checksum, 0x3d2d);
    assert_eq!(packet.checksum_is_right(), Some(true));
}
