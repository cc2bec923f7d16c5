//! When the stack has to look at its connections.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};

use crate::tcb::Tcb;
use crate::timer::NEVER;
use crate::{ConnectionId, Instant};

/// The connections whose timers run, in the order in which these fire.
///
/// A connection may be listed too early: every segment stops timers or moves them to a later moment, and that is made good only
/// when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    entries: BTreeSet<(Instant, ConnectionId)>,
}

impl Deadlines {
    /// Timers of the connection may have been set.
    #[inline]
    pub(crate) fn note(&mut self, tcb: &mut Tcb) {
        let not_before = tcb.timers.not_before();
        if not_before < tcb.listed.unwrap_or(NEVER) {
            self.list(tcb, Some(not_before));
        }
    }

    /// The next timer of all: when it fires, and whose it is.
    pub(crate) fn next(
        &mut self,
        connections: &mut BTreeMap<ConnectionId, Box<Tcb>>,
    ) -> Option<(Instant, ConnectionId)> {
        // Each connection is moved at most once, to when its timer really fires, so that the loop ends.
        while let Some((listed, id)) = self.entries.first().copied() {
            let Some(tcb) = connections.get_mut(&id) else {
                self.entries.remove(&(listed, id));
                continue;
            };
            let next = tcb.timers.next();
            if next == Some(listed) {
                return Some((listed, id));
            }
            self.list(tcb, next);
        }
        None
    }

    /// The connection is no more.
    pub(crate) fn forget(&mut self, tcb: &mut Tcb) {
        self.list(tcb, None);
    }

    fn list(&mut self, tcb: &mut Tcb, at: Option<Instant>) {
        if let Some(listed) = core::mem::replace(&mut tcb.listed, at) {
            self.entries.remove(&(listed, tcb.id));
        }
        if let Some(at) = at {
            self.entries.insert((at, tcb.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::Timer;
    use crate::{Config, ConnectionOptions, Endpoint, Seq};

    #[test]
    fn nothing_is_left_of_a_connection_that_is_no_more() {
        let config = Config::default();
        let ends = (Endpoint::UNSPECIFIED_V4, Endpoint::UNSPECIFIED_V4);
        let options = ConnectionOptions::new(&config);
        let id = ConnectionId(1);
        let mut tcb = Tcb::new(id, ends, options, Seq(0), &config, Instant::ZERO);
        let mut deadlines = Deadlines::default();
        tcb.timers.set(Timer::User, Instant::from_secs(1));
        deadlines.note(&mut tcb);
        assert_eq!(deadlines.entries.len(), 1);
        deadlines.forget(&mut tcb);
        assert!(deadlines.entries.is_empty());
    }
}
