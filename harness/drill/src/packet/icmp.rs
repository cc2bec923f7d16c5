//! ICMP messages of the script. Names follow packetdrill; each has its ICMPv4 and, where there is one, its
//! ICMPv6 number.

use std::net::SocketAddr;

use halfopen_script::tree::{IcmpSpec, QuotedSpec};
use halfopen_target::{AddressFamily, Setup};
use halfopen_wire::{Flags, Icmp, Packet, QuotedPacket, Segment, Seq};

use super::compare::Found;
use crate::bindings::Bindings;

/// Octets behind the IP header that an error quotes: a whole TCP header without options.
const QUOTED_OCTETS: usize = 20;

/// A type by name: `(name, type over IPv4, type over IPv6)`.
const TYPES: &[(&str, Option<u8>, Option<u8>)] = &[
    ("unreachable", Some(3), Some(1)),
    ("source_quench", Some(4), None),
    ("redirect", Some(5), Some(137)),
    ("time_exceeded", Some(11), Some(3)),
    ("parameter_problem", Some(12), Some(4)),
    ("packet_too_big", Some(3), Some(2)),
    ("echo_request", Some(8), Some(128)),
    ("echo_reply", Some(0), Some(129)),
];

/// A code by name: `(name, code over IPv4, code over IPv6)`.
const CODES: &[(&str, Option<u8>, Option<u8>)] = &[
    ("net_unreachable", Some(0), Some(0)),
    ("host_unreachable", Some(1), Some(3)),
    ("protocol_unreachable", Some(2), None),
    ("port_unreachable", Some(3), Some(4)),
    ("frag_needed", Some(4), Some(0)),
    ("source_route_failed", Some(5), None),
    ("net_unknown", Some(6), None),
    ("host_unknown", Some(7), None),
    ("source_host_isolated", Some(8), None),
    ("net_prohibited", Some(9), None),
    ("host_prohibited", Some(10), None),
    ("net_unreachable_for_tos", Some(11), None),
    ("host_unreachable_for_tos", Some(12), None),
    ("packet_filtered", Some(13), Some(1)),
    ("precedence_violation", Some(14), None),
    ("precedence_cutoff", Some(15), None),
    ("no_route", None, Some(0)),
    ("admin_prohibited", None, Some(1)),
    ("not_neighbour", None, Some(2)),
    ("address_unreachable", Some(1), Some(3)),
    ("ttl_exceeded", Some(0), Some(0)),
    ("exceeded_ttl", Some(0), Some(0)),
    ("fragment_reassembly_time_exceeded", Some(1), Some(1)),
];

fn number(
    table: &[(&str, Option<u8>, Option<u8>)],
    what: &str,
    name: &str,
    family: AddressFamily,
) -> Result<u8, String> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let row = table
        .iter()
        .find(|row| row.0 == name)
        .ok_or_else(|| format!("the harness does not know the ICMP {what} `{name}` yet"))?;
    let (value, version) = match family {
        AddressFamily::Ipv4 => (row.1, "ICMPv4"),
        AddressFamily::Ipv6 => (row.2, "ICMPv6"),
    };
    value.ok_or_else(|| format!("{version} has no {what} `{name}`"))
}

/// Type and code on the wire; "fragmentation needed" becomes "packet too big" over IPv6.
fn type_and_code(spec: &IcmpSpec, family: AddressFamily) -> Result<(u8, u8), String> {
    if family == AddressFamily::Ipv6 && spec.code.as_deref() == Some("frag_needed") {
        return Ok((halfopen_wire::icmp::v6::PACKET_TOO_BIG, 0));
    }
    let kind = number(TYPES, "type", &spec.kind, family)?;
    let code = match &spec.code {
        Some(code) => number(CODES, "code", code, family)?,
        None => 0,
    };
    Ok((kind, code))
}

/// Builds an ICMP error about a packet of the stack.
pub(super) fn build(
    spec: &IcmpSpec,
    bindings: &mut Bindings,
    setup: &Setup,
) -> Result<Packet, String> {
    let family = setup.mode.wire();
    let (kind, code) = type_and_code(spec, family)?;
    let quoted = quoted_packet(spec, bindings, setup);
    let body = QuotedPacket::of(&quoted, QUOTED_OCTETS).encode();
    let rest = match spec.mtu {
        Some(mtu) => mtu.to_be_bytes(),
        None => [0; 4],
    };
    let message = Icmp::new(kind, code, rest, body);
    Ok(Packet::icmp(setup.gateway_ip, setup.local_ip, message))
}

fn quoted_packet(spec: &IcmpSpec, bindings: &mut Bindings, setup: &Setup) -> Packet {
    let flow = bindings.flow_for_inbound(None);
    let from = SocketAddr::new(setup.local_ip, flow.local_port.unwrap_or(0));
    let to = SocketAddr::new(setup.remote_ip, flow.remote_port);
    match spec.quoted {
        Some(QuotedSpec::Udp { length }) => Packet::udp(from, to, vec![0; length as usize]),
        Some(QuotedSpec::Tcp { seq, length, .. }) => {
            let segment = Segment {
                seq: Seq(flow.local_to_wire(seq)),
                flags: Flags::ACK,
                payload: vec![0; length as usize],
                ..Segment::default()
            };
            Packet::tcp(from, to, segment)
        }
        None => {
            let segment = Segment {
                seq: flow.local_isn().unwrap_or(Seq(0)),
                ..Segment::default()
            };
            Packet::tcp(from, to, segment)
        }
    }
}

/// Compares an ICMP message that the stack sent.
pub(super) fn compare(spec: &IcmpSpec, packet: &Packet, found: &mut Found) {
    let Some(message) = packet.icmp_message() else {
        return;
    };
    let family = match packet.ip.version() {
        halfopen_wire::IpVersion::V4 => AddressFamily::Ipv4,
        halfopen_wire::IpVersion::V6 => AddressFamily::Ipv6,
    };
    match type_and_code(spec, family) {
        Ok((kind, code)) => {
            found.number("ICMP type", kind.into(), message.kind.into());
            found.number("ICMP code", code.into(), message.code.into());
        }
        Err(unknown) => found.add("ICMP type", &unknown, &message.kind.to_string()),
    }
    if let Some(mtu) = spec.mtu {
        found.number("MTU", mtu.into(), message.mtu().unwrap_or(0).into());
    }
}
