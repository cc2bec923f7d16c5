//! What acknowledgments tell of what is out (section 4, Update).

use super::{Delivery, Scoreboard};
use crate::Seq;
use crate::wire::SackBlocks;

impl Scoreboard {
    /// Everything before `snd_una` arrived.
    #[inline]
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
}
