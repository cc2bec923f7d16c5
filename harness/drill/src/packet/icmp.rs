//! ICMP messages of the script. Names follow packetdrill; each has its ICMPv4 and, where there is one, its
//! ICMPv6 number.

use std::net::SocketAddr;

use halfopen_script::tree::{IcmpSpec, QuotedSpec};
use halfopen_target::{AddressFamily, Setup};
use halfopen_wire::icmp::names;
use halfopen_wire::{Flags, Icmp, IpVersion, Packet, QuotedPacket, Segment, Seq};

use super::compare::Found;
use crate::bindings::Bindings;

/// Octets behind the IP header that an error quotes: a whole TCP header without options.
const QUOTED_OCTETS: usize = 20;

/// ICMPv6's nearest to a code of ICMPv4 that it lacks, so that one script runs over both.
const V6_COUNTERPARTS: &[(&str, &str)] = &[
    ("host_unreachable", "address_unreachable"),
    ("net_prohibited", "admin_prohibited"),
    ("host_prohibited", "admin_prohibited"),
    ("packet_filtered", "admin_prohibited"),
    ("exceeded_ttl", "exceeded_hop_limit"),
];

/// Type and code on the wire; "fragmentation needed" becomes "packet too big" over IPv6.
fn type_and_code(spec: &IcmpSpec, version: IpVersion) -> Result<(u8, u8), String> {
    let code = spec.code.as_deref();
    if version == IpVersion::V6 && code == Some("frag_needed") {
        return Ok((halfopen_wire::icmp::v6::PACKET_TOO_BIG, 0));
    }
    let kind = spec
        .kind
        .parse()
        .ok()
        .or_else(|| names::kind_named(version, &spec.kind))
        .ok_or_else(|| format!("there is no ICMP type `{}` over this IP", spec.kind))?;
    let code = match code {
        None => 0,
        Some(code) => code
            .parse()
            .ok()
            .or_else(|| names::code_named(version, kind, counterpart(code, version)))
            .ok_or_else(|| format!("there is no ICMP code `{code}` over this IP"))?,
    };
    Ok((kind, code))
}

fn counterpart(code: &str, version: IpVersion) -> &str {
    match version {
        IpVersion::V4 => code,
        IpVersion::V6 => V6_COUNTERPARTS
            .iter()
            .find(|(name, _)| *name == code)
            .map_or(code, |(_, counterpart)| counterpart),
    }
}

/// Builds an ICMP error about a packet of the stack.
pub(super) fn build(
    spec: &IcmpSpec,
    bindings: &mut Bindings,
    setup: &Setup,
) -> Result<Packet, String> {
    let version = match setup.mode.wire() {
        AddressFamily::Ipv4 => IpVersion::V4,
        AddressFamily::Ipv6 => IpVersion::V6,
    };
    let (kind, code) = type_and_code(spec, version)?;
    let body = match spec.quoted {
        Some(QuotedSpec::Raw { length }) => {
            vec![0; (length as usize).saturating_sub(Icmp::HEADER)]
        }
        _ => {
            let quoted = quoted_packet(spec, bindings, setup);
            QuotedPacket::of(&quoted, QUOTED_OCTETS).encode()
        }
    };
    let rest = match (spec.mtu, spec.echo_id) {
        (Some(mtu), _) => mtu.to_be_bytes(),
        (None, Some(id)) => (u32::from(id) << 16).to_be_bytes(),
        (None, None) => [0; 4],
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
                seq: Seq(flow.local_to_wire(seq, false)),
                flags: Flags::ACK,
                payload: vec![0; length as usize],
                ..Segment::default()
            };
            Packet::tcp(from, to, segment)
        }
        Some(QuotedSpec::Raw { .. }) | None => {
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
    match type_and_code(spec, packet.ip.version()) {
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
