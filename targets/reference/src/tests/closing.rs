//! Closing: paths through the states, half close, release, abort, orphans.

use core::time::Duration;

use super::harness::*;
use crate::{ConnectionError, Received, SendFlags, State, UserError};

#[test]
fn our_close_first_walks_through_both_fin_waits() {
    let mut h = time_wait();
    h.advance(Duration::from_secs(240));
    assert_eq!(
        h.path(),
        [
            "LISTEN -> SYN-RECEIVED",
            "SYN-RECEIVED -> ESTABLISHED",
            "ESTABLISHED -> FIN-WAIT-1",
            "FIN-WAIT-1 -> FIN-WAIT-2",
            "FIN-WAIT-2 -> TIME-WAIT",
            "TIME-WAIT -> CLOSED"
        ]
    );
}

#[test]
fn a_fin_that_acknowledges_ours_reports_the_state_in_between() {
    let mut h = fin_wait_1();
    h.inject(seg("FA").ack(2));
    assert_eq!(
        h.path()[3..],
        ["FIN-WAIT-1 -> FIN-WAIT-2", "FIN-WAIT-2 -> TIME-WAIT"]
    );
}

#[test]
fn a_third_ack_with_fin_reports_established_in_between() {
    let mut h = syn_received();
    h.inject(seg("FA"));
    assert_eq!(
        h.path(),
        [
            "LISTEN -> SYN-RECEIVED",
            "SYN-RECEIVED -> ESTABLISHED",
            "ESTABLISHED -> CLOSE-WAIT"
        ]
    );
}

#[test]
fn simultaneous_close_passes_through_closing() {
    let mut h = closing();
    h.inject(seg("A").seq(2).ack(2));
    assert_eq!(
        h.path()[3..],
        ["FIN-WAIT-1 -> CLOSING", "CLOSING -> TIME-WAIT"]
    );
}

#[test]
fn half_close_goes_on_receiving() {
    let mut h = fin_wait_2();
    h.dialogue(seg("A").ack(2).text("still"), &["A 2:2(0) ack 6"]);
    assert_eq!(h.read(99), Received::Data(b"still".to_vec()));
    assert_eq!(
        h.stack.send(h.now, h.id, b"x", SendFlags::default()),
        Err(UserError::ConnectionClosing)
    );
}

#[test]
fn close_wait_goes_on_sending_and_the_fin_follows_the_text() {
    let mut h = close_wait();
    assert_eq!(h.read(9), Received::EndOfStream);
    h.send("answer");
    h.expect(&["PA 1:7(6) ack 2"]);
    h.stack.config_mut().nagle = true;
    h.send("more");
    h.expect(&[]);
    h.close();
    h.expect(&["FPA 7:11(4) ack 2"]);
    h.expect_state(State::LastAck);
}

#[test]
fn a_close_with_text_beyond_the_window_enters_fin_wait_1_at_once() {
    let mut h = established();
    h.inject(seg("A").wnd(5));
    h.send("0123456789");
    h.next_timeout();
    h.expect(&["A 1:6(5) ack 1"]);
    h.close();
    h.expect(&[]);
    h.expect_state(State::FinWait1);
    h.dialogue(seg("A").ack(6).wnd(100), &["FPA 6:11(5) ack 1"]);
}

#[test]
fn a_close_in_close_wait_enters_last_ack_when_the_fin_leaves() {
    let mut h = close_wait();
    h.inject(seg("A").seq(2).wnd(5));
    h.send("0123456789");
    h.next_timeout();
    h.close();
    h.expect_state(State::CloseWait);
    h.inject(seg("A").seq(2).ack(6).wnd(100));
    h.expect_state(State::LastAck);
}

#[test]
fn a_close_in_syn_received_sends_a_fin_or_waits_behind_text() {
    let mut h = syn_received_actively();
    h.close();
    h.expect(&["FA 1:1(0) ack 1"]);
    h.expect_state(State::FinWait1);
    h.inject(seg("A").ack(2));
    h.expect_state(State::FinWait2);

    let mut h = syn_received_actively();
    h.send("queued");
    h.close();
    h.expect(&[]);
    h.expect_state(State::SynReceived);
    h.dialogue(seg("A"), &["FPA 1:7(6) ack 1"]);
    assert_eq!(
        h.path()[2..],
        ["SYN-RECEIVED -> ESTABLISHED", "ESTABLISHED -> FIN-WAIT-1"]
    );
}

#[test]
fn a_fin_sent_from_syn_received_has_its_syn_repeated_first() {
    let mut h = syn_received_actively();
    h.close();
    let _ = h.sent();
    h.next_timeout();
    h.expect(&["SA 0:0(0) ack 1"]);
    h.inject(seg("A"));
    h.expect_state(State::FinWait1);
    h.next_timeout();
    h.expect(&["FA 1:1(0) ack 1"]);
}

