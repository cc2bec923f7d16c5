//! Octets that came and that the user has not read yet, in order and beyond gaps.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::Seq;
use crate::reassembly::Reassembly;
use crate::send_buffer::slices;
use crate::wire::SackBlocks;

/// The inbound stream from the user's read point on: text in order up to RCV.NXT, and beyond it what is held of the receive window.
///
/// Text is written once, to where it belongs in the stream; when a gap is filled nothing has to be moved. Its caller cuts text
/// to the receive window, which bounds the octets.
#[derive(Debug, Default)]
pub(crate) struct ReceiveBuffer {
    /// Gaps have octets, too, that nobody reads.
    octets: VecDeque<u8>,
    /// How many of them are in order.
    in_order: usize,
    held: Reassembly,
}

impl ReceiveBuffer {
    /// Octets of memory that it holds, used or not.
    #[cfg(test)]
    pub(crate) fn allocated(&self) -> usize {
        self.octets.capacity() + self.held.allocated()
    }

    /// Octets in order.
    pub(crate) fn len(&self) -> usize {
        self.in_order
    }

    /// Whether there are none in order.
    pub(crate) fn is_empty(&self) -> bool {
        self.in_order == 0
    }

    /// What is held beyond gaps.
    pub(crate) fn held(&self) -> &Reassembly {
        &self.held
    }

    /// Takes text at RCV.NXT.
    pub(crate) fn append(&mut self, text: &[u8]) {
        write(&mut self.octets, self.in_order, text);
        self.in_order += text.len();
    }

    /// Holds text at `seq`, beyond `rcv_nxt`; where it overlaps, what came first stays.
    ///
    /// False if that would leave more than `max` gaps: the text is then not kept, and the remote will send it again.
    pub(crate) fn hold(&mut self, rcv_nxt: Seq, seq: Seq, text: &[u8], max: usize) -> bool {
        let Self {
            octets,
            in_order,
            held,
        } = self;
        held.insert(seq, seq.plus(text.len()), max, |start, end| {
            let part = text.get(start.octets_since(seq)..end.octets_since(seq));
            let at = *in_order + start.octets_since(rcv_nxt);
            write(octets, at, part.unwrap_or_default());
        })
    }

    /// Takes what is held and contiguous with `rcv_nxt` for text in order; how many octets.
    pub(crate) fn take_contiguous(&mut self, rcv_nxt: Seq) -> usize {
        if self.held.is_empty() {
            return 0;
        }
        let taken = self.held.take_contiguous(rcv_nxt).octets_since(rcv_nxt);
        self.in_order += taken;
        taken
    }

    /// SACK blocks of what is held, the newest first, at most `max`.
    pub(crate) fn sack_blocks(&self, rcv_nxt: Seq, max: usize) -> SackBlocks {
        self.held.sack_blocks(rcv_nxt, max)
    }

    /// Of what is held, SACK blocks tell no more than the `most` newest runs, until others grow.
    pub(crate) fn forget_beyond(&mut self, most: usize) {
        self.held.forget_beyond(most);
    }

    /// Up to `max` octets in order.
    pub(crate) fn peek(&self, max: usize) -> Vec<u8> {
        slices(&self.octets, 0, max.min(self.in_order)).concat()
    }

    /// The user has read this many octets.
    pub(crate) fn consume(&mut self, octets: usize) {
        let octets = octets.min(self.in_order);
        self.octets.drain(..octets);
        self.in_order -= octets;
    }

    /// Lets go of what the user has not read.
    pub(crate) fn clear(&mut self) {
        self.consume(self.in_order);
    }

    /// Lets go of what is held beyond gaps.
    pub(crate) fn clear_held(&mut self) {
        self.held.clear();
        self.octets.truncate(self.in_order);
    }

    /// Lets go of memory that is not in use.
    pub(crate) fn shrink(&mut self) {
        self.octets.shrink_to_fit();
    }
}

/// Writes text at this place, over what is there, or after it.
fn write(octets: &mut VecDeque<u8>, at: usize, text: &[u8]) {
    if octets.len() < at {
        octets.resize(at, 0);
    }
    let (over, after) = text.split_at(text.len().min(octets.len() - at));
    if !over.is_empty() {
        let (front, back) = octets.as_mut_slices();
        let (in_front, in_back) = over.split_at(over.len().min(front.len().saturating_sub(at)));
        copy(front, at, in_front);
        copy(
            back,
            (at + in_front.len()).saturating_sub(front.len()),
            in_back,
        );
    }
    octets.extend(after);
}

fn copy(to: &mut [u8], at: usize, text: &[u8]) {
    if let Some(place) = to.get_mut(at..at + text.len()) {
        place.copy_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_first_stays_but_text_in_order_goes_before_it() {
        let mut buffer = ReceiveBuffer::default();
        buffer.append(b"a");
        assert!(buffer.hold(Seq(11), Seq(14), b"ef", 8));
        assert!(buffer.hold(Seq(11), Seq(12), b"cdEFgh", 8));
        assert_eq!((buffer.len(), buffer.held().octets()), (1, 6));
        assert_eq!(buffer.peek(9), b"a");
        buffer.append(b"bC");
        assert_eq!(buffer.take_contiguous(Seq(13)), 5);
        assert_eq!(buffer.peek(9), b"abCdefgh");
    }

    #[test]
    fn what_is_held_survives_reading_and_the_end_of_the_ring() {
        let mut buffer = ReceiveBuffer::default();
        let mut rcv_nxt = Seq(0);
        for round in 0..100_u8 {
            assert!(buffer.hold(rcv_nxt, rcv_nxt.plus(7), &[round; 6], 8));
            buffer.append(&[round; 3]);
            buffer.consume(2);
            buffer.append(&[round; 4]);
            rcv_nxt = rcv_nxt.plus(7);
            assert_eq!(buffer.take_contiguous(rcv_nxt), 6);
            rcv_nxt = rcv_nxt.plus(6);
            let read = buffer.peek(usize::MAX);
            assert_eq!(read, [round; 11]);
            buffer.consume(read.len());
        }
        assert!(buffer.octets.capacity() <= 32);
    }

    #[test]
    fn each_part_can_be_let_go_of() {
        let mut buffer = ReceiveBuffer::default();
        buffer.append(b"ab");
        assert!(buffer.hold(Seq(2), Seq(3), b"d", 8));
        buffer.clear();
        buffer.append(b"c");
        assert_eq!(buffer.take_contiguous(Seq(3)), 1);
        assert_eq!(buffer.peek(9), b"cd");
        assert!(buffer.hold(Seq(4), Seq(5), b"f", 8));
        buffer.clear_held();
        assert_eq!(buffer.take_contiguous(Seq(5)), 0);
        assert_eq!((buffer.peek(9), buffer.octets.len()), (b"cd".to_vec(), 2));
    }
}
