//! Initial sequence numbers (RFC 6528; RFC 9293 section 3.4.1) and other values drawn from the secret.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::siphash::siphash_2_4;
use crate::{Endpoint, Instant, Seq};

/// What a hash is for, so that no two uses share their output.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    InitialSequenceNumber = 1,
    TimestampOffset = 2,
    PortOffset = 3,
}

/// ISN = M + F(localip, localport, remoteip, remoteport, secretkey).
///
/// RFC 9293 MUST-8: M ticks every 4 microseconds. RFC 9293 MUST-9, SHLD-1: F is a keyed hash.
pub(crate) fn initial_sequence_number(
    secret: &[u8; 16],
    now: Instant,
    local: Endpoint,
    remote: Endpoint,
) -> Seq {
    let m = (now.as_micros() / 4) as u32;
    let f = hash(secret, Purpose::InitialSequenceNumber, local, remote) as u32;
    Seq(m).wrapping_add(f)
}

/// Where the timestamp clock of a connection begins (RFC 7323 section 5.4, security considerations).
pub(crate) fn timestamp_offset(secret: &[u8; 16], local: Endpoint, remote: Endpoint) -> u32 {
    hash(secret, Purpose::TimestampOffset, local, remote) as u32
}

/// Where the search for an unused local port begins (RFC 6056, algorithm 3).
pub(crate) fn port_offset(secret: &[u8; 16], local: Endpoint, remote: Endpoint) -> u32 {
    hash(secret, Purpose::PortOffset, local, remote) as u32
}

fn hash(secret: &[u8; 16], purpose: Purpose, local: Endpoint, remote: Endpoint) -> u64 {
    let mut data = Vec::with_capacity(40);
    data.push(purpose as u8);
    for endpoint in [local, remote] {
        match endpoint.addr {
            IpAddr::V4(addr) => data.extend(addr.octets()),
            IpAddr::V6(addr) => data.extend(addr.octets()),
        }
        data.extend(endpoint.port.to_be_bytes());
    }
    siphash_2_4(secret, &data)
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    fn endpoint(host: u8, port: u16) -> Endpoint {
        Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
    }

    #[test]
    fn the_clock_part_ticks_every_four_microseconds() {
        let isn = |now| {
            initial_sequence_number(&[7; 16], Instant(now), endpoint(1, 80), endpoint(2, 1024))
        };
        assert_eq!(isn(0).distance_to(isn(3)), 0);
        assert_eq!(isn(0).distance_to(isn(4)), 1);
        assert_eq!(isn(0).distance_to(isn(4_000_000)), 1_000_000);
    }

    #[test]
    fn tuples_and_secrets_have_unrelated_numbers() {
        let isn = |secret, port| {
            initial_sequence_number(
                &[secret; 16],
                Instant::ZERO,
                endpoint(1, 80),
                endpoint(2, port),
            )
        };
        assert_ne!(isn(7, 1024), isn(7, 1025));
        assert_ne!(isn(7, 1024), isn(8, 1024));
        assert_ne!(
            isn(7, 1024).distance_to(isn(7, 1025)),
            isn(7, 1025).distance_to(isn(7, 1026))
        );
    }

    #[test]
    fn where_clocks_and_ports_begin_nobody_can_tell_from_elsewhere() {
        for offset in [timestamp_offset, port_offset] {
            let of = |secret, port| offset(&[secret; 16], endpoint(1, 80), endpoint(2, port));
            let known = of(7, 1024);
            assert_ne!(known, of(7, 1025));
            assert_ne!(known, of(8, 1024));
        }
        let at = |offset: fn(&[u8; 16], Endpoint, Endpoint) -> u32| {
            offset(&[7; 16], endpoint(1, 80), endpoint(2, 1024))
        };
        assert_ne!(at(timestamp_offset), at(port_offset));
    }
}
