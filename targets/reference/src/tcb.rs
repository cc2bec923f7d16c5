//! The transmission control block (RFC 9293 section 3.3.1).
//!
//! CLOSED is the absence of a `Tcb` and LISTEN a [`crate::listener::Listener`]; a `Tcb` exists from
//! SYN-SENT or SYN-RECEIVED on. After its connection ended it stays, in CLOSED and without timers, until
//! the user lets go of it, so that what was received can be read and the error be told.

mod handshake;
mod patience;
mod route;
mod sequence;
mod sizes;
mod transition;

pub(crate) use patience::at_least;
pub(crate) use route::is_possible as route_is_possible;
pub(crate) use sizes::{MAX_OPTIONS, header_len};

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::chronograph::Chronograph;
use crate::congestion::{Congestion, WindowUse};
use crate::receive_buffer::ReceiveBuffer;
use crate::recovery::Recovery;
use crate::rfc3168::Ecn;
use crate::rfc4015::Undo;
use crate::rfc6298::RttEstimator;
use crate::rfc6675::Scoreboard;
use crate::rfc7323::Timestamps;
use crate::rfc7413::Lesson;
use crate::rfc8985::Rack;
use crate::send_buffer::SendBuffer;
use crate::timer::TimerTable;
use crate::wire::FastOpenOption;
use crate::{
    Config, ConnectionError, ConnectionId, ConnectionOptions, Endpoint, Instant, Seq, SourceRoute,
    State, isn,
};
use handshake::useful_shift;
use sizes::default_mss;

/// Which options our SYN offers, and after the remote's SYN, which are agreed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) window_scale: Option<u8>,
    pub(crate) timestamps: bool,
    pub(crate) sack: bool,
    pub(crate) dsack: bool,
}

/// The variables of one connection.
#[derive(Debug)]
pub(crate) struct Tcb {
    pub(crate) id: ConnectionId,
    /// The listener that spawned it: RFC 9293 MUST-11, SYN-RECEIVED remembers a passive OPEN.
    pub(crate) listener: Option<ConnectionId>,
    /// A connection in TIME-WAIT that this one replaces once it is established (RFC 9293 MAY-2).
    pub(crate) replaces: Option<ConnectionId>,
    pub(crate) local: Endpoint,
    pub(crate) remote: Endpoint,
    /// The IP source route of what is sent: the user's, or the way back along the remote's.
    pub(crate) route: Option<Box<SourceRoute>>,
    pub(crate) state: State,
    pub(crate) options: ConnectionOptions,
    pub(crate) offer: Offer,

    // Send sequence variables.
    pub(crate) iss: Seq,
    pub(crate) snd_una: Seq,
    pub(crate) snd_nxt: Seq,
    pub(crate) snd_wnd: u32, // RFC 9293 REC-1: windows have 32 bits
    pub(crate) max_snd_wnd: u32,
    pub(crate) snd_wl1: Seq,
    pub(crate) snd_wl2: Seq,
    pub(crate) snd_up: Option<Seq>,
    pub(crate) snd_wind_shift: u8,

    // Receive sequence variables.
    pub(crate) irs: Seq,
    pub(crate) rcv_nxt: Seq,
    /// The right edge of the receive window as advertised: RCV.NXT + RCV.WND. It never moves left.
    pub(crate) rcv_adv: Seq,
    pub(crate) rcv_up: Option<Seq>,
    /// An urgent pointer that came with the SYN and waits for ESTABLISHED.
    pub(crate) held_up: Option<Seq>,
    pub(crate) rcv_wind_shift: u8,

    // The streams.
    pub(crate) send: SendBuffer,
    pub(crate) receive: ReceiveBuffer,
    /// CLOSE was called: a FIN follows the last octet.
    pub(crate) fin_queued: bool,
    /// The number of our FIN, once it left.
    pub(crate) fin_sent: Option<Seq>,
    /// The number of the remote's FIN, once it came, in order or not.
    pub(crate) remote_fin: Option<Seq>,
    /// The remote's FIN was reached in the stream.
    pub(crate) end_of_stream: bool,
    /// The SEND that is being carried out says that more follows.
    pub(crate) more_follows: bool,
    /// The user had more to send than the buffer took, and no room was made since.
    pub(crate) lacks_room: bool,
    /// The end of the text that was last given a PSH, sent or not.
    pub(crate) pushed: Seq,
    /// Ends of text within long SENDs that get a PSH, in order.
    pub(crate) pushes_at: Vec<Seq>,
    /// The end of the text, if the last SEND said that more follows: it carries no PSH.
    pub(crate) unpushed: Option<Seq>,

