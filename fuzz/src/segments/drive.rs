//! Carries a program out against a target, and records what happens.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use halfopen_drill::payload;
use halfopen_target::{
    Address, AddressMode, Call, CallId, CallName, Descriptor, Entry, EntryKind, Setup, Target,
    Trace, posix,
};
use halfopen_wire::{Flags, Packet, Segment, Seq, TcpOption};

use super::program::{
    AckAim, MOST_STEPS, Opening, Program, SegmentStep, SeqAim, Step, SynOffer, UserCall,
};

const STACK_PORT: u16 = 8080;
const TESTER_PORT: u16 = 40_000;
const CONNECT_PORT: u16 = 8080;

/// The most octets of one segment or one write.
const MOST_OCTETS: u16 = 4000;

/// The most events that the driver takes before it calls the stack endless.
const MOST_EVENTS: usize = 20_000;

pub(super) fn run(program: &Program, target: &mut dyn Target) -> Trace {
    let trace = RefCell::new(Trace::new("fuzz", Setup::defaults(AddressMode::V4)));
    drive(program, target, &trace);
    trace.into_inner()
}

/// The trace up to a panic of the stack.
pub(super) fn run_until_panic(program: &Program, target: &mut dyn Target) -> Trace {
    let trace = RefCell::new(Trace::new("fuzz", Setup::defaults(AddressMode::V4)));
    let _ = catch_unwind(AssertUnwindSafe(|| drive(program, target, &trace)));
    trace.into_inner()
}

fn drive(program: &Program, target: &mut dyn Target, trace: &RefCell<Trace>) {
    let setup = trace.borrow().setup.clone();
    if target.reset(&setup).is_err() {
        return;
    }
    let mut driver = Driver {
        target,
        trace,
        setup,
        isn: program.isn,
        window: program.offer.window,
        listener: None,
        socket: None,
        written: 0,
        seen: Seen::default(),
        frontier: program.isn.wrapping_add(1),
        events: 0,
        tester_port: TESTER_PORT,
        stack_port: STACK_PORT,
    };
    driver.open(program.opening, &program.offer);
    for step in program.steps.iter().take(MOST_STEPS) {
        match step {
            Step::Segment(step) => driver.segment(step),
            Step::Call(call) => driver.user_call(*call),
            Step::Wait(wait) => driver.wait(wait.millis()),
        }
    }
    driver.wait(1);
}

/// What the stack said so far.
#[derive(Default)]
struct Seen {
    iss: u32,
    /// Behind everything that it sent.
    end: u32,
    ack: u32,
    window: u32,
    shift: u8,
}

struct Driver<'t> {
    target: &'t mut dyn Target,
    trace: &'t RefCell<Trace>,
    setup: Setup,
    isn: u32,
    /// The window that the tester offers while the connection opens.
    window: u16,
    listener: Option<Descriptor>,
    socket: Option<Descriptor>,
    written: u64,
    seen: Seen,
    /// Behind everything that the tester sent.
    frontier: u32,
    events: usize,
    tester_port: u16,
    stack_port: u16,
}

