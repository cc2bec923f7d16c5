//! RFC 4987: SYN cookies. A SYN for which the backlog has no room is answered without being remembered: the initial sequence number
//! holds what the acknowledgment has to bring back (section 3.6, appendix A).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::listener::Listener;
use crate::output::{Output, control};
use crate::segment::{Flags, Segment};
use crate::siphash::siphash_2_4;
use crate::tcb::Tcb;
use crate::wire::TcpOptions;
use crate::{Config, ConnectionId, Instant, Seq, State};

/// When a listener answers SYNs by cookies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SynCookies {
    /// Never: SYNs beyond the backlog are dropped.
    Never,
    /// While the backlog is full of connections that are not established.
    WhenFull,
    /// Always.
    Always,
}

/// The MSS that three bits can tell.
const SIZES: [u16; 8] = [48, 216, 536, 1_220, 1_360, 1_440, 1_460, 8_940];
/// How long one value of the cookies' clock lasts, in milliseconds; five bits of it are in the cookie.
const TICK: u64 = 64_000;
const CLOCK_BITS: u32 = 5;
/// A cookie is good in the tick in which it was made, and in the next.
const OLDEST: u32 = 1;
/// Tells cookies from what else the secret is hashed for.
const PURPOSE: u8 = b'c';

/// What a cookie that came back tells of the SYN.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Remembered {
    iss: Seq,
    irs: Seq,
    mss: u16,
}

/// Whether this SYN is to be answered by a cookie.
pub(crate) fn wants_cookie(listener: &Listener, seg: &Segment<'_>, config: &Config) -> bool {
    let is_syn = seg.flags.syn && !seg.flags.ack && !seg.flags.rst;
    let wanted = match config.syn_cookies {
        SynCookies::Never => false,
        SynCookies::WhenFull => listener.is_full(),
        SynCookies::Always => true,
    };
    // Where those that wait for the user alone fill the backlog, a cookie would not help.
    is_syn && wanted && !listener.is_full_of_ready()
}

/// Answers a SYN, and forgets it.
pub(crate) fn answer(listener: &Listener, seg: &Segment<'_>, now: Instant, out: &mut Output) {
    let wanted = seg.options.mss.unwrap_or(SIZES[2]);
    let index = SIZES.iter().rposition(|size| *size <= wanted).unwrap_or(0);
    let tick = (now.as_millis() / TICK) as u32;
    let remembered = Remembered {
        iss: cookie(out.config(), seg, seg.seq, tick, index as u32),
        irs: seg.seq,
        mss: SIZES[index],
    };
    let id = ConnectionId(0); // nobody gets to know it
    let mut tcb = request(listener, id, &remembered, seg, now, out.config());
    control::send_syn(&mut tcb, now, out);
}

/// What the cookie says that this segment acknowledges, if it is one.
pub(crate) fn acknowledged(seg: &Segment<'_>, now: Instant, config: &Config) -> Option<Remembered> {
    let is_ack = seg.flags.ack && !seg.flags.syn && !seg.flags.rst;
    if !is_ack || config.syn_cookies == SynCookies::Never {
        return None;
    }
    let (iss, irs) = (seg.ack.wrapping_sub(1), seg.seq.wrapping_sub(1));
    let tick = (now.as_millis() / TICK) as u32;
    let index = iss.0 >> 24 & 7;
    let made_at = iss.0 >> (32 - CLOCK_BITS);
    let age = tick.wrapping_sub(made_at) & ((1 << CLOCK_BITS) - 1);
    let is_ours = age <= OLDEST && cookie(config, seg, irs, tick.wrapping_sub(age), index) == iss;
    is_ours.then(|| Remembered {
        iss,
        irs,
        mss: SIZES[index as usize & 7],
    })
}

/// The connection that was asked for, in SYN-RECEIVED: it is made only now that the SYN-ACK was acknowledged.
pub(crate) fn open(
    listener: &Listener,
    id: ConnectionId,
    remembered: &Remembered,
    seg: &Segment<'_>,
    now: Instant,
    out: &mut Output,
) -> Box<Tcb> {
    let mut tcb = request(listener, id, remembered, seg, now, out.config());
    tcb.state = State::Listen;
    let _ = tcb.advertise_window(true); // as the SYN-ACK did
    tcb.snd_nxt = remembered.iss.wrapping_add(1);
    tcb.enter(State::SynReceived, now, out);
    tcb
}

/// A connection as a SYN with no option but an MSS makes it: the cookie has room for no other (section 3.6).
fn request(
    listener: &Listener,
    id: ConnectionId,
    remembered: &Remembered,
    seg: &Segment<'_>,
    now: Instant,
    config: &Config,
) -> Box<Tcb> {
    let ends = (seg.local, seg.remote);
    let options = listener.options_of_spawned(config);
    let mut tcb = Tcb::new(id, ends, options, remembered.iss, config, now);
    tcb.listener = Some(listener.id);
    tcb.save_return_route(seg, config);
    tcb.state = State::SynReceived;
    let syn = Segment {
        seq: remembered.irs,
        flags: Flags::default(), // which asks for no ECN
        options: TcpOptions {
            mss: Some(remembered.mss),
            ..TcpOptions::default()
        },
        ..*seg
    };
    tcb.accept_syn(&syn, now);
    tcb
}

/// Five bits of the clock, three for the MSS, and 24 of a keyed hash over all that must not be forged.
fn cookie(config: &Config, seg: &Segment<'_>, irs: Seq, tick: u32, index: u32) -> Seq {
    let mut octets = Vec::with_capacity(48);
    octets.push(PURPOSE);
    for end in [seg.local, seg.remote] {
        match end.addr {
            IpAddr::V4(addr) => octets.extend(addr.octets()),
            IpAddr::V6(addr) => octets.extend(addr.octets()),
        }
        octets.extend(end.port.to_be_bytes());
    }
    for number in [irs.0, tick, index] {
        octets.extend(number.to_be_bytes());
    }
    let hash = siphash_2_4(&config.secret, &octets) as u32 >> 8;
    Seq(tick << (32 - CLOCK_BITS) | index << 24 | hash)
}
