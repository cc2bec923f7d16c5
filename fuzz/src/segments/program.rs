//! The structured input: how the connection opens, and what then happens to it.

use arbitrary::Arbitrary;

/// The most steps of a program; more only slows the fuzzer down.
pub(super) const MOST_STEPS: usize = 48;

/// One run.
#[derive(Arbitrary, Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// How the connection opens.
    pub opening: Opening,
    /// The options on the tester's SYN.
    pub offer: SynOffer,
    /// The tester's initial sequence number.
    pub isn: u32,
    /// What happens then.
    pub steps: Vec<Step>,
}

/// How a connection opens.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The stack listens; nothing has arrived.
    Listen,
    /// The stack connects; nothing has answered.
    Connect,
    /// The stack listened, and the handshake is done.
    Accepted,
    /// The stack connected, and the handshake is done.
    Connected,
    /// As accepted, and the stack's side is closed.
    HalfClosed,
    /// As accepted, and both sides have sent their FIN.
    BothClosed,
}

/// The options on the tester's SYN.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynOffer {
    /// MSS, where offered.
    pub mss: Option<u16>,
    /// Window scale, where offered.
    pub window_scale: Option<u8>,
    /// SACK-permitted.
    pub sack: bool,
    /// Its window.
    pub window: u16,
}

/// One step of a program.
#[derive(Arbitrary, Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A segment arrives.
    Segment(SegmentStep),
    /// The user calls.
    Call(UserCall),
    /// Time passes.
    Wait(Wait),
}

/// A segment, its numbers relative to what the stack said last.
#[derive(Arbitrary, Clone, Debug, PartialEq, Eq)]
pub struct SegmentStep {
    /// FIN, SYN, RST, PSH, ACK, URG, ECE, CWR from the lowest bit on.
    pub flags: u8,
    /// Where its sequence number lies.
    pub seq: SeqAim,
    /// Where its acknowledgment number lies.
    pub ack: AckAim,
    /// The window field.
    pub window: u16,
    /// Octets of payload; the driver bounds them.
    pub length: u16,
    /// The urgent pointer.
    pub urgent: u16,
    /// An option of any kind.
    pub option: Option<(u8, [u8; 3])>,
}

/// Where a sequence number lies.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqAim {
    /// At what the stack acknowledged last.
    Next,
    /// This far from there.
    Near(i16),
    /// This far from the right edge of the window.
    Edge(i8),
    /// At the tester's initial sequence number.
    Initial,
    /// Behind everything that the tester sent.
    Frontier,
    /// Anywhere.
    Any(u32),
}

/// Where an acknowledgment number lies.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckAim {
    /// Behind everything that the stack sent.
    All,
    /// This far from there.
    Near(i16),
    /// At the stack's initial sequence number.
    Initial,
    /// Anywhere.
    Any(u32),
}

/// A call of the user.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCall {
    /// `accept`, when the connection was opened passively.
    Accept,
    /// `write` of this many octets; the driver bounds them.
    Write(u16),
    /// `read` of up to this many.
    Read(u16),
    /// `shutdown(SHUT_WR)`
    Shutdown,
    /// `close`
    Close,
}

/// How long time passes.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// One millisecond.
    Moment,
    /// Long enough for a delayed acknowledgment.
    DelayedAck,
    /// Long enough for a retransmission.
    Retransmission,
    /// Long enough for several.
    Backoff,
    /// Longer than any lifetime of a segment.
    Lifetimes,
}

impl Wait {
    /// In milliseconds.
    pub const fn millis(self) -> u64 {
        match self {
            Self::Moment => 1,
            Self::DelayedAck => 500,
            Self::Retransmission => 1_100,
            Self::Backoff => 20_000,
            Self::Lifetimes => 300_000,
        }
    }
}
