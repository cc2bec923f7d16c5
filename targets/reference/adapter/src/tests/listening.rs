//! Passive OPEN: `bind`, `listen`, `accept`, backlog.

use halfopen_target::posix::*;
use halfopen_target::{Address, AddressMode, Call, Descriptor, Errno, Output};

use super::bench::*;

#[test]
fn a_connection_opens_passively_and_closes_over_every_family() {
    for mode in [AddressMode::V4, AddressMode::V6, AddressMode::Mapped] {
        let mut bench = Bench::listening(mode, 4);
        bench.inject(&seg("S"));
        assert_eq!(
            bench.log(),
            ["@ 2 LISTEN -> SYN-RECEIVED", "> S. 0:0(0) ack 1"]
        );
        bench.inject(&seg("."));
        assert_eq!(bench.log(), ["@ 2 SYN-RECEIVED -> ESTABLISHED"]);
        let accepted = bench.call(accept(3));
        assert_eq!(accepted.result, Ok(4));
        assert_eq!(accepted.connection, Some(bench.connections[1]));
        let Address::Inet(peer) = bench.remote(PEER) else {
            panic!("the peer has an address");
        };
        assert_eq!(accepted.outputs, [Output::Address(peer)], "{}", mode.name());

        bench.inject(&seg("P.").data(b"hello"));
        let got = bench.call(read(4, 100));
        assert_eq!(
            (got.result, Bench::data(&got)),
            (Ok(5), b"hello".as_slice())
        );
        assert_eq!(bench.ok(write(4, b"world!")), 6);
        bench.inject(&seg("F.").at(6).ack(7));
        assert_eq!(bench.ok(read(4, 100)), 0);
        bench.ok(close(4));
        bench.inject(&seg(".").at(7).ack(8));
        assert_eq!(
            bench.wire(),
            [
                "> P. 1:7(6) ack 6",
                "@ 2 ESTABLISHED -> CLOSE-WAIT",
                "> . 7:7(0) ack 7",
                "@ 2 CLOSE-WAIT -> LAST-ACK",
                "> F. 7:7(0) ack 7",
                "@ 2 LAST-ACK -> CLOSED",
            ]
        );
    }
}

#[test]
fn the_identity_given_by_socket_is_that_of_the_listeners_transitions() {
    let mut bench = Bench::v4();
    let created = bench.call(Call::Socket {
        domain: AF_INET,
        kind: SOCK_STREAM,
        protocol: 0,
    });
    let address = bench.local(PORT);
    let fd = Descriptor(3);
    bench.ok(Call::Bind { fd, address });
    bench.log();
    bench.ok(Call::Listen { fd, backlog: 1 });
    assert_eq!(bench.log(), ["@ 1 CLOSED -> LISTEN", "listen = 0"]);
    assert_eq!(created.connection, bench.connections.first().copied());
}

#[test]
fn accept_without_a_connection_says_again_or_waits() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.ok(nonblocking(3));
    assert_eq!(bench.errno(accept(3)), Errno::EAGAIN);
    bench.ok(Call::Fcntl {
        fd: Descriptor(3),
        command: F_SETFL,
        argument: 0,
    });
    let waiting = bench.start(accept(3));
    bench.wait(1_000);
    assert!(bench.end(waiting).is_none());
    bench.handshake(PEER);
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(4)));
    assert_eq!(bench.log().last().map(String::as_str), Some("accept = 4"));
}

#[test]
fn accept_gives_up_after_the_receive_timeout() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    let timeout = halfopen_target::OptionValue::Timeval(std::time::Duration::from_millis(250));
    bench.set(3, SOL_SOCKET, SO_RCVTIMEO, timeout);
    let waiting = bench.start(accept(3));
    bench.wait(249);
    assert!(bench.end(waiting).is_none());
    bench.wait(1);
    assert_eq!(
        bench.end(waiting).map(|r| r.result),
        Some(Err(Errno::EAGAIN))
    );
}

#[test]
fn a_full_backlog_drops_the_syn_until_accept_makes_room() {
    let mut bench = Bench::listening(AddressMode::V4, 0);
    bench.handshake(40_001);
    bench.log();
    bench.inject(&seg("S").from(40_002));
    assert_eq!(bench.log(), ["dropped: backlog is full"]);
    bench.ok(accept(3));
    bench.log();
    bench.inject(&seg("S").from(40_002));
    assert_eq!(
        bench.log(),
        ["@ 3 LISTEN -> SYN-RECEIVED", "> S. 0:0(0) ack 1"]
    );
}

