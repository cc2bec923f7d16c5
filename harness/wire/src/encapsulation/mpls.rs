//! The MPLS label stack (RFC 3032, its traffic class as RFC 5462 names it).

use std::fmt;

/// An entry of a label stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// The label, 20 bits.
    pub label: u32,
    /// The traffic class, 3 bits.
    pub traffic_class: u8,
    /// S: the last entry of the stack.
    pub is_bottom: bool,
    /// Time to live.
    pub ttl: u8,
}

impl From<u32> for Label {
    /// From the word on the wire.
    fn from(word: u32) -> Self {
        Self {
            label: word >> 12,
            traffic_class: (word >> 9) as u8 & 7,
            is_bottom: word & 0x100 != 0,
            ttl: word as u8,
        }
    }
}

impl From<Label> for u32 {
    /// The word on the wire; of numbers wider than their field, the low bits.
    fn from(entry: Label) -> Self {
        entry.label << 12
            | (Self::from(entry.traffic_class) & 7) << 9
            | Self::from(entry.is_bottom) << 8
            | Self::from(entry.ttl)
    }
}

/// As a script writes it.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bottom = if self.is_bottom { " [S]," } else { "" };
        write!(
            f,
            "(label {}, tc {},{bottom} ttl {})",
            self.label, self.traffic_class, self.ttl
        )
    }
}

/// The entries up to the bottom of the stack, and what is behind it; `None` when no entry is marked as the bottom.
pub(super) fn parse(bytes: &[u8]) -> Option<(Vec<Label>, &[u8])> {
    let (mut stack, mut rest) = (Vec::new(), bytes);
    loop {
        let (word, behind) = rest.split_first_chunk::<4>()?;
        let entry = Label::from(u32::from_be_bytes(*word));
        stack.push(entry);
        rest = behind;
        if entry.is_bottom {
            return Some((stack, rest));
        }
    }
}

pub(super) fn encode(stack: &[Label]) -> Vec<u8> {
    stack
        .iter()
        .flat_map(|entry| u32::from(*entry).to_be_bytes())
        .collect()
}
