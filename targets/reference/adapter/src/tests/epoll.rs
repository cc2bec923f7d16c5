//! `epoll`: levels, edges, and who is woken by what.

use halfopen_target::posix::*;
use halfopen_target::{AddressMode, Call, Descriptor, EpollEvent, Errno, Output, Returned};

use super::bench::*;

const ADD: i32 = 1;
const DEL: i32 = 2;
const MOD: i32 = 3;

const IN: u32 = 0x1;
const OUT: u32 = 0x4;
const ERR: u32 = 0x8;
const HUP: u32 = 0x10;
const RDHUP: u32 = 0x2000;
const EXCLUSIVE: u32 = 1 << 28;
const ONESHOT: u32 = 1 << 30;
const ET: u32 = 1 << 31;

fn control(epoll: i32, operation: i32, fd: i32, events: u32) -> Call {
    Call::EpollControl {
        epoll: Descriptor(epoll),
        operation,
        fd: Descriptor(fd),
        event: EpollEvent {
            events,
            data: fd.cast_unsigned().into(),
        },
    }
}

fn wait(epoll: i32, room: i32, timeout: i32) -> Call {
    Call::EpollWait {
        epoll: Descriptor(epoll),
        room,
        timeout,
    }
}

/// The descriptors that `epoll_wait` gave, each with its events.
fn given(returned: &Returned) -> Vec<(u64, u32)> {
    match returned.outputs.as_slice() {
        [Output::Epoll(events)] => events.iter().map(|e| (e.data, e.events)).collect(),
        other => panic!("epoll_wait wrote {other:?}"),
    }
}

/// What is ready now.
fn ready(bench: &mut Bench, epoll: i32) -> Vec<(u64, u32)> {
    let returned = bench.call(wait(epoll, 8, 0));
    given(&returned)
}

fn epoll(bench: &mut Bench) -> i32 {
    let fd = bench.ok(Call::EpollCreate { flags: 0 });
    i32::try_from(fd).expect("a descriptor")
}

/// A connection 4, watched by the instance 5 for these events.
fn watching(events: u32) -> Bench {
    let mut bench = Bench::established();
    assert_eq!(epoll(&mut bench), 5);
    bench.ok(control(5, ADD, 4, events));
    bench
}

const NOTHING: [(u64, u32); 0] = [];

#[test]
fn a_level_is_told_until_it_is_read() {
    let mut bench = watching(IN);
    assert_eq!(ready(&mut bench, 5), NOTHING);
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(ready(&mut bench, 5), [(4, IN)]);
    bench.ok(read(4, 1));
    assert_eq!(ready(&mut bench, 5), [(4, IN)]);
    bench.ok(read(4, 9));
    assert_eq!(ready(&mut bench, 5), NOTHING);
}

#[test]
fn an_edge_is_told_when_something_comes_not_when_something_is_left() {
    let mut bench = watching(IN | OUT | ET);
    assert_eq!(
        ready(&mut bench, 5),
        [(4, OUT)],
        "what it is ready for at first"
    );
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(ready(&mut bench, 5), [(4, IN | OUT)]);
    bench.ok(read(4, 1));
    assert_eq!(ready(&mut bench, 5), NOTHING);
    bench.inject(&seg("P.").at(4).data(b"d"));
    assert_eq!(ready(&mut bench, 5), [(4, IN | OUT)]);
    bench.inject(&seg(".").at(5));
    assert_eq!(ready(&mut bench, 5), NOTHING, "an ACK brings nothing");
}

#[test]
fn a_writer_on_the_edge_is_told_of_room_only_after_it_found_none() {
    let mut bench = watching(OUT | ET);
    assert_eq!(ready(&mut bench, 5), [(4, OUT)]);
    bench.set(4, SOL_SOCKET, SO_SNDBUF, int(4_096));
    bench.ok(nonblocking(4));
    bench.ok(write(4, &[7; 100]));
    bench.inject(&seg(".").ack(101).window(5_000));
    assert_eq!(ready(&mut bench, 5), NOTHING, "there was room all the time");
    assert_eq!(bench.ok(write(4, &[7; 5_000])), 4_096);
    bench.inject(&seg(".").ack(1_000));
    assert_eq!(ready(&mut bench, 5), NOTHING, "too little to be worth it");
    bench.inject(&seg(".").ack(3_000));
    assert_eq!(ready(&mut bench, 5), [(4, OUT)]);
}

