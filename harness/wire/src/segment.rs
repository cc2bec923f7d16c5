//! A TCP segment as a value that can say anything, legal or not.

use crate::{Flags, Seq, TcpOption, option};

/// A TCP segment (RFC 9293 §3.1), its fields in host byte order and as they stand on the wire.
///
/// Nothing is judged: `data_offset`, `checksum` and the options may contradict one another, and
/// [`Packet::encode`](crate::Packet::encode) writes them as stated. [`Packet::finish`](crate::Packet::finish)
/// makes them agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number of the first octet, or of the SYN.
    pub seq: Seq,
    /// Acknowledgment number, whether or not ACK is set.
    pub ack: Seq,
    /// Length of the header in 32-bit words, as stated; only its low four bits go onto the wire.
    pub data_offset: u8,
    /// Control bits and reserved bits.
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    /// The checksum, as stated.
    pub checksum: u16,
    /// The urgent pointer, whether or not URG is set.
    pub urgent_pointer: u16,
    /// The options, in order.
    pub options: Vec<TcpOption>,
    /// The text of the segment.
    pub payload: Vec<u8>,
}

impl Segment {
    /// Length of the header without options, in octets.
    pub const MINIMUM_HEADER: usize = 20;

    /// The room that the sequence space gives to the segment: its text, and one each for SYN and FIN.
    #[must_use]
    pub fn seq_len(&self) -> u32 {
        // A payload beyond 2^32 octets fits no packet; the cast is modulo the sequence space, as all of it is.
        (self.payload.len() as u32)
            .wrapping_add(u32::from(self.flags.contains(Flags::SYN)))
            .wrapping_add(u32::from(self.flags.contains(Flags::FIN)))
    }

    /// The sequence number that follows the segment: `seq + seq_len`.
    #[must_use]
    pub fn seq_end(&self) -> Seq {
        self.seq.wrapping_add(self.seq_len())
    }

    /// The length of the header as it is encoded, options included, in octets; `data_offset` may state another.
    #[must_use]
    pub fn header_length(&self) -> usize {
        Self::MINIMUM_HEADER + option::encode(&self.options).len()
    }

    /// The maximum segment size offered, in octets.
    #[must_use]
    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|option| match option {
            TcpOption::Mss(mss) => Some(*mss),
            _ => None,
        })
    }

    /// The shift of the window scale option.
    #[must_use]
    pub fn window_scale(&self) -> Option<u8> {
        self.options.iter().find_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(*shift),
            _ => None,
        })
    }

    /// TSval and TSecr of the timestamps option (RFC 7323).
    #[must_use]
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.options.iter().find_map(|option| match option {
            TcpOption::Timestamps { val, ecr } => Some((*val, *ecr)),
            _ => None,
        })
    }

    /// The blocks of the selective acknowledgment option, left edge and right edge; empty when there is none.
    #[must_use]
    pub fn sack_blocks(&self) -> &[(Seq, Seq)] {
        self.options
            .iter()
            .find_map(|option| match option {
                TcpOption::Sack(blocks) => Some(blocks.as_slice()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Pads the options to a multiple of four octets and sets the data offset to match.
    ///
    /// Padding is an end-of-list and zeros, or more zeros where the list has already ended. The options are then
    /// read back from their bytes, so that what is written two ways on the same bytes (an `Unknown` of kind 2 and an
    /// `Mss`) compares equal to what a parse would give. Options beyond 40 octets leave the offset at 15: such a
    /// header cannot be stated.
    pub fn finish(&mut self) {
        let mut bytes = option::encode(&self.options);
        // Zero is both end-of-list and the padding that follows it.
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        self.options = option::parse(&bytes);
        self.data_offset = ((Self::MINIMUM_HEADER + bytes.len()) / 4).min(15) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seq_len_counts_syn_and_fin() {
        let mut segment = Segment {
            payload: vec![0; 10],
            ..Segment::default()
        };
        assert_eq!(segment.seq_len(), 10);
        segment.flags = Flags::SYN;
        assert_eq!(segment.seq_len(), 11);
        segment.flags = Flags::SYN | Flags::FIN;
        assert_eq!(segment.seq_len(), 12);
        segment.seq = Seq(u32::MAX);
        assert_eq!(segment.seq_end(), Seq(11));
    }

    #[test]
    fn finish_pads_options_with_an_end_of_list_and_zeros() {
        let mut segment = Segment {
            options: vec![TcpOption::SackPermitted, TcpOption::WindowScale(7)],
            ..Segment::default()
        };
        segment.finish();
        assert_eq!(segment.data_offset, 7);
        assert_eq!(
            segment.options,
            [
                TcpOption::SackPermitted,
                TcpOption::WindowScale(7),
                TcpOption::EndOfList,
                TcpOption::Padding(vec![0; 2])
            ]
        );
    }

    #[test]
    fn finish_leaves_aligned_options_alone() {
        let options = vec![
            TcpOption::Mss(1460),
            TcpOption::Nop,
            TcpOption::WindowScale(7),
        ];
        let mut segment = Segment {
            options: options.clone(),
            ..Segment::default()
        };
        segment.finish();
        assert_eq!(segment.options, options);
        assert_eq!(segment.data_offset, 7);
    }

    #[test]
    fn options_too_long_for_any_header_leave_the_highest_offset() {
        let mut segment = Segment {
            options: vec![TcpOption::Nop; 48],
            ..Segment::default()
        };
        segment.finish();
        assert_eq!(segment.data_offset, 15);
        assert_eq!(segment.options.len(), 48);
    }

    #[test]
    fn accessors_find_their_option() {
        let segment = Segment {
            options: vec![
                TcpOption::Nop,
                TcpOption::Mss(536),
                TcpOption::WindowScale(3),
                TcpOption::Timestamps { val: 1, ecr: 2 },
                TcpOption::Sack(vec![(Seq(5), Seq(9))]),
            ],
            ..Segment::default()
        };
        assert_eq!(segment.mss(), Some(536));
        assert_eq!(segment.window_scale(), Some(3));
        assert_eq!(segment.timestamps(), Some((1, 2)));
        assert_eq!(segment.sack_blocks(), [(Seq(5), Seq(9))]);
        assert_eq!(Segment::default().mss(), None);
        assert!(Segment::default().sack_blocks().is_empty());
    }
}
