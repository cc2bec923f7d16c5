//! `IP_OPTIONS`: of the options of IPv4 (RFC 791 section 3.1), source routes.

use std::net::Ipv4Addr;

use halfopen_target::posix::IPPROTO_IP;
use halfopen_target::{Errno, OptionValue, Returned};

use super::numbers::IP_OPTIONS;
use super::value;
use crate::call::Reply;
use crate::host::Host;
use crate::socket::SocketId;
use crate::{InProcessStack, StackOption};

/// Octets of options that a header can have.
const MOST: usize = 40;
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;
/// Addresses of a route.
const MAX_HOPS: usize = 9;

/// Hosts to pass on the way to the remote, from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRoute {
    /// Nobody else may be passed in between.
    pub strict: bool,
    hops: [Ipv4Addr; MAX_HOPS],
    count: usize,
}

impl SourceRoute {
    /// The hosts, at least one.
    #[must_use]
    pub fn hops(&self) -> &[Ipv4Addr] {
        self.hops.get(..self.count).unwrap_or_default()
    }

    /// Reads an option as a user gives it: all addresses are still ahead.
    fn read(option: &[u8]) -> Result<Self, Errno> {
        let (&[kind, _, 4], addresses) = option.split_first_chunk().ok_or(Errno::EINVAL)? else {
            return Err(Errno::EINVAL);
        };
        let (addresses, []) = addresses.as_chunks::<4>() else {
            return Err(Errno::EINVAL);
        };
        if addresses.is_empty() {
            return Err(Errno::EINVAL);
        }
        let mut hops = [Ipv4Addr::UNSPECIFIED; MAX_HOPS];
        for (hop, octets) in hops.iter_mut().zip(addresses) {
            *hop = Ipv4Addr::from(*octets);
        }
        Ok(Self {
            strict: kind == STRICT_ROUTE,
            hops,
            count: addresses.len().min(MAX_HOPS),
        })
    }
}

impl<S: InProcessStack> Host<S> {
    /// `setsockopt`: options, in the form that they have in a header whose destination is the remote.
    pub(super) fn set_ip_options(
        &mut self,
        id: SocketId,
        value: &OptionValue,
        length: Option<u32>,
    ) -> Reply {
        let mut octets = value::bytes_of(value, length);
        if octets.len() > MOST {
            return Err(Errno::EINVAL);
        }
        octets.resize(octets.len().next_multiple_of(4), END);
        let route = StackOption::SourceRoute(source_route(&octets)?);
        self.pass_on(id, IPPROTO_IP, route)?;
        let settings = &mut self.socket_mut(id)?.settings;
        settings.keep(IPPROTO_IP, IP_OPTIONS, route);
        settings.ip_options = octets;
        Ok(Returned::value(0))
    }
}

/// The route among the options, which has to be all that there is: nothing else can be had.
fn source_route(octets: &[u8]) -> Result<Option<SourceRoute>, Errno> {
    let mut found = None;
    let mut rest = octets;
    while let Some((kind, behind)) = rest.split_first() {
        match *kind {
            END => break,
            NO_OPERATION => {
                rest = behind;
                continue;
            }
            _ => {}
        }
        let length = usize::from(*behind.first().ok_or(Errno::EINVAL)?);
        let option = rest.get(..length).filter(|option| option.len() >= 2);
        let option = option.ok_or(Errno::EINVAL)?;
        match *kind {
            LOOSE_ROUTE | STRICT_ROUTE if found.is_some() => return Err(Errno::EINVAL),
            LOOSE_ROUTE | STRICT_ROUTE => found = Some(SourceRoute::read(option)?),
            _ => return Err(Errno::ENOPROTOOPT),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(octets: &[u8]) -> Vec<Ipv4Addr> {
        let route = source_route(octets).unwrap();
        route.map_or(Vec::new(), |route| route.hops().to_vec())
    }

    #[test]
    fn a_route_stands_alone_or_among_padding() {
        let hop = Ipv4Addr::new(10, 0, 0, 1);
        assert_eq!(hops(&[131, 7, 4, 10, 0, 0, 1, 0]), [hop]);
        assert_eq!(hops(&[1, 131, 7, 4, 10, 0, 0, 1]), [hop]);
        assert_eq!(hops(&[137, 11, 4, 10, 0, 0, 1, 10, 0, 0, 1, 0]), [hop, hop]);
        assert!(hops(&[]).is_empty() && hops(&[1, 0, 131, 9]).is_empty());
        let strict = |kind| {
            let route = source_route(&[kind, 7, 4, 10, 0, 0, 1]).unwrap();
            route.unwrap().strict
        };
        assert!(strict(137) && !strict(131));
    }

    #[test]
    fn a_malformed_route_is_refused_and_so_are_other_options() {
        let rows: [&[u8]; 8] = [
            &[131],
            &[131, 1, 4, 0],
            &[131, 3, 4, 0],
            &[131, 2, 0, 0],
            &[131, 6, 4, 10, 0, 0, 0, 0],
            &[131, 7, 8, 10, 0, 0, 1, 0],
            &[131, 11, 4, 10, 0, 0, 1, 0],
            &[131, 7, 4, 10, 0, 0, 1, 137, 7, 4, 10, 0, 0, 1, 0, 0],
        ];
        for octets in rows {
            assert_eq!(source_route(octets), Err(Errno::EINVAL), "{octets:?}");
        }
        // Record Route.
        let other = source_route(&[7, 7, 4, 0, 0, 0, 0, 0]);
        assert_eq!(other, Err(Errno::ENOPROTOOPT));
    }
}
