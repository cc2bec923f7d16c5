//! Socket calls on descriptors that the drill's table vouches for.
#![expect(
    unsafe_code,
    reason = "scripts pass any option, request and address, which only the C interface takes"
)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use super::check;

/// A socket address in the kernel's layout.
pub(crate) struct RawAddress {
    storage: libc::sockaddr_storage,
    length: libc::socklen_t,
}

impl RawAddress {
    fn zeroed() -> Self {
        // SAFETY: sockaddr_storage is plain data, for which all zeros is a value.
        let storage = unsafe { std::mem::zeroed() };
        Self {
            storage,
            length: size_of::<libc::sockaddr_storage>() as libc::socklen_t,
        }
    }

    /// `AF_UNSPEC`.
    pub(crate) fn unspecified() -> Self {
        Self::zeroed()
    }

    pub(crate) fn new(address: SocketAddr) -> Self {
        let mut raw = Self::zeroed();
        match address {
            SocketAddr::V4(v4) => {
                let sin = libc::sockaddr_in {
                    sin_family: libc::AF_INET as libc::sa_family_t,
                    sin_port: v4.port().to_be(),
                    sin_addr: libc::in_addr {
                        s_addr: u32::from_ne_bytes(v4.ip().octets()),
                    },
                    sin_zero: [0; 8],
                };
                // SAFETY: sockaddr_storage is large enough and aligned for every socket address.
                unsafe { std::ptr::write((&raw mut raw.storage).cast(), sin) };
                raw.length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SocketAddr::V6(v6) => {
                let sin6 = libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as libc::sa_family_t,
                    sin6_port: v6.port().to_be(),
                    sin6_flowinfo: v6.flowinfo(),
                    sin6_addr: libc::in6_addr {
                        s6_addr: v6.ip().octets(),
                    },
                    sin6_scope_id: v6.scope_id(),
                };
                // SAFETY: as above.
                unsafe { std::ptr::write((&raw mut raw.storage).cast(), sin6) };
                raw.length = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            }
        }
        raw
    }

    /// The address, when it is one of the Internet's.
    fn get(&self) -> Option<SocketAddr> {
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says that the storage holds a sockaddr_in.
                let sin: libc::sockaddr_in =
                    unsafe { std::ptr::read((&raw const self.storage).cast()) };
                let ip = Ipv4Addr::from(sin.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(sin.sin_port)))
            }
            libc::AF_INET6 => {
                // SAFETY: the family says that the storage holds a sockaddr_in6.
                let sin6: libc::sockaddr_in6 =
                    unsafe { std::ptr::read((&raw const self.storage).cast()) };
                let ip = Ipv6Addr::from(sin6.sin6_addr.s6_addr);
                Some(SocketAddr::new(
                    IpAddr::V6(ip),
                    u16::from_be(sin6.sin6_port),
                ))
            }
            _ => None,
        }
    }

    pub(super) const fn parts(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.storage).cast(), self.length)
    }
}

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
    let mut peer = RawAddress::zeroed();
    let pointer = (&raw mut peer.storage).cast();
    // SAFETY: pointer and length describe `peer`, which lives through the call.
    let got = unsafe {
        libc::accept4(
            fd,
            pointer,
            &raw mut peer.length,
            flags | libc::SOCK_CLOEXEC,
        )
    };
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
    let mut address = RawAddress::zeroed();
    let pointer = (&raw mut address.storage).cast();
    // SAFETY: pointer and length describe `address`.
    let got = unsafe { libc::getsockname(fd, pointer, &raw mut address.length) };
    check(got).ok().and_then(|_| address.get())
}

pub(crate) fn poll(fds: &mut [libc::pollfd], timeout: i32) -> io::Result<i32> {
    // SAFETY: pointer and count describe the slice.
    check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) })
}
