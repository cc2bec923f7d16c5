//! `connect`.

use halfopen_target::posix::{IPPROTO_IPV6, IPV6_V6ONLY};
use halfopen_target::{Address, AddressFamily, Descriptor, Errno, Returned, State};
use std::net::SocketAddr;

use super::{Operation, Patience, Reply, Started, ended};
use crate::address::{self, Bound};
use crate::host::Host;
use crate::socket::{Association, SocketId};
use crate::{ActiveOpen, InProcessStack, errno};

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_connect(&mut self, fd: Descriptor, to: Address) -> Started {
        let id = self.table.find(fd)?;
        let Address::Inet(remote) = to else {
            self.disconnect(id)?;
            return ended(Ok(Returned::value(0)));
        };
        let socket = self.socket(id)?;
        let patience = Patience::of(socket.nonblocking, socket.settings.send_timeout);
        let again = match socket.association {
            Association::Connected => return Err(Errno::EISCONN.into()),
            Association::Connecting if socket.deferred.is_some() => {
                return Err(Errno::EISCONN.into());
            }
            Association::Connecting => true,
            Association::Unconnected if socket.listening => return Err(Errno::EISCONN.into()),
            Association::Unconnected => {
                if self.connect_fast(id, remote)? {
                    return ended(Ok(Returned::value(0)));
                }
                false
            }
        };
        self.begin(Operation::Connect { socket: id, again }, patience)
    }

    /// Opens a connection for a socket, perhaps with data; how many octets of it were taken.
    pub(super) fn open_connection(
        &mut self,
        id: SocketId,
        remote: SocketAddr,
        data: Option<&[u8]>,
    ) -> Result<usize, Errno> {
        let socket = self.socket(id)?;
        let (connection, known) = (socket.connection, socket.bound);
        let remote = address::to_wire(socket.family, remote)?;
        let family = address::family(remote.ip());
        let v6_only = socket.settings.flag(IPPROTO_IPV6, IPV6_V6ONLY);
        let is_mapped = socket.family == AddressFamily::Ipv6 && family == AddressFamily::Ipv4;
        // The drill's network has one family only.
        if family != self.wire() || (is_mapped && v6_only) {
            return Err(Errno::ENETUNREACH);
        }
        let options = socket.settings.stack_options(family);
        let local = match known {
            None => {
                let ip = address::unspecified(family);
                SocketAddr::new(ip, self.choose_port(ip, Some(remote), false)?)
            }
            Some(bound) if bound.ip.is_unspecified() => {
                SocketAddr::new(address::unspecified(family), bound.port)
            }
            Some(bound) if address::family(bound.ip) == family => bound.endpoint(),
            Some(_) => return Err(Errno::EINVAL),
        };
        let open = ActiveOpen {
            local,
            remote,
            options,
        };
        let opened = match data {
            Some(data) => self.stack.open_fast(self.now, &open, data),
            None => self.stack.open_active(self.now, &open).map(|key| (key, 0)),
        };
        let (key, taken) = opened.map_err(errno::of_active_open)?;
        self.connections.name(key, connection);
        let chosen = self.stack.status(key).map_or(local, |status| status.local);
        let socket = self.socket_mut(id)?;
        socket.key = Some(key);
        socket.association = Association::Connecting;
        socket.error = None;
        socket.bound = Some(Bound {
            ip: chosen.ip(),
            port: chosen.port(),
            dual_stack: false,
        });
        Ok(taken)
    }

    pub(super) fn attempt_connect(&mut self, id: SocketId) -> Option<Reply> {
        let view = match self.view(id) {
            Ok(view) => view,
            Err(errno) => return Some(Err(errno)),
        };
        match view.state {
            State::SynSent | State::SynReceived => None,
            State::Closed => {
                // SO_ERROR may have been asked for the reason already.
                let error = self.take_error(id).unwrap_or(Errno::ECONNABORTED);
                Some(self.disconnect(id).and(Err(error)))
            }
            _ => Some(self.socket_mut(id).map(|socket| {
                socket.association = Association::Connected;
                Returned::value(0)
            })),
        }
    }
}
