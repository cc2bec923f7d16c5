//! Socket calls: from a [`Call`] to its end, at once or later.

mod accept;
mod close;
mod connect;
mod control;
mod epoll;
mod fast_open;
mod file;
mod open;
mod poll;
mod receive;
mod send;
mod splice;

use halfopen_target::{
    Call, Capability, Descriptor, Duration, Errno, Missing, PollDescriptor, Returned, State, Time,
};

use crate::file::FileId;
use crate::host::Host;
use crate::socket::SocketId;
use crate::table::Object;
use crate::{InProcessStack, Key, SysctlError};
use file::WritePipe;
pub(crate) use poll::has_room;
pub(crate) use receive::Receive;
pub(crate) use send::Send;
use splice::Splice;

/// How a call begins.
pub(crate) enum Outcome {
    /// It ended at once.
    Ended(Returned),
    /// It waits for the stack, or for its time to be over.
    Waits(Pending),
}

/// A call that waits.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) operation: Operation,
    /// When it gives up; none waits for ever.
    pub(crate) deadline: Option<Time>,
}

/// What a call tries until it succeeds or gives up.
#[derive(Debug)]
pub(crate) enum Operation {
    Accept { socket: SocketId, flags: i32 },
    Connect { socket: SocketId, again: bool },
    EpollWait { epoll: FileId, room: usize },
    Linger { key: Key },
    Poll { fds: Vec<PollDescriptor> },
    ReadPipe { end: FileId, room: usize },
    Receive(Receive),
    Send(Send),
    Splice(Splice),
    WritePipe(WritePipe),
}

impl Operation {
    /// What has to stay as long as the operation.
    pub(crate) const fn objects(&self) -> [Option<Object>; 2] {
        match self {
            Self::Accept { socket, .. } | Self::Connect { socket, .. } => {
                [Some(Object::Socket(*socket)), None]
            }
            Self::Receive(receive) => [Some(Object::Socket(receive.socket)), None],
            Self::Send(send) => [Some(Object::Socket(send.socket)), None],
            Self::EpollWait { epoll: file, .. } | Self::ReadPipe { end: file, .. } => {
                [Some(Object::File(*file)), None]
            }
            Self::WritePipe(write) => [Some(Object::File(write.end)), None],
            Self::Splice(splice) => [Some(splice.from), Some(splice.to)],
            Self::Linger { .. } | Self::Poll { .. } => [None, None],
        }
    }

    /// What an operation comes to that may not wait (any longer).
    fn give_up(&mut self) -> Reply {
        match self {
            Self::Accept { .. } => Err(Errno::EAGAIN),
            Self::Connect { again: false, .. } => Err(Errno::EINPROGRESS),
            Self::Connect { again: true, .. } => Err(Errno::EALREADY),
            Self::EpollWait { .. } => Ok(epoll::reply(Vec::new())),
            Self::Linger { .. } => Ok(Returned::value(0)),
            Self::ReadPipe { .. } => Err(Errno::EAGAIN),
            Self::Splice(splice) => splice.give_up(),
            Self::WritePipe(write) => write.give_up(),
            Self::Poll { fds } => Ok(poll::reply(std::mem::take(fds))),
            Self::Receive(receive) => receive.give_up(),
            Self::Send(send) => send.give_up(),
        }
    }
}

/// How long a call is ready to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// So long.
    For(Duration),
    /// For ever.
    Forever,
}

impl Patience {
    /// What `O_NONBLOCK` (or `MSG_DONTWAIT`) and `SO_RCVTIMEO` (or `SO_SNDTIMEO`) come to.
    pub(crate) const fn of(nonblocking: bool, timeout: Duration) -> Self {
        match (nonblocking, timeout.is_zero()) {
            (true, _) => Self::None,
            (false, true) => Self::Forever,
            (false, false) => Self::For(timeout),
        }
    }
}

/// Why a call did not begin.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The call fails.
    Errno(Errno),
    /// The target cannot do what is asked; no verdict can follow.
    Missing(Missing),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

/// How a call began, if it did.
pub(crate) type Started = Result<Outcome, Refusal>;
/// What a call comes to.
pub(crate) type Reply = Result<Returned, Errno>;

