//! Reading: blocking, flags, low-water marks, timeouts, the urgent octet.

use std::time::Duration;

use halfopen_target::posix::*;
use halfopen_target::{Call, CallName, Descriptor, Errno, OptionValue, Output};

use super::bench::*;

#[test]
fn read_without_data_says_again_or_waits() {
    let mut bench = Bench::established();
    assert_eq!(bench.errno(recv(4, 10, MSG_DONTWAIT)), Errno::EAGAIN);
    let waiting = bench.start(read(4, 10));
    bench.wait(5_000);
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg("P.").data(b"abc"));
    let got = bench.end(waiting).expect("it has ended");
    assert_eq!((got.result, Bench::data(got)), (Ok(3), b"abc".as_slice()));
}

#[test]
fn read_gives_nothing_at_the_remotes_fin_however_often() {
    let mut bench = Bench::established();
    let waiting = bench.start(read(4, 10));
    bench.inject(&seg("F."));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(0)));
    assert_eq!(bench.ok(read(4, 10)), 0);
    assert_eq!(
        bench.log()[..3],
        [
            "@ 2 ESTABLISHED -> CLOSE-WAIT",
            "> . 1:1(0) ack 2",
            "recv = 0"
        ]
    );
}

#[test]
fn data_before_a_fin_is_read_first() {
    let mut bench = Bench::established();
    bench.inject(&seg("FP.").data(b"last words"));
    let got = bench.call(read(4, 4));
    assert_eq!(Bench::data(&got), b"last");
    let got = bench.call(read(4, 100));
    assert_eq!(Bench::data(&got), b" words");
    assert_eq!(bench.ok(read(4, 100)), 0);
}

#[test]
fn peek_leaves_the_data_where_it_is() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"abc"));
    let got = bench.call(recv(4, 2, MSG_PEEK));
    assert_eq!((got.result, Bench::data(&got)), (Ok(2), b"ab".as_slice()));
    let got = bench.call(recv(4, 10, 0));
    assert_eq!(Bench::data(&got), b"abc");
}

#[test]
fn waitall_waits_for_all_or_for_the_end() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"abc"));
    let waiting = bench.start(recv(4, 5, MSG_WAITALL));
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg("P.").at(4).data(b"defg"));
    let got = bench.end(waiting).expect("it has ended");
    assert_eq!(Bench::data(got), b"abcde");
    let waiting = bench.start(recv(4, 5, MSG_WAITALL));
    bench.inject(&seg("F.").at(8));
    let got = bench.end(waiting).expect("it has ended");
    assert_eq!(Bench::data(got), b"fg");
}

#[test]
fn the_low_water_mark_holds_read_and_poll_back() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_RCVLOWAT, int(4));
    let waiting = bench.start(read(4, 10));
    bench.inject(&seg("P.").data(b"abc"));
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg("P.").at(4).data(b"d"));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(4)));
    bench.inject(&seg("P.").at(5).data(b"efg"));
    assert_eq!(bench.ok(poll(&[(4, POLLIN)], 0)), 0);
    assert_eq!(bench.ok(recv(4, 10, MSG_DONTWAIT)), 3);
}

#[test]
fn a_receive_timeout_ends_the_wait_with_what_there_is() {
    let mut bench = Bench::established();
    let timeout = OptionValue::Timeval(Duration::from_millis(100));
    bench.set(4, SOL_SOCKET, SO_RCVTIMEO, timeout.clone());
    assert_eq!(bench.get(4, SOL_SOCKET, SO_RCVTIMEO), timeout);
    let waiting = bench.start(read(4, 10));
    bench.wait(100);
    assert_eq!(
        bench.end(waiting).map(|r| r.result),
        Some(Err(Errno::EAGAIN))
    );
    let waiting = bench.start(recv(4, 10, MSG_WAITALL));
    bench.inject(&seg("P.").data(b"abc"));
    bench.wait(100);
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(3)));
}

#[test]
fn the_buffers_of_readv_and_recvmsg_are_filled_together() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"abcdef"));
    let gather = |name, buffers: &[usize]| Call::Receive {
        name,
        fd: Descriptor(4),
        buffers: buffers.to_vec(),
        flags: 0,
        control: 0,
    };
    let got = bench.call(gather(CallName::Readv, &[1, 2]));
    assert_eq!(got.outputs, [Output::Data(b"abc".to_vec())]);
    let got = bench.call(gather(CallName::Recvmsg, &[2, 2]));
    let expected = [Output::Data(b"def".to_vec()), Output::MessageFlags(0)];
    assert_eq!(got.outputs, expected);
}