    // Segment sizes.
    pub(crate) rcv_mss: u16,
    pub(crate) remote_mss: u16,
    pub(crate) path_mtu: usize,
    /// The largest text that came in one segment.
    pub(crate) largest_text: usize,

    // Acknowledging.
    pub(crate) timestamp_offset: u32,
    pub(crate) timestamps: Option<Timestamps>,
    pub(crate) ack_now: bool,
    /// Octets of text that came since the last ACK left.
    pub(crate) unacked_text: usize,
    /// Octets that the user read since the window was advertised last.
    pub(crate) read_since_told: usize,
    /// ACKs that still leave at once.
    pub(crate) quick_acks: u32,
    /// The end of the last segment that was not full, and left.
    pub(crate) small_sent: Option<Seq>,
    pub(crate) whole_segment_windows: bool,
    pub(crate) user_timeout_counts_from_probes: bool,
    pub(crate) last_ack_sent: Seq,
    /// Octets that came twice and were not reported yet (RFC 2883).
    pub(crate) duplicate_text: Option<(Seq, Seq)>,

    // Timing and loss.
    pub(crate) timers: TimerTable,
    pub(crate) rtt: RttEstimator,
    pub(crate) congestion: Congestion,
    pub(crate) recovery: Recovery,
    pub(crate) scoreboard: Scoreboard,
    pub(crate) rack: Rack,
    pub(crate) ecn: Ecn,
    /// Its SYN brought data that was taken: text flows both ways already in SYN-RECEIVED (RFC 7413).
    pub(crate) fast_open: bool,
    /// Text in a SYN arrived, ours or the remote's.
    pub(crate) syn_text_arrived: bool,
    /// What our SYN shows or asks for.
    pub(crate) fast_open_request: Option<FastOpenOption>,
    /// What our SYN-ACK gives.
    pub(crate) fast_open_reply: Option<FastOpenOption>,
    /// The cookie that a SYN-ACK brought.
    pub(crate) learned: Option<Lesson>,
    /// The SYN had to be sent again, without text.
    pub(crate) fell_back: bool,
    /// The connection was opened by a fast open.
    pub(crate) fast_open_asked: bool,
    /// When text arrived last.
    pub(crate) last_text_at: Option<Instant>,
    /// The user asked to let go of what Nagle's algorithm or a cork holds back, this once.
    pub(crate) pushes: bool,
    /// Where records end that segments must not cross, in order.
    pub(crate) records: Vec<Seq>,
    pub(crate) window_use: WindowUse,
    pub(crate) lenient_edges: bool,
    /// The last reduction of the congestion window, while it may be taken back.
    pub(crate) undo: Option<Undo>,
    pub(crate) chronograph: Chronograph,
    /// Segments that are known to have arrived, in order or not.
    pub(crate) segments_delivered: u64,
    /// After a timeout without SACK: where retransmission goes on, everything from here to SND.NXT being taken for lost.
    pub(crate) retransmit_next: Option<Seq>,
    /// The path takes smaller segments only: nothing follows the first of them until an acknowledgment arrives.
    pub(crate) awaits_acknowledgment: bool,
    pub(crate) retransmissions: u32,
    pub(crate) total_retransmissions: u64,
    /// Retransmissions of our SYN or SYN-ACK.
    pub(crate) syn_losses: u32,
    /// Zero-window probes since the window closed.
    pub(crate) probes: u32,
    /// Zero-window probes since the last answer.
    pub(crate) unanswered_probes: u32,
    /// When a segment that only acknowledges was last answered for lying outside of the window.
    pub(crate) unacceptable_ack_answered: Option<Instant>,
    pub(crate) keep_alive_probes: u32,
    pub(crate) opened_at: Instant,
    pub(crate) last_heard: Instant,
    pub(crate) last_sent: Instant,

