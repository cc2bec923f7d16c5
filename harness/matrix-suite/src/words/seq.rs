//! SEG.SEQ, as it lies to the receive window.

use super::{Segment, words};

/// RCV.WND in scripts that need its right edge.
pub(crate) const RCV_WND: u32 = 4000;

words! {
    /// Where the segment lies.
    Seq {
        /// Where SEQ does not matter (CLOSED, LISTEN, SYN-SENT).
        Any = "any",
        /// All of it is old.
        BelowWindow = "below-window",
        /// Old and new octets.
        OverLeftEdge = "over-left-edge",
        /// SEQ = RCV.NXT.
        AtRcvNxt = "at-rcv-nxt",
        /// In the window, beyond a gap.
        InWindow = "in-window",
        /// SEQ = RCV.NXT + RCV.WND - 1.
        AtLastOctet = "at-last-octet",
        /// Octets in the window and beyond it.
        OverRightEdge = "over-right-edge",
        /// SEQ = RCV.NXT + RCV.WND: the first number outside (RFC 5961 erratum 4845).
        AtRightEdge = "at-right-edge",
        BeyondWindow = "beyond-window",
    }
}

/// How far beyond RCV.NXT a segment in the window begins.
pub(crate) const GAP: u32 = 100;

impl Seq {
    /// SEG.SEQ, counted from RCV.NXT.
    pub(crate) fn offset(self, segment: &Segment) -> i32 {
        let half = (segment.text / 2) as i32;
        let window = RCV_WND as i32;
        match self {
            Self::Any | Self::AtRcvNxt => 0,
            Self::BelowWindow => -(segment.len().max(1) as i32),
            Self::OverLeftEdge => -half,
            Self::InWindow => GAP as i32,
            Self::AtLastOctet => window - 1,
            Self::OverRightEdge => window - half,
            Self::AtRightEdge => window,
            // Further than any window without scaling.
            Self::BeyondWindow => 200_000,
        }
    }

    /// Whether the script has to know the right edge of the window exactly.
    pub(crate) const fn needs_the_right_edge(self) -> bool {
        matches!(
            self,
            Self::AtLastOctet | Self::OverRightEdge | Self::AtRightEdge
        )
    }

    /// In a title, behind the segment.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::BelowWindow => " below the window",
            Self::OverLeftEdge => " over the left edge of the window",
            Self::AtRcvNxt => " at RCV.NXT",
            Self::InWindow => " in the window beyond a gap",
            Self::AtLastOctet => " at the last number of the window",
            Self::OverRightEdge => " over the right edge of the window",
            Self::AtRightEdge => " at the right edge of the window",
            Self::BeyondWindow => " beyond the window",
        }
    }
}
