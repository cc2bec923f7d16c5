//! The calls that a script can make, with their number of arguments.

use std::ops::RangeInclusive;

/// A call's name, and its least and greatest number of arguments.
const TABLE: &[(&str, usize, usize)] = &[
    ("accept", 3, 3),
    ("accept4", 4, 4),
    ("bind", 3, 3),
    ("cap_set", 3, 3),
    ("close", 1, 1),
    ("connect", 3, 3),
    ("epoll_create", 1, 1),
    ("epoll_ctl", 4, 4),
    ("epoll_wait", 4, 4),
    ("fcntl", 2, 3),
    ("getsockopt", 5, 5),
    ("icmp_sendto", 6, 6),
    ("ioctl", 2, 3),
    ("listen", 2, 2),
    ("open", 2, 3),
    ("pipe", 1, 1),
    ("poll", 3, 3),
    ("psp_rx_assoc", 2, 2),
    ("psp_tx_assoc", 2, 2),
    ("read", 3, 3),
    ("readv", 3, 3),
    ("recv", 4, 4),
    ("recvfrom", 6, 6),
    ("recvmsg", 3, 3),
    ("send", 4, 4),
    ("sendfile", 4, 4),
    ("sendmsg", 3, 3),
    ("sendto", 6, 6),
    ("setsockopt", 5, 5),
    ("shutdown", 2, 2),
    ("socket", 3, 3),
    ("splice", 6, 6),
    ("write", 3, 3),
    ("writev", 3, 3),
];

/// How many arguments the call `name` takes; `None` when scripts have no such call.
pub fn arity(name: &str) -> Option<RangeInclusive<usize>> {
    TABLE
        .iter()
        .find(|row| row.0 == name)
        .map(|row| row.1..=row.2)
}

/// The names of all calls.
pub fn syscall_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}
