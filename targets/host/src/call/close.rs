//! `shutdown` and `close`.

use halfopen_target::posix::{SHUT_RD, SHUT_RDWR, SHUT_WR};
use halfopen_target::{Descriptor, Duration, Errno, Returned, State};

use super::{Operation, Patience, Reply, Started, ended};
use crate::InProcessStack;
use crate::host::Host;
use crate::socket::Association;
use crate::table::Object;

impl<S: InProcessStack> Host<S> {
    pub(super) fn shutdown(&mut self, fd: Descriptor, how: i32) -> Reply {
        let id = self.table.find(fd)?;
        let (read, write) = match how {
            SHUT_RD => (true, false),
            SHUT_WR => (false, true),
            SHUT_RDWR => (true, true),
            _ => return Err(Errno::EINVAL),
        };
        let view = self.view(id)?;
        match view.state {
            // A listener has nothing to write; without its reading side it is none any more.
            State::Listen if !read => return Ok(Returned::value(0)),
            State::Listen | State::SynSent => {
                self.disconnect(id)?;
                return Ok(Returned::value(0));
            }
            _ => {}
        }
        let socket = self.socket_mut(id)?;
        socket.shut_read |= read;
        socket.shut_write |= write;
        // In TIME-WAIT the socket is as good as closed.
        if matches!(view.state, State::Closed | State::TimeWait) {
            return Err(Errno::ENOTCONN);
        }
        if socket.association == Association::Connecting {
            socket.association = Association::Connected;
        }
        let is_open = matches!(
            view.state,
            State::SynReceived | State::Established | State::CloseWait
        );
        if write
            && is_open
            && let Some(key) = view.key
        {
            self.stack.close(self.now, key);
        }
        Ok(Returned::value(0))
    }

    pub(super) fn start_close(&mut self, fd: Descriptor) -> Started {
        let (object, was_last) = self.table.close(fd)?;
        if !was_last || self.is_awaited(object) {
            return ended(Ok(Returned::value(0)));
        }
        let Object::Socket(id) = object else {
            self.end(object);
            return ended(Ok(Returned::value(0)));
        };
        let socket = self.socket(id)?;
        let (lingers, seconds) = socket.settings.linger;
        let waits = lingers && !socket.listening;
        match (self.end(object), u64::try_from(seconds)) {
            (Some(key), Ok(seconds)) if waits && seconds > 0 => {
                let patience = Patience::For(Duration::from_secs(seconds));
                self.begin(Operation::Linger { key }, patience)
            }
            _ => ended(Ok(Returned::value(0))),
        }
    }
}
