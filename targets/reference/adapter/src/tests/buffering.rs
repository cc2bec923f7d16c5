//! How much a write takes, and who may write on: memory by pieces, and what was never sent.

use halfopen_reference::Profile;
use halfopen_target::posix::*;
use halfopen_target::{AddressMode, Call, Setup};

use super::bench::*;
use crate::ReferenceTarget;

const SO_TIMESTAMPING: i32 = 37;
const TCP_NOTSENT_LOWAT: i32 = 25;

/// An accepted connection 4 on the stack with the parameters of Linux.
fn linux() -> Bench {
    let target = ReferenceTarget::with_profile(Profile::linux());
    let mut bench = Bench::with(target, Setup::defaults(AddressMode::V4));
    let fd = bench.socket();
    let address = bench.local(PORT);
    bench.ok(Call::Bind { fd, address });
    bench.ok(Call::Listen { fd, backlog: 1 });
    bench.handshake(PEER);
    bench.ok(accept(3));
    bench.ok(nonblocking(4));
    bench
}

/// Whether a writer would be woken.
fn is_writable(bench: &mut Bench) -> bool {
    bench.ok(poll(&[(4, POLLOUT)], 0)) == 1
}

/// Half of the largest window, in whole segments: what a piece of memory holds.
const PIECE: i64 = 61 * 536;
/// What the congestion window lets go at first.
const INITIAL_WINDOW: i64 = 10 * 536;

#[test]
fn a_buffer_that_counts_pieces_takes_a_whole_one_while_any_memory_is_left() {
    let mut bench = linux();
    bench.set(4, SOL_SOCKET, SO_SNDBUF, int(1_000));
    assert_eq!(bench.get(4, SOL_SOCKET, SO_SNDBUF), int(4_608));
    // What leaves at once has left its piece, which takes as much again.
    let taken = bench.ok(write(4, &[7; 60_000]));
    assert_eq!(taken, PIECE + INITIAL_WINDOW);
    assert!(!is_writable(&mut bench));
}

#[test]
fn what_was_never_sent_bounds_what_a_write_takes_and_who_is_woken() {
    let mut bench = Bench::established();
    bench.ok(nonblocking(4));
    assert_eq!(bench.get(4, IPPROTO_TCP, TCP_NOTSENT_LOWAT), int(0));
    bench.set(4, IPPROTO_TCP, TCP_NOTSENT_LOWAT, int(1_000));
    // After the first segment that makes it a thousand or more nothing is taken.
    assert_eq!(bench.ok(write(4, &[7; 50_000])), INITIAL_WINDOW + 2 * 536);
    assert!(!is_writable(&mut bench));
    bench.inject(&seg(".").ack(537).window(5_360));
    assert!(
        !is_writable(&mut bench),
        "536 are more than half of a thousand"
    );
    bench.inject(&seg(".").ack(1_073).window(5_360));
    assert!(is_writable(&mut bench));
}

#[test]
fn a_write_that_is_cut_short_counts_for_timestamps() {
    let mut bench = linux();
    bench.set(4, SOL_SOCKET, SO_SNDBUF, int(1_000));
    bench.set(4, SOL_SOCKET, SO_TIMESTAMPING, int(1 << 9 | 1 << 4));
    let taken = bench.ok(write(4, &[7; 60_000]));
    let mut acknowledged = 0;
    while acknowledged < taken {
        assert_eq!(bench.ok(poll(&[(4, 0)], 0)), 0);
        acknowledged = (acknowledged + INITIAL_WINDOW).min(taken);
        let ack = u32::try_from(acknowledged + 1).expect("a sequence number");
        bench.inject(&seg(".").ack(ack));
    }
    assert_eq!(bench.ok(poll(&[(4, 0)], 0)), 1);
}

#[test]
fn what_more_was_to_follow_leaves_with_the_next_acknowledgment_and_without_a_push() {
    let mut bench = Bench::established();
    bench.set(4, IPPROTO_TCP, TCP_NODELAY, int(1));
    bench.log();
    bench.ok(send(4, &[7; 600], MSG_MORE));
    assert_eq!(bench.wire(), ["> . 1:537(536) ack 1"], "a full segment");
    bench.inject(&seg(".").ack(537));
    assert_eq!(bench.wire(), ["> . 537:601(64) ack 1"]);
    bench.ok(send(4, &[7; 10], MSG_MORE));
    assert!(bench.wire().is_empty());
    bench.ok(write(4, &[7; 10]));
    assert_eq!(bench.wire(), ["> P. 601:621(20) ack 1"]);
}
