//! Makes one call of a script through the plug-in's table.

use std::ffi::{c_int, c_ulong};
use std::io;

use halfopen_posix::{RawAddress, decode_option, encode_option};
use halfopen_target::{Call, EpollEvent, Errno, Missing, Output, PollDescriptor, Returned, Time};

use super::{Plugin, absent, stream};
use crate::descriptors::Descriptors;

/// Events that one `epoll_wait` gives at most.
const MOST_EVENTS: i32 = 1024;

/// Why a call was not made, or how it failed.
pub(super) enum Failure {
    Missing(Missing),
    Io(io::Error),
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Attempt<T> = Result<T, Failure>;

/// Where a call is made.
pub(super) struct Place<'p> {
    pub(super) plugin: &'p Plugin,
    pub(super) descriptors: &'p Descriptors,
    /// Makes a time of the drill of nanoseconds of CLOCK_REALTIME.
    pub(super) at_wall: &'p dyn Fn(i64) -> Time,
}

/// Makes the call and gives what it returned.
///
/// # Errors
/// What the plug-in lacks.
pub(crate) fn perform(
    call: &Call,
    plugin: &Plugin,
    descriptors: &Descriptors,
    at_wall: &dyn Fn(i64) -> Time,
) -> Result<Returned, Missing> {
    let place = Place {
        plugin,
        descriptors,
        at_wall,
    };
    match place.attempt(call) {
        Ok(returned) => Ok(returned),
        Err(Failure::Missing(missing)) => Err(missing),
        Err(Failure::Io(error)) => {
            let errno = error.raw_os_error().map_or(Errno::EIO, Errno);
            Ok(Returned::error(errno))
        }
    }
}

/// The result of a call that gives -1 and sets `errno` on failure.
fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// The table's entry, called with the plug-in's own pointer and these arguments.
macro_rules! through {
    ($place:expr, $name:ident ( $($argument:expr),* )) => {{
        let plugin = $place.plugin;
        let function = plugin.interface.$name.ok_or_else(|| absent(stringify!($name)))?;
        // SAFETY: every pointer among the arguments describes memory that outlives the call, with the length that goes with it.
        unsafe { function(plugin.interface.own, $($argument),*) }
    }};
}
pub(super) use through;

