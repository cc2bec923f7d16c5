//! Inbound packets: whom they are for, and what is answered when they are for nobody.

use core::net::IpAddr;

use crate::segment::Segment;
use crate::segment_arrives::{Step, closed, listen, other_states, syn_sent};
use crate::wire::{self, IcmpError, Inbound, Leniency};
use crate::{
    Config, ConnectionId, DropReason, Event, Instant, Stack, State, isn, rfc4987, rfc5927, rfc6191,
    rfc7413,
};

impl Stack {
    /// Takes one inbound IP packet.
    pub fn handle_packet(&mut self, now: Instant, packet: &[u8]) {
        let mut place = None;
        match wire::parse(packet, leniency(self.config()), &mut place) {
            Ok(Inbound::Segment(seg)) => {
                self.out.counters.arrived();
                self.handle_segment(seg, now);
            }
            Ok(Inbound::Error(error)) => self.handle_icmp_error(&error, now),
            Err(reason) => self.out.dropped(None, reason, now),
        }
    }

    fn handle_segment(&mut self, seg: &mut Segment<'_>, now: Instant) {
        if let Err(reason) = check_addresses(seg, self.config()) {
            self.out.dropped(None, reason, now);
            return;
        }
        let connection = self.table.find(&seg.local, &seg.remote);
        // Most segments are for a connection that exists: no listener has to be looked for.
        if let Some(id) = connection.filter(|id| !self.reopens(*id, seg)) {
            self.segment_arrives(id, seg, now);
            return;
        }
        match (self.table.find_listener(seg.local, seg.remote), connection) {
            (Some(listener), replaces) => self.listen(listener, replaces, seg, now),
            (None, Some(id)) => self.segment_arrives(id, seg, now),
            (None, None) => closed::segment_arrives(seg, now, &mut self.out),
        }
    }

    fn segment_arrives(&mut self, id: ConnectionId, seg: &mut Segment<'_>, now: Instant) {
        let Some(tcb) = self.table.connections.get_mut(&id) else {
            return;
        };
        let may_be_reset =
            (tcb.fast_open && tcb.state == State::SynReceived).then_some(tcb.listener);
        match tcb.state {
            State::SynSent => syn_sent::segment_arrives(tcb, seg, now, &mut self.out),
            _ => other_states::segment_arrives(tcb, seg, now, &mut self.out),
        }
        if seg.flags.rst && tcb.state == State::Closed {
            let listener = may_be_reset.flatten();
            if let Some(listener) = listener.and_then(|id| self.table.listeners.get_mut(&id)) {
                listener.reset.note(now);
            }
        }
        self.settle(id, now);
    }

    /// Whether a SYN opens anew a connection that is in TIME-WAIT (RFC 9293 MAY-2, SHLD-4).
    fn reopens(&self, id: ConnectionId, seg: &Segment<'_>) -> bool {
        let plain_syn = seg.flags.syn && !seg.flags.ack && !seg.flags.rst;
        let connection = || self.table.connections.get(&id);
        plain_syn
            && self.config().reopen_time_wait
            && connection().is_some_and(|tcb| {
                tcb.state == State::TimeWait && rfc6191::may_reopen(tcb, seg, self.config())
            })
    }

    #[cold]
    fn listen(
        &mut self,
        listener: ConnectionId,
        replaces: Option<ConnectionId>,
        seg: &mut Segment<'_>,
        now: Instant,
    ) {
        let Some(listener) = self.table.listeners.get(&listener) else {
            return;
        };
        let remembered = rfc4987::acknowledged(seg, now, self.out.config());
        if let Some(remembered) = remembered {
            let id = listener.id;
            self.open_by_cookie(id, &remembered, seg, now);
            return;
        }
        if replaces.is_none() && rfc4987::wants_cookie(listener, seg, self.out.config()) {
            rfc4987::answer(listener, seg, now, &mut self.out);
            return;
        }
        if listen::check(listener, seg, now, &mut self.out) == Step::Done {
            return;
        }
        if self.table.len() >= self.out.config().max_connections {
            self.out
                .dropped(Some(listener.id), DropReason::TooManyConnections, now);
            return;
        }
        let mut iss =
            isn::initial_sequence_number(&self.out.config().secret, now, seg.local, seg.remote);
        if let Some(old) = replaces.and_then(|id| self.table.connections.get(&id)) {
            // RFC 9293 MAY-2 (1): beyond every number that the previous incarnation used.
            let beyond = old.snd_nxt.wrapping_add(1 << 16);
            iss = if iss.after(old.snd_nxt) { iss } else { beyond };
        }
        let listener_id = listener.id;
        let pending = self.table.connections.values().filter(|tcb| {
            tcb.fast_open && tcb.state == State::SynReceived && tcb.listener == Some(listener_id)
        });
        let pending = pending.count();
        let id = self.table.next_id();
        let Some(listener) = self.table.listeners.get_mut(&listener_id) else {
            return;
        };
        let pending = pending + listener.reset.count(now);
        let fast_open = rfc7413::answer(listener, pending, seg, self.out.config());
        listener.pending.insert(id);
        let mut tcb = listen::spawn(listener, (id, iss), fast_open, seg, now, &mut self.out);
        tcb.replaces = replaces;
        self.table.insert(tcb);
        self.settle(id, now);
    }

