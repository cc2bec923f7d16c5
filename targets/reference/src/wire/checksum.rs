//! The Internet checksum (RFC 1071), and the pseudo-headers of TCP and ICMPv6.

use core::net::IpAddr;

/// A one's complement sum in the making.
///
/// It reads eight octets at once and adds their halves, words of four octets, in the byte order of the machine: RFC 1071 section 2 (B) and (C) show that neither the width
/// nor the order matters until the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds bytes; only the last piece may have an odd length: it is padded with zeros.
    #[must_use]
    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let whole: u64 = words.iter().map(|word| both_halves(*word)).sum();
        let mut last = [0; 8];
        for (padded, octet) in last.iter_mut().zip(rest) {
            *padded = *octet;
        }
        Self(self.0 + whole + both_halves(last))
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
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        self.add_address(source)
            .add_address(destination)
            .add(&length)
            .add(&[0, protocol])
    }

    fn add_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.add(&address.octets()),
            IpAddr::V6(address) => self.add(&address.octets()),
        }
    }

    /// The checksum: 0 over data that contain a right one.
    #[must_use]
    pub(crate) fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::from_be_bytes((sum as u16).to_ne_bytes())
    }
}

/// The sum of the two words of four octets in these eight, with room for the carries of many more.
fn both_halves(octets: [u8; 8]) -> u64 {
    let both = u64::from_ne_bytes(octets);
    (both & u64::from(u32::MAX)) + (both >> 32)
}
