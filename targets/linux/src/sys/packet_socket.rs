//! The tester's AF_PACKET socket: kernel receive timestamps, and nothing of what we send ourselves.
#![expect(
    unsafe_code,
    reason = "socket options of AF_PACKET and control messages need the C interface"
)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::{check, check_size};

/// Tells the socket not to show what leaves through it (linux/if_packet.h).
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;

/// Puts a [`super::virtio`] header before each frame (linux/if_packet.h).
const PACKET_VNET_HDR: libc::c_int = 15;

/// Octets that may wait to be read: more than any drill draws at one moment.
const RECEIVE_BUFFER: libc::c_int = 8 << 20;

/// Opens the socket in this thread's network namespace; it hears nothing until it is bound.
pub(crate) fn open() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: takes integers only.
    let fd = check(unsafe { libc::socket(libc::AF_PACKET, kind, 0) })?;
    // SAFETY: the kernel just gave this descriptor to us.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    set(&fd, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)?;
    set(&fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    set(&fd, libc::SOL_PACKET, PACKET_VNET_HDR, 1)?;
    // A smaller buffer than asked for is no error: the limit of the host holds without privilege.
    set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER)?;
    Ok(fd)
}

fn set(fd: &OwnedFd, level: i32, name: i32, value: libc::c_int) -> io::Result<()> {
    let pointer = (&raw const value).cast();
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: pointer and length describe `value`.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, pointer, length) }).map(drop)
}

/// Lets the socket hear every protocol on the interface with this index.
pub(crate) fn bind(fd: &OwnedFd, interface: u32) -> io::Result<()> {
    // SAFETY: sockaddr_ll is plain data, for which all zeros is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = interface as i32;
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: pointer and length describe `address`.
    check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) }).map(drop)
}

/// The next frame, its virtio header before it, with its receive timestamp (nanoseconds of CLOCK_REALTIME); `None` when
/// none waits.
pub(crate) fn receive(
    fd: BorrowedFd<'_>,
    room: &mut [u8],
) -> io::Result<Option<(usize, Option<i64>)>> {
    let mut control = [0u64; 32];
    let mut vector = libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    // SAFETY: msghdr is plain data, for which all zeros is a value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    // SAFETY: the header's pointers describe `room` and `control`, which outlive the call.
    let got =
        check_size(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT) });
    match got {
        Ok(length) => Ok(Some((length, timestamp(&header)))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn timestamp(header: &libc::msghdr) -> Option<i64> {
    // SAFETY: the kernel filled the control buffer that the header still points to.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !control.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR give headers that lie whole inside of the buffer.
        let message = unsafe { &*control };
        if message.cmsg_level == libc::SOL_SOCKET && message.cmsg_type == libc::SCM_TIMESTAMPNS {
            // SAFETY: this control message carries a timespec.
            let time: libc::timespec =
                unsafe { std::ptr::read_unaligned(libc::CMSG_DATA(control).cast()) };
            return Some(time.tv_sec * 1_000_000_000 + time.tv_nsec);
        }
        // SAFETY: as above.
        control = unsafe { libc::CMSG_NXTHDR(header, control) };
    }
    None
}

/// `struct ethtool_value` (linux/ethtool.h).
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// Switches one of an interface's offloads off, through any socket of its namespace.
pub(crate) fn switch_off(fd: RawFd, interface: &str, command: u32) -> io::Result<()> {
    let mut value = EthtoolValue { command, data: 0 };
    // SAFETY: ifreq is plain data, for which all zeros is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes().take(15)) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = (&raw mut value).cast();
    // SAFETY: the request names `value`, which outlives the call and has the layout that the kernel expects.
    check(unsafe { libc::ioctl(fd, libc::SIOCETHTOOL as _, &raw mut request) }).map(drop)
}