    // Accounts.
    pub(crate) octets_acked: u64,
    pub(crate) octets_received: u64,
    pub(crate) error: Option<ConnectionError>,
    pub(crate) soft_error: Option<ConnectionError>,
    /// The application let go of it (POSIX close).
    pub(crate) released: bool,
    /// It reached ESTABLISHED at some time.
    pub(crate) established: bool,
    /// The user has it from a listener.
    pub(crate) accepted: bool,
    /// The listener was told that it is ready.
    pub(crate) announced: bool,
    /// Where [`crate::deadlines::Deadlines`] has it: no later than its first timer fires.
    pub(crate) listed: Option<Instant>,
}

impl Tcb {
    /// A connection that has neither sent nor received anything.
    pub(crate) fn new(
        id: ConnectionId,
        ends: (Endpoint, Endpoint),
        options: ConnectionOptions,
        iss: Seq,
        config: &Config,
        now: Instant,
    ) -> Box<Self> {
        let (local, remote) = ends;
        let path_mtu = config.mtu.clamp(68, usize::from(u16::MAX));
        let link_mss = path_mtu.saturating_sub(header_len(remote)).max(1);
        // RFC 9293 MUST-67: no more than the link can carry; never counts options.
        let rcv_mss = u16::try_from(link_mss)
            .unwrap_or(u16::MAX)
            .min(options.max_segment.unwrap_or(u16::MAX).max(1));
        let offer = Offer {
            window_scale: config
                .window_scale
                .map(|shift| shift.min(useful_shift(options.receive_buffer))),
            timestamps: config.timestamps,
            sack: config.sack,
            dsack: config.dsack,
        };
        let route = options.source_route.filter(|_| remote.addr.is_ipv4());
        Box::new(Self {
            id,
            listener: None,
            replaces: None,
            local,
            remote,
            route: route.map(Box::new),
            state: State::Closed,
            options,
            offer,
            iss,
            snd_una: iss,
            snd_nxt: iss,
            snd_wnd: 0,
            max_snd_wnd: 0,
            snd_wl1: Seq(0),
            snd_wl2: Seq(0),
            snd_up: None,
            snd_wind_shift: 0,
            irs: Seq(0),
            rcv_nxt: Seq(0),
            rcv_adv: Seq(0),
            rcv_up: None,
            held_up: None,
            rcv_wind_shift: 0,
            send: SendBuffer::new(iss.wrapping_add(1)),
            receive: ReceiveBuffer::default(),
            fin_queued: false,
            fin_sent: None,
            remote_fin: None,
            end_of_stream: false,
            more_follows: false,
            pushed: iss.wrapping_add(1),
            pushes_at: Vec::new(),
            unpushed: None,
            lacks_room: false,
            rcv_mss,
            remote_mss: default_mss(remote),
            path_mtu,
            largest_text: 0,
            timestamp_offset: isn::timestamp_offset(&config.secret, local, remote),
            timestamps: None,
            ack_now: false,
            unacked_text: 0,
            read_since_told: 0,
            quick_acks: config.quick_acks,
            small_sent: None,
            whole_segment_windows: config.whole_segment_windows,
            user_timeout_counts_from_probes: config.user_timeout_counts_from_probes,
            last_ack_sent: Seq(0),
            duplicate_text: None,
            timers: TimerTable::default(),
            rtt: RttEstimator::new(config, iss),
            congestion: Congestion::new(usize::from(default_mss(remote)), config, false),
            recovery: Recovery::new(iss),
            scoreboard: Scoreboard::default(),
            rack: Rack::default(),
            ecn: Ecn::new(config.ecn_request, config.ecn_accept),
            fast_open: false,
            syn_text_arrived: false,
            fast_open_request: None,
            fast_open_reply: None,
            learned: None,
            fell_back: false,
            fast_open_asked: false,
            last_text_at: None,
            pushes: false,
            records: Vec::new(),
            window_use: WindowUse::new(iss),
            lenient_edges: config.lenient_edges,
            undo: None,
            chronograph: Chronograph::default(),
            segments_delivered: 0,
            retransmit_next: None,
            awaits_acknowledgment: false,
            retransmissions: 0,
            total_retransmissions: 0,
            syn_losses: 0,
            probes: 0,
            unanswered_probes: 0,
            unacceptable_ack_answered: None,
            keep_alive_probes: 0,
            opened_at: now,
            last_heard: now,
            last_sent: now,
            octets_acked: 0,
            octets_received: 0,
            error: None,
            soft_error: None,
            released: false,
            established: false,
            accepted: false,
            announced: false,
            listed: None,
        })
    }
}
