//! The TCP header, inbound (RFC 9293 section 3.1).

use core::net::IpAddr;

use super::checksum::Sum;
use super::ip::{self, Datagram};
use super::{Leniency, TcpOptions};
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
#[inline]
pub(super) fn parse<'p, 'a, A: Copy + Into<IpAddr>>(
    datagram: &Datagram<'a, A>,
    leniency: Leniency,
    place: &'p mut Option<Segment<'a>>,
) -> Result<&'p mut Segment<'a>, DropReason> {
    let bytes = datagram.payload;
    let (header, _) = bytes
        .split_first_chunk::<20>()
        .ok_or(DropReason::Truncated)?;
    let (source, destination) = (datagram.source.into(), datagram.destination.into());
    // RFC 9293 MUST-3: a segment whose checksum is wrong is discarded.
    let sum = Sum::default()
        .add_pseudo_header(source, destination, ip::TCP, bytes.len())
        .add(bytes);
    if sum.finish() != 0 && !leniency.ignore_tcp_checksum {
        return Err(DropReason::BadTcpChecksum);
    }
    let offset = usize::from(header[12] >> 4) * 4;
    let options = bytes.get(20..offset).ok_or(DropReason::BadDataOffset)?;
    let text = bytes.get(offset..).ok_or(DropReason::BadDataOffset)?;
    let segment = place.insert(read_fields(datagram, header, text));
    // RFC 9293 MUST-5: options are read on every segment.
    segment.options.read(options, segment.flags.syn);
    Ok(segment)
}

/// All but the options.
#[inline]
fn read_fields<'a, A: Copy + Into<IpAddr>>(
    datagram: &Datagram<'a, A>,
    header: &[u8; 20],
    text: &'a [u8],
) -> Segment<'a> {
    #[rustfmt::skip]
    let [
        p0, p1, p2, p3,
        s0, s1, s2, s3,
        a0, a1, a2, a3,
        upper, bits, w0, w1,
        _, _, u0, u1,
    ] = *header;
    let flags = read_flags(upper, bits);
    let seq = Seq(u32::from_be_bytes([s0, s1, s2, s3]));
    Segment {
        remote: Endpoint::new(datagram.source.into(), u16::from_be_bytes([p0, p1])),
        local: Endpoint::new(datagram.destination.into(), u16::from_be_bytes([p2, p3])),
        seq,
        ack: Seq(u32::from_be_bytes([a0, a1, a2, a3])),
        wnd: u16::from_be_bytes([w0, w1]),
        up: u16::from_be_bytes([u0, u1]),
        flags,
        options: TcpOptions::default(),
        text,
        codepoint: Codepoint::of(datagram.class),
        arrived_seq: seq,
        arrived_text: text.len(),
        arrived_syn: flags.syn,
        route: None,
    }
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
