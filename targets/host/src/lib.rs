//! POSIX sockets, once, over any in-process stack.