#[test]
fn a_second_listen_changes_the_backlog() {
    let mut bench = Bench::listening(AddressMode::V4, 0);
    bench.handshake(40_001);
    bench.ok(Call::Listen {
        fd: Descriptor(3),
        backlog: 1,
    });
    bench.log();
    bench.inject(&seg("S").from(40_002));
    assert_eq!(
        bench.log().last().map(String::as_str),
        Some("> S. 0:0(0) ack 1")
    );
}

#[test]
fn closing_a_listener_resets_what_was_not_accepted() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.handshake(PEER);
    bench.log();
    bench.ok(close(3));
    assert_eq!(
        bench.wire(),
        [
            "@ 2 ESTABLISHED -> CLOSED",
            "@ 1 LISTEN -> CLOSED",
            "> R 1:1(0)",
        ]
    );
    bench.inject(&seg("S").from(40_001));
    assert_eq!(
        bench.wire(),
        ["dropped: no connection", "> R. 0:0(0) ack 1"]
    );
}

#[test]
fn shutdown_of_the_reading_side_ends_a_listener_and_its_accept() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.ok(shutdown(3, SHUT_WR));
    assert_eq!(bench.log(), ["shutdown = 0"]);
    let waiting = bench.start(accept(3));
    bench.ok(shutdown(3, SHUT_RD));
    assert_eq!(
        bench.end(waiting).map(|r| r.result),
        Some(Err(Errno::EINVAL))
    );
    assert_eq!(bench.wire(), ["@ 1 LISTEN -> CLOSED"]);
    let backlog = 1;
    let fd = Descriptor(3);
    bench.ok(Call::Listen { fd, backlog });
    assert_eq!(bench.wire(), ["@ 1 CLOSED -> LISTEN"]);
}

#[test]
fn bind_refuses_what_is_bound_foreign_or_of_another_family() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    let foreign = bench.remote(PORT);
    let bind = |address| Call::Bind { fd, address };
    assert_eq!(bench.errno(bind(foreign)), Errno::EADDRNOTAVAIL);
    let v6 = Address::Inet("[::]:80".parse().expect("an endpoint"));
    assert_eq!(bench.errno(bind(v6)), Errno::EAFNOSUPPORT);
    let here = bench.local(PORT);
    bench.ok(bind(here));
    let elsewhere = bench.local(PORT + 1);
    assert_eq!(bench.errno(bind(elsewhere)), Errno::EINVAL);
    let other = bench.socket();
    let bind = |address| Call::Bind { fd: other, address };
    assert_eq!(bench.errno(bind(here)), Errno::EADDRINUSE);
    bench.ok(bind(elsewhere));
}

#[test]
fn two_sockets_share_an_address_only_if_both_want_to_and_neither_listens() {
    let mut bench = Bench::v4();
    let (a, b) = (bench.socket(), bench.socket());
    let address = bench.local(PORT);
    bench.set(a.0, SOL_SOCKET, SO_REUSEADDR, int(1));
    bench.ok(Call::Bind { fd: a, address });
    assert_eq!(
        bench.errno(Call::Bind { fd: b, address }),
        Errno::EADDRINUSE
    );
    bench.set(b.0, SOL_SOCKET, SO_REUSEADDR, int(1));
    bench.ok(Call::Bind { fd: b, address });
    bench.ok(Call::Listen { fd: a, backlog: 1 });
    let second = Call::Listen { fd: b, backlog: 1 };
    assert_eq!(bench.errno(second), Errno::EADDRINUSE);
}

#[test]
fn a_connection_in_time_wait_holds_its_port_unless_reuse_is_wanted() {
    let mut bench = Bench::established();
    bench.ok(close(3));
    bench.ok(close(4));
    bench.inject(&seg("F.").ack(2));
    assert_eq!(
        bench.log().last().map(String::as_str),
        Some("> . 2:2(0) ack 2")
    );
    let fd = bench.socket();
    let address = bench.local(PORT);
    assert_eq!(bench.errno(Call::Bind { fd, address }), Errno::EADDRINUSE);
    bench.wait(240_000);
    bench.ok(Call::Bind { fd, address });
}

#[test]
fn listen_on_an_unbound_socket_chooses_a_port() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    bench.ok(Call::Listen { fd, backlog: 1 });
    assert_eq!(bench.log().last().map(String::as_str), Some("listen = 0"));
    let again = Call::Bind {
        fd,
        address: bench.local(PORT),
    };
    assert_eq!(bench.errno(again), Errno::EINVAL);
}

