//! RFC 4015 (Eifel response): a retransmission that turns out to have been spurious is taken back.
//!
//! It is known to be spurious when the acknowledgment echoes a timestamp from before it (RFC 3522), or when
//! every segment sent again is reported as a duplicate (RFC 2883, used as in RFC 3708).

use crate::recovery::Phase;
use crate::segment::Segment;
use crate::tcb::Tcb;
use crate::{Instant, Seq, rfc7323};

/// What a reduction of the congestion window replaced, and what would show that it was in error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undo {
    pub(crate) cwnd: usize,
    pub(crate) ssthresh: usize,
    /// SND.UNA when the reduction was made: older duplicates have nothing to do with it.
    marker: Seq,
    /// Segments sent again and not reported as duplicates.
    unreported: u32,
    /// The timestamp clock when the first segment left again.
    stamp: Option<u32>,
}

impl Tcb {
    /// The congestion window is reduced: remembers cwnd and ssthresh from before, unless a recovery is under
    /// way and has its own to go back to.
    pub(crate) fn remember_window(&mut self, (cwnd, ssthresh): (usize, usize)) {
        if self.recovery.phase != Phase::Open && self.undo.is_some() {
            return;
        }
        self.undo = Some(Undo {
            cwnd,
            ssthresh,
            marker: self.snd_una,
            unreported: 0,
            stamp: None,
        });
    }

    /// A segment left again.
    pub(crate) fn note_resent(&mut self, now: Instant) {
        let offset = self.timestamps.is_some().then_some(self.timestamp_offset);
        if let Some(undo) = &mut self.undo {
            undo.unreported = undo.unreported.saturating_add(1);
            let stamp = offset.map(|offset| rfc7323::clock(offset, now));
            undo.stamp = undo.stamp.or(stamp);
        }
    }
}

/// RFC 3522 section 3.2: the ACK answers a segment from before the first retransmission.
#[inline]
pub(crate) fn echo_arrives(tcb: &mut Tcb, seg: &Segment<'_>) {
    let stamp = tcb.undo.and_then(|undo| undo.stamp);
    if let (Some(stamp), Some(stamps)) = (stamp, seg.options.timestamps)
        && stamps.ecr != 0
        && rfc7323::before(stamps.ecr, stamp)
        && tcb.recovery.phase != Phase::Open
    {
        take_back(tcb);
    }
}

/// A D-SACK block says that the octets up to `right` came twice.
pub(crate) fn duplicate_arrives(tcb: &mut Tcb, left: Seq, right: Seq) {
    let Some(undo) = &mut tcb.undo else { return };
    let ours = left.at_or_after(undo.marker) && right.before_or_at(tcb.snd_nxt);
    if !ours || undo.unreported == 0 {
        return;
    }
    undo.unreported -= 1;
    if undo.unreported == 0 {
        take_back(tcb);
    }
}

/// Section 3.2: the window is what it was before, and what was presumed lost is out after all.
pub(crate) fn take_back(tcb: &mut Tcb) {
    let Some(undo) = tcb.undo.take() else { return };
    tcb.congestion.restore(undo.cwnd, undo.ssthresh);
    tcb.scoreboard.unmark_lost();
    tcb.retransmit_next = None;
    tcb.recovery.phase = Phase::Open;
    tcb.recovery.fast_retransmit = false;
    tcb.recovery.reduction = None;
    tcb.recovery.frto = None;
    tcb.recovery.dup_acks = 0;
    tcb.recovery.spurious = tcb.recovery.spurious.saturating_add(1);
}
