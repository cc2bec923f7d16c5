//! TCP segments and their options as text.

use std::fmt;

use super::{Relative, hex};
use crate::{Flags, Segment, Seq, TcpOption};

/// A segment to be shown on one line. Made by [`Segment::line`].
#[derive(Clone, Copy, Debug)]
pub struct SegmentLine<'a> {
    segment: &'a Segment,
    relative: Relative,
}

impl Segment {
    /// The segment as a line of text: `S. 0:0(0) ack 1 win 65535 <mss 1460>`.
    ///
    /// As in packetdrill, the second number is the first plus the payload, not counting SYN and FIN. The
    /// acknowledgment number is shown when ACK is set, and also when it is not zero without ACK, then always absolute.
    #[must_use]
    pub const fn line(&self, relative: Relative) -> SegmentLine<'_> {
        SegmentLine {
            segment: self,
            relative,
        }
    }
}

impl fmt::Display for SegmentLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, relative } = self;
        let first = relative.seq.distance_to(segment.seq);
        let length = segment.payload.len();
        write!(
            f,
            "{} {first}:{}({length})",
            segment.flags,
            first.wrapping_add(length as u32)
        )?;
        if segment.flags.contains(Flags::ACK) {
            write!(f, " ack {}", relative.ack.distance_to(segment.ack))?;
        } else if segment.ack != Seq(0) {
            write!(f, " ack {}", segment.ack)?;
        }
        write!(f, " win {}", segment.window)?;
        if segment.flags.contains(Flags::URG) || segment.urgent_pointer != 0 {
            write!(f, " urg {}", segment.urgent_pointer)?;
        }
        self.write_options(f)?;
        self.note_data_offset(f)
    }
}

impl SegmentLine<'_> {
    fn write_options(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without ACK there is nothing that TSecr could echo: what stands there is shown as it is.
        let ts_ecr = if self.segment.flags.contains(Flags::ACK) {
            self.relative.ts_ecr
        } else {
            0
        };
        let relative = Relative {
            ts_ecr,
            ..self.relative
        };
        for (index, option) in self.segment.options.iter().enumerate() {
            f.write_str(if index == 0 { " <" } else { "," })?;
            write_option(f, option, relative)?;
        }
        f.write_str(if self.segment.options.is_empty() {
            ""
        } else {
            ">"
        })
    }

    fn note_data_offset(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.segment.header_length();
        if usize::from(self.segment.data_offset) * 4 == header {
            return Ok(());
        }
        write!(
            f,
            " [data offset {}, header of {header}]",
            self.segment.data_offset
        )
    }
}

/// Absolute numbers.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(Relative::default()).fmt(f)
    }
}

/// The option as packetdrill spells it, numbers absolute. What packetdrill cannot spell is a word and the octets:
/// `kind 99 0102`, `malformed 0203`, `padding 01`. Padding of zeros is one `eol` an octet, as packetdrill reads it.
impl fmt::Display for TcpOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_option(f, self, Relative::default())
    }
}

fn write_option(f: &mut fmt::Formatter<'_>, option: &TcpOption, relative: Relative) -> fmt::Result {
    match option {
        TcpOption::EndOfList => f.write_str("eol"),
        TcpOption::Nop => f.write_str("nop"),
        TcpOption::Mss(mss) => write!(f, "mss {mss}"),
        TcpOption::WindowScale(shift) => write!(f, "wscale {shift}"),
        TcpOption::SackPermitted => f.write_str("sackOK"),
        TcpOption::Sack(blocks) => {
            f.write_str("sack")?;
            blocks.iter().try_for_each(|(left, right)| {
                write!(
                    f,
                    " {}:{}",
                    relative.ack.distance_to(*left),
                    relative.ack.distance_to(*right)
                )
            })
        }
        TcpOption::Timestamps { val, ecr } => {
            let (val, ecr) = (
                val.wrapping_sub(relative.ts_val),
                ecr.wrapping_sub(relative.ts_ecr),
            );
            write!(f, "TS val {val} ecr {ecr}")
        }
        TcpOption::Md5(digest) => write_octets(f, "md5", digest),
        TcpOption::FastOpen(cookie) => write_octets(f, "FO", cookie),
        TcpOption::FastOpenExp(cookie) => write_octets(f, "FOEXP", cookie),
        TcpOption::AccEcn { order, counters } => {
            f.write_str("ECN")?;
            // A fourth counter has no name; no such option can be parsed, but one can be made.
            let names = order.names().into_iter().chain(std::iter::repeat("?"));
            names
                .zip(counters)
                .try_for_each(|(name, counter)| write!(f, " {name} {counter}"))
        }
        TcpOption::Unknown { kind, data } => write_octets(f, &format!("kind {kind}"), data),
        TcpOption::Malformed(octets) => write_octets(f, "malformed", octets),
        TcpOption::Padding(octets) if octets.iter().all(|octet| *octet == 0) => {
            f.write_str(&vec!["eol"; octets.len()].join(","))
        }
        TcpOption::Padding(octets) => write_octets(f, "padding", octets),
    }
}

fn write_octets(f: &mut fmt::Formatter<'_>, word: &str, octets: &[u8]) -> fmt::Result {
    let gap = if octets.is_empty() { "" } else { " " };
    write!(f, "{word}{gap}{}", hex(octets))
}
