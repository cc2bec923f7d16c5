//! What a user may set for one connection, in terms of the stack rather than of `setsockopt`.

pub(crate) mod fast_open;
pub(crate) mod get;
pub(crate) mod ip_options;
pub(crate) mod numbers;
pub(crate) mod set;
pub(crate) mod value;

use halfopen_target::Duration;

pub use ip_options::SourceRoute;

/// One setting of a listener or connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackOption {
    /// Partial segments wait for more data.
    Cork(bool),
    /// How many connections of a listener may have brought data in a SYN and not be established (RFC 7413).
    FastOpen(usize),
    /// The key of a listener's cookies, and the one before it, whose cookies are still good (RFC 7413).
    FastOpenKeys([u8; 16], Option<[u8; 16]>),
    /// Data rides in SYNs without cookies.
    FastOpenWithoutCookie(bool),
    /// How long FIN-WAIT-2 lasts once the user is gone; zero for not at all.
    FinWait2Timeout(Duration),
    /// Keep-alive probes are sent (RFC 9293 MUST-24).
    KeepAlive(bool),
    /// Unanswered keep-alive probes that end the connection.
    KeepCount(u32),
    /// Idle time before the first keep-alive probe.
    KeepIdle(Duration),
    /// Time between keep-alive probes.
    KeepInterval(Duration),
    /// The MSS to offer, and never to exceed when sending, in octets.
    MaxSegment(u16),
    /// Nagle's algorithm is off (RFC 9293 MUST-17).
    NoDelay(bool),
    /// Packets are not fragmented on their way, and the path's MTU is learnt from what comes of that (RFC 1191); switched off,
    /// routers may fragment IPv4, and what they say of their MTU changes nothing.
    PathMtuDiscovery(bool),
    /// Text is acknowledged at once.
    QuickAck(bool),
    /// Receive buffer, and so the largest window, in octets.
    ReceiveBuffer(usize),
    /// Send buffer in octets.
    SendBuffer(usize),
    /// The IPv4 source route of all that is sent (RFC 9293 MUST-51); `None` takes it back.
    SourceRoute(Option<SourceRoute>),
    /// Retransmissions of the SYN before giving up (RFC 9293 MUST-21).
    SynRetries(u32),
    /// Traffic class: the Diffserv field and two ECN bits (RFC 9293 MUST-48).
    TrafficClass(u8),
    /// TTL or hop limit of outbound packets (RFC 9293 MUST-49).
    Ttl(u8),
    /// SEND takes no more while so many octets wait to be sent for the first time; `None` for the stack's default.
    UnsentLimit(Option<usize>),
    /// How long sent data may go unacknowledged (RFC 9293 section 3.8.3); `None` for the stack's default.
    UserTimeout(Option<Duration>),
    /// The largest window to advertise, in octets; `None` for the receive buffer's.
    WindowClamp(Option<usize>),
}

/// What holds in a stack where the user set nothing: what `getsockopt` then answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionDefaults {
    /// The congestion control in use, as `TCP_CONGESTION` names it.
    pub congestion_control: String,
    /// How long FIN-WAIT-2 lasts once the user is gone.
    pub fin_wait_2_timeout: Duration,
    /// Unanswered keep-alive probes that end a connection.
    pub keep_count: u32,
    /// Idle time before the first keep-alive probe.
    pub keep_idle: Duration,
    /// Time between keep-alive probes.
    pub keep_interval: Duration,
    /// Whether Nagle's algorithm is off.
    pub no_delay: bool,
    /// Receive buffer in octets.
    pub receive_buffer: usize,
    /// Send buffer in octets.
    pub send_buffer: usize,
    /// Retransmissions of a SYN before giving up.
    pub syn_retries: u32,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Traffic class.
    pub traffic_class: u8,
}

/// Linux's defaults where it has some, except for the congestion control: `reno`.
impl Default for OptionDefaults {
    fn default() -> Self {
        Self {
            congestion_control: "reno".to_owned(),
            fin_wait_2_timeout: Duration::from_secs(60),
            keep_count: 9,
            keep_idle: Duration::from_secs(7_200),
            keep_interval: Duration::from_secs(75),
            no_delay: false,
            receive_buffer: 131_072,
            send_buffer: 16_384,
            syn_retries: 6,
            ttl: 64,
            traffic_class: 0,
        }
    }
}