impl Place<'_> {
    fn attempt(&self, call: &Call) -> Attempt<Returned> {
        match call {
            Call::Socket {
                domain,
                kind,
                protocol,
            } => self.given(check(through!(self, socket(*domain, *kind, *protocol)))?),
            Call::Bind { fd, address } => {
                let (fd, address) = (self.descriptors.number(*fd)?, RawAddress::from(address));
                let (pointer, length) = address.parts();
                value(through!(self, bind(fd, pointer, length)))
            }
            Call::Listen { fd, backlog } => {
                let fd = self.descriptors.number(*fd)?;
                value(through!(self, listen(fd, *backlog)))
            }
            Call::Connect { fd, address } => {
                let (fd, address) = (self.descriptors.number(*fd)?, RawAddress::from(address));
                let (pointer, length) = address.parts();
                value(through!(self, connect(fd, pointer, length)))
            }
            Call::Accept { fd, flags: 0 } => {
                let fd = self.descriptors.number(*fd)?;
                let mut peer = RawAddress::room();
                let (pointer, length) = peer.parts_mut();
                let mut returned =
                    self.given(check(through!(self, accept(fd, pointer, length)))?)?;
                returned.outputs.extend(peer.get().map(Output::Address));
                Ok(returned)
            }
            Call::Shutdown { fd, how } => {
                let fd = self.descriptors.number(*fd)?;
                value(through!(self, shutdown(fd, *how)))
            }
            Call::Close { fd } => {
                let fd = self.descriptors.number(*fd)?;
                self.descriptors.remove(fd);
                value(through!(self, close(fd)))
            }
            Call::Receive { .. } | Call::Send { .. } | Call::NullBuffer { .. } => {
                stream::attempt(self, call)
            }
            Call::SetSockOpt { .. } | Call::GetSockOpt { .. } => self.option(call),
            Call::Fcntl {
                fd,
                command,
                argument,
            } => {
                let fd = self.descriptors.number(*fd)?;
                value(through!(self, fcntl(fd, *command, *argument)))
            }
            Call::Ioctl {
                fd,
                request,
                argument,
            } => self.ioctl(self.descriptors.number(*fd)?, *request, *argument),
            Call::Poll { fds, timeout } => self.poll(fds, *timeout),
            Call::EpollCreate { .. } | Call::EpollControl { .. } | Call::EpollWait { .. } => {
                self.epoll(call)
            }
            Call::Pipe { flags: 0 } => {
                let mut ends = [-1; 2];
                check(through!(self, pipe(ends.as_mut_ptr())))?;
                ends.iter().for_each(|end| self.descriptors.add(*end));
                let mut returned = Returned::value(0);
                let ends = ends.map(halfopen_target::Descriptor);
                returned.outputs.push(Output::Descriptors(ends));
                Ok(returned)
            }
            Call::Splice { .. } => self.splice(call),
            other => Err(absent(other.name()).into()),
        }
    }

    /// A new descriptor.
    fn given(&self, fd: c_int) -> Attempt<Returned> {
        self.descriptors.add(fd);
        Ok(Returned::value(fd.into()))
    }

    fn option(&self, call: &Call) -> Attempt<Returned> {
        match call {
            Call::SetSockOpt {
                fd,
                level,
                name,
                value: given,
                length,
            } => {
                let fd = self.descriptors.number(*fd)?;
                let mut room = encode_option(given);
                // The plug-in may be told of more octets than the value has: they are there, and zero.
                let length = length.unwrap_or(room.len() as u32);
                room.resize(room.len().max(length as usize), 0);
                let pointer = room.as_ptr().cast();
                value(through!(
                    self,
                    setsockopt(fd, *level, *name, pointer, length)
                ))
            }
            Call::GetSockOpt {
                fd,
                level,
                name,
                length,
            } => {
                let fd = self.descriptors.number(*fd)?;
                let mut room = vec![0u8; *length as usize];
                let mut length: libc::socklen_t = *length;
                let pointer = room.as_mut_ptr().cast();
                check(through!(
                    self,
                    getsockopt(fd, *level, *name, pointer, &raw mut length)
                ))?;
                room.truncate(length as usize);
                let mut returned = Returned::value(0);
                returned
                    .outputs
                    .push(Output::Option(decode_option(*level, *name, room)));
                Ok(returned)
            }
            other => Err(absent(other.name()).into()),
        }
    }

    /// The integer goes and comes by address; some requests write more than one.
    fn ioctl(&self, fd: c_int, request: u64, argument: i32) -> Attempt<Returned> {
        let mut room = [0i32; 64];
        room[0] = argument;
        let pointer = room.as_mut_ptr();
        let result = check(through!(self, ioctl(fd, request as c_ulong, pointer)))?;
        let mut returned = Returned::value(result.into());
        returned.outputs.push(Output::Int(room[0]));
        Ok(returned)
    }

    fn poll(&self, fds: &[PollDescriptor], timeout: i32) -> Attempt<Returned> {
        let mut raw: Vec<_> = fds
            .iter()
            .map(|fd| libc::pollfd {
                // A number that is none gives POLLNVAL; -1 would be passed over.
                fd: self.descriptors.number(fd.descriptor).unwrap_or(i32::MAX),
                events: fd.events,
                revents: 0,
            })
            .collect();
        let count = raw.len() as libc::nfds_t;
        let ready = check(through!(self, poll(raw.as_mut_ptr(), count, timeout)))?;
        let filled = fds.iter().zip(&raw).map(|(fd, raw)| PollDescriptor {
            revents: raw.revents,
            ..*fd
        });
        let mut returned = Returned::value(ready.into());
        returned.outputs.push(Output::Poll(filled.collect()));
        Ok(returned)
    }

    fn epoll(&self, call: &Call) -> Attempt<Returned> {
        match call {
            // What older systems call `epoll_create` takes a size, which means nothing.
            Call::EpollCreate { flags: 0 } => self.given(check(through!(self, epoll_create(1)))?),
            Call::EpollControl {
                epoll,
                operation,
                fd,
                event,
            } => {
                let (epoll, fd) = (
                    self.descriptors.number(*epoll)?,
                    self.descriptors.number(*fd)?,
                );
                let mut raw = libc::epoll_event {
                    events: event.events,
                    u64: event.data,
                };
                value(through!(
                    self,
                    epoll_ctl(epoll, *operation, fd, &raw mut raw)
                ))
            }
            Call::EpollWait {
                epoll,
                room,
                timeout,
            } => {
                let epoll = self.descriptors.number(*epoll)?;
                let room = (*room).min(MOST_EVENTS);
                let mut raw = vec![libc::epoll_event { events: 0, u64: 0 }; room.max(0) as usize];
                let pointer = raw.as_mut_ptr();
                let count = check(through!(self, epoll_wait(epoll, pointer, room, *timeout)))?;
                let events = raw.iter().take(count as usize).map(|event| EpollEvent {
                    events: event.events,
                    data: event.u64,
                });
                let mut returned = Returned::value(count.into());
                returned.outputs.push(Output::Epoll(events.collect()));
                Ok(returned)
            }
            other => Err(absent(other.name()).into()),
        }
    }

    fn splice(&self, call: &Call) -> Attempt<Returned> {
        let Call::Splice {
            from,
            from_offset,
            to,
            to_offset,
            length,
            flags,
        } = call
        else {
            return Err(absent(call.name()).into());
        };
        let (from, to) = (
            self.descriptors.number(*from)?,
            self.descriptors.number(*to)?,
        );
        let (mut from_offset, mut to_offset) = (*from_offset, *to_offset);
        let pointer = |offset: &mut Option<i64>| {
            offset
                .as_mut()
                .map_or(std::ptr::null_mut(), |offset| &raw mut *offset)
        };
        let (from_at, to_at) = (pointer(&mut from_offset), pointer(&mut to_offset));
        let moved = through!(self, splice(from, from_at, to, to_at, *length, *flags));
        stream::moved(moved)
    }
}

/// A call that gives nothing but a value.
fn value(result: c_int) -> Attempt<Returned> {
    Ok(Returned::value(check(result)?.into()))
}
