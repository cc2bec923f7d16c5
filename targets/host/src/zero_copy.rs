//! `MSG_ZEROCOPY`: telling the user when the buffers of a send are no longer needed.
//!
//! This host copies what is sent, and says so, as Linux does where it had to copy after all.

use std::collections::VecDeque;

use halfopen_target::posix::{IP_RECVERR, IPPROTO_IP, IPPROTO_IPV6};
use halfopen_target::{AddressFamily, ControlData, ControlMessage, Errno, Output, Returned};

use crate::call::Reply;
use crate::option::numbers::{IPV6_RECVERR, MSG_ERRQUEUE};

/// `SO_EE_ORIGIN_ZEROCOPY` and `SO_EE_CODE_ZEROCOPY_COPIED` of Linux's `errqueue.h`.
const ORIGIN: u8 = 5;
const COPIED: u8 = 1;

/// The sends of one socket that asked to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZeroCopy {
    /// How many there were: their numbers count from zero.
    sends: u32,
    /// Where in the stream those end that are not acknowledged yet.
    pending: VecDeque<u64>,
    /// The numbers of the first and the last of those that are, and were not told.
    done: Option<(u32, u32)>,
}

impl ZeroCopy {
    /// One more send, which ends at this octet of the stream.
    pub(crate) fn sent(&mut self, end: u64) {
        self.sends = self.sends.wrapping_add(1);
        self.pending.push_back(end);
    }

    /// The remote has everything before this octet of the stream.
    pub(crate) fn acknowledged(&mut self, until: u64) {
        while self.pending.front().is_some_and(|end| *end <= until) {
            let number = self.sends.wrapping_sub(self.pending.len() as u32);
            self.pending.pop_front();
            let first = self.done.map_or(number, |(first, _)| first);
            self.done = Some((first, number));
        }
    }

    /// Whether there is something to tell.
    pub(crate) const fn has_news(&self) -> bool {
        self.done.is_some()
    }

    /// Sends that there was ever something to tell of.
    pub(crate) fn told_of(&self) -> u64 {
        u64::from(self.sends) - self.pending.len() as u64
    }

    /// What `recvmsg` finds in the error queue.
    pub(crate) fn tell(&mut self, family: AddressFamily) -> Reply {
        let (first, last) = self.done.take().ok_or(Errno::EAGAIN)?;
        let (level, kind) = match family {
            AddressFamily::Ipv4 => (IPPROTO_IP, IP_RECVERR),
            AddressFamily::Ipv6 => (IPPROTO_IPV6, IPV6_RECVERR),
        };
        let data = ControlData::ExtendedError {
            errno: Errno(0),
            origin: ORIGIN,
            kind: 0,
            code: COPIED,
            info: first,
            data: last,
        };
        Ok(Returned {
            outputs: vec![
                Output::MessageFlags(MSG_ERRQUEUE),
                Output::Control(vec![ControlMessage { level, kind, data }]),
            ],
            ..Returned::value(0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_together_is_told_together() {
        let mut sends = ZeroCopy::default();
        sends.sent(10);
        sends.sent(20);
        sends.sent(30);
        assert_eq!(sends.tell(AddressFamily::Ipv4), Err(Errno::EAGAIN));
        sends.acknowledged(25);
        assert_eq!(sends.done, Some((0, 1)));
        assert!(sends.tell(AddressFamily::Ipv4).is_ok());
        sends.acknowledged(30);
        assert_eq!(sends.done, Some((2, 2)));
    }
}
