//! IP source routes (RFC 9293 section 3.9.2.1): who chooses them, and what travels along them.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::net::Ipv4Addr;

use super::harness::*;
use crate::wire::checksum_of;
use crate::{
    Config, ConnectionError, ConnectionOption, DropReason, Event, SourceRoute, State, SynCookies,
    Unreachable, UserError,
};

const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Came by way of FIRST, then SECOND.
const BY_BOTH: &[u8] = &[131, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0];
/// The same, strictly.
const BY_BOTH_STRICTLY: &[u8] = &[137, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0];
const BY_FIRST: &[u8] = &[131, 7, 8, 10, 0, 0, 1, 0];

/// The way back from [`BY_BOTH`]: to SECOND, then FIRST, then the remote.
const BACK_BY_BOTH: &str = "to 10.0.0.2 by [131, 11, 4, 10, 0, 0, 1, 192, 0, 2, 1, 0]";
const BACK_BY_FIRST: &str = "to 10.0.0.1 by [131, 7, 4, 192, 0, 2, 1, 0]";
const DIRECTLY: &str = "to 192.0.2.1 by []";

/// Sets the checksum of an IPv4 header.
fn mend(packet: &mut [u8]) {
    let header = usize::from(packet[0] & 0x0f) * 4;
    packet[10..12].fill(0);
    let sum = checksum_of(&packet[..header]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// The packet with these IP options, a whole number of words.
fn with_options(mut packet: Vec<u8>, options: &[u8]) -> Vec<u8> {
    packet.splice(20..20, options.iter().copied());
    packet[0] = 0x45 + (options.len() / 4) as u8;
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    mend(&mut packet);
    packet
}

/// A packet of ours as it reaches the end of its route: the checksum has to be right there.
fn arrived(mut packet: Vec<u8>) -> Vec<u8> {
    let header = usize::from(packet[0] & 0x0f) * 4;
    if header > 20 {
        let length = packet[21];
        packet[22] = length + 1;
        let end: Vec<u8> = packet[16 + usize::from(length)..20 + usize::from(length)].to_vec();
        packet[16..20].copy_from_slice(&end);
        mend(&mut packet);
    }
    packet
}

fn inject(h: &mut Harness, seg: Seg, options: &[u8]) {
    let packet = with_options(h.packet(seg), options);
    h.stack.handle_packet(h.now, &packet);
    h.collect();
}

/// What was sent, and which way.
fn sent(h: &mut Harness) -> Vec<String> {
    h.collect();
    let packets = core::mem::take(&mut h.packets);
    let each = packets.into_iter().map(|packet| {
        let header = usize::from(packet[0] & 0x0f) * 4;
        let destination = Ipv4Addr::new(packet[16], packet[17], packet[18], packet[19]);
        let way = format!("to {destination} by {:?}", &packet[20..header]);
        let end = arrived(packet);
        assert_eq!(checksum_of(&end[..header]), 0);
        assert_eq!(end[16..20], [192, 0, 2, 1]);
        format!("{}, {way}", h.show(&end))
    });
    each.collect()
}

#[track_caller]
fn expect(h: &mut Harness, segments: &[&str], way: &str) {
    let expected: Vec<_> = segments.iter().map(|seg| format!("{seg}, {way}")).collect();
    assert_eq!(sent(h), expected);
}

/// A passive open by a SYN with these IP options, established by an ACK without.
fn opened_by(options: &[u8], config: Config) -> Harness {
    let mut h = Harness::new(config).listen();
    inject(&mut h, seg("S").seq(0).mss(1_000), options);
    h
}

#[test]
fn everything_goes_back_along_the_route_of_the_syn() {
    let mut h = opened_by(BY_BOTH, plain());
    expect(&mut h, &["SA 0:0(0) ack 1"], BACK_BY_BOTH);
    h.inject(seg("A"));
    h.send([0; 10]);
    expect(&mut h, &["PA 1:11(10) ack 1"], BACK_BY_BOTH);
    h.advance(core::time::Duration::from_secs(1));
    expect(&mut h, &["PA 1:11(10) ack 1"], BACK_BY_BOTH);
    h.inject(seg("A").ack(11).text("text"));
    expect(&mut h, &["A 11:11(0) ack 5"], BACK_BY_BOTH);
    h.stack.abort(h.now, h.id).unwrap();
    expect(&mut h, &["R 11:11(0)"], BACK_BY_BOTH);
}

#[test]
fn a_strict_route_goes_back_strictly() {
    let mut h = opened_by(BY_BOTH_STRICTLY, plain());
    let way = "to 10.0.0.2 by [137, 11, 4, 10, 0, 0, 1, 192, 0, 2, 1, 0]";
    expect(&mut h, &["SA 0:0(0) ack 1"], way);
}

#[test]
fn the_option_takes_room_from_the_text_and_not_from_the_mss_offered() {
    let mut h = opened_by(BY_BOTH, plain());
    let syn_ack = arrived(h.packets.pop().unwrap());
    assert_eq!(parse(&syn_ack).options.mss, Some(1_460));
    h.inject(seg("A"));
    assert_eq!(h.status().snd_mss, 1_000 - 12);
    h.send([0; 1_976]);
    let expected = ["A 1:989(988) ack 1", "PA 989:1977(988) ack 1"];
    expect(&mut h, &expected, BACK_BY_BOTH);
}

#[test]
fn nine_hosts_fill_the_header() {
    let mut options = vec![131, 39, 40];
    options.extend((1..=9).flat_map(|host| [10, 0, 0, host]));
    options.push(0);
    let mut h = opened_by(&options, plain());
    h.collect();
    let packet = &h.packets[0];
    assert_eq!((packet[0], packet.len()), (0x4f, 60 + 24));
    assert_eq!(&packet[16..20], [10, 0, 0, 9]);
    assert_eq!(&packet[55..60], [192, 0, 2, 1, 0]);
}

#[test]
fn a_later_route_replaces_the_first_once_its_segment_is_acceptable() {
    let mut h = opened_by(BY_BOTH, plain());
    h.packets.clear();
    inject(&mut h, seg("A"), BY_FIRST);
    assert_eq!(h.status().snd_mss, 1_000 - 8);
    h.send([0; 10]);
    expect(&mut h, &["PA 1:11(10) ack 1"], BACK_BY_FIRST);
    // Out of the window, or an ACK of what was never sent: answered, and nothing more.
    for stray in [seg("A").seq(100_000), seg("A").ack(100_000)] {
        inject(&mut h, stray, BY_BOTH);
        expect(&mut h, &["A 11:11(0) ack 1"], BACK_BY_FIRST);
    }
    // No route is no other route.
    h.inject(seg("A").ack(11).text("text"));
    expect(&mut h, &["A 11:11(0) ack 5"], BACK_BY_FIRST);
}

#[test]
fn the_route_of_the_syn_stays_where_the_configuration_has_it_so() {
    let keeps = Config {
        later_routes_replace: false,
        ..plain()
    };
    let mut h = opened_by(BY_BOTH, keeps);
    h.packets.clear();
    inject(&mut h, seg("A").text("text"), BY_FIRST);
    expect(&mut h, &["A 1:1(0) ack 5"], BACK_BY_BOTH);
}

#[test]
fn the_users_route_is_kept_in_an_active_open() {
    let mut h = Harness::new(plain());
    let mut options = h.options();
    options.source_route = SourceRoute::new(false, &[SECOND, FIRST]);
    let opened = h.stack.open_active(h.now, LOCAL, REMOTE, &options);
    h.id = opened.unwrap();
    h.iss = h.status().iss;
    expect(&mut h, &["S 0:0(0)"], BACK_BY_BOTH);
    inject(&mut h, seg("SA").seq(0), BY_FIRST);
    expect(&mut h, &["A 1:1(0) ack 1"], BACK_BY_BOTH);
    assert_eq!(h.status().snd_mss, 536 - 12);
    // Later, the user chooses another, or none.
    let by_first = ConnectionOption::SourceRoute(SourceRoute::new(false, &[FIRST]));
    for (option, way, snd_mss) in [
        (by_first, BACK_BY_FIRST, 528),
        (ConnectionOption::SourceRoute(None), DIRECTLY, 536),
    ] {
        h.stack.set_option(h.now, h.id, option).unwrap();
        inject(&mut h, seg("A").seq(0).text("?"), BY_BOTH);
        expect(&mut h, &["A 1:1(0) ack 1"], way);
        assert_eq!(h.status().snd_mss, snd_mss);
    }
}

#[test]
fn an_active_open_takes_no_route_from_the_remote() {
    let mut h = Harness::new(plain()).connect();
    inject(&mut h, seg("SA").seq(0), BY_FIRST);
    expect(&mut h, &["A 1:1(0) ack 1"], DIRECTLY);
}

#[test]
fn a_listeners_route_is_kept_by_its_connections_or_is_its_own_alone() {
    for (passes_on, way) in [(true, BACK_BY_BOTH), (false, BACK_BY_FIRST)] {
        let mut h = Harness::new(Config {
            listeners_pass_route_on: passes_on,
            ..plain()
        })
        .listen();
        let route = ConnectionOption::SourceRoute(SourceRoute::new(false, &[SECOND, FIRST]));
        h.stack.set_option(h.now, h.id, route).unwrap();
        inject(&mut h, seg("S").seq(0), BY_FIRST);
        expect(&mut h, &["SA 0:0(0) ack 1"], way);
    }
}

#[test]
fn a_reset_without_a_connection_takes_the_way_back_of_its_segment() {
    let mut h = Harness::new(plain());
    inject(&mut h, seg("S").seq(0), BY_FIRST);
    expect(&mut h, &["RA #0 ack 1"], BACK_BY_FIRST);
    // In SYN-RECEIVED, too: the connection's own route is that of the SYN.
    let mut h = opened_by(BY_BOTH, plain());
    h.packets.clear();
    inject(&mut h, seg("A").ack(9), BY_FIRST);
    expect(&mut h, &["R 9:9(0)"], BACK_BY_FIRST);
}

#[test]
fn a_cookie_remembers_no_route_but_its_ack_brings_one() {
    let cookies = Config {
        syn_cookies: SynCookies::Always,
        ..plain()
    };
    let mut h = opened_by(BY_BOTH, cookies);
    let syn_ack = h.packets.first().unwrap().clone();
    h.iss = crate::Seq(u32::from_be_bytes(syn_ack[36..40].try_into().unwrap()));
    expect(&mut h, &["SA 0:0(0) ack 1"], BACK_BY_BOTH);
    inject(&mut h, seg("A").text("text"), BY_FIRST);
    expect(&mut h, &["A 1:1(0) ack 5"], BACK_BY_FIRST);
}

#[test]
fn packets_that_came_by_a_route_can_be_refused() {
    let refuses = Config {
        takes_source_routes: false,
        ..plain()
    };
    let mut h = opened_by(BY_BOTH, refuses);
    expect(&mut h, &[], DIRECTLY);
    assert_eq!(h.stack.counters().drops(DropReason::SourceRouted), 1);
    // The empty option, and other options, are no route (RFC 9293 MUST-50).
    inject(&mut h, seg("S").seq(0), &[94, 4, 0, 0]);
    expect(&mut h, &["SA 0:0(0) ack 1"], DIRECTLY);
}

#[test]
fn a_route_that_goes_on_is_not_for_this_host() {
    let mut h = opened_by(&[131, 7, 4, 10, 0, 0, 1, 0], plain());
    expect(&mut h, &[], DIRECTLY);
    assert_eq!(h.stack.counters().drops(DropReason::NotForUs), 1);
}

#[test]
fn a_malformed_route_is_ignored() {
    for options in [[131, 7, 3, 10, 0, 0, 1, 0], [131, 9, 9, 10, 0, 0, 1, 0]] {
        let mut h = opened_by(&options, plain());
        expect(&mut h, &["SA 0:0(0) ack 1"], DIRECTLY);
    }
}

#[test]
fn nothing_sets_out_for_what_is_no_other_host() {
    let nobody = [[224, 0, 0, 1], [255; 4], [0, 0, 0, 1], [192, 168, 0, 1]];
    for hop in nobody {
        let mut by_nobody = BY_FIRST.to_vec();
        by_nobody[3..7].copy_from_slice(&hop);
        let mut h = opened_by(&by_nobody, plain());
        expect(&mut h, &["SA 0:0(0) ack 1"], DIRECTLY);
        let mut options = h.options();
        options.source_route = SourceRoute::new(false, &[hop.into()]);
        let other = crate::Endpoint::new(LOCAL.addr, 9);
        let invalid = Err(UserError::RemoteInvalid);
        let active = h.stack.open_active(h.now, LOCAL, REMOTE, &options);
        let passive = h.stack.open_passive(h.now, other, None, 1, &options);
        let fast = h.stack.open_fast(h.now, LOCAL, REMOTE, &options, b"");
        let option = ConnectionOption::SourceRoute(options.source_route);
        assert_eq!((active, passive), (invalid, invalid));
        assert_eq!(fast, Err(UserError::RemoteInvalid));
        let set = h.stack.set_option(h.now, h.id, option);
        assert_eq!(set, Err(UserError::RemoteInvalid));
    }
}

#[test]
fn ipv6_has_no_such_route() {
    let mut h = Harness::between(plain(), LOCAL_V6, REMOTE_V6);
    let mut options = h.options();
    options.source_route = SourceRoute::new(false, &[FIRST]);
    let opened = h.stack.open_active(h.now, LOCAL_V6, REMOTE_V6, &options);
    h.id = opened.unwrap();
    h.iss = h.status().iss;
    h.expect(&["S 0:0(0)"]);
    h.dialogue(seg("SA").seq(0), &["A 1:1(0) ack 1"]);
    assert_eq!(h.status().snd_mss, 1_220);
}

/// An error is about the connection whose segment it quotes, wherever on its way that was (RFC 9293 MUST-54).
#[test]
fn an_error_from_the_way_reaches_its_connection() {
    for done in [false, true] {
        let mut h = opened_by(BY_BOTH, plain());
        h.inject(seg("A"));
        h.packets.clear();
        h.send([0; 10]);
        let mut quoted = h.packets.pop().unwrap();
        if done {
            quoted = arrived(quoted);
        }
        quoted.truncate(40);
        let mut packet = vec![0x45, 0, 0, 68, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2];
        packet.extend([192, 168, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0]);
        packet.extend(quoted);
        mend(&mut packet);
        let sum = checksum_of(&packet[20..]);
        packet[22..24].copy_from_slice(&sum.to_be_bytes());
        h.stack.handle_packet(h.now, &packet);
        h.collect();
        let failed = ConnectionError::Unreachable(Unreachable::SourceRoute);
        let told = |event: &Event| matches!(event, Event::Error { error, .. } if *error == failed);
        assert!(h.events.iter().any(told), "{:?}", h.events);
        h.expect_state(State::Established);
    }
}
