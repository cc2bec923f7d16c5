//! Headers around a packet: building the inbound ones, comparing the outbound ones.

use std::net::IpAddr;

use halfopen_script::tree::{Encapsulation, IpSpec};
use halfopen_wire::{Encapsulated, Gre, IpHeader, Label, Outer, Packet};

use super::build::set_ip_fields;
use super::compare::{Found, compare_ip};

/// The headers that a `<` line puts around its packet, lengths and protocols left open.
///
/// # Errors
/// What the harness cannot build, in words for the skip reason.
pub(super) fn build(specs: &[Encapsulation]) -> Result<Vec<Outer>, String> {
    let headers = specs.iter().map(header).collect::<Result<Vec<_>, _>>()?;
    match headers.first() {
        Some(Outer::Gre(_) | Outer::Mpls(_)) => Err(
            "the link carries IP packets: an outer `ipv4` or `ipv6` header must come first"
                .to_owned(),
        ),
        _ => Ok(headers),
    }
}

fn header(spec: &Encapsulation) -> Result<Outer, String> {
    Ok(match spec {
        Encapsulation::Ipv4(source, destination, ip) => {
            ip_header((*source).into(), (*destination).into(), ip)
        }
        Encapsulation::Ipv6(source, destination, ip) => {
            ip_header((*source).into(), (*destination).into(), ip)
        }
        Encapsulation::Gre(octets) => Outer::Gre(gre(octets)),
        Encapsulation::Mpls(words) => Outer::Mpls(words.iter().copied().map(Label::from).collect()),
        Encapsulation::Psp(_) => {
            return Err("the harness does not encrypt segments as PSP does".to_owned());
        }
    })
}

fn ip_header(source: IpAddr, destination: IpAddr, spec: &IpSpec) -> Outer {
    let mut ip = IpHeader::new(source, destination, 0);
    set_ip_fields(&mut ip, spec);
    Outer::Ip(ip)
}

/// A header from its octets as the script's grammar gives them: four, and four more for each flag.
fn gre(octets: &[u8]) -> Gre {
    let mut octets = octets.iter().copied();
    let mut word = || {
        let mut next = || octets.next().unwrap_or(0);
        u32::from_be_bytes([next(), next(), next(), next()])
    };
    let halves = |word: u32| ((word >> 16) as u16, word as u16);
    let (flags, protocol_type) = halves(word());
    let mut field = |flag: u16| (flags & flag != 0).then(&mut word);
    Gre {
        flags,
        protocol_type,
        checksum: field(Gre::CHECKSUM).map(halves),
        key: field(Gre::KEY),
        sequence: field(Gre::SEQUENCE),
    }
}

/// The same header as calls take it: every field in its place, whether the flags say that it is there or not.
pub(crate) fn gre_structure(octets: &[u8]) -> Vec<u8> {
    let gre = gre(octets);
    let mut structure = [gre.flags, gre.protocol_type]
        .map(u16::to_be_bytes)
        .concat();
    let (checksum, offset) = gre.checksum.unwrap_or_default();
    structure.extend(checksum.to_be_bytes());
    structure.extend(offset.to_be_bytes());
    structure.extend(gre.key.unwrap_or_default().to_be_bytes());
    structure.extend(gre.sequence.unwrap_or_default().to_be_bytes());
    structure
}

/// `inner` with `headers` around it. What a script states of a GRE header goes out as stated, the checksum too.
pub(super) fn around(inner: Packet, headers: Vec<Outer>) -> Encapsulated {
    let mut whole = Encapsulated {
        outer: headers.clone(),
        inner,
    };
    whole.finish();
    for (finished, stated) in whole.outer.iter_mut().zip(headers) {
        if let (Outer::Gre(finished), Outer::Gre(stated)) = (finished, stated) {
            finished.checksum = stated.checksum;
        }
    }
    whole
}

/// Compares the headers around a packet that the stack sent.
pub(super) fn compare(specs: &[Encapsulation], observed: &[Outer], found: &mut Found) {
    let same_kinds = specs.len() == observed.len()
        && specs
            .iter()
            .zip(observed)
            .all(|(spec, outer)| is_of_kind(spec, outer));
    if !same_kinds {
        found.add("outer headers", &list(specs), &list(observed));
        return;
    }
    for (at, (spec, outer)) in specs.iter().zip(observed).enumerate() {
        found.layer = Some(format!("outer header {} ({})", at + 1, name(outer)));
        match (spec, outer) {
            (Encapsulation::Ipv4(source, destination, fields), Outer::Ip(ip)) => {
                compare_ends((*source).into(), (*destination).into(), ip, found);
                compare_ip(fields, ip, found);
            }
            (Encapsulation::Ipv6(source, destination, fields), Outer::Ip(ip)) => {
                compare_ends((*source).into(), (*destination).into(), ip, found);
                compare_ip(fields, ip, found);
            }
            (Encapsulation::Gre(octets), Outer::Gre(observed)) => {
                compare_gre(&gre(octets), observed, found);
            }
            (Encapsulation::Mpls(words), Outer::Mpls(stack)) => {
                compare_labels(words, stack, found);
            }
            _ => {}
        }
    }
    found.layer = None;
}

