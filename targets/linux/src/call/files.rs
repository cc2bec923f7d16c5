//! Calls that make or use descriptors other than sockets.

use std::io;

use halfopen_target::{Call, Descriptor, Output, Returned};

use super::Place;
use crate::sys::files;

/// Makes such a call.
pub(super) fn perform(call: &Call, place: &Place) -> io::Result<Returned> {
    let descriptors = &place.descriptors;
    let own = |fd: &Descriptor| {
        descriptors
            .raw(*fd)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    };
    let given = |fd| Ok(Returned::value(descriptors.add(fd).0.into()));
    match call {
        Call::EpollCreate { flags } => given(files::epoll_create(*flags)?),
        Call::Open { path, flags, mode } => {
            place.folder.enter(&place.setup.working_directory)?;
            let path = place.setup.working_directory.join(path);
            given(files::open(&path.to_string_lossy(), *flags, *mode)?)
        }
        Call::EpollControl {
            epoll,
            operation,
            fd,
            event,
        } => {
            files::epoll_control(own(epoll)?, *operation, own(fd)?, *event)?;
            Ok(Returned::value(0))
        }
        Call::EpollWait {
            epoll,
            room,
            timeout,
        } => {
            let events = files::epoll_wait(own(epoll)?, *room, *timeout)?;
            let mut returned = Returned::value(events.len() as i64);
            returned.outputs.push(Output::Epoll(events));
            Ok(returned)
        }
        Call::Pipe { flags } => {
            let [read, write] = files::pipe(*flags)?;
            let mut returned = Returned::value(0);
            let ends = [descriptors.add(read), descriptors.add(write)];
            returned.outputs.push(Output::Descriptors(ends));
            Ok(returned)
        }
        Call::Splice {
            from,
            from_offset,
            to,
            to_offset,
            length,
            flags,
        } => {
            let (from, to) = ((own(from)?, *from_offset), (own(to)?, *to_offset));
            Ok(Returned::value(
                files::splice(from, to, *length, *flags)? as i64
            ))
        }
        Call::SendFile {
            to,
            from,
            offset,
            length,
        } => {
            let sent = files::send_file(own(to)?, own(from)?, *offset, *length)?;
            Ok(Returned::value(sent as i64))
        }
        _ => Err(io::Error::from_raw_os_error(libc::ENOSYS)),
    }
}
