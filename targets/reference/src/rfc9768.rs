//! RFC 9768: Accurate ECN, which tells how many packets and octets were marked, and not only that some were.

use crate::segment::{Codepoint, Flags, Segment};
use crate::tcb::Tcb;
use crate::wire::AccEcnOption;
use crate::{EcnMode, State};

/// Initial values (section 3.2.1).
const INITIAL_CEP: u32 = 5;
const INITIAL_E0B: u32 = 1;
const INITIAL_CEB: u32 = 0;
const INITIAL_E1B: u32 = 1;
/// Octets of the option with all counters and with two, as it is aligned (table 5).
const WHOLE_OPTION: usize = 12;
const SHORT_OPTION: usize = 8;
/// Counters in the option have 24 bits.
const MASK: u32 = 0x00ff_ffff;

/// What arrived with which codepoint, and what the remote says arrived there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    /// r.cep: packets that arrived with CE.
    received_ce: u32,
    /// r.e0b, r.ceb, r.e1b: octets of text that arrived with each codepoint.
    octets: Octets,
    /// The octets as the last option told them.
    told: Octets,
    /// CE packets since the flags told of any.
    untold: u32,
    /// The last text arrived with CE.
    text_was_marked: bool,
    /// A client's first ACK and its first text carry the option in any case (section 3.2.3.2.1).
    announces: bool,
    /// s.cep: packets of ours that arrived with CE.
    sent_ce: u32,
    /// s.ceb likewise, as far as options told.
    sent_ce_octets: Option<u32>,
    /// How the remote's SYN or SYN-ACK arrived.
    handshake: Option<Codepoint>,
    /// The next segment tells it once more, if it is an ACK and nothing else.
    tells_handshake: bool,
    /// A SYN-ACK that arrived with CE is part of the count.
    counted_syn_ack: bool,
    /// The SYN came again, perhaps because of the option on the SYN-ACK.
    syn_came_again: bool,
    /// The remote's first segment after the SYNs is still to come.
    awaits_first: bool,
    /// Feedback is cleared on the way, or a SYN or SYN-ACK without the flags was part of the handshake.
    unfit: bool,
}

/// Octets of text by codepoint, modulo 2^24.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Octets {
    e0b: u32,
    ceb: u32,
    e1b: u32,
}

impl Default for Counters {
    fn default() -> Self {
        let octets = Octets {
            e0b: INITIAL_E0B,
            ceb: INITIAL_CEB,
            e1b: INITIAL_E1B,
        };
        Self {
            received_ce: INITIAL_CEP,
            octets,
            told: octets,
            untold: 0,
            text_was_marked: false,
            announces: false,
            sent_ce: INITIAL_CEP,
            sent_ce_octets: None,
            handshake: None,
            tells_handshake: false,
            counted_syn_ack: false,
            syn_came_again: false,
            awaits_first: false,
            unfit: false,
        }
    }
}

impl Counters {
    /// After the remote's SYN or SYN-ACK (sections 3.1.1 and 3.1.2).
    pub(crate) fn of_syn(seg: &Segment<'_>) -> Self {
        let is_syn_ack = seg.flags.ack;
        // Section 3.2.2.2: a mark on the SYN-ACK counts, one on the SYN is only told, on either end.
        let marked = is_syn_ack && seg.codepoint == Codepoint::Ce;
        Self {
            received_ce: INITIAL_CEP + u32::from(marked),
            counted_syn_ack: marked,
            handshake: Some(seg.codepoint),
            tells_handshake: is_syn_ack,
            announces: is_syn_ack,
            awaits_first: !is_syn_ack,
            ..Self::default()
        }
    }

    /// How the SYN arrived, for the SYN-ACK (table 2).
    pub(crate) fn handshake_flags(&self) -> Flags {
        flags(ace_of(self.handshake.unwrap_or(Codepoint::NotEct)))
    }

