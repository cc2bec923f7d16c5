//! Calls on descriptors that are no sockets: epoll, pipes, files.
#![expect(
    unsafe_code,
    reason = "scripts pass any flags and offsets, which only the C interface takes"
)]

use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use halfopen_target::EpollEvent;

use super::{check, check_size};

/// Events that one `epoll_wait` gives at most.
const MOST_EVENTS: i32 = 1024;

/// Takes in a descriptor that the kernel just gave.
fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    let fd = check(fd)?;
    // SAFETY: the kernel just gave this descriptor to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(crate) fn epoll_create(flags: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes integers only.
    owned(unsafe { libc::epoll_create1(flags | libc::EPOLL_CLOEXEC) })
}

pub(crate) fn epoll_control(
    epoll: RawFd,
    operation: i32,
    fd: RawFd,
    event: EpollEvent,
) -> io::Result<()> {
    let mut raw = libc::epoll_event {
        events: event.events,
        u64: event.data,
    };
    // SAFETY: the event outlives the call.
    check(unsafe { libc::epoll_ctl(epoll, operation, fd, &raw mut raw) }).map(drop)
}

pub(crate) fn epoll_wait(epoll: RawFd, room: i32, timeout: i32) -> io::Result<Vec<EpollEvent>> {
    let mut raw =
        vec![libc::epoll_event { events: 0, u64: 0 }; room.clamp(0, MOST_EVENTS) as usize];
    let room = room.min(MOST_EVENTS);
    // SAFETY: `raw` has room for that many events; a room of zero or less is refused by the kernel before it writes.
    let count = check(unsafe { libc::epoll_wait(epoll, raw.as_mut_ptr(), room, timeout) })?;
    Ok(raw
        .iter()
        .take(count as usize)
        .map(|event| EpollEvent {
            events: event.events,
            data: event.u64,
        })
        .collect())
}

pub(crate) fn pipe(flags: i32) -> io::Result<[OwnedFd; 2]> {
    let mut fds = [-1; 2];
    // SAFETY: the kernel writes two integers there.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), flags | libc::O_CLOEXEC) })?;
    Ok([owned(fds[0])?, owned(fds[1])?])
}

pub(crate) fn splice(
    (from, from_offset): (RawFd, Option<i64>),
    (to, to_offset): (RawFd, Option<i64>),
    length: usize,
    flags: u32,
) -> io::Result<usize> {
    let (mut from_offset, mut to_offset) = (from_offset, to_offset);
    let pointer = |offset: &mut Option<i64>| {
        offset
            .as_mut()
            .map_or(std::ptr::null_mut(), |offset| &raw mut *offset)
    };
    let (from_at, to_at) = (pointer(&mut from_offset), pointer(&mut to_offset));
    // SAFETY: the offsets outlive the call, or are null, which the call takes for none.
    check_size(unsafe { libc::splice(from, from_at, to, to_at, length, flags) })
}

pub(crate) fn send_file(
    to: RawFd,
    from: RawFd,
    offset: Option<i64>,
    length: usize,
) -> io::Result<usize> {
    let mut offset = offset;
    let pointer = offset
        .as_mut()
        .map_or(std::ptr::null_mut(), |offset| &raw mut *offset);
    // SAFETY: the offset outlives the call, or is null, which the call takes for none.
    check_size(unsafe { libc::sendfile(to, from, pointer, length) })
}

pub(crate) fn open(path: &str, flags: i32, mode: u32) -> io::Result<OwnedFd> {
    let path = CString::new(path)?;
    // SAFETY: the path is a C string that outlives the call.
    owned(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, mode) })
}
