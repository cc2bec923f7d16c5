//! What a user may set for one connection.

use core::time::Duration;

use crate::{Config, SourceRoute};

/// Settings that an OPEN starts with; a listener hands its own to the connections it spawns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionOptions {
    /// Small segments leave at once: Nagle's algorithm is off (RFC 9293 MUST-17).
    pub no_delay: bool,
    /// Nagle's algorithm waits for small segments only.
    pub nagle_counts_small_only: bool,
    /// Partial segments wait for more data, for the override timeout at most (RFC 9293 MAY-16).
    pub cork: bool,
    /// Every segment with text is acknowledged at once.
    pub quick_ack: bool,
    /// For a listener: how many connections may have brought data in a SYN and not be established; 0 takes no such data (RFC 7413).
    pub fast_open: usize,
    /// For a listener: the key of its cookies, instead of [`Config::fast_open_key`].
    pub fast_open_key: Option<[u8; 16]>,
    /// The key before that one, whose cookies are still good.
    pub fast_open_old_key: Option<[u8; 16]>,
    /// Data rides in SYNs without cookies, in both directions (RFC 7413 section 4.1.2 wants them).
    pub fast_open_without_cookie: bool,
    /// Keep-alive probes are sent (RFC 9293 MUST-24, MUST-25).
    pub keep_alive: bool,
    /// Idle time before the first keep-alive probe (RFC 9293 MUST-27).
    pub keep_idle: Duration,
    /// Time between keep-alive probes.
    pub keep_interval: Duration,
    /// Unanswered keep-alive probes that end the connection.
    pub keep_count: u32,
    /// How long sent data may go unacknowledged; `None` leaves it to R2.
    pub user_timeout: Option<Duration>,
    /// R2 of this connection in retransmissions (RFC 9293 MUST-21).
    pub r2: u32,
    /// Retransmissions of the SYN before giving up.
    pub syn_retries: u32,
    /// How long FIN-WAIT-2 lasts once the application is gone.
    pub fin_wait_2_timeout: Option<Duration>,
    /// The MSS to offer and never to exceed when sending; `None` takes the MTU's.
    pub max_segment: Option<u16>,
    /// Receive buffer in octets.
    pub receive_buffer: usize,
    /// The largest window to advertise, in octets; `None` for the receive buffer's.
    pub window_clamp: Option<usize>,
    /// Send buffer in octets.
    pub send_buffer: usize,
    /// SEND takes no more while so many octets wait to be sent for the first time; `None` for [`Config::unsent_limit`].
    pub unsent_limit: Option<usize>,
    /// TTL or hop limit (RFC 9293 MUST-49).
    pub ttl: u8,
    /// Traffic class: the Diffserv field and two ECN bits (RFC 9293 MUST-48).
    pub diffserv: u8,
    /// Routers are told not to fragment, and believed about their MTU (RFC 1191, RFC 9293 MUST-16).
    pub path_mtu_discovery: bool,
    /// A listener on `::` also takes IPv4.
    pub dual_stack: bool,
    /// The IPv4 source route of everything that is sent (RFC 9293 MUST-51); it is kept whatever route the remote's segments come by
    /// (MUST-52). `None` for none or, after a passive OPEN, for the way back along the remote's (MUST-53).
    pub source_route: Option<SourceRoute>,
}

