//! Each planted bug shows on the wire, and is gone when it is not asked for.

use super::harness::*;
use crate::{PlantedBug, State};

/// Whether the stack misbehaves in each of the ways that can be planted, in their order.
fn misbehaviour(planted: Option<PlantedBug>) -> [bool; 5] {
    let prepare = |mut h: Harness| {
        h.stack.config_mut().planted_bug = planted;
        h
    };

    let mut h = prepare(established());
    h.inject(seg("R").seq(100));
    let dies = h.state() == State::Closed;

    let mut h = prepare(established());
    h.inject(seg("FA"));
    let fin_is_free = h.sent() != ["A 1:1(0) ack 2"];

    let mut h = prepare(established());
    h.inject(seg("A").wnd(1_460));
    h.send([0; 5_000]);
    let overruns = h.sent().len() > 1;

    let mut h = prepare(established());
    let mut packet = h.packet(seg("A").text("x"));
    packet[36] ^= 0xff;
    h.stack.handle_packet(h.now, &packet);
    let takes_damaged = !h.sent().is_empty();

    let mut h = prepare(fin_wait_2());
    h.inject(seg("FA").ack(2));
    let skips = h.state() == State::Closed;

    [dies, fin_is_free, overruns, takes_damaged, skips]
}

#[test]
fn each_bug_shows_and_no_other() {
    assert_eq!(misbehaviour(None), [false; 5]);
    for (index, bug) in PlantedBug::ALL.into_iter().enumerate() {
        let expected = core::array::from_fn(|other| other == index);
        assert_eq!(misbehaviour(Some(bug)), expected, "{bug:?}");
    }
}
