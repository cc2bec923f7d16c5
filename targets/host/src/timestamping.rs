//! `SO_TIMESTAMPING`: telling the user when the last octet of a send left, and when the remote had it.
//!
//! In virtual time nothing lies between the queue below the stack and the wire: both see a packet at the same moment. Only
//! the first transmission is told.

use std::collections::VecDeque;

use halfopen_target::{Errno, Time};

use crate::error_queue::Stamp;

const TX_SOFTWARE: u32 = 1 << 1;
const SOFTWARE: u32 = 1 << 4;
const OPT_ID: u32 = 1 << 7;
const TX_SCHED: u32 = 1 << 8;
const TX_ACK: u32 = 1 << 9;
const OPT_TSONLY: u32 = 1 << 11;
const OPT_STATS: u32 = 1 << 12;
const OPT_ID_TCP: u32 = 1 << 16;
/// Every flag that Linux knows.
const ALL: u32 = (1 << 19) - 1;
/// Those that ask for stamps of what is sent; a send can have its own.
const OF_SENDS: u32 = TX_SOFTWARE | TX_SCHED | TX_ACK | 1;

const SCM_TSTAMP_SND: u32 = 0;
const SCM_TSTAMP_SCHED: u32 = 1;
const SCM_TSTAMP_ACK: u32 = 2;

/// Where in the stream things are, in octets since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What the user gave.
    pub(crate) written: u64,
    /// What left the stack.
    pub(crate) sent: u64,
    /// What the remote has.
    pub(crate) acknowledged: u64,
}

/// What the user asked to know, and what of that is still to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timestamping {
    /// `SOF_TIMESTAMPING_…`
    flags: u32,
    /// The octet that has the number zero.
    base: u64,
    marks: VecDeque<Mark>,
}

/// The end of a send.
#[derive(Clone, Copy, Debug)]
struct Mark {
    end: u64,
    flags: u32,
    has_left: bool,
}

impl Timestamping {
    pub(crate) const fn flags(&self) -> u32 {
        self.flags
    }

    /// Sets the flags; `progress` is none for a socket that has no connection, or listens.
    pub(crate) fn set(&mut self, flags: u32, progress: Option<Progress>) -> Result<(), Errno> {
        let lonely = |flag: u32, other: u32| flags & flag != 0 && flags & other == 0;
        if flags & !ALL != 0 || lonely(OPT_ID_TCP, OPT_ID) || lonely(OPT_STATS, OPT_TSONLY) {
            return Err(Errno::EINVAL);
        }
        if flags & OPT_ID != 0 && self.flags & OPT_ID == 0 {
            let progress = progress.ok_or(Errno::EINVAL)?;
            self.base = match flags & OPT_ID_TCP {
                0 => progress.acknowledged,
                _ => progress.written,
            };
        }
        self.flags = flags;
        Ok(())
    }

    /// Whether statistics are to come with each stamp.
    pub(crate) const fn wants_statistics(flags: u32) -> bool {
        flags & OPT_STATS != 0
    }

    /// A send ended at this octet; `own` are flags for it alone.
    pub(crate) fn mark(&mut self, end: u64, own: Option<u32>) {
        let flags = match own {
            Some(own) => self.flags & !OF_SENDS | own & OF_SENDS,
            None => self.flags,
        };
        if flags & (TX_SOFTWARE | TX_SCHED | TX_ACK) != 0 {
            self.marks.push_back(Mark {
                end,
                flags,
                has_left: false,
            });
        }
    }

    /// Whether there is anything to wait for.
    pub(crate) fn is_idle(&self) -> bool {
        self.marks.is_empty()
    }

    /// What happened to the marked octets since this was asked last.
    pub(crate) fn advance(&mut self, progress: Progress, now: Time) -> Vec<Stamp> {
        let mut happened = Vec::new();
        for mark in &mut self.marks {
            if !mark.has_left && mark.end <= progress.sent {
                mark.has_left = true;
                happened.push((*mark, TX_SCHED, SCM_TSTAMP_SCHED));
                happened.push((*mark, TX_SOFTWARE, SCM_TSTAMP_SND));
            }
        }
        while let Some(mark) = self.marks.front().copied()
            && mark.end <= progress.acknowledged
        {
            self.marks.pop_front();
            happened.push((mark, TX_ACK, SCM_TSTAMP_ACK));
        }
        happened
            .into_iter()
            .filter(|(mark, flag, _)| mark.flags & flag != 0)
            .map(|(mark, _, what)| self.stamp(mark, what, now))
            .collect()
    }

    fn stamp(&self, mark: Mark, what: u32, now: Time) -> Stamp {
        let octet = mark.end.wrapping_sub(1).wrapping_sub(self.base);
        let numbered = self.flags & OPT_ID != 0;
        Stamp {
            what,
            at: (self.flags & SOFTWARE != 0).then_some(now),
            // 32 bits, as sequence numbers have.
            key: if numbered { octet as u32 } else { 0 },
            with_packet: self.flags & OPT_TSONLY == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::ZERO;

    fn progress(written: u64, sent: u64, acknowledged: u64) -> Progress {
        Progress {
            written,
            sent,
            acknowledged,
        }
    }

    fn told(stamps: &[Stamp]) -> Vec<(u32, u32)> {
        stamps.iter().map(|stamp| (stamp.what, stamp.key)).collect()
    }

    #[test]
    fn the_last_octet_of_each_send_is_stamped_when_it_leaves_and_when_it_arrived() {
        let mut stamps = Timestamping::default();
        let flags = TX_SCHED | TX_SOFTWARE | TX_ACK | SOFTWARE | OPT_ID;
        assert_eq!(stamps.set(flags, Some(progress(100, 90, 50))), Ok(()));
        stamps.mark(300, None);
        stamps.mark(400, None);
        assert_eq!(stamps.advance(progress(400, 299, 299), NOW), []);
        let left = stamps.advance(progress(400, 399, 299), NOW);
        assert_eq!(
            told(&left),
            [(SCM_TSTAMP_SCHED, 249), (SCM_TSTAMP_SND, 249)]
        );
        let rest = stamps.advance(progress(400, 400, 400), NOW);
        let (second, acks) = rest.split_at(2);
        assert_eq!(
            told(second),
            [(SCM_TSTAMP_SCHED, 349), (SCM_TSTAMP_SND, 349)]
        );
        assert_eq!(told(acks), [(SCM_TSTAMP_ACK, 249), (SCM_TSTAMP_ACK, 349)]);
        assert!(stamps.is_idle());
    }

    #[test]
    fn a_send_may_ask_for_itself() {
        let mut stamps = Timestamping::default();
        assert_eq!(stamps.set(SOFTWARE | TX_SCHED, None), Ok(()));
        stamps.mark(1, Some(TX_ACK));
        let all = stamps.advance(progress(1, 1, 1), NOW);
        assert_eq!(told(&all), [(SCM_TSTAMP_ACK, 0)]);
    }

    #[test]
    fn numbers_need_a_connection_and_flags_their_companions() {
        let mut stamps = Timestamping::default();
        assert_eq!(stamps.set(OPT_ID, None), Err(Errno::EINVAL));
        assert_eq!(stamps.set(OPT_ID_TCP, None), Err(Errno::EINVAL));
        assert_eq!(stamps.set(OPT_STATS, None), Err(Errno::EINVAL));
        assert_eq!(stamps.set(1 << 30, None), Err(Errno::EINVAL));
        assert_eq!(stamps.flags(), 0);
    }
}
