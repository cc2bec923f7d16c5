//! `socket`, `bind` and `listen`.

use halfopen_target::posix::*;
use halfopen_target::{Address, AddressFamily, Capability, Descriptor, Errno, Returned, State};
use std::net::{IpAddr, SocketAddr};

use super::{Reply, Started, ended};
use crate::address::{self, Bound};
use crate::host::Host;
use crate::option::numbers::{IP_FREEBIND, IPV6_FREEBIND};
use crate::socket::{Association, Socket, SocketId};
use crate::{InProcessStack, PassiveOpen, errno};

const SOCK_RAW: i32 = 3;
const SOCK_MAX: i32 = 11;
/// The ports that the host picks from when the stack leaves the choice to it, as Linux does by default.
const EPHEMERAL: (u16, u16) = (32_768, 60_999);
/// How often the stack is asked for a port before the host chooses.
const CHOICES: usize = 16;

impl<S: InProcessStack> Host<S> {
    pub(super) fn open_socket(&mut self, domain: i32, kind: i32, protocol: i32) -> Started {
        let family = match domain {
            AF_INET => AddressFamily::Ipv4,
            AF_INET6 => AddressFamily::Ipv6,
            _ => return Err(Errno::EAFNOSUPPORT.into()),
        };
        let sort = kind & SOCK_TYPE_MASK;
        let flags = kind & !SOCK_TYPE_MASK;
        if flags & !(SOCK_NONBLOCK | SOCK_CLOEXEC) != 0 || sort >= SOCK_MAX {
            return Err(Errno::EINVAL.into());
        }
        match (sort, protocol) {
            (SOCK_STREAM, IPPROTO_IP | IPPROTO_TCP) => {}
            (SOCK_DGRAM, IPPROTO_IP | IPPROTO_UDP) => {
                let reason = "the host gives stream sockets only";
                return Err(self.lacks(Capability::Udp, reason).into());
            }
            (SOCK_RAW, _) => return Err(Errno::EPERM.into()),
            (SOCK_STREAM | SOCK_DGRAM, _) => return Err(Errno::EPROTONOSUPPORT.into()),
            _ => return Err(Errno::ESOCKTNOSUPPORT.into()),
        }
        if !self.table.has_room() {
            return Err(Errno::EMFILE.into());
        }
        let connection = self.connections.new_id();
        let mut socket = Socket::new(connection, family);
        socket.nonblocking = flags & SOCK_NONBLOCK != 0;
        let fd = self.table.open(socket, flags & SOCK_CLOEXEC != 0)?;
        ended(Ok(Returned {
            connection: Some(connection),
            ..Returned::value(i64::from(fd))
        }))
    }

    pub(super) fn bind(&mut self, fd: Descriptor, wanted: Address) -> Reply {
        let id = self.table.find(fd)?;
        let socket = self.socket(id)?;
        let at = address::to_bind(socket.family, wanted)?;
        if socket.bound.is_some() || socket.key.is_some() {
            return Err(Errno::EINVAL);
        }
        let mapped = socket.family == AddressFamily::Ipv6 && at.is_ipv4();
        if mapped && socket.settings.flag(IPPROTO_IPV6, IPV6_V6ONLY) {
            return Err(Errno::EINVAL);
        }
        let is_free = socket.settings.flag(IPPROTO_IP, IP_FREEBIND)
            || socket.settings.flag(IPPROTO_IPV6, IPV6_FREEBIND);
        if !is_free {
            self.check_local(at.ip())?;
        }
        let dual_stack =
            at.ip().is_unspecified() && at.is_ipv6() && self.socket(id)?.is_dual_stack();
        let port = match at.port() {
            0 => self.choose_port(at.ip(), None, dual_stack)?,
            port => port,
        };
        let bound = Bound {
            ip: at.ip(),
            port,
            dual_stack,
        };
        if self.is_taken(bound, id)? {
            return Err(Errno::EADDRINUSE);
        }
        let socket = self.socket_mut(id)?;
        socket.bound = Some(bound);
        socket.bound_by_user = true;
        Ok(Returned::value(0))
    }

    fn check_local(&self, ip: IpAddr) -> Result<(), Errno> {
        match ip {
            _ if ip.is_unspecified() || ip == self.local_ip => Ok(()),
            // Linux takes a group or broadcast address for IPv4, but no stream can come of it.
            IpAddr::V6(_) if ip.is_multicast() => Err(Errno::EINVAL),
            _ => Err(Errno::EADDRNOTAVAIL),
        }
    }

