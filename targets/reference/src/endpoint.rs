//! One end of a connection: an address and a port ("socket" in the words of RFC 9293).

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An IP address and a port in host order.
///
/// In an OPEN, the unspecified address (`0.0.0.0`, `::`) stands for any local address of its family, and
/// port 0 for one that the stack picks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// The IP address.
    pub addr: IpAddr,
    /// The port, in host order.
    pub port: u16,
}

impl Endpoint {
    /// Any IPv4 address, any port.
    pub const UNSPECIFIED_V4: Self = Self::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    /// Any IPv6 address, any port.
    pub const UNSPECIFIED_V6: Self = Self::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

    /// An endpoint of these two parts.
    #[must_use]
    pub const fn new(addr: IpAddr, port: u16) -> Self {
        Self { addr, port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&SocketAddr::new(self.addr, self.port), f)
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(socket: SocketAddr) -> Self {
        Self::new(socket.ip(), socket.port())
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint.addr, endpoint.port)
    }
}
