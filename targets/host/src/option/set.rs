//! `setsockopt`: what each option accepts, and what it means to the stack.

use halfopen_target::posix::*;
use halfopen_target::{
    AddressFamily, Capability, Descriptor, Duration, Errno, OptionValue, Returned, State,
};

use super::numbers::*;
use super::value;
use crate::call::{Refusal, Reply};
use crate::host::Host;
use crate::limits::Limits;
use crate::socket::{self, SocketId};
use crate::timestamping::Timestamping;
use crate::{InProcessStack, StackOption};

/// The least buffers that Linux gives, in octets, doubling included.
const LEAST_SEND_BUFFER: i32 = 4_608;
const LEAST_RECEIVE_BUFFER: i32 = 2_304;
/// The longest FIN-WAIT-2 that `TCP_LINGER2` asks for, in seconds.
const LONGEST_LINGER2: i32 = 120;

/// An option's value as `getsockopt` will show it, and what it means to the stack.
type Setting = (i32, Option<StackOption>);

impl<S: InProcessStack> Host<S> {
    pub(crate) fn set_socket_option(
        &mut self,
        fd: Descriptor,
        option: (i32, i32),
        value: &OptionValue,
        length: Option<u32>,
    ) -> Result<Reply, Refusal> {
        let id = self.table.find(fd)?;
        let (level, name) = option;
        let has_fast_open = self.stack.supports(StackOption::FastOpen(1));
        if level == IPPROTO_TCP && is_fast_open(name) && !has_fast_open {
            let reason = "the stack has no fast open";
            return Err(self.lacks(Capability::FastOpen, reason).into());
        }
        if option == (SOL_SOCKET, SO_TIMESTAMPING) {
            return self.set_timestamping(id, value, length);
        }
        Ok(self.set_option(id, (level, name), value, length))
    }

    fn set_timestamping(
        &mut self,
        id: SocketId,
        value: &OptionValue,
        length: Option<u32>,
    ) -> Result<Reply, Refusal> {
        let flags = value::to_int(value, length)?.cast_unsigned();
        if Timestamping::wants_statistics(flags) {
            let reason = "the host gives no statistics with timestamps";
            return Err(self.lacks(Capability::TcpInfo, reason).into());
        }
        let is_open = !matches!(self.view(id)?.state, State::Closed | State::Listen);
        let progress = self.progress(id).filter(|_| is_open);
        let set = self.socket_mut(id)?.timestamping.set(flags, progress);
        Ok(set.map(|()| Returned::value(0)))
    }

    fn set_option(
        &mut self,
        id: SocketId,
        option: (i32, i32),
        value: &OptionValue,
        length: Option<u32>,
    ) -> Reply {
        let family = self.socket(id)?.family;
        let settings = &mut self.socket_mut(id)?.settings;
        match option {
            (SOL_SOCKET, SO_LINGER) => match value::to_linger(value, length)? {
                (true, seconds) => settings.linger = (true, seconds),
                // Switched off, it keeps its time.
                (false, _) => settings.linger.0 = false,
            },
            (SOL_SOCKET, SO_RCVTIMEO) => {
                settings.receive_timeout = value::to_timeout(value, length)?;
            }
            (SOL_SOCKET, SO_SNDTIMEO) => settings.send_timeout = value::to_timeout(value, length)?,
            (IPPROTO_TCP, TCP_CONGESTION) => {
                let name = value::bytes_of(value, length);
                let known = self.stack.defaults().congestion_control;
                let name = name.split(|octet| *octet == 0).next().unwrap_or_default();
                if name != known.as_bytes() {
                    return Err(Errno::ENOENT);
                }
            }
            (IPPROTO_TCP, TCP_FASTOPEN_KEY) => return self.set_fast_open_key(id, value, length),
            (IPPROTO_IP, IP_OPTIONS) => return self.set_ip_options(id, value, length),
            (level, name) => {
                let value = match level {
                    IPPROTO_IP => value::to_short_int(value, length)?,
                    _ => value::to_int(value, length)?,
                };
                let setting = match level {
                    SOL_SOCKET => of_socket(name, value, &self.limits, self.capacity(id)?)?,
                    IPPROTO_TCP => {
                        self.check_fast_open(id, name, value)?;
                        of_tcp(name, value)?
                    }
                    IPPROTO_IP => of_ip(name, value, self.stack.defaults().ttl)?,
                    IPPROTO_IPV6 if family == AddressFamily::Ipv6 => {
                        self.of_ipv6(id, name, value)?
                    }
                    _ => return Err(Errno::ENOPROTOOPT),
                };
                self.apply(id, (level, stored_as(level, name)), setting)?;
            }
        }
        Ok(Returned::value(0))
    }

