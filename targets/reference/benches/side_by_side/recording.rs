//! One side of a conversation, to be had again: the same octets at the same times, so that only one stack is measured.

use crate::host::Host;
use crate::path::{Path, Step, apply};
use crate::reference;

/// What was done to a client since its connection was established.
pub(crate) struct Recording {
    steps: Vec<(u64, Step)>,
}

impl Recording {
    /// `H` sends `octets` to a server.
    pub(crate) fn of_sending<H: Host>(octets: usize) -> Self {
        Self::of(|path: &mut Path<H, reference::Reference>| path.carry(octets))
    }

    /// `H` receives `octets` from a server.
    pub(crate) fn of_receiving<H: Host>(octets: usize) -> Self {
        Self::of(|path: &mut Path<H, reference::Reference>| path.carry_back(octets))
    }

    fn of<H: Host>(talk: impl FnOnce(&mut Path<H, reference::Reference>) -> usize) -> Self {
        let mut path = Path::in_use();
        path.record();
        talk(&mut path);
        Self {
            steps: path.recorded(),
        }
    }

    /// Every two segments that arrive one after the other, swapped; the times stay.
    pub(crate) fn swapped(mut self) -> Self {
        let is_segment = |(_, step): &(u64, Step)| matches!(step, Step::Handle(_));
        let mut at = 0;
        while at + 1 < self.steps.len() {
            if is_segment(&self.steps[at]) && is_segment(&self.steps[at + 1]) {
                let time = self.steps[at].0;
                self.steps[at].0 = self.steps[at + 1].0;
                self.steps[at + 1].0 = time;
                self.steps.swap(at, at + 1);
                at += 2;
            } else {
                at += 1;
            }
        }
        self
    }

    /// How many segments arrive.
    pub(crate) fn segments(&self) -> usize {
        let arrives = |(_, step): &&(u64, Step)| matches!(step, Step::Handle(_));
        self.steps.iter().filter(arrives).count()
    }

    /// A host at the beginning of the recording.
    pub(crate) fn begin<H: Host>(&self) -> H {
        let path: Path<H, reference::Reference> = Path::in_use();
        path.client
    }

    /// Has the conversation once more; what the host holds in the end.
    pub(crate) fn replay<H: Host>(&self, host: &mut H) -> usize {
        for (now, step) in &self.steps {
            apply(host, *now, step);
        }
        self.steps.len()
    }
}
