//! Fast open for clients (RFC 7413): `MSG_FASTOPEN`, and `connect` with `TCP_FASTOPEN_CONNECT`.

use std::net::SocketAddr;

use halfopen_target::posix::IPPROTO_TCP;
use halfopen_target::{Address, Capability, Errno, State};

use super::Refusal;
use crate::address;
use crate::host::Host;
use crate::option::numbers::{TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE};
use crate::socket::{Association, SocketId};
use crate::{InProcessStack, SendFlags, StackOption};

impl<S: InProcessStack> Host<S> {
    /// `connect`: opens at once, or, where fast open is wanted and can be had, with the first data; whether it waits for those.
    pub(super) fn connect_fast(&mut self, id: SocketId, remote: SocketAddr) -> Result<bool, Errno> {
        let socket = self.socket(id)?;
        if !socket.settings.flag(IPPROTO_TCP, TCP_FASTOPEN_CONNECT) {
            self.open_connection(id, remote, None)?;
            return Ok(false);
        }
        let without_cookie = socket.settings.flag(IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE);
        let on_wire = address::to_wire(socket.family, remote)?;
        if without_cookie || self.stack.knows_cookie(on_wire.ip()) {
            let socket = self.socket_mut(id)?;
            socket.deferred = Some(remote);
            socket.association = Association::Connecting;
            return Ok(true);
        }
        // The SYN asks for a cookie.
        self.open_connection(id, remote, Some(&[]))?;
        Ok(false)
    }

    /// `MSG_FASTOPEN`, or the first write after such a `connect`: connects, with as much of the data in the SYN as the stack
    /// takes; the rest of it waits behind the handshake if the call does. How much was taken; none where the connection was open
    /// already, or is being opened and the call waits for that.
    pub(super) fn open_with_data(
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
        let named = match address {
            Some(Address::Inet(remote)) => Some(remote),
            _ => None,
        };
        let remote = self.socket(id)?.deferred.or(named);
        let remote = remote.ok_or(Errno::EOPNOTSUPP)?;
        let view = self.view(id)?;
        let socket = self.socket_mut(id)?;
        match socket.association {
            _ if socket.listening => return Err(Errno::EISCONN.into()),
            Association::Connected => return Err(Errno::EISCONN.into()),
            Association::Connecting if socket.deferred.is_none() => {
                return match view.state {
                    State::SynSent | State::SynReceived if nonblocking => {
                        Err(Errno::EALREADY.into())
                    }
                    State::SynSent | State::SynReceived | State::Closed => Ok(None),
                    _ => {
                        // A `connect` that did not wait is over now.
                        socket.association = Association::Connected;
                        Ok(None)
                    }
                };
            }
            Association::Unconnected | Association::Connecting => {}
        }
        if socket.deferred.take().is_some() {
            socket.association = Association::Unconnected;
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
}