impl Driver<'_> {
    fn open(&mut self, opening: Opening, offer: &SynOffer) {
        let socket = self.call(Call::Socket {
            domain: posix::AF_INET,
            kind: posix::SOCK_STREAM | posix::SOCK_NONBLOCK,
            protocol: posix::IPPROTO_TCP,
        });
        let Some(fd) = socket.and_then(|fd| i32::try_from(fd).ok()).map(Descriptor) else {
            return;
        };
        match opening {
            Opening::Connect | Opening::Connected => {
                self.socket = Some(fd);
                self.tester_port = CONNECT_PORT;
                let remote = SocketAddr::new(self.setup.remote_ip, CONNECT_PORT);
                let address = Address::Inet(remote);
                self.call(Call::Connect { fd, address });
                if opening == Opening::Connected {
                    self.syn(offer, Flags::SYN | Flags::ACK);
                }
            }
            _ => {
                self.listener = Some(fd);
                let local = SocketAddr::new(self.setup.local_ip, STACK_PORT);
                let address = Address::Inet(local);
                self.call(Call::Bind { fd, address });
                self.call(Call::Listen { fd, backlog: 4 });
                if opening != Opening::Listen {
                    self.handshake(offer);
                }
                if matches!(opening, Opening::HalfClosed | Opening::BothClosed) {
                    self.user_call(UserCall::Shutdown);
                }
                if opening == Opening::BothClosed {
                    self.plain(Flags::FIN | Flags::ACK);
                }
            }
        }
    }

    fn handshake(&mut self, offer: &SynOffer) {
        self.syn(offer, Flags::SYN);
        self.plain(Flags::ACK);
        self.user_call(UserCall::Accept);
    }

    fn syn(&mut self, offer: &SynOffer, flags: Flags) {
        let mut options = Vec::new();
        if let Some(mss) = offer.mss {
            options.push(TcpOption::Mss(mss));
        }
        if offer.sack {
            options.push(TcpOption::SackPermitted);
        }
        if let Some(shift) = offer.window_scale {
            options.push(TcpOption::WindowScale(shift % 15));
        }
        let segment = Segment {
            seq: Seq(self.isn),
            ack: Seq(self.seen.end),
            flags,
            window: offer.window,
            options,
            ..Segment::default()
        };
        self.inject(segment);
    }

    fn plain(&mut self, flags: Flags) {
        let segment = Segment {
            seq: Seq(self.frontier),
            ack: Seq(self.seen.end),
            flags,
            window: self.window,
            ..Segment::default()
        };
        self.inject(segment);
    }

    fn segment(&mut self, step: &SegmentStep) {
        let next = if self.seen.ack == 0 {
            self.frontier
        } else {
            self.seen.ack
        };
        let edge = next.wrapping_add(self.seen.window << self.seen.shift);
        let seq = match step.seq {
            SeqAim::Next => next,
            SeqAim::Near(by) => next.wrapping_add_signed(by.into()),
            SeqAim::Edge(by) => edge.wrapping_add_signed(by.into()),
            SeqAim::Initial => self.isn,
            SeqAim::Frontier => self.frontier,
            SeqAim::Any(seq) => seq,
        };
        let ack = match step.ack {
            AckAim::All => self.seen.end,
            AckAim::Near(by) => self.seen.end.wrapping_add_signed(by.into()),
            AckAim::Initial => self.seen.iss,
            AckAim::Any(ack) => ack,
        };
        let flags = Flags::from_bits(u16::from(step.flags));
        let syn = u32::from(flags.contains(Flags::SYN));
        let offset = seq.wrapping_add(syn).wrapping_sub(self.isn).wrapping_sub(1);
        let length = usize::from(step.length % MOST_OCTETS) * usize::from(step.length & 1);
        let options = step.option.map(|(kind, data)| TcpOption::Unknown {
            kind: kind.max(2),
            data: data.to_vec(),
        });
        self.inject(Segment {
            seq: Seq(seq),
            ack: Seq(ack),
            flags,
            window: step.window,
            urgent_pointer: step.urgent,
            options: options.into_iter().collect(),
            payload: payload::inbound(offset, length),
            ..Segment::default()
        });
    }

    fn inject(&mut self, segment: Segment) {
        let end = segment.seq_end().0;
        if end.wrapping_sub(self.frontier) < u32::MAX / 2 && segment.seq.0 == self.frontier {
            self.frontier = end;
        }
        let from = SocketAddr::new(self.setup.remote_ip, self.tester_port);
        let to = SocketAddr::new(self.setup.local_ip, self.stack_port);
        let bytes = Packet::tcp(from, to, segment).encode();
        self.record(EntryKind::Inbound(bytes.clone()));
        let _ = self.target.inject(&bytes);
        self.drain(0);
    }

    fn user_call(&mut self, call: UserCall) {
        let socket = self.socket;
        match call {
            UserCall::Accept => {
                if let (Some(fd), None) = (self.listener, socket) {
                    let flags = posix::SOCK_NONBLOCK;
                    let accepted = self.call(Call::Accept { fd, flags });
                    self.socket = accepted
                        .and_then(|fd| i32::try_from(fd).ok())
                        .map(Descriptor);
                }
            }
            UserCall::Write(length) => {
                let Some(fd) = socket else { return };
                let octets = usize::from(length % MOST_OCTETS);
                let taken = self.call(Call::Send {
                    name: CallName::Write,
                    fd,
                    buffers: vec![payload::outbound(self.written, octets)],
                    flags: 0,
                    address: None,
                    control: Vec::new(),
                });
                self.written += taken.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
            }
            UserCall::Read(length) => {
                let Some(fd) = socket else { return };
                self.call(Call::Receive {
                    name: CallName::Read,
                    fd,
                    buffers: vec![usize::from(length)],
                    flags: 0,
                    control: 0,
                });
            }
            UserCall::Shutdown => {
                let Some(fd) = socket else { return };
                let how = posix::SHUT_WR;
                self.call(Call::Shutdown { fd, how });
            }
            UserCall::Close => {
                if let Some(fd) = self.socket.take() {
                    self.call(Call::Close { fd });
                }
            }
        }
    }

    fn wait(&mut self, millis: u64) {
        self.drain(millis);
    }

    /// Makes a call and takes what it returns at once.
    fn call(&mut self, call: Call) -> Option<i64> {
        let id = self.target.call(call.clone()).ok()?;
        self.record(EntryKind::Called { id, call });
        self.drain(0);
        self.returned(id)
    }

    fn returned(&self, call: CallId) -> Option<i64> {
        let trace = self.trace.borrow();
        trace
            .entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.kind {
                EntryKind::Returned { id, returned } if *id == call => returned.result.ok(),
                _ => None,
            })
    }

    fn record(&self, kind: EntryKind) {
        let at = self.target.now();
        self.trace.borrow_mut().push(at, None, kind);
    }

    fn drain(&mut self, millis: u64) {
        let until = self.target.now() + Duration::from_millis(millis);
        while self.events < MOST_EVENTS {
            let Ok(Some(event)) = self.target.next_event(until) else {
                return;
            };
            self.events += 1;
            let entry = Entry::from(event);
            if let EntryKind::Outbound(bytes) = &entry.kind {
                self.look(bytes);
            }
            self.trace.borrow_mut().entries.push(entry);
        }
    }

    /// Learns from what the stack sent where its window is.
    fn look(&mut self, bytes: &[u8]) {
        let Ok(packet) = Packet::parse(bytes) else {
            return;
        };
        let Some(segment) = packet.segment() else {
            return;
        };
        self.stack_port = segment.source_port;
        if segment.flags.contains(Flags::RST) {
            return;
        }
        if segment.flags.contains(Flags::SYN) {
            self.seen.iss = segment.seq.0;
            self.seen.shift = segment.window_scale().unwrap_or(0);
            self.seen.end = segment.seq_end().0;
        }
        let end = segment.seq_end().0;
        if end.wrapping_sub(self.seen.end) < u32::MAX / 2 {
            self.seen.end = end;
        }
        if segment.flags.contains(Flags::ACK) {
            self.seen.ack = segment.ack.0;
            self.seen.window = segment.window.into();
        }
    }
}
