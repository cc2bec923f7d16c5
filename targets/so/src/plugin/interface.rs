//! The table of functions that a plug-in fills, in the C layout that plug-ins are built against.
//!
//! Every function takes the plug-in's own pointer first and then what the POSIX call of its name takes; it returns -1 and sets `errno` as
//! that call does. Beside the calls there are a packet in, a packet out, the clock and a pause.

use std::ffi::{c_char, c_int, c_longlong, c_uint, c_ulong, c_void};

/// A function of the table; a plug-in may leave one out.
type Function<F> = Option<F>;

/// The plug-in's own pointer.
pub(crate) type Own = *mut c_void;
/// A descriptor of the plug-in.
type Fd = c_int;
type Address = *const libc::sockaddr;
type AddressRoom = *mut libc::sockaddr;
type Length = libc::socklen_t;
type LengthRoom = *mut libc::socklen_t;

/// The table.
#[repr(C)]
pub(crate) struct Interface {
    pub(crate) own: Own,
    pub(crate) free: Function<unsafe extern "C" fn(Own)>,
    pub(crate) socket: Function<unsafe extern "C" fn(Own, c_int, c_int, c_int) -> Fd>,
    pub(crate) bind: Function<unsafe extern "C" fn(Own, Fd, Address, Length) -> c_int>,
    pub(crate) listen: Function<unsafe extern "C" fn(Own, Fd, c_int) -> c_int>,
    pub(crate) accept: Function<unsafe extern "C" fn(Own, Fd, AddressRoom, LengthRoom) -> Fd>,
    pub(crate) connect: Function<unsafe extern "C" fn(Own, Fd, Address, Length) -> c_int>,
    pub(crate) read: Function<unsafe extern "C" fn(Own, Fd, *mut c_void, usize) -> isize>,
    pub(crate) readv: Function<unsafe extern "C" fn(Own, Fd, *const libc::iovec, c_int) -> isize>,
    pub(crate) recv: Function<unsafe extern "C" fn(Own, Fd, *mut c_void, usize, c_int) -> isize>,
    pub(crate) recvfrom: Function<
        unsafe extern "C" fn(Own, Fd, *mut c_void, usize, c_int, AddressRoom, LengthRoom) -> isize,
    >,
    pub(crate) recvmsg: Function<unsafe extern "C" fn(Own, Fd, *mut libc::msghdr, c_int) -> isize>,
    pub(crate) write: Function<unsafe extern "C" fn(Own, Fd, *const c_void, usize) -> isize>,
    pub(crate) writev: Function<unsafe extern "C" fn(Own, Fd, *const libc::iovec, c_int) -> isize>,
    pub(crate) send: Function<unsafe extern "C" fn(Own, Fd, *const c_void, usize, c_int) -> isize>,
    pub(crate) sendto: Function<
        unsafe extern "C" fn(Own, Fd, *const c_void, usize, c_int, Address, Length) -> isize,
    >,
    pub(crate) sendmsg:
        Function<unsafe extern "C" fn(Own, Fd, *const libc::msghdr, c_int) -> isize>,
    pub(crate) fcntl: Function<unsafe extern "C" fn(Own, Fd, c_int, ...) -> c_int>,
    pub(crate) ioctl: Function<unsafe extern "C" fn(Own, Fd, c_ulong, ...) -> c_int>,
    pub(crate) close: Function<unsafe extern "C" fn(Own, Fd) -> c_int>,
    pub(crate) shutdown: Function<unsafe extern "C" fn(Own, Fd, c_int) -> c_int>,
    pub(crate) getsockopt:
        Function<unsafe extern "C" fn(Own, Fd, c_int, c_int, *mut c_void, LengthRoom) -> c_int>,
    pub(crate) setsockopt:
        Function<unsafe extern "C" fn(Own, Fd, c_int, c_int, *const c_void, Length) -> c_int>,
    pub(crate) poll:
        Function<unsafe extern "C" fn(Own, *mut libc::pollfd, libc::nfds_t, c_int) -> c_int>,
    /// Gives the stack a packet; 0 when it was taken.
    pub(crate) netdev_send: Function<unsafe extern "C" fn(Own, *const c_void, usize) -> c_int>,
    /// Takes the next packet of the stack: the room's size goes in, the packet's comes out, zero for none; microseconds of the
    /// plug-in's clock say when it left. 0 on success.
    pub(crate) netdev_receive:
        Function<unsafe extern "C" fn(Own, *mut c_void, *mut usize, *mut c_longlong) -> c_int>,
    pub(crate) usleep: Function<unsafe extern "C" fn(Own, c_uint) -> c_int>,
    pub(crate) gettimeofday:
        Function<unsafe extern "C" fn(Own, *mut libc::timeval, *mut c_void) -> c_int>,
    pub(crate) epoll_create: Function<unsafe extern "C" fn(Own, c_int) -> Fd>,
    pub(crate) epoll_ctl:
        Function<unsafe extern "C" fn(Own, Fd, c_int, Fd, *mut libc::epoll_event) -> c_int>,
    pub(crate) epoll_wait:
        Function<unsafe extern "C" fn(Own, Fd, *mut libc::epoll_event, c_int, c_int) -> c_int>,
    pub(crate) pipe: Function<unsafe extern "C" fn(Own, *mut Fd) -> c_int>,
    pub(crate) splice:
        Function<unsafe extern "C" fn(Own, Fd, *mut i64, Fd, *mut i64, usize, c_uint) -> isize>,
}

/// What a library exports under the name `packetdrill_interface_init`.
pub(crate) type Init = unsafe extern "C" fn(*const c_char, *mut Interface);

impl Interface {
    /// A table that is still to be filled.
    pub(crate) const fn empty() -> Self {
        Self {
            own: std::ptr::null_mut(),
            free: None,
            socket: None,
            bind: None,
            listen: None,
            accept: None,
            connect: None,
            read: None,
            readv: None,
            recv: None,
            recvfrom: None,
            recvmsg: None,
            write: None,
            writev: None,
            send: None,
            sendto: None,
            sendmsg: None,
            fcntl: None,
            ioctl: None,
            close: None,
            shutdown: None,
            getsockopt: None,
            setsockopt: None,
            poll: None,
            netdev_send: None,
            netdev_receive: None,
            usleep: None,
            gettimeofday: None,
            epoll_create: None,
            epoll_ctl: None,
            epoll_wait: None,
            pipe: None,
            splice: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Interface;

    #[test]
    fn the_table_has_thirty_three_entries_of_a_pointer_each() {
        assert_eq!(size_of::<Interface>(), 33 * size_of::<usize>());
    }
}
