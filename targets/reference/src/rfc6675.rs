//! RFC 6675: the scoreboard of a SACK sender: what is out, what of it arrived, what is taken for lost.
//!
//! One entry stands for one segment as it was last sent. The entries lie end to end from SND.UNA to
//! SND.NXT, so that their number is bounded by [`Scoreboard::is_full`] and not by the remote.

use alloc::collections::VecDeque;

use crate::wire::SackBlocks;
use crate::{Instant, Seq};

/// Segments SACKed above one that stand for its loss (section 2).
pub(crate) const DUP_THRESH: u32 = 3;

/// Entries beyond which nothing new is sent until an acknowledgment makes room.
const MAX_ENTRIES: usize = 4_096;

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
    copies: u8,
    /// Octets delivered when it was last sent, for the rounds of congestion control.
    pub(crate) delivered_before: u64,
}

impl Transmission {
    /// Octets, the FIN being one.
    pub(crate) fn len(&self) -> usize {
        self.end.octets_since(self.start)
    }
}

/// What an acknowledgment newly tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivery {
    /// Octets that were not known to have arrived before.
    pub(crate) octets: usize,
    /// Segments of those.
    pub(crate) segments: usize,
    /// Octets of those that only a SACK block tells of.
    pub(crate) sacked: usize,
    /// The delivered segment that was sent last.
    pub(crate) newest: Option<Transmission>,
    /// Of those that were sent but once, the one that was sent last.
    pub(crate) newest_original: Option<Transmission>,
    /// The start of the first segment that arrived and was sent but once.
    pub(crate) first_original: Option<Seq>,
    /// The one that was told of last, in order of sequence, the cumulative acknowledgment coming after the
    /// blocks.
    pub(crate) last: Option<Transmission>,
    /// The starts of the first segments that arrived late, behind others, without having been sent again: as
    /// the cumulative acknowledgment tells, and as the blocks do.
    pub(crate) reordered: [Option<Seq>; 2],
}

impl Delivery {
    fn note(&mut self, entry: &Transmission, octets: usize) {
        self.octets += octets;
        self.segments += 1;
        let is_newer = |known: Transmission| {
            entry.sent_at > known.sent_at
                || entry.sent_at == known.sent_at && entry.end.after(known.end)
        };
        if self.newest.is_none_or(is_newer) {
            self.newest = Some(*entry);
        }
        if self.last.is_none_or(|last| entry.end.after(last.end)) {
            self.last = Some(*entry);
        }
        if !entry.resent {
            let first = self
                .first_original
                .map_or(entry.start, |first| first.min(entry.start));
            self.first_original = Some(first);
            if self.newest_original.is_none_or(is_newer) {
                self.newest_original = Some(*entry);
            }
        }
    }

