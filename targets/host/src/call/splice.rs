//! `splice` and `sendfile`: octets that go from one descriptor to another.

use halfopen_target::{Descriptor, Errno, State};

use super::file::count;
use super::send::Send;
use super::{Operation, Patience, Reply, Started, ended};
use crate::file::{FileId, FileKind, PipeId};
use crate::host::Host;
use crate::socket::SocketId;
use crate::table::Object;
use crate::{InProcessStack, Received};

const SPLICE_F_NONBLOCK: u32 = 2;
const SPLICE_F_MORE: u32 = 4;
const SPLICE_F_ALL: u32 = 0xf;

/// A call that moves octets.
#[derive(Debug)]
pub(crate) struct Splice {
    pub(super) from: Object,
    pub(super) to: Object,
    /// Where in the file to go on, if it is not the file's own place.
    offset: Option<u64>,
    left: usize,
    moved: usize,
    /// More follows for the socket.
    more: bool,
    /// It may wait for a pipe.
    waits: bool,
    /// What goes to a socket now.
    send: Option<Send>,
}

/// What there is to move out of a pipe or file.
enum Source {
    Octets(Vec<u8>),
    NothingYet,
    End,
}

impl Splice {
    /// What was moved until now, or that nothing was.
    pub(super) fn give_up(&self) -> Reply {
        self.or(Errno::EAGAIN)
    }

    fn or(&self, errno: Errno) -> Reply {
        match self.moved {
            0 => Err(errno),
            moved => Ok(count(moved)),
        }
    }

    fn done(&self) -> Reply {
        Ok(count(self.moved))
    }

