//! The system calls that nix does not offer in the form needed here: each a thin, safe function over libc.

pub(crate) mod files;
pub(crate) mod message;
pub(crate) mod packet_socket;
pub(crate) mod perf;
pub(crate) mod process;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod tracefs;

use std::io;

/// The result of a system call that gives -1 on failure.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Likewise for calls that give a size.
fn check_size(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
