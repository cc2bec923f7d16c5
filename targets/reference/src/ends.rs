//! The two ends of a connection as numbers, to be looked up by.

use core::net::IpAddr;

use crate::Endpoint;

/// What tells connections apart (RFC 9293 section 3.9: the pair of sockets).
///
/// Numbers and not addresses: they are compared quickly, and made in registers, where a copy of an address that was just read
/// from a packet would have to wait until that is written.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Ends {
    ports: u32,
    local: (bool, u128),
    remote: (bool, u128),
}

impl Ends {
    pub(crate) fn of(local: &Endpoint, remote: &Endpoint) -> Self {
        Self {
            ports: u32::from(local.port) << 16 | u32::from(remote.port),
            local: number(&local.addr),
            remote: number(&remote.addr),
        }
    }
}

/// The address, and whether it is one of IPv6: none is the same as one of IPv4.
fn number(addr: &IpAddr) -> (bool, u128) {
    match addr {
        IpAddr::V4(addr) => (false, u128::from(u32::from(*addr))),
        IpAddr::V6(addr) => (true, u128::from(*addr)),
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    #[test]
    fn ends_differ_by_each_address_each_port_and_the_family() {
        let [a, b] = [1, 2].map(|last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
        let end = |addr, port| Endpoint::new(addr, port);
        let ends = Ends::of(&end(a, 1), &end(b, 2));
        let compatible = Ipv4Addr::new(192, 0, 2, 1).to_bits();
        let compatible = IpAddr::V6(u128::from(compatible).into());
        for (local, remote) in [
            (end(b, 2), end(a, 1)),
            (end(b, 1), end(b, 2)),
            (end(a, 1), end(a, 2)),
            (end(a, 3), end(b, 2)),
            (end(a, 1), end(b, 3)),
            (end(compatible, 1), end(b, 2)),
        ] {
            assert_ne!(Ends::of(&local, &remote), ends, "{local} {remote}");
        }
        assert_eq!(Ends::of(&end(a, 1), &end(b, 2)), ends);
    }
}
