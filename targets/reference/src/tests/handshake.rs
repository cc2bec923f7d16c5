//! Opening: options, initial numbers, retries, simultaneous open, what came with the SYN.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

use super::harness::*;
use crate::{Config, ConnectionError, Endpoint, Event, Received, State, UserError};

/// The kinds of the options of the last segment, in order, NOPs included.
fn option_kinds(h: &mut Harness) -> Vec<u8> {
    h.collect();
    let packet = h.packets.pop().unwrap();
    h.packets.clear();
    let header = usize::from(packet[32] >> 4) * 4;
    let mut options = &packet[40..20 + header];
    let mut kinds = Vec::new();
    while let Some(kind) = options.first() {
        kinds.push(*kind);
        let length = if *kind == 1 {
            1
        } else {
            usize::from(options[1])
        };
        options = &options[length..];
    }
    kinds
}

use alloc::vec::Vec;

fn with_options() -> Config {
    Config {
        delayed_ack: None,
        ..Config::with_addresses(&[LOCAL.addr])
    }
}

#[test]
fn a_syn_offers_mss_sack_timestamps_and_scale_in_this_order() {
    let mut h = Harness::new(with_options());
    let options = h.options();
    h.id = h.stack.open_active(h.now, LOCAL, REMOTE, &options).unwrap();
    assert_eq!(option_kinds(&mut h), [2, 4, 8, 1, 3]);
}

#[test]
fn a_syn_ack_repeats_only_what_the_syn_offered() {
    let mut h = Harness::new(with_options()).listen();
    h.inject(seg("S").seq(0).mss(1_460));
    assert_eq!(option_kinds(&mut h), [2]);
    let mut h = Harness::new(with_options()).listen();
    h.inject(seg("S").seq(0).mss(1_460).sack_permitted());
    assert_eq!(option_kinds(&mut h), [2, 1, 1, 4]);
    let mut h = Harness::new(with_options()).listen();
    h.inject(seg("S").seq(0).mss(1_460).ts(5, 0).scale(3));
    assert_eq!(option_kinds(&mut h), [2, 1, 1, 8, 1, 3]);
}

#[test]
fn later_segments_carry_timestamps_aligned_by_two_nops() {
    let mut h = Harness::new(with_options()).listen();
    h.inject(seg("S").seq(0).ts(5, 0));
    let echoed = h.last_segment().options.timestamps.unwrap().val;
    h.inject(seg("A").ts(6, echoed).text("x"));
    assert_eq!(option_kinds(&mut h), [1, 1, 8]);
}

#[test]
fn the_mss_follows_from_the_mtu_and_the_address_family() {
    let mut h = Harness::new(plain()).listen();
    h.inject(seg("S").seq(0));
    assert_eq!(h.last_segment().options.mss, Some(1_460));
    let mut h = Harness::between(plain(), LOCAL_V6, REMOTE_V6).listen();
    h.inject(seg("S").seq(0));
    assert_eq!(h.last_segment().options.mss, Some(1_440));
}

#[test]
fn without_an_mss_option_the_default_of_the_family_holds() {
    for (local, remote, mss) in [(LOCAL, REMOTE, 536), (LOCAL_V6, REMOTE_V6, 1_220)] {
        let mut h = Harness::between(plain(), local, remote).listen();
        h.inject(seg("S").seq(0));
        h.inject(seg("A"));
        let _ = h.sent();
        h.send([0; 5_000]);
        assert_eq!(h.last_segment().text, mss);
        assert_eq!(h.status().snd_mss, mss);
    }
}

#[test]
fn the_remotes_mss_bounds_every_segment_and_an_absurd_one_is_raised() {
    for (mss, expected) in [(100, 100), (9_000, 1_460), (1, 48), (0, 48)] {
        let mut h = listen();
        h.inject(seg("S").seq(0).mss(mss));
        h.inject(seg("A"));
        assert_eq!(h.status().snd_mss, expected);
    }
}

#[test]
fn an_mss_option_outside_of_a_syn_means_nothing() {
    let mut h = established();
    h.inject(seg("A").mss(100).text("x"));
    assert_eq!(h.status().snd_mss, 1_460);
}

#[test]
fn initial_numbers_grow_with_the_clock_for_the_same_ends() {
    let mut h = syn_received();
    let first = h.iss;
    h.inject(seg("R"));
    h.advance(Duration::from_millis(40));
    h.inject(seg("S").seq(0));
    assert_eq!(first.distance_to(h.iss), 10_000);
}

#[test]
fn a_syn_is_repeated_for_at_least_three_minutes_and_then_given_up() {
    let mut h = syn_sent();
    let began = h.now;
    let mut waits = Vec::new();
    while h.state() == State::SynSent {
        waits.push(h.next_timeout().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120]);
    assert!(h.now.since(began) >= Duration::from_secs(180));
    assert_eq!(h.sent(), ["S 0:0(0)"; 7]);
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::TimedOut));
}

