//! Which descriptors the plug-in has given: a script reaches no other.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use halfopen_target::Descriptor;

/// The descriptors of a drill, as the plug-in numbers them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Descriptors(Arc<Mutex<BTreeSet<i32>>>);

impl Descriptors {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeSet<i32>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes note of a descriptor that a call gave.
    pub(crate) fn add(&self, number: i32) {
        self.with(|all| all.insert(number));
    }

    /// Forgets one that is closed.
    pub(crate) fn remove(&self, number: i32) {
        self.with(|all| all.remove(&number));
    }

    /// The number, if it is one of the drill's.
    pub(crate) fn number(&self, fd: Descriptor) -> io::Result<i32> {
        if self.with(|all| all.contains(&fd.0)) {
            Ok(fd.0)
        } else {
            Err(io::Error::from_raw_os_error(libc::EBADF))
        }
    }

    /// All of them, which are then forgotten.
    pub(crate) fn take_all(&self) -> BTreeSet<i32> {
        self.with(std::mem::take)
    }
}
