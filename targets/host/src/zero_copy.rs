//! `MSG_ZEROCOPY`: telling the user when the buffers of a send are no longer needed.

use std::collections::VecDeque;

/// The sends of one socket that asked to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZeroCopy {
    /// How many there were: their numbers count from zero.
    sends: u32,
    /// Where in the stream those end that are not acknowledged yet.
    pending: VecDeque<u64>,
}

impl ZeroCopy {
    /// One more send, which ends at this octet of the stream.
    pub(crate) fn sent(&mut self, end: u64) {
        self.sends = self.sends.wrapping_add(1);
        self.pending.push_back(end);
    }

    /// The number of the next send, if the remote has everything of it, which is before this octet of the stream.
    pub(crate) fn acknowledged(&mut self, until: u64) -> Option<u32> {
        self.pending.front().filter(|end| **end <= until)?;
        let number = self.sends.wrapping_sub(self.pending.len() as u32);
        self.pending.pop_front();
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_is_done_when_its_last_octet_is_acknowledged() {
        let mut sends = ZeroCopy::default();
        sends.sent(10);
        sends.sent(20);
        assert_eq!(sends.acknowledged(9), None);
        assert_eq!(sends.acknowledged(20), Some(0));
        assert_eq!(sends.acknowledged(20), Some(1));
        assert_eq!(sends.acknowledged(20), None);
    }
}