    /// The acknowledgment of a SYN cookie makes the connection, and is its first segment.
    #[cold]
    fn open_by_cookie(
        &mut self,
        listener: ConnectionId,
        remembered: &rfc4987::Remembered,
        seg: &mut Segment<'_>,
        now: Instant,
    ) {
        let id = self.table.next_id();
        let has_room = self.table.len() < self.out.config().max_connections;
        let Some(listener) = self.table.listeners.get_mut(&listener) else {
            return;
        };
        if listener.is_full_of_ready() || !has_room {
            // The remote believes that it is connected: its text will come again.
            let reason = DropReason::BacklogFull;
            self.out.dropped(Some(listener.id), reason, now);
            return;
        }
        listener.pending.insert(id);
        self.out.event(Event::Spawned {
            listener: listener.id,
            connection: id,
            at: now,
        });
        let tcb = rfc4987::open(listener, id, remembered, seg, now, &mut self.out);
        self.table.insert(tcb);
        self.segment_arrives(id, seg, now);
    }

    /// RFC 9293 MUST-54: an error belongs to the connection whose segment it quotes.
    #[cold]
    fn handle_icmp_error(&mut self, error: &IcmpError, now: Instant) {
        let found = self.table.find(&error.local, &error.remote);
        let Some(tcb) = found.and_then(|id| self.table.connections.get_mut(&id)) else {
            self.out.dropped(None, DropReason::IcmpNotOurs, now);
            return;
        };
        let id = tcb.id;
        rfc5927::error_arrives(tcb, error, now, &mut self.out);
        self.settle(id, now);
    }
}

/// Where a segment may come from and go to.
fn check_addresses(seg: &Segment<'_>, config: &Config) -> Result<(), DropReason> {
    // By value for each version: an address that was just read need not be there yet as sixteen octets.
    match (&seg.remote.addr, &seg.local.addr) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            check_ends(&IpAddr::V4(*source), &IpAddr::V4(*destination), config)
        }
        (source, destination) => check_ends(source, destination, config),
    }
}

#[inline(always)]
fn check_ends(source: &IpAddr, destination: &IpAddr, config: &Config) -> Result<(), DropReason> {
    // RFC 9293 MUST-57: nothing is answered that was not sent to one host alone.
    if is_group(destination, config) {
        return Err(DropReason::BroadcastOrMulticast);
    }
    if !config.addresses.contains(destination) {
        return Err(DropReason::NotForUs);
    }
    // RFC 9293 MUST-63.
    let stray_loopback = source.is_loopback() && !destination.is_loopback();
    if is_group(source, config)
        || is_nobody(source)
        || stray_loopback
        || config.addresses.contains(source)
    {
        return Err(DropReason::InvalidSource);
    }
    Ok(())
}

/// Whether an address can be that of a remote host (RFC 9293 MUST-46).
pub(crate) fn is_host(addr: &IpAddr, config: &Config) -> bool {
    !is_group(addr, config) && !is_nobody(addr)
}

fn is_group(addr: &IpAddr, config: &Config) -> bool {
    match addr {
        IpAddr::V4(addr) => {
            addr.is_multicast() || addr.is_broadcast() || config.broadcasts.contains(addr)
        }
        IpAddr::V6(addr) => addr.is_multicast(),
    }
}

fn is_nobody(addr: &IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.octets()[0] == 0,
        IpAddr::V6(addr) => addr.is_unspecified(),
    }
}

#[cfg(feature = "planted-bugs")]
fn leniency(config: &Config) -> Leniency {
    Leniency {
        ignore_tcp_checksum: config.planted_bug == Some(crate::PlantedBug::IgnoresChecksum),
        take_source_routes: config.takes_source_routes,
    }
}

#[cfg(not(feature = "planted-bugs"))]
fn leniency(config: &Config) -> Leniency {
    Leniency {
        ignore_tcp_checksum: false,
        take_source_routes: config.takes_source_routes,
    }
}
