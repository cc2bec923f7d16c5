//! The TCP header, inbound (RFC 9293 section 3.1).

use super::checksum::Sum;
use super::ip::{self, Datagram};
use super::{Leniency, TcpOptions, be16, be32};
use crate::segment::{Codepoint, Flags, Segment};
use crate::{DropReason, Endpoint, Seq};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const URG: u8 = 0x20;
const ECE: u8 = 0x40;
const CWR: u8 = 0x80;
/// In the octet before, beside the data offset.
const AE: u8 = 0x01;

/// Reads a segment, its checksum verified.
pub(super) fn parse<'a>(
    datagram: &Datagram<'a>,
    leniency: Leniency,
) -> Result<Segment<'a>, DropReason> {
    let bytes = datagram.payload;
    let offset = usize::from(bytes.get(12).copied().ok_or(DropReason::Truncated)? >> 4) * 4;
    if bytes.len() < 20 {
        return Err(DropReason::Truncated);
    }
    // RFC 9293 MUST-3: a segment whose checksum is wrong is discarded.
    let sum = Sum::default()
        .add_pseudo_header(datagram.source, datagram.destination, ip::TCP, bytes.len())
        .add(bytes);
    if sum.finish() != 0 && !leniency.ignore_tcp_checksum {
        return Err(DropReason::BadTcpChecksum);
    }
    if offset < 20 {
        return Err(DropReason::BadDataOffset);
    }
    let options = bytes.get(20..offset).ok_or(DropReason::BadDataOffset)?;
    let text = bytes.get(offset..).ok_or(DropReason::BadDataOffset)?;
    read_fields(datagram, bytes, options, text).ok_or(DropReason::Truncated)
}

fn read_fields<'a>(
    datagram: &Datagram<'a>,
    bytes: &[u8],
    options: &[u8],
    text: &'a [u8],
) -> Option<Segment<'a>> {
    let flags = read_flags(bytes.get(12).copied()?, bytes.get(13).copied()?);
    Some(Segment {
        remote: Endpoint::new(datagram.source, be16(bytes, 0)?),
        local: Endpoint::new(datagram.destination, be16(bytes, 2)?),
        seq: Seq(be32(bytes, 4)?),
        ack: Seq(be32(bytes, 8)?),
        wnd: be16(bytes, 14)?,
        up: be16(bytes, 18)?,
        flags,
        // RFC 9293 MUST-5: options are read on every segment.
        options: TcpOptions::parse(options, flags.syn),
        text,
        codepoint: Codepoint::of(datagram.class),
        arrived_text: text.len(),
        arrived_syn: flags.syn,
    })
}

fn read_flags(upper: u8, bits: u8) -> Flags {
    Flags {
        fin: bits & FIN != 0,
        syn: bits & SYN != 0,
        rst: bits & RST != 0,
        psh: bits & PSH != 0,
        ack: bits & ACK != 0,
        urg: bits & URG != 0,
        ece: bits & ECE != 0,
        cwr: bits & CWR != 0,
        ae: upper & AE != 0,
    }
}

/// The bit of the octet before that belongs to the flags.
pub(super) fn upper_flag_bits(flags: Flags) -> u8 {
    if flags.ae { AE } else { 0 }
}

/// The octet that holds these flags.
pub(super) fn flag_bits(flags: Flags) -> u8 {
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    bit(flags.fin, FIN)
        | bit(flags.syn, SYN)
        | bit(flags.rst, RST)
        | bit(flags.psh, PSH)
        | bit(flags.ack, ACK)
        | bit(flags.urg, URG)
        | bit(flags.ece, ECE)
        | bit(flags.cwr, CWR)
}
