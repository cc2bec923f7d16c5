//! The error queue: buffers that are free again, and timestamps of what was sent.

use std::time::Duration;

use halfopen_reference::Profile;
use halfopen_target::posix::*;
use halfopen_target::{
    AddressMode, Call, CallName, ControlData, ControlMessage, Descriptor, Errno, Output, Setup,
    Time,
};

use super::bench::*;
use crate::ReferenceTarget;

const SO_TIMESTAMPING: i32 = 37;
const SO_ZEROCOPY: i32 = 60;
const MSG_ERRQUEUE: i32 = 0x2000;
const MSG_ZEROCOPY: i32 = 0x400_0000;
/// Software stamps, numbered, of what is queued, leaves and is acknowledged.
const EVERYTHING: i32 = 1 << 8 | 1 << 1 | 1 << 9 | 1 << 4 | 1 << 7;

const SND: u32 = 0;
const SCHED: u32 = 1;
const ACK: u32 = 2;

fn error_queue() -> Call {
    Call::Receive {
        name: CallName::Recvmsg,
        fd: Descriptor(4),
        buffers: vec![0],
        flags: MSG_ERRQUEUE,
        control: 512,
    }
}

/// The next timestamp: what it is of, which octet's, and when it was.
fn stamp(bench: &mut Bench) -> (u32, u32, Time) {
    let told = bench.call(error_queue());
    match told.outputs.as_slice() {
        [Output::MessageFlags(_), Output::Control(messages)] => match messages.as_slice() {
            [
                ControlMessage {
                    data: ControlData::Timestamp(Some(at)),
                    ..
                },
                ControlMessage {
                    data: ControlData::ExtendedError { info, data, .. },
                    ..
                },
            ] => (*info, *data, *at),
            other => panic!("the messages are {other:?}"),
        },
        other => panic!("recvmsg wrote {other:?}"),
    }
}

#[test]
fn the_last_octet_of_a_write_is_stamped_when_it_leaves_and_when_it_is_acknowledged() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_TIMESTAMPING, int(EVERYTHING));
    bench.inject(&seg(".").window(536));
    bench.ok(write(4, &[7; 600]));
    assert_eq!(bench.errno(error_queue()), Errno::EAGAIN, "the end waits");
    bench.wait(10);
    bench.inject(&seg(".").ack(537));
    let at = Time::ZERO + Duration::from_millis(10);
    assert_eq!(stamp(&mut bench), (SCHED, 599, at));
    assert_eq!(stamp(&mut bench), (SND, 599, at));
    bench.wait(10);
    bench.inject(&seg(".").ack(601));
    assert_eq!(bench.ok(poll(&[(4, 0)], 0)), 1);
    let at = Time::ZERO + Duration::from_millis(20);
    assert_eq!(stamp(&mut bench), (ACK, 599, at));
    assert_eq!(bench.errno(error_queue()), Errno::EAGAIN);
}

#[test]
fn a_reset_acknowledges_nothing() {
    let mut bench = Bench::established();
    bench.set(4, SOL_SOCKET, SO_TIMESTAMPING, int(1 << 9 | 1 << 4));
    bench.ok(write(4, b"abc"));
    bench.inject(&seg("R"));
    assert_eq!(bench.errno(error_queue()), Errno::EAGAIN);
}

#[test]
fn buffers_that_are_not_copied_fill_a_segment_by_their_number() {
    let target = ReferenceTarget::with_profile(Profile::linux());
    let mut bench = Bench::with(target, Setup::defaults(AddressMode::V4));
    let fd = bench.socket();
    let address = bench.local(PORT);
    bench.set(fd.0, SOL_SOCKET, SO_ZEROCOPY, int(1));
    bench.ok(Call::Bind { fd, address });
    bench.ok(Call::Listen { fd, backlog: 1 });
    bench.handshake(PEER);
    bench.ok(accept(3));
    bench.log();
    bench.ok(Call::Send {
        name: CallName::Sendmsg,
        fd: Descriptor(4),
        buffers: vec![vec![7]; 18],
        flags: MSG_ZEROCOPY,
        address: None,
        control: Vec::new(),
    });
    assert_eq!(
        bench.wire().len(),
        1,
        "the last octet waits, by Nagle's algorithm"
    );
    bench.inject(&seg(".").ack(18));
    bench.inject(&seg(".").ack(19));
    assert!(bench.call(error_queue()).result.is_ok());
}
