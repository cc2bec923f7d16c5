//! `getsockopt`.

use halfopen_target::posix::*;
use halfopen_target::{
    AddressFamily, Capability, Descriptor, Errno, OptionValue, Output, Returned, State,
};

use super::numbers::*;
use super::set::is_fast_open;
use super::value;
use crate::call::{Refusal, Reply};
use crate::host::Host;
use crate::socket::{SocketId, fixed_default};
use crate::{InProcessStack, OptionDefaults, StackOption};

/// `tcpi_state` before OPEN: TCP_CLOSE, or TCP_SYN_SENT where `connect` waits for data. There is nothing to count.
const TCP_CLOSE: u8 = 7;
const TCP_SYN_SENT: u8 = 2;

impl<S: InProcessStack> Host<S> {
    pub(crate) fn get_socket_option(
        &mut self,
        fd: Descriptor,
        option: (i32, i32),
        length: u32,
    ) -> Result<Reply, Refusal> {
        let id = self.table.find(fd)?;
        match option {
            (IPPROTO_TCP, TCP_INFO) if self.capabilities.require(Capability::TcpInfo).is_ok() => {
                let socket = self.socket(id)?;
                let state = socket.deferred.map_or(TCP_CLOSE, |_| TCP_SYN_SENT);
                let key = socket.key;
                let info = key.and_then(|key| self.stack.tcp_info(self.now, key));
                let value =
                    OptionValue::Bytes(info.unwrap_or_else(|| vec![state, 0, 0, 0, 0, 0, 0, 0]));
                return Ok(Ok(Returned {
                    outputs: vec![Output::Option(value::cut(value, length))],
                    ..Returned::value(0)
                }));
            }
            (IPPROTO_TCP, TCP_INFO) => {
                let reason = "the host does not fill in the kernel's structure";
                return Err(self.lacks(Capability::TcpInfo, reason).into());
            }
            (IPPROTO_TCP, name)
                if is_fast_open(name) && !self.stack.supports(StackOption::FastOpen(1)) =>
            {
                let reason = "the stack has no fast open";
                return Err(self.lacks(Capability::FastOpen, reason).into());
            }
            _ => {}
        }
        if i32::try_from(length).is_err() {
            return Ok(Err(Errno::EINVAL));
        }
        Ok(self.option_value(id, option).map(|value| Returned {
            outputs: vec![Output::Option(value::cut(value, length))],
            ..Returned::value(0)
        }))
    }

    fn option_value(&mut self, id: SocketId, option: (i32, i32)) -> Result<OptionValue, Errno> {
        let settings = &self.socket(id)?.settings;
        Ok(match option {
            (SOL_SOCKET, SO_LINGER) => OptionValue::Linger {
                on: settings.linger.0,
                seconds: settings.linger.1,
            },
            (SOL_SOCKET, SO_RCVTIMEO) => OptionValue::Timeval(settings.receive_timeout),
            (SOL_SOCKET, SO_SNDTIMEO) => OptionValue::Timeval(settings.send_timeout),
            (SOL_SOCKET, SO_TIMESTAMPING) => {
                OptionValue::Int(self.socket(id)?.timestamping.flags().cast_signed())
            }
            (SOL_SOCKET, SO_ERROR) => {
                OptionValue::Int(self.take_error(id).map_or(0, |errno| errno.0))
            }
            (IPPROTO_TCP, TCP_CONGESTION) => {
                let mut name = self.stack.defaults().congestion_control.into_bytes();
                name.resize(16, 0);
                OptionValue::Bytes(name)
            }
            (IPPROTO_TCP, TCP_FASTOPEN_KEY) => self.fast_open_key(id)?,
            (IPPROTO_IP, IP_OPTIONS) => OptionValue::Bytes(settings.ip_options.clone()),
            (level, name) => OptionValue::Int(self.int_option(id, level, name)?),
        })
    }

