//! The running kernel as a [`Target`].

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use halfopen_target::{
    Call, CallId, Capabilities, Capability, ClockKind, ConnectionId, Descriptor, Event, EventKind,
    Missing, Output, Returned, Setup, Target, TargetError, Time, posix,
};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use pnet::packet::Packet;
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::TcpPacket;

use crate::call::{Descriptors, Done, Workers};
use crate::clock::{self, Clock, monotonic};
use crate::link::Link;
use crate::network::{Plan, failed};
use crate::observe::{Cause, Connections, Seen, Tracepoint, Tuple};
use crate::pool::Pool;
use crate::sys::{process, socket};
use crate::tick;
use crate::tunnel::innermost;

/// How long it may take to wake up in time: the rest of a wait is spent awake, so that what a script does every millisecond
/// happens every millisecond.
const WAKE_UP: Duration = Duration::from_micros(120);

/// How long a wait may last without a look at the states.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// The running kernel, in namespaces of its own for each drill.
#[derive(Debug)]
pub struct LinuxTarget {
    capabilities: Capabilities,
    pool: Arc<Pool>,
    drill: Option<Drill>,
}

impl LinuxTarget {
    /// A target that takes its namespaces from `pool`.
    #[must_use]
    pub fn new(pool: Arc<Pool>) -> Self {
        clock::start_heartbeat();
        Self {
            capabilities: capabilities(),
            pool,
            drill: None,
        }
    }

    fn drill(&mut self) -> Result<&mut Drill, TargetError> {
        self.drill
            .as_mut()
            .ok_or_else(|| TargetError::Unresponsive("no drill was begun".to_owned()))
    }

    fn end_drill(&mut self) {
        if let Some(drill) = self.drill.take() {
            drill.end(&self.pool);
        }
    }
}

/// What this target can do.
#[must_use]
pub fn capabilities() -> Capabilities {
    let release = nix::sys::utsname::uname()
        .map(|name| name.release().to_string_lossy().into_owned())
        .unwrap_or_default();
    Capabilities::all("linux", &format!("Linux {release}"), ClockKind::Live)
        .with_timer_tick(tick::length())
}

impl Drop for LinuxTarget {
    fn drop(&mut self) {
        self.end_drill();
    }
}

impl Target for LinuxTarget {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        self.end_drill();
        // Setting up takes its time, and nothing of it is timed.
        process::be_ordinary();
        process::go_first();
        let plan = Plan::new(setup);
        if setup.local_ip.is_ipv6() && !plan.has_v6() {
            let reason = format!("there is no IPv6 on a link with an MTU of {}", setup.mtu);
            return Err(TargetError::Missing(Missing {
                capability: Capability::Ipv6,
                reason,
            }));
        }
        let network = self.pool.take(plan)?;
        self.drill = Some(Drill::begin(network, setup)?);
        Ok(())
    }

    fn align(&mut self) -> Result<(), TargetError> {
        process::be_timely();
        if let Some(drill) = &self.drill {
            drill.workers.hurry();
        }
        tick::await_phase();
        Ok(())
    }

    fn now(&self) -> Time {
        self.drill
            .as_ref()
            .map_or(Time::ZERO, |drill| drill.clock.now())
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        self.drill()?.inject(packet)
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.drill()?.call(call)
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        self.drill()?.next_event(until)
    }
}

/// One drill: its namespaces, its sockets, and what was seen and not yet handed out.
#[derive(Debug)]
struct Drill {
    // Declared first, dropped first: sockets go before their namespace.
    workers: Workers,
    descriptors: Descriptors,
    link: Link,
    clock: Clock,
    setup: Setup,
    connections: Connections,
    events: VecDeque<Event>,
    next_call: u64,
    /// A socket that connects, and its local port: its SYN will name the other end.
    pending_connect: Option<(ConnectionId, u16)>,
    /// Up to when stalls were handed out (monotonic nanoseconds).
    stalls_seen: i64,
    /// A sysctl was set, a command run, or something other than a segment injected: the namespaces can't serve again.
    is_marked: bool,
}

impl Drill {
    fn begin(network: crate::network::Network, setup: &Setup) -> Result<Self, TargetError> {
        let descriptors = Descriptors::default();
        let clock = Clock::start();
        let workers = Workers::new(&network, descriptors.clone(), setup.clone(), clock)?;
        Ok(Self {
            workers,
            descriptors,
            link: Link::new(network)?,
            clock,
            setup: setup.clone(),
            connections: Connections::new(Tracepoint::shared()),
            events: VecDeque::new(),
            next_call: 0,
            pending_connect: None,
            stalls_seen: monotonic(),
            is_marked: false,
        })
    }

