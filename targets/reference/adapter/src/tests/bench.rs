//! A target on a bench: a peer that builds segments with relative numbers, and a log of what happens.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use halfopen_target::posix::*;
use halfopen_target::{
    Address, AddressMode, Call, CallId, CallName, ConnectionId, Descriptor, Errno, EventKind,
    OptionValue, Output, PollDescriptor, Returned, Setup, Target, Time,
};
use pnet_packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet_packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::ipv6::{Ipv6Packet, MutableIpv6Packet};
use pnet_packet::tcp::{self, MutableTcpPacket, TcpFlags, TcpPacket};
use pnet_packet::{MutablePacket, Packet};

pub(super) use super::segment::{Seg, seg};
use crate::ReferenceTarget;

pub(super) const PORT: u16 = 8080;
pub(super) const PEER: u16 = 40_000;

/// A target, the peer's knowledge of it, and what has happened since the log was last taken.
pub(super) struct Bench {
    pub(super) target: ReferenceTarget,
    pub(super) setup: Setup,
    log: Vec<String>,
    names: BTreeMap<CallId, &'static str>,
    returned: BTreeMap<CallId, Returned>,
    ends: BTreeMap<CallId, Time>,
    iss: BTreeMap<u16, u32>,
    /// The stack's port of an active OPEN.
    pub(super) local_port: u16,
    pub(super) connections: Vec<ConnectionId>,
    pub(super) packets: Vec<Vec<u8>>,
}

impl Bench {
    pub(super) fn new(mode: AddressMode) -> Self {
        Self::with(ReferenceTarget::new(), Setup::defaults(mode))
    }

    pub(super) fn v4() -> Self {
        Self::new(AddressMode::V4)
    }

    pub(super) fn with(mut target: ReferenceTarget, setup: Setup) -> Self {
        target.reset(&setup).expect("the reference stack resets");
        Self {
            target,
            setup,
            log: Vec::new(),
            names: BTreeMap::new(),
            returned: BTreeMap::new(),
            ends: BTreeMap::new(),
            iss: BTreeMap::new(),
            local_port: PORT,
            connections: Vec::new(),
            packets: Vec::new(),
        }
    }

    /// A listener with this descriptor 3.
    pub(super) fn listening(mode: AddressMode, backlog: i32) -> Self {
        let mut bench = Self::new(mode);
        let fd = bench.socket();
        let address = bench.local(PORT);
        bench.ok(Call::Bind { fd, address });
        bench.ok(Call::Listen { fd, backlog });
        bench.log();
        bench
    }

    /// A listener 3 and an accepted connection 4, over IPv4.
    pub(super) fn established() -> Self {
        let mut bench = Self::listening(AddressMode::V4, 4);
        bench.handshake(PEER);
        bench.ok(Call::Accept {
            fd: Descriptor(3),
            flags: 0,
        });
        bench.log();
        bench
    }

    pub(super) fn handshake(&mut self, port: u16) {
        self.inject(&seg("S").from(port));
        self.inject(&seg(".").from(port));
    }

    /// Starts a call.
    pub(super) fn start(&mut self, call: Call) -> CallId {
        let name = call.name();
        let id = self.target.call(call).expect("the target takes the call");
        self.names.insert(id, name);
        self.take_events(self.target.now());
        id
    }

    /// What a call returned, if it has ended.
    pub(super) fn end(&self, id: CallId) -> Option<&Returned> {
        self.returned.get(&id)
    }

    /// When a call ended.
    pub(super) fn returned_at(&self, id: CallId) -> Option<Time> {
        self.ends.get(&id).copied()
    }

    /// A call that ends at once.
    pub(super) fn call(&mut self, call: Call) -> Returned {
        let shown = format!("{call:?}");
        let id = self.start(call);
        self.returned
            .remove(&id)
            .unwrap_or_else(|| panic!("{shown} waits"))
    }

