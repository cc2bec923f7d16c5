//! Scripts about a stack at the end of a tunnel.

use std::path::Path;

use halfopen_target::{AddressMode, Duration, Setup};
use halfopen_wire::{Ecn, Flags, Segment, Seq, TcpOption, Transport};
use insta::assert_snapshot;

use super::*;
use crate::answering::Answering;
use crate::{Config, Pacing, Verdict, run, transcript};

fn turned(ip: &IpHeader) -> IpHeader {
    IpHeader::new(ip.destination(), ip.source(), 0)
}

/// Answers a SYN through the tunnel that it came by; what is wrong with that is `twist`'s.
fn answer(packet: &[u8], twist: fn(&mut Encapsulated)) -> Option<(Vec<u8>, Duration)> {
    let whole = Encapsulated::parse(packet).expect("an IP packet");
    let Transport::Tcp(syn) = &whole.inner.transport else {
        return None;
    };
    let answer = Segment {
        source_port: syn.destination_port,
        destination_port: syn.source_port,
        seq: Seq(7000),
        ack: Seq(syn.seq.0.wrapping_add(1)),
        flags: Flags::SYN | Flags::ACK,
        window: 1000,
        options: vec![TcpOption::Mss(1400)],
        ..Segment::default()
    };
    let mut inner = whole.inner.clone();
    (inner.ip, inner.transport) = (turned(&whole.inner.ip), Transport::Tcp(answer));
    inner.finish();
    let mut answer = Encapsulated {
        outer: whole
            .outer
            .iter()
            .map(|outer| match outer {
                Outer::Ip(ip) => Outer::Ip(turned(ip)),
                other => other.clone(),
            })
            .collect(),
        inner,
    };
    twist(&mut answer);
    answer.finish();
    Some((answer.encode(), Duration::ZERO))
}

/// What becomes of `script`, and what went over the wire.
fn drill(script: &str, twist: fn(&mut Encapsulated)) -> String {
    let script = halfopen_script::parse("test", script).expect("a script");
    let config =
        Config::new(&script, Path::new("."), AddressMode::V4, 0).expect("options that exist");
    let mut target = Answering::new("tunnel-end", |packet: &[u8]| answer(packet, twist));
    let run = run(&script, &mut target, &config, Pacing::Judged);
    let lines: Vec<_> = transcript(&script, &run.trace)
        .into_iter()
        .map(|line| line.text)
        .collect();
    let verdict = match run.verdict {
        Verdict::Fail(failure) => format!("fail: {failure}"),
        other => format!("{other:?}"),
    };
    format!("{}\n{verdict}", lines.join("\n"))
}

const NESTED: &str = "\
 0 < ipv4 [ttl 9,ce] 198.51.100.1 > 198.51.100.2: gre flags [key present], sum 0, off 0, key = 7, seq 0: mpls (label 16, tc 1, ttl 5) (label 17, tc 0, [S], ttl 64): ipv6 2001:db8::1 > 2001:db8::2: S 0:0(0) win 1000 <mss 1000>
+0 > ipv4 198.51.100.2 > 198.51.100.1: gre flags [key present], sum 0, off 0, key = 7, seq 0: mpls (label 16, tc 1, ttl 5) (label 17, tc 0, [S], ttl 64): ipv6 2001:db8::2 > 2001:db8::1: S. 0:0(0) ack 1 win 1000 <mss 1400>
";

#[test]
fn a_segment_in_nested_headers_goes_both_ways() {
    assert_snapshot!(drill(NESTED, |_| {}));
}

#[test]
fn what_differs_in_an_outer_header_is_named_with_its_layer() {
    let wrong = drill(NESTED, |answer| {
        for outer in &mut answer.outer {
            match outer {
                Outer::Ip(ip @ IpHeader::V4(_)) => *ip = turned(ip),
                Outer::Ip(IpHeader::V6(ip)) => ip.source = std::net::Ipv6Addr::LOCALHOST,
                Outer::Gre(gre) => gre.key = Some(8),
                Outer::Mpls(stack) => stack[0].ttl = 4,
            }
        }
    });
    assert_snapshot!(wrong);
}

#[test]
fn an_answer_outside_of_the_tunnel_is_no_match() {
    assert_snapshot!(drill(NESTED, |answer| answer.outer.clear()));
}

#[test]
fn fields_of_an_outer_header_are_checked_where_stated() {
    let script = "\
 0 < ipv4 198.51.100.1 > 198.51.100.2: S 0:0(0) win 1000
+0 > ipv4 [ttl 1,ect0] 198.51.100.2 > 198.51.100.1: S. 0:0(0) ack 1 <...>
";
    let right = drill(script, |answer| {
        if let Some(Outer::Ip(ip)) = answer.outer.first_mut() {
            ip.set_ttl(1);
            ip.set_ecn(Ecn::Ect0);
        }
    });
    assert!(right.ends_with("\nPass"), "{right}");
    assert_snapshot!(drill(script, |_| {}));
}

