//! Segments as values: SEG.SEQ, SEG.ACK and their kin (RFC 9293 section 3.3.1).

use alloc::vec::Vec;

use crate::wire::TcpOptions;
use crate::{Endpoint, Seq};

/// The control bits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Flags {
    pub(crate) fin: bool,
    pub(crate) syn: bool,
    pub(crate) rst: bool,
    pub(crate) psh: bool,
    pub(crate) ack: bool,
    pub(crate) urg: bool,
}

/// An inbound segment, ours being the local end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// Where it was sent to.
    pub(crate) local: Endpoint,
    /// Where it came from.
    pub(crate) remote: Endpoint,
    /// SEG.SEQ.
    pub(crate) seq: Seq,
    /// SEG.ACK; means nothing without the ACK bit.
    pub(crate) ack: Seq,
    /// SEG.WND as on the wire, not scaled.
    pub(crate) wnd: u16,
    /// SEG.UP; means nothing without the URG bit.
    pub(crate) up: u16,
    /// The control bits.
    pub(crate) flags: Flags,
    /// The options that were understood.
    pub(crate) options: TcpOptions,
    /// The text, or what is left of it after trimming to the window.
    pub(crate) text: &'a [u8],
    /// Octets of text that came, trimmed or not.
    pub(crate) arrived_text: usize,
    /// Whether it came as a SYN, whose window is never scaled (RFC 7323 section 2.2).
    pub(crate) arrived_syn: bool,
}

impl Segment<'_> {
    /// SEG.LEN, which counts SYN and FIN.
    pub(crate) fn len(&self) -> u32 {
        // Text comes from an IP packet: 65535 octets at the most.
        self.text.len() as u32 + u32::from(self.flags.syn) + u32::from(self.flags.fin)
    }

    /// The sequence number of the first octet of text.
    pub(crate) fn text_seq(&self) -> Seq {
        self.seq.wrapping_add(u32::from(self.flags.syn))
    }

    /// The sequence number that a FIN in this segment has.
    pub(crate) fn fin_seq(&self) -> Seq {
        self.text_seq().plus(self.text.len())
    }
}

/// A segment to send.
#[derive(Clone, Debug)]
pub(crate) struct OutboundSegment {
    pub(crate) local: Endpoint,
    pub(crate) remote: Endpoint,
    pub(crate) seq: Seq,
    pub(crate) ack: Seq,
    pub(crate) wnd: u16,
    pub(crate) up: u16,
    pub(crate) flags: Flags,
    pub(crate) options: TcpOptions,
    pub(crate) text: Vec<u8>,
    pub(crate) ttl: u8,
    pub(crate) class: u8,
}
