//! Active OPEN: `connect` that waits and that does not.

use std::time::Duration;

use halfopen_target::posix::*;
use halfopen_target::{
    Address, AddressMode, Call, Descriptor, Errno, OptionValue, Returned, Target,
};

use super::bench::*;

/// A bench with a socket 3, and the call that connects it.
fn prepared(mode: AddressMode, flags: i32) -> (Bench, Call) {
    let mut bench = Bench::new(mode);
    let fd = bench.socket_with(flags);
    let address = bench.remote(PEER);
    bench.log();
    (bench, Call::Connect { fd, address })
}

fn result(returned: Option<&Returned>) -> Option<Result<i64, Errno>> {
    returned.map(|returned| returned.result)
}

#[test]
fn a_blocking_connect_ends_with_the_handshake_over_every_family() {
    for mode in [AddressMode::V4, AddressMode::V6, AddressMode::Mapped] {
        let (mut bench, connect) = prepared(mode, 0);
        let call = bench.start(connect);
        assert_eq!(bench.log(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:0(0)"]);
        bench.inject(&seg("S."));
        assert_eq!(
            bench.log(),
            [
                "@ 1 SYN-SENT -> ESTABLISHED",
                "> . 1:1(0) ack 1",
                "connect = 0"
            ]
        );
        assert_eq!(result(bench.end(call)), Some(Ok(0)));
        assert_eq!(bench.ok(write(3, b"x")), 1);
        assert_eq!(bench.wire(), ["> P. 1:2(1) ack 1"]);
    }
}

#[test]
fn a_connect_that_does_not_wait_is_asked_again() {
    let (mut bench, connect) = prepared(AddressMode::V4, SOCK_NONBLOCK);
    assert_eq!(bench.errno(connect.clone()), Errno::EINPROGRESS);
    assert_eq!(bench.errno(connect.clone()), Errno::EALREADY);
    assert_eq!(bench.errno(write(3, b"x")), Errno::EAGAIN);
    assert_eq!(bench.errno(read(3, 1)), Errno::EAGAIN);
    assert_eq!(bench.ok(poll(&[(3, POLLOUT | POLLIN)], 0)), 0);
    bench.inject(&seg("S."));
    let ready = bench.call(poll(&[(3, POLLOUT | POLLIN)], 0));
    assert_eq!(revents(&ready), [POLLOUT]);
    assert_eq!(bench.get(3, SOL_SOCKET, SO_ERROR), int(0));
    assert_eq!(bench.ok(connect.clone()), 0);
    assert_eq!(bench.errno(connect), Errno::EISCONN);
}

#[test]
fn a_refused_connect_says_so_and_the_socket_can_try_again() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    let call = bench.start(connect.clone());
    bench.inject(&seg("R."));
    assert_eq!(result(bench.end(call)), Some(Err(Errno::ECONNREFUSED)));
    assert_eq!(bench.get(3, SOL_SOCKET, SO_ERROR), int(0));
    assert_eq!(bench.errno(read(3, 1)), Errno::ENOTCONN);
    bench.log();
    let call = bench.start(connect);
    assert_eq!(bench.log(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:0(0)"]);
    bench.inject(&seg("S."));
    assert_eq!(result(bench.end(call)), Some(Ok(0)));
}

#[test]
fn a_refused_connect_that_did_not_wait_leaves_the_error_pending_once() {
    let (mut bench, connect) = prepared(AddressMode::V4, SOCK_NONBLOCK);
    assert_eq!(bench.errno(connect.clone()), Errno::EINPROGRESS);
    bench.inject(&seg("R."));
    let ready = bench.call(poll(&[(3, POLLOUT | POLLIN)], 0));
    assert_eq!(revents(&ready), [POLLOUT | POLLIN | POLLERR | POLLHUP]);
    assert_eq!(
        bench.get(3, SOL_SOCKET, SO_ERROR),
        int(Errno::ECONNREFUSED.0)
    );
    assert_eq!(bench.get(3, SOL_SOCKET, SO_ERROR), int(0));
    assert_eq!(bench.errno(connect.clone()), Errno::ECONNABORTED);
    assert_eq!(bench.errno(connect), Errno::EINPROGRESS);
}

#[test]
fn a_connect_without_answer_times_out_after_the_last_retry() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    bench.set(3, IPPROTO_TCP, TCP_SYNCNT, int(2));
    bench.log();
    let call = bench.start(connect);
    bench.wait(6_999);
    assert_eq!(result(bench.end(call)), None);
    assert_eq!(bench.log().len(), 4, "the SYN went out three times");
    bench.wait(1);
    assert_eq!(result(bench.end(call)), Some(Err(Errno::ETIMEDOUT)));
    assert_eq!(bench.target.now().as_micros(), 7_000_000);
}

#[test]
fn an_unreachable_host_is_the_reason_of_a_timeout() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    bench.set(3, IPPROTO_TCP, TCP_SYNCNT, int(1));
    let call = bench.start(connect);
    bench.unreachable(1);
    assert_eq!(
        result(bench.end(call)),
        None,
        "a soft error does not end it"
    );
    bench.wait(10_000);
    assert_eq!(result(bench.end(call)), Some(Err(Errno::EHOSTUNREACH)));
}

#[test]
fn soft_errors_are_told_at_once_to_those_who_ask_for_them() {
    let (mut bench, connect) = prepared(AddressMode::V4, SOCK_NONBLOCK);
    bench.set(3, IPPROTO_IP, IP_RECVERR, int(1));
    assert_eq!(bench.errno(connect), Errno::EINPROGRESS);
    bench.unreachable(0);
    assert_eq!(
        bench.get(3, SOL_SOCKET, SO_ERROR),
        int(Errno::ENETUNREACH.0)
    );
    bench.inject(&seg("S."));
    assert_eq!(
        bench.ok(write(3, b"x")),
        1,
        "the connection is none the worse"
    );
}

#[test]
fn a_send_timeout_makes_connect_leave_before_the_handshake_is_over() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    let timeout = OptionValue::Timeval(Duration::from_millis(300));
    bench.set(3, SOL_SOCKET, SO_SNDTIMEO, timeout);
    let call = bench.start(connect);
    bench.wait(300);
    assert_eq!(result(bench.end(call)), Some(Err(Errno::EINPROGRESS)));
    bench.inject(&seg("S."));
    assert_eq!(bench.ok(write(3, b"x")), 1);
}

