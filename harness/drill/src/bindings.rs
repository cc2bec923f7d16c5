//! What the numbers of a script stand for in one drill: descriptors, ports, initial sequence numbers, timestamps.
//!
//! A SYN of the tester is sent with the sequence number that is written; the stack's initial sequence number is bound when it
//! sends its own. Every other segment counts both sides' numbers from their initial ones, as in packetdrill.

use std::collections::BTreeMap;

use halfopen_target::{ConnectionId, Descriptor};
use halfopen_wire::{Flags, Segment, Seq};

/// The port that `bind` gives the stack's sockets, as packetdrill's `--bind_port` default.
const DEFAULT_BIND_PORT: u16 = 8080;

/// The ports that a script does not state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Where the stack's sockets are bound.
    pub bind: u16,
    /// Where the stack's sockets connect to.
    pub connect: u16,
    /// From where the tester opens its first connection; further ones count upwards.
    pub tester: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            bind: DEFAULT_BIND_PORT,
            connect: DEFAULT_BIND_PORT,
            tester: 40_000,
        }
    }
}

/// How the stack's TSval (RFC 7323) are held against those that a script states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampRule {
    /// One value of the script is one value of the stack, and TSecr is as stated.
    Each,
    /// As packetdrill does: TSecr is free, and TSval advances as in the script, where the script says how long a tick is.
    Packetdrill {
        /// Microseconds of one tick; 0 where nothing is checked.
        tick: u32,
        /// How far the stack may be from the script, in microseconds.
        tolerance: u64,
    },
}

/// One connection as the script's packets see it.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// The stack's port; unknown until its first SYN when the stack opens and chooses it.
    pub(crate) local_port: Option<u16>,
    /// The tester's port.
    pub(crate) remote_port: u16,
    /// The stack's initial sequence number: as the script writes it and as it is.
    local_isn: Option<(u32, Seq)>,
    /// The tester's initial sequence number.
    remote_isn: Option<u32>,
    /// That of a further SYN of the tester, which counts once the stack answers it with a SYN of its own.
    offered_isn: Option<u32>,
    /// A new SYN of either side was caused, so the stack may choose a new initial sequence number.
    may_rebind: bool,
    /// The stack's TSval values: as the script writes them and as they are.
    timestamps: BTreeMap<u32, u32>,
    /// The first of them.
    first_timestamp: Option<(u32, u32)>,
    /// Everything that the application gave the stack to send.
    pub(crate) written: Vec<u8>,
    /// How many octets the application has read.
    pub(crate) read: u32,
    /// What the application gave the stack to send is not known in full: it came from a file or a pipe.
    pub(crate) foreign: bool,
    /// Urgent data came in: the octets that a read gives are no longer known by their place.
    pub(crate) urgent: bool,
    /// Its socket has left it and may connect anew, which makes another flow, perhaps from the same port.
    left: bool,
}

impl Flow {
    const fn new(local_port: Option<u16>, remote_port: u16) -> Self {
        Self {
            local_port,
            remote_port,
            local_isn: None,
            remote_isn: None,
            offered_isn: None,
            may_rebind: true,
            timestamps: BTreeMap::new(),
            first_timestamp: None,
            written: Vec::new(),
            read: 0,
            foreign: false,
            urgent: false,
            left: false,
        }
    }

    fn has_ports(&self, local: u16, remote: u16) -> bool {
        self.remote_port == remote && self.local_port == Some(local)
    }

    /// A sequence number of the stack, from script to wire; `syn` says whether it stands in a segment with SYN.
    pub(crate) fn local_to_wire(&self, number: u32, syn: bool) -> u32 {
        number.wrapping_sub(self.local_offset(syn))
    }

    /// A sequence number of the stack, from wire to script.
    pub(crate) fn local_to_script(&self, number: u32, syn: bool) -> u32 {
        number.wrapping_add(self.local_offset(syn))
    }

    /// What is added to a number of the stack on the wire to give the script's.
    fn local_offset(&self, syn: bool) -> u32 {
        match self.local_isn {
            Some((script, wire)) if syn => script.wrapping_sub(wire.0),
            Some((_, wire)) => wire.0.wrapping_neg(),
            None => 0,
        }
    }

    /// A sequence number of the tester, from script to wire.
    pub(crate) fn remote_to_wire(&self, number: u32, syn: bool) -> u32 {
        match self.remote_isn {
            Some(isn) if !syn => number.wrapping_add(isn),
            _ => number,
        }
    }

    /// A sequence number of the tester, from wire to script.
    pub(crate) fn remote_to_script(&self, number: u32, syn: bool) -> u32 {
        match self.remote_isn {
            Some(isn) if !syn => number.wrapping_sub(isn),
            _ => number,
        }
    }

    /// The stack's initial sequence number on the wire, once bound.
    pub(crate) fn local_isn(&self) -> Option<Seq> {
        self.local_isn.map(|(_, wire)| wire)
    }

