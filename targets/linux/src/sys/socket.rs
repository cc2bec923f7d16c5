//! Socket calls on descriptors that the drill's table vouches for.
#![expect(
    unsafe_code,
    reason = "scripts pass any option, request and address, which only the C interface takes"
)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use halfopen_posix::RawAddress;

use super::check;

pub(crate) fn open(domain: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes integers only; a descriptor that it gives is ours alone.
    let fd = check(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: the kernel just gave this descriptor to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(crate) fn bind(fd: RawFd, address: &RawAddress) -> io::Result<()> {
    let (pointer, length) = address.parts();
    // SAFETY: pointer and length describe the storage in `address`.
    check(unsafe { libc::bind(fd, pointer, length) }).map(drop)
}

pub(crate) fn connect(fd: RawFd, address: &RawAddress) -> io::Result<()> {
    let (pointer, length) = address.parts();
    // SAFETY: as in `bind`.
    check(unsafe { libc::connect(fd, pointer, length) }).map(drop)
}

pub(crate) fn listen(fd: RawFd, backlog: i32) -> io::Result<()> {
    // SAFETY: takes integers only.
    check(unsafe { libc::listen(fd, backlog) }).map(drop)
}

pub(crate) fn accept(fd: RawFd, flags: i32) -> io::Result<(OwnedFd, Option<SocketAddr>)> {
    let mut peer = RawAddress::room();
    let (pointer, length) = peer.parts_mut();
    // SAFETY: pointer and length describe `peer`, which lives through the call.
    let got = unsafe { libc::accept4(fd, pointer, length, flags | libc::SOCK_CLOEXEC) };
    let fd = check(got)?;
    // SAFETY: the kernel just gave this descriptor to us.
    Ok((unsafe { OwnedFd::from_raw_fd(fd) }, peer.get()))
}

pub(crate) fn shutdown(fd: RawFd, how: i32) -> io::Result<()> {
    // SAFETY: takes integers only.
    check(unsafe { libc::shutdown(fd, how) }).map(drop)
}

/// Closes a descriptor and says how that went, which dropping it would not.
pub(crate) fn close(fd: OwnedFd) -> io::Result<()> {
    use std::os::fd::IntoRawFd;
    // SAFETY: the descriptor was owned until now, and nobody has it afterwards.
    check(unsafe { libc::close(fd.into_raw_fd()) }).map(drop)
}

pub(crate) fn set_option(
    fd: RawFd,
    level: i32,
    name: i32,
    value: &[u8],
    length: Option<u32>,
) -> io::Result<()> {
    // The kernel may be told of more octets than the value has: they are there, and zero.
    let length = length.unwrap_or(value.len() as u32);
    let mut room = value.to_vec();
    room.resize(room.len().max(length as usize), 0);
    // SAFETY: `room` has at least `length` octets.
    check(unsafe { libc::setsockopt(fd, level, name, room.as_ptr().cast(), length) }).map(drop)
}

pub(crate) fn option(fd: RawFd, level: i32, name: i32, length: u32) -> io::Result<Vec<u8>> {
    let mut room = vec![0u8; length as usize];
    let mut length: libc::socklen_t = length;
    let pointer = room.as_mut_ptr().cast();
    // SAFETY: `room` has `length` octets.
    check(unsafe { libc::getsockopt(fd, level, name, pointer, &raw mut length) })?;
    room.truncate(length as usize);
    Ok(room)
}

pub(crate) fn fcntl(fd: RawFd, command: i32, argument: i32) -> io::Result<i32> {
    // SAFETY: the commands that scripts use take an integer or nothing.
    check(unsafe { libc::fcntl(fd, command, argument) })
}

/// `ioctl` with an integer passed by address; gives what the kernel left there.
pub(crate) fn ioctl_int(fd: RawFd, request: u64, argument: i32) -> io::Result<(i32, i32)> {
    // Some requests write more than an int; the room is ample for those of sockets.
    let mut room = [0i32; 64];
    room[0] = argument;
    // SAFETY: the room outlives the call and is larger than what any socket request writes.
    let result = check(unsafe { libc::ioctl(fd, request, room.as_mut_ptr()) })?;
    Ok((result, room[0]))
}

/// The local address of a socket.
pub(crate) fn name(fd: RawFd) -> Option<SocketAddr> {
    let mut address = RawAddress::room();
    let (pointer, length) = address.parts_mut();
    // SAFETY: pointer and length describe `address`.
    let got = unsafe { libc::getsockname(fd, pointer, length) };
    check(got).ok().and_then(|_| address.get())
}

pub(crate) fn poll(fds: &mut [libc::pollfd], timeout: i32) -> io::Result<i32> {
    // SAFETY: pointer and count describe the slice.
    check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) })
}