#[test]
fn connect_checks_family_network_and_state() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    let fd = Descriptor(3);
    let to = |text: &str| Call::Connect {
        fd,
        address: Address::Inet(text.parse().expect("an endpoint")),
    };
    assert_eq!(bench.errno(to("[2001:db8::1]:80")), Errno::EAFNOSUPPORT);
    assert_eq!(bench.errno(to("224.0.0.1:80")), Errno::ENETUNREACH);
    assert_eq!(bench.errno(to("192.168.255.255:80")), Errno::ENETUNREACH);
    let mut listener = Bench::listening(AddressMode::V4, 1);
    assert_eq!(listener.errno(connect), Errno::EISCONN);
    let (mut v6, _) = prepared(AddressMode::V6, 0);
    assert_eq!(v6.errno(to("[::ffff:192.0.2.1]:80")), Errno::ENETUNREACH);
    assert_eq!(v6.errno(to("192.0.2.1:80")), Errno::EINVAL);
}

#[test]
fn an_ipv6_only_socket_does_not_speak_ipv4() {
    let (mut bench, connect) = prepared(AddressMode::Mapped, 0);
    bench.set(3, IPPROTO_IPV6, IPV6_V6ONLY, int(1));
    assert_eq!(bench.errno(connect), Errno::ENETUNREACH);
    let address = bench.local(PORT);
    let fd = Descriptor(3);
    assert_eq!(bench.errno(Call::Bind { fd, address }), Errno::EINVAL);
}

#[test]
fn connecting_to_nothing_dissolves_the_association() {
    let (mut bench, connect) = prepared(AddressMode::V4, 0);
    bench.start(connect.clone());
    bench.inject(&seg("S."));
    bench.log();
    let nowhere = Call::Connect {
        fd: Descriptor(3),
        address: Address::Unspecified,
    };
    bench.ok(nowhere);
    assert_eq!(bench.wire(), ["@ 1 ESTABLISHED -> CLOSED", "> R 1:1(0)"]);
    assert_eq!(bench.get(3, SOL_SOCKET, SO_ERROR), int(Errno::ECONNRESET.0));
    assert_eq!(bench.errno(read(3, 1)), Errno::ENOTCONN);
    bench.log();
    bench.start(connect);
    assert_eq!(bench.log(), ["@ 1 CLOSED -> SYN-SENT", "> S 0:0(0)"]);
}

#[test]
fn a_bound_socket_connects_from_its_port() {
    let (mut bench, connect) = prepared(AddressMode::V4, SOCK_NONBLOCK);
    let address = bench.local(5_000);
    let fd = Descriptor(3);
    bench.ok(Call::Bind { fd, address });
    assert_eq!(bench.errno(connect), Errno::EINPROGRESS);
    assert_eq!(bench.local_port, 5_000);
}
