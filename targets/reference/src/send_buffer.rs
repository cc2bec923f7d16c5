//! Octets that the user gave and the remote has not acknowledged yet.

use alloc::collections::VecDeque;

use crate::Seq;

/// A stretch of the outbound stream: sent and unacknowledged octets, then unsent ones.
#[derive(Debug)]
pub(crate) struct SendBuffer {
    octets: VecDeque<u8>,
    start: Seq,
    /// Where the pieces of memory end that the octets lie in, in order; empty where nobody counts them.
    ends: VecDeque<Seq>,
}

impl SendBuffer {
    /// An empty buffer whose first octet will have this number.
    pub(crate) fn new(start: Seq) -> Self {
        Self {
            octets: VecDeque::new(),
            start,
            ends: VecDeque::new(),
        }
    }

    /// Octets of memory that it holds, used or not.
    #[cfg(test)]
    pub(crate) fn allocated(&self) -> usize {
        self.octets.capacity() + self.ends.capacity() * size_of::<Seq>()
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

    /// Begins a piece of memory, for what comes next.
    pub(crate) fn begin_piece(&mut self) {
        self.ends.push_back(self.end());
    }

    /// Puts octets into the last piece.
    pub(crate) fn append(&mut self, data: &[u8]) {
        self.octets.extend(data);
        let end = self.end();
        if let Some(last) = self.ends.back_mut() {
            *last = end;
        }
    }

    /// Octets that the last piece still takes if it may hold `most`; none if some of it was sent (before `snd_nxt`).
    pub(crate) fn room_in_last_piece(&self, most: usize, snd_nxt: Seq) -> usize {
        let mut ends = self.ends.iter().rev();
        match ends.next() {
            Some(end) if end.after(snd_nxt) => {
                let begin = ends.next().copied().unwrap_or(self.start);
                most.saturating_sub(end.octets_since(begin))
            }
            _ => 0,
        }
    }

    /// Cuts the piece in two that `seq` is in: what lies before it leaves by itself.
    pub(crate) fn split(&mut self, seq: Seq) {
        let after = self.ends.iter().rev().take_while(|end| end.after(seq));
        let at = self.ends.len() - after.count();
        let before = at.checked_sub(1).and_then(|at| self.ends.get(at));
        if at < self.ends.len() && before != Some(&seq) && seq.after(self.start) {
            self.ends.insert(at, seq);
        }
    }

    /// The memory in use if every piece costs `overhead` besides its octets.
    pub(crate) fn memory(&self, overhead: usize) -> usize {
        self.octets.len() + self.ends.len().saturating_mul(overhead)
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
        while self
            .ends
            .front()
            .is_some_and(|end| end.before_or_at(self.start))
        {
            self.ends.pop_front();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_filled_cut_by_what_leaves_and_freed_by_what_is_acknowledged() {
        let mut buffer = SendBuffer::new(Seq(100));
        assert_eq!(buffer.room_in_last_piece(10, Seq(100)), 0, "there is none");
        buffer.begin_piece();
        buffer.append(&[0; 6]);
        assert_eq!(buffer.room_in_last_piece(10, Seq(100)), 4);
        buffer.append(&[0; 4]);
        assert_eq!(buffer.memory(50), 60);
        buffer.split(Seq(107));
        assert_eq!(buffer.memory(50), 110);
        assert_eq!(buffer.room_in_last_piece(10, Seq(107)), 7);
        assert_eq!(buffer.room_in_last_piece(10, Seq(110)), 0, "it was sent");
        buffer.split(Seq(107));
        buffer.split(Seq(110));
        assert_eq!(buffer.memory(50), 110, "nothing to cut there");
        buffer.acknowledge(Seq(108));
        assert_eq!(buffer.memory(50), 52);
        buffer.acknowledge(Seq(110));
        assert_eq!(buffer.memory(50), 0);
    }

    #[test]
    fn what_is_let_go_of_takes_no_memory_and_no_sequence_number_back() {
        let mut buffer = SendBuffer::new(Seq(100));
        buffer.begin_piece();
        buffer.append(&[0; 6]);
        buffer.clear();
        assert_eq!((buffer.memory(50), buffer.end()), (0, Seq(106)));
    }

    #[test]
    fn octets_without_pieces_are_not_cut() {
        let mut buffer = SendBuffer::new(Seq(100));
        assert_eq!(buffer.push(&[0; 6], 10), 6);
        buffer.split(Seq(103));
        buffer.split(Seq(106));
        assert_eq!(buffer.memory(50), 6);
    }
}
