//! STATUS (RFC 9293 section 3.10.6).

use core::time::Duration;

use crate::listener::Listener;
use crate::recovery::Phase;
use crate::send_memory::{self, SendMemory};
use crate::tcb::Tcb;
use crate::{
    Chronograph, Config, ConnectionId, EcnMode, Instant, Seq, Stack, State, Status, UserError,
};

impl Stack {
    /// What is known about a connection or a listener.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`.
    pub fn status(&self, id: ConnectionId) -> Result<Status, UserError> {
        match self.table.listeners.get(&id) {
            Some(listener) => Ok(of_listener(listener)),
            None => Ok(of_connection(self.tcb(id)?, self.config())),
        }
    }
}

fn of_connection(tcb: &Tcb, config: &Config) -> Status {
    let (rto, measured) = tcb.rtt.figures();
    let read_point = tcb
        .rcv_nxt
        .wrapping_sub(u32::from(tcb.end_of_stream))
        .wrapping_sub(tcb.receive.len() as u32);
    Status {
        state: tcb.state,
        local: tcb.local,
        remote: Some(tcb.remote),
        passive: tcb.listener.is_some(),
        ready_to_accept: 0,
        iss: tcb.iss,
        snd_una: tcb.snd_una,
        snd_nxt: tcb.snd_nxt,
        snd_wnd: tcb.snd_wnd,
        snd_up: tcb.snd_up.unwrap_or(tcb.snd_una),
        snd_wl1: tcb.snd_wl1,
        snd_wl2: tcb.snd_wl2,
        irs: tcb.irs,
        rcv_nxt: tcb.rcv_nxt,
        rcv_wnd: tcb.rcv_wnd(),
        rcv_up: tcb.rcv_up.unwrap_or(tcb.rcv_nxt),
        receive_queued: tcb.receive.len(),
        out_of_order: tcb.receive.held().octets(),
        end_of_stream: tcb.end_of_stream,
        send_queued: tcb.send.len(),
        unsent: tcb.unsent(),
        writable: send_memory::is_writable(tcb, config),
        send_free: SendMemory::of(tcb, config).free(),
        // RFC 9293 MUST-33.
        urgent_ahead: tcb
            .rcv_up
            .filter(|up| up.after(read_point))
            .map(|up| up.octets_since(read_point)),
        snd_mss: tcb.smss(config),
        rcv_mss: tcb.rcv_mss,
        remote_mss: tcb.remote_mss,
        path_mtu: tcb.path_mtu,
        snd_wind_shift: tcb.snd_wind_shift,
        rcv_wind_shift: tcb.rcv_wind_shift,
        window_scaling: tcb.offer.window_scale.is_some(),
        timestamps: tcb.timestamps.is_some(),
        sack: tcb.offer.sack,
        srtt: measured.map(|(srtt, _)| srtt),
        rttvar: measured.map(|(_, rttvar)| rttvar),
        rto,
        retransmissions: tcb.retransmissions,
        total_retransmissions: tcb.total_retransmissions,
        probes: tcb.unanswered_probes,
        cwnd: tcb.congestion.cwnd(),
        ssthresh: tcb.congestion.ssthresh(),
        in_recovery: tcb.recovery.phase == Phase::Recovery,
        dup_acks: tcb.recovery.dup_acks,
        flight_size: tcb.flight_size(),
        recovers_from_timeout: tcb.recovery.phase == Phase::Loss,
        backoff: tcb.rtt.backoff(),
        segments_out: tcb.scoreboard.len(),
        segments_sacked: tcb.scoreboard.sacked_segments() as usize,
        segments_lost: tcb.scoreboard.iter().filter(|entry| entry.was_lost).count(),
        segments_resent: tcb
            .scoreboard
            .iter()
            .filter(|entry| entry.resent && !entry.lost && !entry.sacked)
            .count(),
        segments_delivered: tcb.segments_delivered,
        min_rtt: tcb.rack.min_rtt(),
        reorderings: tcb.rack.reorderings(),
        reordering: tcb.rack.degree(),
        chronograph: tcb.chronograph,
        ecn: tcb.ecn.mode != EcnMode::Off,
        fast_open: tcb.syn_text_arrived,
        last_sent: tcb.last_sent,
        last_heard: tcb.last_heard,
        octets_acked: tcb.octets_acked,
        octets_received: tcb.octets_received,
        error: tcb.error,
        soft_error: tcb.soft_error,
    }
}

fn of_listener(listener: &Listener) -> Status {
    let none = Seq(0);
    Status {
        state: State::Listen,
        local: listener.local,
        remote: listener.remote,
        passive: true,
        ready_to_accept: listener.ready.len(),
        iss: none,
        snd_una: none,
        snd_nxt: none,
        snd_wnd: 0,
        snd_up: none,
        snd_wl1: none,
        snd_wl2: none,
        irs: none,
        rcv_nxt: none,
        rcv_wnd: 0,
        rcv_up: none,
        receive_queued: 0,
        out_of_order: 0,
        end_of_stream: false,
        send_queued: 0,
        unsent: 0,
        writable: false,
        send_free: listener.options.send_buffer,
        urgent_ahead: None,
        snd_mss: 0,
        rcv_mss: listener.options.max_segment.unwrap_or(0),
        remote_mss: 0,
        path_mtu: 0,
        snd_wind_shift: 0,
        rcv_wind_shift: 0,
        window_scaling: false,
        timestamps: false,
        sack: false,
        srtt: None,
        rttvar: None,
        rto: Duration::ZERO,
        retransmissions: 0,
        total_retransmissions: 0,
        probes: 0,
        cwnd: 0,
        ssthresh: 0,
        in_recovery: false,
        dup_acks: 0,
        flight_size: 0,
        recovers_from_timeout: false,
        backoff: 0,
        segments_out: 0,
        segments_sacked: 0,
        segments_lost: 0,
        segments_resent: 0,
        segments_delivered: 0,
        min_rtt: None,
        reorderings: 0,
        reordering: 0,
        chronograph: Chronograph::default(),
        ecn: false,
        fast_open: false,
        last_sent: Instant::ZERO,
        last_heard: Instant::ZERO,
        octets_acked: 0,
        octets_received: 0,
        error: None,
        soft_error: None,
    }
}
