//! Socket options, descriptor flags.

use halfopen_target::posix::*;
use halfopen_target::{
    AddressMode, Call, Descriptor, Errno, OptionValue, Output, Target, TargetError,
};

use super::bench::*;

const TCP_WINDOW_CLAMP: i32 = 10;
const IP_OPTIONS: i32 = 4;

#[test]
fn options_read_back_as_linux_shows_them() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let rows = [
        (SOL_SOCKET, SO_REUSEADDR, 5, 1),
        (SOL_SOCKET, SO_KEEPALIVE, 1, 1),
        (SOL_SOCKET, SO_SNDBUF, 10_000, 20_000),
        (SOL_SOCKET, SO_SNDBUF, 1, 4_608),
        (SOL_SOCKET, SO_RCVBUF, 10_000, 20_000),
        (SOL_SOCKET, SO_RCVBUF, 0, 2_304),
        (SOL_SOCKET, SO_RCVBUF, 1_000_000_000, 425_984),
        (SOL_SOCKET, SO_RCVLOWAT, 0, 1),
        (SOL_SOCKET, SO_RCVLOWAT, -1, 212_992),
        (IPPROTO_TCP, TCP_NODELAY, 1, 1),
        (IPPROTO_TCP, TCP_MAXSEG, 1_000, 1_000),
        (IPPROTO_TCP, TCP_CORK, 1, 1),
        (IPPROTO_TCP, TCP_KEEPIDLE, 60, 60),
        (IPPROTO_TCP, TCP_KEEPINTVL, 7, 7),
        (IPPROTO_TCP, TCP_KEEPCNT, 3, 3),
        (IPPROTO_TCP, TCP_SYNCNT, 2, 2),
        (IPPROTO_TCP, TCP_LINGER2, 500, 120),
        (IPPROTO_TCP, TCP_LINGER2, 0, 60),
        (IPPROTO_TCP, TCP_LINGER2, -5, -1),
        (IPPROTO_TCP, TCP_QUICKACK, 0, 0),
        (IPPROTO_TCP, TCP_USER_TIMEOUT, 1_234, 1_234),
        (IPPROTO_TCP, TCP_WINDOW_CLAMP, 100, 1_152),
        (IPPROTO_TCP, TCP_WINDOW_CLAMP, 0, 0),
        (IPPROTO_IP, IP_TTL, 17, 17),
        (IPPROTO_IP, IP_TTL, -1, 64),
        (IPPROTO_IP, IP_TOS, 0xff, 0xfc),
    ];
    for (level, name, value, shown) in rows {
        bench.set(fd, level, name, int(value));
        assert_eq!(
            bench.get(fd, level, name),
            int(shown),
            "option {level} {name} {value}"
        );
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let rows = [
        (IPPROTO_TCP, TCP_MAXSEG, 87),
        (IPPROTO_TCP, TCP_MAXSEG, 40_000),
        (IPPROTO_TCP, TCP_KEEPIDLE, 0),
        (IPPROTO_TCP, TCP_KEEPINTVL, 32_768),
        (IPPROTO_TCP, TCP_KEEPCNT, 128),
        (IPPROTO_TCP, TCP_SYNCNT, 0),
        (IPPROTO_TCP, TCP_USER_TIMEOUT, -1),
        (IPPROTO_IP, IP_TTL, 256),
        (IPPROTO_IP, IP_TTL, 0),
    ];
    for (level, name, value) in rows {
        let errno = bench.errno(set(fd, level, name, int(value)));
        assert_eq!(errno, Errno::EINVAL, "option {level} {name} {value}");
    }
    assert_eq!(
        bench.errno(set(fd, IPPROTO_TCP, 9_999, int(1))),
        Errno::ENOPROTOOPT
    );
    assert_eq!(bench.errno(set(fd, 250, 1, int(1))), Errno::ENOPROTOOPT);
    assert_eq!(
        bench.errno(set(fd, SOL_SOCKET, SO_TYPE, int(1))),
        Errno::ENOPROTOOPT
    );
    assert_eq!(
        bench.errno(set(fd, IPPROTO_IPV6, IPV6_V6ONLY, int(1))),
        Errno::ENOPROTOOPT
    );
    assert_eq!(bench.errno(get(fd, IPPROTO_TCP, 9_999)), Errno::ENOPROTOOPT);
    assert_eq!(
        bench.errno(set(99, IPPROTO_TCP, TCP_NODELAY, int(1))),
        Errno::EBADF
    );
}

