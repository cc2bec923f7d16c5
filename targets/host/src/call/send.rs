//! Everything that writes: `write`, `writev`, `send`, `sendto`, `sendmsg`.

use halfopen_target::posix::*;
use halfopen_target::{Address, CallName, Capability, Descriptor, Errno, Returned, State};

use super::{Operation, Patience, Refusal, Reply, Started, ended};
use crate::host::Host;
use crate::option::numbers::{MSG_EOR, MSG_FASTOPEN, MSG_ZEROCOPY, SO_ZEROCOPY};
use crate::socket::{Association, SocketId};
use crate::table::Object;
use crate::{InProcessStack, SendFlags, StackOption};

/// A call that writes.
#[derive(Debug)]
pub(crate) struct Send {
    pub(super) socket: SocketId,
    data: Vec<u8>,
    sent: usize,
    flags: SendFlags,
    /// The user wants to know when the buffers are free again.
    zero_copy: bool,
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
    ) -> Started {
        let data = buffers.concat();
        let id = match self.table.object(fd)? {
            Object::Socket(id) => id,
            Object::File(id) => return self.start_write_file(name, id, data),
        };
        let mut opening = flags & MSG_FASTOPEN != 0;
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
            opening,
        };
        match patience {
            // Linux: the handshake goes on, and asks for a cookie.
            Patience::None if opening && sent == 0 => Err(Errno::EINPROGRESS.into()),
            Patience::None if opening => {
                self.note_zero_copy(&send);
                ended(Ok(send.reply()))
            }
            patience => self.begin(Operation::Send(send), patience),
        }
    }

    /// `MSG_FASTOPEN`: connects, with as much of the data in the SYN as the stack takes; the rest of it waits behind the
    /// handshake if the call does. How much was taken; none where the connection was open already.
    fn open_with_data(
        &mut self,
        id: SocketId,
        address: Option<Address>,
        data: &[u8],
        nonblocking: bool,
    ) -> Result<Option<usize>, Refusal> {
        if !self.stack.supports(StackOption::FastOpen(1)) {
            let reason = "the stack has no fast open";
            return Err(self.lacks(Capability::FastOpen, reason).into());
        }
        let Some(Address::Inet(remote)) = address else {
            return Err(Errno::EOPNOTSUPP.into());
        };
        let view = self.view(id)?;
        let socket = self.socket_mut(id)?;
        if socket.association == Association::Connecting && view.state == State::Established {
            // A `connect` that did not wait is over now.
            socket.association = Association::Connected;
            return Ok(None);
        }
        if socket.listening || socket.association != Association::Unconnected {
            return Err(Errno::EISCONN.into());
        }
        let taken = self.open_connection(id, remote, Some(data))?;
        let rest = data.get(taken..).unwrap_or_default();
        match self.socket(id)?.key {
            Some(key) if !nonblocking && !rest.is_empty() => {
                let queued = self.stack.send(self.now, key, rest, SendFlags::default());
                Ok(Some(taken + queued.unwrap_or(0)))
            }
            _ => Ok(Some(taken)),
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
        let rest = send.data.get(send.sent..).unwrap_or_default();
        match self.stack.send(self.now, key, rest, send.flags) {
            Ok(taken) => {
                send.sent = send.sent.saturating_add(taken).min(send.data.len());
                if let Ok(socket) = self.socket_mut(send.socket) {
                    socket.octets_sent += taken as u64;
                }
            }
            Err(_) => return Some(self.broken(send)),
        }
        if send.sent < send.data.len() {
            if let Ok(socket) = self.socket_mut(send.socket) {
                socket.wants_space = true;
            }
            return None;
        }
        self.note_zero_copy(send);
        Some(Ok(send.reply()))
    }

    /// A send is over whose buffers the user waits for.
    fn note_zero_copy(&mut self, send: &Send) {
        if let Ok(socket) = self.socket_mut(send.socket)
            && send.zero_copy
            && send.sent > 0
        {
            let end = socket.octets_sent;
            socket.zero_copy.sent(end);
        }
    }

    /// Looks how much of what was sent the remote has.
    pub(crate) fn note_acknowledged(&mut self, id: SocketId) {
        let queued = self
            .view(id)
            .ok()
            .and_then(|view| view.status)
            .map_or(0, |status| status.send_queued);
        if let Ok(socket) = self.socket_mut(id) {
            let acknowledged = socket.octets_sent.saturating_sub(queued as u64);
            socket.zero_copy.acknowledged(acknowledged);
        }
    }

    /// What is left of a write on a connection that takes no more: what it took before, else the pending
    /// error, else `EPIPE`.
    fn broken(&mut self, send: &Send) -> Reply {
        if send.sent > 0 && !send.opening {
            return Ok(send.reply());
        }
        Err(self.take_error(send.socket).unwrap_or(Errno::EPIPE))
    }
}
