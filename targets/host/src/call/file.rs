//! Files and pipes: `open`, `pipe`, and what `read`, `write`, `poll`, `ioctl` and `fcntl` make of them.

use std::path::Path;

use halfopen_target::posix::*;
use halfopen_target::{CallName, Capability, Descriptor, Errno, Missing, Output, Returned};

use super::poll::{READABLE, WRITABLE};
use super::{Operation, Patience, Refusal, Reply, Started, control, ended};
use crate::InProcessStack;
use crate::epoll::{EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM};
use crate::file::{self, File, FileId, FileKind, Pipe, PipeId, Regular};
use crate::host::Host;
use crate::table::Object;

const O_RDONLY: i32 = 0;
const O_WRONLY: i32 = 1;
const O_CLOEXEC: i32 = SOCK_CLOEXEC;
const O_LARGEFILE: i32 = 0o100_000;
/// Flags that change nothing about how a file is read here.
const READING: i32 = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_LARGEFILE;

/// A `write` to a pipe.
#[derive(Debug)]
pub(crate) struct WritePipe {
    pub(super) end: FileId,
    data: Vec<u8>,
    written: usize,
}

impl WritePipe {
    /// What was taken until now, or that nothing was.
    pub(super) fn give_up(&self) -> Reply {
        match self.written {
            0 => Err(Errno::EAGAIN),
            _ => Ok(count(self.written)),
        }
    }
}

