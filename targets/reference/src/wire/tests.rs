//! Bytes in, bytes out: headers, checksums, options, ICMP quotes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::segment::{Codepoint, Flags, OutboundSegment};
use crate::{Endpoint, Seq};

const STRICT: Leniency = Leniency {
    ignore_tcp_checksum: false,
    take_source_routes: true,
};

const LENIENT: Leniency = Leniency {
    ignore_tcp_checksum: true,
    take_source_routes: true,
};

fn outbound<'a>(local: &str, remote: &str, text: &'a [u8]) -> OutboundSegment<'a> {
    let end = |addr: &str, port| Endpoint::new(addr.parse::<IpAddr>().unwrap(), port);
    OutboundSegment {
        local: end(local, 1_234),
        remote: end(remote, 80),
        seq: Seq(0x0102_0304),
        ack: Seq(0x0506_0708),
        wnd: 0x1000,
        up: 0,
        flags: Flags {
            ack: true,
            psh: true,
            ..Flags::default()
        },
        options: Box::leak(Box::default()),
        text: [text, &[]],
        ttl: 64,
        dont_fragment: true,
        class: 0,
        route: None,
    }
}

fn read_options(bytes: &[u8], syn: bool) -> TcpOptions {
    let mut options = TcpOptions::default();
    options.read(bytes, syn);
    options
}

fn refused(packet: &[u8]) -> DropReason {
    match parse(packet, STRICT, &mut None) {
        Err(reason) => reason,
        Ok(_) => panic!("understood"),
    }
}

/// Mends the IPv4 header's checksum.
fn mend(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let sum = checksum_of(&packet[..20]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn a_known_packet_has_known_bytes() {
    let packet = emit(&outbound("10.0.0.1", "10.0.0.2", b"hi"), 0x1122);
    let expected = [
        0x45, 0x00, 0x00, 0x2a, 0x11, 0x22, 0x40, 0x00, 0x40, 0x06, 0x15, 0xaa, 10, 0, 0, 1, 10, 0,
        0, 2, //
        0x04, 0xd2, 0x00, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x18, 0x10, 0x00, 0x0e, 0x29, 0x00,
        0x00, b'h', b'i',
    ];
    assert_eq!(packet, expected);
}

#[test]
fn a_known_packet_of_ipv6_has_known_bytes() {
    let sent = OutboundSegment {
        class: 0xb9,
        ttl: 33,
        ..outbound("2001:db8::1", "2001:db8::2", &[0; 0x100])
    };
    let packet = emit(&sent, 0x1122);
    let fixed = [0x6b, 0x90, 0, 0, 0x01, 0x14, 6, 33];
    let source = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(packet[..8], fixed);
    assert_eq!(packet[8..24], source);
    assert_eq!(packet[24..39], source[..15]);
    assert_eq!(packet[39], 2);
    let mut place = None;
    assert!(parse(&packet, STRICT, &mut place).is_ok());
    assert_eq!(place.map(|seg| seg.codepoint), Some(Codepoint::Ect1));
}

#[test]
fn what_is_emitted_is_understood() {
    for (local, remote) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")] {
        for text in [&b""[..], b"x", b"xy"] {
            let sent = outbound(local, remote, text);
            let packet = emit(&sent, 1);
            let mut place = None;
            let Ok(Inbound::Segment(seg)) = parse(&packet, STRICT, &mut place) else {
                panic!("refused")
            };
            assert_eq!((seg.local, seg.remote), (sent.remote, sent.local));
            assert_eq!(
                (seg.seq, seg.ack, seg.wnd, seg.flags),
                (sent.seq, sent.ack, sent.wnd, sent.flags)
            );
            assert_eq!(seg.text, text);
        }
    }
}

#[test]
fn push_that_is_set_later_is_as_good_as_if_it_had_been_there() {
    let v4 = ("192.0.2.1", "192.0.2.2");
    let v6 = ("2001:db8::1", "2001:db8::2");
    // Two octets of text make every sum there is: one of them carries twice.
    for ((local, remote), psh, step) in [(v4, false, 1), (v4, true, 251), (v6, false, 251)] {
        for text in (0..=u16::MAX).step_by(step) {
            let text = text.to_be_bytes();
            let whole = outbound(local, remote, &text);
            let mut plain = outbound(local, remote, &text);
            plain.flags.psh = psh;
            let mut packet = emit(&plain, 7);
            set_push(&mut packet);
            assert_eq!(packet, emit(&whole, 7));
        }
    }
}

#[test]
fn push_is_set_behind_a_source_route() {
    let route = crate::SourceRoute::new(false, &[[10, 0, 0, 1].into()]).unwrap();
    let mut plain = outbound("192.0.2.1", "192.0.2.2", b"text");
    plain.route = Some(&route);
    let whole = emit(&plain, 7);
    plain.flags.psh = false;
    let mut packet = emit(&plain, 7);
    set_push(&mut packet);
    assert_eq!(packet, whole);
}

#[test]
fn any_flipped_bit_of_a_segment_is_noticed() {
    let packet = emit(&outbound("10.0.0.1", "10.0.0.2", b"odd"), 1);
    for bit in 20 * 8..packet.len() * 8 {
        let mut packet = packet.clone();
        packet[bit / 8] ^= 1 << (bit % 8);
        let reason = refused(&packet);
        assert!(
            matches!(
                reason,
                DropReason::BadTcpChecksum | DropReason::BadDataOffset
            ),
            "bit {bit}: {reason:?}"
        );
    }
}

#[test]
fn malformed_packets_are_refused_with_their_reason() {
    let good = emit(&outbound("10.0.0.1", "10.0.0.2", b""), 1);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = good.clone();
        change(&mut packet);
        refused(&packet)
    };
    assert_eq!(refused(&[]), DropReason::Truncated);
    assert_eq!(refused(&good[..3]), DropReason::Truncated);
    assert_eq!(with(&|p| p.truncate(19)), DropReason::Truncated);
    assert_eq!(with(&|p| p.truncate(39)), DropReason::Truncated);
    assert_eq!(with(&|p| p[0] = 0x55), DropReason::UnknownIpVersion);
    assert_eq!(with(&|p| p[0] = 0x44), DropReason::BadIpHeader);
    assert_eq!(with(&|p| p[10] ^= 1), DropReason::BadIpChecksum);
    assert_eq!(
        with(&|p| {
            p[6] = 0x20;
            mend(p);
        }),
        DropReason::Fragment
    );
    assert_eq!(
        with(&|p| {
            p[9] = 17;
            mend(p);
        }),
        DropReason::NotTcp
    );
}