impl ConnectionOptions {
    /// What the configuration gives a connection that asks for nothing.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            no_delay: !config.nagle,
            nagle_counts_small_only: config.nagle_counts_small_only,
            cork: false,
            quick_ack: false,
            fast_open: 0,
            fast_open_key: None,
            fast_open_old_key: None,
            fast_open_without_cookie: false,
            keep_alive: false,
            keep_idle: config.keep_alive_idle,
            keep_interval: config.keep_alive_interval,
            keep_count: config.keep_alive_count,
            user_timeout: config.user_timeout,
            r2: config.r2,
            syn_retries: config.syn_retries,
            fin_wait_2_timeout: config.fin_wait_2_timeout,
            max_segment: config.mss,
            receive_buffer: config.receive_buffer,
            window_clamp: None,
            send_buffer: config.send_buffer,
            unsent_limit: None,
            ttl: config.ttl,
            diffserv: config.diffserv,
            path_mtu_discovery: true,
            dual_stack: false,
            source_route: None,
        }
    }

    /// Changes one setting.
    pub fn set(&mut self, option: ConnectionOption) {
        match option {
            ConnectionOption::Cork(on) => self.cork = on,
            ConnectionOption::DiffServ(class) => self.diffserv = class,
            ConnectionOption::DualStack(on) => self.dual_stack = on,
            ConnectionOption::FastOpen(pending) => self.fast_open = pending,
            ConnectionOption::FastOpenKeys(key, old) => {
                self.fast_open_key = Some(key);
                self.fast_open_old_key = old;
            }
            ConnectionOption::FastOpenWithoutCookie(on) => self.fast_open_without_cookie = on,
            ConnectionOption::FinWait2Timeout(timeout) => self.fin_wait_2_timeout = timeout,
            ConnectionOption::KeepAlive(on) => self.keep_alive = on,
            ConnectionOption::KeepCount(count) => self.keep_count = count,
            ConnectionOption::KeepIdle(idle) => self.keep_idle = idle,
            ConnectionOption::KeepInterval(interval) => self.keep_interval = interval,
            ConnectionOption::MaxSegment(mss) => self.max_segment = mss,
            ConnectionOption::NoDelay(on) => self.no_delay = on,
            ConnectionOption::PathMtuDiscovery(on) => self.path_mtu_discovery = on,
            ConnectionOption::QuickAck(on) => self.quick_ack = on,
            ConnectionOption::R2(retransmissions) => self.r2 = retransmissions,
            ConnectionOption::ReceiveBuffer(octets) => self.receive_buffer = octets,
            ConnectionOption::SendBuffer(octets) => self.send_buffer = octets,
            ConnectionOption::SourceRoute(route) => self.source_route = route,
            ConnectionOption::SynRetries(retries) => self.syn_retries = retries,
            ConnectionOption::Ttl(ttl) => self.ttl = ttl,
            ConnectionOption::UnsentLimit(octets) => self.unsent_limit = octets,
            ConnectionOption::UserTimeout(timeout) => self.user_timeout = timeout,
            ConnectionOption::WindowClamp(octets) => self.window_clamp = octets,
        }
    }
}

/// One setting, for [`crate::Stack::set_option`]; the fields of [`ConnectionOptions`] say what each does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConnectionOption {
    /// [`ConnectionOptions::cork`].
    Cork(bool),
    /// [`ConnectionOptions::diffserv`].
    DiffServ(u8),
    /// [`ConnectionOptions::dual_stack`].
    DualStack(bool),
    /// [`ConnectionOptions::fast_open`].
    FastOpen(usize),
    /// [`ConnectionOptions::fast_open_key`] and [`ConnectionOptions::fast_open_old_key`].
    FastOpenKeys([u8; 16], Option<[u8; 16]>),
    /// [`ConnectionOptions::fast_open_without_cookie`].
    FastOpenWithoutCookie(bool),
    /// [`ConnectionOptions::fin_wait_2_timeout`].
    FinWait2Timeout(Option<Duration>),
    /// [`ConnectionOptions::keep_alive`].
    KeepAlive(bool),
    /// [`ConnectionOptions::keep_count`].
    KeepCount(u32),
    /// [`ConnectionOptions::keep_idle`].
    KeepIdle(Duration),
    /// [`ConnectionOptions::keep_interval`].
    KeepInterval(Duration),
    /// [`ConnectionOptions::max_segment`].
    MaxSegment(Option<u16>),
    /// [`ConnectionOptions::no_delay`].
    NoDelay(bool),
    /// [`ConnectionOptions::path_mtu_discovery`].
    PathMtuDiscovery(bool),
    /// [`ConnectionOptions::quick_ack`].
    QuickAck(bool),
    /// [`ConnectionOptions::r2`].
    R2(u32),
    /// [`ConnectionOptions::receive_buffer`].
    ReceiveBuffer(usize),
    /// [`ConnectionOptions::send_buffer`].
    SendBuffer(usize),
    /// [`ConnectionOptions::source_route`].
    SourceRoute(Option<SourceRoute>),
    /// [`ConnectionOptions::syn_retries`].
    SynRetries(u32),
    /// [`ConnectionOptions::ttl`].
    Ttl(u8),
    /// [`ConnectionOptions::unsent_limit`].
    UnsentLimit(Option<usize>),
    /// [`ConnectionOptions::user_timeout`].
    UserTimeout(Option<Duration>),
    /// [`ConnectionOptions::window_clamp`].
    WindowClamp(Option<usize>),
}

/// How a SEND wants its data handled.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SendFlags {
    /// The data is urgent; the urgent pointer will name the octet after it (RFC 9293 MUST-62).
    pub urgent: bool,
    /// More data follows shortly: a partial segment waits for it, for the override timeout at most.
    pub more: bool,
    /// A record ends with the data: no segment holds octets of two records.
    pub end_of_record: bool,
}