#[test]
fn a_syn_ack_is_repeated_and_a_dead_attempt_leaves_nothing_behind() {
    let mut h = syn_received();
    assert_eq!(h.next_timeout(), Duration::from_secs(1));
    h.expect(&["SA 0:0(0) ack 1"]);
    h.advance(Duration::from_secs(300));
    h.expect_state(State::Closed);
    assert_eq!(h.stack.status(h.id), Err(UserError::ConnectionDoesNotExist));
    assert_eq!(h.stack.poll_timeout(), None);
}

#[test]
fn a_lost_syn_makes_the_first_rto_three_seconds_and_the_window_one_segment() {
    let mut h = syn_sent();
    h.next_timeout();
    let _ = h.sent();
    h.inject(seg("SA").seq(0).mss(1_000));
    let _ = h.sent();
    assert_eq!(h.status().cwnd, 1_000);
    h.send([0; 3_000]);
    h.expect(&["A 1:1001(1000) ack 1"]);
    assert_eq!(h.next_timeout(), Duration::from_secs(3));
}

#[test]
fn simultaneous_open_passes_through_syn_received() {
    let mut h = syn_received_actively();
    h.inject(seg("SA").seq(0));
    assert_eq!(
        h.path(),
        [
            "CLOSED -> SYN-SENT",
            "SYN-SENT -> SYN-RECEIVED",
            "SYN-RECEIVED -> ESTABLISHED"
        ]
    );
    h.expect(&["A 1:1(0) ack 1"]);
    h.send("hello");
    h.expect(&["PA 1:6(5) ack 1"]);
}

#[test]
fn text_and_fin_of_a_syn_wait_for_established() {
    let mut h = listen();
    h.dialogue(seg("SF").seq(0).text("early"), &["SA 0:0(0) ack 1"]);
    h.dialogue(seg("A").seq(7), &["A 1:1(0) ack 7"]);
    assert_eq!(
        h.path(),
        [
            "LISTEN -> SYN-RECEIVED",
            "SYN-RECEIVED -> ESTABLISHED",
            "ESTABLISHED -> CLOSE-WAIT"
        ]
    );
    assert_eq!(h.read(99), Received::Data(b"early".to_vec()));
    assert_eq!(h.read(99), Received::EndOfStream);
}

#[test]
fn text_of_a_crossing_syn_waits_too() {
    let mut h = syn_sent();
    h.dialogue(seg("S").seq(0).text("early"), &["SA 0:0(0) ack 1"]);
    h.dialogue(seg("A"), &["A 1:1(0) ack 6"]);
    assert_eq!(h.read(99), Received::Data(b"early".to_vec()));
}

#[test]
fn an_urgent_pointer_of_a_syn_is_told_once_established() {
    let mut h = listen();
    h.inject(seg("SU").seq(0).up(4).text("abcd"));
    let urgent = |h: &Harness| {
        h.events
            .iter()
            .filter(|event| matches!(event, Event::Urgent { .. }))
            .count()
    };
    assert_eq!(urgent(&h), 0);
    h.inject(seg("A"));
    h.inject(seg("A").seq(5));
    assert_eq!(urgent(&h), 1);
}

#[test]
fn a_full_backlog_drops_syns_without_an_answer() {
    let mut h = listen();
    h.stack.set_backlog(h.id, 1).unwrap();
    for port in [1, 2] {
        h.remote.port = port;
        h.dialogue(seg("S").seq(0), &["SA 0:0(0) ack 1"]);
    }
    h.remote.port = 3;
    h.dialogue(seg("S").seq(0), &[]);
}

/// Any address of version 4, and of version 6.
const ANY: Endpoint = Endpoint::new(Endpoint::UNSPECIFIED_V4.addr, LOCAL.port);
const ANY_V6: Endpoint = Endpoint::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), LOCAL.port);

#[test]
fn the_listener_that_names_its_ends_most_closely_takes_the_syn() {
    let closest_first = [
        (LOCAL, Some(REMOTE), false),
        (ANY, Some(REMOTE), false),
        (LOCAL, None, false),
        (ANY, None, false),
        (ANY_V6, None, true),
    ];
    let mut widest_first = closest_first;
    widest_first.reverse();
    for order in [closest_first, widest_first] {
        let mut h = Harness::new(plain());
        let mut open = |(local, remote, dual_stack)| {
            let mut options = h.options();
            options.dual_stack = dual_stack;
            h.stack
                .open_passive(h.now, local, remote, 4, &options)
                .unwrap()
        };
        let listeners = order.map(|ends| (ends, open(ends)));
        for ends in closest_first {
            h.inject(seg("S").seq(0));
            let taker = h.events.iter().rev().find_map(|event| match event {
                Event::Spawned { listener, .. } => Some(*listener),
                _ => None,
            });
            let expected = listeners.iter().find(|(of, _)| *of == ends).unwrap().1;
            assert_eq!(taker, Some(expected), "{ends:?}");
            h.stack.close(h.now, expected).unwrap();
        }
        assert_eq!(h.stack.counters().passive_opens, 5);
    }
}

