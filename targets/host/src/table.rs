//! Descriptors and the sockets behind them.

use std::collections::BTreeMap;

use halfopen_target::{Descriptor, Errno};

use crate::Key;
use crate::socket::{Socket, SocketId};

/// The first number that `socket` gives: those below are the standard streams.
const FIRST: i32 = 3;
/// As many descriptors as a process has by default.
const LIMIT: i32 = 1024;

/// The descriptor table. Several descriptors may share one socket, and a socket outlives its descriptors
/// while a call still waits on it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    descriptors: BTreeMap<i32, Entry>,
    sockets: BTreeMap<SocketId, Socket>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    socket: SocketId,
    close_on_exec: bool,
}

impl Table {
    /// Opens the lowest free descriptor for a new socket.
    pub(crate) fn open(&mut self, socket: Socket, close_on_exec: bool) -> Result<i32, Errno> {
        let fd = self.lowest_free(FIRST).ok_or(Errno::EMFILE)?;
        let id = SocketId(self.next);
        self.next += 1;
        self.sockets.insert(id, socket);
        let entry = Entry {
            socket: id,
            close_on_exec,
        };
        self.descriptors.insert(fd, entry);
        Ok(fd)
    }

    /// Whether one more descriptor can be opened.
    pub(crate) fn has_room(&self) -> bool {
        self.lowest_free(FIRST).is_some()
    }

    /// A second descriptor, `from` or higher, for the same socket.
    pub(crate) fn duplicate(&mut self, fd: Descriptor, from: i32) -> Result<i32, Errno> {
        let socket = self.find(fd)?;
        if !(0..LIMIT).contains(&from) {
            return Err(Errno::EINVAL);
        }
        let copy = self.lowest_free(from.max(FIRST)).ok_or(Errno::EMFILE)?;
        let entry = Entry {
            socket,
            close_on_exec: false,
        };
        self.descriptors.insert(copy, entry);
        Ok(copy)
    }

    /// The socket behind a descriptor.
    pub(crate) fn find(&self, fd: Descriptor) -> Result<SocketId, Errno> {
        let entry = self.descriptors.get(&fd.0).ok_or(Errno::EBADF)?;
        Ok(entry.socket)
    }

    /// Closes a descriptor; gives its socket and whether that was the last descriptor of it.
    pub(crate) fn close(&mut self, fd: Descriptor) -> Result<(SocketId, bool), Errno> {
        let entry = self.descriptors.remove(&fd.0).ok_or(Errno::EBADF)?;
        Ok((entry.socket, !self.is_open(entry.socket)))
    }

    /// Whether any descriptor still points to a socket.
    pub(crate) fn is_open(&self, socket: SocketId) -> bool {
        self.descriptors
            .values()
            .any(|entry| entry.socket == socket)
    }

    pub(crate) fn close_on_exec(&mut self, fd: Descriptor) -> Result<&mut bool, Errno> {
        let entry = self.descriptors.get_mut(&fd.0).ok_or(Errno::EBADF)?;
        Ok(&mut entry.close_on_exec)
    }

    pub(crate) fn socket(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(&id)
    }

    pub(crate) fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.sockets.get_mut(&id)
    }

    pub(crate) fn forget(&mut self, id: SocketId) -> Option<Socket> {
        self.sockets.remove(&id)
    }

    /// The socket of a record of the stack.
    pub(crate) fn by_key(&mut self, key: Key) -> Option<&mut Socket> {
        self.sockets
            .values_mut()
            .find(|socket| socket.key == Some(key))
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = (SocketId, &Socket)> {
        self.sockets.iter().map(|(id, socket)| (*id, socket))
    }

    fn lowest_free(&self, from: i32) -> Option<i32> {
        (from..LIMIT).find(|fd| !self.descriptors.contains_key(fd))
    }
}

#[cfg(test)]
mod tests {
    use halfopen_target::{AddressFamily, ConnectionId, Descriptor, Errno};

    use super::*;

    fn socket() -> Socket {
        Socket::new(ConnectionId(1), AddressFamily::Ipv4)
    }

    #[test]
    fn the_lowest_free_descriptor_is_given() {
        let mut table = Table::default();
        assert_eq!(table.open(socket(), false), Ok(3));
        assert_eq!(table.open(socket(), false), Ok(4));
        assert!(table.close(Descriptor(3)).is_ok());
        assert_eq!(table.open(socket(), false), Ok(3));
        assert_eq!(table.find(Descriptor(9)), Err(Errno::EBADF));
    }

    #[test]
    fn a_socket_stays_open_until_its_last_descriptor_goes() {
        let mut table = Table::default();
        assert_eq!(table.open(socket(), false), Ok(3));
        assert_eq!(table.duplicate(Descriptor(3), 10), Ok(10));
        let id = table.find(Descriptor(3)).expect("it is open");
        assert_eq!(table.find(Descriptor(10)), Ok(id));
        assert_eq!(table.close(Descriptor(3)), Ok((id, false)));
        assert_eq!(table.close(Descriptor(10)), Ok((id, true)));
        assert_eq!(table.close(Descriptor(10)), Err(Errno::EBADF));
    }

    #[test]
    fn a_process_has_a_limit_of_descriptors() {
        let mut table = Table::default();
        while table.has_room() {
            assert!(table.open(socket(), false).is_ok());
        }
        assert_eq!(table.open(socket(), false), Err(Errno::EMFILE));
        assert_eq!(table.find(Descriptor(1023)).map(|_| ()), Ok(()));
    }
}