    fn end(self, pool: &Pool) {
        let Self {
            workers,
            link,
            is_marked,
            ..
        } = self;
        drop(workers);
        if !is_marked {
            pool.give_back(link.into_network());
        }
    }

    fn inject(&mut self, packet: &[u8]) -> Result<(), TargetError> {
        // Whatever a timer did before belongs to before.
        self.gather(Cause::Time)?;
        let at = self.clock.now();
        let inner = innermost(packet);
        let tuple = tuple_of(inner, true);
        // The namespace remembers a path MTU that an ICMP message brought, and how many it sent about tunnels.
        let is_tunnelled = inner.len() < packet.len();
        self.is_marked |= tuple.is_none() || is_tunnelled;
        if let Some(tuple) = tuple {
            self.connections.note(tuple);
        }
        self.link
            .inject(packet, &self.setup)
            .map_err(|error| match error.raw_os_error() {
                // Large segments get through as an interface with receive offload would hand them up; there is none for tunnels.
                Some(libc::EMSGSIZE) if is_tunnelled => TargetError::Missing(Missing {
                    capability: Capability::Tunnels,
                    reason: format!("{} octets with their headers exceed the MTU", packet.len()),
                }),
                _ => failed("injecting a packet", error),
            })?;
        self.drain_packets()?;
        self.look(Cause::Stimulus, Some(at))
    }

    fn call(&mut self, call: Call) -> Result<CallId, TargetError> {
        self.gather(Cause::Time)?;
        self.next_call += 1;
        let id = CallId(self.next_call);
        self.is_marked |= matches!(call, Call::Sysctl { .. } | Call::Command { .. });
        let connecting = match &call {
            Call::Connect { fd, .. } => Some(*fd),
            Call::Send { fd, flags, .. } if flags & posix::MSG_FASTOPEN != 0 => Some(*fd),
            _ => None,
        };
        let at = self.clock.now();
        let listening = match &call {
            Call::Close { fd } => self.descriptors.connection(*fd),
            _ => None,
        };
        let done = self.workers.start(id, call)?;
        if let Some(fd) = connecting {
            self.note_connect(fd);
        }
        if let (Some(done), Some(connection)) = (&done, listening)
            && done.returned.result.is_ok()
            && let Some(transition) = self.connections.unlisten(connection)
        {
            self.push(at, EventKind::Transition(transition));
        }
        if let Some(done) = done {
            self.finish(done);
        }
        self.drain_packets()?;
        self.look(Cause::Stimulus, Some(at))?;
        Ok(id)
    }

    /// A connecting socket's ends are known once its SYN has left.
    fn note_connect(&mut self, fd: Descriptor) {
        let (Some(raw), Some(connection)) =
            (self.descriptors.raw(fd), self.descriptors.connection(fd))
        else {
            return;
        };
        let Some(local) = socket::name(raw) else {
            return;
        };
        // Its SYN, which is out by now or will be, names the other end.
        self.pending_connect = Some((connection, local.port()));
    }

    /// Hands out how a call ended, with the connection behind a new descriptor.
    fn finish(&mut self, done: Done) {
        let Done {
            id,
            at,
            call,
            mut returned,
        } = done;
        let at = self.clock.at(at);
        self.tie(&call, &mut returned, at);
        self.push(at, EventKind::Returned { call: id, returned });
    }