impl<S: InProcessStack> Host<S> {
    /// Starts a call.
    pub(crate) fn start(&mut self, call: Call) -> Started {
        match call {
            Call::Socket {
                domain,
                kind,
                protocol,
            } => self.open_socket(domain, kind, protocol),
            Call::Bind { fd, address } => ended(self.bind(fd, address)),
            Call::Listen { fd, backlog } => ended(self.listen(fd, backlog)),
            Call::Accept { fd, flags } => self.start_accept(fd, flags),
            Call::Connect { fd, address } => self.start_connect(fd, address),
            Call::Receive {
                name,
                fd,
                buffers,
                flags,
                control: _,
            } => self.start_receive(name, fd, &buffers, flags),
            // A connected socket needs no address; like Linux, TCP does not look at one.
            Call::Send {
                name,
                fd,
                buffers,
                flags,
                address,
                control,
            } => self.start_send(name, fd, &buffers, flags, address, &control),
            Call::NullBuffer { fd, .. } => ended(self.refuse_null(fd)),
            Call::Shutdown { fd, how } => ended(self.shutdown(fd, how)),
            Call::Close { fd } => self.start_close(fd),
            Call::SetSockOpt {
                fd,
                level,
                name,
                value,
                length,
            } => ended(self.set_socket_option(fd, (level, name), &value, length)?),
            Call::GetSockOpt {
                fd,
                level,
                name,
                length,
            } => ended(self.get_socket_option(fd, (level, name), length)?),
            Call::Fcntl {
                fd,
                command,
                argument,
            } => ended(self.fcntl(fd, command, argument)),
            Call::Ioctl {
                fd,
                request,
                argument,
            } => ended(self.ioctl(fd, request, argument)),
            Call::Poll { fds, timeout } => self.start_poll(fds, timeout),
            Call::Sysctl { name, value } => self.sysctl(&name, &value),
            Call::Command { .. } => Err(self
                .lacks(
                    Capability::Commands,
                    "a user-space stack has no shell commands",
                )
                .into()),
            Call::EpollCreate { flags } => ended(self.epoll_create(flags)),
            Call::EpollControl {
                epoll,
                operation,
                fd,
                event,
            } => ended(self.epoll_control(epoll, operation, fd, event)),
            Call::EpollWait {
                epoll,
                room,
                timeout,
            } => self.start_epoll_wait(epoll, room, timeout),
            Call::Open { path, flags, .. } => self.open_file(&path, flags),
            Call::Pipe { flags } => ended(self.make_pipe(flags)),
            Call::SendFile {
                to,
                from,
                offset,
                length,
            } => self.start_send_file(to, from, offset, length),
            Call::Splice {
                from,
                from_offset,
                to,
                to_offset,
                length,
                flags,
            } => self.start_splice((from, from_offset), (to, to_offset), length, flags),
            other => Err(Refusal::Missing(Missing {
                capability: Capability::Files,
                reason: format!("the host does not know the call `{}`", other.name()),
            })),
        }
    }

    /// A buffer at NULL: there is nothing that a user-space stack could copy from or to.
    fn refuse_null(&self, fd: Descriptor) -> Reply {
        self.table.object(fd)?;
        Err(Errno::EFAULT)
    }

    fn sysctl(&mut self, name: &str, value: &str) -> Started {
        self.capabilities.require(Capability::Sysctls)?;
        let done = match self.limits.set(name, value) {
            // The stack may have a bound of its own behind the host's.
            Ok(()) => match self.stack.set_sysctl(name, value) {
                Err(SysctlError::Unknown) => Ok(()),
                done => done,
            },
            Err(SysctlError::Unknown) => self.stack.set_sysctl(name, value),
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => ended(Ok(Returned::value(0))),
            Err(SysctlError::Unknown) => Err(Errno::ENOENT.into()),
            Err(SysctlError::Invalid) => Err(Errno::EINVAL.into()),
            Err(SysctlError::Lacks(missing)) => Err(missing.into()),
        }
    }

    /// Tries an operation once, and waits with it if that is wanted.
    pub(crate) fn begin(&mut self, mut operation: Operation, patience: Patience) -> Started {
        if let Some(reply) = self.attempt(&mut operation) {
            return ended(reply);
        }
        let deadline = match patience {
            Patience::None => return ended(self.give_up(&mut operation)),
            Patience::For(span) => Some(self.now + span),
            Patience::Forever => None,
        };
        Ok(Outcome::Waits(Pending {
            operation,
            deadline,
        }))
    }

    /// Ends an operation that may not wait (any longer); what a send took until then counts.
    pub(crate) fn give_up(&mut self, operation: &mut Operation) -> Reply {
        if let Operation::Send(send) = operation {
            self.note_end(send);
        }
        operation.give_up()
    }

    /// What an operation comes to now; none if it has to wait.
    pub(crate) fn attempt(&mut self, operation: &mut Operation) -> Option<Reply> {
        match operation {
            Operation::Accept { socket, flags } => self.attempt_accept(*socket, *flags),
            Operation::Connect { socket, .. } => self.attempt_connect(*socket),
            Operation::EpollWait { epoll, room } => self.attempt_epoll_wait(*epoll, *room),
            Operation::Linger { key } => self.attempt_linger(*key),
            Operation::Poll { fds } => self.attempt_poll(fds),
            Operation::ReadPipe { end, room } => self.attempt_read_pipe(*end, *room),
            Operation::Receive(receive) => self.attempt_receive(receive),
            Operation::Send(send) => self.attempt_send(send),
            Operation::Splice(splice) => self.attempt_splice(splice),
            Operation::WritePipe(write) => self.attempt_write_pipe(write),
        }
    }

    /// A lingering `close` ends when the remote has acknowledged everything.
    fn attempt_linger(&self, key: Key) -> Option<Reply> {
        let state = self.stack.status(key).map_or(State::Closed, |s| s.state);
        let done = matches!(
            state,
            State::Closed | State::Listen | State::SynSent | State::FinWait2 | State::TimeWait
        );
        done.then(|| Ok(Returned::value(0)))
    }
}

/// A call that ends at once.
pub(crate) fn ended(reply: Reply) -> Started {
    Ok(Outcome::Ended(reply?))
}
