//! The socket calls of a script, as values.
//!
//! Numbers (domains, flags, option names) are those of Linux's user-space ABI, since that is what scripts
//! name; [`posix`](crate::posix) lists the ones that an in-process stack needs.

use std::net::SocketAddr;

use crate::{Duration, Errno, Time};

/// A descriptor of the target (not the number that the script uses).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Descriptor(pub i32);

/// A call in flight, numbered by the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallId(pub u64);

/// A socket address as a call takes or gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Address {
    /// `sockaddr_in` or `sockaddr_in6`.
    Inet(SocketAddr),
    /// `AF_UNSPEC`, which dissolves an association.
    Unspecified,
}

/// The value of a socket option.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OptionValue {
    /// A C `int`.
    Int(i32),
    /// `struct linger`.
    Linger {
        /// `l_onoff`.
        on: bool,
        /// `l_linger`, in seconds.
        seconds: i32,
    },
    /// `struct timeval`.
    Timeval(Duration),
    /// Any other structure or string, in the machine's layout.
    Bytes(Vec<u8>),
}

/// One entry of `poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PollDescriptor {
    /// Which descriptor.
    pub descriptor: Descriptor,
    /// The events asked for.
    pub events: i16,
    /// The events that came (filled on return).
    pub revents: i16,
}

/// One event of `epoll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EpollEvent {
    /// `EPOLL…`
    pub events: u32,
    /// What the script gave for it, and gets back.
    pub data: u64,
}

/// A control message of `sendmsg` and `recvmsg`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ControlMessage {
    /// `SOL_…`, `IPPROTO_…`
    pub level: i32,
    /// `SCM_…`, `IP_RECVERR`, …
    pub kind: i32,
    /// What it carries.
    pub data: ControlData,
}

/// What a control message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ControlData {
    /// A C `int`.
    Int(i32),
    /// `struct sock_extended_err`, without the address of who sent it.
    ExtendedError {
        /// `ee_errno`
        errno: Errno,
        /// `ee_origin`
        origin: u8,
        /// `ee_type`
        kind: u8,
        /// `ee_code`
        code: u8,
        /// `ee_info`
        info: u32,
        /// `ee_data`
        data: u32,
    },
    /// `struct scm_timestamping`: the software timestamp, if it is set.
    Timestamp(Option<Time>),
    /// Any other structure, in the machine's layout.
    Bytes(Vec<u8>),
}

