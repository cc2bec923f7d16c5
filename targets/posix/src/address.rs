//! Socket addresses.
#![expect(
    unsafe_code,
    reason = "a sockaddr_storage holds whichever address its family names"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use halfopen_target::Address;

/// Room for a socket address in the C layout, and how much of it is used.
pub struct RawAddress {
    storage: libc::sockaddr_storage,
    length: libc::socklen_t,
}

impl std::fmt::Debug for RawAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RawAddress").field(&self.get()).finish()
    }
}

impl From<&Address> for RawAddress {
    fn from(address: &Address) -> Self {
        match address {
            Address::Inet(SocketAddr::V4(v4)) => {
                let sin = libc::sockaddr_in {
                    sin_family: libc::AF_INET as libc::sa_family_t,
                    sin_port: v4.port().to_be(),
                    sin_addr: libc::in_addr {
                        s_addr: u32::from_ne_bytes(v4.ip().octets()),
                    },
                    sin_zero: [0; 8],
                };
                let mut raw = Self::room();
                // SAFETY: sockaddr_storage is large enough and aligned for every socket address.
                unsafe { std::ptr::write((&raw mut raw.storage).cast(), sin) };
                raw.length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
                raw
            }
            Address::Inet(SocketAddr::V6(v6)) => {
                let sin6 = libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as libc::sa_family_t,
                    sin6_port: v6.port().to_be(),
                    sin6_flowinfo: v6.flowinfo(),
                    sin6_addr: libc::in6_addr {
                        s6_addr: v6.ip().octets(),
                    },
                    sin6_scope_id: v6.scope_id(),
                };
                let mut raw = Self::room();
                // SAFETY: as above.
                unsafe { std::ptr::write((&raw mut raw.storage).cast(), sin6) };
                raw.length = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
                raw
            }
            // All zeros: the family is AF_UNSPEC.
            Address::Unspecified => Self::room(),
        }
    }
}

impl RawAddress {
    /// Room for any address, of which all counts as used.
    #[must_use]
    pub fn room() -> Self {
        // SAFETY: sockaddr_storage is plain data, for which all zeros is a value.
        let storage = unsafe { std::mem::zeroed() };
        Self {
            storage,
            length: size_of::<libc::sockaddr_storage>() as libc::socklen_t,
        }
    }

    /// The address, when it is one of the Internet's.
    #[must_use]
    pub fn get(&self) -> Option<SocketAddr> {
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says that the storage holds a sockaddr_in.
                let sin: libc::sockaddr_in =
                    unsafe { std::ptr::read((&raw const self.storage).cast()) };
                let ip = Ipv4Addr::from(sin.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(sin.sin_port)))
            }
            libc::AF_INET6 => {
                // SAFETY: the family says that the storage holds a sockaddr_in6.
                let sin6: libc::sockaddr_in6 =
                    unsafe { std::ptr::read((&raw const self.storage).cast()) };
                let ip = Ipv6Addr::from(sin6.sin6_addr.s6_addr);
                Some(SocketAddr::new(
                    IpAddr::V6(ip),
                    u16::from_be(sin6.sin6_port),
                ))
            }
            _ => None,
        }
    }

    /// Where the address lies and how long it is, for calls that read one.
    #[must_use]
    pub const fn parts(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.storage).cast(), self.length)
    }

    /// Where the room and its length lie, for calls that write an address there.
    #[must_use]
    pub const fn parts_mut(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        ((&raw mut self.storage).cast(), &raw mut self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_layout() {
        for text in ["192.0.2.1:8080", "[2001:db8::1]:443"] {
            let address: SocketAddr = text.parse().expect("an address");
            let raw = RawAddress::from(&Address::Inet(address));
            assert_eq!(raw.get(), Some(address));
        }
    }

    #[test]
    fn no_family_is_no_address() {
        assert_eq!(RawAddress::from(&Address::Unspecified).get(), None);
    }
}
