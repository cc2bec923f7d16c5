//! The Internet checksum (RFC 1071), and the pseudo-headers of TCP and ICMPv6.

use core::net::IpAddr;

/// A one's complement sum in the making.
///
/// Words of four octets are added in the byte order of the machine: RFC 1071 section 2 (B) and (C) show that neither the width
/// nor the order matters until the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds bytes; only the last piece may have an odd length: it is padded with a zero.
    ///
    /// One copy of its loops, whoever asks: together they would not leave room in an instruction cache.
    #[inline(never)]
    #[must_use]
    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let (doubles, rest) = bytes.as_chunks::<8>();
        let (pairs, odd) = rest.as_chunks::<2>();
        let rest: u64 = pairs.iter().map(|pair| word(*pair)).sum();
        let odd = odd.first().map_or(0, |octet| word([*octet, 0]));
        Self(self.0 + sum_of_halves(doubles) + rest + odd)
    }

    /// Adds the pseudo-header of a payload of `length` octets.
    #[must_use]
    pub(crate) fn add_pseudo_header(
        self,
        source: IpAddr,
        destination: IpAddr,
        protocol: u8,
        length: usize,
    ) -> Self {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.add_address(source)
            .add_address(destination)
            .add_number(length)
            .add_number(u32::from(protocol))
    }

    #[inline]
    fn add_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.add_number(u32::from(address)),
            IpAddr::V6(address) => self.add(&address.octets()),
        }
    }

    /// Adds two words.
    pub(crate) fn add_number(self, number: u32) -> Self {
        Self(self.0 + u64::from(number.to_be()))
    }

    /// The checksum: 0 over data that contain a right one.
    #[must_use]
    pub(crate) fn finish(self) -> u16 {
        // The words of the longest packet have a sum of 50 bits at the most: 35, 20, 17 and 16 are left after each step.
        let folded = (0..4).fold(self.0, |sum, _| (sum & 0xffff) + (sum >> 16));
        !u16::from_be_bytes((folded as u16).to_ne_bytes())
    }
}

fn word(octets: [u8; 2]) -> u64 {
    u64::from(u16::from_ne_bytes(octets))
}

/// The sum of all words of four octets, with room for the carries of many more.
///
/// The upper halves alone, and all eight octets modulo 2^64, are quickly added; the lower halves are the difference.
fn sum_of_halves(doubles: &[[u8; 8]]) -> u64 {
    let (all, upper) = doubles.iter().fold((0_u64, 0_u64), |(all, upper), octets| {
        let double = u64::from_ne_bytes(*octets);
        (all.wrapping_add(double), upper + (double >> 32))
    });
    all.wrapping_sub(upper << 32) + upper
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::Sum;

    /// RFC 1071 section 1, word by word.
    fn plain(bytes: &[u8]) -> u16 {
        let words = bytes.chunks(2).map(|pair| match *pair {
            [upper, lower] => u32::from(u16::from_be_bytes([upper, lower])),
            _ => u32::from(u16::from_be_bytes([pair[0], 0])),
        });
        let sum = words.fold(0, |sum, word| {
            let sum = sum + word;
            (sum & 0xffff) + (sum >> 16)
        });
        !(sum as u16)
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_words_whatever_the_pieces(
            first in prop::collection::vec(any::<[u8; 2]>(), 0..40),
            second in prop::collection::vec(any::<u8>(), 0..90),
        ) {
            let first = first.concat();
            let sum = Sum::default().add(&first).add(&second).finish();
            let whole: Vec<u8> = first.into_iter().chain(second).collect();
            prop_assert_eq!(sum, plain(&whole));
        }
    }

    #[test]
    fn the_largest_packet_of_ones_does_not_overflow() {
        let ones = [0xff; 65_535];
        assert_eq!(Sum::default().add(&ones).finish(), plain(&ones));
    }
}
