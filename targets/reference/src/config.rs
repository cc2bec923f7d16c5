//! What a stack is told when it is made, with the defaults of the RFCs.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use crate::rfc4987::SynCookies;

/// Everything about a stack that is not about one connection.
///
/// The defaults follow the RFCs (a SHOULD counts as a must), not any well-known stack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The stack's own addresses; packets to any other are dropped.
    pub addresses: Vec<IpAddr>,
    /// Broadcast addresses of the attached subnets, besides `255.255.255.255`.
    pub broadcasts: Vec<Ipv4Addr>,
    /// The link's MTU in octets.
    pub mtu: usize,
    /// The key of every keyed hash: initial sequence numbers, timestamp offsets, port choice.
    pub secret: [u8; 16],

    /// MSL; TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// RTO before any measurement (RFC 6298 rule 2.1).
    pub initial_rto: Duration,
    /// The least RTO (RFC 6298 rule 2.4).
    pub min_rto: Duration,
    /// The least that is added to SRTT for its variance (RFC 6298 rule 2.3 has the clock's granularity).
    pub min_rto_variance: Duration,
    /// Whether every acknowledgment of text that was sent once gives a sample of the round trip, instead of one in a flight; the
    /// variance then is the largest deviation of a round trip, which decays once in each (RFC 7323 appendix G says why plain
    /// RFC 6298 would forget too fast).
    pub samples_every_ack: bool,
    /// The greatest RTO, backoff included (RFC 6298 rule 2.5); also bounds zero-window probing.
    pub max_rto: Duration,
    /// Retransmissions of a SYN before giving up; 7 make 247 s (RFC 9293 MUST-23 asks for 180 s).
    pub syn_retries: u32,
    /// Retransmissions of a SYN, besides, for which the timer does not back off yet.
    pub syn_linear_timeouts: u32,
    /// Retransmissions of a SYN-ACK before giving up.
    pub syn_ack_retries: u32,
    /// R1: after so many retransmissions the user is told (RFC 9293 SHLD-9, SHLD-10).
    pub r1: u32,
    /// R2: after so many retransmissions the connection is closed (RFC 9293 MUST-20, SHLD-11).
    pub r2: u32,
    /// R2 of a connection that no application holds any more; `None` for the same.
    pub orphan_r2: Option<u32>,
    /// How long sent data may go unacknowledged; the default is the RFC's five minutes.
    pub user_timeout: Option<Duration>,
    /// How long an ACK may wait for company; `None` or zero acknowledges at once (RFC 9293 MUST-40: < 500 ms).
    pub delayed_ack: Option<Duration>,
    /// Segments at the beginning, and after a pause, that are acknowledged at once, so that the remote's window grows.
    pub quick_acks: u32,
    /// Whether more than one full segment is acknowledged at once, instead of two (RFC 9293 SHLD-19).
    pub ack_above_one_segment: bool,
    /// It waits nevertheless, for the user to read, where segments have less text than this: text that takes more memory than it
    /// opens window would make the remote send into a window that shrinks.
    pub ack_waits_for_reader: Option<usize>,
    /// How long a partial segment may wait for a larger window, or for more data under
    /// [`crate::ConnectionOption::Cork`] (RFC 9293 section 3.8.6.2.1, 0.1 s to 1 s).
    pub override_timeout: Duration,
    /// How long FIN-WAIT-2 lasts once the application is gone; `None` for ever.
    pub fin_wait_2_timeout: Option<Duration>,
    /// Idle time before the first keep-alive probe (RFC 9293 MUST-28: two hours or more).
    pub keep_alive_idle: Duration,
    /// Time between keep-alive probes.
    pub keep_alive_interval: Duration,
    /// Unanswered keep-alive probes that end the connection (RFC 9293 MUST-29: more than one).
    pub keep_alive_count: u32,

    /// The MSS to offer, if not the one that follows from the MTU.
    pub mss: Option<u16>,
    /// The least MSS that a remote can make the stack send with, options included.
    pub min_send_mss: usize,
    /// The least IPv4 path MTU that an ICMP message can set.
    pub min_path_mtu: usize,
    /// The window shift to offer (RFC 7323, at most 14); `None` switches the option off.
    pub window_scale: Option<u8>,
    /// Whether to negotiate timestamps (RFC 7323).
    pub timestamps: bool,
    /// What our SYNs ask for (RFC 3168, RFC 9768).
    pub ecn_request: EcnMode,
    /// What the stack agrees to when a remote's SYN asks for it, or for more.
    pub ecn_accept: EcnMode,
    /// Whether a SYN that went unanswered is repeated without ECN (RFC 3168 section 6.1.1.1).
    pub ecn_fallback: bool,
    /// Whether to negotiate selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// Whether duplicates are reported in a SACK block (RFC 2883).
    pub dsack: bool,
    /// Whether small segments wait for acknowledgments unless a connection says otherwise (RFC 9293 SHLD-7).
    pub nagle: bool,
    /// Whether Nagle's algorithm waits for small segments only, and not for full ones (Minshall's variant).
    pub nagle_counts_small_only: bool,
    /// The initial window in segments (RFC 6928).
    pub initial_window: usize,
    /// Retransmissions of a SYN or SYN-ACK that leave the initial window as it is (RFC 5681 section 3.1: none; RFC 6928 section 2
    /// would have one).
    pub forgiven_syn_losses: u32,
    /// The segment size, in octets, up to which the initial window is counted in segments (RFC 6928).
    pub initial_window_mss: usize,
    /// How the congestion window grows, and what a loss leaves of it.
    pub congestion_algorithm: CongestionAlgorithm,
    /// By how many segments slow start grows for one ACK at most (RFC 5681: 1; L of RFC 3465 and RFC 9406).
    pub slow_start_segments: usize,
    /// Whether CUBIC's slow start ends when round trips become longer, and how it is told.
    pub hystart: HyStartVariant,
    /// Whether losses are found by time (RACK, RFC 8985) instead of by counting, where SACK is in use.
    pub rack: bool,
    /// Whether the end of what is in flight is sent again once in each recovery by counting (RFC 6675 section 4, NextSeg rule 4).
    pub rescues_tail: bool,
    /// Whether the tail of what is in flight is probed for (TLP, RFC 8985 section 7), where SACK is in use.
    pub tail_loss_probe: bool,
    /// How long a remote may delay the acknowledgment of a single segment (WCDelAckT of RFC 8985).
    pub probe_ack_delay: Duration,
    /// Whether the tail is probed for, too, while no round trip was measured since the last probe (RFC 8985 section 7.3: not).
    pub probes_unmeasured_paths: bool,
    /// The least time after which the tail is probed for.
    pub least_probe_timeout: Duration,
    /// Whether spurious timeouts are looked for (F-RTO, RFC 5682), where SACK is in use.
    pub frto: bool,
    /// Whether the congestion window grows only while it is used up (RFC 7661, RFC 9438 section 5.8).
    pub validate_window: bool,
    /// Whether a loss leaves a share of the congestion window, used up or not, instead of what is in flight (RFC 9438 section
    /// 4.6 knows both).
    pub reduces_from_window: bool,
    /// Whether the congestion window holds as many segments when these become smaller, instead of as many octets (RFC 1191 section
    /// 6.4).
    pub window_counts_segments: bool,
    /// Whether the congestion window grows by what an acknowledgment newly tells to have arrived, instead of by what SND.UNA
    /// moves over.
    pub grows_by_delivery: bool,
    /// Whether a SACK block counts only for the segments of which it covers all.
    pub whole_segment_sacks: bool,
    /// Whether every partial acknowledgment restarts the retransmission timer, and not the first only (RFC 6582 section 4 knows
    /// both).
    pub partial_acks_restart_timer: bool,
    /// Whether a reduction is spread over the recovery (RFC 9937), where SACK is in use.
    pub rate_reduction: bool,
    /// Whether a closed window is probed with an octet of text (RFC 9293 MUST-36), instead of with an old sequence number and none
    /// or, while text is out that the window was closed on, with the first segment of that.
    pub probes_have_text: bool,
    /// Whether SND.WND follows every segment that acknowledges something new, even one older than SND.WL1 (RFC 9293 section 3.10.7.4
    /// goes by SND.WL1 first).
    pub new_acks_update_window: bool,
    /// Whether after a path MTU decreased one segment alone leaves until an acknowledgment arrives (RFC 1191 section 6.4), instead of
    /// as much as the congestion window takes.
    pub slow_starts_on_smaller_paths: bool,
    /// Whether the congestion window falls back to the initial one after idle time (RFC 5681 section 4.1).
    pub restart_after_idle: bool,
    /// Whether the link takes no packets at the moment: text waits and is tried again, anything else is lost.
    pub link_is_full: bool,
    /// Whether the user timeout of text that nothing of has left counts from the first attempt after a wait, instead of from
    /// SEND.
    pub user_timeout_counts_from_probes: bool,
    /// TTL or hop limit of outbound packets.
    pub ttl: u8,
    /// Traffic class (Diffserv field and ECN bits) of outbound packets.
    pub diffserv: u8,
    /// The first port that the stack may pick by itself, and the last.
    pub ephemeral_ports: (u16, u16),

    /// Challenge ACKs allowed in each interval, for the whole stack; `None` for no limit (RFC 5961 section 7).
    pub challenge_ack_limit: Option<ChallengeAckLimit>,
    /// How long after one segment that only acknowledges was answered for lying outside of the window no other is (RFC 5961 section 7
    /// asks for some limit): two ends that have filled each other's windows would answer each other as fast as the path goes.
    pub unacceptable_ack_interval: Duration,
    /// Whether the range of old acknowledgments goes back no further than what was acknowledged (RFC 5961 section 5.2 has
    /// MAX.SND.WND alone).
    pub bounds_old_acks_by_acknowledged: bool,
    /// Whether a segment without ACK, RST and SYN is dropped before its sequence number is looked at, and so without an answer.
    pub drops_unacknowledging_first: bool,
    /// Whether a segment is acceptable, too, that ends at RCV.NXT or begins at the right edge of the window, and a FIN right behind
    /// that; but one that goes on beyond the window only while the user has nothing to read (RFC 9293 section 3.10.7.4 has four
    /// cases).
    pub lenient_edges: bool,
    /// Whether our SYN is sent again at once after an ACK of what was never sent, instead of after the RTO.
    pub wrong_ack_repeats_syn: bool,
    /// Whether a RST is exact, too, at the right edge of what the last SACK blocks told or, once the remote's FIN has arrived, one
    /// before RCV.NXT (RFC 5961 section 3.2 has RCV.NXT alone).
    pub takes_near_rsts: bool,
    /// Whether a RST ends a simultaneous open as a reset (RFC 9293 section 3.10.7.4: refused).
    pub resets_in_syn_received: bool,
    /// Whether the remote is sent a RST when it answered no keep-alive.
    pub gives_up_with_reset: bool,
    /// Whether the first retransmission, too, keeps to a window that was taken back (RFC 7323 section 2.4: later ones do).
    pub retransmissions_keep_to_window: bool,
    /// Whether SYN-RECEIVED after a passive OPEN is a request, of which little is remembered: a SYN that comes again draws the
    /// SYN-ACK again, a wrong ACK or a SYN in the window a RST, whatever else the segment says.
    pub brief_requests: bool,
    /// Whether of TIME-WAIT, and of FIN-WAIT-2 without its user, little is remembered: nobody looks at SEG.ACK, any RST or SYN in
    /// the window ends FIN-WAIT-2, and TIME-WAIT acknowledges what is not exact.
    pub brief_remainders: bool,
    /// Whether text that goes on behind the remote's FIN, or a FIN that leaves a gap and nobody can read up to, resets the connection.
    pub resets_text_after_fin: bool,
    /// Whether a CLOSE in SYN-RECEIVED waits for ESTABLISHED, too, if there is no text to send, unless the user goes away with it
    /// (RFC 9293 section 3.10.4 sends the FIN at once).
    pub fin_waits_for_established: bool,
    /// Whether the RST of an ABORT acknowledges what arrived.
    pub abort_acknowledges: bool,
    /// Whether a RST is ignored in TIME-WAIT (RFC 1337, fix 1); RFC 9293 itself closes.
    pub ignore_rst_in_time_wait: bool,
    /// Whether a SYN may reopen a connection that is in TIME-WAIT (RFC 9293 MAY-2, RFC 6191).
    pub reopen_time_wait: bool,
    /// Whether a SYN with timestamps reopens a connection without, whatever its sequence number (RFC 6191 section 2).
    pub timestamps_alone_reopen: bool,
    /// When SYNs are answered without being remembered (RFC 4987).
    pub syn_cookies: SynCookies,
    /// Whether listeners that ask for it take data in SYNs (RFC 7413).
    pub fast_open_server: bool,
    /// Whether all listeners do, asked or not.
    pub fast_open_every_listener: bool,
    /// Whether they do so without a cookie, too.
    pub fast_open_without_cookie: bool,
    /// Whether an active OPEN may send data in its SYN.
    pub fast_open_client: bool,
    /// The key of the cookies; `None` for [`Config::secret`].
    pub fast_open_key: Option<[u8; 16]>,
    /// The key before that one: its cookies are still good, and are replaced (RFC 7413 section 4.1.2).
    pub fast_open_old_key: Option<[u8; 16]>,
    /// Whether hard ICMP errors abort synchronized connections too (RFC 9293 SHLD-26; RFC 5927 advises against).
    pub hard_errors_abort_synchronized: bool,
    /// Whether text leaves in bursts, as large as the rate of the connection suggests, whose last segments carry PSH: what
    /// segmentation offload makes of the stack's packets.
    pub bursts: bool,
    /// Segments that make a burst at least, if as many may leave.
    pub least_burst: usize,
    /// By how many ticks a timestamp may be older than TS.Recent (RFC 7323 section 5.3: none).
    pub paws_slack: u32,
    /// Whether a segment is taken that lacks the timestamps that were agreed on (RFC 7323 section 3.2 asks to drop it).
    pub takes_missing_timestamps: bool,
    /// Whether text that is sent soon after text arrived ends [`Config::quick_acks`]: the two ends take turns.
    pub replies_end_quick_acks: bool,
    /// Whether a client that got no cookie asks for one by the experimental option the next time (RFC 7413 appendix A).
    pub fast_open_tries_experiment: bool,
    /// Whether text that was received stays readable after a reset (RFC 9293 section 3.10.7.4 flushes it).
    pub text_outlives_reset: bool,
    /// Octets of options that a SYN with text leaves room for, even if it has fewer (RFC 7413 section 4.1.3).
    pub syn_option_room: usize,
    /// Whether a client sends text in its SYN without a cookie and without asking for one.
    pub fast_open_client_without_cookie: bool,
    /// Whether soft ICMP errors abort what is not synchronized yet: an attempt, or a connection that a listener spawned
    /// (RFC 5461; RFC 9293 MUST-56 forbids).
    pub soft_errors_abort_attempts: bool,
    /// Whether the MSS offered follows the MTU of the path, where that is known to be less than the link's (RFC 1191 section 3.1
    /// keeps to the link's).
    pub mss_follows_path: bool,
    /// Whether a SYN that arrives again with the ACK of a simultaneous open is reported as a duplicate (RFC 2883 speaks of data).
    pub duplicate_syn_is_reported: bool,
    /// Whether what comes with a SYN, and fast open does not take, waits for the handshake's end (RFC 9293 section 3.10.7.2); if
    /// not, it has to come again.
    pub holds_text_of_syn: bool,
    /// Whether a listener drops a SYN with FIN (RFC 9293 section 3.10.7.2 knows no such rule).
    pub drops_syn_with_fin: bool,
    /// Whether the RST that answers a segment without a connection echoes its timestamp (RFC 7323 section 5.2).
    pub reset_echoes_timestamp: bool,
    /// Whether a SYN-ACK is answered with RST whose echoed timestamp our SYN cannot have had.
    pub checks_echo_on_syn_ack: bool,
    /// Whether packets are taken that came by an IPv4 source route (RFC 9293 MUST-53); if not, they are dropped.
    pub takes_source_routes: bool,
    /// Whether, after a passive OPEN, the source route of a later segment replaces that of the SYN (RFC 9293 SHLD-24).
    pub later_routes_replace: bool,
    /// Whether a source route that the user gave a listener is that of its connections, too.
    pub listeners_pass_route_on: bool,

    /// Receive buffer of a new connection, in octets.
    pub receive_buffer: usize,
    /// Whether the first window offered is a whole number of segments.
    pub whole_segment_windows: bool,
    /// Send buffer of a new connection, in octets.
    pub send_buffer: usize,
    /// What every piece of memory in the send buffer costs besides its octets; its memory is then twice its size. 0 counts
    /// octets only.
    pub piece_overhead: usize,
    /// SEND takes no more while so many octets wait to be sent for the first time.
    pub unsent_limit: Option<usize>,
    /// Places in memory that the octets of one segment may lie in, where they are sent from where the user has them.
    pub fragments_per_segment: Option<usize>,
    /// Gaps that the data held out of order may have, for each connection.
    pub max_reassembly_gaps: usize,
    /// How many islands of text beyond a gap are remembered for SACK; an older one is reported again only when it grows (RFC 2018
    /// section 4: when there is room). `None` for all.
    pub remembered_islands: Option<usize>,
    /// The greatest backlog that a listener gets.
    pub max_backlog: usize,
    /// Connections that the stack holds, in whatever state.
    pub max_connections: usize,
    /// Connections in TIME-WAIT; the oldest goes when there are more.
    pub max_time_wait: usize,
    /// Outbound packets, and also events, that wait to be polled; beyond that the newest are lost.
    pub max_queued: usize,

    /// The misbehaviour that a test wants to see caught.
    #[cfg(feature = "planted-bugs")]
    pub planted_bug: Option<PlantedBug>,
}