    /// Offset in the stack's stream of the first payload octet of `segment`, once its numbers are bound.
    pub(crate) fn outbound_offset(&self, segment: &Segment) -> Option<i64> {
        let (_, isn) = self.local_isn?;
        let syn = u32::from(segment.flags.contains(Flags::SYN));
        let distance = segment.seq.0.wrapping_add(syn).wrapping_sub(isn.0) as i32;
        Some(i64::from(distance) - 1)
    }

    /// Offset in the tester's stream of the payload of a segment with this sequence number on the wire.
    pub(crate) fn inbound_offset(&self, seq: u32, syn: bool) -> u32 {
        match self.remote_isn {
            // The payload of a SYN comes first in its stream (RFC 9293 section 3.4).
            _ if syn => 0,
            isn => seq.wrapping_sub(isn.unwrap_or(0)).wrapping_sub(1),
        }
    }

    /// Takes note of a SYN that the tester sends.
    pub(crate) fn note_inbound_syn(&mut self, seq: u32) {
        match self.remote_isn {
            None => self.remote_isn = Some(seq),
            Some(isn) if isn != seq => {
                self.offered_isn = Some(seq);
                self.may_rebind = true;
            }
            Some(_) => {}
        }
    }

    /// Takes note of a SYN of the stack that acknowledges `ack`: it may begin a new incarnation of the connection.
    pub(crate) fn note_outbound_syn(&mut self, ack: u32) {
        if let Some(isn) = self.offered_isn
            && ack == isn.wrapping_add(1)
        {
            self.offered_isn = None;
            self.remote_isn = Some(isn);
            self.written.clear();
            self.read = 0;
        }
    }

    /// Binds the stack's initial sequence number from its SYN, unless it is bound and nothing new began.
    pub(crate) fn bind_local_isn(&mut self, script: u32, wire: Seq) {
        if self.local_isn.is_none() || self.may_rebind {
            self.local_isn = Some((script, wire));
            self.may_rebind = false;
        }
    }

    /// The stack's TSval for the script's, where one was seen.
    pub(crate) fn timestamp_to_wire(&self, script: u32) -> Option<u32> {
        self.timestamps.get(&script).copied()
    }

    /// The value that is as far from the first as the script's is.
    pub(crate) fn interpolated_timestamp(&self, script: u32) -> Option<u32> {
        let (first, wire) = self.first_timestamp?;
        Some(script.wrapping_sub(first).wrapping_add(wire))
    }

    /// Remembers that the script's TSval stands for this one from now on.
    pub(crate) fn bind_timestamp(&mut self, script: u32, wire: u32) {
        self.first_timestamp.get_or_insert((script, wire));
        self.timestamps.insert(script, wire);
    }
}

/// What the numbers of a script stand for.
#[derive(Clone, Debug)]
pub(crate) struct Bindings {
    ports: Ports,
    next_tester_port: u16,
    descriptors: BTreeMap<i64, Descriptor>,
    connections: BTreeMap<i64, ConnectionId>,
    flow_of_descriptor: BTreeMap<i64, usize>,
    flows: Vec<Flow>,
    current: Option<usize>,
    pub(crate) timestamps: TimestampRule,
}

