//! What STATUS reports (RFC 9293 section 3.9.1.6).

use alloc::vec::Vec;
use core::time::Duration;

use crate::{Chronograph, ConnectionError, Endpoint, Instant, Seq, State};

/// What a RECEIVE found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Received {
    /// The next octets of the stream; empty only if no octet was asked for.
    Data(Vec<u8>),
    /// Nothing yet.
    WouldBlock,
    /// The remote closed, and everything before its FIN was read (RFC 9293 MUST-12).
    EndOfStream,
}

/// A connection, or a listener, as STATUS sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Our end; the address is unspecified in a listener on any.
    pub local: Endpoint,
    /// The other end; none in a listener open to all.
    pub remote: Option<Endpoint>,
    /// Whether the connection began with a passive OPEN (RFC 9293 MUST-11).
    pub passive: bool,
    /// Connections ready for [`crate::Stack::accept`], for a listener.
    pub ready_to_accept: usize,

    /// ISS, our initial sequence number.
    pub iss: Seq,
    /// SND.UNA, the oldest unacknowledged sequence number.
    pub snd_una: Seq,
    /// SND.NXT, the next sequence number to send.
    pub snd_nxt: Seq,
    /// SND.WND in octets, scaled.
    pub snd_wnd: u32,
    /// SND.UP.
    pub snd_up: Seq,
    /// SND.WL1.
    pub snd_wl1: Seq,
    /// SND.WL2.
    pub snd_wl2: Seq,
    /// IRS, the remote's initial sequence number.
    pub irs: Seq,
    /// RCV.NXT.
    pub rcv_nxt: Seq,
    /// RCV.WND in octets: from RCV.NXT to the right edge as advertised.
    pub rcv_wnd: u32,
    /// RCV.UP.
    pub rcv_up: Seq,

    /// Octets that RECEIVE can deliver.
    pub receive_queued: usize,
    /// Octets held beyond a gap.
    pub out_of_order: usize,
    /// Whether the remote's FIN was reached in the stream.
    pub end_of_stream: bool,
    /// Octets sent or waiting to be, not acknowledged.
    pub send_queued: usize,
    /// Octets of those that were never sent.
    pub unsent: usize,
    /// Whether a writer that found no room should try again.
    pub writable: bool,
    /// Octets that SEND would take.
    pub send_free: usize,
    /// Octets between the user's read point and the urgent mark; `None` when not in urgent mode (MUST-33).
    pub urgent_ahead: Option<usize>,

    /// The MSS that the next full segment carries, in octets of text.
    pub snd_mss: usize,
    /// The MSS offered to the remote.
    pub rcv_mss: u16,
    /// The MSS that the remote offered, or the default.
    pub remote_mss: u16,
    /// The path MTU in use.
    pub path_mtu: usize,
    /// The shift applied to the remote's windows.
    pub snd_wind_shift: u8,
    /// The shift applied to our windows.
    pub rcv_wind_shift: u8,
    /// Whether both window scale options were exchanged.
    pub window_scaling: bool,
    /// Whether timestamps are in use.
    pub timestamps: bool,
    /// Whether selective acknowledgments are in use.
    pub sack: bool,

    /// SRTT, once measured.
    pub srtt: Option<Duration>,
    /// RTTVAR, once measured.
    pub rttvar: Option<Duration>,
    /// RTO, without backoff.
    pub rto: Duration,
    /// Retransmission timeouts in a row.
    pub retransmissions: u32,
    /// Segments retransmitted since the start.
    pub total_retransmissions: u64,
    /// Zero-window probes in a row without an answer.
    pub probes: u32,
    /// cwnd in octets.
    pub cwnd: usize,
    /// ssthresh in octets.
    pub ssthresh: usize,
    /// Whether loss is being recovered from.
    pub in_recovery: bool,
    /// Duplicate ACKs in a row.
    pub dup_acks: u32,
    /// FlightSize in octets.
    pub flight_size: usize,

    /// Whether a retransmission timeout is being recovered from.
    pub recovers_from_timeout: bool,
    /// Times that the RTO was doubled since the last answer.
    pub backoff: u32,
    /// Segments in flight, of them those that are SACKed, taken for lost, and sent again.
    pub segments_out: usize,
    /// Segments in flight that the remote says it holds.
    pub segments_sacked: usize,
    /// Segments in flight of which a transmission was taken for lost.
    pub segments_lost: usize,
    /// Segments in flight whose last transmission was not the first, and is not taken for lost.
    pub segments_resent: usize,
    /// Segments that are known to have arrived since the start.
    pub segments_delivered: u64,
    /// The least round trip seen of late.
    pub min_rtt: Option<Duration>,
    /// How often packets were seen to overtake each other.
    pub reorderings: u32,
    /// Segments by which one may be overtaken, as far as was seen.
    pub reordering: u32,
    /// For how long there was something to send, and what kept it from being sent.
    pub chronograph: Chronograph,
    /// Whether explicit congestion notification is in use.
    pub ecn: bool,
    /// Whether text came in the SYN and was taken (RFC 7413).
    pub fast_open: bool,
    /// When something was sent last, and heard.
    pub last_sent: Instant,
    /// When a segment arrived last.
    pub last_heard: Instant,
    /// Octets of text that the remote acknowledged since the start.
    pub octets_acked: u64,
    /// Octets of text that came in order since the start.
    pub octets_received: u64,

    /// The error that ended the connection, until it is taken.
    pub error: Option<ConnectionError>,
    /// The last soft error.
    pub soft_error: Option<ConnectionError>,
}
