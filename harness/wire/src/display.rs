//! Packets on one line, in packetdrill's notation.
//!
//! What packetdrill can say is said as it would; what it cannot say (a wrong checksum, an unknown option, a fragment)
//! is added in words, so that every packet can be shown and no two that differ in a stated length look whole.

use std::fmt;
use std::net::SocketAddr;

use crate::icmp::names;
use crate::ip::{IpVersion, protocol};
use crate::{
    Ecn, Encapsulated, Icmp, IpHeader, Ipv4Header, Outer, Packet, QuotedPacket, Seq, Transport,
    Udp, codec, encapsulation,
};

mod segment;

pub use segment::SegmentLine;

/// What to subtract from the numbers of one direction's segments, to show them relative to the initial ones.
///
/// The default subtracts nothing. A connection has one of these for each direction, the other's being
/// [`reversed`](Self::reversed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Relative {
    /// Subtracted from sequence numbers: the sender's initial one.
    pub seq: Seq,
    /// Subtracted from acknowledgment numbers and from the edges of SACK blocks: the other side's initial one.
    pub ack: Seq,
    /// Subtracted from TSval: the offset of the sender's timestamp clock.
    pub ts_val: u32,
    /// Subtracted from TSecr: the offset of the other side's.
    pub ts_ecr: u32,
}

impl Relative {
    /// The same for the segments of the other direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self {
            seq: self.ack,
            ack: self.seq,
            ts_val: self.ts_ecr,
            ts_ecr: self.ts_val,
        }
    }
}

/// A packet to be shown on one line. Made by [`Packet::line`] and [`Encapsulated::line`].
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Headers that are known to be around the packet.
    outer: &'a [Outer],
    packet: &'a Packet,
    relative: Relative,
    addresses: bool,
    checksums: bool,
}

impl Packet {
    /// The packet as a line of text: absolute numbers, no addresses, and a word about wrong checksums.
    #[must_use]
    pub const fn line(&self) -> Line<'_> {
        let relative = Relative {
            seq: Seq(0),
            ack: Seq(0),
            ts_val: 0,
            ts_ecr: 0,
        };
        Line {
            outer: &[],
            packet: self,
            relative,
            addresses: false,
            checksums: true,
        }
    }
}

impl Encapsulated {
    /// Likewise, with the outer headers before the inner packet.
    #[must_use]
    pub const fn line(&self) -> Line<'_> {
        let line = self.inner.line();
        Line {
            outer: self.outer.as_slice(),
            ..line
        }
    }
}

impl Line<'_> {
    /// Shows numbers relative to the initial ones.
    #[must_use]
    pub const fn relative(self, relative: Relative) -> Self {
        Self { relative, ..self }
    }

    /// Whether to begin with addresses and ports.
    #[must_use]
    pub const fn addresses(self, addresses: bool) -> Self {
        Self { addresses, ..self }
    }

    /// Whether to point out wrong checksums; pointless where a network card was to fill them in.
    #[must_use]
    pub const fn checksums(self, checksums: bool) -> Self {
        Self { checksums, ..self }
    }

    /// The packet without a look at what it carries.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.addresses {
            write_addresses(f, self.packet)?;
        }
        write_ip_info(f, &self.packet.ip)?;
        self.write_transport(f)?;
        write_notes(f, &notes(self.packet, self.checksums))
    }

    /// Outer headers in front, what is wrong with them at the end.
    fn write_encapsulated(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outer in self.outer {
            write!(f, "{outer}: ")?;
        }
        self.write(f)?;
        for (at, outer) in self.outer.iter().enumerate().rev() {
            if let Outer::Ip(ip) = outer {
                let carried = encapsulation::encode(&self.outer[at + 1..], self.packet);
                let mut notes = Vec::new();
                note_ip(ip, carried.len(), &mut notes);
                note_ip_checksum(ip, self.checksums, &mut notes);
                write_notes(f, &notes)?;
            }
        }
        Ok(())
    }

    fn write_transport(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.packet.transport {
            Transport::Tcp(segment) => write!(f, "{}", segment.line(self.relative)),
            Transport::Udp(udp) => write!(f, "udp ({})", udp.payload.len()),
            Transport::Icmpv4(icmp) => write_icmp(f, icmp, IpVersion::V4, self.relative),
            Transport::Icmpv6(icmp) => write_icmp(f, icmp, IpVersion::V6, self.relative),
            Transport::Other { protocol, bytes } => {
                if let Some((offset, more)) = self.packet.ip.fragment() {
                    let more = if more { ", more follow" } else { "" };
                    write!(f, "fragment at {offset}{more}, ")?;
                }
                write!(f, "protocol {protocol} ({})", bytes.len())
            }
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.packet.transport {
            Transport::Other { .. } if self.outer.is_empty() => {
                let whole = Encapsulated::from(self.packet.clone());
                Line {
                    outer: &whole.outer,
                    packet: &whole.inner,
                    ..*self
                }
                .write_encapsulated(f)
            }
            _ => self.write_encapsulated(f),
        }
    }
}

/// As a script writes it, but for the colon at the end.
impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => {
                let version = match ip.version() {
                    IpVersion::V4 => "ipv4",
                    IpVersion::V6 => "ipv6",
                };
                write!(f, "{version} ")?;
                write_ip_info(f, ip)?;
                write!(f, "{} > {}", ip.source(), ip.destination())
            }
            Self::Gre(gre) => gre.fmt(f),
            Self::Mpls(stack) => {
                f.write_str("mpls")?;
                stack.iter().try_for_each(|entry| write!(f, " {entry}"))
            }
        }
    }
}

