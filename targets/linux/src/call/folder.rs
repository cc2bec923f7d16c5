//! A /tmp of its own for each drill that runs commands or opens files: scripts name files there, and drills run side by side.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

/// Where scripts put their files.
const SHARED: &str = "/tmp";
/// The most that a drill may put there.
const SIZE: &str = "size=64m";

/// The mount namespace of a drill, made when it is first needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnFolder(Arc<Mutex<Option<File>>>);

thread_local! {
    /// Whether this thread, which serves one drill only, is inside already.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl OwnFolder {
    /// Takes the calling thread inside. A script that itself stands below /tmp keeps the machine's, or its files would be gone.
    ///
    /// # Errors
    /// When the machine refuses.
    pub(crate) fn enter(&self, script: &Path) -> io::Result<()> {
        // The folder of a script that is named without one is this one.
        let script = match script.as_os_str() {
            empty if empty.is_empty() => Path::new("."),
            _ => script,
        };
        // Where it can't be told, the machine's own stays, too.
        let is_apart = script
            .canonicalize()
            .is_ok_and(|path| !path.starts_with(SHARED));
        if !is_apart || IS_INSIDE.get() {
            return Ok(());
        }
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match made.as_ref() {
            Some(namespace) => {
                // A thread that shares its working directory with others may not change its mounts.
                unshare(CloneFlags::CLONE_FS)?;
                let here = std::env::current_dir()?;
                setns(namespace, CloneFlags::CLONE_NEWNS)?;
                std::env::set_current_dir(here)?;
            }
            None => *made = Some(create()?),
        }
        IS_INSIDE.set(true);
        Ok(())
    }
}

fn create() -> io::Result<File> {
    unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
    let nothing: Option<&str> = None;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(nothing, "/", nothing, private, nothing)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), SHARED, Some("tmpfs"), flags, Some(SIZE))?;
    File::open("/proc/thread-self/ns/mnt")
}
