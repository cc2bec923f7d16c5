//! IPv4 source routes as values (RFC 791 section 3.1): what a user gives, and the way back of a packet that came by one.

use core::net::Ipv4Addr;

use crate::wire::CompletedRoute;

/// Hosts that packets to a remote pass on their way, one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceRoute {
    strict: bool,
    count: u8,
    hops: [Ipv4Addr; Self::MAX_HOPS],
}

impl SourceRoute {
    /// As many addresses fit into the options of an IPv4 header.
    pub const MAX_HOPS: usize = 9;

    /// A route by way of these hosts, the first one first; `None` if there are none or too many.
    ///
    /// A loose route may pass others in between, a strict one may not.
    #[must_use]
    pub fn new(strict: bool, hops: &[Ipv4Addr]) -> Option<Self> {
        Self::collect(strict, hops.iter().copied())
    }

    /// Whether no other hosts may be passed in between.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The hosts on the way, the remote not among them.
    #[must_use]
    pub fn hops(&self) -> &[Ipv4Addr] {
        self.hops.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Where packets are sent first: their destination until they arrive there.
    pub(crate) fn first_hop(&self) -> Ipv4Addr {
        self.hops[0]
    }

    /// Octets of the option, padded to whole words; the remote is its last address.
    pub(crate) fn encoded_len(&self) -> usize {
        4 + 4 * usize::from(self.count)
    }

    /// The way back of a packet from `source`: the recorded route, reversed; `None` if it passed nobody.
    ///
    /// RFC 1122 section 3.2.1.8: some hosts record themselves first; they are the destination of the way back and no hop on it.
    pub(crate) fn back(route: CompletedRoute<'_>, source: Ipv4Addr) -> Option<Self> {
        let passed = match route.recorded.split_first() {
            Some((first, rest)) if Ipv4Addr::from(*first) == source => rest,
            _ => route.recorded,
        };
        let hops = passed.iter().rev().map(|octets| Ipv4Addr::from(*octets));
        Self::collect(route.strict, hops)
    }

    fn collect(strict: bool, addresses: impl Iterator<Item = Ipv4Addr>) -> Option<Self> {
        let mut hops = [Ipv4Addr::UNSPECIFIED; Self::MAX_HOPS];
        let mut count = 0;
        for address in addresses {
            *hops.get_mut(usize::from(count))? = address;
            count += 1;
        }
        (count > 0).then_some(Self {
            strict,
            count,
            hops,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: [u8; 4] = [192, 0, 2, 1];
    const FIRST: [u8; 4] = [10, 0, 0, 1];
    const SECOND: [u8; 4] = [10, 0, 0, 2];

    fn back(strict: bool, recorded: &[[u8; 4]]) -> Option<SourceRoute> {
        SourceRoute::back(CompletedRoute { strict, recorded }, SOURCE.into())
    }

    #[test]
    fn a_route_has_one_hop_to_nine() {
        let hop = Ipv4Addr::from(FIRST);
        assert_eq!(SourceRoute::new(false, &[]), None);
        assert_eq!(SourceRoute::new(false, &[hop; 10]), None);
        for count in 1..=9 {
            let route = SourceRoute::new(true, &[hop; 9][..count]).unwrap();
            assert_eq!((route.hops().len(), route.is_strict()), (count, true));
            assert_eq!(route.encoded_len(), 4 + 4 * count);
        }
    }

    #[test]
    fn the_way_back_is_the_recorded_route_reversed() {
        let route = back(true, &[FIRST, SECOND]).unwrap();
        assert_eq!(route.hops(), [SECOND, FIRST].map(Ipv4Addr::from));
        assert_eq!(route.first_hop(), Ipv4Addr::from(SECOND));
        assert!(route.is_strict() && !back(false, &[FIRST]).unwrap().is_strict());
    }

    #[test]
    fn a_source_that_recorded_itself_is_no_hop() {
        let route = back(false, &[SOURCE, FIRST]);
        assert_eq!(route, back(false, &[FIRST]));
        assert_eq!((back(false, &[SOURCE]), back(false, &[])), (None, None));
    }
}