/// Explicit congestion notification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EcnMode {
    /// None.
    Off,
    /// RFC 3168.
    Classic,
    /// RFC 9768, or RFC 3168 with a remote that knows no more.
    Accurate,
}

/// The algorithms of congestion control.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CongestionAlgorithm {
    /// RFC 5681, with RFC 6582 or RFC 6675.
    Reno,
    /// RFC 9438.
    Cubic,
}

/// How CUBIC's slow start notices that it is about to overrun the path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HyStartVariant {
    /// By losses alone.
    Off,
    /// By trains of ACKs and longer round trips, at once: HyStart as first published.
    Original,
    /// By longer round trips that stay (RFC 9406).
    PlusPlus,
}

/// How many challenge ACKs the stack sends (RFC 5961 section 7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChallengeAckLimit {
    /// At most so many in one interval.
    pub count: u32,
    /// The interval's length.
    pub interval: Duration,
}

/// One known misbehaviour; for tests that show that the suites and the fuzzers catch it.
#[cfg(feature = "planted-bugs")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlantedBug {
    /// A RST anywhere in the window resets the connection (against RFC 5961 section 3.2).
    AcceptsRstInWindow,
    /// The remote's FIN takes no sequence number, so that its acknowledgment is one short.
    FinNotCounted,
    /// Data leaves beyond SND.UNA + SND.WND.
    IgnoresWindow,
    /// The checksum of inbound segments is not looked at (against RFC 9293 MUST-3).
    IgnoresChecksum,
    /// FIN-WAIT-2 ends in CLOSED when the remote's FIN comes.
    TimeWaitSkipped,
}

