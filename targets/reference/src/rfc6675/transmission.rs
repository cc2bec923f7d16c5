//! A segment that is out.

use crate::{Instant, Seq};

/// A segment that is out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transmission {
    pub(crate) start: Seq,
    /// The number after its last octet, or its FIN.
    pub(crate) end: Seq,
    /// When it left, the last time.
    pub(crate) sent_at: Instant,
    /// It left more than once.
    pub(crate) resent: bool,
    /// The remote says that it holds it.
    pub(crate) sacked: bool,
    /// Its last transmission is taken for lost.
    pub(crate) lost: bool,
    /// Some transmission of it was.
    pub(crate) was_lost: bool,
    /// It left in one burst with the segment before it.
    pub(crate) joined: bool,
    /// How many transmissions of it are taken to be in the network.
    pub(super) copies: u8,
}

impl Transmission {
    /// Octets, the FIN being one.
    pub(crate) fn len(&self) -> usize {
        self.end.octets_since(self.start)
    }

    /// Its last transmission is taken for lost.
    pub(super) fn mark_lost(&mut self) {
        self.lost = true;
        self.was_lost = true;
        self.copies = 0;
    }
}