#[test]
fn a_child_inherits_options_but_not_nonblocking() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.set(3, IPPROTO_TCP, TCP_NODELAY, int(1));
    bench.set(3, SOL_SOCKET, SO_RCVBUF, int(5_000));
    bench.handshake(PEER);
    bench.ok(nonblocking(3));
    bench.ok(accept(3));
    assert_eq!(bench.get(4, IPPROTO_TCP, TCP_NODELAY), int(1));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_RCVBUF), int(10_000));
    let flags = |fd, command| Call::Fcntl {
        fd: Descriptor(fd),
        command,
        argument: 0,
    };
    assert_eq!(bench.ok(flags(3, F_GETFL)), i64::from(O_RDWR | O_NONBLOCK));
    assert_eq!(bench.ok(flags(4, F_GETFL)), i64::from(O_RDWR));
}

#[test]
fn accept4_sets_flags_and_refuses_others() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    let accept4 = |flags| Call::Accept {
        fd: Descriptor(3),
        flags,
    };
    assert_eq!(bench.errno(accept4(1)), Errno::EINVAL);
    bench.handshake(PEER);
    bench.ok(accept4(SOCK_NONBLOCK | SOCK_CLOEXEC));
    assert_eq!(bench.errno(read(4, 1)), Errno::EAGAIN);
    let fd = bench.socket();
    assert_eq!(bench.errno(accept(fd.0)), Errno::EINVAL);
    assert_eq!(bench.errno(accept(99)), Errno::EBADF);
}

#[test]
fn a_connection_that_was_reset_before_accept_tells_so_afterwards() {
    let mut bench = Bench::listening(AddressMode::V4, 4);
    bench.handshake(PEER);
    bench.inject(&seg("R"));
    bench.ok(accept(3));
    assert_eq!(bench.errno(read(4, 1)), Errno::ECONNRESET);
    assert_eq!(bench.ok(read(4, 1)), 0);
}

#[test]
fn a_listener_on_the_unspecified_ipv6_address_takes_ipv4_unless_told_not_to() {
    for (only, answer) in [
        (0, ["@ 2 LISTEN -> SYN-RECEIVED", "> S. 0:0(0) ack 1"]),
        (1, ["dropped: no connection", "> R. 0:0(0) ack 1"]),
    ] {
        let mut bench = Bench::new(AddressMode::Mapped);
        let fd = bench.socket();
        bench.set(fd.0, IPPROTO_IPV6, IPV6_V6ONLY, int(only));
        let address = Address::Inet("[::]:8080".parse().expect("an endpoint"));
        bench.ok(Call::Bind { fd, address });
        bench.ok(Call::Listen { fd, backlog: 1 });
        bench.log();
        bench.inject(&seg("S"));
        assert_eq!(bench.log(), answer);
    }
}

#[test]
fn reuse_does_not_take_an_address_from_a_listener() {
    let mut bench = Bench::v4();
    let (a, b) = (bench.socket(), bench.socket());
    let address = bench.local(PORT);
    for fd in [a, b] {
        bench.set(fd.0, SOL_SOCKET, SO_REUSEADDR, int(1));
    }
    bench.ok(Call::Bind { fd: a, address });
    bench.ok(Call::Listen { fd: a, backlog: 1 });
    let second = Call::Bind { fd: b, address };
    assert_eq!(bench.errno(second), Errno::EADDRINUSE);
}

#[test]
fn a_server_that_wants_reuse_can_start_again_beside_its_old_connections() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    let address = bench.local(PORT);
    bench.set(fd.0, SOL_SOCKET, SO_REUSEADDR, int(1));
    bench.ok(Call::Bind { fd, address });
    bench.ok(Call::Listen { fd, backlog: 1 });
    bench.handshake(PEER);
    bench.ok(accept(fd.0));
    bench.ok(close(fd.0));
    bench.ok(close(4));
    let again = bench.socket();
    bench.set(again.0, SOL_SOCKET, SO_REUSEADDR, int(1));
    bench.ok(Call::Bind { fd: again, address });
    bench.ok(Call::Listen {
        fd: again,
        backlog: 1,
    });
}

#[test]
fn sockets_that_all_want_to_may_share_a_port() {
    let mut bench = Bench::v4();
    let (a, b, c) = (bench.socket(), bench.socket(), bench.socket());
    let address = bench.local(PORT);
    for fd in [a, b] {
        bench.set(fd.0, SOL_SOCKET, SO_REUSEPORT, int(1));
        bench.ok(Call::Bind { fd, address });
    }
    assert_eq!(
        bench.errno(Call::Bind { fd: c, address }),
        Errno::EADDRINUSE
    );
}
