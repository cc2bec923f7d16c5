//! The socket calls of a drill: which descriptors are its own, and how each call is made.

mod files;
mod folder;
mod perform;
mod shell;
mod worker;

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};

use halfopen_target::{ConnectionId, Descriptor, Setup};

use crate::clock::Clock;

pub(crate) use folder::OwnFolder;
pub(crate) use perform::perform;
pub(crate) use shell::Shell;
pub(crate) use worker::{Done, Workers};

/// A socket of the drill.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    pub(crate) connection: Option<ConnectionId>,
}

/// The drill's descriptors. A number that is not here is refused before it reaches the kernel, so that a script can
/// never touch a descriptor of the harness.
#[derive(Clone, Debug, Default)]
pub(crate) struct Descriptors(Arc<Mutex<BTreeMap<i32, Socket>>>);

impl Descriptors {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<i32, Socket>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in a new socket and gives its number.
    pub(crate) fn add(&self, fd: OwnedFd) -> Descriptor {
        let number = fd.as_raw_fd();
        let socket = Socket {
            fd,
            connection: None,
        };
        self.with(|all| all.insert(number, socket));
        Descriptor(number)
    }

    /// The descriptor behind a number of the drill.
    pub(crate) fn raw(&self, fd: Descriptor) -> Option<RawFd> {
        self.with(|all| all.get(&fd.0).map(|socket| socket.fd.as_raw_fd()))
    }

    pub(crate) fn remove(&self, fd: Descriptor) -> Option<OwnedFd> {
        self.with(|all| all.remove(&fd.0)).map(|socket| socket.fd)
    }

    pub(crate) fn connection(&self, fd: Descriptor) -> Option<ConnectionId> {
        self.with(|all| all.get(&fd.0).and_then(|socket| socket.connection))
    }

    pub(crate) fn set_connection(&self, fd: Descriptor, connection: ConnectionId) {
        self.with(|all| {
            if let Some(socket) = all.get_mut(&fd.0) {
                socket.connection = Some(connection);
            }
        });
    }

    /// Gives all sockets up.
    pub(crate) fn take_all(&self) -> Vec<OwnedFd> {
        self.with(std::mem::take)
            .into_values()
            .map(|socket| socket.fd)
            .collect()
    }
}

/// Where a drill's calls are made.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) descriptors: Descriptors,
    pub(crate) setup: Arc<Setup>,
    pub(crate) shell: Shell,
    pub(crate) clock: Clock,
    pub(crate) kept: Kept,
    pub(crate) folder: OwnFolder,
}

/// Buffers that have to stay where they are until the drill is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<Buffers>>>);

/// The buffers of one call.
type Buffers = Arc<Vec<Vec<u8>>>;

impl Kept {
    /// Takes buffers in, and gives them back to use.
    pub(crate) fn keep(&self, buffers: Vec<Vec<u8>>) -> Buffers {
        let buffers = Arc::new(buffers);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&buffers));
        buffers
    }
}
