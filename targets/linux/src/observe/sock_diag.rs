//! Asking the kernel for the state of one connection, or whether any is left.

use std::io;
use std::net::IpAddr;

use halfopen_target::State;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_SOCK_DIAG};

/// The ends of a connection as they are on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tuple {
    pub(crate) local: (IpAddr, u16),
    pub(crate) remote: (IpAddr, u16),
}

/// A sock_diag socket of the stack's namespace.
#[derive(Debug)]
pub(crate) struct SockDiag {
    socket: Socket,
    sequence: u32,
}

impl SockDiag {
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self {
            socket,
            sequence: 0,
        })
    }

    /// The state of the connection with exactly these ends; `None` when there is none.
    pub(crate) fn state(&mut self, tuple: &Tuple) -> io::Result<Option<State>> {
        self.send(family(tuple.local.0), id(tuple), 0)?;
        loop {
            let (bytes, _) = self.socket.recv_from_full()?;
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(&bytes)
                .map_err(|error| io::Error::other(error.to_string()))?;
            if message.header.sequence_number != self.sequence {
                continue;
            }
            return Ok(match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                    let found = &response.header.socket_id;
                    // When the connection is gone the kernel gives its listener, whose remote port is zero.
                    let is_it = found.destination_port == tuple.remote.1
                        && found.source_port == tuple.local.1;
                    is_it.then(|| state(response.header.state)).flatten()
                }
                // "No such socket" is an answer too.
                _ => None,
            });
        }
    }

    /// How many TCP sockets of any state there are, TIME-WAIT and requests included.
    pub(crate) fn count(&mut self) -> io::Result<usize> {
        let mut found = 0;
        for family in [libc::AF_INET, libc::AF_INET6] {
            let any = match family {
                libc::AF_INET => SocketId::new_v4(),
                _ => SocketId::new_v6(),
            };
            self.send(family as u8, any, NLM_F_DUMP)?;
            found += self.count_answers()?;
        }
        Ok(found)
    }

    fn count_answers(&self) -> io::Result<usize> {
        let mut found = 0;
        loop {
            let (bytes, _) = self.socket.recv_from_full()?;
            let mut rest = &bytes[..];
            while rest.len() >= 16 {
                let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest)
                    .map_err(|error| io::Error::other(error.to_string()))?;
                match message.payload {
                    NetlinkPayload::InnerMessage(_) => found += 1,
                    NetlinkPayload::Done(_) => return Ok(found),
                    NetlinkPayload::Error(error) => return Err(error.to_io()),
                    _ => {}
                }
                let length = (message.header.length as usize).next_multiple_of(4);
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }

    fn send(&mut self, family: u8, socket_id: SocketId, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let request = InetRequest {
            family,
            protocol: libc::IPPROTO_TCP as u8,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::from_bits_retain(u32::MAX),
            socket_id,
        };
        let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(request));
        message.header.flags = NLM_F_REQUEST | flags;
        message.header.sequence_number = self.sequence;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map(drop)
    }
}

const fn family(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

const fn id(tuple: &Tuple) -> SocketId {
    SocketId {
        source_port: tuple.local.1,
        destination_port: tuple.remote.1,
        source_address: tuple.local.0,
        destination_address: tuple.remote.0,
        interface_id: 0,
        // INET_DIAG_NOCOOKIE: any socket with these ends.
        cookie: [0xff; 8],
    }
}

/// The kernel's numbers (net/tcp_states.h) in the RFC's words.
const fn state(number: u8) -> Option<State> {
    Some(match number {
        1 => State::Established,
        2 => State::SynSent,
        // TCP_SYN_RECV, and TCP_NEW_SYN_RECV of a request that is no socket yet.
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => return None,
    })
}
