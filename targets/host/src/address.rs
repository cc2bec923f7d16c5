//! Addresses as sockets see them and as the wire does: IPv4-mapped IPv6, and what a bound port excludes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use halfopen_target::{Address, AddressFamily, Errno};

/// Where a socket is bound, in the wire's terms: a mapped address is an IPv4 one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    /// Bound to `::` by a socket that takes IPv4, too.
    pub(crate) dual_stack: bool,
}

impl Bound {
    /// Whether a segment could be for either of the two.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.port == other.port && (self.ip == other.ip || self.covers(other) || other.covers(self))
    }

    fn covers(self, other: Self) -> bool {
        self.ip.is_unspecified()
            && (self.dual_stack || other.dual_stack || self.ip.is_ipv4() == other.ip.is_ipv4())
    }

    pub(crate) const fn endpoint(self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }
}

/// The family of an address on the wire.
pub(crate) const fn family(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::Ipv4,
        IpAddr::V6(_) => AddressFamily::Ipv6,
    }
}

/// Any address of this family.
pub(crate) const fn unspecified(family: AddressFamily) -> IpAddr {
    match family {
        AddressFamily::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        AddressFamily::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// What a socket of this family means by an address: a mapped one is IPv4 on the wire.
///
/// # Errors
/// When the structure is of another family than the socket, as Linux says it.
pub(crate) fn to_wire(socket: AddressFamily, address: SocketAddr) -> Result<SocketAddr, Errno> {
    match (socket, address) {
        (AddressFamily::Ipv4, SocketAddr::V4(_)) => Ok(address),
        (AddressFamily::Ipv4, SocketAddr::V6(_)) => Err(Errno::EAFNOSUPPORT),
        // `sockaddr_in` is too short to be a `sockaddr_in6`.
        (AddressFamily::Ipv6, SocketAddr::V4(_)) => Err(Errno::EINVAL),
        (AddressFamily::Ipv6, SocketAddr::V6(v6)) => {
            let ip = match v6.ip().to_ipv4_mapped() {
                Some(mapped) => IpAddr::V4(mapped),
                None => IpAddr::V6(*v6.ip()),
            };
            Ok(SocketAddr::new(ip, v6.port()))
        }
    }
}

/// An endpoint of the wire as a socket of this family shows it to its user.
pub(crate) fn to_user(socket: AddressFamily, endpoint: SocketAddr) -> SocketAddr {
    match (socket, endpoint.ip()) {
        (AddressFamily::Ipv6, IpAddr::V4(ip)) => {
            SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), endpoint.port())
        }
        _ => endpoint,
    }
}

/// What `bind` is asked for: `AF_UNSPEC` with a zero address passes for `INADDR_ANY`, for IPv4 only.
pub(crate) fn to_bind(socket: AddressFamily, address: Address) -> Result<SocketAddr, Errno> {
    match (socket, address) {
        (_, Address::Inet(address)) => to_wire(socket, address),
        (AddressFamily::Ipv4, Address::Unspecified) => Ok(SocketAddr::new(unspecified(socket), 0)),
        (AddressFamily::Ipv6, Address::Unspecified) => Err(Errno::EAFNOSUPPORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(ip: &str, dual_stack: bool) -> Bound {
        let ip = ip.parse().expect("an address");
        Bound {
            ip,
            port: 80,
            dual_stack,
        }
    }

    #[test]
    fn a_wildcard_overlaps_every_address_of_its_families() {
        let any_v4 = bound("0.0.0.0", false);
        let one_v4 = bound("192.168.0.1", false);
        let any_v6 = bound("::", false);
        let any_both = bound("::", true);
        assert!(any_v4.overlaps(one_v4) && one_v4.overlaps(any_v4));
        assert!(!any_v6.overlaps(one_v4) && !any_v6.overlaps(any_v4));
        assert!(any_both.overlaps(one_v4) && any_v4.overlaps(any_both));
        assert!(!one_v4.overlaps(bound("192.168.0.2", false)));
        assert!(!one_v4.overlaps(Bound { port: 81, ..one_v4 }));
    }

    #[test]
    fn a_mapped_address_is_ipv4_on_the_wire_and_mapped_for_the_user() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:80".parse().expect("an endpoint");
        let plain: SocketAddr = "192.0.2.1:80".parse().expect("an endpoint");
        assert_eq!(to_wire(AddressFamily::Ipv6, mapped), Ok(plain));
        assert_eq!(to_user(AddressFamily::Ipv6, plain), mapped);
        assert_eq!(to_user(AddressFamily::Ipv4, plain), plain);
        assert_eq!(to_wire(AddressFamily::Ipv6, plain), Err(Errno::EINVAL));
        assert_eq!(
            to_wire(AddressFamily::Ipv4, mapped),
            Err(Errno::EAFNOSUPPORT)
        );
    }
}
