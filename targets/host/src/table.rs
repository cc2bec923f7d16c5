//! Descriptors and the sockets behind them.

use std::collections::BTreeMap;

use halfopen_target::{Descriptor, Errno};

use crate::Key;
use crate::file::{File, FileId, Pipe, PipeId};
use crate::socket::{Socket, SocketId};

/// The first number that `socket` gives: those below are the standard streams.
const FIRST: i32 = 3;
/// As many descriptors as a process has by default.
const LIMIT: i32 = 1024;

/// What a descriptor refers to: an open file description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Socket(SocketId),
    File(FileId),
}

/// The descriptor table. Several descriptors may share one object, and an object outlives its descriptors
/// while a call still waits on it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    descriptors: BTreeMap<i32, Entry>,
    sockets: BTreeMap<SocketId, Socket>,
    files: BTreeMap<FileId, File>,
    pipes: BTreeMap<PipeId, Pipe>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    object: Object,
    close_on_exec: bool,
}

impl Table {
    /// Opens the lowest free descriptor for a new socket.
    pub(crate) fn open(&mut self, socket: Socket, close_on_exec: bool) -> Result<i32, Errno> {
        let id = SocketId(self.next_number());
        let fd = self.give(Object::Socket(id), close_on_exec)?;
        self.sockets.insert(id, socket);
        Ok(fd)
    }

    /// Opens the lowest free descriptor for a new file.
    pub(crate) fn open_file(&mut self, file: File, close_on_exec: bool) -> Result<i32, Errno> {
        let id = FileId(self.next_number());
        let fd = self.give(Object::File(id), close_on_exec)?;
        self.files.insert(id, file);
        Ok(fd)
    }

    /// A new pipe, empty and with both of its ends open.
    pub(crate) fn new_pipe(&mut self) -> PipeId {
        let id = PipeId(self.next_number());
        self.pipes.insert(id, Pipe::default());
        id
    }

    fn give(&mut self, object: Object, close_on_exec: bool) -> Result<i32, Errno> {
        let fd = self.lowest_free(FIRST).ok_or(Errno::EMFILE)?;
        let entry = Entry {
            object,
            close_on_exec,
        };
        self.descriptors.insert(fd, entry);
        Ok(fd)
    }

    const fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Whether one more descriptor can be opened.
    pub(crate) fn has_room(&self) -> bool {
        self.lowest_free(FIRST).is_some()
    }

    /// A second descriptor, `from` or higher, for the same object.
    pub(crate) fn duplicate(&mut self, fd: Descriptor, from: i32) -> Result<i32, Errno> {
        let object = self.object(fd)?;
        if !(0..LIMIT).contains(&from) {
            return Err(Errno::EINVAL);
        }
        let copy = self.lowest_free(from.max(FIRST)).ok_or(Errno::EMFILE)?;
        let entry = Entry {
            object,
            close_on_exec: false,
        };
        self.descriptors.insert(copy, entry);
        Ok(copy)
    }

    /// What a descriptor refers to.
    pub(crate) fn object(&self, fd: Descriptor) -> Result<Object, Errno> {
        let entry = self.descriptors.get(&fd.0).ok_or(Errno::EBADF)?;
        Ok(entry.object)
    }

    /// The socket behind a descriptor.
    pub(crate) fn find(&self, fd: Descriptor) -> Result<SocketId, Errno> {
        match self.object(fd)? {
            Object::Socket(id) => Ok(id),
            Object::File(_) => Err(Errno::ENOTSOCK),
        }
    }

    /// Closes a descriptor; gives its object and whether that was the last descriptor of it.
    pub(crate) fn close(&mut self, fd: Descriptor) -> Result<(Object, bool), Errno> {
        let entry = self.descriptors.remove(&fd.0).ok_or(Errno::EBADF)?;
        Ok((entry.object, !self.is_open(entry.object)))
    }

    /// Whether any descriptor still points to an object.
    pub(crate) fn is_open(&self, object: Object) -> bool {
        self.descriptors
            .values()
            .any(|entry| entry.object == object)
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

    pub(crate) fn file(&self, id: FileId) -> Result<&File, Errno> {
        self.files.get(&id).ok_or(Errno::EBADF)
    }

    pub(crate) fn file_mut(&mut self, id: FileId) -> Result<&mut File, Errno> {
        self.files.get_mut(&id).ok_or(Errno::EBADF)
    }

    pub(crate) fn forget_file(&mut self, id: FileId) -> Option<File> {
        self.files.remove(&id)
    }

    /// Every file, in order of opening.
    pub(crate) fn files_mut(&mut self) -> impl Iterator<Item = (FileId, &mut File)> {
        self.files.iter_mut().map(|(id, file)| (*id, file))
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files.iter().map(|(id, file)| (*id, file))
    }

    pub(crate) fn pipe(&self, id: PipeId) -> Result<&Pipe, Errno> {
        self.pipes.get(&id).ok_or(Errno::EBADF)
    }

    pub(crate) fn pipe_mut(&mut self, id: PipeId) -> Result<&mut Pipe, Errno> {
        self.pipes.get_mut(&id).ok_or(Errno::EBADF)
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
        let object = Object::Socket(id);
        assert_eq!(table.close(Descriptor(3)), Ok((object, false)));
        assert_eq!(table.close(Descriptor(10)), Ok((object, true)));
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
