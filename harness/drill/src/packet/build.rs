//! From a `<` line to the packet that is injected.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use halfopen_script::tree::{EcnSpec, IpSpec, OptionsSpec, PacketBody, PacketSpec, SegmentSpec};
use halfopen_target::Setup;
use halfopen_wire::{Ecn, Encapsulated, Flags, IpHeader, Packet, Segment, Seq, Transport};

use super::{icmp, options, outer};
use crate::bindings::Bindings;
use crate::payload;

/// TTL or hop limit of what the tester sends, where the script states none.
const TESTER_HOP_LIMIT: u8 = 255;

/// Window field of what the tester sends, where the script states none.
const TESTER_WINDOW: u16 = 65535;

/// Builds the packet that a `<` line stands for.
///
/// # Errors
/// What the harness cannot build yet, in words for the skip reason.
pub(crate) fn build(
    spec: &PacketSpec,
    bindings: &mut Bindings,
    setup: &Setup,
) -> Result<Encapsulated, String> {
    let headers = outer::build(&spec.encapsulations)?;
    let mut packet = match &spec.body {
        PacketBody::Tcp(tcp) => segment(tcp, bindings, setup),
        PacketBody::Udp(udp) => {
            let flow = bindings.flow_for_inbound(udp.ports);
            let (from, to) = ends(setup, flow.remote_port, flow.local_port);
            Packet::udp(from, to, payload::inbound(0, udp.length as usize))
        }
        PacketBody::Icmp(message) => icmp::build(message, bindings, setup)?,
    };
    set_ip_fields(&mut packet.ip, &spec.ip);
    set_addresses(&mut packet.ip, spec)?;
    packet.finish();
    if spec.ip.wrong_checksum {
        spoil_checksum(&mut packet);
    }
    Ok(outer::around(packet, headers))
}

/// Sets addresses and IPv4 options that the script states.
fn set_addresses(ip: &mut IpHeader, spec: &PacketSpec) -> Result<(), String> {
    let (source, destination) = (spec.ip.source, spec.ip.destination);
    match ip {
        IpHeader::V4(header) => {
            header.source = ipv4(source, header.source)?;
            header.destination = ipv4(destination, header.destination)?;
            if let Some(options) = &spec.ip.options {
                header.options.clone_from(options);
            }
        }
        IpHeader::V6(header) => {
            header.source = ipv6(source, header.source)?;
            header.destination = ipv6(destination, header.destination)?;
            if spec.ip.options.is_some() {
                return Err("IPv6 has no options of this kind".to_owned());
            }
        }
    }
    Ok(())
}

/// The address that the script states, or else the packet's own.
fn ipv4(stated: Option<IpAddr>, own: Ipv4Addr) -> Result<Ipv4Addr, String> {
    match stated {
        None => Ok(own),
        Some(IpAddr::V4(address)) => Ok(address),
        Some(IpAddr::V6(address)) => Err(format!("a packet of IPv4 cannot hold {address}")),
    }
}

/// The address that the script states, or else the packet's own.
fn ipv6(stated: Option<IpAddr>, own: Ipv6Addr) -> Result<Ipv6Addr, String> {
    match stated {
        None => Ok(own),
        Some(IpAddr::V6(address)) => Ok(address),
        Some(IpAddr::V4(address)) => Err(format!("a packet of IPv6 cannot hold {address}")),
    }
}

/// Flips one bit of the transport's checksum.
fn spoil_checksum(packet: &mut Packet) {
    match &mut packet.transport {
        Transport::Tcp(segment) => segment.checksum ^= 1,
        Transport::Udp(udp) => udp.checksum ^= 1,
        Transport::Icmpv4(icmp) | Transport::Icmpv6(icmp) => icmp.checksum ^= 1,
        Transport::Other { .. } => {}
    }
}

fn ends(setup: &Setup, remote_port: u16, local_port: Option<u16>) -> (SocketAddr, SocketAddr) {
    (
        SocketAddr::new(setup.remote_ip, remote_port),
        SocketAddr::new(setup.local_ip, local_port.unwrap_or(0)),
    )
}

fn segment(tcp: &SegmentSpec, bindings: &mut Bindings, setup: &Setup) -> Packet {
    let flags = Flags::from_bits(tcp.flags);
    let flow = bindings.flow_for_inbound(tcp.ports);
    let is_syn = flags.contains(Flags::SYN);
    if is_syn && !flags.contains(Flags::RST) {
        flow.note_inbound_syn(tcp.seq);
    }
    let seq = flow.remote_to_wire(tcp.seq, is_syn);
    let offset = flow.inbound_offset(seq, is_syn);
    if flags.contains(Flags::URG) {
        flow.urgent = true;
    }
    let ack = match tcp.ack {
        Some((ack, _)) => flow.local_to_wire(ack, is_syn),
        None if flags.contains(Flags::ACK) => flow.local_to_wire(0, is_syn),
        None => 0,
    };
    let segment = Segment {
        source_port: flow.remote_port,
        destination_port: flow.local_port.unwrap_or(0),
        seq: Seq(seq),
        ack: Seq(ack),
        data_offset: 5,
        flags,
        window: tcp.window.map_or(TESTER_WINDOW, |(window, _)| window),
        checksum: 0,
        urgent_pointer: tcp.urgent.map_or(0, |(pointer, _)| pointer),
        options: match &tcp.options {
            OptionsSpec::List(list, _) => options::build(list, flow, is_syn),
            OptionsSpec::Absent | OptionsSpec::Any(_) => Vec::new(),
        },
        payload: payload::inbound(offset, tcp.length as usize),
    };
    let (from, to) = ends(setup, flow.remote_port, flow.local_port);
    Packet::tcp(from, to, segment)
}

/// Sets TTL, DS field and flow label as the script states them.
pub(super) fn set_ip_fields(ip: &mut IpHeader, spec: &IpSpec) {
    let hop_limit = spec.ttl.unwrap_or(TESTER_HOP_LIMIT);
    let ecn = match spec.ecn {
        Some(EcnSpec::Ect1) => 1,
        Some(EcnSpec::Ect0 | EcnSpec::Ect01) => 2,
        Some(EcnSpec::Ce) => 3,
        Some(EcnSpec::NotEct | EcnSpec::NoCheck) | None => 0,
    };
    let (dscp, ecn) = spec.tos.map_or((0, ecn), |tos| (tos >> 2, tos & 3));
    match ip {
        IpHeader::V4(header) => {
            header.ttl = hop_limit;
            header.dscp = dscp;
            header.ecn = Ecn::from_bits(ecn);
        }
        IpHeader::V6(header) => {
            header.hop_limit = hop_limit;
            header.dscp = dscp;
            header.ecn = Ecn::from_bits(ecn);
            if let Some(label) = spec.flow_label {
                header.flow_label = label;
            }
        }
    }
}
