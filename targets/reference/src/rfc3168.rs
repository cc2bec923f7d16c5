//! RFC 3168: explicit congestion notification; [`crate::rfc9768`] tells more of it.

use crate::recovery::Phase;
use crate::rfc9768::Counters;
use crate::segment::{Codepoint, Flags, Segment};
use crate::tcb::Tcb;
use crate::{EcnMode, Seq};

/// What a connection agreed on, and what is to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ecn {
    /// What both SYNs agreed on.
    pub(crate) mode: EcnMode,
    /// What our SYN asks for.
    pub(crate) request: EcnMode,
    /// Our SYN leaves without the flags by now; one that asked may still be answered.
    plain_syn: bool,
    /// What we agree to when asked.
    accept: EcnMode,
    /// CE came and its echo was not answered by CWR yet (section 6.1.3).
    pub(crate) echo: bool,
    /// The window was reduced, and the remote is to be told (section 6.1.2).
    cwr_due: bool,
    /// The last reduction counts for everything before this.
    reduced_until: Option<Seq>,
    /// Our SYN-ACK leaves without the flags of Accurate ECN by now.
    plain_syn_ack: bool,
    /// The Accurate ECN counters.
    pub(crate) counters: Counters,
}

impl Ecn {
    pub(crate) fn new(request: EcnMode, accept: EcnMode) -> Self {
        Self {
            mode: EcnMode::Off,
            request,
            plain_syn: false,
            accept,
            echo: false,
            cwr_due: false,
            reduced_until: None,
            plain_syn_ack: false,
            counters: Counters::default(),
        }
    }

    /// The flags of our SYN, in SYN-SENT (section 6.1.1; RFC 9768 section 3.1.1).
    pub(crate) fn syn_flags(&self) -> Flags {
        let asked = if self.plain_syn {
            EcnMode::Off
        } else {
            self.request
        };
        Flags {
            ece: asked != EcnMode::Off,
            cwr: asked != EcnMode::Off,
            ae: asked == EcnMode::Accurate,
            ..Flags::default()
        }
    }

    /// The flags of our SYN-ACK.
    pub(crate) fn syn_ack_flags(&self) -> Flags {
        match self.mode {
            EcnMode::Off => Flags::default(),
            EcnMode::Accurate if self.plain_syn_ack => Flags::default(),
            EcnMode::Classic => Flags {
                ece: true,
                ..Flags::default()
            },
            EcnMode::Accurate => self.counters.handshake_flags(),
        }
    }

    /// The remote's SYN or SYN-ACK arrived.
    pub(crate) fn accept_syn(&mut self, seg: &Segment<'_>) {
        let Flags { ae, cwr, ece, .. } = seg.flags;
        let asked = if seg.flags.ack {
            self.request
        } else {
            self.accept
        };
        self.mode = match (asked, seg.flags.ack) {
            (EcnMode::Off, _) => EcnMode::Off,
            (EcnMode::Accurate, false) => match (ae, cwr, ece) {
                (false, false, false) => EcnMode::Off,
                (false, true, true) => EcnMode::Classic,
                // RFC 9768 section 3.1.1: all three bits; section 3.1.3: what has no meaning yet counts as them.
                _ => EcnMode::Accurate,
            },
            (EcnMode::Classic, false) if cwr && ece => EcnMode::Classic,
            (EcnMode::Classic, false) => EcnMode::Off,
            // RFC 9768 table 2; section 3.1.3: AE with ECE has no meaning yet, and agrees, too.
            (EcnMode::Accurate, true) => match (ae, cwr, ece) {
                (false, false, false) | (true, true, true) => EcnMode::Off,
                (false, false, true) => EcnMode::Classic,
                _ => EcnMode::Accurate,
            },
            // Section 6.1.1: an ECN-setup SYN-ACK has ECE and not CWR.
            (EcnMode::Classic, true) if ece && !cwr => EcnMode::Classic,
            (EcnMode::Classic, true) => EcnMode::Off,
        };
        if self.mode == EcnMode::Accurate {
            self.counters = Counters::of_syn(seg);
            if self.plain_syn && !seg.flags.ack {
                self.counters.give_up_marking(); // RFC 9768 section 3.1.5: as a server, in a simultaneous open
            }
        }
    }

