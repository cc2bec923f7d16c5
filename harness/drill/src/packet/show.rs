//! Packets and options in the notation of scripts, for messages.

use halfopen_script::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};
use halfopen_wire::{Flags, Packet, Segment, TcpOption, Transport};

use crate::bindings::Bindings;

/// A packet in one line, in the script's numbers where it belongs to a connection of the script.
pub(crate) fn packet(packet: &Packet, bindings: Option<&Bindings>) -> String {
    match &packet.transport {
        Transport::Tcp(segment) => {
            let mut shown = segment.clone();
            if let Some(bindings) = bindings {
                to_script_numbers(&mut shown, bindings);
            }
            segment_text(&shown)
        }
        Transport::Udp(udp) => format!("udp ({})", udp.payload.len()),
        Transport::Icmpv4(icmp) | Transport::Icmpv6(icmp) => {
            let mtu = icmp
                .mtu()
                .map_or(String::new(), |mtu| format!(" mtu {mtu}"));
            format!("icmp type {} code {}{mtu}", icmp.kind, icmp.code)
        }
        Transport::Other { protocol, bytes } => {
            format!("protocol {protocol}, {} octets", bytes.len())
        }
    }
}

/// Makes the stack's numbers relative as the script counts them, whichever way the segment goes.
fn to_script_numbers(segment: &mut Segment, bindings: &Bindings) {
    let ports = (segment.source_port, segment.destination_port);
    if let Some(flow) = bindings.known_flow(ports.0, ports.1) {
        segment.seq.0 = flow.local_to_script(segment.seq.0);
    } else if let Some(flow) = bindings.known_flow(ports.1, ports.0) {
        segment.ack.0 = flow.local_to_script(segment.ack.0);
    }
}

fn segment_text(segment: &Segment) -> String {
    let length = segment.payload.len() as u32;
    let mut text = format!(
        "{} {}:{}({length})",
        segment.flags,
        segment.seq.0,
        segment.seq.0.wrapping_add(length)
    );
    if segment.flags.contains(Flags::ACK) {
        text.push_str(&format!(" ack {}", segment.ack.0));
    }
    text.push_str(&format!(" win {}", segment.window));
    if segment.flags.contains(Flags::URG) {
        text.push_str(&format!(" urg {}", segment.urgent_pointer));
    }
    if !segment.options.is_empty() {
        text.push(' ');
        text.push_str(&options(&segment.options));
    }
    text
}

/// An option list in angle brackets.
pub(crate) fn options(list: &[TcpOption]) -> String {
    let shown: Vec<_> = list.iter().filter_map(option).collect();
    format!("<{}>", shown.join(","))
}

fn option(option: &TcpOption) -> Option<String> {
    Some(match option {
        TcpOption::EndOfList => "eol".to_owned(),
        TcpOption::Nop => "nop".to_owned(),
        TcpOption::Mss(mss) => format!("mss {mss}"),
        TcpOption::WindowScale(shift) => format!("wscale {shift}"),
        TcpOption::SackPermitted => "sackOK".to_owned(),
        TcpOption::Sack(blocks) => {
            let blocks: Vec<_> = blocks
                .iter()
                .map(|(left, right)| format!("{}:{}", left.0, right.0))
                .collect();
            format!("sack {}", blocks.join(" "))
        }
        TcpOption::Timestamps { val, ecr } => format!("TS val {val} ecr {ecr}"),
        TcpOption::Md5(_) => "md5".to_owned(),
        TcpOption::FastOpen(cookie) => format!("FO {}", hex(cookie)),
        TcpOption::FastOpenExp(cookie) => format!("FOEXP {}", hex(cookie)),
        TcpOption::AccEcn { order, counters } => {
            let fields: Vec<_> = order
                .names()
                .iter()
                .zip(counters)
                .map(|(name, counter)| format!("{name} {counter}"))
                .collect();
            format!("ECN {}", fields.join(" "))
        }
        TcpOption::Unknown { kind, data } => format!("kind {kind} {}", hex(data)),
        TcpOption::Malformed(bytes) => format!("malformed {}", hex(bytes)),
        TcpOption::Padding(_) => return None,
    })
}

/// An option list of a script in angle brackets.
pub(crate) fn option_specs(list: &[TcpOptionSpec]) -> String {
    let shown: Vec<_> = list.iter().map(option_spec).collect();
    format!("<{}>", shown.join(","))
}

fn option_spec(option: &TcpOptionSpec) -> String {
    let number = |n: &Option<u32>| n.map_or("...".to_owned(), |n| n.to_string());
    match &option.kind {
        TcpOptionKind::Nop => "nop".to_owned(),
        TcpOptionKind::Eol => "eol".to_owned(),
        TcpOptionKind::Mss(mss) => format!("mss {mss}"),
        TcpOptionKind::WindowScale(shift) => format!("wscale {shift}"),
        TcpOptionKind::SackPermitted => "sackOK".to_owned(),
        TcpOptionKind::Sack(None) => "sack ...".to_owned(),
        TcpOptionKind::Sack(Some(blocks)) => {
            let blocks: Vec<_> = blocks.iter().map(|(l, r)| format!("{l}:{r}")).collect();
            format!("sack {}", blocks.join(" "))
        }
        TcpOptionKind::Timestamps { val, ecr } => {
            format!("TS val {} ecr {}", number(val), number(ecr))
        }
        TcpOptionKind::FastOpen(cookie) => format!("FO {}", cookie_text(cookie)),
        TcpOptionKind::FastOpenExp(cookie) => format!("FOEXP {}", cookie_text(cookie)),
        TcpOptionKind::Md5(_) => "md5".to_owned(),
        TcpOptionKind::AccEcn(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(field, counter)| {
                    let name = match field {
                        AccEcnField::E0b => "e0b",
                        AccEcnField::Ceb => "ceb",
                        AccEcnField::E1b => "e1b",
                    };
                    format!("{name} {counter}")
                })
                .collect();
            format!("ECN {}", fields.join(" "))
        }
        TcpOptionKind::Raw { kind, data, .. } => format!("kind {kind} {}", hex(data)),
    }
}

fn cookie_text(cookie: &Option<Vec<u8>>) -> String {
    cookie
        .as_ref()
        .map_or_else(|| "...".to_owned(), |octets| hex(octets))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
