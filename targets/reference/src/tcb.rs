//! The transmission control block (RFC 9293 section 3.3.1).
//!
//! CLOSED is the absence of a `Tcb` and LISTEN a [`crate::listener::Listener`]; a `Tcb` exists from
//! SYN-SENT or SYN-RECEIVED on. After its connection ended it stays, in CLOSED and without timers, until
//! the user lets go of it, so that what was received can be read and the error be told.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::chronograph::Chronograph;
use crate::congestion::{Congestion, WindowUse};
use crate::output::Output;
use crate::reassembly::Reassembly;
use crate::recovery::Recovery;
use crate::rfc3168::Ecn;
use crate::rfc4015::Undo;
use crate::rfc5682::Step;
use crate::rfc6298::RttEstimator;
use crate::rfc6675::Scoreboard;
use crate::rfc7323::{MAX_WIND_SHIFT, Timestamps};
use crate::rfc7413::Lesson;
use crate::rfc8985::Rack;
use crate::segment::Segment;
use crate::send_buffer::SendBuffer;
use crate::timer::{Timer, TimerTable};
use crate::wire::{AccEcnOption, FastOpenOption, TcpOptions};
use crate::{
    Config, ConnectionError, ConnectionId, ConnectionOptions, EcnMode, Endpoint, Event, Instant,
    Seq, State, isn,
};