    /// Whether another socket, or what remains of one, keeps this one from being bound there.
    fn is_taken(&mut self, bound: Bound, id: SocketId) -> Result<bool, Errno> {
        let socket = self.socket(id)?;
        let reuse_addr = socket.settings.flag(SOL_SOCKET, SO_REUSEADDR);
        let reuse_port = socket.settings.flag(SOL_SOCKET, SO_REUSEPORT);
        let clash = self.table.sockets().any(|(other_id, other)| {
            let Some(there) = other.bound.filter(|_| other_id != id) else {
                return false;
            };
            let both_ports = reuse_port && other.settings.flag(SOL_SOCKET, SO_REUSEPORT);
            let both_addrs = reuse_addr && other.settings.flag(SOL_SOCKET, SO_REUSEADDR);
            there.overlaps(bound) && !both_ports && (other.listening || !both_addrs)
        });
        if clash {
            return Ok(true);
        }
        let stack = &self.stack;
        self.connections.retain_orphans(|key| {
            stack
                .status(key)
                .is_some_and(|status| status.state != State::Closed)
        });
        let held = self
            .connections
            .orphans()
            .any(|orphan| orphan.bound.overlaps(bound) && !(reuse_addr && orphan.reuse_addr));
        Ok(held)
    }

    /// A free port: the stack's choice if it makes one (zero if it does so later), else the host's.
    pub(super) fn choose_port(
        &mut self,
        ip: IpAddr,
        remote: Option<SocketAddr>,
        dual_stack: bool,
    ) -> Result<u16, Errno> {
        // The stack knows nothing of sockets that are bound but not open: its choice may clash with one.
        for _ in 0..CHOICES {
            match self.stack.unused_port(ip, remote) {
                Some(0) => return Ok(0),
                Some(port) if self.is_unused(ip, port, dual_stack) => return Ok(port),
                Some(_) => {}
                None => break,
            }
        }
        let (first, last) = EPHEMERAL;
        let count = u64::from(last - first) + 1;
        // The seed decides where to begin, so that a drill repeats and two drills differ.
        let begin = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        (0..count)
            .map(|step| first + ((begin + step) % count) as u16)
            .find(|port| self.is_unused(ip, *port, dual_stack))
            .ok_or(Errno::EADDRINUSE)
    }

    fn is_unused(&self, ip: IpAddr, port: u16, dual_stack: bool) -> bool {
        let wanted = Bound {
            ip,
            port,
            dual_stack,
        };
        let mut sockets = self.table.sockets().filter_map(|(_, socket)| socket.bound);
        let mut orphans = self.connections.orphans().map(|orphan| orphan.bound);
        !sockets.any(|other| other.overlaps(wanted)) && !orphans.any(|o| o.overlaps(wanted))
    }

    pub(super) fn listen(&mut self, fd: Descriptor, backlog: i32) -> Reply {
        let id = self.table.find(fd)?;
        // Like Linux, a negative backlog is taken for a huge one.
        let backlog = usize::try_from(backlog)
            .unwrap_or(usize::MAX)
            .min(self.limits.somaxconn);
        let socket = self.socket(id)?;
        if socket.listening {
            if let Some(key) = socket.key {
                self.stack.set_backlog(key, backlog);
            }
            return Ok(Returned::value(0));
        }
        if socket.association != Association::Unconnected {
            return Err(Errno::EINVAL);
        }
        let bound = match socket.bound {
            Some(bound) => bound,
            None => self.bind_anywhere(id)?,
        };
        if self.is_taken(bound, id)? {
            return Err(Errno::EADDRINUSE);
        }
        let socket = self.socket(id)?;
        let family = match bound.dual_stack {
            true => self.wire(),
            false => address::family(bound.ip),
        };
        let open = PassiveOpen {
            local: bound.endpoint(),
            dual_stack: bound.dual_stack,
            backlog,
            options: socket.settings.stack_options(family),
        };
        let connection = socket.connection;
        let key = self
            .stack
            .open_passive(self.now, &open)
            .map_err(errno::of_passive_open)?;
        self.connections.name(key, connection);
        let socket = self.socket_mut(id)?;
        socket.key = Some(key);
        socket.listening = true;
        socket.bound = Some(bound);
        socket.error = None;
        Ok(Returned::value(0))
    }

    fn bind_anywhere(&mut self, id: SocketId) -> Result<Bound, Errno> {
        let socket = self.socket(id)?;
        let ip = address::unspecified(socket.family);
        let dual_stack = socket.is_dual_stack();
        Ok(Bound {
            ip,
            port: self.choose_port(ip, None, dual_stack)?,
            dual_stack,
        })
    }
}
