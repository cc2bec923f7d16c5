//! RFC 2883 (D-SACK): duplicates are reported, and what a report says of our own retransmissions.

use crate::Seq;
use crate::tcb::Tcb;
use crate::wire::SackBlocks;

impl Tcb {
    /// Remembers that octets arrived that were there already; the next ACK reports the first such run.
    pub(crate) fn note_duplicate(&mut self, first: Seq, octets: usize) {
        if octets > 0 && self.offer.sack && self.offer.dsack {
            // Section 4: a duplicate is reported once, the latest if there are several.
            self.duplicate_text = Some((first, first.plus(octets)));
        }
    }
}

/// The D-SACK block of an acknowledgment of `seg_ack`: the first one, if it lies below SEG.ACK or inside of
/// the second (section 4).
pub(crate) fn find(blocks: &SackBlocks, seg_ack: Seq) -> Option<(Seq, Seq)> {
    let mut blocks = blocks.iter();
    let (left, right) = blocks.next()?;
    if !left.before(right) {
        return None;
    }
    let below = right.before_or_at(seg_ack);
    let inside = blocks
        .next()
        .is_some_and(|(outer, end)| outer.before_or_at(left) && right.before_or_at(end));
    (below || inside).then_some((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(edges: &[(u32, u32)]) -> SackBlocks {
        let mut blocks = SackBlocks::default();
        for (left, right) in edges {
            blocks.push(Seq(*left), Seq(*right));
        }
        blocks
    }

    #[test]
    fn a_first_block_below_the_ack_or_inside_of_the_second_is_a_duplicate() {
        let found = |edges: &[(u32, u32)]| find(&blocks(edges), Seq(100));
        assert_eq!(found(&[(50, 60)]), Some((Seq(50), Seq(60))));
        assert_eq!(found(&[(50, 60), (200, 300)]), Some((Seq(50), Seq(60))));
        assert_eq!(found(&[(210, 220), (200, 300)]), Some((Seq(210), Seq(220))));
        assert_eq!(found(&[(200, 300), (400, 500)]), None);
        assert_eq!(found(&[(90, 110)]), None);
        assert_eq!(found(&[(60, 50)]), None);
        assert_eq!(found(&[]), None);
    }
}