/// The send MSS when the remote offered none (RFC 9293 MUST-15).
const DEFAULT_MSS_V4: u16 = 536;
const DEFAULT_MSS_V6: u16 = 1_220;
/// The least size that passes for a full segment when the remote's own size is not known yet.
const SMALLEST_FULL_SEGMENT: usize = 536;
/// Octets of options that a segment can have, and those of the Accurate ECN option with its padding.
pub(crate) const MAX_OPTIONS: usize = 40;
pub(crate) const ACC_ECN_LEN: usize = 12;

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
    pub(crate) receive: VecDeque<u8>,
    pub(crate) reassembly: Reassembly,
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
    pub(crate) pushes_at: VecDeque<Seq>,
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
    pub(crate) records: VecDeque<Seq>,
    pub(crate) window_use: WindowUse,
    pub(crate) lenient_edges: bool,
    /// The last reduction of the congestion window, while it may be taken back.
    pub(crate) undo: Option<Undo>,
    pub(crate) chronograph: Chronograph,
    /// Octets that are known to have arrived, in order or not.
    pub(crate) delivered: u64,
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
    /// Its deadline as the stack's index has it.
    pub(crate) indexed: Option<Instant>,
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
    ) -> Self {
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
        Self {
            id,
            listener: None,
            replaces: None,
            local,
            remote,
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
            receive: VecDeque::new(),
            reassembly: Reassembly::default(),
            fin_queued: false,
            fin_sent: None,
            remote_fin: None,
            end_of_stream: false,
            more_follows: false,
            pushed: iss.wrapping_add(1),
            pushes_at: VecDeque::new(),
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
            records: VecDeque::new(),
            window_use: WindowUse::new(iss),
            lenient_edges: config.lenient_edges,
            undo: None,
            chronograph: Chronograph::default(),
            delivered: 0,
            segments_delivered: 0,
            retransmit_next: None,
            awaits_acknowledgment: false,
            retransmissions: 0,
            total_retransmissions: 0,
            syn_losses: 0,
            probes: 0,
            unanswered_probes: 0,
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
            indexed: None,
        }
    }

    /// Takes over what the remote's SYN says: its number, MSS and options, and a window that is not scaled.
    pub(crate) fn accept_syn(&mut self, seg: &Segment<'_>, now: Instant) {
        let advertised = self.rcv_wnd(); // by our own SYN, in an active OPEN
        self.irs = seg.seq;
        self.rcv_nxt = seg.seq.wrapping_add(1);
        self.rcv_adv = self.rcv_nxt.wrapping_add(advertised);
        self.last_ack_sent = self.rcv_nxt;
        self.snd_wnd = u32::from(seg.wnd);
        self.max_snd_wnd = self.snd_wnd;
        self.snd_wl1 = seg.seq;
        self.snd_wl2 = seg.ack;
        self.remote_mss = seg.options.mss.unwrap_or_else(|| default_mss(self.remote));
        match (self.offer.window_scale, seg.options.window_scale) {
            (Some(ours), Some(theirs)) => {
                self.rcv_wind_shift = ours;
                // RFC 7323 section 2.3: a shift above 14 is taken for 14.
                self.snd_wind_shift = theirs.min(MAX_WIND_SHIFT);
            }
            // RFC 7323 section 2.2: one SYN alone scales nothing.
            _ => self.offer.window_scale = None,
        }
        match seg.options.timestamps {
            Some(stamps) if self.offer.timestamps => {
                self.timestamps = Some(Timestamps::new(self.timestamp_offset, stamps.val, now));
            }
            _ => self.offer.timestamps = false,
        }
        self.offer.sack &= seg.options.sack_permitted;
        self.ecn.accept_syn(seg);
    }

    /// The handshake is over: the congestion window follows from the agreed segment size.
    pub(crate) fn begin_transfer(&mut self, config: &Config) {
        self.established = true;
        let smss = self.smss(config);
        let keeps_window = self.syn_losses <= config.forgiven_syn_losses;
        self.congestion = Congestion::new(smss, config, !keeps_window);
        self.retransmissions = 0;
        if self.syn_losses > 0 {
            self.rtt.syn_was_lost();
        }
    }

    /// Enters a state and reports it; every transition passes through here.
    pub(crate) fn enter(&mut self, to: State, now: Instant, out: &mut Output) {
        let from = core::mem::replace(&mut self.state, to);
        if from != to {
            out.counters.transition(from, to);
            out.event(Event::Transition {
                connection: self.id,
                from,
                to,
                at: now,
            });
        }
    }

    /// Ends the connection: timers stop, what was not sent or not complete is let go.
    ///
    /// Text that came in order stays readable, unless an error ended the connection.
    pub(crate) fn end(&mut self, error: Option<ConnectionError>, now: Instant, out: &mut Output) {
        self.timers.stop_all();
        self.send.clear();
        self.reassembly.clear();
        self.scoreboard.clear();
        self.ack_now = false;
        self.retransmit_next = None;
        if let Some(error) = error {
            // RFC 9293 section 3.10.7.4: all segment queues are flushed.
            if !out.config().text_outlives_reset {
                self.receive.clear();
            }
            self.error = Some(error);
            out.event(Event::Error {
                connection: self.id,
                error,
                fatal: true,
                at: now,
            });
        }
        self.enter(State::Closed, now, out);
    }

    /// Remembers an error that does not end the connection (RFC 9293 MUST-47).
    pub(crate) fn disturb(&mut self, error: ConnectionError, now: Instant, out: &mut Output) {
        if matches!(error, ConnectionError::Unreachable(_)) {
            self.soft_error = Some(error); // it will explain a timeout that follows
        } else {
            self.soft_error.get_or_insert(error);
        }
        out.event(Event::Error {
            connection: self.id,
            error,
            fatal: false,
            at: now,
        });
    }

    /// Enters TIME-WAIT: only the 2 MSL timer runs.
    pub(crate) fn enter_time_wait(&mut self, now: Instant, out: &mut Output) {
        self.timers.stop_all();
        self.send.clear();
        self.scoreboard.clear();
        self.retransmit_next = None;
        self.enter(State::TimeWait, now, out);
        self.restart_time_wait(now, out.config());
    }

    /// RFC 9293 MUST-13: two maximum segment lifetimes.
    pub(crate) fn restart_time_wait(&mut self, now: Instant, config: &Config) {
        self.timers
            .set(Timer::TimeWait, now.after(config.msl.saturating_mul(2)));
    }

    /// Offers no larger segments than the path carries.
    pub(crate) fn limit_offered_mss(&mut self) {
        let room = self.path_mtu.saturating_sub(header_len(self.remote)).max(1);
        self.rcv_mss = self.rcv_mss.min(u16::try_from(room).unwrap_or(u16::MAX));
    }

    /// SEG.WND in octets (RFC 7323 section 2.3).
    pub(crate) fn window_of(&self, seg: &Segment<'_>) -> u32 {
        let shift = if seg.arrived_syn {
            0
        } else {
            self.snd_wind_shift
        };
        u32::from(seg.wnd) << shift
    }

    /// RCV.WND: from RCV.NXT to the advertised right edge.
    pub(crate) fn rcv_wnd(&self) -> u32 {
        self.rcv_adv.octets_since(self.rcv_nxt) as u32
    }

    /// FlightSize: sent and not acknowledged.
    pub(crate) fn flight_size(&self) -> usize {
        self.snd_una.distance_to(self.snd_nxt) as usize
    }

    /// Octets of text that never left.
    pub(crate) fn unsent(&self) -> usize {
        if self.syn_is_unsent() {
            self.send.len()
        } else {
            self.send.octets_from(self.snd_nxt)
        }
    }

    fn syn_is_unsent(&self) -> bool {
        self.snd_nxt == self.iss
    }

    /// Whether a FIN waits to be sent.
    pub(crate) fn fin_is_due(&self) -> bool {
        self.fin_queued && self.fin_sent.is_none()
    }

    /// Whether the remote acknowledged our FIN.
    pub(crate) fn fin_is_acked(&self) -> bool {
        self.fin_sent.is_some_and(|fin| self.snd_una.after(fin))
    }

    /// Whether anything sent or to be sent lacks its acknowledgment.
    pub(crate) fn has_outstanding(&self) -> bool {
        self.snd_una != self.snd_nxt || self.unsent() > 0 || self.fin_is_due()
    }

    /// Whether something is to be sent again before anything new; not while F-RTO tries something new.
    pub(crate) fn has_lost(&self) -> bool {
        if !self.is_selective() {
            return self.retransmit_next.is_some();
        }
        self.recovery.frto != Some(Step::Second) && self.scoreboard.next_lost(0).is_some()
    }

    /// Octets from `seq` to the end of the record that it is in, where there is one.
    pub(crate) fn record_left(&self, seq: Seq) -> Option<usize> {
        let end = self.records.iter().find(|end| end.after(seq))?;
        Some(end.octets_since(seq))
    }

    /// Whether our SYN was not acknowledged yet.
    pub(crate) fn syn_is_unacked(&self) -> bool {
        self.snd_una == self.iss
    }

    /// Whether text for two full segments waits for its acknowledgment, or for more than one.
    pub(crate) fn owes_acknowledgment(&self, config: &Config) -> bool {
        let rmss = usize::from(self.rcv_mss);
        let full = self
            .largest_text
            .clamp(SMALLEST_FULL_SEGMENT.min(rmss), rmss);
        if config.ack_above_one_segment {
            self.unacked_text > full
        } else {
            self.unacked_text >= 2 * full
        }
    }

    /// Octets that a segment to the remote can hold after the fixed headers.
    ///
    /// RFC 9293 MUST-16: the remote's MSS, and what the path carries; options are taken off by the caller.
    pub(crate) fn segment_room(&self, config: &Config) -> usize {
        let path = self.path_mtu.saturating_sub(header_len(self.remote));
        let remote = usize::from(self.remote_mss).max(config.min_send_mss);
        let own =
            usize::from(self.options.max_segment.unwrap_or(u16::MAX)).max(config.min_send_mss);
        path.min(remote).min(own)
    }

    /// SMSS: octets of text in a full segment without SACK blocks.
    pub(crate) fn smss(&self, config: &Config) -> usize {
        let options = if self.timestamps.is_some() { 12 } else { 0 };
        self.segment_room(config).saturating_sub(options).max(1)
    }

    /// The options of a segment that is not a SYN.
    pub(crate) fn segment_options(&self, now: Instant) -> TcpOptions {
        let timestamps = self.timestamps.as_ref().map(|stamps| stamps.option(now));
        let mut options = TcpOptions {
            timestamps,
            ..TcpOptions::default()
        };
        if self.offer.sack && (self.duplicate_text.is_some() || !self.reassembly.is_empty()) {
            options.sack = crate::rfc2018::blocks(self);
        }
        options.acc_ecn = self.acc_ecn_option(options.encoded_len());
        options
    }

    /// The Accurate ECN option, if there is news and `used` octets of options leave room for it.
    fn acc_ecn_option(&self, used: usize) -> Option<AccEcnOption> {
        let counters = &self.ecn.counters;
        let agreed = self.ecn.mode == EcnMode::Accurate && used + ACC_ECN_LEN <= MAX_OPTIONS;
        counters.news().filter(|_| agreed)
    }

    /// (Re)starts the user timer if something is outstanding, else stops it (RFC 9293 section 3.8.3).
    pub(crate) fn note_progress(&mut self, now: Instant) {
        match self.options.user_timeout {
            Some(timeout) if self.has_outstanding() && !self.awaits_first_probe() => {
                self.timers.set(Timer::User, now.after(at_least(timeout)))
            }
            _ => self.timers.stop(Timer::User),
        }
    }

    /// Whether text waits for the window or the link, and the time until the first probe does not count.
    fn awaits_first_probe(&self) -> bool {
        self.user_timeout_counts_from_probes && self.flight_size() == 0 && self.probes == 0
    }

    /// Starts the user timer for what became outstanding.
    pub(crate) fn await_progress(&mut self, now: Instant) {
        if !self.timers.is_running(Timer::User) {
            self.note_progress(now);
        }
    }

    /// (Re)starts keep-alive from the last time the remote was heard, or stops it.
    pub(crate) fn schedule_keep_alive(&mut self) {
        // RFC 9293 MUST-24, MUST-25: only where the application asked for it.
        if self.options.keep_alive && self.state.is_synchronized() && self.state != State::TimeWait
        {
            self.timers.set(
                Timer::KeepAlive,
                self.last_heard.after(at_least(self.options.keep_idle)),
            );
        } else {
            self.timers.stop(Timer::KeepAlive);
        }
    }
}

/// The greatest shift with which the window field can still express half of a receive buffer: with a coarser
/// one, a small buffer's window would look closed for ever.
fn useful_shift(receive_buffer: usize) -> u8 {
    let halves = (receive_buffer / 2).max(1).ilog2();
    u8::try_from(halves).map_or(MAX_WIND_SHIFT, |shift| shift.min(MAX_WIND_SHIFT))
}

/// No timer is shorter, so that time always advances between two firings.
pub(crate) fn at_least(duration: Duration) -> Duration {
    duration.max(Duration::from_millis(1))
}

/// Octets of the fixed IP and TCP headers.
pub(crate) fn header_len(remote: Endpoint) -> usize {
    if remote.addr.is_ipv4() { 40 } else { 60 }
}

fn default_mss(remote: Endpoint) -> u16 {
    if remote.addr.is_ipv4() {
        DEFAULT_MSS_V4
    } else {
        DEFAULT_MSS_V6
    }
}
