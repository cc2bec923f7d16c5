//! Two hosts with nothing but memory between them.

use std::hint::black_box;
use std::net::Ipv4Addr;

use crate::host::{BUFFER, Host};

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// How long a packet is under way, in microseconds.
const DELAY: u64 = 50;

/// A chunk of text for the sender.
static TEXT: [u8; 64 << 10] = [0x5a; 64 << 10];

/// What is done to a host, and when.
pub(crate) enum Step {
    Handle(Vec<u8>),
    Send(usize),
    Receive,
    Wake,
}

/// A client, a server, and the time.
pub(crate) struct Path<C, S> {
    pub(crate) client: C,
    pub(crate) server: S,
    pub(crate) now: u64,
    /// What was done to the client since [`Path::record`].
    log: Option<Vec<(u64, Step)>>,
}

impl<C: Host, S: Host> Path<C, S> {
    pub(crate) fn new() -> Self {
        Self {
            client: C::new(CLIENT),
            server: S::new(SERVER),
            now: 1_000_000,
            log: None,
        }
    }

    /// A pair with a connection that has been in use for a while: buffers and windows have grown, memory was touched.
    pub(crate) fn in_use() -> Self {
        let mut path = Self::new();
        path.open();
        for octets in [4 * BUFFER; 2] {
            assert_eq!(path.carry(octets), octets);
            assert_eq!(path.carry_back(octets), octets);
        }
        path
    }

    /// Notes from here on what is done to the client.
    pub(crate) fn record(&mut self) {
        self.log = Some(Vec::new());
    }

    pub(crate) fn recorded(self) -> Vec<(u64, Step)> {
        self.log.unwrap_or_default()
    }

    pub(crate) fn open(&mut self) {
        self.server.listen(self.now);
        self.client.connect(self.now, SERVER);
        while !(self.client.is_established() && self.server.is_established()) {
            self.round();
        }
    }

    pub(crate) fn close(&mut self) {
        self.client.close(self.now);
        self.round();
        self.server.close(self.now);
        while !(self.client.is_closed() && self.server.is_closed()) {
            self.round();
        }
    }

    /// Carries `octets` from the client to the server; how many arrived.
    pub(crate) fn carry(&mut self, octets: usize) -> usize {
        let (mut sent, mut arrived) = (0, 0);
        while arrived < octets {
            while sent < octets {
                let some = TEXT.len().min(octets - sent);
                let taken = self.client.send(self.now, &TEXT[..some]);
                self.note(|| Step::Send(some));
                if taken == 0 {
                    break;
                }
                sent += taken;
            }
            self.round();
            arrived += self.server.receive(self.now);
        }
        arrived
    }

    /// Carries `octets` from the server to the client.
    pub(crate) fn carry_back(&mut self, octets: usize) -> usize {
        let (mut sent, mut arrived) = (0, 0);
        while arrived < octets {
            while sent < octets {
                let some = TEXT.len().min(octets - sent);
                match self.server.send(self.now, &TEXT[..some]) {
                    0 => break,
                    taken => sent += taken,
                }
            }
            self.round();
            arrived += self.client.receive(self.now);
            self.note(|| Step::Receive);
        }
        arrived
    }

    /// Everything that both have sent arrives; if that is nothing, time goes on to the next timer.
    fn round(&mut self) {
        self.now += DELAY;
        let mut quiet = true;
        while let Some(packet) = self.client.take() {
            self.server.handle(self.now, packet);
            quiet = false;
        }
        self.now += DELAY;
        while let Some(packet) = self.server.take() {
            self.note(|| Step::Handle(packet.clone()));
            self.client.handle(self.now, packet);
            quiet = false;
        }
        if quiet {
            self.wait();
        }
    }

    fn wait(&mut self) {
        let (client, server) = (
            self.client.deadline(self.now),
            self.server.deadline(self.now),
        );
        let next = client.into_iter().chain(server).min();
        self.now = self.now.max(next.expect("both hosts wait for nothing"));
        self.note(|| Step::Wake);
        self.client.wake(self.now);
        self.server.wake(self.now);
    }

    fn note(&mut self, step: impl FnOnce() -> Step) {
        let now = self.now;
        if let Some(log) = &mut self.log {
            log.push((now, step()));
        }
    }
}

/// Does one recorded thing to a host, and what a driver does then: its packets are taken, and it is asked when to be looked
/// at next.
///
/// Kept a function of its own, so that callgrind can count what happens in it and nothing else.
#[inline(never)]
pub(crate) fn apply<H: Host>(host: &mut H, now: u64, step: &Step) {
    match step {
        Step::Handle(packet) => host.handle(now, packet.clone()),
        Step::Send(octets) => {
            host.send(now, &TEXT[..*octets]);
        }
        Step::Receive => {
            host.receive(now);
        }
        Step::Wake => host.wake(now),
    }
    while host.take().is_some() {}
    black_box(host.deadline(now));
}
