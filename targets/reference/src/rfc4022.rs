//! RFC 4022: the objects of the TCP-MIB that count what the whole stack does; and why packets were dropped.

use alloc::collections::BTreeMap;

use crate::segment::Flags;
use crate::{DropReason, State};

/// Counters of a stack since it was made, named as in the TCP-MIB.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// `tcpActiveOpens`: from CLOSED to SYN-SENT.
    pub active_opens: u64,
    /// `tcpPassiveOpens`: from LISTEN to SYN-RECEIVED.
    pub passive_opens: u64,
    /// `tcpAttemptFails`: openings that ended in CLOSED, or went back to LISTEN.
    pub attempt_fails: u64,
    /// `tcpEstabResets`: from ESTABLISHED or CLOSE-WAIT straight to CLOSED.
    pub estab_resets: u64,
    /// `tcpCurrEstab`: connections in ESTABLISHED or CLOSE-WAIT.
    pub curr_estab: u64,
    /// `tcpInSegs`: segments that arrived, those with errors too.
    pub in_segs: u64,
    /// `tcpOutSegs`: segments that left, without [`Counters::retrans_segs`].
    pub out_segs: u64,
    /// `tcpRetransSegs`: segments that left again.
    pub retrans_segs: u64,
    /// `tcpInErrs`: segments with a wrong checksum or an impossible header.
    pub in_errs: u64,
    /// `tcpOutRsts`: segments that left with RST.
    pub out_rsts: u64,
    /// Whether the packet was for a connection or listener is the second of the key.
    drops: BTreeMap<(DropReason, bool), u64>,
}

impl Counters {
    /// Packets, or parts of one, that went no further for this reason.
    #[must_use]
    pub fn drops(&self, reason: DropReason) -> u64 {
        let of_nobody = self.drops.get(&(reason, false)).copied().unwrap_or(0);
        of_nobody.wrapping_add(self.drops_of_connections(reason))
    }

    /// Those of [`Counters::drops`] that were for a connection or a listener.
    #[must_use]
    pub fn drops_of_connections(&self, reason: DropReason) -> u64 {
        self.drops.get(&(reason, true)).copied().unwrap_or(0)
    }

    pub(crate) fn dropped(&mut self, reason: DropReason, for_someone: bool) {
        add(self.drops.entry((reason, for_someone)).or_default());
        if matches!(
            reason,
            DropReason::BadTcpChecksum | DropReason::BadDataOffset
        ) {
            add(&mut self.in_segs);
            add(&mut self.in_errs);
        }
    }

    pub(crate) fn arrived(&mut self) {
        add(&mut self.in_segs);
    }

    pub(crate) fn left(&mut self, flags: Flags) {
        add(&mut self.out_segs);
        if flags.rst {
            add(&mut self.out_rsts);
        }
    }

    /// The segment that is about to leave has left before.
    pub(crate) fn leaves_again(&mut self) {
        add(&mut self.retrans_segs);
        self.out_segs = self.out_segs.wrapping_sub(1);
    }

    pub(crate) fn transition(&mut self, from: State, to: State) {
        let is_open = |state| matches!(state, State::Established | State::CloseWait);
        match (from, to) {
            (State::Closed, State::SynSent) => add(&mut self.active_opens),
            (State::Listen, State::SynReceived) => add(&mut self.passive_opens),
            (State::SynSent, State::Closed)
            | (State::SynReceived, State::Closed | State::Listen) => add(&mut self.attempt_fails),
            (State::Established | State::CloseWait, State::Closed) => add(&mut self.estab_resets),
            _ => {}
        }
        match (is_open(from), is_open(to)) {
            (false, true) => add(&mut self.curr_estab),
            (true, false) => self.curr_estab = self.curr_estab.saturating_sub(1),
            _ => {}
        }
    }
}

fn add(counter: &mut u64) {
    *counter = counter.wrapping_add(1);
}
