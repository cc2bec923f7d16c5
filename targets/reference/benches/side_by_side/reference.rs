//! The reference stack as a host.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use halfopen_reference::{
    Config, ConnectionId, ConnectionOptions, Endpoint, Event, Instant, Received, SendFlags, Stack,
    State,
};

use crate::host::{BUFFER, Host, MTU, PORT, READ};

pub(crate) struct Reference {
    stack: Stack,
    address: IpAddr,
    options: ConnectionOptions,
    listener: Option<ConnectionId>,
    connection: Option<ConnectionId>,
    /// The connection's, as events told.
    state: State,
}

impl Reference {
    fn connection(&mut self) -> ConnectionId {
        if let (None, Some(listener)) = (self.connection, self.listener) {
            self.connection = self.stack.accept(listener).expect("it listens");
        }
        self.connection.expect("the connection is there")
    }

    fn look_at_events(&mut self) {
        while let Some(event) = self.stack.poll_event() {
            if let Event::Transition { to, .. } = event {
                self.state = to;
            }
        }
    }

    fn endpoint(address: impl Into<IpAddr>) -> Endpoint {
        Endpoint::new(address.into(), PORT)
    }
}

impl Host for Reference {
    fn new(address: Ipv4Addr) -> Self {
        let mut config = Config::with_addresses(&[address.into()]);
        config.mtu = MTU;
        config.receive_buffer = BUFFER;
        config.send_buffer = BUFFER;
        let options = ConnectionOptions::new(&config);
        Self {
            stack: Stack::new(config),
            address: address.into(),
            options,
            listener: None,
            connection: None,
            state: State::Closed,
        }
    }

    fn listen(&mut self, now: u64) {
        let local = Self::endpoint(self.address);
        let opened = self
            .stack
            .open_passive(Instant(now), local, None, 8, &self.options);
        self.listener = Some(opened.expect("the port is free"));
    }

    fn connect(&mut self, now: u64, remote: Ipv4Addr) {
        let opened = self.stack.open_active(
            Instant(now),
            Endpoint::UNSPECIFIED_V4,
            Self::endpoint(remote),
            &self.options,
        );
        self.connection = Some(opened.expect("a port is free"));
    }

    fn is_established(&mut self) -> bool {
        self.look_at_events();
        self.state == State::Established
    }

    fn send(&mut self, now: u64, text: &[u8]) -> usize {
        let connection = self.connection();
        let flags = SendFlags::default();
        self.stack
            .send(Instant(now), connection, text, flags)
            .expect("the connection is open")
    }

    fn receive(&mut self, now: u64) -> usize {
        let connection = self.connection();
        let mut octets = 0;
        while let Ok(Received::Data(some)) = self.stack.receive(Instant(now), connection, READ) {
            octets += black_box(some).len();
        }
        octets
    }

    fn close(&mut self, now: u64) {
        let connection = self.connection();
        self.stack
            .close(Instant(now), connection)
            .expect("the connection is open");
    }

    fn is_closed(&mut self) -> bool {
        self.look_at_events();
        matches!(self.state, State::TimeWait | State::Closed)
    }

    fn handle(&mut self, now: u64, packet: Vec<u8>) {
        self.stack.handle_packet(Instant(now), &packet);
        self.look_at_events();
    }

    fn wake(&mut self, now: u64) {
        self.stack.handle_timeout(Instant(now));
    }

    fn deadline(&mut self, _now: u64) -> Option<u64> {
        self.stack.poll_timeout().map(Instant::as_micros)
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.stack.poll_packet()
    }
}