/// [`Packet::line`] as it comes.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line().fmt(f)
    }
}

fn write_addresses(f: &mut fmt::Formatter<'_>, packet: &Packet) -> fmt::Result {
    let (source, destination) = (packet.source(), packet.destination());
    match packet.ports() {
        Some((from, to)) => {
            write!(
                f,
                "{} > {} ",
                SocketAddr::new(source, from),
                SocketAddr::new(destination, to)
            )
        }
        None => write!(f, "{source} > {destination} "),
    }
}

/// What packetdrill says about the IP header: the type of service when it is more than ECN, else ECN when it is used.
fn write_ip_info(f: &mut fmt::Formatter<'_>, ip: &IpHeader) -> fmt::Result {
    if ip.dscp() != 0 {
        return write!(f, "[tos {:#x}] ", ip.dscp() << 2 | ip.ecn().bits());
    }
    match ip.ecn() {
        Ecn::NotEct => Ok(()),
        Ecn::Ect0 => write!(f, "[ect0] "),
        Ecn::Ect1 => write!(f, "[ect1] "),
        Ecn::Ce => write!(f, "[ce] "),
    }
}

fn write_icmp(
    f: &mut fmt::Formatter<'_>,
    icmp: &Icmp,
    version: IpVersion,
    relative: Relative,
) -> fmt::Result {
    match names::kind_name(version, icmp.kind) {
        Some(name) => write!(f, "icmp {name}")?,
        None => write!(f, "icmp {}", icmp.kind)?,
    }
    match names::code_name(version, icmp.kind, icmp.code) {
        Some(name) => write!(f, " {name}")?,
        None if icmp.code != 0 => write!(f, " {}", icmp.code)?,
        None => {}
    }
    if let Some(mtu) = icmp.mtu() {
        write!(f, " mtu {mtu}")?;
    }
    if let Some((id, _)) = icmp.echo() {
        write!(f, " id {id}")?;
    }
    match icmp.quoted() {
        Some(quoted) => write_quoted(f, &quoted, relative),
        None => Ok(()),
    }
}

/// What is known of the quoted packet. It went the other way, so its numbers are relative to the other side's.
fn write_quoted(
    f: &mut fmt::Formatter<'_>,
    quoted: &QuotedPacket,
    relative: Relative,
) -> fmt::Result {
    let length = quoted.original_length();
    match (quoted.protocol(), quoted.seq()) {
        (_, Some(seq)) => {
            let from = relative.ack.distance_to(seq);
            match quoted.payload_length() {
                Some(payload) => write!(
                    f,
                    " [{from}:{}({payload})]",
                    from.wrapping_add(payload as u32)
                ),
                // Eight octets of TCP end before the data offset, so where the segment ended is not known.
                None => write!(f, " [{from}:...]"),
            }
        }
        (protocol::UDP, None) if !quoted.ip.is_fragment() => {
            write!(f, " [udp ({})]", length.saturating_sub(Udp::HEADER))
        }
        (protocol, None) => write!(f, " [protocol {protocol} ({length})]"),
    }
}

/// What of the packet is wrong or out of the ordinary.
fn notes(packet: &Packet, checksums: bool) -> Vec<String> {
    let mut notes = Vec::new();
    note_ip(
        &packet.ip,
        codec::encode_transport(&packet.transport).len(),
        &mut notes,
    );
    if let Transport::Udp(udp) = &packet.transport {
        let length = Udp::HEADER + udp.payload.len();
        if usize::from(udp.length) != length {
            notes.push(format!("udp length {}, is {length}", udp.length));
        }
    }
    note_ip_checksum(&packet.ip, checksums, &mut notes);
    if checksums && packet.checksum_is_right() == Some(false) {
        notes.push("wrong checksum".to_owned());
    }
    if !packet.trailer.is_empty() {
        notes.push(format!("trailer of {}", packet.trailer.len()));
    }
    notes
}

fn note_ip_checksum(ip: &IpHeader, checksums: bool, notes: &mut Vec<String>) {
    if checksums && ip.checksum_is_right() == Some(false) {
        notes.push("wrong ip checksum".to_owned());
    }
}

fn write_notes(f: &mut fmt::Formatter<'_>, notes: &[String]) -> fmt::Result {
    if notes.is_empty() {
        Ok(())
    } else {
        write!(f, " [{}]", notes.join("; "))
    }
}

fn note_ip(ip: &IpHeader, payload: usize, notes: &mut Vec<String>) {
    let (stated, is) = match ip {
        IpHeader::V4(ip) => (
            ip.total_length,
            Ipv4Header::MINIMUM + ip.options.len() + payload,
        ),
        IpHeader::V6(ip) => (ip.payload_length, ip.extensions.len() + payload),
    };
    if usize::from(stated) != is {
        notes.push(format!("ip length {stated}, is {is}"));
    }
    match ip {
        IpHeader::V4(ip) if !ip.options.is_empty() => {
            notes.push(format!("ip options {}", hex(&ip.options)))
        }
        IpHeader::V6(ip) if !ip.extensions.is_empty() => {
            notes.push(format!("extension headers {}", hex(&ip.extensions)));
        }
        _ => {}
    }
}

/// Octets in hexadecimal, two digits each, nothing between them.
fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests;