    fn int_option(&self, id: SocketId, level: i32, name: i32) -> Result<i32, Errno> {
        let socket = self.socket(id)?;
        if level == IPPROTO_IPV6 && socket.family == AddressFamily::Ipv4 {
            return Err(Errno::ENOPROTOOPT);
        }
        match (level, name) {
            (SOL_SOCKET, SO_TYPE) => return Ok(SOCK_STREAM),
            (SOL_SOCKET, SO_PROTOCOL) => return Ok(IPPROTO_TCP),
            (SOL_SOCKET, SO_ACCEPTCONN) => return Ok(i32::from(socket.listening)),
            (SOL_SOCKET, SO_DOMAIN) => {
                return Ok(match socket.family {
                    AddressFamily::Ipv4 => AF_INET,
                    AddressFamily::Ipv6 => AF_INET6,
                });
            }
            (IPPROTO_TCP, TCP_MAXSEG) => return self.maximum_segment(id),
            (IPPROTO_IP, IP_MTU) | (IPPROTO_IPV6, IPV6_MTU) => return self.path_mtu(id),
            _ => {}
        }
        let set = socket.settings.int(level, name);
        let unset = default_value(level, name, &self.stack.defaults())?;
        // `TCP_LINGER2` of zero means, and shows, the default.
        let shows_default = (level, name) == (IPPROTO_TCP, TCP_LINGER2) && set == Some(0);
        Ok(set.filter(|_| !shows_default).unwrap_or(unset))
    }

    /// Before the connection, what was asked for; then, what segments carry.
    fn maximum_segment(&self, id: SocketId) -> Result<i32, Errno> {
        let view = self.view(id)?;
        let asked = self.socket(id)?.settings.int(IPPROTO_TCP, TCP_MAXSEG);
        Ok(match (view.state, view.status) {
            (State::Closed | State::Listen, _) | (_, None) => {
                asked.filter(|mss| *mss > 0).unwrap_or(536)
            }
            (_, Some(status)) => i32::try_from(status.snd_mss).unwrap_or(i32::MAX),
        })
    }

    fn path_mtu(&self, id: SocketId) -> Result<i32, Errno> {
        match self.view(id)? {
            view if matches!(view.state, State::Closed | State::Listen) => Err(Errno::ENOTCONN),
            view => view.status.map_or(Err(Errno::ENOTCONN), |status| {
                Ok(i32::try_from(status.path_mtu).unwrap_or(i32::MAX))
            }),
        }
    }
}

/// What an option shows that nobody set.
fn default_value(level: i32, name: i32, stack: &OptionDefaults) -> Result<i32, Errno> {
    let int = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    let seconds =
        |span: halfopen_target::Duration| i32::try_from(span.as_secs()).unwrap_or(i32::MAX);
    Ok(match (level, name) {
        (SOL_SOCKET, SO_SNDBUF) => int(stack.send_buffer),
        (SOL_SOCKET, SO_RCVBUF) => int(stack.receive_buffer),
        (
            SOL_SOCKET,
            SO_DEBUG | SO_REUSEADDR | SO_DONTROUTE | SO_BROADCAST | SO_KEEPALIVE | SO_OOBINLINE
            | SO_PRIORITY | SO_REUSEPORT | SO_RCVLOWAT | SO_SNDLOWAT | SO_MARK | SO_BUSY_POLL
            | SO_ZEROCOPY,
        )
        | (
            IPPROTO_TCP,
            TCP_CORK
            | TCP_DEFER_ACCEPT
            | TCP_FASTOPEN
            | TCP_FASTOPEN_CONNECT
            | TCP_FASTOPEN_NO_COOKIE
            | TCP_INQ
            | TCP_NOTSENT_LOWAT
            | TCP_QUICKACK
            | TCP_USER_TIMEOUT
            | TCP_WINDOW_CLAMP,
        )
        | (IPPROTO_IP, IP_RECVERR | IP_FREEBIND)
        | (IPPROTO_IPV6, IPV6_V6ONLY | IPV6_RECVERR | IPV6_FREEBIND) => fixed_default(level, name),
        (IPPROTO_TCP, TCP_NODELAY) => i32::from(stack.no_delay),
        (IPPROTO_TCP, TCP_KEEPIDLE) => seconds(stack.keep_idle),
        (IPPROTO_TCP, TCP_KEEPINTVL) => seconds(stack.keep_interval),
        (IPPROTO_TCP, TCP_KEEPCNT) => i32::try_from(stack.keep_count).unwrap_or(i32::MAX),
        (IPPROTO_TCP, TCP_SYNCNT) => i32::try_from(stack.syn_retries).unwrap_or(i32::MAX),
        (IPPROTO_TCP, TCP_LINGER2) => seconds(stack.fin_wait_2_timeout),
        (IPPROTO_IP, IP_TTL) | (IPPROTO_IPV6, IPV6_UNICAST_HOPS) => i32::from(stack.ttl),
        (IPPROTO_IP, IP_TOS) | (IPPROTO_IPV6, IPV6_TCLASS) => i32::from(stack.traffic_class),
        (IPPROTO_IP, IP_MTU_DISCOVER) | (IPPROTO_IPV6, IPV6_MTU_DISCOVER) => 1,
        _ => return Err(Errno::ENOPROTOOPT),
    })
}
