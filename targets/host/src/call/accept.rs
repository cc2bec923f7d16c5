//! `accept` and `accept4`.

use halfopen_target::posix::{SOCK_CLOEXEC, SOCK_NONBLOCK};
use halfopen_target::{Descriptor, Errno, Output, Returned};

use super::{Operation, Patience, Reply, Started};
use crate::address::{self, Bound};
use crate::host::Host;
use crate::socket::SocketId;
use crate::{InProcessStack, Key};

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_accept(&mut self, fd: Descriptor, flags: i32) -> Started {
        if flags & !(SOCK_NONBLOCK | SOCK_CLOEXEC) != 0 {
            return Err(Errno::EINVAL.into());
        }
        let socket = self.table.find(fd)?;
        let listener = self.socket(socket)?;
        let patience = Patience::of(listener.nonblocking, listener.settings.receive_timeout);
        self.begin(Operation::Accept { socket, flags }, patience)
    }

    pub(super) fn attempt_accept(&mut self, id: SocketId, flags: i32) -> Option<Reply> {
        let listener = match self.socket(id) {
            Ok(socket) if socket.listening => socket.key,
            Ok(_) => return Some(Err(Errno::EINVAL)),
            Err(errno) => return Some(Err(errno)),
        };
        if !self.table.has_room() {
            return Some(Err(Errno::EMFILE));
        }
        let key = self.stack.accept(listener?)?;
        Some(self.adopt(id, key, flags))
    }

    /// Gives a connection that a listener spawned its socket.
    fn adopt(&mut self, listener: SocketId, key: Key, flags: i32) -> Reply {
        let listener = self.socket(listener)?;
        let family = listener.family;
        let status = self.stack.status(key).ok_or(Errno::ECONNABORTED)?;
        let bound = Bound {
            ip: status.local.ip(),
            port: status.local.port(),
            dual_stack: false,
        };
        let mut socket = listener.clone();
        let connection = self.connections.get(key).id;
        socket = socket.spawned(connection, key, bound);
        socket.nonblocking = flags & SOCK_NONBLOCK != 0;
        let fd = self.table.open(socket, flags & SOCK_CLOEXEC != 0)?;
        let peer = status.remote.map(|peer| address::to_user(family, peer));
        Ok(Returned {
            outputs: peer.map(Output::Address).into_iter().collect(),
            connection: Some(connection),
            ..Returned::value(i64::from(fd))
        })
    }
}
