//! What a stack must offer to be measured.

use std::net::Ipv4Addr;

/// Largest packet.
pub(crate) const MTU: usize = 1_500;

/// Send and receive buffer, in octets.
pub(crate) const BUFFER: usize = 256 << 10;

/// Octets that an application reads at once.
pub(crate) const READ: usize = 32 << 10;

/// The server's port.
pub(crate) const PORT: u16 = 80;

/// A stack with one connection. Every call carries the time, in microseconds.
pub(crate) trait Host {
    /// A host of that address.
    fn new(address: Ipv4Addr) -> Self;

    /// Waits for a connection at [`PORT`].
    fn listen(&mut self, now: u64);

    /// Opens a connection to [`PORT`] of `remote`.
    fn connect(&mut self, now: u64, remote: Ipv4Addr);

    /// Whether the handshake is over.
    fn is_established(&mut self) -> bool;

    /// Hands over octets of `text`; how many were taken.
    fn send(&mut self, now: u64, text: &[u8]) -> usize;

    /// Reads everything that is there; how many octets.
    fn receive(&mut self, now: u64) -> usize;

    /// Nothing more to send.
    fn close(&mut self, now: u64);

    /// Whether the connection is over, TIME-WAIT aside.
    fn is_closed(&mut self) -> bool;

    /// A packet arrives.
    fn handle(&mut self, now: u64, packet: Vec<u8>);

    /// Timers that are due are served.
    fn wake(&mut self, now: u64);

    /// When the next timer is due.
    fn deadline(&mut self, now: u64) -> Option<u64>;

    /// The next packet to go out.
    fn take(&mut self) -> Option<Vec<u8>>;
}