#[cfg(feature = "planted-bugs")]
impl PlantedBug {
    /// Every planted bug.
    pub const ALL: [Self; 5] = [
        Self::AcceptsRstInWindow,
        Self::FinNotCounted,
        Self::IgnoresWindow,
        Self::IgnoresChecksum,
        Self::TimeWaitSkipped,
    ];
}

impl Default for Config {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            broadcasts: Vec::new(),
            mtu: 1500,
            secret: [0; 16],
            msl: Duration::from_secs(120),
            initial_rto: Duration::from_secs(1),
            min_rto: Duration::from_secs(1),
            min_rto_variance: Duration::from_millis(1),
            samples_every_ack: false,
            max_rto: Duration::from_secs(120),
            syn_retries: 7,
            syn_linear_timeouts: 0,
            syn_ack_retries: 7,
            r1: 3,
            r2: 15,
            orphan_r2: None,
            user_timeout: Some(Duration::from_secs(300)),
            delayed_ack: Some(Duration::from_millis(200)),
            quick_acks: 0,
            ack_above_one_segment: false,
            ack_waits_for_reader: None,
            override_timeout: Duration::from_millis(200),
            fin_wait_2_timeout: Some(Duration::from_secs(60)),
            keep_alive_idle: Duration::from_secs(7_200),
            keep_alive_interval: Duration::from_secs(75),
            keep_alive_count: 9,
            mss: None,
            min_send_mss: 48,
            min_path_mtu: 552,
            window_scale: Some(7),
            timestamps: true,
            ecn_request: EcnMode::Off,
            ecn_accept: EcnMode::Classic,
            ecn_fallback: true,
            sack: true,
            dsack: true,
            nagle: true,
            nagle_counts_small_only: false,
            initial_window: 10,
            forgiven_syn_losses: 0,
            initial_window_mss: 1_460,
            congestion_algorithm: CongestionAlgorithm::Reno,
            slow_start_segments: 1,
            hystart: HyStartVariant::PlusPlus,
            rack: true,
            rescues_tail: true,
            tail_loss_probe: true,
            probe_ack_delay: Duration::from_millis(200),
            probes_unmeasured_paths: false,
            least_probe_timeout: Duration::from_millis(10),
            frto: true,
            validate_window: false,
            reduces_from_window: false,
            window_counts_segments: false,
            grows_by_delivery: false,
            whole_segment_sacks: false,
            partial_acks_restart_timer: false,
            rate_reduction: true,
            probes_have_text: true,
            new_acks_update_window: false,
            slow_starts_on_smaller_paths: true,
            restart_after_idle: true,
            link_is_full: false,
            user_timeout_counts_from_probes: false,
            ttl: 64,
            diffserv: 0,
            ephemeral_ports: (49_152, 65_535),
            challenge_ack_limit: None,
            unacceptable_ack_interval: Duration::from_millis(10),
            bounds_old_acks_by_acknowledged: false,
            drops_unacknowledging_first: false,
            lenient_edges: false,
            wrong_ack_repeats_syn: false,
            takes_near_rsts: false,
            resets_in_syn_received: false,
            gives_up_with_reset: false,
            retransmissions_keep_to_window: false,
            brief_requests: false,
            brief_remainders: false,
            resets_text_after_fin: false,
            fin_waits_for_established: false,
            abort_acknowledges: false,
            ignore_rst_in_time_wait: false,
            reopen_time_wait: true,
            timestamps_alone_reopen: true,
            syn_cookies: SynCookies::Never,
            fast_open_server: true,
            fast_open_every_listener: false,
            fast_open_without_cookie: false,
            fast_open_client: true,
            fast_open_key: None,
            fast_open_old_key: None,
            hard_errors_abort_synchronized: false,
            bursts: false,
            least_burst: 2,
            paws_slack: 0,
            takes_missing_timestamps: false,
            replies_end_quick_acks: false,
            fast_open_tries_experiment: false,
            text_outlives_reset: false,
            syn_option_room: 0,
            fast_open_client_without_cookie: false,
            soft_errors_abort_attempts: false,
            holds_text_of_syn: true,
            drops_syn_with_fin: false,
            reset_echoes_timestamp: true,
            mss_follows_path: false,
            duplicate_syn_is_reported: false,
            checks_echo_on_syn_ack: false,
            takes_source_routes: true,
            later_routes_replace: true,
            listeners_pass_route_on: true,
            receive_buffer: 256 * 1024,
            whole_segment_windows: false,
            send_buffer: 256 * 1024,
            piece_overhead: 0,
            unsent_limit: None,
            fragments_per_segment: None,
            max_reassembly_gaps: 128,
            remembered_islands: None,
            max_backlog: 4_096,
            max_connections: 16_384,
            max_time_wait: 4_096,
            max_queued: 65_536,
            #[cfg(feature = "planted-bugs")]
            planted_bug: None,
        }
    }
}

impl Config {
    /// The defaults, with these addresses.
    #[must_use]
    pub fn with_addresses(addresses: &[IpAddr]) -> Self {
        Self {
            addresses: addresses.to_vec(),
            ..Self::default()
        }
    }
}