#[test]
fn trunc_counts_octets_and_throws_them_away() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"abcdef"));
    let got = bench.call(recv(4, 4, MSG_TRUNC));
    assert_eq!((got.result, got.outputs.len()), (Ok(4), 0));
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"ef");
}

#[test]
fn reading_needs_a_connection() {
    let mut bench = Bench::listening(halfopen_target::AddressMode::V4, 1);
    assert_eq!(bench.errno(read(3, 1)), Errno::ENOTCONN);
    let fd = bench.socket();
    assert_eq!(bench.errno(read(fd.0, 1)), Errno::ENOTCONN);
    assert_eq!(bench.errno(read(77, 1)), Errno::EBADF);
}

#[test]
fn after_shut_rd_a_read_takes_what_is_there_and_then_ends() {
    let mut bench = Bench::established();
    let waiting = bench.start(read(4, 10));
    bench.ok(shutdown(4, SHUT_RD));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(0)));
    assert!(bench.wire().is_empty(), "the remote does not hear of it");
    bench.inject(&seg("P.").data(b"abc"));
    assert_eq!(bench.ok(read(4, 10)), 3);
    assert_eq!(bench.ok(read(4, 10)), 0);
}

#[test]
fn ioctl_counts_what_waits_to_be_read() {
    let mut bench = Bench::established();
    bench.inject(&seg("P.").data(b"abc"));
    let inq = |fd| Call::Ioctl {
        fd: Descriptor(fd),
        request: SIOCINQ,
        argument: 0,
    };
    assert_eq!(bench.call(inq(4)).outputs, [Output::Int(3)]);
    assert_eq!(bench.errno(inq(3)), Errno::EINVAL);
    let unknown = Call::Ioctl {
        fd: Descriptor(4),
        request: 0x1234,
        argument: 0,
    };
    assert_eq!(bench.errno(unknown), Errno::ENOTTY);
}

#[test]
fn the_urgent_octet_is_read_out_of_band_and_left_out_of_the_stream() {
    let mut bench = Bench::established();
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
    // The pointer names the octet after the urgent one (RFC 9293 MUST-62): `c` is urgent.
    bench.inject(&seg("PU.").urgent(3).data(b"abcde"));
    let ready = bench.call(poll(&[(4, POLLPRI)], 0));
    assert_eq!(revents(&ready), [POLLPRI]);
    let got = bench.call(recv(4, 1, MSG_OOB));
    assert_eq!(Bench::data(&got), b"c");
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
    assert_eq!(bench.ok(poll(&[(4, POLLPRI)], 0)), 0, "it was taken");
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"ab", "a read stops at the mark");
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"de", "the next passes over it");
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
}

#[test]
fn the_urgent_octet_stays_in_line_if_that_is_wanted_but_a_read_stops_before_it() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_OOBINLINE, int(1));
    bench.inject(&seg("PU.").urgent(3).data(b"abcde"));
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"ab");
    let at_mark = Call::Ioctl {
        fd: Descriptor(4),
        request: 0x8905,
        argument: 0,
    };
    assert_eq!(bench.call(at_mark.clone()).outputs, [Output::Int(1)]);
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"cde");
    assert_eq!(bench.call(at_mark).outputs, [Output::Int(0)]);
}

#[test]
fn an_urgent_octet_passed_over_by_a_read_is_gone() {
    let mut bench = Bench::established();
    bench.inject(&seg("PU.").urgent(1).data(b"ab"));
    let got = bench.call(recv(4, 10, MSG_PEEK));
    assert_eq!(Bench::data(&got), b"b");
    let got = bench.call(read(4, 10));
    assert_eq!(Bench::data(&got), b"b");
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EINVAL);
    assert_eq!(bench.ok(poll(&[(4, POLLPRI)], 0)), 0);
}

#[test]
fn an_urgent_pointer_ahead_of_its_octet_says_again() {
    let mut bench = Bench::established();
    bench.inject(&seg("U.").urgent(3));
    assert_eq!(bench.errno(recv(4, 1, MSG_OOB)), Errno::EAGAIN);
    assert_eq!(bench.ok(poll(&[(4, POLLPRI)], 0)), 0);
}

#[test]
fn an_empty_read_waits_for_data_but_takes_none() {
    let mut bench = Bench::established();
    assert_eq!(bench.errno(recv(4, 0, MSG_DONTWAIT)), Errno::EAGAIN);
    bench.inject(&seg("P.").data(b"a"));
    assert_eq!(bench.ok(read(4, 0)), 0);
    assert_eq!(bench.ok(read(4, 5)), 1);
}
