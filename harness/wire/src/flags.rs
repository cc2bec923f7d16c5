//! The twelve bits of a TCP header that are control bits or reserved.

use std::{fmt, ops};

/// The control bits (RFC 9293 §3.1, AE from RFC 9768) and the three bits still reserved.
///
/// The value is the low 12 bits of octets 12 and 13 of the header, read as one big-endian number; the data offset
/// above them belongs to [`Segment`](crate::Segment).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// No bit at all.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push function.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x020);
    /// ECN echo (RFC 3168).
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN (RFC 9768), once the nonce sum.
    pub const AE: Self = Self(0x100);
    /// The three bits that RFC 9293 leaves reserved.
    pub const RESERVED: Self = Self(0xe00);

    const LETTERS: [(Self, char); 9] = [
        (Self::FIN, 'F'),
        (Self::SYN, 'S'),
        (Self::RST, 'R'),
        (Self::PSH, 'P'),
        (Self::ACK, '.'),
        (Self::URG, 'U'),
        (Self::ECE, 'E'),
        (Self::CWR, 'W'),
        (Self::AE, 'A'),
    ];

    /// The flags whose bits are given; bits above the twelfth are dropped.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & 0x0fff)
    }

    /// The twelve bits as a number.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no bit is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits of `self` that `other` does not have.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The AccECN counter ACE that the bits AE, CWR and ECE make up, 0 to 7 (RFC 9768 §3.2.2).
    #[must_use]
    pub const fn ace(self) -> u8 {
        ((self.0 >> 6) & 7) as u8
    }
}

impl ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl ops::BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

/// The letters of packetdrill, in its order: `FSRP.UEWA`, and `-` when none is set. Reserved bits have no letter
/// there; they follow as a number in hexadecimal: `S.|0x200`.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        text.extend(
            Self::LETTERS
                .iter()
                .filter(|(flag, _)| self.contains(*flag))
                .map(|(_, letter)| letter),
        );
        if text.is_empty() {
            text.push('-');
        }
        if self.intersects(Self::RESERVED) {
            text.push_str(&format!("|{:#x}", self.0 & Self::RESERVED.0));
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_follow_the_order_of_packetdrill() {
        let cases = [
            (Flags::NONE, "-"),
            (Flags::SYN, "S"),
            (Flags::SYN | Flags::ACK, "S."),
            (Flags::FIN | Flags::PSH | Flags::ACK, "FP."),
            (Flags::SYN | Flags::ECE | Flags::CWR | Flags::AE, "SEWA"),
            (Flags::from_bits(0x1ff), "FSRP.UEWA"),
            (Flags::from_bits(0xe00), "-|0xe00"),
            (Flags::from_bits(0x412), "S.|0x400"),
        ];
        for (flags, text) in cases {
            assert_eq!(flags.to_string(), text);
        }
    }

    #[test]
    fn bits_above_the_twelfth_are_dropped() {
        assert_eq!(Flags::from_bits(0xf010), Flags::ACK);
    }

    #[test]
    fn contains_asks_for_all_and_intersects_for_any() {
        let syn_ack = Flags::SYN.union(Flags::ACK);
        assert!(syn_ack.contains(Flags::ACK));
        assert!(!Flags::ACK.contains(syn_ack));
        assert!(Flags::ACK.intersects(syn_ack));
        assert_eq!(syn_ack.difference(Flags::SYN), Flags::ACK);
    }

    #[test]
    fn ace_reads_ae_as_its_highest_bit() {
        assert_eq!(Flags::AE.ace(), 4);
        assert_eq!(Flags::CWR.ace(), 2);
        assert_eq!(Flags::ECE.ace(), 1);
    }
}