    /// Remembers a setting, and passes it on if there is a connection already.
    fn apply(&mut self, id: SocketId, option: (i32, i32), setting: Setting) -> Result<(), Errno> {
        let (level, name) = option;
        let (value, for_stack) = setting;
        if let Some(wanted) = for_stack {
            self.pass_on(id, level, wanted)?;
        }
        let settings = &mut self.socket_mut(id)?.settings;
        settings.set(level, name, value, for_stack);
        Ok(())
    }

    /// Tells the stack, if it can do this, and if there is a connection that it concerns.
    pub(super) fn pass_on(
        &mut self,
        id: SocketId,
        level: i32,
        wanted: StackOption,
    ) -> Result<(), Errno> {
        if !self.stack.supports(wanted) {
            return Err(Errno::ENOPROTOOPT);
        }
        let view = self.view(id)?;
        let wire = match view.status.map(|status| status.local.ip()) {
            Some(ip) if !ip.is_unspecified() => crate::address::family(ip),
            _ => self.wire(),
        };
        let is_alive = view.state != State::Closed;
        if let Some(key) = view
            .key
            .filter(|_| is_alive && socket::concerns(level, wire))
        {
            self.stack.set_option(self.now, key, wanted);
        }
        Ok(())
    }

    /// Octets that the receive buffer holds.
    fn capacity(&self, id: SocketId) -> Result<i32, Errno> {
        let set = self.socket(id)?.settings.int(SOL_SOCKET, SO_RCVBUF);
        let octets = self.stack.defaults().receive_buffer;
        Ok(set.map_or_else(
            || i32::try_from(octets).unwrap_or(i32::MAX),
            |twice| twice / 2,
        ))
    }

    fn of_ipv6(&self, id: SocketId, name: i32, value: i32) -> Result<Setting, Errno> {
        let defaults = self.stack.defaults();
        match name {
            IPV6_V6ONLY if self.socket(id)?.bound.is_some() => Err(Errno::EINVAL),
            IPV6_V6ONLY | IPV6_RECVERR | IPV6_FREEBIND => flag(value),
            IPV6_UNICAST_HOPS => hops(value, -1, defaults.ttl),
            IPV6_TCLASS => {
                let class = in_range(value, -1, 255)?;
                let octet = u8::try_from(class).unwrap_or(defaults.traffic_class);
                Ok((i32::from(octet), Some(StackOption::TrafficClass(octet))))
            }
            IPV6_MTU_DISCOVER => path_mtu_discovery(value),
            _ => Err(Errno::ENOPROTOOPT),
        }
    }
}

/// Options of fast open (RFC 7413).
pub(crate) const fn is_fast_open(name: i32) -> bool {
    matches!(
        name,
        TCP_FASTOPEN | TCP_FASTOPEN_CONNECT | TCP_FASTOPEN_KEY | TCP_FASTOPEN_NO_COOKIE
    )
}

/// The forced variants of the buffer sizes are read back by the plain names.
const fn stored_as(level: i32, name: i32) -> i32 {
    match (level, name) {
        (SOL_SOCKET, SO_SNDBUFFORCE) => SO_SNDBUF,
        (SOL_SOCKET, SO_RCVBUFFORCE) => SO_RCVBUF,
        _ => name,
    }
}

