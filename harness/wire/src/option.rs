//! TCP options: values, and the walk over their bytes.
//!
//! The walk never judges more than it must. A length that can be walked over but does not suit its kind (an MSS of
//! five octets) gives [`TcpOption::Unknown`], and the options behind it are still read, as a receiver would. A length
//! that cannot be walked over (absent, below 2, beyond the header) ends the walk with [`TcpOption::Malformed`].

use crate::Seq;

/// The kinds by number, as IANA lists them.
pub mod kind {
    /// End of option list.
    pub const END_OF_LIST: u8 = 0;
    /// No operation.
    pub const NOP: u8 = 1;
    /// Maximum segment size.
    pub const MSS: u8 = 2;
    /// Window scale (RFC 7323).
    pub const WINDOW_SCALE: u8 = 3;
    /// Selective acknowledgment permitted (RFC 2018).
    pub const SACK_PERMITTED: u8 = 4;
    /// Selective acknowledgment (RFC 2018).
    pub const SACK: u8 = 5;
    /// Timestamps (RFC 7323).
    pub const TIMESTAMPS: u8 = 8;
    /// MD5 signature (RFC 2385).
    pub const MD5: u8 = 19;
    /// Fast Open cookie (RFC 7413).
    pub const FAST_OPEN: u8 = 34;
    /// Accurate ECN, order 0 (RFC 9768).
    pub const ACC_ECN_0: u8 = 172;
    /// Accurate ECN, order 1 (RFC 9768).
    pub const ACC_ECN_1: u8 = 174;
    /// Experimental, shared by magic numbers (RFC 6994).
    pub const EXPERIMENTAL: u8 = 254;
}

/// The magic number of Fast Open in an experimental option (RFC 6994, RFC 7413).
pub const FAST_OPEN_MAGIC: u16 = 0xf989;

/// A TCP option. Numbers are in host byte order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TcpOption {
    /// Kind 0: the list ends here.
    EndOfList,
    /// Kind 1: nothing, one octet of it.
    Nop,
    /// Kind 2: maximum segment size, in octets.
    Mss(u16),
    /// Kind 3: the shift of the window, as stated, also beyond 14 (RFC 7323 §2).
    WindowScale(u8),
    /// Kind 4.
    SackPermitted,
    /// Kind 5: left and right edges of blocks.
    Sack(Vec<(Seq, Seq)>),
    /// Kind 8.
    Timestamps {
        /// TSval.
        val: u32,
        /// TSecr.
        ecr: u32,
    },
    /// Kind 19: the digest.
    Md5([u8; 16]),
    /// Kind 34: the cookie; empty asks for one.
    FastOpen(Vec<u8>),
    /// Kind 254 with the magic number of Fast Open: the cookie behind it.
    FastOpenExp(Vec<u8>),
    /// Kinds 172 and 174: up to three counters of 24 bits.
    AccEcn {
        /// Which counter comes first; the kind says so.
        order: AccEcnOrder,
        /// The counters as they stand, three at most on a legal option; only the low 24 bits of each are sent.
        counters: Vec<u32>,
    },
    /// Any other kind, or a kind above whose length is not its own.
    Unknown {
        /// The kind.
        kind: u8,
        /// What follows the length octet.
        data: Vec<u8>,
    },
    /// A length that cannot be walked over: this option's kind and everything behind it, verbatim.
    Malformed(Vec<u8>),
    /// What follows an end of list, verbatim; RFC 9293 §3.1 wants zeros there.
    Padding(Vec<u8>),
}

/// The order of the counters in an AccECN option (RFC 9768 §3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccEcnOrder {
    /// Kind 172: EE0B, ECEB, EE1B.
    Zero,
    /// Kind 174: EE1B, ECEB, EE0B.
    One,
}

impl AccEcnOrder {
    /// The names of the counters in this order, as packetdrill spells them.
    #[must_use]
    pub const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Zero => ["e0b", "ceb", "e1b"],
            Self::One => ["e1b", "ceb", "e0b"],
        }
    }
}

impl TcpOption {
    /// The kind octet; `None` for bytes that are no option of their own (`Malformed` when empty, `Padding`).
    #[must_use]
    pub fn kind(&self) -> Option<u8> {
        Some(match self {
            Self::EndOfList => kind::END_OF_LIST,
            Self::Nop => kind::NOP,
            Self::Mss(_) => kind::MSS,
            Self::WindowScale(_) => kind::WINDOW_SCALE,
            Self::SackPermitted => kind::SACK_PERMITTED,
            Self::Sack(_) => kind::SACK,
            Self::Timestamps { .. } => kind::TIMESTAMPS,
            Self::Md5(_) => kind::MD5,
            Self::FastOpen(_) => kind::FAST_OPEN,
            Self::FastOpenExp(_) => kind::EXPERIMENTAL,
            Self::AccEcn {
                order: AccEcnOrder::Zero,
                ..
            } => kind::ACC_ECN_0,
            Self::AccEcn {
                order: AccEcnOrder::One,
                ..
            } => kind::ACC_ECN_1,
            Self::Unknown { kind, .. } => *kind,
            Self::Malformed(bytes) => return bytes.first().copied(),
            Self::Padding(_) => return None,
        })
    }

