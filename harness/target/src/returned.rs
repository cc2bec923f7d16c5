//! How a call ended, and what it wrote through its pointers.

use std::net::SocketAddr;

use crate::{
    ConnectionId, ControlMessage, Descriptor, EpollEvent, Errno, OptionValue, PollDescriptor,
};

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// The control messages of `recvmsg`.
    Control(Vec<ControlMessage>),
    /// The events of `epoll_wait`.
    Epoll(Vec<EpollEvent>),
    /// The two ends of a `pipe`: the one to read from, the one to write to.
    Descriptors([Descriptor; 2]),
    /// What a command printed, standard output and error together.
    Text(String),
}
