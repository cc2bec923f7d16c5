//! Tests of packets in packets.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::*;
use crate::{Flags, Ipv4Header, Segment, Seq, strategies};

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 0, 1));

fn syn() -> Packet {
    let segment = Segment {
        seq: Seq(1),
        flags: Flags::SYN,
        ..Segment::default()
    };
    Packet::tcp(SocketAddr::new(A, 8080), SocketAddr::new(B, 80), segment)
}

fn ip(source: &str, destination: &str) -> Outer {
    let address = |text: &str| text.parse().expect("an address");
    Outer::Ip(IpHeader::new(address(source), address(destination), 0))
}

fn finished(outer: Vec<Outer>) -> Encapsulated {
    let mut whole = Encapsulated {
        outer,
        inner: syn(),
    };
    whole.finish();
    whole
}

fn label(label: u32, is_bottom: bool) -> Label {
    Label {
        label,
        traffic_class: 5,
        is_bottom,
        ttl: 64,
    }
}

/// Looks through the bytes, and holds the identity.
fn exercise(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(whole) = Encapsulated::parse(bytes) else {
        return Ok(());
    };
    prop_assert_eq!(whole.encode(), bytes);
    prop_assert!(whole.outer.len() <= 3 * MOST_OUTER);
    prop_assert!(matches!(whole.outer.first(), None | Some(Outer::Ip(_))));
    let mut finished = whole;
    finished.finish();
    let _ = finished.encode();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_looked_through_encodes_the_same(bytes in strategies::nearly_encapsulated()) {
        exercise(&bytes)?;
    }

    #[test]
    fn a_finished_packet_in_finished_headers_comes_back_equal(whole in strategies::encapsulated()) {
        let mut whole = whole;
        whole.inner.finish();
        whole.finish();
        prop_assert_eq!(Encapsulated::parse(&whole.encode()), Ok(whole));
    }

    #[test]
    fn a_finished_packet_in_bytes_that_were_changed_encodes_the_same(
        whole in strategies::encapsulated(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut whole = whole;
        whole.finish();
        let mut bytes = whole.encode();
        for (at, octet) in changes {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        exercise(&bytes)?;
    }

    #[test]
    fn a_word_of_a_label_stack_comes_back_equal(word in any::<u32>()) {
        prop_assert_eq!(u32::from(Label::from(word)), word);
    }
}

#[test]
fn the_fields_of_gre_are_where_rfc_2890_puts_them() {
    let gre = Gre {
        key: Some(0x0102_0304),
        sequence: Some(7),
        ..Gre::default()
    };
    let whole = finished(vec![ip("198.51.100.1", "198.51.100.2"), Outer::Gre(gre)]);
    let bytes = whole.encode();
    assert_eq!(bytes[9], 47);
    assert_eq!(
        bytes[20..32],
        [0x30, 0, 0x08, 0, 1, 2, 3, 4, 0, 0, 0, 7],
        "flags, protocol type, key and sequence number"
    );
    assert_eq!(Encapsulated::parse(&bytes), Ok(whole));
}

#[test]
fn the_checksum_of_gre_covers_header_and_payload() {
    let gre = Gre {
        checksum: Some((0, 0)),
        ..Gre::default()
    };
    let whole = finished(vec![ip("198.51.100.1", "198.51.100.2"), Outer::Gre(gre)]);
    let bytes = whole.encode();
    assert_eq!(bytes[20..24], [0x80, 0, 0x08, 0]);
    assert_eq!(crate::checksum::sum(&[&bytes[20..]]), 0xffff);
}

#[test]
fn the_fields_of_a_label_are_where_rfc_3032_puts_them() {
    let stack = vec![label(16, false), label(0xf_ffff, true)];
    let whole = finished(vec![
        ip("2001:db8::1", "2001:db8::2"),
        Outer::Gre(Gre::default()),
        Outer::Mpls(stack),
    ]);
    let bytes = whole.encode();
    assert_eq!(bytes[40..44], [0, 0, 0x88, 0x47]);
    assert_eq!(
        bytes[44..52],
        [0, 1, 0x0a, 64, 0xff, 0xff, 0xfb, 64],
        "20 bits of label, 3 of traffic class, the bottom, the time to live"
    );
    assert_eq!(Encapsulated::parse(&bytes), Ok(whole));
}

#[test]
fn mpls_over_ip_is_protocol_137() {
    let whole = finished(vec![
        ip("198.51.100.1", "198.51.100.2"),
        Outer::Mpls(vec![label(3, true)]),
    ]);
    assert_eq!(whole.encode()[9], 137);
    assert_eq!(Encapsulated::parse(&whole.encode()), Ok(whole));
}

#[test]
fn each_ip_header_says_what_it_carries_and_how_long_it_is() {
    let whole = finished(vec![
        ip("2001:db8::1", "2001:db8::2"),
        ip("198.51.100.1", "198.51.100.2"),
    ]);
    let headers: Vec<_> = whole.outer.iter().filter_map(Outer::ip).collect();
    let [IpHeader::V6(first), IpHeader::V4(second)] = headers.as_slice() else {
        panic!("not the headers that were put there");
    };
    assert_eq!((first.next_header, first.payload_length), (4, 60));
    assert_eq!((second.protocol, second.total_length), (4, 60));
    assert_eq!(
        whole.outer[1].ip().and_then(IpHeader::checksum_is_right),
        Some(true)
    );
}

/// What is no way to an inner packet leaves the packet whole.
#[test]
fn what_is_not_understood_is_not_looked_through() {
    let whole = |outer| finished(outer).encode();
    let four = || ip("198.51.100.1", "198.51.100.2");
    let gre = |flags| {
        Outer::Gre(Gre {
            flags,
            ..Gre::default()
        })
    };
    let mut fragment = whole(vec![four()]);
    fragment[6] = 0x20;
    let mut six_named = whole(vec![four()]);
    six_named[9] = 41;
    let mut padded = whole(vec![four()]);
    padded.extend([0; 6]);
    let cases = [
        ("a fragment", fragment),
        ("the other version of IP", six_named),
        ("octets behind the end", padded),
        ("a source route", whole(vec![four(), gre(Gre::ROUTING)])),
        ("PPTP's version", whole(vec![four(), gre(1)])),
        (
            "a stack without bottom",
            whole(vec![four(), Outer::Mpls(vec![label(16, false)])]),
        ),
        (
            "a stack with nothing in it",
            whole(vec![four(), Outer::Mpls(Vec::new())]),
        ),
    ];
    for (what, bytes) in cases {
        let parsed = Encapsulated::parse(&bytes).expect("an IP packet");
        assert!(parsed.outer.is_empty(), "{what}: {parsed:?}");
        assert_eq!(parsed.encode(), bytes, "{what}");
    }
}

#[test]
fn the_depth_is_bounded() {
    let outer = (0..300).map(|_| ip("198.51.100.1", "198.51.100.2"));
    let bytes = finished(outer.collect()).encode();
    assert!(bytes.len() > 300 * Ipv4Header::MINIMUM);
    let parsed = Encapsulated::parse(&bytes).expect("an IP packet");
    assert_eq!(parsed.outer.len(), MOST_OUTER);
    assert_eq!(parsed.encode(), bytes);
}
