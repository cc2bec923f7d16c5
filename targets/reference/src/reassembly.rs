//! Text that arrived beyond a gap, held until the gap fills (RFC 9293 SHLD-31).

use alloc::vec::Vec;

use crate::Seq;
use crate::wire::SackBlocks;

/// A contiguous run of text held.
#[derive(Debug)]
struct Island {
    start: Seq,
    octets: Vec<u8>,
    /// When it last grew, as a count of arrivals: SACK reports the newest first.
    touched: u64,
}

impl Island {
    fn end(&self) -> Seq {
        self.start.plus(self.octets.len())
    }
}

/// Islands in order of sequence; no two touch, and all lie at or beyond RCV.NXT.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    islands: Vec<Island>,
    arrivals: u64,
}

impl Reassembly {
    /// Octets held.
    pub(crate) fn octets(&self) -> usize {
        self.islands.iter().map(|island| island.octets.len()).sum()
    }

    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.islands.is_empty()
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        self.islands.clear();
    }

    /// Holds text at `seq`; where it overlaps, what came first stays.
    ///
    /// False if that would make more than `max` islands: the text is then not kept, and the remote will
    /// send it again. The caller has cut the text to the receive window, which bounds the octets held.
    pub(crate) fn insert(&mut self, seq: Seq, text: &[u8], max: usize) -> bool {
        let end = seq.plus(text.len());
        // Islands before `first` end before the text begins; islands from `last` on begin after its end.
        let first = self
            .islands
            .iter()
            .take_while(|island| island.end().before(seq))
            .count();
        let last = first
            + self
                .islands
                .iter()
                .skip(first)
                .take_while(|island| island.start.before_or_at(end))
                .count();
        if first == last && self.islands.len() >= max {
            return false;
        }
        self.arrivals += 1;
        let mut merged = Island {
            start: seq,
            octets: Vec::with_capacity(text.len()),
            touched: self.arrivals,
        };
        let mut rest = (seq, text);
        for island in self.islands.drain(first..last) {
            let gap = island.start.octets_since(rest.0).min(rest.1.len());
            let (before, after) = rest.1.split_at(gap);
            if merged.octets.is_empty() && before.is_empty() {
                merged.start = island.start;
            }
            merged.octets.extend_from_slice(before);
            merged.octets.extend_from_slice(&island.octets);
            let covered = island.end().octets_since(rest.0.plus(gap)).min(after.len());
            rest = (
                rest.0.plus(gap + covered),
                after.get(covered..).unwrap_or_default(),
            );
        }
        merged.octets.extend_from_slice(rest.1);
        self.islands.insert(first, merged);
        true
    }

    /// The first run of octets, of `len` from `seq` on, that is held already.
    pub(crate) fn held_part(&self, seq: Seq, len: usize) -> Option<(Seq, usize)> {
        let end = seq.plus(len);
        let island = self
            .islands
            .iter()
            .find(|island| island.end().after(seq) && island.start.before(end))?;
        let first = island.start.max(seq);
        Some((first, island.end().min(end).octets_since(first)))
    }

    /// Takes the text that has become contiguous with `rcv_nxt`.
    pub(crate) fn take_contiguous(&mut self, rcv_nxt: Seq) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(island) = self.islands.first() {
            let next = rcv_nxt.plus(text.len());
            if island.start.after(next) {
                break;
            }
            let island = self.islands.remove(0);
            text.extend_from_slice(
                island
                    .octets
                    .get(next.octets_since(island.start)..)
                    .unwrap_or_default(),
            );
        }
        text
    }

    /// Where what is held ends.
    pub(crate) fn right_edge(&self) -> Option<Seq> {
        self.islands.last().map(Island::end)
    }

    /// SACK blocks, the newest first, at most `max` (RFC 2018 section 4).
    ///
    /// What is contiguous with `rcv_nxt` is no gap: it only waits for the connection to be established.
    pub(crate) fn sack_blocks(&self, rcv_nxt: Seq, max: usize) -> SackBlocks {
        let mut newest: Vec<&Island> = self
            .islands
            .iter()
            .filter(|island| island.start != rcv_nxt)
            .collect();
        newest.sort_by_key(|island| core::cmp::Reverse(island.touched));
        let mut blocks = SackBlocks::default();
        for island in newest.into_iter().take(max) {
            blocks.push(island.start, island.end());
        }
        blocks
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn held(reassembly: &Reassembly) -> Vec<(u32, Vec<u8>)> {
        reassembly
            .islands
            .iter()
            .map(|island| (island.start.0, island.octets.clone()))
            .collect()
    }

    #[test]
    fn touching_and_overlapping_text_becomes_one_island() {
        let mut reassembly = Reassembly::default();
        assert!(reassembly.insert(Seq(10), b"ab", 8));
        assert!(reassembly.insert(Seq(14), b"ef", 8));
        assert!(reassembly.insert(Seq(12), b"cd", 8));
        assert_eq!(held(&reassembly), vec![(10, b"abcdef".to_vec())]);
        assert!(reassembly.insert(Seq(8), b"yzABCDEFgh", 8));
        assert_eq!(held(&reassembly), vec![(8, b"yzabcdefgh".to_vec())]);
    }

    #[test]
    fn text_inside_an_island_changes_nothing() {
        let mut reassembly = Reassembly::default();
        assert!(reassembly.insert(Seq(10), b"abcdef", 8));
        assert!(reassembly.insert(Seq(12), b"XY", 8));
        assert_eq!(held(&reassembly), vec![(10, b"abcdef".to_vec())]);
    }

    #[test]
    fn islands_are_bounded_but_may_still_grow() {
        let mut reassembly = Reassembly::default();
        assert!(reassembly.insert(Seq(10), b"a", 2));
        assert!(reassembly.insert(Seq(20), b"b", 2));
        assert!(!reassembly.insert(Seq(30), b"c", 2));
        assert!(reassembly.insert(Seq(21), b"c", 2));
        assert_eq!(reassembly.octets(), 3);
    }

    #[test]
    fn contiguous_text_is_taken_across_the_wrap() {
        let mut reassembly = Reassembly::default();
        assert!(reassembly.insert(Seq(2), b"cd", 8));
        assert!(reassembly.insert(Seq(u32::MAX - 1), b"YZab", 8));
        assert_eq!(reassembly.take_contiguous(Seq(u32::MAX)), b"Zabcd".to_vec());
        assert!(reassembly.is_empty());
    }

    #[test]
    fn blocks_come_newest_first() {
        let mut reassembly = Reassembly::default();
        for start in [10_u32, 30, 20] {
            assert!(reassembly.insert(Seq(start), b"x", 8));
        }
        let blocks: Vec<u32> = reassembly
            .sack_blocks(Seq(1), 2)
            .iter()
            .map(|(left, _)| left.0)
            .collect();
        assert_eq!(blocks, [20, 30]);
    }
}
