//! Everything that writes: `write`, `writev`, `send`, `sendto`, `sendmsg`.

use halfopen_target::posix::*;
use halfopen_target::{Address, Capability, Descriptor, Errno, Returned, State};

use super::{Operation, Patience, Refusal, Reply, Started, ended};
use crate::host::Host;
use crate::option::numbers::MSG_FASTOPEN;
use crate::socket::{Association, SocketId};
use crate::{InProcessStack, SendFlags, StackOption};

/// A call that writes.
#[derive(Debug)]
pub(crate) struct Send {
    pub(super) socket: SocketId,
    data: Vec<u8>,
    sent: usize,
    flags: SendFlags,
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

    fn reply(&self) -> Returned {
        Returned::value(i64::try_from(self.sent).unwrap_or(i64::MAX))
    }
}

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_send(
        &mut self,
        fd: Descriptor,
        buffers: &[Vec<u8>],
        flags: i32,
        address: Option<Address>,
    ) -> Started {
        let id = self.table.find(fd)?;
        let data = buffers.concat();
        let opening = flags & MSG_FASTOPEN != 0;
        let nonblocking = self.socket(id)?.nonblocking || flags & MSG_DONTWAIT != 0;
        let sent = if opening {
            self.open_with_data(id, address, &data, nonblocking)?
        } else {
            0
        };
        let socket = self.socket(id)?;
        let patience = Patience::of(nonblocking, socket.settings.send_timeout);
        let send = Send {
            socket: id,
            data,
            sent,
            flags: SendFlags {
                urgent: flags & MSG_OOB != 0,
                more: flags & MSG_MORE != 0,
            },
            opening,
        };
        match patience {
            // Linux: the handshake goes on, and asks for a cookie.
            Patience::None if flags & MSG_FASTOPEN != 0 && sent == 0 => {
                Err(Errno::EINPROGRESS.into())
            }
            Patience::None if flags & MSG_FASTOPEN != 0 => ended(Ok(send.reply())),
            patience => self.begin(Operation::Send(send), patience),
        }
    }

    /// `MSG_FASTOPEN`: connects, with as much of the data in the SYN as the stack takes; the rest of it waits behind the
    /// handshake if the call does.
    fn open_with_data(
        &mut self,
        id: SocketId,
        address: Option<Address>,
        data: &[u8],
        nonblocking: bool,
    ) -> Result<usize, Refusal> {
        if !self.stack.supports(StackOption::FastOpen(1)) {
            let reason = "the stack has no fast open";
            return Err(self.lacks(Capability::FastOpen, reason).into());
        }
        let Some(Address::Inet(remote)) = address else {
            return Err(Errno::EINVAL.into());
        };
        let socket = self.socket(id)?;
        if socket.listening || socket.association != Association::Unconnected {
            return Err(Errno::EISCONN.into());
        }
        let taken = self.open_connection(id, remote, Some(data))?;
        let rest = data.get(taken..).unwrap_or_default();
        match self.socket(id)?.key {
            Some(key) if !nonblocking && !rest.is_empty() => {
                let queued = self.stack.send(self.now, key, rest, SendFlags::default());
                Ok(taken + queued.unwrap_or(0))
            }
            _ => Ok(taken),
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
            Ok(taken) => send.sent = send.sent.saturating_add(taken).min(send.data.len()),
            Err(_) => return Some(self.broken(send)),
        }
        (send.sent == send.data.len()).then(|| Ok(send.reply()))
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
