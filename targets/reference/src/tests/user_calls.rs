//! Errors of user calls, choice of ends, settings that show on the wire.

use super::harness::*;
use crate::{
    Config, ConnectionId, ConnectionOption, Endpoint, Received, SendFlags, State, UserError,
};

#[test]
fn calls_on_nothing_say_so() {
    let mut h = listen();
    let nobody = ConnectionId(99);
    let missing = UserError::ConnectionDoesNotExist;
    assert_eq!(
        h.stack.send(h.now, nobody, b"x", SendFlags::default()),
        Err(missing)
    );
    assert_eq!(h.stack.receive(h.now, nobody, 1), Err(missing));
    assert_eq!(h.stack.close(h.now, nobody), Err(missing));
    assert_eq!(h.stack.abort(h.now, nobody), Err(missing));
    assert_eq!(h.stack.status(nobody), Err(missing));
    assert_eq!(h.stack.accept(nobody), Err(missing));
    h.stack.release(h.now, nobody);
}

#[test]
fn calls_on_a_listener_say_what_does_not_apply() {
    let mut h = listen();
    assert_eq!(
        h.stack.receive(h.now, h.id, 1),
        Err(UserError::NotSupported)
    );
    assert_eq!(
        h.stack.send(h.now, h.id, b"x", SendFlags::default()),
        Err(UserError::RemoteUnspecified)
    );
    let options = h.options();
    let again = h.stack.open_passive(h.now, LOCAL, None, 1, &options);
    assert_eq!(again, Err(UserError::ConnectionAlreadyExists));
}

#[test]
fn a_send_on_a_listener_with_a_known_remote_opens_actively() {
    let mut h = Harness::new(plain());
    let options = h.options();
    h.id = h
        .stack
        .open_passive(h.now, LOCAL, Some(REMOTE), 1, &options)
        .unwrap();
    h.send("hello");
    h.iss = h.status().iss;
    h.expect(&["S 0:0(0)"]);
    assert_eq!(h.path(), ["CLOSED -> LISTEN", "LISTEN -> SYN-SENT"]);
    h.dialogue(seg("SA").seq(0), &["PA 1:6(5) ack 1"]);
}

#[test]
fn an_open_to_what_is_no_host_is_refused() {
    let mut h = Harness::new(plain());
    let options = h.options();
    let mut open = |addr: &str, port| {
        h.stack
            .open_active(
                h.now,
                LOCAL,
                Endpoint::new(addr.parse().unwrap(), port),
                &options,
            )
            .unwrap_err()
    };
    for addr in ["255.255.255.255", "224.0.0.1", "ff02::1", "0.1.2.3"] {
        assert_eq!(open(addr, 80), UserError::RemoteInvalid);
    }
    assert_eq!(open("2001:db8::1", 80), UserError::RemoteInvalid);
    assert_eq!(open("192.0.2.1", 0), UserError::RemoteUnspecified);
    assert_eq!(open("0.0.0.0", 80), UserError::RemoteUnspecified);
}

#[test]
fn the_stack_chooses_what_the_user_leaves_open() {
    let mut h = Harness::new(plain());
    let options = h.options();
    let mut open = |local, remote| h.stack.open_active(h.now, local, remote, &options).unwrap();
    let (first, second) = (
        open(Endpoint::UNSPECIFIED_V4, REMOTE),
        open(Endpoint::UNSPECIFIED_V4, REMOTE),
    );
    let sixth = open(Endpoint::UNSPECIFIED_V6, REMOTE_V6);
    let local = |id| h.stack.status(id).unwrap().local;
    assert_eq!(local(first).addr, LOCAL.addr);
    assert_ne!(local(first).port, local(second).port);
    assert!(local(first).port >= 49_152);
    assert_eq!(local(sixth).addr, LOCAL_V6.addr);
    let foreign = Endpoint::new("10.0.0.1".parse().unwrap(), 0);
    assert_eq!(
        h.stack.open_active(h.now, foreign, REMOTE, &options),
        Err(UserError::LocalInvalid)
    );
}

#[test]
fn an_open_between_ends_in_use_fails_and_leaves_the_connection_alone() {
    let mut h = established();
    let options = h.options();
    assert_eq!(
        h.stack.open_active(h.now, LOCAL, REMOTE, &options),
        Err(UserError::ConnectionAlreadyExists)
    );
    h.dialogue(seg("A").text("x"), &["A 1:1(0) ack 2"]);
}