    /// The octets of this option, appended to `bytes`.
    ///
    /// A length octet holds eight bits: an option of more than 255 octets states its length modulo 256.
    pub fn encode_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::EndOfList => bytes.push(kind::END_OF_LIST),
            Self::Nop => bytes.push(kind::NOP),
            Self::Malformed(verbatim) | Self::Padding(verbatim) => {
                bytes.extend_from_slice(verbatim)
            }
            _ => {
                let start = bytes.len();
                // Every variant but the ones above has a kind and a length.
                bytes.push(self.kind().unwrap_or_default());
                bytes.push(0);
                self.encode_data_to(bytes);
                bytes[start + 1] = (bytes.len() - start) as u8;
            }
        }
    }

    fn encode_data_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::EndOfList
            | Self::Nop
            | Self::Malformed(_)
            | Self::Padding(_)
            | Self::SackPermitted => {}
            Self::Mss(mss) => bytes.extend(mss.to_be_bytes()),
            Self::WindowScale(shift) => bytes.push(*shift),
            Self::Sack(blocks) => {
                for (left, right) in blocks {
                    bytes.extend(left.0.to_be_bytes());
                    bytes.extend(right.0.to_be_bytes());
                }
            }
            Self::Timestamps { val, ecr } => {
                bytes.extend(val.to_be_bytes());
                bytes.extend(ecr.to_be_bytes());
            }
            Self::Md5(digest) => bytes.extend(digest),
            Self::FastOpen(cookie) => bytes.extend(cookie),
            Self::FastOpenExp(cookie) => {
                bytes.extend(FAST_OPEN_MAGIC.to_be_bytes());
                bytes.extend(cookie);
            }
            Self::AccEcn { counters, .. } => {
                for counter in counters {
                    bytes.extend(&counter.to_be_bytes()[1..]);
                }
            }
            Self::Unknown { data, .. } => bytes.extend(data),
        }
    }

    /// The option of a kind and what follows its length octet.
    fn of(kind: u8, data: &[u8]) -> Self {
        Self::of_known(kind, data).unwrap_or_else(|| Self::Unknown {
            kind,
            data: data.to_vec(),
        })
    }

    fn of_known(kind: u8, data: &[u8]) -> Option<Self> {
        Some(match kind {
            kind::MSS => Self::Mss(u16::from_be_bytes(data.try_into().ok()?)),
            kind::WINDOW_SCALE => Self::WindowScale(u8::from_be_bytes(data.try_into().ok()?)),
            kind::SACK_PERMITTED if data.is_empty() => Self::SackPermitted,
            kind::SACK if data.len().is_multiple_of(8) => {
                let edges: Vec<Seq> = data
                    .chunks_exact(4)
                    .map(|edge| Seq(be_number(edge)))
                    .collect();
                Self::Sack(
                    edges
                        .chunks_exact(2)
                        .map(|block| (block[0], block[1]))
                        .collect(),
                )
            }
            kind::TIMESTAMPS if data.len() == 8 => Self::Timestamps {
                val: be_number(&data[..4]),
                ecr: be_number(&data[4..]),
            },
            kind::MD5 => Self::Md5(data.try_into().ok()?),
            kind::FAST_OPEN => Self::FastOpen(data.to_vec()),
            kind::EXPERIMENTAL => {
                Self::FastOpenExp(data.strip_prefix(&FAST_OPEN_MAGIC.to_be_bytes())?.to_vec())
            }
            kind::ACC_ECN_0 | kind::ACC_ECN_1
                if data.len().is_multiple_of(3) && data.len() <= 9 =>
            {
                Self::AccEcn {
                    order: if kind == kind::ACC_ECN_0 {
                        AccEcnOrder::Zero
                    } else {
                        AccEcnOrder::One
                    },
                    counters: data.chunks_exact(3).map(be_number).collect(),
                }
            }
            _ => return None,
        })
    }
}

/// Up to four octets as a big-endian number.
fn be_number(octets: &[u8]) -> u32 {
    octets
        .iter()
        .fold(0, |number, octet| number << 8 | u32::from(*octet))
}

/// The options that `bytes`, the header from octet 20 to its end, hold. Encoding them gives `bytes` again.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<TcpOption> {
    let mut options = Vec::new();
    let mut rest = bytes;
    while let Some((&kind, behind)) = rest.split_first() {
        match kind {
            kind::END_OF_LIST => {
                options.push(TcpOption::EndOfList);
                if !behind.is_empty() {
                    options.push(TcpOption::Padding(behind.to_vec()));
                }
                break;
            }
            kind::NOP => {
                options.push(TcpOption::Nop);
                rest = behind;
            }
            _ => {
                let length = behind.first().map_or(0, |length| usize::from(*length));
                if length < 2 || length > rest.len() {
                    options.push(TcpOption::Malformed(rest.to_vec()));
                    break;
                }
                options.push(TcpOption::of(kind, &rest[2..length]));
                rest = &rest[length..];
            }
        }
    }
    options
}

/// The bytes of `options`, one behind the other and without padding of our own.
#[must_use]
pub fn encode(options: &[TcpOption]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for option in options {
        option.encode_to(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests;
