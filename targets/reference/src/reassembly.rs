//! Which text beyond a gap is held (RFC 9293 SHLD-31); the receive buffer has its octets.

use alloc::vec::Vec;

use crate::Seq;
use crate::wire::SackBlocks;

/// In the place of a count of arrivals: the island is not reported.
const FORGOTTEN: u64 = 0;

/// A contiguous run of text held: its first number, and the one after its last.
#[derive(Clone, Copy, Debug)]
struct Island {
    start: Seq,
    end: Seq,
    /// When it last grew, as a count of arrivals: SACK reports the newest first.
    touched: u64,
}

/// Islands in order of sequence; no two touch, and all lie at or beyond RCV.NXT.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    islands: Vec<Island>,
    arrivals: u64,
}

impl Reassembly {
    /// Octets of memory that it holds, used or not.
    #[cfg(test)]
    pub(crate) fn allocated(&self) -> usize {
        self.islands.capacity() * size_of::<Island>()
    }

    /// Octets held.
    pub(crate) fn octets(&self) -> usize {
        let octets = |island: &Island| island.end.octets_since(island.start);
        self.islands.iter().map(octets).sum()
    }

    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.islands.is_empty()
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        self.islands.clear();
    }

    /// Text from `start` to `end` is to be held: `fresh` hears of each part of it that was not held before.
    ///
    /// False if that would make more than `max` islands: then nothing is.
    pub(crate) fn insert(
        &mut self,
        start: Seq,
        end: Seq,
        max: usize,
        mut fresh: impl FnMut(Seq, Seq),
    ) -> bool {
        // Islands before `first` end before the text begins; islands from `last` on begin after its end.
        let before = self.islands.iter();
        let first = before.take_while(|island| island.end.before(start)).count();
        let touching = self.islands.iter().skip(first);
        let touching = touching.take_while(|island| island.start.before_or_at(end));
        let last = first + touching.count();
        if first == last && self.islands.len() >= max {
            return false;
        }
        self.arrivals += 1;
        let mut merged = Island {
            start,
            end,
            touched: self.arrivals,
        };
        let mut next = start;
        for island in self.islands.drain(first..last) {
            if next.before(island.start) {
                fresh(next, island.start);
            }
            next = next.max(island.end);
            merged.start = merged.start.min(island.start);
            merged.end = merged.end.max(island.end);
        }
        if next.before(end) {
            fresh(next, end);
        }
        self.islands.insert(first, merged);
        true
    }

    /// The first run of octets, of `len` from `seq` on, that is held already.
    pub(crate) fn held_part(&self, seq: Seq, len: usize) -> Option<(Seq, usize)> {
        let end = seq.plus(len);
        let island = self
            .islands
            .iter()
            .find(|island| island.end.after(seq) && island.start.before(end))?;
        let first = island.start.max(seq);
        Some((first, island.end.min(end).octets_since(first)))
    }

    /// Lets go of what has become contiguous with `rcv_nxt`; how far it reaches.
    pub(crate) fn take_contiguous(&mut self, rcv_nxt: Seq) -> Seq {
        let mut next = rcv_nxt;
        let mut reached = 0;
        for island in &self.islands {
            if island.start.after(next) {
                break;
            }
            next = next.max(island.end);
            reached += 1;
        }
        self.islands.drain(..reached);
        next
    }

    /// No longer reports any but the `most` newest islands, until they grow.
    pub(crate) fn forget_beyond(&mut self, most: usize) {
        let mut newest: Vec<u64> = self.islands.iter().map(|island| island.touched).collect();
        newest.sort_unstable_by_key(|touched| core::cmp::Reverse(*touched));
        let Some(youngest) = newest.get(most).copied() else {
            return;
        };
        for island in &mut self.islands {
            if island.touched <= youngest {
                island.touched = FORGOTTEN;
            }
        }
    }

    /// Where what is held ends.
    pub(crate) fn right_edge(&self) -> Option<Seq> {
        self.islands.last().map(|island| island.end)
    }

    /// SACK blocks, the newest first, at most `max` (RFC 2018 section 4).
    ///
    /// What is contiguous with `rcv_nxt` is no gap: it only waits for the connection to be established.
    pub(crate) fn sack_blocks(&self, rcv_nxt: Seq, max: usize) -> SackBlocks {
        let mut blocks = SackBlocks::default();
        let mut older_than = u64::MAX;
        while blocks.len() < max {
            let told = |island: &&Island| {
                let is_remembered = island.touched != FORGOTTEN;
                is_remembered && island.touched < older_than && island.start != rcv_nxt
            };
            let rest = self.islands.iter().filter(told);
            let Some(newest) = rest.max_by_key(|island| island.touched) else {
                break;
            };
            blocks.push(newest.start, newest.end);
            older_than = newest.touched;
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// Inserts these; what was fresh of the last.
    fn insert(reassembly: &mut Reassembly, runs: &[(u32, u32)], max: usize) -> Vec<(u32, u32)> {
        let mut fresh = Vec::new();
        for (start, end) in runs {
            fresh.clear();
            let note = |start: Seq, end: Seq| fresh.push((start.0, end.0));
            assert!(reassembly.insert(Seq(*start), Seq(*end), max, note));
        }
        fresh
    }

    fn held(reassembly: &Reassembly) -> Vec<(u32, u32)> {
        let islands = reassembly.islands.iter();
        islands
            .map(|island| (island.start.0, island.end.0))
            .collect()
    }

    #[test]
    fn touching_and_overlapping_text_becomes_one_island() {
        let mut reassembly = Reassembly::default();
        insert(&mut reassembly, &[(10, 12), (14, 16), (12, 14)], 8);
        assert_eq!(held(&reassembly), vec![(10, 16)]);
        let fresh = insert(&mut reassembly, &[(20, 22), (8, 24)], 8);
        assert_eq!(held(&reassembly), vec![(8, 24)]);
        assert_eq!(fresh, vec![(8, 10), (16, 20), (22, 24)]);
    }

    #[test]
    fn text_inside_an_island_changes_nothing() {
        let mut reassembly = Reassembly::default();
        let fresh = insert(&mut reassembly, &[(10, 16), (12, 14)], 8);
        assert_eq!(held(&reassembly), vec![(10, 16)]);
        assert!(fresh.is_empty());
    }

    #[test]
    fn islands_are_bounded_but_may_still_grow() {
        let mut reassembly = Reassembly::default();
        insert(&mut reassembly, &[(10, 11), (20, 21)], 2);
        assert!(!reassembly.insert(Seq(30), Seq(31), 2, |_, _| panic!("it is not held")));
        insert(&mut reassembly, &[(21, 22)], 2);
        assert_eq!(reassembly.octets(), 3);
    }

    #[test]
    fn contiguous_text_is_taken_across_the_wrap() {
        let mut reassembly = Reassembly::default();
        insert(&mut reassembly, &[(2, 4), (u32::MAX - 1, 2)], 8);
        assert_eq!(reassembly.take_contiguous(Seq(u32::MAX)), Seq(4));
        assert!(reassembly.is_empty());
    }

    #[test]
    fn blocks_come_newest_first() {
        let mut reassembly = Reassembly::default();
        insert(&mut reassembly, &[(10, 11), (30, 31), (20, 21)], 8);
        let blocks: Vec<u32> = reassembly
            .sack_blocks(Seq(1), 2)
            .iter()
            .map(|(left, _)| left.0)
            .collect();
        assert_eq!(blocks, [20, 30]);
    }

    #[test]
    fn what_is_held_already_is_the_first_part_that_an_island_has() {
        let mut reassembly = Reassembly::default();
        insert(&mut reassembly, &[(10, 12), (20, 25)], 8);
        let held = |seq, len| reassembly.held_part(Seq(seq), len);
        assert_eq!(held(8, 2), None);
        assert_eq!(held(12, 8), None);
        assert_eq!(held(25, 5), None);
        assert_eq!(held(8, 3), Some((Seq(10), 1)));
        assert_eq!(held(11, 20), Some((Seq(11), 1)));
        assert_eq!(held(12, 20), Some((Seq(20), 5)));
        assert_eq!(held(22, 2), Some((Seq(22), 2)));
    }
}
