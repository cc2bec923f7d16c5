//! Everything that writes: `write`, `writev`, `send`, `sendto`, `sendmsg`.

use halfopen_target::posix::*;
use halfopen_target::{
    Address, CallName, ControlData, ControlMessage, Descriptor, Errno, Returned, State,
};

use std::collections::VecDeque;

use super::poll::has_room;
use super::{Operation, Patience, Reply, Started, ended};
use crate::host::Host;
use crate::option::numbers::{MSG_EOR, MSG_FASTOPEN, MSG_ZEROCOPY, SO_TIMESTAMPING, SO_ZEROCOPY};
use crate::socket::{Association, SocketId};
use crate::table::Object;
use crate::timestamping::Progress;
use crate::{InProcessStack, Key, SendFlags};

/// A call that writes.
#[derive(Debug)]
pub(crate) struct Send {
    pub(super) socket: SocketId,
    data: Vec<u8>,
    sent: usize,
    flags: SendFlags,
    /// The user wants to know when the buffers are free again.
    zero_copy: bool,
    /// Which timestamps the user wants of it, if it says so.
    stamps: Option<u32>,
    /// Offsets in the data after which a segment ends.
    breaks: VecDeque<usize>,
    /// It found no room, and goes on when there is enough of it to be worth it.
    waits: bool,
    /// It opened the connection, and the handshake is not over: nothing counts as sent yet.
    opening: bool,
}

impl Send {
    /// What was taken until now, or that nothing was.
    pub(super) fn give_up(&self) -> Reply {
        match self.sent {
            0 => Err(Errno::EAGAIN),
            _ => Ok(self.reply()),
        }
    }

    /// Octets that another descriptor gives.
    pub(super) fn of(socket: SocketId, data: Vec<u8>, more: bool) -> Self {
        Self {
            socket,
            data,
            sent: 0,
            flags: SendFlags {
                more,
                ..SendFlags::default()
            },
            zero_copy: false,
            stamps: None,
            breaks: VecDeque::new(),
            waits: false,
            opening: false,
        }
    }

    pub(super) const fn sent(&self) -> usize {
        self.sent
    }