    pub(super) fn ok(&mut self, call: Call) -> i64 {
        let shown = format!("{call:?}");
        let result = self.call(call).result;
        result.unwrap_or_else(|errno| panic!("{shown} = {errno}"))
    }

    pub(super) fn errno(&mut self, call: Call) -> Errno {
        let shown = format!("{call:?}");
        let result = self.call(call).result;
        result.expect_err(&format!("{shown} fails"))
    }

    pub(super) fn socket(&mut self) -> Descriptor {
        self.socket_with(0)
    }

    pub(super) fn socket_with(&mut self, flags: i32) -> Descriptor {
        let domain = match self.setup.mode {
            AddressMode::V4 => AF_INET,
            AddressMode::V6 | AddressMode::Mapped => AF_INET6,
        };
        let fd = self.ok(Call::Socket {
            domain,
            kind: SOCK_STREAM | flags,
            protocol: IPPROTO_TCP,
        });
        Descriptor(i32::try_from(fd).expect("a descriptor"))
    }

    fn address(&self, ip: IpAddr, port: u16) -> Address {
        let ip = match (self.setup.mode, ip) {
            (AddressMode::Mapped, IpAddr::V4(ip)) => IpAddr::V6(ip.to_ipv6_mapped()),
            _ => ip,
        };
        Address::Inet(SocketAddr::new(ip, port))
    }

    pub(super) fn local(&self, port: u16) -> Address {
        self.address(self.setup.local_ip, port)
    }

    pub(super) fn remote(&self, port: u16) -> Address {
        self.address(self.setup.remote_ip, port)
    }

    pub(super) fn set(&mut self, fd: i32, level: i32, name: i32, value: OptionValue) {
        self.ok(set(fd, level, name, value));
    }

    pub(super) fn get(&mut self, fd: i32, level: i32, name: i32) -> OptionValue {
        let returned = self.call(get(fd, level, name));
        assert_eq!(returned.result, Ok(0));
        match returned.outputs.as_slice() {
            [Output::Option(value)] => value.clone(),
            other => panic!("getsockopt wrote {other:?}"),
        }
    }

    /// Octets read by a call that ended.
    pub(super) fn data(returned: &Returned) -> &[u8] {
        let data = returned.outputs.iter().find_map(|output| match output {
            Output::Data(data) => Some(data.as_slice()),
            _ => None,
        });
        data.unwrap_or_default()
    }

    /// Lets time pass; events up to then go into the log.
    pub(super) fn wait(&mut self, millis: u64) {
        let until = self.target.now() + std::time::Duration::from_millis(millis);
        self.take_events(until);
    }

    /// What happened since the log was last asked for.
    pub(super) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// The log, without what calls returned.
    pub(super) fn wire(&mut self) -> Vec<String> {
        let log = self.log();
        log.into_iter().filter(|line| !line.contains('=')).collect()
    }

    fn take_events(&mut self, until: Time) {
        while let Some(event) = self.target.next_event(until).expect("the target responds") {
            assert_eq!(
                event.at,
                self.target.now(),
                "an event is told when it happens"
            );
            let line = match event.kind {
                EventKind::Outbound(packet) => {
                    let line = self.show(&packet);
                    self.packets.push(packet);
                    line
                }
                EventKind::Transition(transition) => {
                    let id = transition.connection;
                    if !self.connections.contains(&id) {
                        self.connections.push(id);
                    }
                    format!("@ {} {transition}", id.0)
                }
                EventKind::Returned { call, returned } => {
                    let line = match returned.result {
                        Ok(value) => {
                            format!("{} = {value}", self.names.get(&call).unwrap_or(&"call"))
                        }
                        Err(errno) => {
                            format!("{} = {errno}", self.names.get(&call).unwrap_or(&"call"))
                        }
                    };
                    self.ends.insert(call, event.at);
                    self.returned.insert(call, returned);
                    line
                }
                EventKind::Dropped { reason } => format!("dropped: {reason}"),
                other => panic!("no such event of an in-process stack: {other:?}"),
            };
            self.log.push(line);
        }
    }

