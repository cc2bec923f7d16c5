//! RFC 6675: the scoreboard of a SACK sender: what is out, what of it arrived, what is taken for lost.
//!
//! One entry stands for one segment as it was last sent. The entries lie end to end from SND.UNA to
//! SND.NXT, so that their number is bounded by [`Scoreboard::is_full`] and not by the remote.

mod delivery;
mod losses;
mod next_seg;
mod transmission;
mod update;

#[cfg(test)]
mod tests;

pub(crate) use delivery::Delivery;
pub(crate) use transmission::Transmission;

use alloc::collections::VecDeque;

use crate::{Instant, Seq};

/// Segments SACKed above one that stand for its loss (section 2).
pub(crate) const DUP_THRESH: u32 = 3;

/// Entries beyond which nothing new is sent until an acknowledgment makes room.
const MAX_ENTRIES: usize = 4_096;

/// What is out, in order of sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scoreboard {
    entries: VecDeque<Transmission>,
    tally: Tally,
    /// The furthest octet that arrived, as far as known (RFC 8985's RACK.fack).
    highest_sacked: Option<Seq>,
    /// RescueRxt: no rescue retransmission until something beyond this is acknowledged (section 4, rule 4).
    rescue_rxt: Option<Seq>,
}

/// What the entries come to, so that an acknowledgment need not look at all of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Tally {
    /// Octets taken to be in the network.
    pipe: usize,
    /// Entries that are SACKed.
    sacked: usize,
    /// Entries that are taken for lost.
    lost: usize,
    /// Entries that left more than once.
    resent: usize,
}

impl Tally {
    fn add(&mut self, entry: &Transmission) {
        self.pipe += entry.len() * usize::from(entry.copies);
        self.sacked += usize::from(entry.sacked);
        self.lost += usize::from(entry.lost);
        self.resent += usize::from(entry.resent);
    }

    fn remove(&mut self, entry: &Transmission) {
        self.pipe -= entry.len() * usize::from(entry.copies);
        self.sacked -= usize::from(entry.sacked);
        self.lost -= usize::from(entry.lost);
        self.resent -= usize::from(entry.resent);
    }
}

impl Scoreboard {
    /// Octets that are taken to be in the network (section 4, SetPipe).
    pub(crate) fn pipe(&self) -> usize {
        self.tally.pipe
    }

    /// Whether nothing new may be sent for want of room here.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= MAX_ENTRIES
    }

    /// Every segment that is out, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Transmission> {
        self.entries.iter()
    }

    /// Octets of memory that it holds, used or not.
    #[cfg(test)]
    pub(crate) fn allocated(&self) -> usize {
        self.entries.capacity() * size_of::<Transmission>()
    }

    /// Segments that are out.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Segments of those that are SACKed.
    pub(crate) fn sacked_segments(&self) -> u32 {
        self.tally.sacked as u32
    }

    /// The first segment that is out, if it must be the one that was sent first: nothing left twice, nothing arrived out of order.
    pub(crate) fn sent_first(&self) -> Option<&Transmission> {
        let in_order = self.tally.sacked == 0 && self.tally.resent == 0;
        self.entries.front().filter(|_| in_order)
    }

    /// Whether anything that is out is taken for lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.tally.lost > 0
    }

    /// The furthest octet that arrived, as far as known, or `snd_una`.
    pub(crate) fn highest_arrived(&self, snd_una: Seq) -> Seq {
        self.highest_sacked.unwrap_or(snd_una)
    }

    /// The last segment that is not known to have arrived.
    pub(crate) fn tail(&self) -> Option<(Seq, Seq)> {
        let last = self.entries.iter().rev().find(|entry| !entry.sacked)?;
        Some((last.start, last.end))
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A segment left for the first time.
    pub(crate) fn sent(&mut self, start: Seq, end: Seq, now: Instant) {
        if start == end {
            return;
        }
        let entry = Transmission {
            start,
            end,
            sent_at: now,
            resent: false,
            sacked: false,
            lost: false,
            was_lost: false,
            joined: false,
            copies: 1,
        };
        self.tally.add(&entry);
        self.entries.push_back(entry);
    }

    /// The segment that left last did so in one burst with the one before it.
    pub(crate) fn join_last(&mut self) {
        if let Some(last) = self.entries.back_mut() {
            last.joined = true;
        }
    }

    /// Whether the segment that begins at `start` left in one burst with the one before it.
    pub(crate) fn is_joined(&self, start: Seq) -> bool {
        let at = self
            .entries
            .partition_point(|entry| entry.start.before(start));
        self.entries
            .get(at)
            .is_some_and(|entry| entry.start == start && entry.joined)
    }

    /// What lies between `start` and `end` left again, in one segment.
    pub(crate) fn resent(&mut self, start: Seq, end: Seq, now: Instant) {
        self.split_at(start);
        self.split_at(end);
        let first = self
            .entries
            .partition_point(|entry| entry.start.before(start));
        let inside = self
            .entries
            .iter()
            .skip(first)
            .take_while(|entry| entry.end.before_or_at(end))
            .count();
        let Some(mut merged) = self.entries.get(first).copied().filter(|_| inside > 0) else {
            return;
        };
        let last = self.entries.get(first + inside - 1);
        merged.end = last.map_or(merged.end, |last| last.end);
        merged.sent_at = now;
        merged.resent = true;
        merged.lost = false;
        merged.copies = merged.copies.saturating_add(1);
        self.entries.drain(first..first + inside);
        self.entries.insert(first, merged);
        self.recount();
    }

    /// Lets an entry begin at `seq`, as far as there is room for one more.
    fn split_at(&mut self, seq: Seq) {
        // Twice the bound: sending stops at half of it, whatever the remote's blocks make of the entries.
        if self.entries.len() >= 2 * MAX_ENTRIES {
            return;
        }
        let at = self
            .entries
            .partition_point(|entry| entry.end.before_or_at(seq));
        let Some(entry) = self.entries.get_mut(at) else {
            return;
        };
        if entry.start.at_or_after(seq) {
            return;
        }
        let mut rest = *entry;
        entry.end = seq;
        rest.start = seq;
        rest.joined = false;
        self.entries.insert(at + 1, rest);
    }

    fn counted(&self) -> Tally {
        let mut tally = Tally::default();
        for entry in &self.entries {
            tally.add(entry);
        }
        tally
    }

    fn recount(&mut self) {
        self.tally = self.counted();
    }
}
