//! TCP options, both ways (RFC 9293 section 3.2, RFC 7323, RFC 2018).

use alloc::vec::Vec;

use super::{be16, be32};
use crate::Seq;

// RFC 9293 MUST-4: the first three are the ones that every stack has to know.
const EOL: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;
// RFC 9768 section 3.2.3: two kinds for two orders of the fields.
const ACC_ECN_0: u8 = 172;
const ACC_ECN_1: u8 = 174;
// RFC 7413 section 4.1.1, and the experimental form of its appendix.
const FAST_OPEN: u8 = 34;
const EXPERIMENT: u8 = 254;
const FAST_OPEN_EXID: [u8; 2] = [0xf9, 0x89];

/// SACK blocks that fit when nothing else is in the options (RFC 2018 section 3).
pub(crate) const MAX_SACK_BLOCKS: usize = 4;

/// The timestamps option (RFC 7323 section 3.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TimestampsOption {
    /// TSval, the sender's clock.
    pub(crate) val: u32,
    /// TSecr, the echoed clock of the other side.
    pub(crate) ecr: u32,
}

/// The AccECN option: octets that arrived with each codepoint, modulo 2^24 (RFC 9768 section 3.2.3).
///
/// An option may end early; what it leaves out did not change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct AccEcnOption {
    /// EE0B, with ECT(0).
    pub(crate) e0b: Option<u32>,
    /// ECEB, with CE.
    pub(crate) ceb: Option<u32>,
    /// EE1B, with ECT(1).
    pub(crate) e1b: Option<u32>,
}

impl AccEcnOption {
    /// The kind, and the fields in its order up to the first that is left out (RFC 9768 section 3.2.3).
    fn fields(&self) -> (u8, impl Iterator<Item = u32> + use<>) {
        let (kind, fields) = match self.e0b {
            Some(_) => (ACC_ECN_0, [self.e0b, self.ceb, self.e1b]),
            None => (ACC_ECN_1, [self.e1b, self.ceb, None]),
        };
        (kind, fields.into_iter().map_while(|field| field))
    }

    fn len(&self) -> usize {
        2 + 3 * self.fields().1.count()
    }

    /// With the NOPs that align it.
    fn encoded_len(&self) -> usize {
        self.len().next_multiple_of(4)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, fields) = self.fields();
        out.extend(core::iter::repeat_n(NOP, self.encoded_len() - self.len()));
        out.extend([kind, self.len() as u8]); // at most 11
        for field in fields {
            let [_, octets @ ..] = field.to_be_bytes();
            out.extend(octets);
        }
    }
}

/// A fast open cookie: none, which asks for one, or 4 to 16 octets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cookie {
    octets: [u8; 16],
    length: u8,
}

impl Cookie {
    /// The cookie of these octets; what is more than sixteen is left out.
    pub(crate) fn new(octets: &[u8]) -> Self {
        let mut cookie = Self::default();
        for (to, from) in cookie.octets.iter_mut().zip(octets) {
            *to = *from;
            cookie.length += 1;
        }
        cookie
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

/// The fast open option (RFC 7413 section 4.1.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct FastOpenOption {
    pub(crate) cookie: Cookie,
    /// In the form that was used before the option had a number.
    pub(crate) experimental: bool,
}

/// Up to four SACK blocks: first octet, and the one after the last.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct SackBlocks {
    blocks: [(Seq, Seq); MAX_SACK_BLOCKS],
    count: usize,
}

impl SackBlocks {
    /// Adds a block, if there is room.
    pub(crate) fn push(&mut self, left: Seq, right: Seq) {
        if let Some(free) = self.blocks.get_mut(self.count) {
            *free = (left, right);
            self.count += 1;
        }
    }

    /// Makes room for another option.
    pub(crate) fn drop_last(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The blocks in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Seq, Seq)> + '_ {
        self.blocks.iter().copied().take(self.count)
    }
}

