//! What happens to sockets and files, for those who watch them with epoll.
//!
//! A stack does not say what it did to a connection; the host compares what it sees of it now with what it saw last.

use std::collections::BTreeSet;

use halfopen_target::State;

use crate::call::has_room;
use crate::epoll::{
    ANYTHING, EPOLLERR, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDBAND, EPOLLRDNORM, EPOLLWRBAND,
    EPOLLWRNORM,
};
use crate::file::{FileId, FileKind};
use crate::host::Host;
use crate::socket::SocketId;
use crate::table::Object;
use crate::{InProcessStack, Key};

/// Something to read came, and some room to write was made, as Linux's sockets say it.
const CAME: u32 = EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND;
const MADE_ROOM: u32 = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

/// What was to be seen of a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    key: Option<Key>,
    state: Option<State>,
    /// Octets that came in order since the connection began, read or not.
    received: u64,
    end_of_stream: bool,
    failed: bool,
    /// Entries that the error queue ever had.
    errors: u64,
    /// Connections that wait to be accepted.
    acceptable: usize,
    urgent: Option<u64>,
}

impl<S: InProcessStack> Host<S> {
    /// Takes note of when what was sent left and arrived, and tells epoll instances what happened to the sockets that they
    /// watch, since it was looked at last.
    pub(crate) fn notice(&mut self) {
        let stamped: Vec<SocketId> = self
            .table
            .sockets()
            .filter(|(_, socket)| !socket.timestamping.is_idle())
            .map(|(id, _)| id)
            .collect();
        for id in stamped {
            self.note_progress(id);
        }
        let watched: BTreeSet<SocketId> = self
            .table
            .files()
            .filter_map(|(_, file)| match &file.kind {
                FileKind::Epoll(epoll) => Some(epoll),
                _ => None,
            })
            .flat_map(|epoll| epoll.objects())
            .filter_map(|object| match object {
                Object::Socket(id) => Some(id),
                Object::File(_) => None,
            })
            .collect();
        for id in watched {
            self.notice_socket(id);
        }
    }

    fn notice_socket(&mut self, id: SocketId) {
        let Some((before, now)) = self.look(id) else {
            return;
        };
        let object = Object::Socket(id);
        let opened_anew = now.key != before.key;
        if opened_anew || now.state != before.state || (now.end_of_stream && !before.end_of_stream)
        {
            self.wake(object, ANYTHING);
        }
        let urgent = now.urgent.is_some() && now.urgent != before.urgent;
        if (now.received > before.received && self.is_readable(id)) || urgent {
            self.wake(object, CAME);
        }
        if now.acceptable > before.acceptable {
            self.wake(object, CAME);
        }
        if now.errors > before.errors || (now.failed && !before.failed) {
            self.wake(object, EPOLLERR);
        }
        if self.found_room(id) {
            self.wake(object, MADE_ROOM);
        }
    }

    /// What was to be seen when it was looked at last, and what is now.
    pub(crate) fn look(&mut self, id: SocketId) -> Option<(Seen, Seen)> {
        self.note_progress(id);
        let view = self.view(id).ok()?;
        let urgent = self.urgent_place(id, &view).map(|(place, _)| place);
        let status = view.status;
        let socket = self.table.socket_mut(id)?;
        let queued = status.map_or(0, |status| status.receive_queued) as u64;
        let now = Seen {
            key: view.key,
            state: Some(view.state),
            received: socket.octets_read + queued,
            end_of_stream: view.end_of_stream,
            failed: view.has_error,
            errors: socket.errors.told_of(),
            acceptable: status.map_or(0, |status| status.ready_to_accept),
            urgent,
        };
        Some((std::mem::replace(&mut socket.seen, now), now))
    }

    fn is_readable(&self, id: SocketId) -> bool {
        let low_water = self.socket(id).map(|s| s.settings.receive_low_water());
        let queued = self.view(id).ok().and_then(|view| view.status);
        queued.map(|status| status.receive_queued) >= low_water.ok()
    }

    /// Whether someone waits for room, and there is some now.
    fn found_room(&mut self, id: SocketId) -> bool {
        let has_room = self.view(id).is_ok_and(|view| has_room(&view));
        match self.table.socket_mut(id) {
            Some(socket) if has_room => std::mem::take(&mut socket.wants_space),
            _ => false,
        }
    }

    /// Something happened to an object: whoever watches it puts it on its list of what may be ready.
    pub(crate) fn wake(&mut self, object: Object, what: u32) {
        let mut woken = Vec::new();
        for (id, file) in self.table.files_mut() {
            if let FileKind::Epoll(epoll) = &mut file.kind
                && epoll.happened(object, what, false)
            {
                woken.push(id);
            }
        }
        let exclusive: Vec<FileId> = self.table.files().map(|(id, _)| id).collect();
        for id in exclusive {
            if let Ok(file) = self.table.file_mut(id)
                && let FileKind::Epoll(epoll) = &mut file.kind
                && epoll.happened(object, what, true)
            {
                woken.push(id);
                // One is enough, if someone waits there who will look after it.
                if what != ANYTHING && self.is_awaited(Object::File(id)) {
                    break;
                }
            }
        }
        for id in woken {
            self.wake(Object::File(id), EPOLLIN);
        }
    }

    /// An object is no more: nobody watches it.
    pub(crate) fn unwatch(&mut self, object: Object) {
        for (_, file) in self.table.files_mut() {
            if let FileKind::Epoll(epoll) = &mut file.kind {
                epoll.forget(object);
            }
        }
    }
}
