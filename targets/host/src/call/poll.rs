//! `poll`.

use halfopen_target::posix::*;
use halfopen_target::{Duration, Errno, Output, PollDescriptor, Returned, State};

use super::{Operation, Patience, Reply, Started};
use crate::InProcessStack;
use crate::host::{Host, View};
use crate::socket::SocketId;
use crate::table::Object;

const POLLRDNORM: i16 = 0x40;
const POLLWRNORM: i16 = 0x100;
pub(crate) const READABLE: i16 = POLLIN | POLLRDNORM;
pub(crate) const WRITABLE: i16 = POLLOUT | POLLWRNORM;
/// As many entries as there can be descriptors.
const MOST: usize = 1024;

impl<S: InProcessStack> Host<S> {
    pub(super) fn start_poll(&mut self, mut fds: Vec<PollDescriptor>, timeout: i32) -> Started {
        if fds.len() > MOST {
            return Err(Errno::EINVAL.into());
        }
        for entry in &mut fds {
            entry.revents = 0;
        }
        let patience = match u64::try_from(timeout) {
            Ok(0) => Patience::None,
            Ok(millis) => Patience::For(Duration::from_millis(millis)),
            Err(_) => Patience::Forever,
        };
        self.begin(Operation::Poll { fds }, patience)
    }

    pub(super) fn attempt_poll(&mut self, fds: &mut Vec<PollDescriptor>) -> Option<Reply> {
        for entry in fds.iter_mut() {
            entry.revents = match self.table.object(entry.descriptor) {
                _ if entry.descriptor.0 < 0 => 0,
                Err(_) => POLLNVAL,
                Ok(object) => self.ready(object) & (entry.events | POLLERR | POLLHUP),
            };
        }
        let any = fds.iter().any(|entry| entry.revents != 0);
        any.then(|| Ok(reply(std::mem::take(fds))))
    }

    /// Everything that a socket or file is ready for.
    pub(crate) fn ready(&mut self, object: Object) -> i16 {
        match object {
            Object::Socket(id) => self.socket_ready(id),
            Object::File(id) => self.file_ready(id),
        }
    }

    /// Everything that is ready on a socket, by the rules of Linux's TCP.
    fn socket_ready(&mut self, id: SocketId) -> i16 {
        self.note_progress(id);
        let Ok(view) = self.view(id) else {
            return POLLNVAL;
        };
        let queued = view.status.map_or(0, |status| status.receive_queued);
        if view.state == State::Listen {
            let ready = view.status.map_or(0, |status| status.ready_to_accept);
            return if ready > 0 { READABLE } else { 0 };
        }
        let mut mask = 0;
        if self
            .socket(id)
            .is_ok_and(|socket| socket.deferred.is_some())
        {
            mask |= WRITABLE; // what is written opens the connection
        }
        if (view.read_is_shut && view.write_is_shut) || view.state == State::Closed {
            mask |= POLLHUP;
        }
        if view.read_is_shut {
            mask |= READABLE | POLLRDHUP;
        }
        if !matches!(view.state, State::SynSent | State::SynReceived) {
            let low_water = self
                .socket(id)
                .map_or(1, |socket| socket.settings.receive_low_water());
            if queued >= low_water {
                mask |= READABLE;
            }
            if view.write_is_shut || has_room(&view) {
                mask |= WRITABLE;
            } else if let Ok(socket) = self.socket_mut(id) {
                socket.wants_space = true;
            }
            let urgent = self.urgent_place(id, &view);
            if urgent.is_some_and(|(_, ahead)| ahead <= queued) {
                mask |= POLLPRI;
            }
        }
        let has_news = self.socket(id).is_ok_and(|s| !s.errors.is_empty());
        if view.has_error || has_news {
            mask |= POLLERR;
        }
        mask
    }
}

/// Whether a writer is worth waking.
pub(crate) fn has_room(view: &View) -> bool {
    view.status.is_none_or(|status| status.writable)
}

/// How `poll` ends with these events.
pub(super) fn reply(fds: Vec<PollDescriptor>) -> Returned {
    let ready = fds.iter().filter(|entry| entry.revents != 0).count();
    Returned {
        outputs: vec![Output::Poll(fds)],
        ..Returned::value(i64::try_from(ready).unwrap_or(i64::MAX))
    }
}
