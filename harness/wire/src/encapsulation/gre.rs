//! The header of generic routing encapsulation (RFC 2784, RFC 2890).
//!
//! pnet's view of it panics where a packet states a source route, so the octets are read here.

use std::fmt;

use crate::checksum;

/// A GRE header of version 0 without a source route, as it stands on the wire.
///
/// Which of the fields in `Option` are there is one thing, and what `flags` say of it another; they agree in anything
/// parsed or [finished](crate::Encapsulated::finish).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gre {
    /// The first two octets: C, R, K, S, reserved bits and the version.
    pub flags: u16,
    /// The EtherType of what follows.
    pub protocol_type: u16,
    /// The checksum over header and payload, and the 16 bits behind it (reserved; to RFC 1701 an offset).
    pub checksum: Option<(u16, u16)>,
    /// The key (RFC 2890).
    pub key: Option<u32>,
    /// The sequence number (RFC 2890).
    pub sequence: Option<u32>,
}

impl Gre {
    /// C: a checksum is there.
    pub const CHECKSUM: u16 = 0x8000;
    /// R: a source route is there (RFC 1701; RFC 2784 wants zero).
    pub const ROUTING: u16 = 0x4000;
    /// K: a key is there.
    pub const KEY: u16 = 0x2000;
    /// S: a sequence number is there.
    pub const SEQUENCE: u16 = 0x1000;
    /// The version. 1 is PPTP's (RFC 2637), whose key is laid out in another way.
    const VERSION: u16 = 0x0007;

    /// The header that `bytes` begin with, and what is behind it; `None` when it is cut short, of another version, or with
    /// a source route.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (first, mut rest) = bytes.split_first_chunk::<4>()?;
        let [a, b, c, d] = *first;
        let flags = u16::from_be_bytes([a, b]);
        if flags & (Self::ROUTING | Self::VERSION) != 0 {
            return None;
        }
        let mut word = |flag: u16| {
            if flags & flag == 0 {
                return Some(None);
            }
            let (word, behind) = rest.split_first_chunk::<4>()?;
            rest = behind;
            Some(Some(u32::from_be_bytes(*word)))
        };
        let checksum = word(Self::CHECKSUM)?;
        let gre = Self {
            flags,
            protocol_type: u16::from_be_bytes([c, d]),
            checksum: checksum.map(|word| ((word >> 16) as u16, word as u16)),
            key: word(Self::KEY)?,
            sequence: word(Self::SEQUENCE)?,
        };
        Some((gre, rest))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.flags.to_be_bytes().to_vec();
        bytes.extend(self.protocol_type.to_be_bytes());
        if let Some((checksum, behind)) = self.checksum {
            bytes.extend(checksum.to_be_bytes());
            bytes.extend(behind.to_be_bytes());
        }
        bytes.extend(self.key.into_iter().flat_map(u32::to_be_bytes));
        bytes.extend(self.sequence.into_iter().flat_map(u32::to_be_bytes));
        bytes
    }

    /// Sets the flags of the fields that are there, the protocol type where it is known, and the checksum over all.
    pub(super) fn finish(&mut self, protocol_type: Option<u16>, payload: &[u8]) {
        let flag = |is_there: bool, flag: u16| if is_there { flag } else { 0 };
        self.flags = self.flags & !(Self::CHECKSUM | Self::KEY | Self::SEQUENCE)
            | flag(self.checksum.is_some(), Self::CHECKSUM)
            | flag(self.key.is_some(), Self::KEY)
            | flag(self.sequence.is_some(), Self::SEQUENCE);
        self.protocol_type = protocol_type.unwrap_or(self.protocol_type);
        if let Some((checksum, _)) = &mut self.checksum {
            *checksum = 0;
            let sum = !checksum::sum(&[&self.encode(), payload]);
            if let Some((checksum, _)) = &mut self.checksum {
                *checksum = sum;
            }
        }
    }
}

/// As a script writes it, without the protocol type, which follows from what is inside.
impl fmt::Display for Gre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sum, offset) = self.checksum.unwrap_or_default();
        write!(
            f,
            "gre flags {:#x}, sum {sum:#x}, off {offset:#x}, key = {:#x}, seq {:#x}",
            self.flags,
            self.key.unwrap_or(0),
            self.sequence.unwrap_or(0)
        )
    }
}