#[test]
fn a_listener_takes_what_fits_both_of_its_ends() {
    let with_port = |end: Endpoint, port| Endpoint::new(end.addr, port);
    let at = |end: Endpoint, addr: &str| Endpoint::new(addr.parse().unwrap(), end.port);
    let other = at(REMOTE, "192.0.2.2");
    let any_remote = at(REMOTE, "0.0.0.0");
    // Its ends, and whether it takes both versions; those of the SYN, and whether it is taken.
    for (ends, dual_stack, (local, remote), taken) in [
        ((LOCAL, None), false, (LOCAL, REMOTE), true),
        ((LOCAL, None), false, (with_port(LOCAL, 81), REMOTE), false),
        (
            (LOCAL, None),
            false,
            (at(LOCAL, "192.168.0.2"), REMOTE),
            false,
        ),
        ((ANY, None), false, (at(LOCAL, "192.168.0.2"), REMOTE), true),
        ((ANY, None), false, (LOCAL_V6, REMOTE_V6), false),
        ((ANY_V6, None), false, (LOCAL_V6, REMOTE_V6), true),
        ((ANY_V6, None), false, (LOCAL, REMOTE), false),
        ((ANY_V6, None), true, (LOCAL, REMOTE), true),
        ((LOCAL_V6, None), true, (LOCAL, REMOTE), false),
        ((LOCAL, Some(REMOTE)), false, (LOCAL, other), false),
        (
            (LOCAL, Some(REMOTE)),
            false,
            (LOCAL, with_port(REMOTE, 1)),
            false,
        ),
        (
            (LOCAL, Some(with_port(REMOTE, 0))),
            false,
            (LOCAL, REMOTE),
            true,
        ),
        (
            (LOCAL, Some(with_port(REMOTE, 0))),
            false,
            (LOCAL, other),
            false,
        ),
        ((LOCAL, Some(any_remote)), false, (LOCAL, other), true),
        (
            (LOCAL, Some(any_remote)),
            false,
            (LOCAL, with_port(other, 1)),
            false,
        ),
    ] {
        let mut config = plain();
        config.addresses.push("192.168.0.2".parse().unwrap());
        let mut h = Harness::between(config, local, remote);
        let mut options = h.options();
        options.dual_stack = dual_stack;
        let opened = h.stack.open_passive(h.now, ends.0, ends.1, 4, &options);
        opened.unwrap();
        h.inject(seg("S").seq(0));
        let what = (ends, dual_stack, local, remote);
        assert_eq!(
            h.stack.counters().passive_opens,
            u64::from(taken),
            "{what:?}"
        );
    }
}

#[test]
fn syns_from_or_to_what_is_no_host_are_ignored() {
    for addr in [
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.168.0.1",
    ] {
        let mut h = listen();
        h.remote.addr = addr.parse().unwrap();
        h.dialogue(seg("S").seq(0), &[]);
    }
    for addr in [
        "224.0.0.1",
        "255.255.255.255",
        "192.168.0.255",
        "192.168.0.9",
    ] {
        let mut h = listen();
        h.stack
            .config_mut()
            .broadcasts
            .push("192.168.0.255".parse().unwrap());
        h.local.addr = addr.parse().unwrap();
        h.dialogue(seg("S").seq(0), &[]);
    }
}

/// Opens a connection to port 80 of `server` with data, and carries packets until both are quiet; what the server
/// had to read when the handshake was not over yet.
fn open_fast(client: &mut crate::Stack, server: &mut crate::Stack, at: u64) -> (usize, usize) {
    let now = crate::Instant::from_secs(at);
    let options = crate::ConnectionOptions::new(client.config());
    let to = Endpoint::new(REMOTE.addr, 80);
    let from = Endpoint::UNSPECIFIED_V4;
    let (_, taken) = client.open_fast(now, from, to, &options, b"early").unwrap();
    let syn = client.poll_packet().unwrap();
    server.handle_packet(now, &syn);
    let mut early = 0;
    while let Some(event) = server.poll_event() {
        if let Event::Spawned { connection, .. } = event {
            early += server.status(connection).unwrap().receive_queued;
        }
    }
    for _ in 0..10 {
        while let Some(packet) = server.poll_packet() {
            client.handle_packet(now, &packet);
        }
        while let Some(packet) = client.poll_packet() {
            server.handle_packet(now, &packet);
        }
    }
    (taken, early)
}