fn of_socket(name: i32, value: i32, limits: &Limits, capacity: i32) -> Result<Setting, Errno> {
    match name {
        // Routing, queueing and debugging have no counterpart in a stack without a network behind it.
        SO_DEBUG | SO_DONTROUTE | SO_BROADCAST => flag(value),
        SO_PRIORITY | SO_MARK => Ok((value, None)),
        SO_ZEROCOPY => Ok((in_range(value, 0, 1)?, None)),
        SO_BUSY_POLL => Ok((in_range(value, 0, i32::MAX)?, None)),
        SO_REUSEADDR | SO_REUSEPORT | SO_OOBINLINE => flag(value),
        SO_KEEPALIVE => Ok((bit(value), Some(StackOption::KeepAlive(value != 0)))),
        SO_RCVLOWAT => {
            let value = if value < 0 { i32::MAX } else { value };
            // What never fits into the buffer would never wake anyone.
            Ok((value.min(capacity).max(1), None))
        }
        SO_SNDBUF => Ok(send_buffer(value.min(limits.wmem_max))),
        SO_RCVBUF => Ok(receive_buffer(value.min(limits.rmem_max))),
        SO_SNDBUFFORCE => Ok(send_buffer(value.max(0))),
        SO_RCVBUFFORCE => Ok(receive_buffer(value.max(0))),
        _ => Err(Errno::ENOPROTOOPT),
    }
}

/// Linux doubles what is asked for, for its own book-keeping; the stack gets what the user meant.
fn send_buffer(value: i32) -> Setting {
    let doubled = value.saturating_mul(2).max(LEAST_SEND_BUFFER);
    (doubled, Some(StackOption::SendBuffer(half(doubled))))
}

fn receive_buffer(value: i32) -> Setting {
    let doubled = value.saturating_mul(2).max(LEAST_RECEIVE_BUFFER);
    (doubled, Some(StackOption::ReceiveBuffer(half(doubled))))
}

fn half(value: i32) -> usize {
    usize::try_from(value / 2).unwrap_or(0)
}

fn of_tcp(name: i32, value: i32) -> Result<Setting, Errno> {
    use StackOption as Option_;
    let seconds = |value: i32| Duration::from_secs(u64::from(value.unsigned_abs()));
    Ok(match name {
        TCP_NODELAY => (bit(value), Some(Option_::NoDelay(value != 0))),
        TCP_CORK => (bit(value), Some(Option_::Cork(value != 0))),
        TCP_QUICKACK => (bit(value), Some(Option_::QuickAck(value != 0))),
        TCP_MAXSEG => {
            let mss = if value == 0 {
                0
            } else {
                in_range(value, 88, 32_767)?
            };
            // Zero takes back what was set; the stack's own limit is then the only one.
            let limit = u16::try_from(mss).ok().filter(|mss| *mss > 0);
            (mss, Some(Option_::MaxSegment(limit.unwrap_or(u16::MAX))))
        }
        TCP_KEEPIDLE => {
            let value = in_range(value, 1, 32_767)?;
            (value, Some(Option_::KeepIdle(seconds(value))))
        }
        TCP_KEEPINTVL => {
            let value = in_range(value, 1, 32_767)?;
            (value, Some(Option_::KeepInterval(seconds(value))))
        }
        TCP_KEEPCNT => {
            let value = in_range(value, 1, 127)?;
            (value, Some(Option_::KeepCount(value.unsigned_abs())))
        }
        TCP_SYNCNT => {
            let value = in_range(value, 1, 127)?;
            (value, Some(Option_::SynRetries(value.unsigned_abs())))
        }
        TCP_FASTOPEN => {
            let pending = usize::try_from(value).map_err(|_| Errno::EINVAL)?;
            (value, Some(Option_::FastOpen(pending)))
        }
        TCP_FASTOPEN_CONNECT => (value, None),
        TCP_FASTOPEN_NO_COOKIE => (value, Some(Option_::FastOpenWithoutCookie(value != 0))),
        TCP_INQ => (in_range(value, 0, 1)?, None),
        TCP_NOTSENT_LOWAT => {
            let octets = usize::try_from(value.cast_unsigned()).ok();
            let limit = octets.filter(|octets| *octets > 0);
            (value, Some(Option_::UnsentLimit(limit)))
        }
        TCP_LINGER2 => linger2(value),
        // Only "accept at once", which is what happens anyway, is something the host can promise.
        TCP_DEFER_ACCEPT if value == 0 => (0, None),
        TCP_WINDOW_CLAMP => {
            let value = match in_range(value, 0, i32::MAX)? {
                0 => 0,
                clamp => clamp.max(LEAST_RECEIVE_BUFFER / 2),
            };
            let clamp = usize::try_from(value).ok().filter(|clamp| *clamp > 0);
            (value, Some(Option_::WindowClamp(clamp)))
        }
        TCP_USER_TIMEOUT => {
            let millis = u64::from(in_range(value, 0, i32::MAX)?.unsigned_abs());
            let timeout = Some(Duration::from_millis(millis)).filter(|t| !t.is_zero());
            (value, Some(Option_::UserTimeout(timeout)))
        }
        _ => return Err(Errno::ENOPROTOOPT),
    })
}

