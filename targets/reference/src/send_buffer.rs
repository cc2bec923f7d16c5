//! Octets that the user gave and the remote has not acknowledged yet.

use alloc::collections::VecDeque;

use crate::Seq;

/// A stretch of the outbound stream: sent and unacknowledged octets, then unsent ones.
#[derive(Debug)]
pub(crate) struct SendBuffer {
    octets: VecDeque<u8>,
    start: Seq,
}

impl SendBuffer {
    /// An empty buffer whose first octet will have this number.
    pub(crate) fn new(start: Seq) -> Self {
        Self {
            octets: VecDeque::new(),
            start,
        }
    }

    /// Octets held.
    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    /// The number after the last octet held.
    pub(crate) fn end(&self) -> Seq {
        self.start.plus(self.octets.len())
    }

    /// Octets held from `seq` on.
    pub(crate) fn octets_from(&self, seq: Seq) -> usize {
        self.end().octets_since(seq).min(self.octets.len())
    }

    /// Takes as many octets as fit below `capacity`; how many.
    pub(crate) fn push(&mut self, data: &[u8], capacity: usize) -> usize {
        let free = capacity.saturating_sub(self.octets.len());
        let taken = data.get(..free).unwrap_or(data);
        self.octets.extend(taken);
        taken.len()
    }

    /// Up to `len` octets from `seq` on, where they lie.
    pub(crate) fn slices(&self, seq: Seq, len: usize) -> [&[u8]; 2] {
        slices(&self.octets, seq.octets_since(self.start), len)
    }

    /// Lets go of everything before `seq`; how many octets that was.
    pub(crate) fn acknowledge(&mut self, seq: Seq) -> usize {
        let acked = seq.octets_since(self.start).min(self.octets.len());
        self.octets.drain(..acked);
        self.start = self.start.plus(acked);
        acked
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.end());
    }
}

/// Up to `len` octets after the first `skip`, where they lie: a ring may end within them.
pub(crate) fn slices(octets: &VecDeque<u8>, skip: usize, len: usize) -> [&[u8]; 2] {
    let (front, back) = octets.as_slices();
    let front_part = front.get(skip..).unwrap_or_default();
    let back_part = back
        .get(skip.saturating_sub(front.len())..)
        .unwrap_or_default();
    let from_front = front_part.get(..len).unwrap_or(front_part);
    let rest = len - from_front.len();
    [from_front, back_part.get(..rest).unwrap_or(back_part)]
}