    /// Our SYN or SYN-ACK went unanswered for this many times: perhaps for what it asked (section 6.1.1.1).
    ///
    /// Accurate ECN tries once more (RFC 9768 sections 3.1.4.1 and 3.2.3.2.2); the SYN-ACK that comes first, whichever SYN it
    /// answers, settles a client's mode, and a server's mode stays.
    pub(crate) fn fall_back(&mut self, times: u32) {
        if self.request != EcnMode::Accurate || times > 1 {
            self.plain_syn = true;
        }
        if self.mode == EcnMode::Accurate && times > 1 {
            self.plain_syn_ack = true;
            self.counters.give_up_marking();
        }
    }

    /// What a segment with these octets of text, sent for the first time, carries in the IP header.
    ///
    /// Sections 6.1.1, 6.1.4 to 6.1.6: never SYNs, ACKs without text, retransmissions or window probes.
    pub(crate) fn codepoint(&self) -> Codepoint {
        match self.mode {
            EcnMode::Off => Codepoint::NotEct,
            // Section 6.1.1: one SYN without the flags is enough; RFC 9768 section 3.1.5 has it so for servers only.
            EcnMode::Classic if self.plain_syn => Codepoint::NotEct,
            EcnMode::Accurate if self.counters.is_unfit() => Codepoint::NotEct,
            EcnMode::Classic | EcnMode::Accurate => Codepoint::Ect0,
        }
    }

    /// The flags of a segment that is no SYN; `new_text` if it carries text for the first time, `pure` if it is an ACK without text
    /// and SACK blocks.
    pub(crate) fn flags(&mut self, new_text: bool, pure: bool) -> Flags {
        match self.mode {
            EcnMode::Off => Flags::default(),
            EcnMode::Accurate => self.counters.flags(pure),
            EcnMode::Classic => Flags {
                ece: self.echo,
                cwr: new_text && core::mem::take(&mut self.cwr_due),
                ..Flags::default()
            },
        }
    }

    /// Whether a loss is part of the congestion that was reacted to already.
    pub(crate) fn has_reduced(&self, snd_una: Seq) -> bool {
        self.reduced_until
            .is_some_and(|until| snd_una.before(until))
    }
}

/// A segment inside of the window arrived: its mark is to be echoed.
pub(crate) fn segment_arrives(tcb: &mut Tcb, seg: &Segment<'_>) {
    match tcb.ecn.mode {
        EcnMode::Off => {}
        EcnMode::Accurate => {
            if tcb.ecn.counters.count(seg, tcb.unacked_text > 0) {
                tcb.ack_now = true; // RFC 9768 section 3.2.2.5.1: a change is told at once
            }
        }
        EcnMode::Classic => {
            // Section 6.1.3: CWR ends the echo, unless this very segment is marked again.
            tcb.ecn.echo &= !seg.flags.cwr;
            if seg.codepoint == Codepoint::Ce && seg.arrived_text > 0 {
                tcb.ecn.echo = true;
                tcb.ack_now = true;
            }
        }
    }
}

/// An acknowledgment arrived: reacts to congestion that it reports, as to a loss (section 6.1.2).
#[inline]
pub(crate) fn acknowledgment_arrives(tcb: &mut Tcb, seg: &Segment<'_>) {
    tcb.ecn.reduced_until = tcb
        .ecn
        .reduced_until
        .filter(|until| tcb.snd_una.before(*until));
    let reported = match tcb.ecn.mode {
        EcnMode::Off => false,
        EcnMode::Classic => seg.flags.ece && !seg.arrived_syn,
        EcnMode::Accurate => tcb.ecn.counters.reported(seg),
    };
    // Once in each window of data, whatever else reduced it.
    let already = tcb.ecn.has_reduced(tcb.snd_una) || tcb.recovery.phase != Phase::Open;
    if !reported || already {
        return;
    }
    tcb.congestion.reduce(tcb.congestion.cwnd());
    tcb.congestion.set_cwnd(tcb.congestion.ssthresh());
    tcb.ecn.reduced_until = Some(tcb.snd_nxt);
    tcb.ecn.cwr_due = true;
}

impl Tcb {
    /// Retransmission reduced the window: the remote's echo is answered, too (section 6.1.2).
    pub(crate) fn note_reduction(&mut self) {
        if self.ecn.mode == EcnMode::Classic {
            self.ecn.cwr_due = true;
            self.ecn.reduced_until = Some(self.snd_nxt);
        }
    }
}