#[test]
fn a_listener_can_share_its_port_with_an_attempt() {
    let mut h = syn_sent();
    let attempt = h.id;
    h = h.listen();
    h.remote.port = 9;
    h.dialogue(seg("S").seq(0), &["SA 0:0(0) ack 1"]);
    assert_eq!(h.stack.status(attempt).unwrap().state, State::SynSent);
}

#[test]
fn connections_are_bounded() {
    let mut h = listen();
    h.stack.config_mut().max_connections = 2;
    h.dialogue(seg("S").seq(0), &["SA 0:0(0) ack 1"]);
    h.remote.port = 9;
    h.dialogue(seg("S").seq(0), &[]);
    let options = h.options();
    let open = h
        .stack
        .open_active(h.now, LOCAL, Endpoint::new(REMOTE.addr, 1), &options);
    assert_eq!(open, Err(UserError::InsufficientResources));
}

#[test]
fn ttl_and_diffserv_show_on_the_wire() {
    let mut h = established();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::Ttl(33))
        .unwrap();
    h.stack
        .set_option(h.now, h.id, ConnectionOption::DiffServ(0x28))
        .unwrap();
    h.send("x");
    let packet = h.packets.pop().unwrap();
    assert_eq!((packet[1], packet[8]), (0x28, 33));
}

#[test]
fn accept_hands_out_the_oldest_first_even_if_it_was_reset() {
    let mut h = listen();
    let mut ids = alloc::vec::Vec::new();
    for port in [1, 2] {
        h.remote.port = port;
        h.inject(seg("S").seq(0));
        h.inject(seg("A"));
        ids.push(h.id);
    }
    assert_eq!(
        h.stack.status(h.listener.unwrap()).unwrap().ready_to_accept,
        2
    );
    h.remote.port = 1;
    h.inject(seg("R"));
    let listener = h.listener.unwrap();
    assert_eq!(h.stack.accept(listener), Ok(Some(ids[0])));
    assert!(h.stack.receive(h.now, ids[0], 1).is_err());
    assert_eq!(h.stack.accept(listener), Ok(Some(ids[1])));
    assert_eq!(h.stack.accept(listener), Ok(None));
}

#[test]
fn reading_nothing_yields_nothing() {
    let mut h = established();
    h.inject(seg("A").text("abc"));
    assert_eq!(h.read(0), Received::Data(alloc::vec::Vec::new()));
    assert_eq!(h.read(9), Received::Data(b"abc".to_vec()));
}

#[test]
fn settings_of_an_ended_connection_start_nothing() {
    let mut h = established();
    h.send("x");
    h.inject(seg("A").text("y"));
    h.inject(seg("R").seq(2));
    let _ = h.sent();
    let minute = core::time::Duration::from_secs(60);
    for option in [
        ConnectionOption::UserTimeout(Some(minute)),
        ConnectionOption::KeepAlive(true),
        ConnectionOption::QuickAck(true),
        ConnectionOption::NoDelay(true),
    ] {
        h.stack.set_option(h.now, h.id, option).unwrap();
    }
    assert_eq!(h.stack.poll_timeout(), None);
    h.expect(&[]);
}

#[test]
fn an_ended_connection_says_why_it_cannot_be_closed_or_aborted_again() {
    let mut h = established();
    h.inject(seg("R"));
    let reset = UserError::Aborted(crate::ConnectionError::Reset);
    assert_eq!(h.stack.close(h.now, h.id), Err(reset));
    h.events.clear();
    assert_eq!(h.stack.abort(h.now, h.id), Ok(()));
    h.collect();
    assert!(h.events.is_empty());
}

#[test]
fn nothing_can_be_sent_behind_a_fin_that_waits() {
    let mut h = syn_received_actively();
    h.send("x");
    h.close();
    let more = h.stack.send(h.now, h.id, b"y", SendFlags::default());
    assert_eq!(more, Err(UserError::ConnectionClosing));
    h.dialogue(seg("A"), &["FPA 1:2(1) ack 1"]);
}

#[test]
fn text_of_a_syn_that_was_not_taken_leaves_again_apart_from_what_followed() {
    let config = Config {
        fast_open_client_without_cookie: true,
        ..plain()
    };
    let mut h = Harness::new(config);
    let mut options = h.options();
    options.no_delay = true;
    let opened = h.stack.open_fast(h.now, LOCAL, REMOTE, &options, b"first");
    h.id = opened.unwrap().0;
    h.iss = h.status().iss;
    h.expect(&["S 0:5(5)"]);
    h.send("second");
    h.dialogue(
        seg("SA").seq(0).mss(1_460),
        &["PA 1:6(5) ack 1", "PA 6:12(6) ack 1"],
    );
}