impl<S: InProcessStack> Host<S> {
    /// Files are read and not written, so that no drill changes anything outside of itself.
    pub(super) fn open_file(&mut self, path: &str, flags: i32) -> Started {
        let lacks = |reason: &str| {
            Refusal::Missing(Missing {
                capability: Capability::Files,
                reason: reason.to_owned(),
            })
        };
        self.capabilities.require(Capability::Files)?;
        if flags & !READING != 0 {
            return Err(lacks("the host opens files for reading only"));
        }
        let path = self.folder.join(Path::new(path));
        let file = match Regular::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                return Err(lacks("the host opens regular files of some megabytes only"));
            }
            Err(error) => return Err(file::errno_of(&error).into()),
        };
        let file = File::new(FileKind::Regular(file), flags & O_NONBLOCK != 0);
        let fd = self.table.open_file(file, flags & O_CLOEXEC != 0)?;
        ended(Ok(Returned::value(i64::from(fd))))
    }

    pub(super) fn make_pipe(&mut self, flags: i32) -> Reply {
        if flags & !(O_NONBLOCK | O_CLOEXEC) != 0 {
            return Err(Errno::EINVAL);
        }
        let (nonblocking, on_exec) = (flags & O_NONBLOCK != 0, flags & O_CLOEXEC != 0);
        let pipe = self.table.new_pipe();
        let out = File::new(FileKind::PipeOut(pipe), nonblocking);
        let read = Descriptor(self.table.open_file(out, on_exec)?);
        let into = File::new(FileKind::PipeIn(pipe), nonblocking);
        let write = match self.table.open_file(into, on_exec) {
            Ok(fd) => Descriptor(fd),
            Err(errno) => {
                if let Ok((object, true)) = self.table.close(read) {
                    self.end(object);
                }
                return Err(errno);
            }
        };
        Ok(Returned {
            outputs: vec![Output::Descriptors([read, write])],
            ..Returned::value(0)
        })
    }

    /// `read` of something that is no socket.
    pub(super) fn start_read_file(&mut self, name: CallName, id: FileId, room: usize) -> Started {
        if !matches!(name, CallName::Read | CallName::Readv) {
            return Err(Errno::ENOTSOCK.into());
        }
        let file = self.table.file_mut(id)?;
        let nonblocking = file.nonblocking;
        match &mut file.kind {
            FileKind::Epoll(_) => Err(Errno::EINVAL.into()),
            FileKind::PipeIn(_) => Err(Errno::EBADF.into()),
            FileKind::Regular(file) => {
                let data = file.at(file.offset, room).to_vec();
                file.offset += data.len() as u64;
                ended(Ok(octets(data)))
            }
            FileKind::PipeOut(_) => {
                let patience = if nonblocking {
                    Patience::None
                } else {
                    Patience::Forever
                };
                self.begin(Operation::ReadPipe { end: id, room }, patience)
            }
        }
    }

    pub(super) fn attempt_read_pipe(&mut self, end: FileId, room: usize) -> Option<Reply> {
        let pipe = match self.pipe_of(end) {
            Ok(id) => id,
            Err(errno) => return Some(Err(errno)),
        };
        let from = self.table.pipe(pipe).ok()?;
        if room > 0 && from.len() == 0 && from.has_writer {
            return None;
        }
        Some(self.read_pipe(pipe, room).map(octets))
    }

    /// `write` to something that is no socket.
    pub(super) fn start_write_file(
        &mut self,
        name: CallName,
        id: FileId,
        data: Vec<u8>,
    ) -> Started {
        if !matches!(name, CallName::Write | CallName::Writev) {
            return Err(Errno::ENOTSOCK.into());
        }
        let file = self.table.file(id)?;
        let patience = if file.nonblocking {
            Patience::None
        } else {
            Patience::Forever
        };
        match file.kind {
            FileKind::Epoll(_) => Err(Errno::EINVAL.into()),
            FileKind::PipeOut(_) | FileKind::Regular(_) => Err(Errno::EBADF.into()),
            FileKind::PipeIn(_) => {
                let write = WritePipe {
                    end: id,
                    data,
                    written: 0,
                };
                self.begin(Operation::WritePipe(write), patience)
            }
        }
    }

    pub(super) fn attempt_write_pipe(&mut self, write: &mut WritePipe) -> Option<Reply> {
        let pipe = match self.pipe_of(write.end) {
            Ok(id) => id,
            Err(errno) => return Some(Err(errno)),
        };
        let to = self.table.pipe(pipe).ok()?;
        if !to.has_reader {
            return Some(match write.written {
                0 => Err(Errno::EPIPE),
                written => Ok(count(written)),
            });
        }
        // A short write is not torn apart (POSIX's PIPE_BUF).
        let rest = write.data.get(write.written..).unwrap_or_default();
        if write.data.len() <= Pipe::ATOMIC && to.free() < rest.len() {
            return None;
        }
        let rest = rest.to_vec();
        write.written += self.write_pipe(pipe, &rest).ok()?;
        (write.written == write.data.len()).then(|| Ok(count(write.written)))
    }

    /// The pipe that a file is an end of.
    pub(super) fn pipe_of(&self, end: FileId) -> Result<PipeId, Errno> {
        match self.table.file(end)?.kind {
            FileKind::PipeIn(pipe) | FileKind::PipeOut(pipe) => Ok(pipe),
            FileKind::Epoll(_) | FileKind::Regular(_) => Err(Errno::EINVAL),
        }
    }

    /// Takes octets out of a pipe; whoever waits for room hears of it if there was none.
    pub(super) fn read_pipe(&mut self, id: PipeId, most: usize) -> Result<Vec<u8>, Errno> {
        let pipe = self.table.pipe_mut(id)?;
        let was_full = pipe.free() == 0;
        let data = pipe.read(most);
        if was_full && !data.is_empty() {
            self.wake_ends(id, false, EPOLLOUT | EPOLLWRNORM);
        }
        Ok(data)
    }

    /// Puts octets into a pipe, as many as there is room for; how many.
    pub(super) fn write_pipe(&mut self, id: PipeId, data: &[u8]) -> Result<usize, Errno> {
        let taken = self.table.pipe_mut(id)?.write(data);
        if taken > 0 {
            self.wake_ends(id, true, EPOLLIN | EPOLLRDNORM);
        }
        Ok(taken)
    }

    /// Something happened to a pipe, for those at its reading or its writing end.
    fn wake_ends(&mut self, pipe: PipeId, reading: bool, what: u32) {
        let ends: Vec<FileId> = self
            .table
            .files()
            .filter(|(_, file)| match file.kind {
                FileKind::PipeOut(id) => id == pipe && reading,
                FileKind::PipeIn(id) => id == pipe && !reading,
                _ => false,
            })
            .map(|(id, _)| id)
            .collect();
        for end in ends {
            self.wake(Object::File(end), what);
        }
    }

    /// A file is no more; the other end of a pipe hears of it.
    pub(crate) fn end_file(&mut self, id: FileId) {
        let Some(file) = self.table.forget_file(id) else {
            return;
        };
        let (FileKind::PipeOut(pipe) | FileKind::PipeIn(pipe)) = file.kind else {
            return;
        };
        let reads = matches!(file.kind, FileKind::PipeOut(_));
        if let Ok(pipe) = self.table.pipe_mut(pipe) {
            pipe.ends(reads);
        }
        self.wake_ends(pipe, !reads, crate::epoll::ANYTHING);
    }

    /// Everything that a file is ready for.
    pub(super) fn file_ready(&mut self, id: FileId) -> i16 {
        let Ok(file) = self.table.file(id) else {
            return POLLNVAL;
        };
        match file.kind {
            FileKind::Epoll(_) => if_set(self.epoll_is_ready(id), READABLE),
            FileKind::Regular(_) => READABLE | WRITABLE,
            FileKind::PipeOut(pipe) => self.table.pipe(pipe).map_or(POLLNVAL, |pipe| {
                if_set(pipe.len() > 0, READABLE) | if_set(!pipe.has_writer, POLLHUP)
            }),
            FileKind::PipeIn(pipe) => self.table.pipe(pipe).map_or(POLLNVAL, |pipe| {
                if_set(pipe.free() > 0, WRITABLE) | if_set(!pipe.has_reader, POLLERR)
            }),
        }
    }

    pub(super) fn file_ioctl(&self, id: FileId, request: u64) -> Reply {
        let queued = match (&self.table.file(id)?.kind, request) {
            (FileKind::PipeIn(pipe) | FileKind::PipeOut(pipe), FIONREAD) => {
                self.table.pipe(*pipe)?.len()
            }
            _ => return Err(Errno::ENOTTY),
        };
        Ok(control::integer(queued))
    }

    /// `O_RDONLY`, `O_WRONLY` or `O_RDWR`, as `F_GETFL` shows it.
    pub(super) fn access(&self, object: Object) -> Result<i32, Errno> {
        let Object::File(id) = object else {
            return Ok(O_RDWR);
        };
        Ok(match self.table.file(id)?.kind {
            FileKind::Epoll(_) => O_RDWR,
            FileKind::PipeOut(_) | FileKind::Regular(_) => O_RDONLY,
            FileKind::PipeIn(_) => O_WRONLY,
        })
    }
}

const fn if_set(set: bool, mask: i16) -> i16 {
    if set { mask } else { 0 }
}

/// How a call ends that moved so many octets.
pub(super) fn count(octets: usize) -> Returned {
    Returned::value(i64::try_from(octets).unwrap_or(i64::MAX))
}

fn octets(data: Vec<u8>) -> Returned {
    let ended = count(data.len());
    let outputs = match data.is_empty() {
        true => Vec::new(),
        false => vec![Output::Data(data)],
    };
    Returned { outputs, ..ended }
}
