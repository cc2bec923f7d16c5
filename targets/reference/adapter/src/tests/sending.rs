//! Writing: full buffers, broken pipes, resets, corks.

use std::time::Duration;

use halfopen_target::posix::*;
use halfopen_target::{Call, Descriptor, Errno, OptionValue, Output};

use super::bench::*;

/// An accepted connection whose send buffer takes 4096 octets, and whose peer takes none.
fn narrow() -> Bench {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_SNDBUF, int(4_096));
    bench.inject(&seg(".").window(0));
    bench.log();
    bench
}

#[test]
fn a_write_that_does_not_wait_takes_what_fits_and_then_says_again() {
    let mut bench = narrow();
    bench.ok(nonblocking(4));
    assert_eq!(bench.ok(write(4, &[7; 5_000])), 4_096);
    assert_eq!(bench.errno(write(4, &[7; 10])), Errno::EAGAIN);
    assert_eq!(bench.ok(poll(&[(4, POLLOUT)], 0)), 0);
    let queued = |request| Call::Ioctl {
        fd: Descriptor(4),
        request,
        argument: 0,
    };
    assert_eq!(bench.call(queued(SIOCOUTQ)).outputs, [Output::Int(4_096)]);
    assert_eq!(
        bench.call(queued(SIOCOUTQNSD)).outputs,
        [Output::Int(4_096)]
    );
}

#[test]
fn a_blocking_write_waits_until_all_is_taken() {
    let mut bench = narrow();
    let waiting = bench.start(write(4, &[7; 6_000]));
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg(".").window(3_000));
    bench.inject(&seg(".").ack(1_461).window(3_000));
    assert!(bench.end(waiting).is_none(), "room for 1460, but 1904 wait");
    bench.inject(&seg(".").ack(2_921).window(3_000));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(6_000)));
}

#[test]
fn a_send_timeout_ends_a_write_with_what_was_taken() {
    let mut bench = narrow();
    let timeout = OptionValue::Timeval(Duration::from_millis(50));
    bench.set(4, SOL_SOCKET, SO_SNDTIMEO, timeout);
    let waiting = bench.start(write(4, &[7; 5_000]));
    bench.wait(50);
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(4_096)));
    let waiting = bench.start(write(4, &[7; 10]));
    bench.wait(50);
    assert_eq!(
        bench.end(waiting).map(|r| r.result),
        Some(Err(Errno::EAGAIN))
    );
}

#[test]
fn a_blocked_write_that_is_reset_tells_what_it_took_and_the_next_call_why() {
    let mut bench = narrow();
    let waiting = bench.start(write(4, &[7; 5_000]));
    bench.inject(&seg("R"));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(4_096)));
    assert_eq!(bench.errno(write(4, b"x")), Errno::ECONNRESET);
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
}

#[test]
fn a_reset_is_told_once_then_reads_end_and_writes_break() {
    let mut bench = Bench::established();
    bench.inject(&seg("R"));
    assert_eq!(bench.wire(), ["@ 2 ESTABLISHED -> CLOSED"]);
    assert_eq!(bench.errno(read(4, 10)), Errno::ECONNRESET);
    assert_eq!(bench.ok(read(4, 10)), 0);
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
    assert_eq!(bench.errno(shutdown(4, SHUT_WR)), Errno::ENOTCONN);
}

#[test]
fn asking_for_the_error_takes_it_away() {
    let mut bench = Bench::established();
    bench.inject(&seg("R"));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_ERROR), int(Errno::ECONNRESET.0));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_ERROR), int(0));
    assert_eq!(bench.ok(read(4, 10)), 0);
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
}

#[test]
fn a_reset_after_the_remotes_fin_is_a_broken_pipe() {
    let mut bench = Bench::established();
    bench.inject(&seg("F."));
    bench.inject(&seg("R.").at(2));
    assert_eq!(
        bench.ok(read(4, 10)),
        0,
        "the end of the stream was reached"
    );
    assert_eq!(bench.get(4, SOL_SOCKET, SO_ERROR), int(Errno::EPIPE.0));
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
}

