//! What an acknowledgment newly tells.

use super::Transmission;
use crate::Seq;

/// It, in figures and segments.
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
    pub(super) fn note(&mut self, entry: &Transmission, octets: usize) {
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

    pub(super) fn note_reordered(&mut self, by: usize, start: Seq) {
        if let Some(first) = self.reordered.get_mut(by) {
            *first = Some(first.map_or(start, |first| first.min(start)));
        }
    }
}
