//! Getting what the target needs of the kernel, as root or as an ordinary user.

use std::fs;
use std::io;
use std::thread;
use std::time::Duration;

use halfopen_target::TargetError;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// What the process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// It may make network namespaces as it is.
    Root,
    /// It is inside a user namespace of its own, in which it may.
    UserNamespace,
}

const REMEDY: &str = "run as root, or allow unprivileged user namespaces: \
    sysctl user.max_user_namespaces must not be 0, kernel.unprivileged_userns_clone (Debian) must be 1, \
    kernel.apparmor_restrict_unprivileged_userns (Ubuntu) must be 0";

/// Whether this process may make network namespaces as it is.
#[must_use]
pub fn is_sufficient() -> bool {
    // A thread of its own tries, since a thread that made a namespace is in it.
    thread::spawn(|| unshare(CloneFlags::CLONE_NEWNET).is_ok())
        .join()
        .unwrap_or(false)
}

/// The thread that tried above may linger a moment in the kernel after it was joined, and only a process with a single
/// thread may enter a user namespace: EINVAL is tried again.
fn enter_user_namespace() -> io::Result<()> {
    for _ in 0..100 {
        match unshare(CloneFlags::CLONE_NEWUSER) {
            Err(Errno::EINVAL) => thread::sleep(Duration::from_millis(1)),
            other => return other.map_err(io::Error::from),
        }
    }
    Err(io::Error::from(Errno::EINVAL))
}

/// Gets this process the right to make network namespaces: it enters a user namespace of its own where it must.
///
/// Call it first thing in `main`: the kernel lets only a process with a single thread enter a user namespace.
///
/// # Errors
/// When the machine forbids it, with what to do.
pub fn enter() -> Result<Privilege, TargetError> {
    if is_sufficient() {
        return Ok(Privilege::Root);
    }
    let (uid, gid) = (geteuid(), getegid());
    let refused = |what: &str, error: io::Error| TargetError::NotPermitted {
        what: what.to_owned(),
        why: error.to_string(),
        remedy: REMEDY.to_owned(),
    };
    enter_user_namespace().map_err(|error| refused("entering a user namespace", error))?;
    // Without this an ordinary user may not map a group.
    fs::write("/proc/self/setgroups", "deny")
        .and_then(|()| fs::write("/proc/self/uid_map", format!("0 {uid} 1")))
        .and_then(|()| fs::write("/proc/self/gid_map", format!("0 {gid} 1")))
        .map_err(|error| refused("mapping this user into a user namespace", error))?;
    if is_sufficient() {
        Ok(Privilege::UserNamespace)
    } else {
        let error = io::Error::from_raw_os_error(libc::EPERM);
        Err(refused(
            "making a network namespace in a user namespace",
            error,
        ))
    }
}