#[test]
fn other_flags_of_gre_are_one_difference() {
    let script = "\
 0 < ipv4 198.51.100.1 > 198.51.100.2: gre: S 0:0(0) win 1000
+0 > ipv4 198.51.100.2 > 198.51.100.1: gre: S. 0:0(0) ack 1 <...>
";
    assert_snapshot!(drill(script, |answer| {
        if let Some(Outer::Gre(gre)) = answer.outer.get_mut(1) {
            gre.sequence = Some(1);
        }
    }));
}

#[test]
fn what_cannot_be_sent_skips_the_script() {
    let skips = [
        "0 < mpls (label 16, tc 0, [S], ttl 64): S 0:0(0) win 1000\n",
        "0 < gre: S 0:0(0) win 1000\n",
        "0 < encap psp spi 7 S 0:0(0) win 1000\n",
    ];
    let outcomes: Vec<_> = skips.iter().map(|script| drill(script, |_| {})).collect();
    assert_snapshot!(outcomes.join("\n"));
}

/// A checksum is sent as the script states it, even a wrong one.
#[test]
fn the_checksum_of_gre_goes_out_as_stated() {
    let stated = Encapsulation::Gre(vec![0x80, 0, 0, 0, 0xab, 0xcd, 0, 1]);
    let ipv4 = Encapsulation::Ipv4([1, 1, 1, 1].into(), [2, 2, 2, 2].into(), IpSpec::default());
    let headers = build(&[ipv4, stated.clone()]).expect("headers");
    let inner = Packet::udp(
        "192.0.2.1:1".parse().expect("an address"),
        "192.0.2.2:2".parse().expect("an address"),
        vec![0; 8],
    );
    let whole = around(inner, headers);
    let Outer::Gre(gre) = &whole.outer[1] else {
        panic!("not GRE");
    };
    assert_eq!(gre.checksum, Some((0xabcd, 1)));
    assert_eq!(gre.protocol_type, halfopen_wire::ethertype::IPV4);
    assert_eq!(
        whole.outer[0].ip().and_then(IpHeader::checksum_is_right),
        Some(true)
    );
    let Encapsulation::Gre(octets) = spec(&Outer::Gre(gre.clone())) else {
        panic!("not GRE");
    };
    assert_eq!(Encapsulation::Gre(octets), stated);
}

#[test]
fn a_burst_is_joined_within_one_tunnel_only() {
    let segment = |seq: u32, key: u32| {
        let segment = Segment {
            seq: Seq(seq),
            flags: Flags::ACK,
            payload: vec![1; 100],
            ..Segment::default()
        };
        let inner = Packet::tcp(
            "192.0.2.1:1".parse().expect("an address"),
            "192.0.2.2:2".parse().expect("an address"),
            segment,
        );
        let ipv4 = Encapsulation::Ipv4([1, 1, 1, 1].into(), [2, 2, 2, 2].into(), IpSpec::default());
        let gre = [0x3000u32 << 16, key, seq];
        let gre = Encapsulation::Gre(gre.into_iter().flat_map(u32::to_be_bytes).collect());
        around(inner, build(&[ipv4, gre]).expect("headers"))
    };
    let (first, second, foreign) = (segment(1, 7), segment(101, 7), segment(101, 8));
    let joined = super::super::aggregate::join(&first, &first.encode(), &second.encode())
        .expect("one burst");
    assert_eq!(joined.inner.segment().map(|s| s.payload.len()), Some(200));
    assert_eq!(joined.inner.checksum_is_right(), Some(true));
    let other = super::super::aggregate::join(&first, &first.encode(), &foreign.encode());
    assert_eq!(other, None);
}

#[test]
fn calls_take_headers_of_tunnels_as_options() {
    let script = "\
 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_IP, 99, {flags [key present], sum 0, off 0, key = 7, seq 0}, 16) = 0
+0 setsockopt(3, SOL_IP, 99, {(label 16, tc 0, [S], ttl 64)}, 4) = 0
+0 getsockopt(3, SOL_IP, 99, {flags [none], sum 0, off 0, key = 0, seq 0}, [16]) = 0
";
    let script = halfopen_script::parse("test", script).expect("a script");
    let mut bindings = crate::bindings::Bindings::new(crate::Ports::default());
    let setup = Setup::defaults(AddressMode::V4);
    let calls: Vec<_> = script
        .events
        .iter()
        .filter_map(|event| match &event.action {
            halfopen_script::tree::Action::Call(call) => {
                let lowered = crate::lower::lower(call, &mut bindings, &setup);
                Some(match lowered {
                    Ok(lowered) => format!("{:?}", lowered.call),
                    Err(_) => "refused".to_owned(),
                })
            }
            _ => None,
        })
        .collect();
    assert_snapshot!(calls.join("\n"));
}