    /// ACE of a segment that is no SYN: the counter, but how the SYN-ACK arrived on the ACK of it, if that is `pure`, without text and
    /// SACK blocks (section 3.2.2.1).
    pub(crate) fn flags(&mut self, pure: bool) -> Flags {
        self.untold = 0;
        let tells = core::mem::take(&mut self.tells_handshake) && pure;
        let told = self.handshake.filter(|_| tells);
        flags(told.map_or(self.received_ce & 7, ace_of))
    }

    /// A segment arrived; whether the remote should hear of it at once (section 3.2.2.5.1).
    ///
    /// It should of the first mark on text, and of the second that waits to be told, or of the third if there is
    /// no text to acknowledge: acknowledgments are not to answer each other for ever.
    pub(crate) fn count(&mut self, seg: &Segment<'_>, text_waits: bool) -> bool {
        let octets = seg.arrived_text as u32;
        let marked = seg.codepoint == Codepoint::Ce;
        let mut ignored = 0;
        let counter = match seg.codepoint {
            Codepoint::NotEct => &mut ignored,
            Codepoint::Ect0 => &mut self.octets.e0b,
            Codepoint::Ect1 => &mut self.octets.e1b,
            Codepoint::Ce => &mut self.octets.ceb,
        };
        *counter = counter.wrapping_add(octets) & MASK;
        self.received_ce = self.received_ce.wrapping_add(u32::from(marked));
        self.untold = self.untold.saturating_add(u32::from(marked));
        let mut changed = false;
        if octets > 0 {
            changed = marked && !self.text_was_marked;
            self.text_was_marked = marked;
        }
        let most = if text_waits || octets > 0 { 2 } else { 3 };
        changed || (marked && self.untold >= most)
    }

    /// Whether the acknowledgment reports marks that were not known (section 3.2.2.5, appendix A.2).
    pub(crate) fn reported(&mut self, seg: &Segment<'_>) -> bool {
        if seg.arrived_syn {
            return false;
        }
        if core::mem::take(&mut self.awaits_first) {
            let first = ace(seg.flags);
            // Section 3.2.2.3: zero means that something on the path clears the field.
            self.unfit |= first == 0;
            let marked = first == ace_of(Codepoint::Ce);
            if marked {
                self.sent_ce = INITIAL_CEP + 1;
            }
            return marked;
        }
        let more = ace(seg.flags).wrapping_sub(self.sent_ce) & 7;
        self.sent_ce = self.sent_ce.wrapping_add(more);
        let octets = seg.options.acc_ecn.and_then(|option| option.ceb);
        let before = self.sent_ce_octets.unwrap_or(INITIAL_CEB);
        let more_octets = octets.map_or(0, |ceb| ceb.wrapping_sub(before) & MASK);
        // Section 3.2.3.2.1: an option that is overtaken goes back; half of the range tells which it is.
        let advanced = more_octets > 0 && more_octets < MASK / 2;
        if advanced || self.sent_ce_octets.is_none() {
            self.sent_ce_octets = octets.or(self.sent_ce_octets);
        }
        more > 0 || advanced
    }

    /// The option for the next segment, if it has news and there is room (section 3.2.3.3).
    pub(crate) fn news(&self, room: usize) -> Option<AccEcnOption> {
        let has_news = self.octets != self.told || self.announces;
        has_news.then(|| self.option(room)).flatten()
    }

    /// The option, in so many octets: two counters do if the third did not change since the last option (section 3.2.3.3).
    pub(crate) fn option(&self, room: usize) -> Option<AccEcnOption> {
        let Octets { e0b, ceb, e1b } = self.octets;
        let (e0b_is_news, e1b_is_news) = (e0b != self.told.e0b, e1b != self.told.e1b);
        // What never changed can be left out at any time.
        let leaves_e0b = e1b_is_news || (!e0b_is_news && e0b == INITIAL_E0B);
        let whole = room >= WHOLE_OPTION;
        if !whole && (room < SHORT_OPTION || (e0b_is_news && e1b_is_news)) {
            return None;
        }
        Some(AccEcnOption {
            e0b: (whole || !leaves_e0b).then_some(e0b),
            ceb: Some(ceb),
            e1b: (whole || leaves_e0b).then_some(e1b),
        })
    }

