//! Makes one call, in the thread that this runs in.

use std::io;
use std::os::fd::RawFd;

use halfopen_posix::{RawAddress, decode_option, encode_option};
use halfopen_target::{Call, CallName, Descriptor, Errno, Output, PollDescriptor, Returned};

use super::{Descriptors, Place};
use crate::clock::Clock;
use crate::network::set_sysctl;
use crate::sys::{message, socket};

/// Makes the call and gives what it returned.
pub(crate) fn perform(call: &Call, place: &Place) -> Returned {
    attempt(call, place).unwrap_or_else(|error| Returned::error(errno(&error)))
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or_else(
        || match error.kind() {
            io::ErrorKind::NotFound => Errno::ENOENT,
            io::ErrorKind::PermissionDenied => Errno::EACCES,
            io::ErrorKind::InvalidInput => Errno::EINVAL,
            _ => Errno::EIO,
        },
        Errno,
    )
}

fn attempt(call: &Call, place: &Place) -> io::Result<Returned> {
    let descriptors = &place.descriptors;
    let own = |fd: &Descriptor| {
        descriptors
            .raw(*fd)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    };
    match call {
        Call::Socket {
            domain,
            kind,
            protocol,
        } => {
            let fd = descriptors.add(socket::open(*domain, *kind, *protocol)?);
            Ok(Returned::value(fd.0.into()))
        }
        Call::Bind { fd, address } => nothing(socket::bind(own(fd)?, &address.into())),
        Call::Listen { fd, backlog } => nothing(socket::listen(own(fd)?, *backlog)),
        Call::Connect { fd, address } => nothing(socket::connect(own(fd)?, &address.into())),
        Call::Shutdown { fd, how } => nothing(socket::shutdown(own(fd)?, *how)),
        Call::Accept { fd, flags } => {
            let (accepted, peer) = socket::accept(own(fd)?, *flags)?;
            let mut returned = Returned::value(descriptors.add(accepted).0.into());
            returned.outputs.extend(peer.map(Output::Address));
            Ok(returned)
        }
        Call::Close { fd } => {
            let gone = io::Error::from_raw_os_error(libc::EBADF);
            nothing(socket::close(descriptors.remove(*fd).ok_or(gone)?))
        }
        Call::Receive {
            fd,
            buffers,
            flags,
            control,
            name,
        } => receive(own(fd)?, buffers, *flags, *control, *name, &place.clock),
        Call::Send {
            fd,
            buffers,
            flags,
            address,
            control,
            ..
        } => {
            let address = address.as_ref().map(RawAddress::from);
            let flags = flags | libc::MSG_NOSIGNAL;
            // The kernel sends such buffers from where they are, now and again later.
            let kept = (flags & libc::MSG_ZEROCOPY != 0).then(|| place.kept.keep(buffers.clone()));
            let buffers = kept.as_deref().map_or(buffers.as_slice(), Vec::as_slice);
            let sent = message::send(own(fd)?, buffers, flags, address.as_ref(), control)?;
            Ok(Returned::value(sent as i64))
        }
        Call::NullBuffer {
            name,
            fd,
            length,
            flags,
            address,
        } => {
            let address = address.as_ref().map(RawAddress::from);
            let flags = flags | libc::MSG_NOSIGNAL;
            let moved =
                message::at_null(own(fd)?, name.writes(), *length, flags, address.as_ref())?;
            Ok(Returned::value(moved as i64))
        }
        Call::SetSockOpt {
            fd,
            level,
            name,
            value,
            length,
        } => nothing(socket::set_option(
            own(fd)?,
            *level,
            *name,
            &encode_option(value),
            *length,
        )),
        Call::GetSockOpt {
            fd,
            level,
            name,
            length,
        } => {
            let octets = socket::option(own(fd)?, *level, *name, *length)?;
            let mut returned = Returned::value(0);
            let value = decode_option(*level, *name, octets);
            returned.outputs.push(Output::Option(value));
            Ok(returned)
        }
        Call::Fcntl {
            fd,
            command,
            argument,
        } => Ok(Returned::value(
            socket::fcntl(own(fd)?, *command, *argument)?.into(),
        )),
        Call::Ioctl {
            fd,
            request,
            argument,
        } => {
            let (result, value) = socket::ioctl_int(own(fd)?, *request, *argument)?;
            let mut returned = Returned::value(result.into());
            returned.outputs.push(Output::Int(value));
            Ok(returned)
        }
        Call::Poll { fds, timeout } => poll(fds, *timeout, descriptors),
        Call::EpollCreate { .. }
        | Call::EpollControl { .. }
        | Call::EpollWait { .. }
        | Call::Pipe { .. }
        | Call::Splice { .. }
        | Call::SendFile { .. }
        | Call::Open { .. } => super::files::perform(call, place),
        Call::Sysctl { name, value } => nothing(set_sysctl(name, value)),
        Call::Command { text } => {
            place.folder.enter(&place.setup.working_directory)?;
            let (status, printed) = place.shell.run(text, &place.setup)?;
            let mut returned = Returned::value(status.into());
            returned.outputs.push(Output::Text(printed));
            Ok(returned)
        }
        _ => Err(io::Error::from_raw_os_error(libc::ENOSYS)),
    }
}

fn nothing(result: io::Result<()>) -> io::Result<Returned> {
    result.map(|()| Returned::value(0))
}

fn receive(
    fd: RawFd,
    buffers: &[usize],
    flags: i32,
    control: usize,
    name: CallName,
    clock: &Clock,
) -> io::Result<Returned> {
    let received = message::receive(fd, buffers, flags, control)?;
    let mut returned = Returned::value(received.count as i64);
    returned.outputs.push(Output::Data(received.data));
    if name == CallName::Recvmsg {
        returned.outputs.push(Output::MessageFlags(received.flags));
        let messages = received
            .control
            .into_iter()
            .map(|message| message.into_message(|nanos| clock.at_wall(nanos)));
        returned.outputs.push(Output::Control(messages.collect()));
    }
    Ok(returned)
}

fn poll(fds: &[PollDescriptor], timeout: i32, descriptors: &Descriptors) -> io::Result<Returned> {
    let mut raw: Vec<_> = fds
        .iter()
        .map(|fd| libc::pollfd {
            // A number that is none gives POLLNVAL; -1 would be passed over.
            fd: descriptors.raw(fd.descriptor).unwrap_or(i32::MAX),
            events: fd.events,
            revents: 0,
        })
        .collect();
    let ready = socket::poll(&mut raw, timeout)?;
    let mut returned = Returned::value(ready.into());
    let filled = fds
        .iter()
        .zip(&raw)
        .map(|(fd, raw)| PollDescriptor {
            revents: raw.revents,
            ..*fd
        })
        .collect();
    returned.outputs.push(Output::Poll(filled));
    Ok(returned)
}
