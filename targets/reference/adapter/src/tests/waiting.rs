//! `poll`, and time that only `next_event` moves.

use halfopen_target::posix::*;
use halfopen_target::{AddressMode, Returned, Target, Time};

use super::bench::*;

fn ended(returned: Option<&Returned>) -> Option<Vec<i16>> {
    returned.map(revents)
}

#[test]
fn poll_returns_at_its_timeout_to_the_microsecond() {
    let mut bench = Bench::established();
    let waiting = bench.start(poll(&[(4, POLLIN)], 1_500));
    let before = Time::from_micros(1_499_999);
    assert_eq!(bench.target.next_event(before).expect("it responds"), None);
    bench.wait(10_000);
    assert_eq!(ended(bench.end(waiting)), Some(vec![0]));
    assert_eq!(
        bench.returned_at(waiting),
        Some(Time::from_micros(1_500_000))
    );
}

#[test]
fn poll_wakes_for_data_for_a_connection_and_for_the_end() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    let waiting = bench.start(poll(&[(3, POLLIN)], -1));
    bench.handshake(PEER);
    assert_eq!(ended(bench.end(waiting)), Some(vec![POLLIN]));
    bench.ok(accept(3));

    let waiting = bench.start(poll(&[(3, POLLIN), (4, POLLIN | POLLRDHUP)], -1));
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(ended(bench.end(waiting)), Some(vec![0, POLLIN]));
    bench.ok(read(4, 10));

    let waiting = bench.start(poll(&[(4, POLLIN | POLLRDHUP)], -1));
    bench.inject(&seg("F.").at(4));
    assert_eq!(ended(bench.end(waiting)), Some(vec![POLLIN | POLLRDHUP]));
}

#[test]
fn poll_tells_of_errors_unasked() {
    let mut bench = Bench::established();
    let waiting = bench.start(poll(&[(4, 0)], -1));
    bench.inject(&seg("R"));
    assert_eq!(ended(bench.end(waiting)), Some(vec![POLLERR | POLLHUP]));
}

#[test]
fn poll_marks_descriptors_that_are_not_open_and_passes_over_negative_ones() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    let got = bench.call(poll(
        &[(77, POLLIN), (-1, POLLIN), (fd.0, POLLIN | POLLOUT)],
        0,
    ));
    assert_eq!(got.result, Ok(2));
    assert_eq!(revents(&got), [POLLNVAL, 0, POLLOUT | POLLHUP]);
}

#[test]
fn next_event_stops_at_its_limit_and_the_clock_stands_there() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.inject(&seg("S"));
    bench.log();
    let limit = Time::from_micros(999_999);
    assert_eq!(bench.target.next_event(limit).expect("it responds"), None);
    assert_eq!(bench.target.now(), limit);
    let event = bench.target.next_event(Time::MAX).expect("it responds");
    let at = event.map(|event| event.at);
    assert_eq!(
        at,
        Some(Time::from_micros(1_000_000)),
        "the SYN-ACK's retransmission"
    );
    assert_eq!(bench.target.now(), Time::from_micros(1_000_000));
}

#[test]
fn next_event_now_does_not_move_the_clock() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.inject(&seg("S"));
    bench.wait(0);
    assert_eq!(bench.target.now(), Time::ZERO);
}

#[test]
fn a_reset_forgets_everything() {
    let mut bench = Bench::established();
    bench.start(read(4, 1));
    bench.wait(1_000);
    let setup = bench.setup.clone();
    bench.target.reset(&setup).expect("it resets");
    assert_eq!(bench.target.now(), Time::ZERO);
    assert_eq!(
        bench
            .target
            .next_event(Time::from_micros(1))
            .expect("it responds"),
        None
    );
    assert_eq!(bench.socket().0, 3);
}
