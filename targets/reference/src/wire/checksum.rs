//! The Internet checksum (RFC 1071), and the pseudo-headers of TCP and ICMPv6.

use core::net::IpAddr;

/// A one's complement sum in the making.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds bytes; only the last piece may have an odd length, it is padded with zero.
    #[must_use]
    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let whole: u64 = pairs
            .iter()
            .map(|pair| u64::from(u16::from_be_bytes(*pair)))
            .sum();
        let odd = rest.first().map_or(0, |last| u64::from(*last) << 8);
        Self(self.0 + whole + odd)
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
        !(sum as u16)
    }
}
