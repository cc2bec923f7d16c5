//! The rules by name, with the section that each comes from.

/// A rule that holds of every trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// What the stack sends is an IP packet that parses.
    WellFormed,
    /// Checksums of what the stack sends are right.
    Checksum,
    /// States follow one another along the edges of the state diagram.
    LegalTransition,
    /// A connection ends only for a reason: RST, the acknowledgment of the last FIN, a user call or a timeout.
    CausedEnd,
    /// A reset ends a connection only when its sequence number is exactly the next expected.
    ExactReset,
    /// No RST is sent in answer to an RST.
    NoResetForReset,
    /// Only octets that arrived, without a gap, are acknowledged.
    AckedArrived,
    /// The acknowledgment number never goes back.
    AckAdvances,
    /// A FIN that was taken is acknowledged.
    FinAcked,
    /// No data is sent beyond the right edge of the window.
    InsideWindow,
    /// What is sent is what the user gave to send, at its place.
    StreamIntact,
    /// Nothing is sent beyond the FIN, and the FIN stays at its place.
    FinIsLast,
    /// No segment is larger than the peer's MSS allows.
    WithinMss,
    /// TIME-WAIT lasts two maximum segment lifetimes.
    TimeWaitLasts,
    /// A stimulus draws a bounded number of segments.
    NoFlood,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 15] = [
        Self::WellFormed,
        Self::Checksum,
        Self::LegalTransition,
        Self::CausedEnd,
        Self::ExactReset,
        Self::NoResetForReset,
        Self::AckedArrived,
        Self::AckAdvances,
        Self::FinAcked,
        Self::InsideWindow,
        Self::StreamIntact,
        Self::FinIsLast,
        Self::WithinMss,
        Self::TimeWaitLasts,
        Self::NoFlood,
    ];

    /// A name for reports and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WellFormed => "well-formed",
            Self::Checksum => "checksum",
            Self::LegalTransition => "legal-transition",
            Self::CausedEnd => "caused-end",
            Self::ExactReset => "exact-reset",
            Self::NoResetForReset => "no-reset-for-reset",
            Self::AckedArrived => "acked-arrived",
            Self::AckAdvances => "ack-advances",
            Self::FinAcked => "fin-acked",
            Self::InsideWindow => "inside-window",
            Self::StreamIntact => "stream-intact",
            Self::FinIsLast => "fin-is-last",
            Self::WithinMss => "within-mss",
            Self::TimeWaitLasts => "time-wait-lasts",
            Self::NoFlood => "no-flood",
        }
    }

    /// The section that the rule comes from.
    pub const fn section(self) -> &'static str {
        match self {
            Self::WellFormed => "RFC 9293 section 3.1",
            Self::Checksum => "RFC 9293 section 3.1, MUST-2",
            Self::LegalTransition => "RFC 9293 section 3.3.2, figure 5",
            Self::CausedEnd => "RFC 9293 section 3.10",
            Self::ExactReset => "RFC 9293 section 3.10.7.4, second step; RFC 5961 section 3.2",
            Self::NoResetForReset => "RFC 9293 section 3.5.2",
            Self::AckedArrived => "RFC 9293 section 3.4",
            Self::AckAdvances => "RFC 9293 section 3.4",
            Self::FinAcked => "RFC 9293 section 3.10.7.4, eighth step",
            Self::InsideWindow => "RFC 9293 section 3.8.6",
            Self::StreamIntact => "RFC 9293 section 3.4",
            Self::FinIsLast => "RFC 9293 section 3.6",
            Self::WithinMss => "RFC 9293 section 3.7.1, MUST-16",
            Self::TimeWaitLasts => "RFC 9293 section 3.6.1, MUST-13",
            Self::NoFlood => "RFC 9293 section 3.8",
        }
    }
}