impl Bindings {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self {
            ports,
            next_tester_port: ports.tester,
            descriptors: BTreeMap::new(),
            connections: BTreeMap::new(),
            flow_of_descriptor: BTreeMap::new(),
            flows: Vec::new(),
            current: None,
            timestamps: TimestampRule::Each,
        }
    }

    pub(crate) const fn ports(&self) -> Ports {
        self.ports
    }

    /// The target's descriptor for the script's; -1, which every stack refuses, for one that is not open.
    pub(crate) fn descriptor(&self, script: i64) -> Descriptor {
        self.descriptors
            .get(&script)
            .copied()
            .unwrap_or(Descriptor(-1))
    }

    /// The script's number for a descriptor of the target.
    pub(crate) fn script_descriptor(&self, target: Descriptor) -> Option<i64> {
        self.descriptors
            .iter()
            .find(|(_, bound)| **bound == target)
            .map(|(script, _)| *script)
    }

    pub(crate) fn connection(&self, script: i64) -> Option<ConnectionId> {
        self.connections.get(&script).copied()
    }

    /// The script's descriptors with their connections; a closed descriptor keeps its connection.
    pub(crate) fn named_connections(&self) -> impl Iterator<Item = (i64, ConnectionId)> + '_ {
        self.connections.iter().map(|(fd, id)| (*fd, *id))
    }

    pub(crate) fn bind_descriptor(
        &mut self,
        script: i64,
        target: Descriptor,
        connection: Option<ConnectionId>,
    ) {
        self.descriptors.insert(script, target);
        self.flow_of_descriptor.remove(&script);
        match connection {
            Some(id) => self.connections.insert(script, id),
            None => self.connections.remove(&script),
        };
    }

    pub(crate) fn close_descriptor(&mut self, script: i64) {
        self.descriptors.remove(&script);
    }

    /// A new socket: packets without ports are about it from now on.
    pub(crate) const fn note_socket(&mut self) {
        self.current = None;
    }

    /// A socket listens: the next SYN without ports opens a new connection to it.
    pub(crate) const fn note_listen(&mut self) {
        self.current = None;
    }

    /// The stack opens a connection.
    pub(crate) fn note_connect(&mut self, script: i64, remote_port: u16) {
        let known = self.flow_of_descriptor.get(&script).copied();
        let flow = known
            .filter(|flow| !self.flows[*flow].left)
            .unwrap_or_else(|| self.push(None, remote_port));
        self.flow_of_descriptor.insert(script, flow);
        self.current = Some(flow);
    }

    /// A socket left its connection: packets are about that still, until the socket connects anew.
    pub(crate) fn note_disconnect(&mut self, script: i64) {
        if let Some(flow) = self.flow_of(script) {
            flow.left = true;
        }
    }

    /// A connection was accepted from this port.
    pub(crate) fn note_accept(&mut self, script: i64, remote_port: u16) {
        let flow = self.find(|flow| flow.remote_port == remote_port);
        if let Some(flow) = flow {
            self.flow_of_descriptor.insert(script, flow);
        }
    }

    /// The flow of the socket behind a descriptor.
    pub(crate) fn flow_of(&mut self, script: i64) -> Option<&mut Flow> {
        let index = *self.flow_of_descriptor.get(&script)?;
        self.flows.get_mut(index)
    }

    /// The flow that a packet of the script is about; a new one where none is.
    pub(crate) fn flow_for_inbound(&mut self, ports: Option<(u16, u16)>) -> &mut Flow {
        let index = match ports {
            Some((remote, local)) => self
                .find(|flow| flow.has_ports(local, remote))
                .unwrap_or_else(|| self.push(Some(local), remote)),
            None => match self.current {
                Some(index) => index,
                None => {
                    let port = self.next_tester_port;
                    self.next_tester_port = port.checked_add(1).unwrap_or(self.ports.tester);
                    self.push(Some(self.ports.bind), port)
                }
            },
        };
        self.current = Some(index);
        &mut self.flows[index]
    }

    /// The flow that an expected packet of the script is about, if any is.
    pub(crate) fn flow_for_outbound(&mut self, ports: Option<(u16, u16)>) -> Option<&mut Flow> {
        let index = match ports {
            Some((local, remote)) => self.find(|flow| flow.has_ports(local, remote))?,
            None => self.current?,
        };
        self.flows.get_mut(index)
    }

    /// The flow of a packet that came, by its ports; takes the stack's port from its first packet.
    pub(crate) fn flow_of_packet(&mut self, source: u16, destination: u16) -> Option<&mut Flow> {
        let known = self.find(|flow| flow.has_ports(source, destination));
        let index = known
            .filter(|index| !self.flows[*index].left)
            .or_else(|| {
                let unbound =
                    |flow: &Flow| flow.remote_port == destination && flow.local_port.is_none();
                // The connection that is spoken of first: another may have connected and never sent anything.
                self.current
                    .filter(|index| self.flows.get(*index).is_some_and(unbound))
                    .or_else(|| self.find(unbound))
            })
            .or(known)?;
        let flow = &mut self.flows[index];
        flow.local_port = Some(source);
        Some(flow)
    }

    /// The script's descriptor of the connection that is spoken of; of the newest socket where none has begun.
    pub(crate) fn current_descriptor(&self) -> Option<i64> {
        let open = |fd: &i64| self.descriptors.contains_key(fd);
        let of_current = self
            .flow_of_descriptor
            .iter()
            .filter(|(fd, flow)| Some(**flow) == self.current && open(fd))
            .map(|(fd, _)| *fd)
            .next_back();
        of_current.or_else(|| self.connections.keys().filter(|fd| open(fd)).copied().max())
    }

    /// Whether a segment of the stack belongs to a connection other than the one that is spoken of.
    pub(crate) fn is_of_another(&self, segment: &Segment) -> bool {
        let (local, remote) = (segment.source_port, segment.destination_port);
        let Some(found) = self.find(|flow| flow.has_ports(local, remote)) else {
            return false;
        };
        // A socket that left a connection may take its port to the next.
        let is_first = |flow: &Flow| flow.remote_port == remote && flow.local_port.is_none();
        let opens = segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::ACK);
        let begins_current = opens && self.current.is_some_and(|at| is_first(&self.flows[at]));
        Some(found) != self.current && !(self.flows[found].left && begins_current)
    }

    /// The flow with these ports, without learning anything.
    pub(crate) fn known_flow(&self, local: u16, remote: u16) -> Option<&Flow> {
        let index = self.find(|flow| flow.has_ports(local, remote))?;
        self.flows.get(index)
    }

    /// The first flow that fits; one that its socket left only where no other does, and then the last of these.
    fn find(&self, fits: impl Fn(&Flow) -> bool) -> Option<usize> {
        let in_use = |flow: &Flow| !flow.left && fits(flow);
        let first = self.flows.iter().position(in_use);
        first.or_else(|| self.flows.iter().rposition(&fits))
    }

    fn push(&mut self, local_port: Option<u16>, remote_port: u16) -> usize {
        self.flows.push(Flow::new(local_port, remote_port));
        self.flows.len() - 1
    }
}
