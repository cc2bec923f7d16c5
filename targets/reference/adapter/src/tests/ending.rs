//! `close`: FIN, RST, linger.

use halfopen_target::posix::*;
use halfopen_target::{Call, Descriptor, Errno, OptionValue, Target};

use super::bench::*;

fn linger(seconds: i32) -> OptionValue {
    OptionValue::Linger { on: true, seconds }
}

#[test]
fn close_sends_fin_and_the_connection_goes_on_by_itself() {
    let mut bench = Bench::established();
    bench.ok(close(4));
    assert_eq!(
        bench.wire(),
        ["@ 2 ESTABLISHED -> FIN-WAIT-1", "> F. 1:1(0) ack 1"]
    );
    assert_eq!(bench.errno(read(4, 1)), Errno::EBADF);
    bench.inject(&seg(".").ack(2));
    bench.inject(&seg("F.").ack(2));
    bench.wait(240_000);
    assert_eq!(
        bench.wire(),
        [
            "@ 2 FIN-WAIT-1 -> FIN-WAIT-2",
            "@ 2 FIN-WAIT-2 -> TIME-WAIT",
            "> . 2:2(0) ack 2",
            "@ 2 TIME-WAIT -> CLOSED",
        ]
    );
}

#[test]
fn close_with_unread_data_resets() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"unread"));
    bench.log();
    bench.ok(close(4));
    assert_eq!(bench.wire(), ["@ 2 ESTABLISHED -> CLOSED", "> R 1:1(0)"]);
}

#[test]
fn close_with_a_linger_time_of_zero_resets() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_LINGER, linger(0));
    bench.log();
    bench.ok(close(4));
    assert_eq!(bench.wire(), ["@ 2 ESTABLISHED -> CLOSED", "> R 1:1(0)"]);
}

#[test]
fn a_lingering_close_waits_for_the_acknowledgment_of_the_fin() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_LINGER, linger(5));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_LINGER), linger(5));
    let waiting = bench.start(close(4));
    assert!(bench.end(waiting).is_none());
    assert_eq!(
        bench.errno(read(4, 1)),
        Errno::EBADF,
        "the descriptor is free already"
    );
    bench.inject(&seg(".").ack(2));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(0)));
}

#[test]
fn a_lingering_close_gives_up_when_its_time_is_over() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_LINGER, linger(5));
    let waiting = bench.start(close(4));
    bench.wait(4_999);
    assert!(bench.end(waiting).is_none());
    bench.wait(1);
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(0)));
    assert_eq!(bench.target.now().as_micros(), 5_000_000);
}

#[test]
fn close_in_syn_sent_says_nothing_to_the_remote() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    let address = bench.remote(PEER);
    bench.errno(Call::Connect { fd, address });
    bench.log();
    bench.ok(close(fd.0));
    assert_eq!(bench.wire(), ["@ 1 SYN-SENT -> CLOSED"]);
}

#[test]
fn shutdown_in_syn_sent_dissolves_the_attempt() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    let address = bench.remote(PEER);
    bench.errno(Call::Connect { fd, address });
    bench.log();
    bench.ok(shutdown(fd.0, SHUT_WR));
    assert_eq!(bench.wire(), ["@ 1 SYN-SENT -> CLOSED"]);
    assert_eq!(
        bench.get(fd.0, SOL_SOCKET, SO_ERROR),
        int(Errno::ECONNRESET.0)
    );
}

#[test]
fn shutdown_needs_a_connection_and_a_direction() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    assert_eq!(bench.errno(shutdown(fd.0, SHUT_RDWR)), Errno::ENOTCONN);
    assert_eq!(bench.errno(shutdown(fd.0, 3)), Errno::EINVAL);
    assert_eq!(bench.errno(shutdown(99, SHUT_RD)), Errno::EBADF);
}

#[test]
fn in_time_wait_a_socket_is_as_good_as_closed() {
    let mut bench = Bench::established();
    bench.ok(shutdown(4, SHUT_WR));
    bench.ok(shutdown(4, SHUT_WR));
    bench.inject(&seg("F.").ack(2));
    assert_eq!(bench.errno(shutdown(4, SHUT_RDWR)), Errno::ENOTCONN);
    assert_eq!(bench.ok(read(4, 1)), 0);
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
}

#[test]
fn linger_keeps_its_time_when_switched_off() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_LINGER, linger(5));
    let off = |seconds| OptionValue::Linger { on: false, seconds };
    bench.set(4, SOL_SOCKET, SO_LINGER, off(7));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_LINGER), off(5));
    bench.ok(close(4));
    assert_eq!(bench.wire().len(), 2, "it does not wait");
}

#[test]
fn shut_rdwr_hangs_up_for_poll() {
    let mut bench = Bench::established();
    bench.ok(shutdown(4, SHUT_RDWR));
    let ready = bench.call(poll(&[(4, POLLIN | POLLOUT | POLLRDHUP)], 0));
    assert_eq!(revents(&ready), [POLLIN | POLLOUT | POLLHUP | POLLRDHUP]);
}

#[test]
fn a_socket_closed_under_a_waiting_call_ends_with_that_call() {
    let mut bench = Bench::established();
    let waiting = bench.start(read(4, 10));
    bench.ok(close(4));
    assert_eq!(bench.wire(), Vec::<String>::new());
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(3)));
    assert_eq!(
        bench.wire(),
        ["@ 2 ESTABLISHED -> FIN-WAIT-1", "> F. 1:1(0) ack 4"]
    );
}

#[test]
fn a_duplicate_keeps_the_connection_open() {
    let mut bench = Bench::established();
    let duplicate = Call::Fcntl {
        fd: Descriptor(4),
        command: 0,
        argument: 10,
    };
    assert_eq!(bench.ok(duplicate), 10);
    bench.ok(close(4));
    assert_eq!(bench.wire(), Vec::<String>::new());
    bench.ok(close(10));
    assert_eq!(bench.wire().len(), 2);
}

#[test]
fn negative_linger2_ends_fin_wait_2_at_once() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_TCP, TCP_LINGER2, int(-1));
    bench.ok(close(4));
    bench.inject(&seg(".").ack(2));
    bench.log();
    bench.wait(10);
    assert_eq!(bench.wire(), ["@ 2 FIN-WAIT-2 -> CLOSED"]);
}