    const fn note(&mut self, octets: usize) {
        self.moved += octets;
        self.left = self.left.saturating_sub(octets);
    }
}

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_splice(
        &mut self,
        (from, from_offset): (Descriptor, Option<i64>),
        (to, to_offset): (Descriptor, Option<i64>),
        length: usize,
        flags: u32,
    ) -> Started {
        if length == 0 {
            return ended(Ok(count(0)));
        }
        if flags & !SPLICE_F_ALL != 0 {
            return Err(Errno::EINVAL.into());
        }
        let (from, to) = (self.table.object(from)?, self.table.object(to)?);
        let (out_of_pipe, into_pipe) = (self.is_pipe(from), self.is_pipe(to));
        if !out_of_pipe && !into_pipe {
            return Err(Errno::EINVAL.into());
        }
        if (out_of_pipe && from_offset.is_some()) || (into_pipe && to_offset.is_some()) {
            return Err(Errno::ESPIPE.into());
        }
        let reads = matches!(from, Object::Socket(_)) || self.reads_from(from)?;
        let writes = matches!(to, Object::Socket(_)) || self.writes_to(to)?;
        if !reads || !writes {
            return Err(Errno::EBADF.into());
        }
        let has_offset = from_offset.is_some() && matches!(from, Object::Socket(_));
        if has_offset || to_offset.is_some() || (out_of_pipe && into_pipe && self.same(from, to)) {
            return Err(Errno::EINVAL.into());
        }
        let offset = from_offset.map(u64::try_from).transpose();
        let splice = Splice {
            from,
            to,
            offset: offset.map_err(|_| Errno::EINVAL)?,
            left: length,
            moved: 0,
            more: flags & SPLICE_F_MORE != 0,
            waits: flags & SPLICE_F_NONBLOCK == 0,
            send: None,
        };
        self.begin_splice(splice)
    }

    pub(super) fn start_send_file(
        &mut self,
        to: Descriptor,
        from: Descriptor,
        offset: Option<i64>,
        length: usize,
    ) -> Started {
        let (from, to) = (self.table.object(from)?, self.table.object(to)?);
        let offset = offset.map(u64::try_from).transpose();
        let offset = offset.map_err(|_| Errno::EINVAL)?;
        // Only what can be sought in can be sent.
        let Object::File(file) = from else {
            return Err(Errno::EINVAL.into());
        };
        match self.table.file(file)?.kind {
            FileKind::Regular(_) => {}
            FileKind::PipeIn(_) => return Err(Errno::EBADF.into()),
            FileKind::PipeOut(_) if offset.is_some() => return Err(Errno::ESPIPE.into()),
            FileKind::PipeOut(_) | FileKind::Epoll(_) => return Err(Errno::EINVAL.into()),
        }
        if !matches!(to, Object::Socket(_)) && !self.writes_to(to)? {
            return Err(Errno::EBADF.into());
        }
        if length == 0 {
            return ended(Ok(count(0)));
        }
        self.begin_splice(Splice {
            from,
            to,
            offset,
            left: length,
            moved: 0,
            more: false,
            waits: true,
            send: None,
        })
    }

    fn begin_splice(&mut self, mut splice: Splice) -> Started {
        let (nonblocking, timeout) = match (splice.from, splice.to) {
            (Object::Socket(id), _) => {
                let socket = self.socket(id)?;
                (socket.nonblocking, socket.settings.receive_timeout)
            }
            (_, Object::Socket(id)) => {
                let socket = self.socket(id)?;
                let nonblocking = socket.nonblocking || !splice.waits;
                (nonblocking, socket.settings.send_timeout)
            }
            (Object::File(from), Object::File(to)) => {
                let nonblocking =
                    self.table.file(from)?.nonblocking || self.table.file(to)?.nonblocking;
                splice.waits &= !nonblocking;
                (!splice.waits, halfopen_target::Duration::ZERO)
            }
        };
        let patience = Patience::of(nonblocking, timeout);
        self.begin(Operation::Splice(splice), patience)
    }

    pub(super) fn attempt_splice(&mut self, splice: &mut Splice) -> Option<Reply> {
        match (splice.from, splice.to) {
            (Object::Socket(from), Object::File(to)) => self.move_from_socket(splice, from, to),
            (_, Object::Socket(to)) => self.move_to_socket(splice, to),
            (_, Object::File(to)) => self.move_to_pipe(splice, to),
        }
    }

    /// Out of a socket into a pipe: what is there, up to the urgent octet.
    fn move_from_socket(&mut self, splice: &Splice, from: SocketId, to: FileId) -> Option<Reply> {
        let into = match self.room_in_pipe(to) {
            Ok(into) => into,
            Err(errno) => return Some(Err(errno)),
        };
        let Some((pipe, free)) = into else {
            return (!splice.waits).then_some(Err(Errno::EAGAIN));
        };
        let view = match self.view(from) {
            Ok(view) if view.state == State::Listen => return Some(Err(Errno::ENOTCONN)),
            Ok(view) => view,
            Err(errno) => return Some(Err(errno)),
        };
        let text = self.text_before_urgent(from, splice.left.min(free));
        if !text.is_empty() {
            return Some(self.write_pipe(pipe, &text).map(count));
        }
        let queued = view.status.map_or(0, |status| status.receive_queued);
        // An urgent octet is next: a splice does not pass over it, and does not wait for more behind it.
        if queued > 0 || view.end_of_stream {
            return Some(Ok(count(0)));
        }
        if let Some(errno) = self.take_error(from) {
            return Some(Err(errno));
        }
        if view.read_is_shut {
            return Some(Ok(count(0)));
        }
        (view.state == State::Closed).then_some(Err(Errno::ENOTCONN))
    }

    /// Takes up to `most` octets of text, none from the urgent octet on.
    fn text_before_urgent(&mut self, id: SocketId, most: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < most {
            let Ok(view) = self.view(id) else { break };
            let (Some(key), Some(status)) = (view.key, view.status) else {
                break;
            };
            let ahead = status.urgent_ahead.filter(|ahead| *ahead > 0);
            let before = ahead.map_or(usize::MAX, |ahead| ahead - 1);
            let wanted = (most - taken.len()).min(before);
            if wanted == 0 {
                break;
            }
            let Ok(Received::Data(data)) = self.stack.receive(self.now, key, wanted, false) else {
                break;
            };
            if data.is_empty() {
                break;
            }
            if let Ok(socket) = self.socket_mut(id) {
                socket.octets_read += data.len() as u64;
            }
            taken.extend(data);
        }
        taken
    }

    /// Out of a pipe or file into a socket.
    fn move_to_socket(&mut self, splice: &mut Splice, to: SocketId) -> Option<Reply> {
        while splice.left > 0 {
            let mut send = match splice.send.take() {
                Some(send) => send,
                None => match self.peek(splice) {
                    Ok(Source::Octets(data)) => Send::of(to, data, splice.more),
                    Ok(Source::NothingYet) if splice.moved == 0 && splice.waits => return None,
                    Ok(Source::NothingYet) => return Some(splice.give_up()),
                    Ok(Source::End) => break,
                    Err(errno) => return Some(splice.or(errno)),
                },
            };
            let before = send.sent();
            let reply = self.attempt_send(&mut send);
            let moved = send.sent() - before;
            self.consume(splice, moved);
            match reply {
                Some(Ok(_)) => {}
                Some(Err(errno)) => return Some(splice.or(errno)),
                None => {
                    splice.send = Some(send);
                    return None;
                }
            }
        }
        Some(splice.done())
    }

    /// Out of a pipe or file into a pipe.
    fn move_to_pipe(&mut self, splice: &mut Splice, to: FileId) -> Option<Reply> {
        while splice.left > 0 {
            let into = match self.room_in_pipe(to) {
                Ok(into) => into,
                Err(errno) => return Some(splice.or(errno)),
            };
            let Some((pipe, free)) = into else {
                let waits = splice.waits && splice.moved == 0;
                return (!waits).then(|| splice.give_up());
            };
            let data = match self.peek(splice) {
                Ok(Source::Octets(data)) => data,
                Ok(Source::NothingYet) if splice.moved == 0 && splice.waits => return None,
                Ok(Source::NothingYet) => return Some(splice.give_up()),
                Ok(Source::End) => break,
                Err(errno) => return Some(splice.or(errno)),
            };
            let data = data.get(..free).unwrap_or(&data);
            let moved = match self.write_pipe(pipe, data) {
                Ok(moved) => moved,
                Err(errno) => return Some(splice.or(errno)),
            };
            self.consume(splice, moved);
        }
        Some(splice.done())
    }

    /// The pipe behind this end and the room in it; none if it is full.
    fn room_in_pipe(&self, end: FileId) -> Result<Option<(PipeId, usize)>, Errno> {
        let id = self.pipe_of(end)?;
        let pipe = self.table.pipe(id)?;
        if !pipe.has_reader {
            return Err(Errno::EPIPE);
        }
        Ok(Some((id, pipe.free())).filter(|(_, free)| *free > 0))
    }

    /// What can be moved next; it stays where it is until it was.
    fn peek(&self, splice: &Splice) -> Result<Source, Errno> {
        let Object::File(from) = splice.from else {
            return Err(Errno::EINVAL);
        };
        let data = match &self.table.file(from)?.kind {
            FileKind::Regular(file) => file
                .at(splice.offset.unwrap_or(file.offset), splice.left)
                .to_vec(),
            FileKind::PipeOut(pipe) => {
                let pipe = self.table.pipe(*pipe)?;
                if pipe.len() == 0 && pipe.has_writer {
                    return Ok(Source::NothingYet);
                }
                pipe.peek(splice.left)
            }
            FileKind::PipeIn(_) | FileKind::Epoll(_) => return Err(Errno::EBADF),
        };
        Ok(match data.is_empty() {
            true => Source::End,
            false => Source::Octets(data),
        })
    }

    /// So much was moved: it is gone from the pipe, or the place in the file is behind it.
    fn consume(&mut self, splice: &mut Splice, octets: usize) {
        splice.note(octets);
        let Object::File(from) = splice.from else {
            return;
        };
        if let Some(offset) = &mut splice.offset {
            *offset += octets as u64;
            return;
        }
        match self.table.file_mut(from).map(|file| &mut file.kind) {
            Ok(FileKind::Regular(file)) => file.offset += octets as u64,
            Ok(FileKind::PipeOut(pipe)) => {
                let pipe = *pipe;
                // What was peeked at is there.
                let _ = self.read_pipe(pipe, octets);
            }
            _ => {}
        }
    }

    fn is_pipe(&self, object: Object) -> bool {
        matches!(object, Object::File(id) if self.pipe_of(id).is_ok())
    }

    fn same(&self, one: Object, other: Object) -> bool {
        match (one, other) {
            (Object::File(one), Object::File(other)) => {
                self.pipe_of(one).is_ok() && self.pipe_of(one) == self.pipe_of(other)
            }
            _ => false,
        }
    }

    fn reads_from(&self, object: Object) -> Result<bool, Errno> {
        let Object::File(id) = object else {
            return Ok(true);
        };
        let kind = &self.table.file(id)?.kind;
        Ok(matches!(kind, FileKind::PipeOut(_) | FileKind::Regular(_)))
    }

    fn writes_to(&self, object: Object) -> Result<bool, Errno> {
        let Object::File(id) = object else {
            return Ok(true);
        };
        Ok(matches!(self.table.file(id)?.kind, FileKind::PipeIn(_)))
    }
}
