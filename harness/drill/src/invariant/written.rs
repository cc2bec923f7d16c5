//! What the user gave to send, by descriptor.

use std::collections::BTreeMap;

use halfopen_target::{Call, CallId, Descriptor, Returned};

/// The octets of all sends so far.
#[derive(Debug, Default)]
pub(super) struct Written {
    by_descriptor: BTreeMap<Descriptor, Vec<u8>>,
    /// Of descriptors that were closed: the connection may still send them, while another has the descriptor.
    of_closed: Vec<Vec<u8>>,
    /// Calls that write and have not returned: the descriptor, and how much was written before.
    writing: BTreeMap<CallId, (Descriptor, usize)>,
}

impl Written {
    pub(super) fn called(&mut self, id: CallId, call: &Call) {
        match call {
            Call::Send { fd, buffers, .. } => {
                let written = self.by_descriptor.entry(*fd).or_default();
                self.writing.insert(id, (*fd, written.len()));
                for buffer in buffers {
                    written.extend(buffer);
                }
            }
            Call::Close { fd } => {
                self.writing.retain(|_, (writing, _)| writing != fd);
                self.of_closed.extend(self.by_descriptor.remove(fd));
            }
            _ => {}
        }
    }

    /// Only what was taken counts.
    pub(super) fn returned(&mut self, id: CallId, returned: &Returned) {
        let Some((fd, before)) = self.writing.remove(&id) else {
            return;
        };
        let taken = returned.result.ok().and_then(|n| usize::try_from(n).ok());
        if let Some(written) = self.by_descriptor.get_mut(&fd) {
            written.truncate(before + taken.unwrap_or(0));
        }
    }

    /// The stream of the only connection that there is; none where it could be one of several.
    pub(super) fn only_stream(&self) -> Option<&[u8]> {
        let mut streams = self.by_descriptor.values().chain(&self.of_closed);
        match (streams.next(), streams.next()) {
            (Some(stream), None) => Some(stream),
            (None, None) => Some(&[]),
            _ => None,
        }
    }
}