const fn is_of_kind(spec: &Encapsulation, outer: &Outer) -> bool {
    match (spec, outer) {
        (Encapsulation::Ipv4(..), Outer::Ip(ip)) => matches!(ip, IpHeader::V4(_)),
        (Encapsulation::Ipv6(..), Outer::Ip(ip)) => matches!(ip, IpHeader::V6(_)),
        (Encapsulation::Gre(_), Outer::Gre(_)) | (Encapsulation::Mpls(_), Outer::Mpls(_)) => true,
        _ => false,
    }
}

const fn name(outer: &Outer) -> &'static str {
    match outer {
        Outer::Ip(IpHeader::V4(_)) => "IPv4",
        Outer::Ip(IpHeader::V6(_)) => "IPv6",
        Outer::Gre(_) => "GRE",
        Outer::Mpls(_) => "MPLS",
    }
}

fn list<T: std::fmt::Display>(headers: &[T]) -> String {
    if headers.is_empty() {
        return "none".to_owned();
    }
    let headers: Vec<_> = headers.iter().map(|header| format!("{header}:")).collect();
    headers.join(" ")
}

fn compare_ends(source: IpAddr, destination: IpAddr, ip: &IpHeader, found: &mut Found) {
    let ends = [
        ("source address", source, ip.source()),
        ("destination address", destination, ip.destination()),
    ];
    for (field, expected, observed) in ends {
        if expected != observed {
            found.add(field, &expected.to_string(), &observed.to_string());
        }
    }
}

fn compare_gre(expected: &Gre, observed: &Gre, found: &mut Found) {
    if expected.flags != observed.flags {
        let flags = |gre: &Gre| format!("{:#06x}", gre.flags);
        found.add("flags", &flags(expected), &flags(observed));
        // Other flags, other fields.
        return;
    }
    let fields = [
        (
            "checksum",
            expected.checksum.map(|(sum, _)| sum.into()),
            observed.checksum.map(|(sum, _)| sum.into()),
        ),
        (
            "offset",
            expected.checksum.map(|(_, offset)| offset.into()),
            observed.checksum.map(|(_, offset)| offset.into()),
        ),
        ("key", expected.key, observed.key),
        ("sequence number", expected.sequence, observed.sequence),
    ];
    for (field, expected, observed) in fields {
        if let (Some(expected), Some(observed)) = (expected, observed) {
            found.number(field, expected.into(), observed.into());
        }
    }
}

fn compare_labels(expected: &[u32], observed: &[Label], found: &mut Found) {
    let shown = |stack: &[Label]| {
        let entries: Vec<_> = stack.iter().map(ToString::to_string).collect();
        entries.join(" ")
    };
    let expected: Vec<_> = expected.iter().copied().map(Label::from).collect();
    if expected != observed {
        found.add("label stack", &shown(&expected), &shown(observed));
    }
}

/// Whether two packets went through the same tunnels: all that is alike from packet to packet is.
pub(super) fn are_alike(one: &[Outer], other: &[Outer]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| without_counters(one) == without_counters(other))
}

/// A header without what differs from packet to packet.
fn without_counters(outer: &Outer) -> Outer {
    let mut outer = outer.clone();
    match &mut outer {
        Outer::Ip(IpHeader::V4(ip)) => {
            (ip.identification, ip.total_length, ip.checksum) = (0, 0, 0);
        }
        Outer::Ip(IpHeader::V6(ip)) => ip.payload_length = 0,
        Outer::Gre(gre) => {
            gre.sequence = gre.sequence.map(|_| 0);
            gre.checksum = gre.checksum.map(|_| (0, 0));
        }
        Outer::Mpls(_) => {}
    }
    outer
}

/// An outer header as a script states it.
pub(crate) fn spec(outer: &Outer) -> Encapsulation {
    match outer {
        Outer::Ip(IpHeader::V4(ip)) => {
            Encapsulation::Ipv4(ip.source, ip.destination, IpSpec::default())
        }
        Outer::Ip(IpHeader::V6(ip)) => {
            Encapsulation::Ipv6(ip.source, ip.destination, IpSpec::default())
        }
        Outer::Gre(gre) => {
            let words = [
                Some(u32::from(gre.flags) << 16),
                gre.checksum
                    .map(|(sum, offset)| u32::from(sum) << 16 | u32::from(offset)),
                gre.key,
                gre.sequence,
            ];
            Encapsulation::Gre(
                words
                    .into_iter()
                    .flatten()
                    .flat_map(u32::to_be_bytes)
                    .collect(),
            )
        }
        Outer::Mpls(stack) => Encapsulation::Mpls(stack.iter().copied().map(u32::from).collect()),
    }
}

#[cfg(test)]
mod tests;