#[test]
fn what_nobody_set_shows_the_defaults() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let rows = [
        (SOL_SOCKET, SO_TYPE, SOCK_STREAM),
        (SOL_SOCKET, SO_DOMAIN, AF_INET),
        (SOL_SOCKET, SO_PROTOCOL, IPPROTO_TCP),
        (SOL_SOCKET, SO_ACCEPTCONN, 0),
        (SOL_SOCKET, SO_ERROR, 0),
        (SOL_SOCKET, SO_RCVLOWAT, 1),
        (IPPROTO_TCP, TCP_NODELAY, 0),
        (IPPROTO_TCP, TCP_MAXSEG, 536),
        (IPPROTO_TCP, TCP_KEEPIDLE, 7_200),
        (IPPROTO_TCP, TCP_KEEPINTVL, 75),
        (IPPROTO_TCP, TCP_KEEPCNT, 9),
        (IPPROTO_TCP, TCP_QUICKACK, 1),
        (IPPROTO_TCP, TCP_USER_TIMEOUT, 0),
        (IPPROTO_IP, IP_TTL, 64),
        (IPPROTO_IP, IP_TOS, 0),
    ];
    for (level, name, shown) in rows {
        assert_eq!(
            bench.get(fd, level, name),
            int(shown),
            "option {level} {name}"
        );
    }
    let mut bench = Bench::listening(AddressMode::V6, 1);
    assert_eq!(bench.get(3, SOL_SOCKET, SO_ACCEPTCONN), int(1));
    assert_eq!(bench.get(3, SOL_SOCKET, SO_DOMAIN), int(AF_INET6));
    assert_eq!(bench.get(3, IPPROTO_IPV6, IPV6_UNICAST_HOPS), int(64));
}

#[test]
fn a_value_of_the_wrong_length_is_refused_and_a_short_room_cuts() {
    let mut bench = Bench::v4();
    let fd = bench.socket();
    let short = Call::SetSockOpt {
        fd,
        level: IPPROTO_TCP,
        name: TCP_NODELAY,
        value: int(1),
        length: Some(2),
    };
    assert_eq!(bench.errno(short), Errno::EINVAL);
    assert_eq!(
        bench.errno(set(fd.0, SOL_SOCKET, SO_LINGER, int(1))),
        Errno::EINVAL
    );
    let cut = bench.call(Call::GetSockOpt {
        fd,
        level: SOL_SOCKET,
        name: SO_TYPE,
        length: 1,
    });
    let first = SOCK_STREAM.to_ne_bytes()[..1].to_vec();
    assert_eq!(cut.outputs, [Output::Option(OptionValue::Bytes(first))]);
}

#[test]
fn the_congestion_control_is_the_one_that_there_is() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let named = |name: &[u8]| OptionValue::Bytes(name.to_vec());
    bench.set(fd, IPPROTO_TCP, TCP_CONGESTION, named(b"reno"));
    let cubic = set(fd, IPPROTO_TCP, TCP_CONGESTION, named(b"cubic"));
    assert_eq!(bench.errno(cubic), Errno::ENOENT);
    let shown = bench.get(fd, IPPROTO_TCP, TCP_CONGESTION);
    assert_eq!(shown, named(b"reno\0\0\0\0\0\0\0\0\0\0\0\0"));
}

