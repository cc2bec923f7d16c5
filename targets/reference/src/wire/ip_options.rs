//! The options of IPv4 that matter here: source routes (RFC 791 section 3.1).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use crate::SourceRoute;

const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;

/// Kind, length and pointer come before the addresses.
const FIXED: usize = 3;
/// The pointer counts from 1.
const FIRST_POINTER: u8 = 4;

/// A route that brought a packet to its last host: whom it passed, in this order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CompletedRoute<'a> {
    pub(crate) strict: bool,
    pub(crate) recorded: &'a [[u8; 4]],
}

/// A source route in a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Route<'a> {
    /// It is used up.
    Completed(CompletedRoute<'a>),
    /// It goes on, and ends there.
    GoesOn(Ipv4Addr),
}

/// The source route among the options, if there is one, and only one, and it is well formed.
///
/// RFC 9293 MUST-50: all others are passed over, and so is what cannot be read.
#[cold]
pub(super) fn source_route(mut options: &[u8]) -> Option<Route<'_>> {
    let mut found = None;
    while let Some((kind, behind)) = options.split_first() {
        match *kind {
            END => break,
            NO_OPERATION => {
                options = behind;
                continue;
            }
            _ => {}
        }
        // At least kind and length, so that the walk ends.
        let length = behind.first().map_or(0, |length| usize::from(*length));
        if length < 2 {
            break;
        }
        let Some((option, rest)) = options.split_at_checked(length) else {
            break;
        };
        if matches!(*kind, LOOSE_ROUTE | STRICT_ROUTE) {
            if found.is_some() {
                return None; // it must not appear twice
            }
            found = Some(read_route(option)?);
        }
        options = rest;
    }
    found
}

fn read_route(option: &[u8]) -> Option<Route<'_>> {
    let (&[kind, length, pointer], addresses) = option.split_first_chunk::<FIXED>()?;
    let (recorded, []) = addresses.as_chunks::<4>() else {
        return None;
    };
    if pointer > length {
        return Some(Route::Completed(CompletedRoute {
            strict: kind == STRICT_ROUTE,
            recorded,
        }));
    }
    // The pointer names the first octet of an address, and the last address the final destination.
    let names_address = pointer.checked_sub(FIRST_POINTER)? % 4 == 0;
    let last = recorded.last().filter(|_| names_address)?;
    Some(Route::GoesOn(Ipv4Addr::from(*last)))
}

/// Appends the option with which a packet sets out on `route` to `remote`: the header's destination is the first hop.
pub(super) fn push_route(route: &SourceRoute, remote: Ipv4Addr, packet: &mut Vec<u8>) {
    let kind = if route.is_strict() {
        STRICT_ROUTE
    } else {
        LOOSE_ROUTE
    };
    // 40 octets at the most, one of which is padding.
    let length = (route.encoded_len() - 1) as u8;
    packet.extend_from_slice(&[kind, length, FIRST_POINTER]);
    for hop in route.hops().iter().skip(1).chain([&remote]) {
        packet.extend_from_slice(&hop.octets());
    }
    packet.push(END);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn completed(options: &[u8]) -> CompletedRoute<'_> {
        match source_route(options) {
            Some(Route::Completed(route)) => route,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_route_is_used_up_when_the_pointer_is_beyond_its_length() {
        let route = completed(&[131, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0]);
        assert_eq!(
            (route.strict, route.recorded),
            (false, &[[10, 0, 0, 1], [10, 0, 0, 2]][..])
        );
        assert!(completed(&[1, 137, 7, 255, 10, 0, 0, 1]).strict);
        assert!(completed(&[131, 3, 4, 0]).recorded.is_empty());
    }

    #[test]
    fn a_route_that_goes_on_ends_at_its_last_address() {
        for pointer in [4, 8] {
            let options = [131, 11, pointer, 10, 0, 0, 1, 10, 0, 0, 2, 0];
            let end = Ipv4Addr::new(10, 0, 0, 2);
            assert_eq!(source_route(&options), Some(Route::GoesOn(end)));
        }
    }

    #[test]
    fn what_is_malformed_is_no_route() {
        let rows: [&[u8]; 10] = [
            &[],
            &[131],
            &[131, 0, 4, 0],
            &[131, 2, 0, 0],
            &[131, 8, 9, 10, 0, 0, 1],
            &[131, 7, 3, 10, 0, 0, 1, 0],
            &[131, 7, 5, 10, 0, 0, 1, 0],
            &[131, 6, 8, 10, 0, 0, 0, 0],
            &[131, 3, 8, 137, 3, 8, 0, 0],
            &[0, 131, 7, 8, 10, 0, 0, 1],
        ];
        for options in rows {
            assert_eq!(source_route(options), None, "{options:?}");
        }
    }

    #[test]
    fn other_options_are_passed_over() {
        let recorded = completed(&[7, 3, 4, 94, 4, 0, 0, 131, 7, 8, 10, 0, 0, 1, 0, 0]).recorded;
        assert_eq!(recorded, [[10, 0, 0, 1]]);
    }

    proptest! {
        #[test]
        fn no_octets_are_too_strange(
            options in prop::collection::vec(prop_oneof![any::<u8>(), Just(131), 0..16_u8], 0..41),
        ) {
            let _ = source_route(&options);
        }

        /// What sets out is read on its way as what goes on to the remote and, where each hop recorded itself, arrives as the route.
        #[test]
        fn a_route_is_read_as_it_was_written(
            strict: bool,
            hops in prop::collection::vec(any::<[u8; 4]>(), 1..10),
            remote: [u8; 4],
        ) {
            let addresses: Vec<_> = hops.iter().map(|hop| Ipv4Addr::from(*hop)).collect();
            let route = SourceRoute::new(strict, &addresses).unwrap();
            let mut option = Vec::new();
            push_route(&route, remote.into(), &mut option);
            prop_assert_eq!(option.len(), route.encoded_len());
            prop_assert_eq!(source_route(&option), Some(Route::GoesOn(remote.into())));
            option[2] = option[1] + 1;
            for (at, hop) in hops.iter().enumerate() {
                option[3 + 4 * at..7 + 4 * at].copy_from_slice(hop);
            }
            prop_assert_eq!(completed(&option), CompletedRoute { strict, recorded: &hops });
        }
    }
}
