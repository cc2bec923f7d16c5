//! Files of tracefs, without anything mounted anywhere.
#![expect(unsafe_code, reason = "detached mounts have no wrapper in nix")]

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

/// `fsconfig`'s command that makes the file system (linux/mount.h).
const FSCONFIG_CMD_CREATE: libc::c_long = 6;

fn owned(result: libc::c_long) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = i32::try_from(result).map_err(io::Error::other)?;
    // SAFETY: the kernel just gave this descriptor to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A tracefs that only this descriptor holds.
pub(crate) fn open() -> io::Result<OwnedFd> {
    let name: &CStr = c"tracefs";
    // SAFETY: the name is a C string; the other argument is an integer.
    let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, name.as_ptr(), 1) })?;
    let nothing = std::ptr::null::<libc::c_char>();
    // SAFETY: this command takes no key and no value.
    let made = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            FSCONFIG_CMD_CREATE,
            nothing,
            nothing,
            0,
        )
    };
    if made < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: takes integers only.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), 1, 0) })
}

/// A file of it as text.
pub(crate) fn read(root: &OwnedFd, path: &str) -> io::Result<String> {
    let fd = openat(
        root,
        path,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    let mut text = String::new();
    File::from(fd).read_to_string(&mut text)?;
    Ok(text)
}