#[test]
fn the_ttl_and_the_class_are_on_the_wire() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_NONBLOCK);
    bench.set(fd.0, IPPROTO_IP, IP_TTL, int(17));
    bench.set(fd.0, IPPROTO_IP, IP_TOS, int(0x48));
    let address = bench.remote(PEER);
    bench.errno(Call::Connect { fd, address });
    let syn = bench.packets.last().expect("a SYN was sent");
    assert_eq!((syn[8], syn[1]), (17, 0x48));
}

#[test]
fn in_ipv6_the_hop_limit_counts_and_the_ttl_does_not() {
    let mut bench = Bench::new(AddressMode::V6);
    let fd = bench.socket_with(SOCK_NONBLOCK);
    bench.set(fd.0, IPPROTO_IP, IP_TTL, int(17));
    bench.set(fd.0, IPPROTO_IPV6, IPV6_UNICAST_HOPS, int(33));
    let address = bench.remote(PEER);
    bench.errno(Call::Connect { fd, address });
    let syn = bench.packets.last().expect("a SYN was sent");
    assert_eq!(syn[7], 33);
}

#[test]
fn a_ttl_is_no_hop_limit_neither_before_nor_after_connect() {
    let mut bench = Bench::new(AddressMode::V6);
    let fd = bench.socket_with(SOCK_NONBLOCK);
    bench.set(fd.0, IPPROTO_IP, IP_TTL, int(17));
    let address = bench.remote(PEER);
    bench.errno(Call::Connect { fd, address });
    bench.inject(&seg("S."));
    bench.set(fd.0, IPPROTO_IP, IP_TTL, int(18));
    bench.ok(write(fd.0, b"x"));
    let limits: Vec<u8> = bench.packets.iter().map(|packet| packet[7]).collect();
    assert_eq!(limits, [64, 64, 64]);
    bench.set(fd.0, IPPROTO_IPV6, IPV6_UNICAST_HOPS, int(9));
    bench.wait(1_000);
    let again = bench.packets.last().expect("it was retransmitted");
    assert_eq!(again[7], 9);
}

#[test]
fn maxseg_shows_what_segments_carry_once_connected() {
    let mut bench = Bench::established();
    assert_eq!(bench.get(4, IPPROTO_TCP, TCP_MAXSEG), int(536));
}

#[test]
fn keep_alive_probes_begin_when_they_are_switched_on() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_TCP, TCP_KEEPIDLE, int(5));
    bench.set(4, SOL_SOCKET, SO_KEEPALIVE, int(1));
    bench.log();
    bench.wait(5_000);
    assert_eq!(bench.wire(), ["> . 0:0(0) ack 1"]);
}

#[test]
fn what_the_target_lacks_skips_the_script() {
    let mut bench = Bench::v4();
    bench.socket();
    let lacking = [
        Call::Socket {
            domain: AF_INET,
            kind: SOCK_DGRAM,
            protocol: 0,
        },
        Call::Command {
            text: "true".to_owned(),
        },
    ];
    for call in lacking {
        let refused = bench.target.call(call.clone());
        assert!(matches!(refused, Err(TargetError::Missing(_))), "{call:?}");
    }
}

#[test]
fn socket_refuses_what_it_does_not_know() {
    let mut bench = Bench::v4();
    let socket = |domain, kind, protocol| Call::Socket {
        domain,
        kind,
        protocol,
    };
    assert_eq!(bench.errno(socket(1, SOCK_STREAM, 0)), Errno::EAFNOSUPPORT);
    assert_eq!(
        bench.errno(socket(AF_INET, SOCK_STREAM, 132)),
        Errno::EPROTONOSUPPORT
    );
    assert_eq!(
        bench.errno(socket(AF_INET, SOCK_STREAM | 0x100, 0)),
        Errno::EINVAL
    );
    assert_eq!(bench.errno(socket(AF_INET, 3, 1)), Errno::EPERM);
    assert_eq!(bench.errno(socket(AF_INET, 5, 0)), Errno::ESOCKTNOSUPPORT);
}