/// The options that this stack knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct TcpOptions {
    /// Maximum segment size, on a SYN.
    pub(crate) mss: Option<u16>,
    /// Window shift, on a SYN, as it came (it may exceed 14).
    pub(crate) window_scale: Option<u8>,
    /// Selective acknowledgments permitted, on a SYN.
    pub(crate) sack_permitted: bool,
    /// Timestamps.
    pub(crate) timestamps: Option<TimestampsOption>,
    /// Selective acknowledgments.
    pub(crate) sack: SackBlocks,
    /// Accurate ECN.
    pub(crate) acc_ecn: Option<AccEcnOption>,
    /// Fast open, on a SYN.
    pub(crate) fast_open: Option<FastOpenOption>,
}

impl TcpOptions {
    /// Reads the options; what belongs on a SYN only counts there.
    ///
    /// Octets need no alignment (RFC 9293 MUST-64). At an illegal length reading stops and what was read
    /// before stands (RFC 9293 MUST-7).
    pub(crate) fn read(&mut self, bytes: &[u8], syn: bool) {
        let mut rest = bytes;
        while let Some((kind, after_kind)) = rest.split_first() {
            match *kind {
                EOL => break, // RFC 9293 MUST-69: whatever follows is padding
                NOP => rest = after_kind,
                kind => {
                    let Some(length) = after_kind.first().map(|length| usize::from(*length)) else {
                        break;
                    };
                    let Some(body) = rest.get(2..length) else {
                        break;
                    };
                    self.read_one(kind, body, syn);
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn read_one(&mut self, kind: u8, body: &[u8], syn: bool) {
        match (kind, body.len()) {
            // RFC 9293 MUST-65: outside of a SYN it means nothing.
            (MSS, 2) if syn => self.mss = be16(body, 0),
            (WINDOW_SCALE, 1) if syn => self.window_scale = body.first().copied(),
            (SACK_PERMITTED, 0) if syn => self.sack_permitted = true,
            (TIMESTAMPS, 8) => {
                if let (Some(val), Some(ecr)) = (be32(body, 0), be32(body, 4)) {
                    self.timestamps = Some(TimestampsOption { val, ecr });
                }
            }
            (SACK, _) => self.read_sack(body),
            (FAST_OPEN, _) if syn => self.read_fast_open(body, false),
            (EXPERIMENT, 2..) if syn && body.starts_with(&FAST_OPEN_EXID) => {
                self.read_fast_open(body.get(2..).unwrap_or_default(), true);
            }
            // RFC 9768 section 3.2.3: whatever its length, whole fields count.
            (ACC_ECN_0, _) => self.acc_ecn = Some(read_acc_ecn(body, false)),
            (ACC_ECN_1, _) => self.acc_ecn = Some(read_acc_ecn(body, true)),
            // RFC 9293 MUST-6: any other option is skipped by its length.
            _ => {}
        }
    }

    fn read_fast_open(&mut self, cookie: &[u8], experimental: bool) {
        // RFC 7413 section 4.1.1: 4 to 16 octets and an even number of them, or none.
        let legal =
            cookie.is_empty() || (4..=16).contains(&cookie.len()) && cookie.len().is_multiple_of(2);
        if legal {
            let cookie = Cookie::new(cookie);
            self.fast_open = Some(FastOpenOption {
                cookie,
                experimental,
            });
        }
    }

    fn read_sack(&mut self, body: &[u8]) {
        for block in body.chunks_exact(8) {
            if let (Some(left), Some(right)) = (be32(block, 0), be32(block, 4)) {
                self.sack.push(Seq(left), Seq(right));
            }
        }
    }

    /// Whether they tell what arrived.
    pub(crate) fn report(&self) -> bool {
        self.sack.len() != 0 || self.acc_ecn.is_some()
    }

    /// Octets that [`Self::encode`] writes, a multiple of four.
    #[inline]
    pub(crate) fn encoded_len(&self) -> usize {
        let mss = if self.mss.is_some() { 4 } else { 0 };
        let scale = if self.window_scale.is_some() { 4 } else { 0 };
        let stamps = match (self.timestamps.is_some(), self.sack_permitted) {
            (true, _) => 12,
            (false, true) => 4,
            (false, false) => 0,
        };
        let sack = if self.sack.len() > 0 {
            4 + self.sack.len() * 8
        } else {
            0
        };
        let acc_ecn = self.acc_ecn.map_or(0, |option| option.encoded_len());
        let fast_open = self.fast_open.map_or(0, |option| {
            let head = if option.experimental { 4 } else { 2 };
            (head + option.cookie.octets().len()).next_multiple_of(4)
        });
        mss + scale + stamps + sack + acc_ecn + fast_open
    }

    /// Writes the options in the order, and with the NOPs, that most traffic shows.
    ///
    /// RFC 9293 MUST-68: each but the NOPs says its length.
    #[inline]
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self.timestamps {
            // As in almost all segments with text.
            Some(stamps) if self.encoded_len() == 12 && !self.sack_permitted => {
                out.extend_from_slice(&aligned(stamps));
            }
            _ => self.encode_all(out),
        }
    }

    #[inline(never)]
    fn encode_all(&self, out: &mut Vec<u8>) {
        if let Some(mss) = self.mss {
            out.extend([MSS, 4]);
            out.extend(mss.to_be_bytes());
        }
        match (self.timestamps, self.sack_permitted) {
            // SACK-permitted takes the place of the two NOPs that align the timestamps.
            (Some(_), true) | (None, true) => {
                if self.timestamps.is_none() {
                    out.extend([NOP, NOP]);
                }
                out.extend([SACK_PERMITTED, 2]);
            }
            (Some(_), false) => out.extend([NOP, NOP]),
            (None, false) => {}
        }
        if let Some(stamps) = self.timestamps {
            out.extend([TIMESTAMPS, 10]);
            out.extend(stamps.val.to_be_bytes());
            out.extend(stamps.ecr.to_be_bytes());
        }
        if let Some(shift) = self.window_scale {
            out.extend([NOP, WINDOW_SCALE, 3, shift]);
        }
        if self.sack.len() > 0 {
            // At most 4 blocks: 34 octets at the most.
            out.extend([NOP, NOP, SACK, (2 + 8 * self.sack.len()) as u8]);
            for (left, right) in self.sack.iter() {
                out.extend(left.0.to_be_bytes());
                out.extend(right.0.to_be_bytes());
            }
        }
        if let Some(option) = self.fast_open {
            let cookie = option.cookie.octets();
            if option.experimental {
                out.extend([EXPERIMENT, 4 + cookie.len() as u8]);
                out.extend(FAST_OPEN_EXID);
            } else {
                out.extend([FAST_OPEN, 2 + cookie.len() as u8]);
            }
            out.extend(cookie);
            let head = if option.experimental { 4 } else { 2 };
            let used = head + cookie.len();
            out.extend(core::iter::repeat_n(NOP, used.next_multiple_of(4) - used));
        }
        if let Some(counters) = self.acc_ecn {
            counters.encode(out);
        }
    }
}

/// Timestamps behind the two NOPs that align them (RFC 7323 appendix A).
fn aligned(stamps: TimestampsOption) -> [u8; 12] {
    let [v0, v1, v2, v3] = stamps.val.to_be_bytes();
    let [e0, e1, e2, e3] = stamps.ecr.to_be_bytes();
    [NOP, NOP, TIMESTAMPS, 10, v0, v1, v2, v3, e0, e1, e2, e3]
}

/// The fields that are there.
fn read_acc_ecn(body: &[u8], other_order: bool) -> AccEcnOption {
    let field = |at: usize| {
        let octets = body.get(at..at + 3)?;
        Some(
            octets
                .iter()
                .fold(0, |value, octet| value << 8 | u32::from(*octet)),
        )
    };
    let (first, ceb, last) = (field(0), field(3), field(6));
    let (e0b, e1b) = if other_order {
        (last, first)
    } else {
        (first, last)
    };
    AccEcnOption { e0b, ceb, e1b }
}
