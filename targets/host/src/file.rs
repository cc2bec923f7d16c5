//! What descriptors refer to besides sockets: pipes, regular files, epoll instances.

use std::collections::VecDeque;
use std::path::Path;
use std::{fs, io};

use halfopen_target::Errno;

use crate::epoll::Epoll;

/// Names a file inside of the host; descriptors point to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileId(pub(crate) u64);

/// Names a pipe, whose two ends are files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PipeId(pub(crate) u64);

/// An open file description.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) nonblocking: bool,
    pub(crate) kind: FileKind,
}

#[derive(Debug)]
pub(crate) enum FileKind {
    Epoll(Epoll),
    /// The end of a pipe to read from.
    PipeOut(PipeId),
    /// The end of a pipe to write to.
    PipeIn(PipeId),
    Regular(Regular),
}

impl File {
    pub(crate) const fn new(kind: FileKind, nonblocking: bool) -> Self {
        Self { nonblocking, kind }
    }
}

/// Octets on their way from one end of a pipe to the other.
#[derive(Debug)]
pub(crate) struct Pipe {
    octets: VecDeque<u8>,
    pub(crate) has_reader: bool,
    pub(crate) has_writer: bool,
}

impl Default for Pipe {
    fn default() -> Self {
        Self {
            octets: VecDeque::new(),
            has_reader: true,
            has_writer: true,
        }
    }
}

impl Pipe {
    /// What Linux's pipes hold if nobody asks for more: sixteen pages. (Linux counts pages, of which some may be
    /// partly used; here octets are counted.)
    pub(crate) const CAPACITY: usize = 65_536;
    /// Up to so many octets, a write happens whole or not at all.
    pub(crate) const ATOMIC: usize = 4_096;

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn free(&self) -> usize {
        Self::CAPACITY.saturating_sub(self.octets.len())
    }

    /// Takes as many octets as there is room for; how many.
    pub(crate) fn write(&mut self, data: &[u8]) -> usize {
        let taken = data.get(..self.free()).unwrap_or(data);
        self.octets.extend(taken);
        taken.len()
    }

    /// Gives up to `most` octets.
    pub(crate) fn read(&mut self, most: usize) -> Vec<u8> {
        let count = most.min(self.octets.len());
        self.octets.drain(..count).collect()
    }

    /// Gives up to `most` octets that stay.
    pub(crate) fn peek(&self, most: usize) -> Vec<u8> {
        self.octets.iter().take(most).copied().collect()
    }

    pub(crate) fn ends(&mut self, reads: bool) {
        if reads {
            self.has_reader = false;
        } else {
            self.has_writer = false;
        }
    }
}

/// The largest file that is opened, in octets: it is held in memory.
const LARGEST: u64 = 64 << 20;

/// A file on disk, open for reading.
#[derive(Debug)]
pub(crate) struct Regular {
    octets: Vec<u8>,
    /// Where the next read begins.
    pub(crate) offset: u64,
}

impl Regular {
    /// The file as it is now; of other kinds (devices, pipes with names) none is opened, since they may wait for ever.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self {
            octets: fs::read(path)?,
            offset: 0,
        })
    }

    /// Up to `most` octets from `offset` on.
    pub(crate) fn at(&self, offset: u64, most: usize) -> &[u8] {
        let begin = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.octets.get(begin..).unwrap_or_default();
        rest.get(..most).unwrap_or(rest)
    }
}

/// The error number of a failed open.
pub(crate) fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_holds_sixteen_pages_and_gives_them_in_order() {
        let mut pipe = Pipe::default();
        assert_eq!(pipe.write(&[1; 60_000]), 60_000);
        assert_eq!(pipe.write(&[2; 60_000]), 5_536);
        assert_eq!(pipe.free(), 0);
        assert_eq!(pipe.read(60_001).last(), Some(&2));
        assert_eq!(pipe.len(), 5_535);
    }

    #[test]
    fn a_read_beyond_the_end_of_a_file_gives_nothing() {
        let file = Regular {
            octets: b"abc".to_vec(),
            offset: 0,
        };
        assert_eq!(file.at(1, 9), b"bc");
        assert_eq!(file.at(3, 9), b"");
        assert_eq!(file.at(u64::MAX, 9), b"");
    }
}
