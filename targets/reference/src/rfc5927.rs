//! RFC 5927 and RFC 9293 section 3.9.2.2: ICMP errors, believed only about what is in flight.

use crate::output::{Output, retransmission, segmentation};
use crate::tcb::Tcb;
use crate::wire::{IcmpError, IcmpKind};
use crate::{ConnectionError, DropReason, Instant, State, Unreachable};

/// The least MTU of an IPv6 link (RFC 8200 section 5).
const MIN_MTU_V6: usize = 1_280;
/// The least MTU of an IPv4 link (RFC 791).
const MIN_MTU_V4: usize = 68;
/// RFC 1191 section 7.1: what to try when a router does not say which MTU it has.
const PLATEAUS: [usize; 7] = [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006];

/// Acts on an ICMP error that quotes a segment of this connection.
pub(crate) fn error_arrives(tcb: &mut Tcb, error: &IcmpError, now: Instant, out: &mut Output) {
    // RFC 5927 section 4.1: SND.UNA <= SEG.SEQ < SND.NXT, or it is old, or a guess.
    let in_flight = error.seq.at_or_after(tcb.snd_una) && error.seq.before(tcb.snd_nxt);
    if !in_flight || tcb.state == State::Closed {
        out.dropped(Some(tcb.id), DropReason::IcmpNotOurs, now);
        return;
    }
    match error.kind {
        IcmpKind::PacketTooBig(mtu) => {
            packet_too_big(tcb, mtu as usize, error.quoted_length, now, out)
        }
        IcmpKind::Unreachable(unreachable) => destination_unreachable(tcb, unreachable, now, out),
    }
}

/// RFC 1191, RFC 8201: the path takes smaller packets; what is in flight leaves again, in smaller pieces.
fn packet_too_big(tcb: &mut Tcb, mtu: usize, quoted_length: usize, now: Instant, out: &mut Output) {
    let floor = if tcb.remote.addr.is_ipv4() {
        MIN_MTU_V4
    } else {
        MIN_MTU_V6
    };
    let mtu = match mtu {
        // From ICMPv6, which always says it, this comes to less than its least MTU.
        0 => plateau_below(quoted_length.min(tcb.path_mtu)),
        mtu => mtu,
    };
    // RFC 5927 section 7.2: neither impossibly small nor larger than what is known.
    if mtu < floor || mtu >= tcb.path_mtu || !tcb.options.path_mtu_discovery {
        out.dropped(Some(tcb.id), DropReason::IcmpIgnored, now);
        return;
    }
    let least = if tcb.remote.addr.is_ipv4() {
        out.config().min_path_mtu
    } else {
        MIN_MTU_V6
    };
    tcb.path_mtu = mtu.max(least).min(tcb.path_mtu);
    if out.config().mss_follows_path && tcb.syn_is_unacked() {
        tcb.limit_offered_mss();
    }
    let smss = tcb.smss(out.config());
    tcb.congestion.set_smss(smss); // no sign of congestion: cwnd stays
    if !tcb.syn_is_unacked() {
        tcb.take_for_lost();
        // RFC 1191 section 6.4: slow start, though cwnd stays.
        tcb.awaits_acknowledgment = out.config().slow_starts_on_smaller_paths;
        segmentation::transmit(tcb, now, out);
    } else if tcb.state == State::SynSent && tcb.syn_has_text() {
        // It was the text that made the SYN too big.
        tcb.fall_back_from_fast_open();
        retransmission::retransmit_head(tcb, now, out);
    }
}

fn plateau_below(length: usize) -> usize {
    PLATEAUS
        .into_iter()
        .find(|plateau| *plateau < length)
        .unwrap_or(MIN_MTU_V4)
}

fn destination_unreachable(
    tcb: &mut Tcb,
    unreachable: Unreachable,
    now: Instant,
    out: &mut Output,
) {
    let error = ConnectionError::Unreachable(unreachable);
    // RFC 9293 SHLD-26: protocol and port unreachable are hard; MUST-56: all else is soft.
    let hard = matches!(unreachable, Unreachable::Port | Unreachable::Protocol);
    let attempt = match tcb.state {
        State::SynSent => true,
        State::SynReceived if tcb.fast_open => !tcb.accepted,
        State::SynReceived => tcb.listener.is_none(),
        _ => false,
    };
    let returns_to_listen = tcb.state == State::SynReceived && !attempt && !tcb.fast_open;
    if returns_to_listen && !hard && out.config().soft_errors_abort_attempts {
        tcb.enter(State::Listen, now, out); // nobody knows of it yet who could be told
        return;
    }
    let aborts = match (hard, attempt) {
        (true, true) => true,
        (true, false) => tcb.state.is_synchronized() && out.config().hard_errors_abort_synchronized,
        (false, true) => out.config().soft_errors_abort_attempts,
        (false, false) => false,
    };
    if aborts {
        tcb.end(Some(error), now, out);
    } else {
        tcb.disturb(error, now, out); // RFC 9293 SHLD-25, MUST-47
    }
}