#[test]
fn a_header_alone_is_a_packet_of_whatever_protocol_it_says() {
    let mut v4 = emit(&outbound("10.0.0.1", "10.0.0.2", b""), 1);
    v4.truncate(20);
    v4[3] = 20;
    v4[9] = 17;
    mend(&mut v4);
    let mut v6 = emit(&outbound("2001:db8::1", "2001:db8::2", b""), 1);
    v6.truncate(40);
    v6[5] = 0;
    v6[6] = 17;
    for packet in [v4, v6] {
        assert_eq!(refused(&packet), DropReason::NotTcp);
        let short = &packet[..packet.len() - 1];
        assert_eq!(refused(short), DropReason::Truncated);
    }
}

#[test]
fn octets_beyond_the_ip_length_are_padding() {
    let mut packet = emit(&outbound("10.0.0.1", "10.0.0.2", b""), 1);
    packet.extend([0xff; 6]);
    let mut place = None;
    let Ok(Inbound::Segment(seg)) = parse(&packet, STRICT, &mut place) else {
        panic!("refused")
    };
    assert_eq!(seg.text, b"");
}

#[test]
fn unknown_ip_options_and_extension_headers_are_skipped() {
    let plain = emit(&outbound("10.0.0.1", "10.0.0.2", b"x"), 1);
    let mut packet = plain[..20].to_vec();
    packet.extend([0x5e, 4, 1, 2]);
    packet.extend(&plain[20..]);
    packet[0] = 0x46;
    packet[3] += 4;
    packet[10..12].fill(0);
    let sum = checksum_of(&packet[..24]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    assert!(parse(&packet, STRICT, &mut None).is_ok());

    let plain = emit(&outbound("2001:db8::1", "2001:db8::2", b"x"), 1);
    let mut packet = plain[..40].to_vec();
    packet.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(&plain[40..]);
    packet[6] = 60;
    packet[5] += 8;
    assert!(parse(&packet, STRICT, &mut None).is_ok());
}

#[test]
fn options_are_read_up_to_the_first_illegal_length() {
    let mss = [2, 4, 5, 0xb4];
    let read = |options: &[u8]| read_options(options, true);
    for illegal in [&[253, 0][..], &[253, 1], &[253, 255], &[253]] {
        let mut options = mss.to_vec();
        options.extend(illegal);
        options.extend([3, 3, 7]);
        assert_eq!(read(&options).mss, Some(1_460));
        assert_eq!(read(&options).window_scale, None, "{illegal:?}");
    }
}

#[test]
fn options_need_no_alignment_and_unknown_ones_are_skipped() {
    let options = [
        253, 3, 9, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 2, 4, 5, 0xb4, 0, 2, 4, 1, 1,
    ];
    let read = read_options(&options, true);
    assert_eq!(
        (read.mss, read.window_scale, read.sack_permitted),
        (Some(1_460), Some(7), true)
    );
    assert_eq!(read.timestamps, Some(TimestampsOption { val: 1, ecr: 2 }));
}

#[test]
fn fast_open_means_something_in_a_syn_only_and_under_its_own_experiment() {
    let cookie = [34, 6, 1, 2, 3, 4];
    let experiment = [254, 8, 0xf9, 0x89, 1, 2, 3, 4];
    let other = [254, 8, 0xf9, 0x88, 1, 2, 3, 4];
    let read = |options: &[u8], syn| read_options(options, syn).fast_open.is_some();
    assert!(read(&cookie, true) && read(&experiment, true));
    assert!(!read(&cookie, false) && !read(&experiment, false));
    assert!(!read(&other, true));
}

#[test]
fn what_belongs_on_a_syn_means_nothing_elsewhere() {
    let options = [2, 4, 5, 0xb4, 3, 3, 7, 4, 2];
    assert_eq!(read_options(&options, false), TcpOptions::default());
    assert_ne!(read_options(&options, true), TcpOptions::default());
}

#[test]
fn counters_of_accurate_ecn_come_in_two_orders() {
    let fields = [0, 0, 1, 0, 2, 0, 3, 0, 0];
    for (kind, e0b, e1b) in [(172, 1, 0x3_0000), (174, 0x3_0000, 1)] {
        let options = [&[kind, 11][..], &fields].concat();
        let expected = AccEcnOption {
            e0b: Some(e0b),
            ceb: Some(0x200),
            e1b: Some(e1b),
        };
        assert_eq!(read_options(&options, false).acc_ecn, Some(expected));
    }
}

#[test]
fn a_cookie_is_written_as_it_is_read_in_both_forms() {
    for (experimental, bytes) in [
        (false, &[34, 8, 1, 2, 3, 4, 5, 6][..]),
        (true, &[254, 10, 0xf9, 0x89, 1, 2, 3, 4, 5, 6, 1, 1]),
    ] {
        let options = TcpOptions {
            fast_open: Some(FastOpenOption {
                cookie: Cookie::new(&[1, 2, 3, 4, 5, 6]),
                experimental,
            }),
            ..TcpOptions::default()
        };
        let mut written = Vec::new();
        options.encode(&mut written);
        assert_eq!(written, bytes);
        assert_eq!(read_options(bytes, true), options);
    }
}

#[test]
fn options_of_a_wrong_length_mean_nothing() {
    let read = read_options(&[2, 3, 5, 3, 4, 7, 0, 4, 3, 0, 8, 6, 0, 0, 0, 1], true);
    assert_eq!(read, TcpOptions::default());
}

fn any_options() -> impl Strategy<Value = TcpOptions> {
    let stamps = proptest::option::of(any::<(u32, u32)>());
    let blocks = proptest::collection::vec(any::<(u32, u32)>(), 0..=3);
    (
        proptest::option::of(any::<u16>()),
        proptest::option::of(any::<u8>()),
        any::<bool>(),
        stamps,
        blocks,
        proptest::option::of((0..1_u32 << 24, 0..1_u32 << 24, 0..1_u32 << 24)),
    )
        .prop_map(
            |(mss, window_scale, sack_permitted, stamps, blocks, counters)| {
                let mut sack = SackBlocks::default();
                // A SYN has no room, and no use, for blocks.
                if mss.is_none() && window_scale.is_none() && !sack_permitted {
                    blocks
                        .iter()
                        .for_each(|(left, right)| sack.push(Seq(*left), Seq(*right)));
                }
                let timestamps = stamps.map(|(val, ecr)| TimestampsOption { val, ecr });
                let mut options = TcpOptions {
                    mss,
                    window_scale,
                    sack_permitted,
                    timestamps,
                    sack,
                    ..TcpOptions::default()
                };
                if options.encoded_len() <= 28 {
                    options.acc_ecn = counters.map(|(e0b, ceb, e1b)| AccEcnOption {
                        e0b: Some(e0b),
                        ceb: Some(ceb),
                        e1b: Some(e1b),
                    });
                }
                options
            },
        )
}

proptest! {
    #[test]
    fn encoded_options_are_aligned_and_read_back(options in any_options()) {
        let mut bytes = Vec::new();
        options.encode(&mut bytes);
        prop_assert_eq!(bytes.len(), options.encoded_len());
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert!(bytes.len() <= 40);
        prop_assert_eq!(read_options(&bytes, true), options);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), version in 4_u8..8) {
        if let Some(first) = bytes.first_mut() {
            *first = version << 4 | 5;
        }
        let _ = parse(&bytes, LENIENT, &mut None);
        if bytes.len() >= 20 && version == 4 {
            let total = (bytes.len() as u16).to_be_bytes();
            bytes[2..4].copy_from_slice(&total);
            bytes[6..8].fill(0);
            bytes[9] = if bytes[8] & 1 == 0 { 6 } else { 1 };
            mend(&mut bytes);
            let _ = parse(&bytes, LENIENT, &mut None);
        }
    }
}