    /// The peer sends a segment.
    pub(super) fn inject(&mut self, segment: &Seg) {
        let packet = self.build(segment);
        self.inject_raw(&packet);
    }

    fn inject_raw(&mut self, packet: &[u8]) {
        self.target
            .inject(packet)
            .expect("the target takes the packet");
        self.take_events(self.target.now());
    }

    fn build(&self, segment: &Seg) -> Vec<u8> {
        let mut bytes = vec![0; 20 + segment.data.len()];
        let mut tcp = MutableTcpPacket::new(&mut bytes).expect("room for a header");
        tcp.set_source(segment.port);
        tcp.set_destination(self.local_port);
        tcp.set_sequence(segment.seq);
        if segment.flags & TcpFlags::ACK != 0 {
            let iss = self.iss.get(&segment.port).copied().unwrap_or(0);
            tcp.set_acknowledgement(iss.wrapping_add(segment.ack));
        }
        tcp.set_data_offset(5);
        tcp.set_flags(segment.flags);
        tcp.set_window(segment.window);
        tcp.set_urgent_ptr(segment.urgent);
        tcp.set_payload(&segment.data);
        let sum = match (self.setup.remote_ip, self.setup.local_ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                tcp::ipv4_checksum(&tcp.to_immutable(), &from, &to)
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                tcp::ipv6_checksum(&tcp.to_immutable(), &from, &to)
            }
            mixed => panic!("two families: {mixed:?}"),
        };
        tcp.set_checksum(sum);
        self.ip_packet(IpNextHeaderProtocols::Tcp, &bytes)
    }

    /// An IP packet from the peer.
    fn ip_packet(&self, protocol: IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
        match (self.setup.remote_ip, self.setup.local_ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let mut bytes = vec![0; 20 + payload.len()];
                let total = u16::try_from(bytes.len()).expect("a short packet");
                let mut ip = MutableIpv4Packet::new(&mut bytes).expect("room for a header");
                ip.set_version(4);
                ip.set_header_length(5);
                ip.set_total_length(total);
                ip.set_ttl(64);
                ip.set_next_level_protocol(protocol);
                ip.set_source(from);
                ip.set_destination(to);
                ip.payload_mut().copy_from_slice(payload);
                let sum = ipv4::checksum(&ip.to_immutable());
                ip.set_checksum(sum);
                bytes
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let mut bytes = vec![0; 40 + payload.len()];
                let length = u16::try_from(payload.len()).expect("a short packet");
                let mut ip = MutableIpv6Packet::new(&mut bytes).expect("room for a header");
                ip.set_version(6);
                ip.set_payload_length(length);
                ip.set_hop_limit(64);
                ip.set_next_header(protocol);
                ip.set_source(from);
                ip.set_destination(to);
                ip.payload_mut().copy_from_slice(payload);
                bytes
            }
            mixed => panic!("two families: {mixed:?}"),
        }
    }

    /// The peer's network answers the last packet of the stack with "destination unreachable".
    pub(super) fn unreachable(&mut self, code: u8) {
        let quoted = self.packets.last().expect("a packet was sent").clone();
        let mut icmp = vec![3, code, 0, 0, 0, 0, 0, 0];
        icmp.extend(quoted.iter().take(28));
        let sum = pnet_packet::util::checksum(&icmp, 1);
        icmp[2..4].copy_from_slice(&sum.to_be_bytes());
        let packet = self.ip_packet(IpNextHeaderProtocols::Icmp, &icmp);
        self.inject_raw(&packet);
    }

    /// A packet of the stack in the script language's manner; learns ports and initial numbers from it.
    fn show(&mut self, packet: &[u8]) -> String {
        let payload = match packet.first().map(|octet| octet >> 4) {
            Some(4) => Ipv4Packet::new(packet)
                .expect("an IPv4 header")
                .payload()
                .to_vec(),
            _ => Ipv6Packet::new(packet)
                .expect("an IPv6 header")
                .payload()
                .to_vec(),
        };
        let tcp = TcpPacket::new(&payload).expect("a TCP header");
        let bits = tcp.get_flags();
        if bits & TcpFlags::SYN != 0 {
            self.iss.insert(tcp.get_destination(), tcp.get_sequence());
            self.local_port = tcp.get_source();
        }
        let iss = self.iss.get(&tcp.get_destination()).copied().unwrap_or(0);
        let names = [
            (TcpFlags::FIN, 'F'),
            (TcpFlags::SYN, 'S'),
            (TcpFlags::RST, 'R'),
            (TcpFlags::PSH, 'P'),
            (TcpFlags::URG, 'U'),
            (TcpFlags::ACK, '.'),
        ];
        let set = names.into_iter().filter(|(bit, _)| bits & bit != 0);
        let flags: String = set.map(|(_, name)| name).collect();
        let seq = tcp.get_sequence().wrapping_sub(iss);
        let len = tcp.payload().len();
        let ack = match bits & TcpFlags::ACK {
            0 => String::new(),
            _ => format!(" ack {}", tcp.get_acknowledgement()),
        };
        format!(
            "> {flags} {seq}:{}({len}){ack}",
            seq.wrapping_add(len as u32)
        )
    }
}

