//! What surrounds a plug-in: a network namespace and a /tmp of its process's own, so that neither the plug-in nor a script's shell
//! commands touch the machine's.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use halfopen_target::{Capability, Errno, Missing, Output, Returned};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// Where scripts put their files, and the most that they may put there.
const SHARED: &str = "/tmp";
const SIZE: &str = "size=64m";
/// Octets of a command's output that are kept.
const LONGEST_OUTPUT: u64 = 64 << 10;

/// Whether the process is in namespaces of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Surroundings {
    is_apart: bool,
}

impl Surroundings {
    /// Takes the process into a network namespace of its own, where the machine allows that. Comes before the library is loaded, since
    /// threads that it starts would be left behind.
    pub(crate) fn enter() -> Self {
        Self {
            is_apart: unshare(CloneFlags::CLONE_NEWNET).is_ok(),
        }
    }

    /// Puts a /tmp of its own before the machine's. Comes after the library was loaded, which may lie there.
    pub(crate) fn cover_tmp(self) -> io::Result<()> {
        if !self.is_apart {
            return Ok(());
        }
        unshare(CloneFlags::CLONE_NEWNS)?;
        let nothing: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(nothing, "/", nothing, private, nothing)?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), SHARED, Some("tmpfs"), flags, Some(SIZE))?;
        Ok(())
    }

    fn require_apart(self) -> Result<(), Missing> {
        if self.is_apart {
            return Ok(());
        }
        Err(Missing {
            capability: Capability::Commands,
            reason: "this user may not make network namespaces, and a command would change the machine's own settings"
                .to_owned(),
        })
    }

    /// Runs a shell command.
    pub(crate) fn command(self, text: &str) -> Result<Returned, Missing> {
        self.require_apart()?;
        Ok(run(text).unwrap_or_else(|error| {
            Returned::error(error.raw_os_error().map_or(Errno::EIO, Errno))
        }))
    }

    /// Sets a sysctl of the namespace.
    pub(crate) fn sysctl(self, name: &str, value: &str) -> Result<Returned, Missing> {
        self.require_apart()?;
        let path = PathBuf::from("/proc/sys").join(name.replace('.', "/"));
        Ok(match fs::write(path, value) {
            Ok(()) => Returned::value(0),
            Err(error) => Returned::error(error.raw_os_error().map_or(Errno::EIO, Errno)),
        })
    }
}

fn run(text: &str) -> io::Result<Returned> {
    // A file of its own, and no pipe: what the command leaves running in the background may hold it, and is not waited for.
    let mut output = File::from(memfd_create(c"output", MFdFlags::MFD_CLOEXEC)?);
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(text)
        .env("PACKETDRILL_PID", std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .status()?;
    let mut printed = Vec::new();
    output.rewind()?;
    output.take(LONGEST_OUTPUT).read_to_end(&mut printed)?;
    let mut returned = Returned::value(status.code().unwrap_or(128).into());
    let printed = String::from_utf8_lossy(&printed).into_owned();
    returned.outputs.push(Output::Text(printed));
    Ok(returned)
}