/// A call of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Call {
    /// `socket(domain, type, protocol)`
    Socket {
        /// `AF_…`
        domain: i32,
        /// `SOCK_…`, with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` or-ed in.
        kind: i32,
        /// `IPPROTO_…`
        protocol: i32,
    },
    /// `bind(fd, address)`
    Bind {
        /// The socket.
        fd: Descriptor,
        /// The address to bind to.
        address: Address,
    },
    /// `listen(fd, backlog)`
    Listen {
        /// The socket.
        fd: Descriptor,
        /// The backlog.
        backlog: i32,
    },
    /// `accept4(fd, …, flags)`; `accept` has no flags.
    Accept {
        /// The listening socket.
        fd: Descriptor,
        /// `SOCK_NONBLOCK`, `SOCK_CLOEXEC`.
        flags: i32,
    },
    /// `connect(fd, address)`
    Connect {
        /// The socket.
        fd: Descriptor,
        /// Where to.
        address: Address,
    },
    /// `read`, `recv`, `recvfrom`, `readv`, `recvmsg`: everything that reads.
    Receive {
        /// Which of them it is.
        name: CallName,
        /// The socket.
        fd: Descriptor,
        /// Sizes of the buffers, in octets; one but for `readv` and `recvmsg`.
        buffers: Vec<usize>,
        /// `MSG_…`
        flags: i32,
        /// Room for control messages, in octets.
        control: usize,
    },
    /// `write`, `send`, `sendto`, `writev`, `sendmsg`: everything that writes.
    Send {
        /// Which of them it is.
        name: CallName,
        /// The socket.
        fd: Descriptor,
        /// The buffers to write, in order; one but for `writev` and `sendmsg`.
        buffers: Vec<Vec<u8>>,
        /// `MSG_…`
        flags: i32,
        /// Destination of `sendto` and `sendmsg`.
        address: Option<Address>,
        /// Control messages of `sendmsg`.
        control: Vec<ControlMessage>,
    },
    /// A call that reads or writes, with NULL for the buffer: a stack that copies from or to there must say `EFAULT`.
    NullBuffer {
        /// Which of them it is.
        name: CallName,
        /// The socket.
        fd: Descriptor,
        /// The length of the buffer that is not there, in octets.
        length: usize,
        /// `MSG_…`
        flags: i32,
        /// Destination of `sendto`.
        address: Option<Address>,
    },
    /// `shutdown(fd, how)`
    Shutdown {
        /// The socket.
        fd: Descriptor,
        /// `SHUT_RD` 0, `SHUT_WR` 1, `SHUT_RDWR` 2.
        how: i32,
    },
    /// `close(fd)`
    Close {
        /// The descriptor.
        fd: Descriptor,
    },
    /// `setsockopt(fd, level, name, value, length)`
    SetSockOpt {
        /// The socket.
        fd: Descriptor,
        /// `SOL_…`, `IPPROTO_…`
        level: i32,
        /// `SO_…`, `TCP_…`, …
        name: i32,
        /// The value.
        value: OptionValue,
        /// The length given, in octets, when the script states one other than the value's own.
        length: Option<u32>,
    },
    /// `getsockopt(fd, level, name, …)`
    GetSockOpt {
        /// The socket.
        fd: Descriptor,
        /// `SOL_…`, `IPPROTO_…`
        level: i32,
        /// `SO_…`, `TCP_…`, …
        name: i32,
        /// The room offered, in octets.
        length: u32,
    },
    /// `fcntl(fd, command, argument)`
    Fcntl {
        /// The descriptor.
        fd: Descriptor,
        /// `F_…`
        command: i32,
        /// The argument; zero where there is none.
        argument: i32,
    },
    /// `ioctl(fd, request, argument)`
    Ioctl {
        /// The descriptor.
        fd: Descriptor,
        /// `SIOCINQ`, …
        request: u64,
        /// The integer passed by address.
        argument: i32,
    },
    /// `poll(fds, count, timeout)`
    Poll {
        /// What to wait for.
        fds: Vec<PollDescriptor>,
        /// Milliseconds; negative is for ever.
        timeout: i32,
    },
    /// `epoll_create1(flags)`
    EpollCreate {
        /// `EPOLL_CLOEXEC`
        flags: i32,
    },
    /// `epoll_ctl(epoll, operation, fd, event)`
    EpollControl {
        /// The epoll instance.
        epoll: Descriptor,
        /// `EPOLL_CTL_…`
        operation: i32,
        /// What is watched.
        fd: Descriptor,
        /// What for, and what is given back with it.
        event: EpollEvent,
    },
    /// `epoll_wait(epoll, …, room, timeout)`
    EpollWait {
        /// The epoll instance.
        epoll: Descriptor,
        /// How many events are taken at most.
        room: i32,
        /// Milliseconds; negative is for ever.
        timeout: i32,
    },
    /// `pipe2(…, flags)`
    Pipe {
        /// `O_NONBLOCK`, `O_CLOEXEC`.
        flags: i32,
    },
    /// `splice(from, from_offset, to, to_offset, length, flags)`
    Splice {
        /// Where the octets come from.
        from: Descriptor,
        /// From which offset on, where it is not the descriptor's own.
        from_offset: Option<i64>,
        /// Where they go.
        to: Descriptor,
        /// To which offset, where it is not the descriptor's own.
        to_offset: Option<i64>,
        /// How many, at most.
        length: usize,
        /// `SPLICE_F_…`
        flags: u32,
    },
    /// `sendfile(to, from, offset, length)`
    SendFile {
        /// The socket.
        to: Descriptor,
        /// The file.
        from: Descriptor,
        /// From which offset on, where it is not the descriptor's own.
        offset: Option<i64>,
        /// How many octets, at most.
        length: usize,
    },
    /// `open(path, flags, mode)`
    Open {
        /// Which file.
        path: String,
        /// `O_…`
        flags: i32,
        /// Permissions of a file that is made.
        mode: u32,
    },
    /// Sets a sysctl of the stack, such as `net.ipv4.tcp_fin_timeout`.
    Sysctl {
        /// The dotted name.
        name: String,
        /// The value as text.
        value: String,
    },
    /// Runs a shell command next to the stack.
    Command {
        /// The text for `sh -c`.
        text: String,
    },
}

/// Which of several calls with one meaning the script names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(missing_docs, reason = "the names are those of POSIX")]
pub enum CallName {
    Read,
    Readv,
    Recv,
    Recvfrom,
    Recvmsg,
    Write,
    Writev,
    Send,
    Sendto,
    Sendmsg,
}

impl CallName {
    /// Whether it is one of those that write.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::Write | Self::Writev | Self::Send | Self::Sendto | Self::Sendmsg
        )
    }

    /// The name as POSIX spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Readv => "readv",
            Self::Recv => "recv",
            Self::Recvfrom => "recvfrom",
            Self::Recvmsg => "recvmsg",
            Self::Write => "write",
            Self::Writev => "writev",
            Self::Send => "send",
            Self::Sendto => "sendto",
            Self::Sendmsg => "sendmsg",
        }
    }
}

impl Call {
    /// The call's name as scripts spell it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::Bind { .. } => "bind",
            Self::Listen { .. } => "listen",
            Self::Accept { flags: 0, .. } => "accept",
            Self::Accept { .. } => "accept4",
            Self::Connect { .. } => "connect",
            Self::Receive { name, .. } | Self::Send { name, .. } => name.name(),
            Self::Shutdown { .. } => "shutdown",
            Self::Close { .. } => "close",
            Self::SetSockOpt { .. } => "setsockopt",
            Self::GetSockOpt { .. } => "getsockopt",
            Self::Fcntl { .. } => "fcntl",
            Self::Ioctl { .. } => "ioctl",
            Self::NullBuffer { name, .. } => name.name(),
            Self::Poll { .. } => "poll",
            Self::EpollCreate { .. } => "epoll_create",
            Self::EpollControl { .. } => "epoll_ctl",
            Self::EpollWait { .. } => "epoll_wait",
            Self::Pipe { .. } => "pipe",
            Self::Splice { .. } => "splice",
            Self::SendFile { .. } => "sendfile",
            Self::Open { .. } => "open",
            Self::Sysctl { .. } => "sysctl",
            Self::Command { .. } => "command",
        }
    }
}
