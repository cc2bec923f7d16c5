//! The socket calls of a script, as values.
//!
//! Numbers (domains, flags, option names) are those of Linux's user-space ABI, since that is what scripts
//! name; [`posix`](crate::posix) lists the ones that an in-process stack needs.

use std::net::SocketAddr;

use crate::{ConnectionId, Duration, Errno};

/// A descriptor of the target (not the number that the script uses).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descriptor(pub i32);

/// A call in flight, numbered by the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// A socket address as a call takes or gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// `sockaddr_in` or `sockaddr_in6`.
    Inet(SocketAddr),
    /// `AF_UNSPEC`, which dissolves an association.
    Unspecified,
}

/// The value of a socket option.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub struct PollDescriptor {
    /// Which descriptor.
    pub descriptor: Descriptor,
    /// The events asked for.
    pub events: i16,
    /// The events that came (filled on return).
    pub revents: i16,
}

/// A call of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            Self::Poll { .. } => "poll",
            Self::Sysctl { .. } => "sysctl",
            Self::Command { .. } => "command",
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The return value, or the error; a command's value is its exit status.
    pub result: Result<i64, Errno>,
    /// What the call wrote through its pointers.
    pub outputs: Vec<Output>,
    /// For `socket` and `accept`: the connection behind the new descriptor.
    pub connection: Option<ConnectionId>,
}

impl Returned {
    /// A success with nothing but a value.
    pub const fn value(value: i64) -> Self {
        Self {
            result: Ok(value),
            outputs: Vec::new(),
            connection: None,
        }
    }

    /// A failure.
    pub const fn error(errno: Errno) -> Self {
        Self {
            result: Err(errno),
            outputs: Vec::new(),
            connection: None,
        }
    }
}

/// What a call wrote through one of its pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// The octets read, over all buffers.
    Data(Vec<u8>),
    /// The peer's address of `accept` or `recvfrom`.
    Address(SocketAddr),
    /// The value and length of `getsockopt`.
    Option(OptionValue),
    /// The integer of `ioctl`.
    Int(i32),
    /// The events of `poll`.
    Poll(Vec<PollDescriptor>),
    /// `msg_flags` of `recvmsg`.
    MessageFlags(i32),
    /// What a command printed, standard output and error together.
    Text(String),
}