    fn note_reordered(&mut self, by: usize, start: Seq) {
        if let Some(first) = self.reordered.get_mut(by) {
            *first = Some(first.map_or(start, |first| first.min(start)));
        }
    }
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
    pub(crate) fn sent(&mut self, start: Seq, end: Seq, now: Instant, delivered: u64) {
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
            delivered_before: delivered,
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
    pub(crate) fn resent(&mut self, start: Seq, end: Seq, now: Instant, delivered: u64) {
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
        merged.delivered_before = delivered;
        self.entries.drain(first..first + inside);
        self.entries.insert(first, merged);
        self.recount();
    }

    /// Everything before `snd_una` arrived.
    pub(crate) fn acknowledge(&mut self, snd_una: Seq, delivery: &mut Delivery) {
        while let Some(entry) = self.entries.front_mut() {
            if entry.start.at_or_after(snd_una) {
                break;
            }
            let octets = snd_una.min(entry.end).octets_since(entry.start);
            let late = self
                .highest_sacked
                .is_some_and(|high| entry.end.before(high));
            if !entry.sacked {
                delivery.note(entry, octets);
                if late && !entry.resent {
                    delivery.note_reordered(0, entry.start);
                }
            }
            self.tally.remove(entry);
            if entry.end.after(snd_una) {
                entry.start = snd_una; // part of it: the rest is a segment by itself
                self.tally.add(entry);
                break;
            }
            self.entries.pop_front();
        }
        self.highest_sacked = self.highest_sacked.filter(|high| high.after(snd_una));
    }

    /// Takes in SACK blocks (section 4, Update); those outside of what is out are none of ours.
    ///
    /// `whole`: a block says nothing of a segment of which it covers a part.
    pub(crate) fn sack(
        &mut self,
        blocks: &SackBlocks,
        snd_una: Seq,
        whole: bool,
        delivery: &mut Delivery,
    ) {
        if blocks.iter().next().is_none() {
            return;
        }
        // What one acknowledgment tells has no order of its own: only what was known before it can be overtaken.
        let known = self.highest_sacked;
        let last_acked = delivery.last;
        for (left, right) in blocks.iter() {
            let Some(snd_nxt) = self.entries.back().map(|entry| entry.end) else {
                return;
            };
            // RFC 2018 section 5: a block must lie inside of what was sent and not acknowledged.
            let sane = left.before(right) && right.before_or_at(snd_nxt) && right.after(snd_una);
            if sane {
                let left = left.max(snd_una);
                if !whole {
                    self.split_at(left);
                    self.split_at(right);
                }
                self.sack_block((left, right), known, delivery);
            }
        }
        delivery.last = last_acked.or(delivery.last);
        self.recount();
    }

    fn sack_block(
        &mut self,
        (left, right): (Seq, Seq),
        known: Option<Seq>,
        delivery: &mut Delivery,
    ) {
        for entry in &mut self.entries {
            let inside = entry.start.at_or_after(left) && entry.end.before_or_at(right);
            if !inside || entry.sacked {
                continue;
            }
            entry.sacked = true;
            entry.lost = false;
            entry.was_lost = false;
            entry.copies = 0;
            delivery.note(entry, entry.len());
            delivery.sacked += entry.len();
            if !entry.resent && known.is_some_and(|high| entry.end.before(high)) {
                delivery.note_reordered(1, entry.start);
            }
            let high = self
                .highest_sacked
                .map_or(entry.end, |high| high.max(entry.end));
            self.highest_sacked = Some(high);
        }
    }

    /// Marks what has enough SACKed above it (section 4, IsLost); `head_too` by the number of duplicate
    /// ACKs alone. Whether there was any.
    ///
    /// What was sent again is left to the retransmission timer: counting says nothing about it.
    pub(crate) fn mark_lost_by_count(&mut self, smss: usize, head_too: bool) -> bool {
        let (mut octets, mut runs, mut in_run) = (0, 0, false);
        let mut any = false;
        for entry in self.entries.iter_mut().rev() {
            if entry.sacked {
                octets += entry.len();
                runs += u32::from(!in_run);
                in_run = true;
                continue;
            }
            in_run = false;
            let lost = runs >= DUP_THRESH || octets > (DUP_THRESH as usize - 1) * smss;
            if lost && !entry.resent && !entry.lost {
                mark(entry);
                any = true;
            }
        }
        if let Some(head) = self.entries.iter_mut().find(|entry| !entry.sacked)
            && (head_too && !head.resent && !head.lost)
        {
            mark(head);
            any = true;
        }
        self.recount();
        any
    }

    /// Marks every segment that is out, not SACKed, and of which `is_lost` holds; whether there was any.
    pub(crate) fn mark_lost_if(&mut self, mut is_lost: impl FnMut(&Transmission) -> bool) -> bool {
        let mut any = false;
        for entry in &mut self.entries {
            if !entry.sacked && !entry.lost && is_lost(entry) {
                mark(entry);
                any = true;
            }
        }
        if any {
            self.recount();
        }
        any
    }

    /// The retransmission timer fired (section 5.1): what is not known to have arrived is lost.
    ///
    /// If the first segment is SACKed and yet not acknowledged, the remote has reneged (RFC 2018 section 8),
    /// and nothing that it said before counts.
    pub(crate) fn timed_out(&mut self) {
        self.forget_reneged();
        self.mark_lost_if(|_| true);
    }

    /// Forgets what the remote said if it has reneged; whether it has.
    pub(crate) fn forget_reneged(&mut self) -> bool {
        let reneged = self.entries.front().is_some_and(|entry| entry.sacked);
        if reneged {
            self.forget_sacks();
        }
        reneged
    }

    /// Takes back every loss that was only presumed: the retransmission turned out to be spurious.
    pub(crate) fn unmark_lost(&mut self) {
        for entry in &mut self.entries {
            entry.was_lost = false;
            if entry.lost {
                entry.lost = false;
                entry.copies = 1;
            }
        }
        self.recount();
    }

    fn forget_sacks(&mut self) {
        for entry in &mut self.entries {
            if core::mem::take(&mut entry.sacked) {
                mark(entry);
            }
        }
        self.highest_sacked = None;
        self.recount();
    }

    /// The first segment that is taken for lost and was not sent again since, with as much of what
    /// follows it and is lost too as `room` holds (section 4, NextSeg rule 1).
    pub(crate) fn next_lost(&self, room: usize) -> Option<(Seq, usize)> {
        debug_assert_eq!(self.tally, self.counted(), "the tally was kept");
        if self.tally.lost == 0 {
            return None;
        }
        let mut lost = self.entries.iter().skip_while(|entry| !entry.lost);
        let first = lost.next()?;
        let mut length = first.len();
        for entry in lost.take_while(|entry| entry.lost) {
            if length + entry.len() > room {
                break;
            }
            length += entry.len();
        }
        Some((first.start, length))
    }

    /// Section 4, NextSeg rule 3: a hole that is not yet taken for lost.
    pub(crate) fn next_hole(&self) -> Option<(Seq, usize)> {
        let high = self.highest_sacked?;
        self.entries
            .iter()
            .take_while(|entry| entry.end.before(high))
            .find(|entry| !entry.sacked && !entry.resent)
            .map(|entry| (entry.start, entry.len()))
    }

    /// Section 4, NextSeg rule 4: once in a recovery, which lasts until `recover`, the last segment that is out.
    pub(crate) fn rescue(&mut self, snd_una: Seq, recover: Seq) -> Option<(Seq, usize)> {
        let last = self.entries.iter().rev().find(|entry| !entry.sacked)?;
        if self
            .rescue_rxt
            .is_some_and(|until| snd_una.before_or_at(until))
        {
            return None;
        }
        self.rescue_rxt = Some(recover.wrapping_add(1));
        Some((last.start, last.len()))
    }

    /// A recovery begins: there is no rescue before progress beyond the first segment (section 5, step 4.3).
    pub(crate) fn recovery_began(&mut self) {
        self.rescue_rxt = self.entries.front().map(|first| first.end);
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

fn mark(entry: &mut Transmission) {
    entry.lost = true;
    entry.was_lost = true;
    entry.copies = 0;
}

#[cfg(test)]
mod tests;
