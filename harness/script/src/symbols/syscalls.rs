//! The calls that a script can make, with their parameters.

use std::ops::RangeInclusive;

/// A call's name and its parameters, named as in its manual page; those in brackets can be left out.
const TABLE: &[(&str, &str)] = &[
    ("accept", "sockfd, addr, addrlen"),
    ("accept4", "sockfd, addr, addrlen, flags"),
    ("bind", "sockfd, addr, addrlen"),
    ("cap_set", "flag, option, value"),
    ("close", "fd"),
    ("connect", "sockfd, addr, addrlen"),
    ("epoll_create", "size"),
    ("epoll_ctl", "epfd, op, fd, event"),
    ("epoll_wait", "epfd, events, maxevents, timeout"),
    ("fcntl", "fd, cmd[, arg]"),
    ("getsockopt", "sockfd, level, optname, optval, optlen"),
    ("ioctl", "fd, request[, arg]"),
    ("listen", "sockfd, backlog"),
    ("open", "path, flags[, mode]"),
    ("pipe", "fds"),
    ("poll", "fds, nfds, timeout"),
    ("psp_rx_assoc", "sockfd, key"),
    ("psp_tx_assoc", "sockfd, key"),
    ("read", "fd, buf, count"),
    ("readv", "fd, iov, iovcnt"),
    ("recv", "sockfd, buf, len, flags"),
    ("recvfrom", "sockfd, buf, len, flags, addr, addrlen"),
    ("recvmsg", "sockfd, msg, flags"),
    ("send", "sockfd, buf, len, flags"),
    ("sendfile", "out_fd, in_fd, offset, count"),
    ("sendmsg", "sockfd, msg, flags"),
    ("sendto", "sockfd, buf, len, flags, addr, addrlen"),
    ("setsockopt", "sockfd, level, optname, optval, optlen"),
    ("shutdown", "sockfd, how"),
    ("socket", "domain, type, protocol"),
    ("splice", "fd_in, off_in, fd_out, off_out, len, flags"),
    ("write", "fd, buf, count"),
    ("writev", "fd, iov, iovcnt"),
];

/// The parameters of the call `name`, as a manual page shows them; `None` when scripts have no such call.
pub fn parameters(name: &str) -> Option<&'static str> {
    TABLE.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// How many arguments the call `name` takes; `None` when scripts have no such call.
pub fn arity(name: &str) -> Option<RangeInclusive<usize>> {
    let parameters = parameters(name)?;
    let needed = parameters.split('[').next().unwrap_or(parameters);
    let count = |list: &str| list.matches(',').count() + 1;
    Some(count(needed)..=count(parameters))
}

/// The names of all calls.
pub fn syscall_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_brackets_can_be_left_out() {
        assert_eq!(arity("close"), Some(1..=1));
        assert_eq!(arity("fcntl"), Some(2..=3));
        assert_eq!(arity("splice"), Some(6..=6));
        assert_eq!(arity("fork"), None);
    }
}
