//! ICMP errors: whom they reach, and what they do (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191).

use alloc::vec::Vec;

use super::harness::*;
use crate::wire::checksum_of;
use crate::{Config, ConnectionError, Endpoint, Event, State, Unreachable};

/// An ICMPv4 error that quotes the beginning of `quoted`.
fn icmp(kind: u8, code: u8, mtu: u16, quoted: &[u8]) -> Vec<u8> {
    let mut body = alloc::vec![kind, code, 0, 0, 0, 0];
    body.extend(mtu.to_be_bytes());
    body.extend(&quoted[..28]);
    let sum = checksum_of(&body);
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut packet = alloc::vec![0x45, 0, 0, 20 + body.len() as u8, 0, 0, 0, 0, 64, 1, 0, 0];
    packet.extend([203, 0, 113, 9, 192, 168, 0, 1]);
    let sum = checksum_of(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(body);
    packet
}

/// A connection attempt, and the SYN it sent.
fn attempt() -> (Harness, Vec<u8>) {
    attempt_between(LOCAL, REMOTE)
}

fn attempt_between(local: Endpoint, remote: Endpoint) -> (Harness, Vec<u8>) {
    let mut h = Harness::between(plain(), local, remote);
    let options = h.options();
    h.id = h.stack.open_active(h.now, local, remote, &options).unwrap();
    h.iss = h.status().iss;
    h.collect();
    let syn = h.packets.pop().unwrap();
    (h, syn)
}

/// An established connection with text in flight, and the segment that carries it.
fn in_flight() -> (Harness, Vec<u8>) {
    in_flight_with(plain())
}

fn in_flight_with(config: Config) -> (Harness, Vec<u8>) {
    let mut h = established_with(config);
    h.send([0; 2_920]);
    let first = h.packets.first().unwrap().clone();
    h.packets.clear();
    (h, first)
}

fn arrives(h: &mut Harness, packet: &[u8]) {
    h.stack.handle_packet(h.now, packet);
    h.collect();
}

#[test]
fn port_and_protocol_unreachable_abort_an_attempt() {
    for (code, what) in [(2, Unreachable::Protocol), (3, Unreachable::Port)] {
        let (mut h, syn) = attempt();
        arrives(&mut h, &icmp(3, code, 0, &syn));
        h.expect_state(State::Closed);
        assert_eq!(
            h.stack.take_error(h.id),
            Some(ConnectionError::Unreachable(what))
        );
    }
}

#[test]
fn soft_errors_are_told_and_the_attempt_goes_on() {
    for (kind, code) in [(3, 0), (3, 1), (3, 5), (11, 0), (12, 0), (3, 13)] {
        let (mut h, syn) = attempt();
        arrives(&mut h, &icmp(kind, code, 0, &syn));
        h.expect_state(State::SynSent);
        assert!(
            h.events
                .iter()
                .any(|event| matches!(event, Event::Error { fatal: false, .. }))
        );
    }
}

#[test]
fn a_soft_error_explains_the_final_timeout() {
    let (mut h, syn) = attempt();
    arrives(&mut h, &icmp(3, 1, 0, &syn));
    h.advance(core::time::Duration::from_secs(400));
    assert_eq!(
        h.stack.take_error(h.id),
        Some(ConnectionError::Unreachable(Unreachable::Host))
    );
}

#[test]
fn no_error_aborts_an_established_connection_by_default() {
    for (kind, code) in [(3, 0), (3, 1), (3, 2), (3, 3), (3, 5), (11, 0), (12, 0)] {
        let (mut h, segment) = in_flight();
        arrives(&mut h, &icmp(kind, code, 0, &segment));
        h.expect_state(State::Established);
        h.expect(&[]);
    }
    let (mut h, segment) = in_flight();
    h.stack.config_mut().hard_errors_abort_synchronized = true;
    arrives(&mut h, &icmp(3, 3, 0, &segment));
    h.expect_state(State::Closed);
}

#[test]
fn an_error_about_nothing_in_flight_is_not_believed() {
    let (mut h, segment) = in_flight();
    h.stack.config_mut().hard_errors_abort_synchronized = true;
    for seq in [h.iss, h.status().snd_nxt, h.iss.wrapping_add(70_000)] {
        let mut quoted = segment.clone();
        quoted[24..28].copy_from_slice(&seq.0.to_be_bytes());
        arrives(&mut h, &icmp(3, 3, 0, &quoted));
        h.expect_state(State::Established);
    }
    let mut quoted = segment;
    quoted[21] ^= 1;
    arrives(&mut h, &icmp(3, 3, 0, &quoted));
    h.expect_state(State::Established);
}

#[test]
fn source_quench_changes_nothing() {
    let (mut h, segment) = in_flight();
    let before = h.status();
    arrives(&mut h, &icmp(4, 0, 0, &segment));
    assert_eq!(h.status(), before);
    h.expect(&[]);
}

#[test]
fn a_smaller_path_mtu_makes_one_smaller_segment_leave_at_once_and_keeps_cwnd() {
    let (mut h, segment) = in_flight();
    let cwnd = h.status().cwnd;
    arrives(&mut h, &icmp(3, 4, 1_000, &segment));
    h.expect(&["A 1:961(960) ack 1"]);
    assert_eq!((h.status().snd_mss, h.status().cwnd), (960, cwnd));
    h.send([0; 920]); // nothing new leaves either
    h.expect(&[]);
    h.dialogue(
        seg("A").ack(961),
        &[
            "A 961:1921(960) ack 1",
            "A 1921:2881(960) ack 1",
            "PA 2881:3841(960) ack 1",
        ],
    );
}

#[test]
fn after_a_timeout_a_smaller_path_mtu_holds_nothing_back() {
    let (mut h, segment) = in_flight();
    arrives(&mut h, &icmp(3, 4, 1_000, &segment));
    h.expect(&["A 1:961(960) ack 1"]);
    let _ = h.next_timeout();
    h.expect(&["A 1:961(960) ack 1"]);
    h.dialogue(
        seg("A").ack(961),
        &["A 961:1921(960) ack 1", "A 1921:2881(960) ack 1"],
    );
}

#[test]
fn the_congestion_window_lets_out_at_once_what_a_smaller_path_mtu_cut_where_that_is_chosen() {
    for (window_counts_segments, segments) in [(false, 15), (true, 10)] {
        let (mut h, segment) = in_flight_with(Config {
            slow_starts_on_smaller_paths: false,
            window_counts_segments,
            ..plain()
        });
        arrives(&mut h, &icmp(3, 4, 1_000, &segment));
        h.expect(&[
            "A 1:961(960) ack 1",
            "A 961:1921(960) ack 1",
            "A 1921:2881(960) ack 1",
            "PA 2881:2921(40) ack 1",
        ]);
        assert_eq!(h.status().cwnd / 960, segments);
    }
}

#[test]
fn a_path_mtu_that_cannot_be_is_ignored_and_a_tiny_one_raised() {
    for mtu in [67, 1_500, 9_000] {
        let (mut h, segment) = in_flight();
        arrives(&mut h, &icmp(3, 4, mtu, &segment));
        assert_eq!(h.status().path_mtu, 1_500);
        h.expect(&[]);
    }
    for (mtu, expected) in [(68, 552), (0, 1_492)] {
        let (mut h, segment) = in_flight();
        arrives(&mut h, &icmp(3, 4, mtu, &segment));
        assert_eq!(h.status().path_mtu, expected);
    }
    // A router that does not say its MTU, again: the next plateau.
    let (mut h, segment) = in_flight();
    for expected in [1_492, 1_006, 552] {
        arrives(&mut h, &icmp(3, 4, 0, &segment));
        assert_eq!(h.status().path_mtu, expected);
    }
}

#[test]
fn a_soft_error_returns_a_request_to_listen_where_it_aborts_attempts() {
    for (aborts, answer) in [(false, &[][..]), (true, &["R 1:1(0)"])] {
        let mut h = Harness::new(Config {
            soft_errors_abort_attempts: aborts,
            ..plain()
        })
        .listen();
        h.inject(seg("S").seq(0).mss(1_460));
        let syn_ack = h.packets.first().unwrap().clone();
        let _ = h.sent();
        arrives(&mut h, &icmp(3, 1, 0, &syn_ack));
        h.dialogue(seg("A"), answer);
    }
}

#[test]
fn a_hard_error_ends_a_request_that_is_an_attempt_of_the_user() {
    let syn = || seg("S").seq(0).mss(1_460);
    let without_cookie = Config {
        fast_open_without_cookie: true,
        ..plain()
    };
    // How SYN-RECEIVED is reached, whether the user has the connection, and whether the error ends it.
    for (passive, fast_open, accepted, ends) in [
        (false, false, false, true),
        (true, false, false, false),
        (true, true, false, true),
        (true, true, true, false),
    ] {
        let mut h = Harness::new(without_cookie.clone());
        let mut options = h.options();
        options.fast_open = 5;
        if passive {
            let id = h.stack.open_passive(h.now, LOCAL, None, 8, &options);
            h.listener = Some(id.unwrap());
        } else {
            h = h.connect();
        }
        h.inject(if fast_open {
            syn().text("early")
        } else {
            syn()
        });
        let syn_ack = h.packets.pop().unwrap();
        if accepted {
            accept(&mut h);
        }
        h.expect_state(State::SynReceived);
        arrives(&mut h, &icmp(3, 3, 0, &syn_ack));
        let state = if ends {
            State::Closed
        } else {
            State::SynReceived
        };
        h.expect_state(state);
    }
}

#[test]
fn the_mss_offered_keeps_to_the_link_or_follows_the_path() {
    for (mss_follows_path, mss) in [(false, 1_460), (true, 760)] {
        let mut h = Harness::new(Config {
            mss_follows_path,
            ..plain()
        });
        let options = h.options();
        h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
        h.iss = h.status().iss;
        h.collect();
        let syn = h.packets.pop().unwrap();
        arrives(&mut h, &icmp(3, 4, 800, &syn));
        assert!(h.sent().is_empty(), "it was not the SYN that was too big");
        let _ = h.next_timeout();
        assert_eq!(h.last_segment().options.mss, Some(mss));
    }
}

/// An ICMPv6 error that quotes the beginning of `quoted`.
fn icmp_v6(kind: u8, code: u8, mtu: u32, quoted: &[u8]) -> Vec<u8> {
    let mut body = alloc::vec![kind, code, 0, 0];
    body.extend(mtu.to_be_bytes());
    body.extend(&quoted[..60]);
    let router = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let length = body.len() as u8;
    let ends = [&router[..], &quoted[8..24]].concat();
    let sum = checksum_of(&[&ends, &[0, 0, 0, length, 0, 0, 0, 58][..], &body].concat());
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    [&[0x60, 0, 0, 0, 0, length, 58, 64][..], &ends, &body].concat()
}

#[test]
fn every_error_of_icmpv6_means_what_its_like_of_icmpv4_does() {
    for (kind, code, what, state) in [
        (1, 0, Unreachable::Network, State::SynSent),
        (
            1,
            1,
            Unreachable::AdministrativelyProhibited,
            State::SynSent,
        ),
        (1, 2, Unreachable::Host, State::SynSent),
        (1, 3, Unreachable::Host, State::SynSent),
        (1, 4, Unreachable::Port, State::Closed),
        (
            1,
            5,
            Unreachable::AdministrativelyProhibited,
            State::SynSent,
        ),
        (
            1,
            6,
            Unreachable::AdministrativelyProhibited,
            State::SynSent,
        ),
        (3, 0, Unreachable::TimeExceeded, State::SynSent),
        (4, 0, Unreachable::ParameterProblem, State::SynSent),
        (4, 1, Unreachable::Protocol, State::Closed),
    ] {
        let (mut h, syn) = attempt_between(LOCAL_V6, REMOTE_V6);
        arrives(&mut h, &icmp_v6(kind, code, 0, &syn));
        let expected = ConnectionError::Unreachable(what);
        let told =
            |event: &Event| matches!(event, Event::Error { error, .. } if *error == expected);
        assert!(h.events.iter().any(told), "type {kind}, code {code}");
        h.expect_state(state);
    }
}

#[test]
fn a_smaller_path_mtu_counts_with_ipv6_too_down_to_1280() {
    for (mtu, expected) in [
        (1_400, 1_400),
        (1_280, 1_280),
        (1_279, 1_500),
        (1_500, 1_500),
    ] {
        let mut h = Harness::between(plain(), LOCAL_V6, REMOTE_V6).listen();
        h.inject(seg("S").seq(0).mss(1_440));
        h.inject(seg("A"));
        h.packets.clear();
        h.send([0; 2_880]);
        let segment = h.packets.first().unwrap().clone();
        arrives(&mut h, &icmp_v6(2, 0, mtu, &segment));
        assert_eq!(h.status().path_mtu, expected, "{mtu}");
    }
}
