//! Everything that reads: `read`, `readv`, `recv`, `recvfrom`, `recvmsg`.

use halfopen_target::posix::*;
use halfopen_target::{
    CallName, ControlData, ControlMessage, Descriptor, Errno, Output, Returned, State,
};

use super::{Operation, Patience, Reply, Started, ended};
use crate::host::{Host, View};
use crate::option::numbers::{MSG_ERRQUEUE, TCP_INQ};
use crate::socket::SocketId;
use crate::table::Object;
use crate::{InProcessStack, Received};

/// The most octets that one call returns, as Linux bounds it.
const LARGEST_READ: usize = 0x7fff_f000;

/// A call that reads.
#[derive(Debug)]
pub(crate) struct Receive {
    pub(super) socket: SocketId,
    name: CallName,
    flags: i32,
    /// Room in all buffers together, in octets.
    room: usize,
    /// Octets after which it need not wait any more.
    target: usize,
    taken: Vec<u8>,
    /// What is left to read, for a socket that wants to be told (`TCP_INQ`).
    left: Option<i32>,
}

impl Receive {
    const fn has(&self, flag: i32) -> bool {
        self.flags & flag != 0
    }

    /// What was read until now, or that nothing was.
    pub(super) fn give_up(&mut self) -> Reply {
        if self.taken.is_empty() {
            return Err(Errno::EAGAIN);
        }
        Ok(self.reply())
    }