#[test]
fn a_wait_ends_with_what_it_waits_for_or_with_its_time() {
    let mut bench = watching(IN | RDHUP);
    let waiting = bench.start(wait(5, 1, -1));
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg("F."));
    assert_eq!(bench.end(waiting).map(given), Some(vec![(4, IN | RDHUP)]));
    bench.ok(control(5, DEL, 4, 0));
    let waiting = bench.start(wait(5, 1, 30));
    bench.wait(30);
    assert_eq!(bench.end(waiting).map(given), Some(vec![]));
}

#[test]
fn a_reset_is_told_unasked_and_a_closed_socket_is_forgotten() {
    let mut bench = watching(ET);
    bench.inject(&seg("R"));
    assert_eq!(ready(&mut bench, 5), [(4, ERR | HUP)]);
    bench.ok(control(5, MOD, 4, 0));
    bench.ok(close(4));
    assert_eq!(ready(&mut bench, 5), NOTHING);
    assert_eq!(bench.errno(control(5, MOD, 4, IN)), Errno::EBADF);
}

#[test]
fn a_duplicate_keeps_a_socket_watched() {
    let mut bench = watching(IN);
    let copy = bench.ok(Call::Fcntl {
        fd: Descriptor(4),
        command: 0,
        argument: 0,
    });
    bench.ok(close(4));
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(
        ready(&mut bench, 5),
        [(4, IN)],
        "by the number that was added"
    );
    bench.ok(close(i32::try_from(copy).expect("a descriptor")));
    assert_eq!(ready(&mut bench, 5), NOTHING);
}

#[test]
fn a_listener_is_ready_for_each_connection() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    assert_eq!(epoll(&mut bench), 4);
    bench.ok(control(4, ADD, 3, IN | ET));
    bench.handshake(PEER);
    assert_eq!(ready(&mut bench, 4), [(3, IN)]);
    assert_eq!(ready(&mut bench, 4), NOTHING);
    bench.handshake(PEER + 1);
    assert_eq!(ready(&mut bench, 4), [(3, IN)]);
}

#[test]
fn of_those_who_watch_exclusively_one_that_waits_is_enough() {
    let mut bench = Bench::established();
    let (first, second) = (epoll(&mut bench), epoll(&mut bench));
    for instance in [first, second] {
        bench.ok(control(instance, ADD, 4, IN | ET | EXCLUSIVE));
    }
    let waiting = bench.start(wait(first, 1, -1));
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(bench.end(waiting).map(given), Some(vec![(4, IN)]));
    assert_eq!(ready(&mut bench, second), NOTHING);
    bench.inject(&seg("P.").at(4).data(b"d"));
    assert_eq!(ready(&mut bench, second), [(4, IN)], "nobody waited");
}

#[test]
fn a_one_shot_is_told_again_once_it_is_armed_again() {
    let mut bench = watching(IN | ONESHOT);
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(ready(&mut bench, 5), [(4, IN)]);
    bench.inject(&seg("P.").at(4).data(b"d"));
    assert_eq!(ready(&mut bench, 5), NOTHING);
    bench.ok(control(5, MOD, 4, IN | ONESHOT));
    assert_eq!(ready(&mut bench, 5), [(4, IN)]);
}

#[test]
fn an_instance_can_watch_another_but_not_in_a_circle() {
    let mut bench = watching(IN);
    let outer = epoll(&mut bench);
    bench.ok(control(outer, ADD, 5, IN));
    assert_eq!(bench.errno(control(5, ADD, outer, IN)), Errno::ELOOP);
    assert_eq!(bench.errno(control(5, ADD, 5, IN)), Errno::EINVAL);
    let waiting = bench.start(wait(outer, 1, -1));
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(bench.end(waiting).map(given), Some(vec![(5, IN)]));
    assert_eq!(bench.ok(poll(&[(outer, POLLIN)], 0)), 1);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut bench = watching(IN);
    assert_eq!(bench.errno(control(5, ADD, 4, IN)), Errno::EEXIST);
    assert_eq!(bench.errno(control(5, DEL, 3, 0)), Errno::ENOENT);
    assert_eq!(bench.errno(control(5, 9, 4, IN)), Errno::EINVAL);
    assert_eq!(bench.errno(control(4, ADD, 3, IN)), Errno::EINVAL);
    assert_eq!(bench.errno(control(5, ADD, 99, IN)), Errno::EBADF);
    assert_eq!(bench.errno(wait(5, 0, 0)), Errno::EINVAL);
    assert_eq!(bench.errno(wait(4, 1, 0)), Errno::EINVAL);
    assert_eq!(bench.errno(read(5, 1)), Errno::ENOTSOCK);
}
