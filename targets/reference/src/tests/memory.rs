//! What a connection takes of memory, whatever its remote does: the bound that the crate's documentation states.

use super::harness::*;
use crate::tcb::Tcb;
use crate::{Config, Seq, State};

const RECEIVE_BUFFER: usize = 1 << 15;
const SEND_BUFFER: usize = 1 << 16;

/// What the documentation allows.
const MOST: usize = 2_048 // variables
    + 2 * SEND_BUFFER
    + 2 * RECEIVE_BUFFER
    + 16 * 2 * 128 // gaps
    + 24 * 8_192 // segments in flight
    + 16 * 4_096; // round trips that are being measured

/// A connection that measures every round trip, with SACK and large windows.
fn connection() -> Harness {
    let mut h = Harness::new(Config {
        sack: true,
        samples_every_ack: true,
        receive_buffer: RECEIVE_BUFFER,
        send_buffer: SEND_BUFFER,
        min_send_mss: 16,
        initial_window: 10_000,
        initial_window_mss: 10_000,
        ..plain()
    })
    .listen();
    h.inject(seg("S").seq(0).mss(16).sack_permitted());
    h.inject(seg("A").wnd(u16::MAX));
    h
}

fn taken(h: &Harness) -> usize {
    let tcb = &h.stack.table.connections[&h.id];
    let marks = tcb.records.capacity() + tcb.pushes_at.capacity();
    size_of::<Tcb>()
        + tcb.send.allocated()
        + tcb.receive.allocated()
        + tcb.scoreboard.allocated()
        + tcb.rtt.allocated()
        + marks * size_of::<Seq>()
}

#[test]
fn what_is_over_holds_no_segments() {
    let mut h = connection();
    h.send([0; 1_000]);
    h.close();
    let end = h.status().snd_nxt.0.wrapping_sub(h.iss.0);
    h.inject(seg("A").ack(i64::from(end)));
    h.inject(seg("FA").ack(i64::from(end)));
    assert_eq!(h.status().state, State::TimeWait);
    assert_eq!(h.stack.table.connections[&h.id].scoreboard.allocated(), 0);
    let mut h = connection();
    h.send([0; 1_000]);
    h.inject(seg("R"));
    assert_eq!(h.status().state, State::Closed);
    assert_eq!(h.status().segments_out, 0);
    assert_eq!(h.stack.table.connections[&h.id].scoreboard.allocated(), 0);
}

#[test]
fn octets_in_every_second_place_of_the_window_take_no_more_than_the_window() {
    let mut h = connection();
    h.inject(seg("A").zeros(9_000)); // not read
    let window = h.status().rcv_wnd;
    for seq in (9_002..9_001 + window).step_by(2).rev() {
        h.inject(seg("A").seq(i64::from(seq)).text("x"));
    }
    assert_eq!(h.status().out_of_order, 128, "as many gaps as there may be");
    assert!(taken(&h) <= MOST, "{}", taken(&h));
    h.inject(seg("A").seq(9_001).zeros(window as usize));
    assert_eq!(h.status().receive_queued, 9_000 + window as usize);
    assert!(taken(&h) <= MOST, "{}", taken(&h));
}

#[test]
fn blocks_that_split_every_segment_in_flight_take_no_more_than_their_entries() {
    let mut h = connection();
    while h.send([0; 1_000]) > 0 {}
    let flight = h.status().flight_size as u32;
    assert!(h.status().segments_out >= 4_000);
    let mut most = 0;
    for edge in (2..flight).step_by(12).take(1_000) {
        let edges = [0, 4, 8].map(|more| (edge + more, edge + more + 1));
        h.inject(seg("A").wnd(u16::MAX).sack(&edges, h.iss));
        most = most.max(h.status().segments_out);
        assert!(taken(&h) <= MOST, "{}", taken(&h));
    }
    assert!(most > 6_000, "{most}");
}

#[test]
fn text_of_an_ended_connection_takes_none_once_it_is_read() {
    let mut h = established();
    h.inject(seg("FA").zeros(9_000));
    h.close();
    h.inject(seg("A").seq(9_002).ack(2));
    h.expect_state(State::Closed);
    let allocated = |h: &Harness| h.stack.table.connections[&h.id].receive.allocated();
    let _ = h.read(4_000);
    assert!(allocated(&h) >= 5_000);
    let _ = h.read(5_000);
    assert_eq!(allocated(&h), 0);
}

#[test]
fn an_open_connection_keeps_the_memory_of_what_was_read() {
    let mut h = established();
    h.inject(seg("A").zeros(9_000));
    let _ = h.read(9_000);
    let tcb = &h.stack.table.connections[&h.id];
    assert!(tcb.receive.allocated() >= 9_000, "it will be used again");
}
