//! STATUS in the layout of Linux's `struct tcp_info`, so that scripts can read it.

use halfopen_reference::{Instant, State, Status};
use halfopen_target::Duration;

// `tcpi_options`.
const TIMESTAMPS: u8 = 1;
const SACK: u8 = 2;
const WINDOW_SCALE: u8 = 4;
const ECN: u8 = 8;
const SYN_DATA: u8 = 32;

// `tcpi_ca_state`.
const OPEN: u8 = 0;
const DISORDER: u8 = 1;
const RECOVERY: u8 = 3;
const LOSS: u8 = 4;

/// Linux's word for "no ssthresh yet".
const INFINITE: u32 = 0x7fff_ffff;

/// The structure, as Linux 6.18 has it; what has no meaning here is zero.
pub(crate) fn encode(status: &Status, now: Instant) -> Vec<u8> {
    let mut info = Vec::with_capacity(248);
    info.extend([
        state(status.state),
        congestion_state(status),
        octet(status.retransmissions),
        octet(status.probes),
        octet(status.backoff),
        options(status),
        (status.snd_wind_shift & 15) | status.rcv_wind_shift << 4,
        0, // tcpi_delivery_rate_app_limited, tcpi_fastopen_client_fail
    ]);
    let since = |at: Instant| u32::try_from(now.since(at).as_millis()).unwrap_or(u32::MAX);
    let mss = status.snd_mss.max(1);
    let segments = |octets: usize| word(octets / mss);
    let ssthresh = match segments(status.ssthresh) {
        many if many >= 1 << 18 => INFINITE,
        segments => segments,
    };
    let words = [
        micros(Some(status.rto)),
        0, // tcpi_ato
        word(status.snd_mss),
        u32::from(status.rcv_mss),
        unacked(status),
        word(status.segments_sacked),
        word(status.segments_lost),
        word(status.segments_resent),
        0, // tcpi_fackets, gone from Linux, too
        since(status.last_sent),
        0, // tcpi_last_ack_sent is never filled in
        since(status.last_heard),
        since(status.last_heard),
        word(status.path_mtu),
        status.rcv_wnd, // tcpi_rcv_ssthresh
        micros(status.srtt),
        micros(status.rttvar),
        ssthresh,
        segments(status.cwnd),
        u32::from(status.rcv_mss),
        status.reordering,
        0, // tcpi_rcv_rtt
        0, // tcpi_rcv_space
        long_word(status.total_retransmissions),
    ];
    words
        .iter()
        .for_each(|word| info.extend(word.to_ne_bytes()));
    let longs = [
        u64::MAX,
        u64::MAX,
        status.octets_acked,
        status.octets_received,
    ];
    longs
        .iter()
        .for_each(|long| info.extend(long.to_ne_bytes()));
    let words = [
        0, // tcpi_segs_out
        0, // tcpi_segs_in
        word(status.unsent),
        status.min_rtt.map_or(u32::MAX, |rtt| micros(Some(rtt))),
        0, // tcpi_data_segs_in
        0, // tcpi_data_segs_out
    ];
    words
        .iter()
        .for_each(|word| info.extend(word.to_ne_bytes()));
    let span = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let totals = status.chronograph.totals(now);
    let longs = [
        0, // tcpi_delivery_rate
        span(totals.busy),
        span(totals.window_limited),
        span(totals.send_buffer_limited),
    ];
    longs
        .iter()
        .for_each(|long| info.extend(long.to_ne_bytes()));
    // Linux counts the SYN.
    let handshake_is_over = !matches!(
        status.state,
        State::Closed | State::Listen | State::SynSent | State::SynReceived
    );
    let delivered = status.segments_delivered + u64::from(handshake_is_over);
    let words = [long_word(delivered), 0];
    words
        .iter()
        .for_each(|word| info.extend(word.to_ne_bytes()));
    info.extend([0; 16]); // tcpi_bytes_sent, tcpi_bytes_retrans
    let words = [
        0, // tcpi_dsack_dups
        status.reorderings,
        0, // tcpi_rcv_ooopack
        status.snd_wnd,
        status.rcv_wnd,
        0, // tcpi_rehash
        0, // tcpi_total_rto, tcpi_total_rto_recoveries
        0, // tcpi_total_rto_time
    ];
    words
        .iter()
        .for_each(|word| info.extend(word.to_ne_bytes()));
    info
}

/// For a listener, the connections that wait, as in Linux.
fn unacked(status: &Status) -> u32 {
    match status.state {
        State::Listen => word(status.ready_to_accept),
        _ => word(status.segments_out),
    }
}

const fn state(state: State) -> u8 {
    match state {
        State::Established => 1,
        State::SynSent => 2,
        State::SynReceived => 3,
        State::FinWait1 => 4,
        State::FinWait2 => 5,
        State::TimeWait => 6,
        State::Closed => 7,
        State::CloseWait => 8,
        State::LastAck => 9,
        State::Listen => 10,
        State::Closing => 11,
    }
}

fn congestion_state(status: &Status) -> u8 {
    match status {
        status if status.recovers_from_timeout => LOSS,
        status if status.in_recovery => RECOVERY,
        status if status.dup_acks > 0 || status.segments_sacked > 0 => DISORDER,
        _ => OPEN,
    }
}

fn options(status: &Status) -> u8 {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    bit(status.timestamps, TIMESTAMPS)
        | bit(status.sack, SACK)
        | bit(status.window_scaling, WINDOW_SCALE)
        | bit(status.ecn, ECN)
        | bit(status.fast_open, SYN_DATA)
}

fn octet(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn long_word(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn micros(span: Option<Duration>) -> u32 {
    span.map_or(0, |span| {
        u32::try_from(span.as_micros()).unwrap_or(u32::MAX)
    })
}