    fn reply(&mut self) -> Returned {
        let data = std::mem::take(&mut self.taken);
        let length = data.len();
        let mut outputs = Vec::new();
        if !data.is_empty() && !self.has(MSG_TRUNC) {
            outputs.push(Output::Data(data));
        }
        if self.name == CallName::Recvmsg {
            outputs.push(Output::MessageFlags(self.flags & MSG_OOB));
            outputs.extend(self.left.map(|left| {
                Output::Control(vec![ControlMessage {
                    level: IPPROTO_TCP,
                    kind: TCP_INQ,
                    data: ControlData::Int(left),
                }])
            }));
        }
        Returned {
            outputs,
            ..Returned::value(i64::try_from(length).unwrap_or(i64::MAX))
        }
    }
}

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_receive(
        &mut self,
        name: CallName,
        fd: Descriptor,
        buffers: &[usize],
        flags: i32,
    ) -> Started {
        let room = buffers
            .iter()
            .fold(0_usize, |sum, size| sum.saturating_add(*size));
        let room = room.min(LARGEST_READ);
        let id = match self.table.object(fd)? {
            Object::Socket(id) => id,
            Object::File(id) => return self.start_read_file(name, id, room),
        };
        // Errors themselves are never queued here: the calls tell them.
        if flags & MSG_ERRQUEUE != 0 {
            self.note_progress(id);
            let socket = self.socket_mut(id)?;
            return ended(socket.errors.tell(socket.family));
        }
        let socket = self.socket(id)?;
        let nonblocking = socket.nonblocking || flags & MSG_DONTWAIT != 0;
        let patience = Patience::of(nonblocking, socket.settings.receive_timeout);
        let target = match flags & MSG_WAITALL {
            0 => room.min(socket.settings.receive_low_water()),
            _ => room,
        };
        let receive = Receive {
            socket: id,
            name,
            flags,
            room,
            target: target.max(1),
            taken: Vec::new(),
            left: None,
        };
        self.begin(Operation::Receive(receive), patience)
    }

    pub(super) fn attempt_receive(&mut self, receive: &mut Receive) -> Option<Reply> {
        let view = match self.view(receive.socket) {
            Ok(view) => view,
            Err(errno) => return Some(Err(errno)),
        };
        if view.state == State::Listen {
            return Some(Err(Errno::ENOTCONN));
        }
        if receive.has(MSG_OOB) {
            return self.attempt_urgent(receive, &view);
        }
        self.take_text(receive);
        let view = self.view(receive.socket).ok()?;
        receive.left = self.left_to_read(receive.socket, &view);
        let empty_read = receive.room == 0 && view.status.is_some_and(|s| s.receive_queued > 0);
        if receive.taken.len() >= receive.target || empty_read {
            return Some(Ok(receive.reply()));
        }
        if !receive.taken.is_empty() {
            let over = view.has_error || view.read_is_shut || view.state == State::Closed;
            return over.then(|| Ok(receive.reply()));
        }
        self.nothing_to_read(receive, &view)
    }

    /// What `TCP_INQ` tells: octets that can be read, or one for the end of the stream.
    fn left_to_read(&self, id: SocketId, view: &View) -> Option<i32> {
        let wanted = self.socket(id).ok()?.settings.flag(IPPROTO_TCP, TCP_INQ);
        let queued = view.status.map_or(0, |status| status.receive_queued);
        let left = if queued == 0 && view.end_of_stream {
            1
        } else {
            i32::try_from(queued).unwrap_or(i32::MAX)
        };
        wanted.then_some(left)
    }

    /// What a read says that finds nothing: the end, an error (once), or that it has to wait.
    fn nothing_to_read(&mut self, receive: &mut Receive, view: &View) -> Option<Reply> {
        if view.end_of_stream {
            return Some(Ok(receive.reply()));
        }
        if let Some(errno) = self.take_error(receive.socket) {
            return Some(Err(errno));
        }
        if view.read_is_shut {
            return Some(Ok(receive.reply()));
        }
        (view.state == State::Closed).then_some(Err(Errno::ENOTCONN))
    }

    /// Takes text in order. It ends before the urgent octet; a read that begins there passes over it, unless
    /// `SO_OOBINLINE` is on.
    fn take_text(&mut self, receive: &mut Receive) {
        let peek = receive.has(MSG_PEEK);
        if peek {
            receive.taken.clear();
        }
        while receive.taken.len() < receive.room {
            let Ok(View {
                key: Some(key),
                status: Some(status),
                ..
            }) = self.view(receive.socket)
            else {
                return;
            };
            let mut most = receive.room - receive.taken.len();
            let mut skip = 0;
            match status.urgent_ahead {
                Some(1) if !receive.taken.is_empty() => return,
                Some(1) if !self.keeps_urgent_inline(receive.socket) => {
                    (most, skip) = if peek {
                        (most.saturating_add(1), 1)
                    } else {
                        (1, 1)
                    };
                }
                Some(ahead) if ahead > 1 => most = most.min(ahead - 1),
                _ => {}
            }
            let Ok(Received::Data(data)) = self.stack.receive(self.now, key, most, peek) else {
                return;
            };
            if data.is_empty() {
                return;
            }
            receive.taken.extend(data.iter().skip(skip));
            if peek {
                return;
            }
            if let Ok(socket) = self.socket_mut(receive.socket) {
                socket.octets_read += data.len() as u64;
            }
        }
    }

    fn keeps_urgent_inline(&self, id: SocketId) -> bool {
        self.socket(id)
            .is_ok_and(|socket| socket.settings.flag(SOL_SOCKET, SO_OOBINLINE))
    }

    /// The place in the stream of an urgent octet ahead that `MSG_OOB` has not given yet.
    pub(crate) fn urgent_place(&self, id: SocketId, view: &View) -> Option<(u64, usize)> {
        let socket = self.socket(id).ok()?;
        let ahead = view.status?.urgent_ahead.filter(|ahead| *ahead > 0)?;
        let place = socket.octets_read + ahead as u64;
        (socket.urgent_taken_at != Some(place)).then_some((place, ahead))
    }

    /// `MSG_OOB`: the urgent octet, wherever the read point is; it stays in the stream until that passes it.
    fn attempt_urgent(&mut self, receive: &mut Receive, view: &View) -> Option<Reply> {
        if self.keeps_urgent_inline(receive.socket) {
            return Some(Err(Errno::EINVAL));
        }
        let Some(key) = view.key else {
            return Some(Err(Errno::ENOTCONN));
        };
        let Some((place, ahead)) = self.urgent_place(receive.socket, view) else {
            return Some(Err(Errno::EINVAL));
        };
        match self.stack.receive(self.now, key, ahead, true) {
            Ok(Received::Data(data)) if data.len() == ahead => {
                receive.taken = data.last().copied().into_iter().collect();
                if !receive.has(MSG_PEEK)
                    && let Ok(socket) = self.socket_mut(receive.socket)
                {
                    socket.urgent_taken_at = Some(place);
                }
                Some(Ok(receive.reply()))
            }
            // The pointer came, the octet did not yet; `MSG_OOB` never waits.
            _ if view.read_is_shut => Some(Ok(receive.reply())),
            _ => Some(Err(Errno::EAGAIN)),
        }
    }
}
