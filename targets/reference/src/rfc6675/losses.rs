//! What is taken for lost (section 4, IsLost), and what is not any more.

use super::{DUP_THRESH, Scoreboard, Transmission};

impl Scoreboard {
    /// Marks what has enough SACKed above it (section 4, IsLost); `head_too` by the number of duplicate
    /// ACKs alone. Whether there was any.
    ///
    /// What was sent again is left to the retransmission timer: counting says nothing about it.
    pub(crate) fn mark_lost_by_count(&mut self, smss: usize, head_too: bool) -> bool {
        let (mut octets, mut runs, mut in_run) = (0, 0, false);
        let mut any = false;
        for entry in self.entries.iter_mut().rev() {
            if entry.sacked {
                octets += entry.len();
                runs += u32::from(!in_run);
                in_run = true;
                continue;
            }
            in_run = false;
            let lost = runs >= DUP_THRESH || octets > (DUP_THRESH as usize - 1) * smss;
            if lost && !entry.resent && !entry.lost {
                entry.mark_lost();
                any = true;
            }
        }
        if let Some(head) = self.entries.iter_mut().find(|entry| !entry.sacked)
            && (head_too && !head.resent && !head.lost)
        {
            head.mark_lost();
            any = true;
        }
        self.recount();
        any
    }

    /// Marks every segment that is out, not SACKed, and of which `is_lost` holds; whether there was any.
    pub(crate) fn mark_lost_if(&mut self, mut is_lost: impl FnMut(&Transmission) -> bool) -> bool {
        let mut any = false;
        for entry in &mut self.entries {
            if !entry.sacked && !entry.lost && is_lost(entry) {
                entry.mark_lost();
                any = true;
            }
        }
        if any {
            self.recount();
        }
        any
    }

    /// The retransmission timer fired (section 5.1): what is not known to have arrived is lost.
    ///
    /// If the first segment is SACKed and yet not acknowledged, the remote has reneged (RFC 2018 section 8),
    /// and nothing that it said before counts.
    pub(crate) fn timed_out(&mut self) {
        self.forget_reneged();
        self.mark_lost_if(|_| true);
    }

    /// Forgets what the remote said if it has reneged; whether it has.
    pub(crate) fn forget_reneged(&mut self) -> bool {
        let reneged = self.entries.front().is_some_and(|entry| entry.sacked);
        if reneged {
            self.forget_sacks();
        }
        reneged
    }

    /// Takes back every loss that was only presumed: the retransmission turned out to be spurious.
    pub(crate) fn unmark_lost(&mut self) {
        for entry in &mut self.entries {
            entry.was_lost = false;
            if entry.lost {
                entry.lost = false;
                entry.copies = 1;
            }
        }
        self.recount();
    }

    fn forget_sacks(&mut self) {
        for entry in &mut self.entries {
            if core::mem::take(&mut entry.sacked) {
                entry.mark_lost();
            }
        }
        self.highest_sacked = None;
        self.recount();
    }
}
