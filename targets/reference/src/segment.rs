//! Segments as values: SEG.SEQ, SEG.ACK and their kin (RFC 9293 section 3.3.1).

use core::net::IpAddr;

use crate::wire::{CompletedRoute, TcpOptions};
use crate::{Endpoint, Seq, SourceRoute};

/// The control bits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Flags {
    pub(crate) fin: bool,
    pub(crate) syn: bool,
    pub(crate) rst: bool,
    pub(crate) psh: bool,
    pub(crate) ack: bool,
    pub(crate) urg: bool,
    /// RFC 3168 section 6.1: ECN-Echo and Congestion Window Reduced; RFC 9768: Accurate ECN.
    pub(crate) ece: bool,
    pub(crate) cwr: bool,
    pub(crate) ae: bool,
}

impl Flags {
    /// The flags of both.
    pub(crate) fn with_ecn(self, ecn: Self) -> Self {
        Self {
            ece: ecn.ece,
            cwr: ecn.cwr,
            ae: ecn.ae,
            ..self
        }
    }
}

/// The ECN field of the IP header (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Codepoint {
    /// Not ECN-capable.
    #[default]
    NotEct,
    /// ECN-capable, by its other name.
    Ect1,
    /// ECN-capable.
    Ect0,
    /// Congestion experienced.
    Ce,
}

impl Codepoint {
    /// The codepoint in a traffic class.
    pub(crate) fn of(class: u8) -> Self {
        match class & 3 {
            0 => Self::NotEct,
            1 => Self::Ect1,
            2 => Self::Ect0,
            _ => Self::Ce,
        }
    }

    /// The traffic class with this codepoint; one that says nothing leaves the user's.
    pub(crate) fn mark(self, class: u8) -> u8 {
        match self {
            Self::NotEct => class,
            Self::Ect1 => class & !3 | 1,
            Self::Ect0 => class & !3 | 2,
            Self::Ce => class | 3,
        }
    }
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
    /// How the IP header is marked.
    pub(crate) codepoint: Codepoint,
    /// SEG.SEQ as it came, trimmed or not.
    pub(crate) arrived_seq: Seq,
    /// Octets of text that came, trimmed or not.
    pub(crate) arrived_text: usize,
    /// Whether it came as a SYN, whose window is never scaled (RFC 7323 section 2.2).
    pub(crate) arrived_syn: bool,
    /// The IP source route that brought it.
    pub(crate) route: Option<CompletedRoute<'a>>,
}

impl Segment<'_> {
    /// SEG.LEN, which counts SYN and FIN.
    pub(crate) fn len(&self) -> u32 {
        // Text comes from an IP packet: 65535 octets at the most.
        self.text.len() as u32 + u32::from(self.flags.syn) + u32::from(self.flags.fin)
    }

    /// The way back along the source route that brought it; RFC 9293 MUST-53 calls it the return route.
    #[cold]
    pub(crate) fn return_route(&self) -> Option<SourceRoute> {
        match self.remote.addr {
            IpAddr::V4(source) => SourceRoute::back(self.route?, source),
            IpAddr::V6(_) => None,
        }
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
pub(crate) struct OutboundSegment<'a> {
    pub(crate) local: Endpoint,
    pub(crate) remote: Endpoint,
    pub(crate) seq: Seq,
    pub(crate) ack: Seq,
    pub(crate) wnd: u16,
    pub(crate) up: u16,
    pub(crate) flags: Flags,
    pub(crate) options: &'a TcpOptions,
    /// The text, in two pieces since a ring may end within it.
    pub(crate) text: [&'a [u8]; 2],
    pub(crate) ttl: u8,
    /// Routers are told not to fragment.
    pub(crate) dont_fragment: bool,
    pub(crate) class: u8,
    /// The IP source route that it takes; IPv4 only.
    pub(crate) route: Option<&'a SourceRoute>,
}

impl OutboundSegment<'_> {
    /// Octets of text.
    pub(crate) fn text_len(&self) -> usize {
        self.text.iter().map(|piece| piece.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Codepoint;

    #[test]
    fn a_mark_replaces_the_codepoint_and_leaves_the_ds_field() {
        for class in 0..=u8::MAX {
            for codepoint in [Codepoint::Ect1, Codepoint::Ect0, Codepoint::Ce] {
                let marked = codepoint.mark(class);
                assert_eq!(Codepoint::of(marked), codepoint);
                assert_eq!(marked >> 2, class >> 2);
            }
            assert_eq!(Codepoint::NotEct.mark(class), class);
        }
    }
}
