//! Comparing a packet that the stack sent with the `>` line that expects one, field by field.

use halfopen_script::tree::{
    EcnSpec, IpSpec, OptionsSpec, PacketBody, PacketSpec, SegmentSpec, UdpSpec,
};
use halfopen_wire::{Encapsulated, Flags, IpHeader, Segment, TcpOption, Transport};

use super::{options, outer, show};
use crate::bindings::{Bindings, Flow, TimestampRule};
use crate::verdict::FieldMismatch;

/// The fields in which `packet` differs from `spec`; empty when it is what the script expects.
///
/// Binds the stack's initial sequence number and timestamps on the way.
pub(crate) fn compare(
    spec: &PacketSpec,
    whole: &Encapsulated,
    bindings: &mut Bindings,
) -> Vec<FieldMismatch> {
    let mut found = Found::default();
    let packet = &whole.inner;
    outer::compare(&spec.encapsulations, &whole.outer, &mut found);
    compare_ip(&spec.ip, &packet.ip, &mut found);
    if packet.checksum_is_right() == Some(false) {
        // RFC 9293 MUST-2
        found.add("checksum", "right", "wrong");
    }
    match (&spec.body, &packet.transport) {
        (PacketBody::Tcp(expected), Transport::Tcp(segment)) => {
            compare_segment(expected, segment, bindings, &mut found);
        }
        (PacketBody::Udp(expected), Transport::Udp(udp)) => {
            compare_udp(
                expected,
                udp.source_port,
                udp.destination_port,
                udp.payload.len(),
                &mut found,
            );
        }
        (PacketBody::Icmp(expected), Transport::Icmpv4(_) | Transport::Icmpv6(_)) => {
            super::icmp::compare(expected, packet, &mut found);
        }
        (expected, _) => {
            let name = match expected {
                PacketBody::Tcp(_) => "a TCP segment",
                PacketBody::Udp(_) => "a UDP datagram",
                PacketBody::Icmp(_) => "an ICMP message",
            };
            found.add("protocol", name, &show::packet(whole, bindings));
        }
    }
    found.mismatches
}

/// What differs so far.
#[derive(Default)]
pub(super) struct Found {
    /// The outer header that is being compared.
    pub(super) layer: Option<String>,
    mismatches: Vec<FieldMismatch>,
}

impl Found {
    pub(super) fn add(&mut self, field: &'static str, expected: &str, observed: &str) {
        self.mismatches.push(FieldMismatch {
            field: match &self.layer {
                Some(layer) => format!("{layer}: {field}").into(),
                None => field.into(),
            },
            expected: expected.to_owned(),
            observed: observed.to_owned(),
        });
    }

    pub(super) fn number(&mut self, field: &'static str, expected: u64, observed: u64) {
        if expected != observed {
            self.add(field, &expected.to_string(), &observed.to_string());
        }
    }
}

/// Compares the fields of an IP header that a script can state.
pub(super) fn compare_ip(expected: &IpSpec, ip: &IpHeader, found: &mut Found) {
    let (dscp, ecn, hop_limit) = (ip.dscp(), ip.ecn().bits(), ip.ttl());
    let names = ["noecn", "ect1", "ect0", "ce"];
    let (name, fits) = match expected.ecn {
        None | Some(EcnSpec::NoCheck) => ("", true),
        Some(EcnSpec::NotEct) => ("noecn", ecn == 0),
        Some(EcnSpec::Ect1) => ("ect1", ecn == 1),
        Some(EcnSpec::Ect0) => ("ect0", ecn == 2),
        Some(EcnSpec::Ect01) => ("ect01", ecn == 1 || ecn == 2),
        Some(EcnSpec::Ce) => ("ce", ecn == 3),
    };
    if !fits {
        found.add("ECN field", name, names[usize::from(ecn & 3)]);
    }
    if let Some(tos) = expected.tos {
        let observed = dscp << 2 | ecn;
        if tos != observed {
            found.add(
                "DS field",
                &format!("{tos:#04x}"),
                &format!("{observed:#04x}"),
            );
        }
    }
    if let Some(ttl) = expected.ttl {
        found.number("TTL", ttl.into(), hop_limit.into());
    }
    compare_addresses(expected, ip, found);
    if ip.checksum_is_right() == Some(false) {
        // RFC 791 section 3.1
        found.add("IP header checksum", "right", "wrong");
    }
    if let (Some(label), IpHeader::V6(header)) = (expected.flow_label, ip)
        && label != header.flow_label
    {
        found.add(
            "flow label",
            &format!("{label:#x}"),
            &format!("{:#x}", header.flow_label),
        );
    }
}

fn compare_addresses(expected: &IpSpec, ip: &IpHeader, found: &mut Found) {
    let ends = [
        ("source address", expected.source, ip.source()),
        (
            "destination address",
            expected.destination,
            ip.destination(),
        ),
    ];
    for (field, wanted, observed) in ends {
        if let Some(wanted) = wanted
            && wanted != observed
        {
            found.add(field, &wanted.to_string(), &observed.to_string());
        }
    }
    if let Some(wanted) = &expected.options {
        let observed = match ip {
            IpHeader::V4(header) => header.options.as_slice(),
            IpHeader::V6(_) => &[],
        };
        if wanted != observed {
            found.add(
                "IP options",
                &format!("{wanted:02x?}"),
                &format!("{observed:02x?}"),
            );
        }
    }
}