#[test]
fn a_cookie_lets_data_ride_on_the_syn() {
    let mut client = crate::Stack::new(Config::with_addresses(&[LOCAL.addr]));
    let mut server = crate::Stack::new(Config::with_addresses(&[REMOTE.addr]));
    let mut options = crate::ConnectionOptions::new(server.config());
    options.fast_open = 5;
    let at = Endpoint::new(REMOTE.addr, 80);
    let listener = server.open_passive(crate::Instant::from_secs(1), at, None, 8, &options);
    listener.unwrap();
    assert_eq!(open_fast(&mut client, &mut server, 1), (0, 0)); // asks for a cookie
    assert_eq!(open_fast(&mut client, &mut server, 2), (5, 5));
    // A server with another key gives another cookie, and takes nothing for the old one.
    server.config_mut().fast_open_key = Some([7; 16]);
    assert_eq!(open_fast(&mut client, &mut server, 3), (5, 0));
    assert_eq!(open_fast(&mut client, &mut server, 4), (5, 5));
}

#[test]
fn a_cookie_of_the_key_before_takes_data_and_is_replaced() {
    let mut client = crate::Stack::new(Config::with_addresses(&[LOCAL.addr]));
    let mut server = crate::Stack::new(Config::with_addresses(&[REMOTE.addr]));
    let mut options = crate::ConnectionOptions::new(server.config());
    options.fast_open = 5;
    options.fast_open_key = Some([1; 16]);
    let at = Endpoint::new(REMOTE.addr, 80);
    let listener = server.open_passive(crate::Instant::from_secs(1), at, None, 8, &options);
    let listener = listener.unwrap();
    assert_eq!(open_fast(&mut client, &mut server, 1), (0, 0)); // asks for a cookie
    let keys = crate::ConnectionOption::FastOpenKeys;
    let change = |server: &mut crate::Stack, at, new, old| {
        let now = crate::Instant::from_secs(at);
        server.set_option(now, listener, keys(new, old)).unwrap();
    };
    change(&mut server, 2, [2; 16], Some([1; 16]));
    assert_eq!(open_fast(&mut client, &mut server, 2), (5, 5)); // and is given the new one
    change(&mut server, 3, [2; 16], None);
    assert_eq!(open_fast(&mut client, &mut server, 3), (5, 5));
    assert!(client.knows_cookie(REMOTE.addr));
    client.forget_cookies();
    assert!(!client.knows_cookie(REMOTE.addr));
    assert_eq!(open_fast(&mut client, &mut server, 4), (0, 0));
}

#[test]
fn a_cookie_that_nobody_asked_for_is_not_remembered() {
    let mut config = Config::with_addresses(&[LOCAL.addr]);
    config.fast_open_client_without_cookie = true;
    let mut client = crate::Stack::new(config);
    let mut server = crate::Stack::new(Config::with_addresses(&[REMOTE.addr]));
    let mut options = crate::ConnectionOptions::new(server.config());
    options.fast_open = 5;
    let at = Endpoint::new(REMOTE.addr, 80);
    let listener = server.open_passive(crate::Instant::from_secs(1), at, None, 8, &options);
    let listener = listener.unwrap();
    assert_eq!(open_fast(&mut client, &mut server, 1), (5, 0)); // the server wants a cookie
    let now = crate::Instant::from_secs(2);
    let without = crate::ConnectionOption::FastOpenWithoutCookie(true);
    server.set_option(now, listener, without).unwrap();
    assert_eq!(open_fast(&mut client, &mut server, 2), (5, 5));
    client.config_mut().fast_open_client_without_cookie = false;
    assert!(!client.knows_cookie(REMOTE.addr));
}

#[test]
fn a_fin_counts_with_the_text_of_its_syn_if_all_of_that_was_taken() {
    for (text, syn_ack, ack) in [
        (10, "SA 0:0(0) ack 11", &["A 1:1(0) ack 12"][..]),
        (11, "SA 0:0(0) ack 11", &[]),
    ] {
        let mut h = Harness::new(Config {
            fast_open_without_cookie: true,
            receive_buffer: 10,
            ..plain()
        });
        let mut options = h.options();
        options.fast_open = 5;
        let opened = h.stack.open_passive(h.now, LOCAL, None, 8, &options);
        h.listener = Some(opened.unwrap());
        h.dialogue(seg("SF").seq(0).zeros(text), &[syn_ack]);
        h.dialogue(seg("A").seq(11), ack);
    }
}
