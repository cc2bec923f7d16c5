//! What is to be sent again next (section 4, NextSeg).

use super::Scoreboard;
use crate::Seq;

impl Scoreboard {
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
}
