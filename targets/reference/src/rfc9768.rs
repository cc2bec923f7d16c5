//! RFC 9768: Accurate ECN, which tells how many packets and octets were marked, and not only that some were.

use crate::segment::{Codepoint, Flags, Segment};
use crate::wire::AccEcnOption;

/// Initial values (section 3.2.1).
const INITIAL_CEP: u32 = 5;
const INITIAL_E0B: u32 = 1;
const INITIAL_CEB: u32 = 0;
const INITIAL_E1B: u32 = 1;
/// Counters in the option have 24 bits.
const MASK: u32 = 0x00ff_ffff;

/// What arrived with which codepoint, and what the remote says arrived there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    /// r.cep: packets that arrived with CE.
    received_ce: u32,
    /// r.e0b, r.ceb, r.e1b: octets of text that arrived with each codepoint.
    octets: AccEcnOption,
    /// The octets as the last option told them.
    told: AccEcnOption,
    /// s.cep: packets of ours that arrived with CE.
    sent_ce: u32,
    /// s.ceb likewise, as far as options told.
    sent_ce_octets: Option<u32>,
    /// How the remote's SYN or SYN-ACK arrived.
    handshake: Option<Codepoint>,
    /// Our first segment after the SYNs, which tells it once more, is still to leave.
    tells_handshake: bool,
    /// The remote's first segment after the SYNs is still to come.
    awaits_first: bool,
    mangled: bool,
}

impl Default for Counters {
    fn default() -> Self {
        let octets = AccEcnOption {
            e0b: INITIAL_E0B,
            ceb: INITIAL_CEB,
            e1b: INITIAL_E1B,
        };
        Self {
            received_ce: INITIAL_CEP,
            octets,
            told: octets,
            sent_ce: INITIAL_CEP,
            sent_ce_octets: None,
            handshake: None,
            tells_handshake: false,
            awaits_first: false,
            mangled: false,
        }
    }
}

impl Counters {
    /// After the remote's SYN or SYN-ACK (sections 3.1.1 and 3.1.2).
    pub(crate) fn of_syn(seg: &Segment<'_>) -> Self {
        let marked = u32::from(seg.codepoint == Codepoint::Ce);
        let is_syn_ack = seg.flags.ack;
        let told_ce = is_syn_ack && ace(seg.flags) == ace_of(Codepoint::Ce);
        Self {
            received_ce: INITIAL_CEP + marked,
            sent_ce: INITIAL_CEP + u32::from(told_ce),
            handshake: Some(seg.codepoint),
            tells_handshake: is_syn_ack,
            awaits_first: !is_syn_ack,
            ..Self::default()
        }
    }

    /// How the SYN arrived, for the SYN-ACK (table 2).
    pub(crate) fn handshake_flags(&self) -> Flags {
        flags(ace_of(self.handshake.unwrap_or(Codepoint::NotEct)))
    }

    /// ACE of a segment that is no SYN: the counter, but how the SYN-ACK arrived on the first (section 3.2.2.1).
    pub(crate) fn flags(&mut self) -> Flags {
        let first = core::mem::take(&mut self.tells_handshake);
        let told = self.handshake.filter(|_| first);
        flags(told.map_or(self.received_ce & 7, ace_of))
    }

    /// A segment arrived; whether the remote should hear of it at once.
    pub(crate) fn count(&mut self, seg: &Segment<'_>) -> bool {
        let octets = seg.arrived_text as u32;
        let counter = match seg.codepoint {
            Codepoint::NotEct => return false,
            Codepoint::Ect0 => &mut self.octets.e0b,
            Codepoint::Ect1 => &mut self.octets.e1b,
            Codepoint::Ce => {
                self.received_ce = self.received_ce.wrapping_add(1);
                &mut self.octets.ceb
            }
        };
        *counter = counter.wrapping_add(octets) & MASK;
        seg.codepoint == Codepoint::Ce
    }

    /// Whether the acknowledgment reports marks that were not known (section 3.2.2.5, appendix A.2).
    pub(crate) fn reported(&mut self, seg: &Segment<'_>) -> bool {
        if seg.arrived_syn {
            return false;
        }
        if core::mem::take(&mut self.awaits_first) {
            let first = ace(seg.flags);
            // Section 3.2.2.3: zero means that something on the path clears the field.
            self.mangled = first == 0;
            if first == ace_of(Codepoint::Ce) {
                self.sent_ce = INITIAL_CEP + 1;
            }
            return false;
        }
        let more = ace(seg.flags).wrapping_sub(self.sent_ce) & 7;
        self.sent_ce = self.sent_ce.wrapping_add(more);
        let octets = seg.options.acc_ecn.map(|option| option.ceb);
        let before = self.sent_ce_octets.unwrap_or(INITIAL_CEB);
        let more_octets = octets.map_or(0, |ceb| ceb.wrapping_sub(before) & MASK);
        // Section 3.2.3.2.1: an option that is overtaken goes back; half of the range tells which it is.
        let advanced = more_octets > 0 && more_octets < MASK / 2;
        if advanced || self.sent_ce_octets.is_none() {
            self.sent_ce_octets = octets.or(self.sent_ce_octets);
        }
        more > 0 || advanced
    }

    /// The option for the next segment, if it has news (section 3.2.3.3).
    pub(crate) fn option(&self) -> Option<AccEcnOption> {
        (self.octets != self.told).then_some(self.octets)
    }

    /// The option left.
    pub(crate) fn told(&mut self) {
        self.told = self.octets;
    }

    /// Whether feedback is cleared on the way, so that nothing may be marked.
    pub(crate) fn remote_is_mangled(&self) -> bool {
        self.mangled
    }
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