#[test]
fn sysctls_reach_the_stack_and_unknown_ones_do_not_exist() {
    let mut bench = Bench::v4();
    let sysctl = |name: &str, value: &str| Call::Sysctl {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    bench.ok(sysctl("net.ipv4.tcp_syn_retries", "1"));
    assert_eq!(
        bench.errno(sysctl("net.ipv4.tcp_nonsense", "1")),
        Errno::ENOENT
    );
    assert_eq!(
        bench.errno(sysctl("net.ipv4.tcp_syn_retries", "x")),
        Errno::EINVAL
    );
    bench.ok(sysctl("net.core.rmem_max", "5000"));
    let fd = bench.socket();
    bench.set(fd.0, SOL_SOCKET, SO_RCVBUF, int(10_000));
    assert_eq!(bench.get(fd.0, SOL_SOCKET, SO_RCVBUF), int(10_000));
    assert_eq!(bench.get(fd.0, IPPROTO_TCP, TCP_SYNCNT), int(1));
    let address = bench.remote(PEER);
    let call = bench.start(Call::Connect { fd, address });
    bench.wait(3_000);
    assert_eq!(
        bench.end(call).map(|r| r.result),
        Some(Err(Errno::ETIMEDOUT))
    );
}

#[test]
fn fcntl_refuses_what_it_does_not_know() {
    let mut bench = Bench::v4();
    let fd = bench.socket_with(SOCK_CLOEXEC);
    let fcntl = |command, argument| Call::Fcntl {
        fd: Descriptor(fd.0),
        command,
        argument,
    };
    assert_eq!(bench.ok(fcntl(1, 0)), 1);
    assert_eq!(bench.ok(fcntl(2, 0)), 0);
    assert_eq!(bench.ok(fcntl(1, 0)), 0);
    assert_eq!(bench.errno(fcntl(1_000, 0)), Errno::EINVAL);
}

#[test]
fn tcp_info_has_the_layout_of_linux() {
    let mut bench = Bench::established();
    let OptionValue::Bytes(info) = bench.get(4, IPPROTO_TCP, TCP_INFO) else {
        panic!("it is a structure");
    };
    let word = |at: usize| u32::from_ne_bytes(info[at..at + 4].try_into().unwrap());
    assert_eq!(info[0], 1); // TCP_ESTABLISHED
    assert_eq!(word(8), 1_000_000); // tcpi_rto
    assert_eq!(word(16), 536); // tcpi_snd_mss
    assert_eq!((word(24), word(80)), (0, 10)); // tcpi_unacked, tcpi_snd_cwnd
    assert_eq!(word(228), 65_535); // tcpi_snd_wnd
}

#[test]
fn a_source_route_reads_back_in_whole_words_until_it_is_taken_back() {
    let mut bench = Bench::v4();
    let fd = bench.socket().0;
    let bytes = |octets: &[u8]| OptionValue::Bytes(octets.to_vec());
    assert_eq!(bench.get(fd, IPPROTO_IP, IP_OPTIONS), bytes(&[]));
    let route = [131, 7, 4, 192, 168, 0, 2];
    bench.set(fd, IPPROTO_IP, IP_OPTIONS, bytes(&route));
    let padded = [route.as_slice(), &[0]].concat();
    assert_eq!(bench.get(fd, IPPROTO_IP, IP_OPTIONS), bytes(&padded));
    for (wrong, errno) in [
        (&[131, 7, 8, 192, 168, 0, 2, 0][..], Errno::EINVAL),
        (&[7, 7, 4, 0, 0, 0, 0, 0], Errno::ENOPROTOOPT),
        (&[1; 41], Errno::EINVAL),
    ] {
        let refused = bench.errno(set(fd, IPPROTO_IP, IP_OPTIONS, bytes(wrong)));
        assert_eq!(refused, errno);
        assert_eq!(bench.get(fd, IPPROTO_IP, IP_OPTIONS), bytes(&padded));
    }
    bench.set(fd, IPPROTO_IP, IP_OPTIONS, bytes(&[]));
    assert_eq!(bench.get(fd, IPPROTO_IP, IP_OPTIONS), bytes(&[]));
}
