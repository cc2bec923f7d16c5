//! What the tests of the public interface share: a seeded generator, and the legal transitions.

use halfopen_reference::State;

/// A small seeded generator (xorshift64*): the same seed, the same run.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator; any seed will do.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Whether RFC 9293 figure 5, or the text of section 3.10, has this transition.
pub(crate) fn is_legal(from: State, to: State) -> bool {
    use State::*;
    match (from, to) {
        // Section 3.10.5 and 3.10.8: ABORT, resets and timeouts lead here from anywhere.
        (_, Closed) => from != Closed,
        (Closed, Listen | SynSent) => true,
        (Listen, SynReceived | SynSent) => true,
        (SynSent, SynReceived | Established) => true,
        (SynReceived, Listen | Established | FinWait1) => true,
        (Established, FinWait1 | CloseWait) => true,
        (FinWait1, FinWait2 | Closing) => true,
        (FinWait2 | Closing, TimeWait) => true,
        (CloseWait, LastAck) => true,
        _ => false,
    }
}