    /// The option left, on a segment with text or without.
    pub(crate) fn told(&mut self, with_text: bool) {
        self.told = self.octets;
        self.announces &= !with_text;
    }

    /// Whether nothing may be marked, since feedback might not come back (sections 3.1.5 and 3.2.2.3).
    pub(crate) fn is_unfit(&self) -> bool {
        self.unfit
    }

    /// A SYN or SYN-ACK without the flags left or came: nothing is marked from now on.
    pub(crate) fn give_up_marking(&mut self) {
        self.unfit = true;
    }

    /// The SYN came again: feedback is about the latest (section 3.1.5).
    fn syn_again(&mut self, codepoint: Codepoint) {
        self.handshake = Some(codepoint);
        self.syn_came_again = true;
    }

    /// Whether it did.
    pub(crate) fn syn_came_again(&self) -> bool {
        self.syn_came_again
    }

    /// The SYN-ACK came again: the ACK of it is about this one (section 3.2.2.1), and one mark counts of all (section 3.2.2.2).
    fn syn_ack_again(&mut self, codepoint: Codepoint) {
        self.handshake = Some(codepoint);
        self.tells_handshake = true;
        if codepoint == Codepoint::Ce && !self.counted_syn_ack {
            self.counted_syn_ack = true;
            self.received_ce = self.received_ce.wrapping_add(1);
        }
    }
}

/// A SYN came to a connection that is open, and is about to be answered: if it is the SYN-ACK again, the answer tells how it came.
pub(crate) fn syn_arrives(tcb: &mut Tcb, seg: &Segment<'_>) {
    let same = seg.flags.ack && seg.seq == tcb.irs && tcb.listener.is_none();
    let acceptable = seg.ack.after(tcb.iss) && seg.ack.before_or_at(tcb.snd_nxt);
    let confirms = !matches!(ace(seg.flags), 0b000 | 0b001 | 0b111);
    if tcb.ecn.mode == EcnMode::Accurate && same && acceptable && confirms {
        tcb.ecn.counters.syn_ack_again(seg.codepoint);
    }
}

/// What another copy of the SYN that opened the connection asks for (section 3.1.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SynAgain {
    /// The SYN-ACK once more.
    SynAck,
    /// A reset: one handshake must not mix both kinds of ECN.
    Reset,
}

/// Whether the segment is such a copy, where Accurate ECN was agreed on, and what to do about it.
pub(crate) fn syn_again(tcb: &mut Tcb, seg: &Segment<'_>) -> Option<SynAgain> {
    let Flags {
        syn, ack, rst, ae, ..
    } = seg.flags;
    let waits = tcb.state == State::SynReceived && tcb.listener.is_some() && !tcb.fast_open;
    let same = seg.seq.wrapping_add(1) == tcb.rcv_nxt;
    let accurate = tcb.ecn.mode == EcnMode::Accurate;
    if !(waits && same && accurate && syn) || ack || rst {
        return None;
    }
    match (ae, seg.flags.cwr, seg.flags.ece) {
        (false, true, true) => return Some(SynAgain::Reset),
        (false, false, false) => tcb.ecn.counters.give_up_marking(),
        _ => {}
    }
    tcb.ecn.counters.syn_again(seg.codepoint);
    Some(SynAgain::SynAck)
}

/// ACE: the three flags as one number.
fn ace(flags: Flags) -> u32 {
    u32::from(flags.ae) << 2 | u32::from(flags.cwr) << 1 | u32::from(flags.ece)
}

fn flags(ace: u32) -> Flags {
    Flags {
        ae: ace & 4 != 0,
        cwr: ace & 2 != 0,
        ece: ace & 1 != 0,
        ..Flags::default()
    }
}

/// How a SYN's or SYN-ACK's codepoint is told (tables 2 and 3).
fn ace_of(codepoint: Codepoint) -> u32 {
    match codepoint {
        Codepoint::NotEct => 0b010,
        Codepoint::Ect1 => 0b011,
        Codepoint::Ect0 => 0b100,
        Codepoint::Ce => 0b110,
    }
}
