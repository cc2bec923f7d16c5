//! Pipes and files, and octets that go from one descriptor to another.

use std::path::PathBuf;

use halfopen_target::posix::*;
use halfopen_target::{Call, CallName, Descriptor, Errno, Output, TargetError};

use super::bench::*;
use halfopen_target::Target;

fn pipe(bench: &mut Bench) -> (i32, i32) {
    match bench.call(Call::Pipe { flags: 0 }).outputs.as_slice() {
        [Output::Descriptors([read, write])] => (read.0, write.0),
        other => panic!("pipe wrote {other:?}"),
    }
}

fn read_file(fd: i32, room: usize) -> Call {
    Call::Receive {
        name: CallName::Read,
        fd: Descriptor(fd),
        buffers: vec![room],
        flags: 0,
        control: 0,
    }
}

fn write_file(fd: i32, data: &[u8]) -> Call {
    Call::Send {
        name: CallName::Write,
        fd: Descriptor(fd),
        buffers: vec![data.to_vec()],
        flags: 0,
        address: None,
        control: Vec::new(),
    }
}

fn splice(from: i32, to: i32, length: usize) -> Call {
    Call::Splice {
        from: Descriptor(from),
        from_offset: None,
        to: Descriptor(to),
        to_offset: None,
        length,
        flags: 0,
    }
}

fn send_file(to: i32, from: i32, offset: Option<i64>, length: usize) -> Call {
    Call::SendFile {
        to: Descriptor(to),
        from: Descriptor(from),
        offset,
        length,
    }
}

/// This crate's manifest, which is a file of some length.
fn manifest() -> (Call, Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let octets = std::fs::read(&path).expect("the manifest is there");
    let open = Call::Open {
        path: path.to_string_lossy().into_owned(),
        flags: 0,
        mode: 0,
    };
    (open, octets)
}

#[test]
fn a_pipe_gives_what_was_written_and_ends_with_its_writer() {
    let mut bench = Bench::v4();
    let (out, into) = pipe(&mut bench);
    let waiting = bench.start(read_file(out, 9));
    assert!(bench.end(waiting).is_none());
    assert_eq!(bench.ok(write_file(into, b"abc")), 3);
    assert_eq!(bench.end(waiting).map(Bench::data), Some(&b"abc"[..]));
    assert_eq!(bench.ok(poll(&[(out, POLLIN), (into, POLLOUT)], 0)), 1);
    bench.ok(close(into));
    assert_eq!(bench.ok(read_file(out, 9)), 0);
    assert_eq!(revents(&bench.call(poll(&[(out, POLLIN)], 0))), [POLLHUP]);
}

#[test]
fn a_write_to_a_pipe_waits_for_room_and_breaks_without_a_reader() {
    let mut bench = Bench::v4();
    let (out, into) = pipe(&mut bench);
    let waiting = bench.start(write_file(into, &[7; 70_000]));
    assert!(bench.end(waiting).is_none());
    assert_eq!(bench.ok(read_file(out, 10_000)), 10_000);
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(70_000)));
    bench.ok(close(out));
    assert_eq!(bench.errno(write_file(into, b"x")), Errno::EPIPE);
    assert_eq!(bench.errno(read_file(into, 1)), Errno::EBADF);
}

#[test]
fn a_splice_takes_what_came_up_to_the_urgent_octet() {
    let mut bench = Bench::established();
    let (out, into) = pipe(&mut bench);
    let waiting = bench.start(splice(4, into, 100));
    assert!(bench.end(waiting).is_none());
    bench.inject(&seg("U.").urgent(4).data(b"abcde"));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(3)));
    assert_eq!(
        bench.ok(splice(4, into, 100)),
        0,
        "the urgent octet is next"
    );
    assert_eq!(Bench::data(&bench.call(read_file(out, 9))), b"abc");
}

#[test]
fn a_splice_into_a_socket_sends_what_the_pipe_holds() {
    let mut bench = Bench::established();
    let (out, into) = pipe(&mut bench);
    bench.ok(write_file(into, b"abcdef"));
    bench.log();
    assert_eq!(bench.ok(splice(out, 4, 4)), 4);
    assert_eq!(bench.wire().len(), 1);
    let waiting = bench.start(splice(out, 4, 100));
    assert_eq!(bench.end(waiting).map(|r| r.result), Some(Ok(2)));
    bench.ok(close(into));
    assert_eq!(bench.ok(splice(out, 4, 100)), 0, "the end of the pipe");
}

#[test]
fn a_splice_needs_a_pipe_and_keeps_to_its_direction() {
    let mut bench = Bench::established();
    let (out, into) = pipe(&mut bench);
    assert_eq!(bench.errno(splice(4, 4, 1)), Errno::EINVAL);
    assert_eq!(bench.errno(splice(into, 4, 1)), Errno::EBADF);
    assert_eq!(bench.errno(splice(4, out, 1)), Errno::EBADF);
    assert_eq!(bench.errno(splice(out, into, 1)), Errno::EINVAL);
    assert_eq!(bench.errno(splice(4, 99, 1)), Errno::EBADF);
}

#[test]
fn a_file_is_sent_from_where_it_stands_or_from_an_offset() {
    let mut bench = Bench::established();
    let (open, octets) = manifest();
    let file = i32::try_from(bench.ok(open)).expect("a descriptor");
    bench.log();
    assert_eq!(bench.ok(send_file(4, file, Some(5), 10)), 10);
    assert_eq!(bench.packets.last().map(|p| &p[40..]), Some(&octets[5..15]));
    assert_eq!(
        bench.ok(read_file(file, 3)),
        3,
        "that left its own place alone"
    );
    bench.inject(&seg(".").ack(11));
    assert_eq!(bench.ok(send_file(4, file, None, 4)), 4);
    assert_eq!(bench.packets.last().map(|p| &p[40..]), Some(&octets[3..7]));
    let rest = octets.len() as i64 - 7;
    bench.inject(&seg(".").ack(15));
    assert_eq!(bench.ok(send_file(4, file, None, usize::MAX)), rest);
    assert_eq!(
        bench.ok(send_file(4, file, None, 1)),
        0,
        "the end of the file"
    );
    assert_eq!(bench.errno(send_file(4, 4, None, 1)), Errno::EINVAL);
}

#[test]
fn files_are_read_only_and_their_absence_is_told() {
    let mut bench = Bench::v4();
    let absent = Call::Open {
        path: "/nonexistent/file".to_owned(),
        flags: 0,
        mode: 0,
    };
    assert_eq!(bench.errno(absent), Errno::ENOENT);
    let (open, _) = manifest();
    let file = i32::try_from(bench.ok(open.clone())).expect("a descriptor");
    assert_eq!(bench.errno(write_file(file, b"x")), Errno::EBADF);
    let Call::Open { path, mode, .. } = open else {
        panic!("it is an open");
    };
    let writing = Call::Open {
        path,
        flags: O_RDWR,
        mode,
    };
    let refused = bench.target.call(writing);
    assert!(matches!(refused, Err(TargetError::Missing(_))));
}
