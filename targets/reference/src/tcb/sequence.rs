//! What follows from the sequence variables (RFC 9293 section 3.3.1).

use super::Tcb;
use crate::Seq;
use crate::rfc5682::Step;
use crate::segment::Segment;

impl Tcb {
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
        self.send.octets_from(self.snd_nxt)
    }

    /// Whether our SYN was not acknowledged yet.
    pub(crate) fn syn_is_unacked(&self) -> bool {
        self.snd_una == self.iss
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
    #[inline]
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
}