fn compare_segment(
    expected: &SegmentSpec,
    segment: &Segment,
    bindings: &mut Bindings,
    found: &mut Found,
) {
    let rule = bindings.timestamps;
    // Learns the stack's port when it opened the connection.
    let observed_flow = bindings
        .flow_of_packet(segment.source_port, segment.destination_port)
        .is_some();
    let Some(flow) = bindings.flow_for_outbound(expected.ports) else {
        let ports = format!("{} > {}", segment.source_port, segment.destination_port);
        found.add("ports", "those of a connection of the script", &ports);
        return;
    };
    let ports = (segment.source_port, segment.destination_port);
    let wanted = (flow.local_port.unwrap_or(ports.0), flow.remote_port);
    if !observed_flow || ports != wanted {
        found.add(
            "ports",
            &format!("{} > {}", wanted.0, wanted.1),
            &format!("{} > {}", ports.0, ports.1),
        );
    }
    let flags = Flags::from_bits(expected.flags);
    let syn = segment.flags.contains(Flags::SYN);
    if flags.contains(Flags::SYN) && syn {
        flow.note_outbound_syn(segment.ack.0);
        flow.bind_local_isn(expected.seq, segment.seq);
    }
    if flags != segment.flags {
        found.add("flags", &flags.to_string(), &segment.flags.to_string());
    }
    let seq = flow.local_to_script(segment.seq.0, syn);
    found.number("sequence number", expected.seq.into(), seq.into());
    found.number(
        "payload length",
        expected.length.into(),
        segment.payload.len() as u64,
    );
    if let Some((ack, _)) = expected.ack
        && segment.flags.contains(Flags::ACK)
    {
        let observed = flow.remote_to_script(segment.ack.0, syn);
        found.number("acknowledgment number", ack.into(), observed.into());
    }
    if let Some((window, _)) = expected.window {
        found.number("window", window.into(), segment.window.into());
    }
    if let Some((urgent, _)) = expected.urgent {
        found.number(
            "urgent pointer",
            urgent.into(),
            segment.urgent_pointer.into(),
        );
    }
    if let OptionsSpec::List(list, _) = &expected.options {
        compare_options(list, segment, flow, rule, found);
    } else if matches!(expected.options, OptionsSpec::Absent) && !segment.options.is_empty() {
        found.add("options", "none", &show::options(&segment.options));
    }
    check_option_syntax(segment, found);
    compare_payload(segment, flow, found);
}

/// What holds of the options of every segment, whether the script looks at them or not.
fn check_option_syntax(segment: &Segment, found: &mut Found) {
    for option in &segment.options {
        match option {
            // RFC 9293 MUST-68: kind, length and data, up to the end of the header.
            TcpOption::Malformed(_) => found.add(
                "options",
                "each with its length",
                &show::options(&segment.options),
            ),
            // RFC 9293 MUST-69
            TcpOption::Padding(octets) if octets.iter().any(|octet| *octet != 0) => found.add(
                "options",
                "zeros after the end of the list",
                &format!("{octets:02x?}"),
            ),
            _ => {}
        }
    }
}

fn compare_options(
    list: &[halfopen_script::tree::TcpOptionSpec],
    segment: &Segment,
    flow: &mut Flow,
    rule: TimestampRule,
    found: &mut Found,
) {
    let observed: Vec<_> = segment
        .options
        .iter()
        .filter(|option| !matches!(option, TcpOption::Padding(_)))
        .collect();
    let same = list.len() == observed.len()
        && list
            .iter()
            .zip(&observed)
            .all(|(expected, observed)| options::matches(expected, observed, flow, rule));
    if !same {
        found.add(
            "options",
            &show::option_specs(list),
            &show::options(&segment.options),
        );
    }
}

/// Every octet that the stack sends must be the one that its application wrote at that place.
fn compare_payload(segment: &Segment, flow: &Flow, found: &mut Found) {
    if segment.payload.is_empty() || flow.foreign {
        return;
    }
    let Some(offset) = flow.outbound_offset(segment) else {
        return;
    };
    // A keep-alive probe may carry one octet from before the window (RFC 9293 MAY-6).
    let Ok(start) = usize::try_from(offset) else {
        return;
    };
    let end = start + segment.payload.len();
    match flow.written.get(start..end) {
        Some(written) if written == segment.payload => {}
        Some(written) => {
            let differs = written
                .iter()
                .zip(&segment.payload)
                .position(|(a, b)| a != b);
            let at = start + differs.unwrap_or(0);
            found.add(
                "payload",
                "the octets that the application wrote",
                &format!("other octets from offset {at} of the stream on"),
            );
        }
        None => found.add(
            "payload",
            &format!(
                "octets that the application wrote ({} so far)",
                flow.written.len()
            ),
            &format!("octets {start} to {end} of the stream"),
        ),
    }
}

fn compare_udp(
    expected: &UdpSpec,
    source: u16,
    destination: u16,
    length: usize,
    found: &mut Found,
) {
    found.number("payload length", expected.length.into(), length as u64);
    if let Some((from, to)) = expected.ports
        && (from, to) != (source, destination)
    {
        found.add(
            "ports",
            &format!("{from} > {to}"),
            &format!("{source} > {destination}"),
        );
    }
}
