//! UDP datagrams.

/// A UDP datagram (RFC 768), its fields in host byte order and as they stand on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Udp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Length of header and payload in octets, as stated.
    pub length: u16,
    /// The checksum, as stated; zero over IPv4 means that there is none.
    pub checksum: u16,
    /// Everything behind the header, whatever `length` says.
    pub payload: Vec<u8>,
}

impl Udp {
    /// Length of the header in octets.
    pub const HEADER: usize = 8;

    /// A datagram whose length is right and whose checksum [`Packet::finish`](crate::Packet::finish) will set.
    #[must_use]
    pub fn new(source_port: u16, destination_port: u16, payload: Vec<u8>) -> Self {
        let mut udp = Self {
            source_port,
            destination_port,
            length: 0,
            checksum: 0,
            payload,
        };
        udp.finish();
        udp
    }

    /// Sets the length; a payload that no length can state gets the highest.
    pub fn finish(&mut self) {
        self.length = u16::try_from(Self::HEADER + self.payload.len()).unwrap_or(u16::MAX);
    }
}
