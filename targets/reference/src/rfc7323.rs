//! RFC 7323: timestamps and PAWS; the window shift is a plain number in the Tcb.

use core::time::Duration;

use crate::segment::Segment;
use crate::wire::TimestampsOption;
use crate::{Instant, Seq};

/// The greatest window shift (section 2.3).
pub(crate) const MAX_WIND_SHIFT: u8 = 14;
/// Section 5.5: after 24 days of silence TS.Recent says nothing.
const TS_RECENT_LIFE: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// The timestamps of a connection that negotiated them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamps {
    offset: u32,
    ts_recent: u32,
    ts_recent_at: Instant,
}

/// What PAWS thinks of a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Go on.
    Good,
    /// No timestamp: drop without an answer (section 3.2).
    Missing,
    /// An old timestamp: acknowledge and drop (section 5.3, R1).
    Old,
}

impl Timestamps {
    /// Timestamps as the remote's SYN brought them.
    pub(crate) fn new(offset: u32, val: u32, now: Instant) -> Self {
        Self {
            offset,
            ts_recent: val,
            ts_recent_at: now,
        }
    }

    /// TS.Recent.
    pub(crate) fn ts_recent(&self) -> u32 {
        self.ts_recent
    }

    /// The option for a segment that acknowledges (section 3.2).
    pub(crate) fn option(&self, now: Instant) -> TimestampsOption {
        TimestampsOption {
            val: clock(self.offset, now),
            ecr: self.ts_recent,
        }
    }

    /// Section 5.3, R1, before the sequence number is looked at.
    pub(crate) fn check(&self, seg: &Segment<'_>, slack: u32, now: Instant) -> Verdict {
        if seg.flags.rst {
            return Verdict::Good; // section 5.2: RST is not subject to PAWS
        }
        let Some(stamps) = seg.options.timestamps else {
            // RFC 5961 section 4.2 answers a SYN whatever it carries; a peer that lost its state has no
            // reason to repeat the old connection's options.
            return if seg.flags.syn {
                Verdict::Good
            } else {
                Verdict::Missing
            };
        };
        let expired = now.since(self.ts_recent_at) > TS_RECENT_LIFE;
        if before(stamps.val, self.ts_recent.wrapping_sub(slack)) && !expired {
            Verdict::Old
        } else {
            Verdict::Good
        }
    }

    /// Section 4.3: TS.Recent follows segments that begin at or before what we last acknowledged.
    pub(crate) fn update(&mut self, seg: &Segment<'_>, last_ack_sent: Seq, now: Instant) {
        let Some(stamps) = seg.options.timestamps else {
            return;
        };
        // Section 5.2: a RST changes nothing.
        if seg.flags.rst || seg.seq.after(last_ack_sent) {
            return;
        }
        let expired = now.since(self.ts_recent_at) > TS_RECENT_LIFE;
        if !before(stamps.val, self.ts_recent) || expired {
            self.ts_recent = stamps.val;
            self.ts_recent_at = now;
        }
    }

    /// How old the timestamp is that the segment echoes; none if it cannot be one of ours (section 4.1).
    pub(crate) fn echoed_age(
        &self,
        seg: &Segment<'_>,
        opened_at: Instant,
        now: Instant,
    ) -> Option<Duration> {
        let ecr = seg.options.timestamps?.ecr;
        let age = Duration::from_millis(u64::from(clock(self.offset, now).wrapping_sub(ecr)));
        (age <= now.since(opened_at) + Duration::from_millis(1)).then_some(age)
    }
}

/// The timestamp clock: milliseconds from a secret beginning (section 5.4).
pub(crate) fn clock(offset: u32, now: Instant) -> u32 {
    (now.as_millis() as u32).wrapping_add(offset)
}

/// Whether timestamp `s` is before `t`, modulo 2^32 (section 5.2).
pub(crate) fn before(s: u32, t: u32) -> bool {
    Seq(s).before(Seq(t))
}
