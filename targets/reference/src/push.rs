//! Where PSH goes inside of long SENDs, in a stack that hands text to segmentation offload in large chunks.
//!
//! RFC 9293 section 3.9.1.2 leaves it open beyond the end of the queue. Here a chunk holds up to half of the
//! largest window that the remote offered; the one with which another half of it is queued is pushed.

use alloc::collections::VecDeque;

use crate::Seq;

/// The chunk that is being filled, and the marks.
#[derive(Clone, Debug)]
pub(crate) struct PushMarks {
    chunk: Seq,
    chunk_is_marked: bool,
    /// The end of what was last pushed.
    pushed: Seq,
    marks: VecDeque<Seq>,
}

/// What a SEND finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    /// The first octet that the remote did not acknowledge, and the first that did not leave.
    pub(crate) snd_una: Seq,
    pub(crate) snd_nxt: Seq,
    /// Half of the largest window that the remote offered.
    pub(crate) half: usize,
    pub(crate) smss: usize,
    /// Octets that may leave now, and those that leave as one.
    pub(crate) allowed: usize,
    pub(crate) burst: usize,
}

impl PushMarks {
    /// Nothing is queued: the stream begins at `start`.
    pub(crate) fn new(start: Seq) -> Self {
        Self {
            chunk: start,
            chunk_is_marked: false,
            pushed: start,
            marks: VecDeque::new(),
        }
    }

    /// Whether text that ends here is pushed.
    pub(crate) fn contains(&self, end: Seq) -> bool {
        self.marks.contains(&end)
    }

    /// `octets` more are queued from `end` on; `pushes` unless the user said that more follows.
    pub(crate) fn queued(&mut self, end: Seq, octets: usize, pushes: bool, queue: &Queue) {
        let Queue { smss, half, .. } = *queue;
        let goal = (half / smss * smss).max(smss);
        let (mut end, mut left) = (end, octets);
        let (mut next, mut allowed) = (queue.snd_nxt, queue.allowed);
        self.marks.retain(|mark| mark.after(queue.snd_una));
        while left > 0 {
            let start = self.chunk.max(next);
            if end.before_or_at(next) || end.octets_since(start) >= goal {
                self.chunk = end;
                self.chunk_is_marked = false;
            }
            let start = self.chunk.max(next);
            let more = left.min(goal - end.octets_since(start).min(goal - 1));
            self.extend(end, end.plus(more));
            end = end.plus(more);
            left -= more;
            if end.octets_since(start) < goal {
                break;
            }
            // What fills a chunk lets text leave, from a chunk that is not its first on only with the push.
            let leaves = if end.after(self.pushed.plus(half)) {
                self.mark(end);
                allowed
            } else if self.chunk.before_or_at(next) {
                allowed.min(queue.burst)
            } else {
                0
            };
            next = next.plus(leaves.min(end.octets_since(next)));
            allowed -= leaves;
        }
        if pushes {
            self.pushed = end;
        }
    }

    /// The chunk grows, and its mark moves with its end.
    fn extend(&mut self, end: Seq, to: Seq) {
        if self.chunk_is_marked && self.marks.back() == Some(&end) {
            self.marks.pop_back();
            self.marks.push_back(to);
        }
    }

    fn mark(&mut self, end: Seq) {
        self.pushed = end;
        self.chunk_is_marked = true;
        if self.marks.back() != Some(&end) {
            self.marks.push_back(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(snd_nxt: u32, allowed: usize) -> Queue {
        Queue {
            snd_una: Seq(snd_nxt),
            snd_nxt: Seq(snd_nxt),
            half: 16_448,
            smss: 1_000,
            allowed,
            burst: 1_000,
        }
    }

    #[test]
    fn every_half_of_the_window_is_pushed_at_the_end_of_a_chunk() {
        let mut marks = PushMarks::new(Seq(0));
        marks.queued(Seq(0), 100_000, true, &queue(0, 0));
        assert_eq!(marks.marks, [32_000, 64_000, 96_000].map(Seq));
    }

    #[test]
    fn a_chunk_from_which_text_leaves_at_once_is_filled_up_and_keeps_its_mark() {
        let mut marks = PushMarks::new(Seq(0));
        marks.queued(Seq(0), 40_000, true, &queue(0, 2_000));
        // 1 000 leave at 16 000; the chunk is pushed at 17 000, whereupon 1 000 more leave, and ends at 18 000.
        assert_eq!(marks.marks, [18_000, 34_000].map(Seq));
    }

    #[test]
    fn short_sends_have_no_marks() {
        let mut marks = PushMarks::new(Seq(0));
        for number in 0..100 {
            marks.queued(Seq(number * 500), 500, true, &queue(number * 500, 5_000));
        }
        assert!(marks.marks.is_empty());
    }
}
