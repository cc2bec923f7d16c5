//! smoltcp as a host.

use std::collections::VecDeque;
use std::hint::black_box;
use std::mem;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

use crate::host::{BUFFER, Host, MTU, PORT, READ};

pub(crate) struct Smoltcp {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    /// Memory for the socket, until it is made.
    buffers: Option<[SocketBuffer<'static>; 2]>,
    socket: Option<SocketHandle>,
}

/// The time of the last poll, in milliseconds: smoltcp asks for its timestamps' clock by a function without arguments.
static CLOCK: AtomicU32 = AtomicU32::new(0);

impl Smoltcp {
    fn poll(&mut self, now: u64) {
        let millis = u32::try_from(now / 1_000).expect("a short time");
        CLOCK.store(millis, Ordering::Relaxed);
        self.interface
            .poll(at(now), &mut self.wire, &mut self.sockets);
    }

    /// Makes the socket: that is a part of opening a connection, but the memory for its buffers is there already.
    fn open(&mut self) -> SocketHandle {
        let [receive, send] = self.buffers.take().expect("it opens but once");
        let mut socket = Socket::new(receive, send);
        socket.set_congestion_control(CongestionControl::Cubic);
        socket.set_tsval_generator(Some(|| CLOCK.load(Ordering::Relaxed)));
        *self.socket.insert(self.sockets.add(socket))
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        let socket = self.socket.expect("it was opened");
        self.sockets.get_mut(socket)
    }
}

fn at(now: u64) -> Instant {
    Instant::from_micros(i64::try_from(now).expect("a short time"))
}

impl Host for Smoltcp {
    fn new(address: Ipv4Addr) -> Self {
        let mut wire = Wire::default();
        let config = Config::new(HardwareAddress::Ip);
        let mut interface = Interface::new(config, &mut wire, at(0));
        interface.update_ip_addrs(|addresses| {
            let here = IpCidr::new(IpAddress::Ipv4(address), 24);
            addresses.push(here).expect("there is room for one");
        });
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        Self {
            wire,
            interface,
            sockets: SocketSet::new(Vec::new()),
            buffers: Some([buffer(), buffer()]),
            socket: None,
        }
    }

    fn listen(&mut self, _now: u64) {
        self.open();
        self.socket().listen(PORT).expect("the port is free");
    }

    fn connect(&mut self, now: u64, remote: Ipv4Addr) {
        let socket = self.open();
        let socket = self.sockets.get_mut::<Socket<'_>>(socket);
        socket
            .connect(self.interface.context(), (remote, PORT), 49_152)
            .expect("the socket is unused");
        self.poll(now);
    }

    fn is_established(&mut self) -> bool {
        self.socket().state() == State::Established
    }

    fn send(&mut self, now: u64, text: &[u8]) -> usize {
        let taken = self.socket().send_slice(text);
        self.poll(now);
        taken.expect("the connection is open")
    }

    fn receive(&mut self, now: u64) -> usize {
        let mut octets = 0;
        loop {
            let read = self.socket().recv(|some| {
                let some = some.get(..READ).unwrap_or(some).to_vec();
                (some.len(), some)
            });
            match read.map(black_box) {
                Ok(some) if !some.is_empty() => octets += some.len(),
                _ => break,
            }
        }
        self.poll(now);
        octets
    }

    fn close(&mut self, now: u64) {
        self.socket().close();
        self.poll(now);
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.socket().state(), State::TimeWait | State::Closed)
    }

    fn handle(&mut self, now: u64, packet: Vec<u8>) {
        self.wire.arrived.push_back(packet);
        self.poll(now);
    }

    fn wake(&mut self, now: u64) {
        self.poll(now);
    }

    fn deadline(&mut self, now: u64) -> Option<u64> {
        let due = self.interface.poll_at(at(now), &self.sockets)?;
        u64::try_from(due.total_micros()).ok()
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.wire.sent.pop_front()
    }
}

/// A link that is memory.
#[derive(Default)]
struct Wire {
    arrived: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
}

impl Device for Wire {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Arrived, Sending<'_>)> {
        let packet = self.arrived.pop_front()?;
        Some((Arrived(packet), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

struct Arrived(Vec<u8>);

impl RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(mut self, f: F) -> R {
        f(&mem::take(&mut self.0))
    }
}

struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}
