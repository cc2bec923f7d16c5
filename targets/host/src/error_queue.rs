//! The error queue of a socket: what `recvmsg` with `MSG_ERRQUEUE` tells, of which most is no error.

use std::collections::VecDeque;

use halfopen_target::posix::{IP_RECVERR, IPPROTO_IP, IPPROTO_IPV6, MSG_TRUNC, SOL_SOCKET};
use halfopen_target::{AddressFamily, ControlData, ControlMessage, Errno, Output, Returned, Time};

use crate::call::Reply;
use crate::option::numbers::{IPV6_RECVERR, MSG_ERRQUEUE, SO_TIMESTAMPING};

/// `SO_EE_ORIGIN_…` and `SO_EE_CODE_…` of Linux's `errqueue.h`.
const FROM_TIMESTAMPING: u8 = 4;
const FROM_ZERO_COPY: u8 = 5;
const ZERO_COPY_COPIED: u8 = 1;

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The buffers of these sends, the first and the last by number, are free again.
    ZeroCopy { first: u32, last: u32 },
    /// Something happened to the last octet of a send.
    Stamp(Stamp),
}

/// What happened to the last octet of a send, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// `SCM_TSTAMP_…`
    pub(crate) what: u32,
    /// None where the user wants to know that it happened, and not when.
    pub(crate) at: Option<Time>,
    /// The octet's number.
    pub(crate) key: u32,
    /// The packet would come along, if there were room for it.
    pub(crate) with_packet: bool,
}

/// What was not told yet, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorQueue {
    entries: VecDeque<Entry>,
    told_of: u64,
}

impl ErrorQueue {
    /// The buffers of a send are free; those of several in a row are told together.
    pub(crate) fn zero_copy(&mut self, number: u32) {
        self.told_of += 1;
        if let Some(Entry::ZeroCopy { last, .. }) = self.entries.back_mut()
            && last.wrapping_add(1) == number
        {
            *last = number;
            return;
        }
        self.entries.push_back(Entry::ZeroCopy {
            first: number,
            last: number,
        });
    }

    pub(crate) fn stamp(&mut self, stamp: Stamp) {
        self.told_of += 1;
        self.entries.push_back(Entry::Stamp(stamp));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How often there was something new to tell.
    pub(crate) const fn told_of(&self) -> u64 {
        self.told_of
    }

    /// What `recvmsg` finds.
    pub(crate) fn tell(&mut self, family: AddressFamily) -> Reply {
        let entry = self.entries.pop_front().ok_or(Errno::EAGAIN)?;
        let (level, kind) = match family {
            AddressFamily::Ipv4 => (IPPROTO_IP, IP_RECVERR),
            AddressFamily::Ipv6 => (IPPROTO_IPV6, IPV6_RECVERR),
        };
        let mut flags = MSG_ERRQUEUE;
        let mut messages = Vec::new();
        if let Entry::Stamp(stamp) = entry {
            // The packet that comes along is not kept here: it counts as longer than any buffer.
            if stamp.with_packet {
                flags |= MSG_TRUNC;
            }
            messages.extend(stamp.at.map(|at| ControlMessage {
                level: SOL_SOCKET,
                kind: SO_TIMESTAMPING,
                data: ControlData::Timestamp(Some(at)),
            }));
        }
        let data = extended(entry);
        messages.push(ControlMessage { level, kind, data });
        Ok(Returned {
            outputs: vec![Output::MessageFlags(flags), Output::Control(messages)],
            ..Returned::value(0)
        })
    }
}

/// `struct sock_extended_err`.
const fn extended(entry: Entry) -> ControlData {
    match entry {
        // This host copies what is sent, and says so, as Linux does where it had to copy after all.
        Entry::ZeroCopy { first, last } => ControlData::ExtendedError {
            errno: Errno(0),
            origin: FROM_ZERO_COPY,
            kind: 0,
            code: ZERO_COPY_COPIED,
            info: first,
            data: last,
        },
        Entry::Stamp(stamp) => ControlData::ExtendedError {
            errno: Errno::ENOMSG,
            origin: FROM_TIMESTAMPING,
            kind: 0,
            code: 0,
            info: stamp.what,
            data: stamp.key,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        what: 0,
        at: None,
        key: 7,
        with_packet: false,
    };

    #[test]
    fn sends_that_are_done_in_a_row_are_told_together() {
        let mut queue = ErrorQueue::default();
        queue.zero_copy(0);
        queue.zero_copy(1);
        queue.stamp(STAMP);
        queue.zero_copy(2);
        let told = [
            Entry::ZeroCopy { first: 0, last: 1 },
            Entry::Stamp(STAMP),
            Entry::ZeroCopy { first: 2, last: 2 },
        ];
        assert_eq!(queue.entries, told);
        assert_eq!(queue.told_of(), 4);
    }

    #[test]
    fn an_empty_queue_never_waits() {
        let mut queue = ErrorQueue::default();
        assert_eq!(queue.tell(AddressFamily::Ipv4), Err(Errno::EAGAIN));
        queue.stamp(STAMP);
        assert!(queue.tell(AddressFamily::Ipv4).is_ok());
        assert!(queue.is_empty());
    }
}
