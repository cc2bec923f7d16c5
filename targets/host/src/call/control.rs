//! `fcntl` and `ioctl`.

use halfopen_target::posix::*;
use halfopen_target::{Descriptor, Errno, Output, Returned, State};

use super::Reply;
use crate::InProcessStack;
use crate::host::{Host, View};
use crate::table::Object;

const F_DUPFD: i32 = 0;
const F_GETFD: i32 = 1;
const F_SETFD: i32 = 2;
const FD_CLOEXEC: i32 = 1;
const FIONBIO: u64 = 0x5421;
const SIOCATMARK: u64 = 0x8905;

impl<S: InProcessStack> Host<S> {
    pub(super) fn fcntl(&mut self, fd: Descriptor, command: i32, argument: i32) -> Reply {
        let object = self.table.object(fd)?;
        let value = match command {
            F_DUPFD => self.table.duplicate(fd, argument)?,
            F_GETFD => i32::from(*self.table.close_on_exec(fd)?) * FD_CLOEXEC,
            F_SETFD => {
                *self.table.close_on_exec(fd)? = argument & FD_CLOEXEC != 0;
                0
            }
            F_GETFL => {
                let waits = !*self.nonblocking(object)?;
                self.access(object)? | if waits { 0 } else { O_NONBLOCK }
            }
            F_SETFL => {
                *self.nonblocking(object)? = argument & O_NONBLOCK != 0;
                0
            }
            _ => return Err(Errno::EINVAL),
        };
        Ok(Returned::value(i64::from(value)))
    }

    pub(super) fn ioctl(&mut self, fd: Descriptor, request: u64, argument: i32) -> Reply {
        let object = self.table.object(fd)?;
        if request == FIONBIO {
            *self.nonblocking(object)? = argument != 0;
            return Ok(Returned::value(0));
        }
        let id = match object {
            Object::Socket(id) => id,
            Object::File(id) => return self.file_ioctl(id, request),
        };
        let view = self.view(id)?;
        let value = match request {
            SIOCATMARK => {
                let at_mark = view
                    .status
                    .is_some_and(|status| status.urgent_ahead == Some(1));
                usize::from(at_mark)
            }
            _ if !matches!(request, SIOCINQ | SIOCOUTQ | SIOCOUTQNSD) => {
                return Err(Errno::ENOTTY);
            }
            _ if view.state == State::Listen => return Err(Errno::EINVAL),
            _ => queued(&view, request),
        };
        Ok(integer(value))
    }

    /// `O_NONBLOCK` of a socket or file.
    fn nonblocking(&mut self, object: Object) -> Result<&mut bool, Errno> {
        match object {
            Object::Socket(id) => self.socket_mut(id).map(|socket| &mut socket.nonblocking),
            Object::File(id) => self.table.file_mut(id).map(|file| &mut file.nonblocking),
        }
    }
}

/// How `ioctl` ends that gives a number.
pub(super) fn integer(value: usize) -> Returned {
    Returned {
        outputs: vec![Output::Int(i32::try_from(value).unwrap_or(i32::MAX))],
        ..Returned::value(0)
    }
}

/// Octets in a queue; Linux counts a FIN on its way out as one, and nothing before the handshake is over.
fn queued(view: &View, request: u64) -> usize {
    let Some(status) = view.status else {
        return 0;
    };
    if matches!(view.state, State::SynSent | State::SynReceived) {
        return 0;
    }
    let fin = matches!(
        view.state,
        State::FinWait1 | State::Closing | State::LastAck
    );
    match request {
        SIOCINQ => status.receive_queued,
        SIOCOUTQ => status.send_queued + usize::from(fin),
        _ => status.unsent + usize::from(fin && status.unsent > 0),
    }
}
