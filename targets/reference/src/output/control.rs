//! Segments without text: SYN, ACK, RST.

use super::Output;
use crate::segment::{Codepoint, Flags, OutboundSegment, Segment};
use crate::tcb::{MAX_OPTIONS, Tcb, route_is_possible};
use crate::timer::Timer;
use crate::wire::{TcpOptions, TimestampsOption};
use crate::{EcnMode, Instant, Seq, State, rfc7323};

/// A segment of this connection that acknowledges RCV.NXT and will get `text_len` octets of text, and the route; sending it settles
/// what waited for an ACK.
///
/// One copy of it for segments with text and without: two would not leave room in an instruction cache.
#[inline(never)]
pub(super) fn acknowledging<'a>(
    tcb: &mut Tcb,
    seq: Seq,
    flags: Flags,
    options: &'a TcpOptions,
    text_len: usize,
) -> OutboundSegment<'a> {
    let wnd = tcb.advertise_window(flags.syn);
    // A window probe counts as a retransmission: neither is marked (RFC 3168 sections 6.1.5 and 6.1.6).
    let new_text = text_len > 0 && seq == tcb.snd_nxt && tcb.snd_wnd > 0;
    let ecn = if flags.syn {
        tcb.ecn.syn_ack_flags()
    } else {
        tcb.ecn
            .flags(new_text, text_len == 0 && options.sack.len() == 0)
    };
    let codepoint = if new_text {
        tcb.ecn.codepoint()
    } else {
        Codepoint::NotEct
    };
    if options.acc_ecn.is_some() {
        tcb.ecn.counters.told(text_len > 0);
    }
    tcb.ack_now = false;
    tcb.quick_acks = tcb
        .quick_acks
        .saturating_sub(u32::from(tcb.unacked_text > 0));
    tcb.duplicate_text = None;
    tcb.unacked_text = 0;
    tcb.last_ack_sent = tcb.rcv_nxt;
    tcb.read_since_told = 0;
    tcb.timers.stop(Timer::DelayedAck);
    OutboundSegment {
        local: tcb.local,
        remote: tcb.remote,
        seq,
        ack: tcb.rcv_nxt,
        wnd,
        up: 0,
        flags: Flags { ack: true, ..flags }.with_ecn(ecn),
        options,
        text: [&[]; 2],
        ttl: tcb.options.ttl,
        dont_fragment: tcb.options.path_mtu_discovery,
        // RFC 9293 SHLD-21, SHLD-22: as it is now, unchanged but for what ECN needs.
        class: codepoint.mark(tcb.options.diffserv),
        route: None,
    }
}

/// Sends `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
///
/// Where SND.NXT is beyond the remote's window, after a probe or since the window shrank, its right edge stands
/// for it: the remote would not take the ACK otherwise (RFC 9293 section 3.10.7.4), and answer it; two ends
/// that probe each other would go on for ever.
pub(crate) fn send_ack(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let edge = tcb.snd_una.wrapping_add(tcb.snd_wnd);
    let seq = if !tcb.syn_is_unacked() && edge.before(tcb.snd_nxt) {
        edge
    } else {
        tcb.snd_nxt
    };
    send_ack_at(tcb, seq, now, out);
}

/// Sends an ACK without text at `seq`; a keep-alive probe lies before SND.NXT.
pub(crate) fn send_ack_at(tcb: &mut Tcb, seq: Seq, now: Instant, out: &mut Output) {
    let options = tcb.segment_options(now);
    let mut segment = acknowledging(tcb, seq, Flags::default(), &options, 0);
    segment.route = tcb.route.as_deref();
    out.send(&segment);
}

/// Sends the SYN, in SYN-SENT, or the SYN-ACK.
#[cold]
pub(crate) fn send_syn(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let options = syn_options(tcb, now);
    let flags = Flags {
        syn: true,
        ..Flags::default()
    };
    // RFC 7413 section 4.1.3: with the text that SND.NXT was moved over.
    let first = tcb.iss.wrapping_add(1);
    let text_len = match tcb.state {
        State::SynSent if !tcb.fell_back => tcb.snd_nxt.octets_since(first).min(tcb.send.len()),
        _ => 0,
    };
    let mut segment = acknowledging(tcb, tcb.iss, flags, &options, text_len);
    if tcb.state == State::SynSent {
        segment.flags = segment.flags.with_ecn(tcb.ecn.syn_flags());
        segment.flags.ack = false;
        segment.ack = Seq(0);
    }
    segment.text = tcb.send.slices(first, text_len);
    segment.route = tcb.route.as_deref();
    out.send(&segment);
}