#[test]
fn a_close_in_syn_sent_ends_without_a_word() {
    let mut h = syn_sent();
    h.close();
    h.expect(&[]);
    assert_eq!(h.path(), ["CLOSED -> SYN-SENT", "SYN-SENT -> CLOSED"]);
}

#[test]
fn a_second_close_never_sends_a_second_fin() {
    for mut h in [
        fin_wait_1(),
        fin_wait_2(),
        closing(),
        last_ack(),
        time_wait(),
    ] {
        assert_eq!(
            h.stack.close(h.now, h.id),
            Err(UserError::ConnectionClosing)
        );
        h.expect(&[]);
    }
}

#[test]
fn abort_sends_rst_where_the_remote_still_counts_on_us() {
    for (mut h, sent) in [
        (syn_received_actively(), "R 1:1(0)"),
        (established(), "R 1:1(0)"),
        (fin_wait_1(), "R 2:2(0)"),
        (fin_wait_2(), "R 2:2(0)"),
        (close_wait(), "R 1:1(0)"),
        (syn_sent(), ""),
        (closing(), ""),
        (last_ack(), ""),
        (time_wait(), ""),
    ] {
        h.stack.abort(h.now, h.id).unwrap();
        assert_eq!(h.sent().concat(), sent);
        h.expect_state(State::Closed);
        assert_eq!(h.stack.status(h.id), Err(UserError::ConnectionDoesNotExist));
    }
}

#[test]
fn release_with_unread_text_resets() {
    let mut h = established();
    h.dialogue(seg("A").text("unread"), &["A 1:1(0) ack 7"]);
    h.stack.release(h.now, h.id);
    h.expect(&["R 1:1(0)"]);
    h.expect_state(State::Closed);
}

#[test]
fn text_for_a_released_connection_draws_rst() {
    for text in [
        seg("A").text("new"),
        seg("A").seq(9).text("new, ahead"),
        seg("FA").text("new"),
    ] {
        let mut h = established();
        h.stack.release(h.now, h.id);
        h.expect(&["FA 1:1(0) ack 1"]);
        h.dialogue(text, &["R 1:1(0)"]);
        h.expect_state(State::Closed);
    }
}

#[test]
fn a_released_connection_still_closes_in_order() {
    let mut h = established();
    h.stack.release(h.now, h.id);
    h.inject(seg("A").ack(2));
    h.expect_state(State::FinWait2);
    h.inject(seg("FA").ack(2));
    h.expect_state(State::TimeWait);
    h.advance(Duration::from_secs(240));
    assert_eq!(h.stack.status(h.id), Err(UserError::ConnectionDoesNotExist));
}

#[test]
fn an_orphan_does_not_wait_in_fin_wait_2_for_ever() {
    let mut h = fin_wait_2();
    h.advance(Duration::from_secs(1_000));
    h.expect_state(State::FinWait2);
    h.stack.release(h.now, h.id);
    h.advance(Duration::from_secs(59));
    h.expect_state(State::FinWait2);
    h.advance(Duration::from_secs(1));
    h.expect_state(State::Closed);
}

#[test]
fn a_reset_flushes_what_was_received_and_is_told() {
    let mut h = established();
    h.inject(seg("A").text("lost"));
    h.inject(seg("R").seq(5));
    let reset = UserError::Aborted(ConnectionError::Reset);
    assert_eq!(h.stack.receive(h.now, h.id, 9), Err(reset));
    assert_eq!(
        h.stack.send(h.now, h.id, b"x", SendFlags::default()),
        Err(reset)
    );
    assert_eq!(h.stack.take_error(h.id), Some(ConnectionError::Reset));
    h.stack.release(h.now, h.id);
    assert_eq!(h.stack.status(h.id), Err(UserError::ConnectionDoesNotExist));
}

#[test]
fn what_was_received_stays_readable_after_a_good_end() {
    let mut h = established();
    h.inject(seg("FA").text("last words"));
    h.close();
    h.inject(seg("A").seq(12).ack(2));
    h.expect_state(State::Closed);
    assert_eq!(h.read(4), Received::Data(b"last".to_vec()));
    assert_eq!(h.read(99), Received::Data(b" words".to_vec()));
    assert_eq!(h.read(99), Received::EndOfStream);
}

#[test]
fn closing_a_listener_resets_what_was_not_accepted() {
    let mut h = syn_received();
    h.inject(seg("A"));
    let listener = h.listener.unwrap();
    h.stack.close(h.now, listener).unwrap();
    h.expect(&["R 1:1(0)"]);
    h.expect_state(State::Closed);
    h.dialogue(seg("S").seq(0), &["RA #0 ack 1"]);
}