/// A negative time skips FIN-WAIT-2 once the user is gone; zero restores the default.
fn linger2(value: i32) -> Setting {
    match value {
        ..0 => (-1, Some(StackOption::FinWait2Timeout(Duration::ZERO))),
        0 => (0, None),
        seconds => {
            let seconds = seconds.min(LONGEST_LINGER2);
            let span = Duration::from_secs(u64::from(seconds.unsigned_abs()));
            (seconds, Some(StackOption::FinWait2Timeout(span)))
        }
    }
}

fn of_ip(name: i32, value: i32, default_ttl: u8) -> Result<Setting, Errno> {
    match name {
        IP_TOS => {
            // The two low bits are ECN's, which TCP alone sets.
            let class = u8::try_from(value & 0xfc).unwrap_or(0);
            Ok((i32::from(class), Some(StackOption::TrafficClass(class))))
        }
        IP_TTL => hops(value, -1, default_ttl).and_then(|setting| match value {
            0 => Err(Errno::EINVAL),
            _ => Ok(setting),
        }),
        IP_RECVERR | IP_FREEBIND => flag(value),
        IP_MTU_DISCOVER => path_mtu_discovery(value),
        _ => Err(Errno::ENOPROTOOPT),
    }
}

fn hops(value: i32, least: i32, default: u8) -> Result<Setting, Errno> {
    let value = in_range(value, least, 255)?;
    let octet = u8::try_from(value).unwrap_or(default);
    Ok((i32::from(octet), Some(StackOption::Ttl(octet))))
}

/// "Want" (1) and "do" (2) are what a stack that follows RFC 9293 MUST-16 does anyway; "don't" (0) is another matter.
fn path_mtu_discovery(value: i32) -> Result<Setting, Errno> {
    match value {
        0..=2 => Ok((value, Some(StackOption::PathMtuDiscovery(value != 0)))),
        3..=5 => Err(Errno::ENOPROTOOPT),
        _ => Err(Errno::EINVAL),
    }
}

fn flag(value: i32) -> Result<Setting, Errno> {
    Ok((bit(value), None))
}

const fn bit(value: i32) -> i32 {
    (value != 0) as i32
}

const fn in_range(value: i32, least: i32, most: i32) -> Result<i32, Errno> {
    if least <= value && value <= most {
        Ok(value)
    } else {
        Err(Errno::EINVAL)
    }
}
