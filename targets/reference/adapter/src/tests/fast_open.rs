//! Fast open as sockets show it: `MSG_FASTOPEN`, `TCP_FASTOPEN_CONNECT` and the other options.

use halfopen_target::posix::*;
use halfopen_target::{Address, Call, CallName, Descriptor, Errno, OptionValue, Target};

use super::bench::*;

const MSG_FASTOPEN: i32 = 0x2000_0000;
const TCP_FASTOPEN_CONNECT: i32 = 30;
const TCP_FASTOPEN_KEY: i32 = 33;
const TCP_FASTOPEN_NO_COOKIE: i32 = 34;

fn send_to(fd: i32, data: &[u8], flags: i32, address: Option<Address>) -> Call {
    Call::Send {
        name: CallName::Sendto,
        fd: Descriptor(fd),
        buffers: vec![data.to_vec()],
        flags,
        address,
        control: Vec::new(),
    }
}

/// A bench with a socket that does not wait and wants `connect` to wait for data, no cookie needed, and the call that connects it.
fn deferring() -> (Bench, Call) {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    bench.set(fd.0, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, int(1));
    bench.set(fd.0, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, int(1));
    let address = bench.remote(PEER);
    bench.log();
    (bench, Call::Connect { fd, address })
}

#[test]
fn a_deferred_connect_leaves_with_the_first_data() {
    let (mut bench, connect) = deferring();
    assert_eq!(bench.ok(connect.clone()), 0);
    assert_eq!(bench.errno(connect), Errno::EISCONN);
    assert_eq!(bench.errno(read(3, 1)), Errno::EAGAIN);
    let ready = bench.call(poll(&[(3, POLLIN | POLLOUT)], 0));
    assert_eq!(revents(&ready), [POLLOUT]);
    assert!(bench.wire().is_empty());
    bench.log();
    assert_eq!(bench.ok(write(3, b"early")), 5);
    assert_eq!(bench.wire(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:5(5)"]);
    assert_eq!(bench.errno(write(3, b"x")), Errno::EAGAIN);
}

#[test]
fn a_deferred_connect_that_nobody_wrote_to_leaves_nothing() {
    let (mut bench, connect) = deferring();
    assert_eq!(bench.ok(connect), 0);
    assert_eq!(bench.ok(close(3)), 0);
    assert!(bench.wire().is_empty());
}

#[test]
fn a_write_of_nothing_opens_a_deferred_connection_without_data() {
    let (mut bench, connect) = deferring();
    assert_eq!(bench.ok(connect), 0);
    assert_eq!(bench.errno(send_to(3, b"", 0, None)), Errno::EINPROGRESS);
    assert_eq!(bench.wire(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:0(0)"]);
}

#[test]
fn without_a_cookie_connect_asks_for_one_at_once() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    bench.set(fd.0, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, int(1));
    let address = bench.remote(PEER);
    let connect = Call::Connect { fd, address };
    bench.log();
    assert_eq!(bench.errno(connect.clone()), Errno::EINPROGRESS);
    assert_eq!(bench.wire(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:0(0)"]);
    assert_eq!(bench.errno(connect), Errno::EALREADY);
}

#[test]
fn a_second_fast_open_is_told_how_far_the_first_has_come() {
    let mut bench = Bench::v4();
    bench.socket_with(SOCK_NONBLOCK);
    let address = bench.remote(PEER);
    let again = send_to(3, b"x", MSG_FASTOPEN, Some(address));
    assert_eq!(bench.errno(again.clone()), Errno::EINPROGRESS);
    assert_eq!(bench.errno(again.clone()), Errno::EALREADY);
    bench.inject(&seg("S."));
    assert_eq!(bench.ok(again.clone()), 1);
    assert_eq!(bench.errno(again), Errno::EISCONN);
}

#[test]
fn connecting_fast_is_refused_where_it_is_switched_off_or_too_late() {
    let mut bench = Bench::established();
    let wanted = |value| set(4, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, int(value));
    assert_eq!(bench.errno(wanted(1)), Errno::EINVAL);
    let fd = bench.socket();
    let wanted = |value| set(fd.0, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, int(value));
    assert_eq!(bench.errno(wanted(2)), Errno::EINVAL);
    assert_eq!(bench.ok(wanted(1)), 0);
    let off = Call::Sysctl {
        name: "net.ipv4.tcp_fastopen".to_owned(),
        value: "2".to_owned(),
    };
    assert_eq!(bench.ok(off), 0);
    assert_eq!(bench.errno(wanted(1)), Errno::EOPNOTSUPP);
}

#[test]
fn a_key_has_sixteen_octets_or_twice_as_many() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let key = |length| OptionValue::Bytes((0..length).collect());
    for length in [0, 3, 15, 17, 33] {
        let wrong = set(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key(length));
        assert_eq!(bench.errno(wrong), Errno::EINVAL, "{length} octets");
    }
    for length in [16, 32] {
        bench.set(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key(length));
        let kept = bench.call(Call::GetSockOpt {
            fd: Descriptor(fd),
            level: IPPROTO_TCP,
            name: TCP_FASTOPEN_KEY,
            length: 64,
        });
        assert_eq!(kept.outputs, [halfopen_target::Output::Option(key(length))]);
    }
}

#[test]
fn forgotten_peers_are_asked_for_a_cookie_again() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    let without = Call::Sysctl {
        name: "net.ipv4.tcp_fastopen".to_owned(),
        value: "5".to_owned(),
    };
    assert_eq!(bench.ok(without), 0); // no cookies: the remote's MSS is remembered all the same
    let address = bench.remote(PEER);
    let open = send_to(fd.0, &[0; 1_000], MSG_FASTOPEN, Some(address));
    assert_eq!(bench.ok(open), 1_000);
    bench.inject(&seg("S."));
    assert_eq!(bench.ok(close(fd.0)), 0);
    let mut taken = || {
        let fd = bench.socket_with(SOCK_NONBLOCK);
        let address = bench.remote(PEER);
        let taken = bench.ok(send_to(fd.0, &[0; 1_000], MSG_FASTOPEN, Some(address)));
        bench.target.forget_peers();
        taken
    };
    assert!(taken() < 536);
    assert_eq!(taken(), 1_000);
}
