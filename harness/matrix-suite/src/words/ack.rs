//! SEG.ACK, as it lies to what the stack has sent.

use super::{Start, words};

words! {
    /// What the segment acknowledges.
    Ack {
        /// The ACK bit is off.
        None = "none",
        /// SEG.ACK = SND.UNA: nothing new. In SYN-SENT and SYN-RECEIVED that is ISS.
        Una = "una",
        /// SEG.ACK = SND.NXT > SND.UNA: all that is outstanding.
        Nxt = "nxt",
        /// SND.UNA < SEG.ACK < SND.NXT: the text before our FIN.
        Part = "part",
        /// Below SND.UNA, at something that was acknowledged before.
        Old = "old",
        /// ISS itself: below all that was ever acknowledged, but not below SND.UNA - MAX.SND.WND.
        Iss = "iss",
        /// Below SND.UNA - MAX.SND.WND (RFC 5961 section 5).
        TooOld = "too-old",
        /// Beyond SND.NXT.
        Unsent = "unsent",
    }
}

impl Ack {
    /// In the name of a script, behind the rest.
    pub(crate) const fn suffix(self, start: Start) -> &'static str {
        let is_handshake = matches!(
            start,
            Start::SynSent | Start::SynReceivedPassive | Start::SynReceivedActive
        );
        match self {
            Self::None => "",
            Self::Una if is_handshake => "-acking-iss",
            Self::Una => "",
            Self::Nxt if is_handshake => "-acking-syn",
            Self::Nxt => "-acking-all",
            Self::Part => "-acking-text-only",
            Self::Old => "-acking-old",
            Self::Iss => "-acking-iss",
            Self::TooOld => "-acking-too-old",
            Self::Unsent => "-acking-unsent",
        }
    }

    /// In a title, behind the segment.
    pub(crate) fn phrase(self, start: Start) -> &'static str {
        match self.suffix(start) {
            "-acking-iss" => " with ACK of no more than ISS",
            "-acking-syn" => " with ACK of our SYN",
            "-acking-all" => " with ACK of all that is outstanding",
            "-acking-text-only" => " with ACK of our text but not of our FIN",
            "-acking-old" => " with an old ACK",
            "-acking-too-old" => " with ACK below SND.UNA - MAX.SND.WND",
            "-acking-unsent" => " with ACK of what was never sent",
            _ => "",
        }
    }
}