#[test]
fn nothing_is_written_after_shut_wr_but_reading_goes_on() {
    let mut bench = Bench::established();
    bench.ok(shutdown(4, SHUT_WR));
    assert_eq!(
        bench.wire(),
        ["@ 2 ESTABLISHED -> FIN-WAIT-1", "> F. 1:1(0) ack 1"]
    );
    assert_eq!(bench.errno(write(4, b"x")), Errno::EPIPE);
    bench.inject(&seg("P.").ack(2).data(b"abc"));
    assert_eq!(bench.ok(read(4, 10)), 3);
    let outq = Call::Ioctl {
        fd: Descriptor(4),
        request: SIOCOUTQ,
        argument: 0,
    };
    assert_eq!(bench.call(outq).outputs, [Output::Int(0)]);
    bench.inject(&seg("F.").at(4).ack(2));
    assert_eq!(bench.ok(read(4, 10)), 0);
}

#[test]
fn writing_needs_a_connection() {
    let mut bench = Bench::listening(halfopen_target::AddressMode::V4, 1);
    assert_eq!(bench.errno(write(3, b"x")), Errno::EPIPE);
    let fd = bench.socket();
    assert_eq!(bench.errno(write(fd.0, b"x")), Errno::EPIPE);
}

#[test]
fn an_empty_write_is_taken() {
    let mut bench = Bench::established();
    assert_eq!(bench.ok(write(4, b"")), 0);
    assert_eq!(bench.wire(), Vec::<String>::new());
}

#[test]
fn a_cork_holds_a_short_segment_until_it_is_pulled() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_TCP, TCP_CORK, int(1));
    bench.ok(write(4, b"abc"));
    assert_eq!(bench.wire(), Vec::<String>::new());
    bench.set(4, IPPROTO_TCP, TCP_CORK, int(0));
    assert_eq!(bench.wire(), ["> P. 1:4(3) ack 1"]);
}

#[test]
fn more_holds_a_short_segment_until_the_next_write() {
    let mut bench = Bench::established();
    bench.ok(send(4, b"abc", MSG_MORE));
    assert_eq!(bench.wire(), Vec::<String>::new());
    bench.ok(write(4, b"def"));
    assert_eq!(bench.wire(), ["> P. 1:7(6) ack 1"]);
}

#[test]
fn out_of_band_data_sets_the_urgent_pointer() {
    let mut bench = Bench::established();
    bench.ok(send(4, b"abc", MSG_OOB));
    assert_eq!(bench.wire(), ["> PU. 1:4(3) ack 1"]);
}

#[test]
fn a_soft_error_that_is_asked_for_fails_one_write() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_IP, IP_RECVERR, int(1));
    bench.ok(write(4, b"abc"));
    bench.unreachable(1);
    assert_eq!(bench.errno(write(4, b"x")), Errno::EHOSTUNREACH);
    assert_eq!(bench.ok(write(4, b"x")), 1);
}

#[test]
fn retransmitting_past_r1_is_no_error_of_a_socket() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_IP, IP_RECVERR, int(1));
    bench.ok(write(4, b"abc"));
    bench.log();
    bench.wait(40_000);
    assert_eq!(bench.wire().len(), 5, "more than R1 retransmissions");
    assert_eq!(bench.get(4, SOL_SOCKET, SO_ERROR), int(0));
}

#[test]
fn a_fin_on_its_way_counts_as_an_octet_in_the_send_queue() {
    let mut bench = Bench::established();
    bench.ok(write(4, b"abc"));
    bench.ok(shutdown(4, SHUT_WR));
    let outq = Call::Ioctl {
        fd: Descriptor(4),
        request: SIOCOUTQ,
        argument: 0,
    };
    assert_eq!(bench.call(outq.clone()).outputs, [Output::Int(4)]);
    bench.inject(&seg(".").ack(5));
    assert_eq!(bench.call(outq).outputs, [Output::Int(0)]);
}