    fn tie(&mut self, call: &Call, returned: &mut Returned, at: Time) {
        let Ok(value) = returned.result else { return };
        let given = Descriptor(i32::try_from(value).unwrap_or(-1));
        match call {
            Call::Socket { .. } => {
                let id = self.connections.new_id();
                self.descriptors.set_connection(given, id);
                returned.connection = Some(id);
            }
            Call::Listen { fd, .. } => {
                let port = self
                    .descriptors
                    .raw(*fd)
                    .and_then(socket::name)
                    .map(|name| name.port());
                if let (Some(id), Some(port)) = (self.descriptors.connection(*fd), port)
                    && let Some(transition) = self.connections.listen(id, port)
                {
                    self.push(at, EventKind::Transition(transition));
                }
            }
            Call::Accept { .. } => {
                let local = self.descriptors.raw(given).and_then(socket::name);
                let remote = returned.outputs.iter().find_map(|output| match output {
                    Output::Address(remote) => Some(*remote),
                    _ => None,
                });
                if let (Some(local), Some(remote)) = (local, remote) {
                    let tuple = Tuple {
                        local: plain(local),
                        remote: plain(remote),
                    };
                    if let Some(id) = self.connections.find(&tuple) {
                        self.descriptors.set_connection(given, id);
                        returned.connection = Some(id);
                    }
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, at: Time, kind: EventKind) {
        self.events.push_back(Event { at, kind });
    }

    /// Takes every packet that waits.
    fn drain_packets(&mut self) -> Result<bool, TargetError> {
        let mut any = false;
        while let Some((at, packet)) = self
            .link
            .receive(&self.clock, &self.setup)
            .map_err(|e| failed("reading packets", e))?
        {
            any = true;
            if let Some(tuple) = tuple_of(innermost(&packet), false) {
                self.name_ends(tuple);
            }
            self.push(at, EventKind::Outbound(packet));
        }
        Ok(any)
    }

    fn name_ends(&mut self, tuple: Tuple) {
        if let Some((connection, port)) = self.pending_connect
            && tuple.local.1 == port
        {
            self.pending_connect = None;
            self.connections.connect(connection, tuple);
        } else {
            self.connections.note(tuple);
        }
    }

    /// Looks at the states; what changed, changed at `at`, or now.
    fn look(&mut self, cause: Cause, at: Option<Time>) -> Result<(), TargetError> {
        let diag = &mut self.link.network().sock_diag;
        let found = self
            .connections
            .look(diag, cause)
            .map_err(|e| failed("asking sock_diag for states", e))?;
        let looked = at.unwrap_or_else(|| self.clock.now());
        for Seen { at, transition } in found {
            let at = at.map_or(looked, |at| self.clock.at(at));
            self.push(at, EventKind::Transition(transition));
        }
        Ok(())
    }

    /// Takes everything that has happened by now.
    fn gather(&mut self, cause: Cause) -> Result<(), TargetError> {
        let first = self.events.len();
        let packets = self.drain_packets()?;
        while let Some(done) = self.workers.take_done() {
            self.finish(done);
        }
        // A segment and the state that it belongs to changed at one moment.
        let at = self.events.get(first).map(|event| event.at);
        if packets || self.connections.may_change_by_time() {
            self.look(cause, at)?;
        }
        Ok(())
    }

    fn note_stalls(&mut self) {
        for (at, span) in clock::stalls_since(self.stalls_seen) {
            self.stalls_seen = at;
            let at = self.clock.at(at);
            self.push(at, EventKind::Stalled(span));
        }
    }

    fn next_event(&mut self, until: Time) -> Result<Option<Event>, TargetError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            self.gather(Cause::Time)?;
            self.note_stalls();
            if !self.events.is_empty() {
                continue;
            }
            let now = self.clock.now();
            if now >= until {
                return Ok(None);
            }
            let left = until.since(now);
            match left.checked_sub(WAKE_UP) {
                Some(span) if !span.is_zero() => self.wait(span.min(LOOK_EVERY))?,
                _ => self.clock.spin_until(until),
            }
        }
    }

    /// Waits for a packet or the end of a call, for `span` at most.
    fn wait(&self, span: Duration) -> Result<(), TargetError> {
        let mut fds = [
            PollFd::new(self.link.fd(), PollFlags::POLLIN),
            PollFd::new(self.workers.wake().as_fd(), PollFlags::POLLIN),
        ];
        match ppoll(&mut fds, Some(TimeSpec::from_duration(span)), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(failed("waiting for packets", errno.into())),
        }
    }
}

/// The ends of a TCP packet, seen from the stack.
fn tuple_of(packet: &[u8], is_inbound: bool) -> Option<Tuple> {
    let (source, destination, segment) = match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new(packet)?;
            if ip.get_next_level_protocol() != IpNextHeaderProtocols::Tcp {
                return None;
            }
            let source = IpAddr::V4(ip.get_source());
            let destination = IpAddr::V4(ip.get_destination());
            let header = usize::from(ip.get_header_length()) * 4;
            (source, destination, packet.get(header..)?.to_vec())
        }
        6 => {
            let ip = Ipv6Packet::new(packet)?;
            if ip.get_next_header() != IpNextHeaderProtocols::Tcp {
                return None;
            }
            let source = IpAddr::V6(ip.get_source());
            let destination = IpAddr::V6(ip.get_destination());
            (source, destination, ip.payload().to_vec())
        }
        _ => return None,
    };
    let tcp = TcpPacket::new(&segment)?;
    let from = (source, tcp.get_source());
    let to = (destination, tcp.get_destination());
    let (local, remote) = if is_inbound { (to, from) } else { (from, to) };
    Some(Tuple { local, remote })
}

/// A socket's address as it is on the wire: an IPv4-mapped one is IPv4 there.
fn plain(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}