/// The integer that an option shows.
pub(super) fn int(value: i32) -> OptionValue {
    OptionValue::Int(value)
}

pub(super) fn set(fd: i32, level: i32, name: i32, value: OptionValue) -> Call {
    Call::SetSockOpt {
        fd: Descriptor(fd),
        level,
        name,
        value,
        length: None,
    }
}

pub(super) fn get(fd: i32, level: i32, name: i32) -> Call {
    Call::GetSockOpt {
        fd: Descriptor(fd),
        level,
        name,
        length: 1024,
    }
}

pub(super) fn read(fd: i32, room: usize) -> Call {
    recv(fd, room, 0)
}

pub(super) fn recv(fd: i32, room: usize, flags: i32) -> Call {
    Call::Receive {
        name: CallName::Recv,
        fd: Descriptor(fd),
        buffers: vec![room],
        flags,
        control: 0,
    }
}

pub(super) fn write(fd: i32, data: &[u8]) -> Call {
    send(fd, data, 0)
}

pub(super) fn send(fd: i32, data: &[u8], flags: i32) -> Call {
    Call::Send {
        name: CallName::Send,
        fd: Descriptor(fd),
        buffers: vec![data.to_vec()],
        flags,
        address: None,
        control: Vec::new(),
    }
}

pub(super) fn close(fd: i32) -> Call {
    Call::Close { fd: Descriptor(fd) }
}

pub(super) fn shutdown(fd: i32, how: i32) -> Call {
    Call::Shutdown {
        fd: Descriptor(fd),
        how,
    }
}

pub(super) fn accept(fd: i32) -> Call {
    Call::Accept {
        fd: Descriptor(fd),
        flags: 0,
    }
}

pub(super) fn nonblocking(fd: i32) -> Call {
    Call::Fcntl {
        fd: Descriptor(fd),
        command: F_SETFL,
        argument: O_NONBLOCK,
    }
}

pub(super) fn poll(fds: &[(i32, i16)], timeout: i32) -> Call {
    let entry = |(fd, events): &(i32, i16)| PollDescriptor {
        descriptor: Descriptor(*fd),
        events: *events,
        revents: 0,
    };
    Call::Poll {
        fds: fds.iter().map(entry).collect(),
        timeout,
    }
}

/// The events that `poll` gave.
pub(super) fn revents(returned: &Returned) -> Vec<i16> {
    match returned.outputs.as_slice() {
        [Output::Poll(fds)] => fds.iter().map(|fd| fd.revents).collect(),
        other => panic!("poll wrote {other:?}"),
    }
}