/// The options of our SYN: the offer, or what is left of it after the remote's SYN.
pub(crate) fn syn_options(tcb: &Tcb, now: Instant) -> TcpOptions {
    let val = rfc7323::clock(tcb.timestamp_offset, now);
    // RFC 7323 section 3.2: TSecr is zero when nothing is acknowledged.
    let ecr = tcb
        .timestamps
        .as_ref()
        .map_or(0, rfc7323::Timestamps::ts_recent);
    let mut options = TcpOptions {
        // RFC 9293 MUST-14, SHLD-5, MAY-3: on every SYN.
        mss: Some(tcb.rcv_mss),
        window_scale: tcb.offer.window_scale,
        sack_permitted: tcb.offer.sack,
        timestamps: tcb
            .offer
            .timestamps
            .then_some(TimestampsOption { val, ecr }),
        fast_open: if tcb.state == State::SynSent {
            tcb.fast_open_request.filter(|_| !tcb.fell_back)
        } else {
            // RFC 7413 section 4.2.2: not when the SYN-ACK is repeated.
            tcb.fast_open_reply.filter(|_| tcb.retransmissions == 0)
        },
        ..TcpOptions::default()
    };
    // RFC 9768 section 3.2.3.2: on the SYN-ACK, but not when it is repeated, by itself or for a SYN that was.
    let counts = tcb.state == State::SynReceived && tcb.ecn.mode == EcnMode::Accurate;
    if counts && tcb.retransmissions == 0 && !tcb.ecn.counters.syn_came_again() {
        let room = MAX_OPTIONS.saturating_sub(options.encoded_len());
        options.acc_ecn = tcb.ecn.counters.option(room);
    }
    options
}

/// Sends `<SEQ=SND.NXT><CTL=RST>`: ABORT; with an acknowledgment, where the configuration has it so.
pub(crate) fn send_abort(tcb: &Tcb, now: Instant, out: &mut Output) {
    let mut options = reset_options(tcb, now);
    let acknowledges = out.config().abort_acknowledges;
    if acknowledges {
        options.timestamps = tcb.timestamps.as_ref().map(|stamps| stamps.option(now));
    }
    let mut segment = rst(tcb, tcb.snd_nxt, &options);
    if acknowledges {
        segment.flags.ack = true;
        segment.ack = tcb.rcv_nxt;
    }
    out.send(&segment);
}

/// Sends `<SEQ=seq><CTL=RST>` for a connection.
#[cold]
pub(crate) fn send_rst(tcb: &Tcb, seq: Seq, now: Instant, out: &mut Output) {
    let options = reset_options(tcb, now);
    out.send(&rst(tcb, seq, &options));
}

/// RFC 7323 section 3.2: a RST SHOULD carry timestamps; without ACK nothing is echoed.
fn reset_options(tcb: &Tcb, now: Instant) -> TcpOptions {
    let timestamps = tcb.timestamps.as_ref().map(|stamps| TimestampsOption {
        ecr: 0,
        ..stamps.option(now)
    });
    TcpOptions {
        timestamps,
        ..TcpOptions::default()
    }
}

fn rst<'a>(tcb: &'a Tcb, seq: Seq, options: &'a TcpOptions) -> OutboundSegment<'a> {
    OutboundSegment {
        local: tcb.local,
        remote: tcb.remote,
        seq,
        ack: Seq(0),
        wnd: 0,
        up: 0,
        flags: Flags {
            rst: true,
            ..Flags::default()
        },
        options,
        text: [&[]; 2],
        ttl: tcb.options.ttl,
        dont_fragment: tcb.options.path_mtu_discovery,
        class: tcb.options.diffserv,
        route: tcb.route.as_deref(),
    }
}

/// Answers a segment that fits no connection with RST (RFC 9293 section 3.10.7.1).
#[cold]
pub(crate) fn reply_rst(seg: &Segment<'_>, out: &mut Output) {
    let (seq, ack) = if seg.flags.ack {
        (seg.ack, None) // <SEQ=SEG.ACK><CTL=RST>
    } else {
        (Seq(0), Some(seg.seq.wrapping_add(seg.len()))) // <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
    };
    // RFC 7323 section 5.2: SHOULD echo the timestamp, with a zero of our own.
    let echoed = seg.options.timestamps;
    let echoed = echoed.filter(|_| out.config().reset_echoes_timestamp);
    let timestamps = echoed.map(|stamps| TimestampsOption {
        val: 0,
        ecr: stamps.val,
    });
    let (ttl, class) = (out.config().ttl, out.config().diffserv);
    // It goes back along the route that the segment came by, whatever route a connection may have.
    let route = seg.return_route();
    let route = route.filter(|route| route_is_possible(route, out.config()));
    out.send(&OutboundSegment {
        local: seg.local,
        remote: seg.remote,
        seq,
        ack: ack.unwrap_or(Seq(0)),
        wnd: 0,
        up: 0,
        flags: Flags {
            rst: true,
            ack: ack.is_some(),
            ..Flags::default()
        },
        options: &TcpOptions {
            timestamps,
            ..TcpOptions::default()
        },
        text: [&[]; 2],
        ttl,
        dont_fragment: true,
        class,
        route: route.as_ref(),
    });
}