    fn reply(&self) -> Returned {
        Returned::value(i64::try_from(self.sent).unwrap_or(i64::MAX))
    }
}

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_send(
        &mut self,
        name: CallName,
        fd: Descriptor,
        buffers: &[Vec<u8>],
        flags: i32,
        address: Option<Address>,
        control: &[ControlMessage],
    ) -> Started {
        let data = buffers.concat();
        let id = match self.table.object(fd)? {
            Object::Socket(id) => id,
            Object::File(id) => return self.start_write_file(name, id, data),
        };
        let deferred = self.socket(id)?.deferred;
        let mut opening = flags & MSG_FASTOPEN != 0 || deferred.is_some();
        let nonblocking = self.socket(id)?.nonblocking || flags & MSG_DONTWAIT != 0;
        let sent = if opening {
            let taken = self.open_with_data(id, address, &data, nonblocking)?;
            opening = taken.is_some();
            taken.unwrap_or(0)
        } else {
            0
        };
        let socket = self.socket_mut(id)?;
        socket.octets_sent += sent as u64;
        let zero_copy = flags & MSG_ZEROCOPY != 0 && socket.settings.flag(SOL_SOCKET, SO_ZEROCOPY);
        let patience = Patience::of(nonblocking, socket.settings.send_timeout);
        let breaks = match zero_copy {
            true => breaks(buffers, self.stack.fragments_per_segment()),
            false => VecDeque::new(),
        };
        let send = Send {
            socket: id,
            data,
            sent,
            flags: SendFlags {
                urgent: flags & MSG_OOB != 0,
                more: flags & MSG_MORE != 0,
                end_of_record: flags & MSG_EOR != 0,
            },
            zero_copy,
            stamps: own_stamps(control),
            breaks,
            waits: false,
            opening,
        };
        match patience {
            // Linux: the handshake goes on, and asks for a cookie.
            Patience::None if opening && sent == 0 => Err(Errno::EINPROGRESS.into()),
            Patience::None if opening => {
                self.note_end(&send);
                ended(Ok(send.reply()))
            }
            patience => self.begin(Operation::Send(send), patience),
        }
    }

    pub(super) fn attempt_send(&mut self, send: &mut Send) -> Option<Reply> {
        let view = match self.view(send.socket) {
            Ok(view) => view,
            Err(errno) => return Some(Err(errno)),
        };
        // A socket that was accepted before the handshake is over may answer already (fast open).
        let answers_early = self
            .socket(send.socket)
            .is_ok_and(|socket| socket.association == Association::Connected);
        let waits_for_handshake = match view.state {
            State::SynSent => true,
            State::SynReceived => !answers_early,
            _ => false,
        };
        if view.has_error || view.write_is_shut {
            return Some(self.broken(send));
        }
        if waits_for_handshake {
            return None;
        }
        send.opening = false;
        let (State::SynReceived | State::Established | State::CloseWait, Some(key)) =
            (view.state, view.key)
        else {
            return Some(self.broken(send));
        };
        if send.waits && !has_room(&view) {
            return None;
        }
        if !self.give(send, key) {
            return Some(self.broken(send));
        }
        if send.sent < send.data.len() {
            send.waits = true;
            if let Ok(socket) = self.socket_mut(send.socket) {
                socket.wants_space = true;
            }
            return None;
        }
        self.note_end(send);
        Some(Ok(send.reply()))
    }

    /// Gives the stack what it takes now, piece by piece; whether the connection can take any.
    fn give(&mut self, send: &mut Send, key: Key) -> bool {
        loop {
            let end = send.breaks.front().copied();
            let until = end.unwrap_or(send.data.len());
            let flags = SendFlags {
                end_of_record: send.flags.end_of_record || end.is_some(),
                more: send.flags.more && end.is_none(),
                ..send.flags
            };
            let piece = send.data.get(send.sent..until).unwrap_or_default();
            let Ok(taken) = self.stack.send(self.now, key, piece, flags) else {
                return false;
            };
            send.sent = send.sent.saturating_add(taken).min(until);
            if let Ok(socket) = self.socket_mut(send.socket) {
                socket.octets_sent += taken as u64;
            }
            if send.sent < until || send.breaks.pop_front().is_none() {
                return true;
            }
        }
    }

    /// A send is over of which the user wants to know more.
    pub(super) fn note_end(&mut self, send: &Send) {
        if let Ok(socket) = self.socket_mut(send.socket)
            && send.sent > 0
        {
            let end = socket.octets_sent;
            socket.timestamping.mark(end, send.stamps);
            if send.zero_copy {
                socket.zero_copy.sent(end);
            }
        }
    }

    /// How far the octets of a socket have come; none without a connection.
    pub(crate) fn progress(&self, id: SocketId) -> Option<Progress> {
        let view = self.view(id).ok()?;
        let written = self.socket(id).ok()?.octets_sent;
        let status = view.status?;
        Some(Progress {
            written,
            sent: written.saturating_sub(status.unsent as u64),
            acknowledged: written.saturating_sub(status.send_queued as u64),
        })
    }

    /// Looks how much of what was sent has left, and how much the remote has.
    pub(crate) fn note_progress(&mut self, id: SocketId) {
        let now = self.now;
        let is_over = self.view(id).is_ok_and(|view| view.state == State::Closed);
        let progress = self.progress(id);
        let Ok(socket) = self.socket_mut(id) else {
            return;
        };
        // What a connection had queued when it ended is let go of: its buffers are free, but it did not arrive.
        let free = progress.map_or(socket.octets_sent, |progress| progress.acknowledged);
        if let Some(progress) = progress.filter(|_| !is_over) {
            for stamp in socket.timestamping.advance(progress, now) {
                socket.errors.stamp(stamp);
            }
        }
        while let Some(number) = socket.zero_copy.acknowledged(free) {
            socket.errors.zero_copy(number);
        }
    }

    /// What is left of a write on a connection that takes no more: what it took before, else the pending
    /// error, else `EPIPE`.
    fn broken(&mut self, send: &Send) -> Reply {
        if send.sent > 0 && !send.opening {
            self.note_end(send);
            return Ok(send.reply());
        }
        Err(self.take_error(send.socket).unwrap_or(Errno::EPIPE))
    }
}

/// Where segments end whose octets lie in as many places as one may have: the buffers of a send that are not copied.
fn breaks(buffers: &[Vec<u8>], most: Option<usize>) -> VecDeque<usize> {
    let Some(most) = most else {
        return VecDeque::new();
    };
    let mut breaks = VecDeque::new();
    let (mut end, mut places) = (0, 0);
    for buffer in buffers.iter().filter(|buffer| !buffer.is_empty()) {
        if places == most {
            breaks.push_back(end);
            places = 0;
        }
        end += buffer.len();
        places += 1;
    }
    breaks
}

/// The `SO_TIMESTAMPING` that a send brings along.
fn own_stamps(control: &[ControlMessage]) -> Option<u32> {
    control.iter().find_map(|message| match message.data {
        ControlData::Int(flags) if message.level == SOL_SOCKET => {
            (message.kind == SO_TIMESTAMPING).then_some(flags.cast_unsigned())
        }
        _ => None,
    })
}
