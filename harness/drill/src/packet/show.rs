//! Packets and options in the notation of scripts, for messages.

use halfopen_script::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};
use halfopen_wire::{Encapsulated, Flags, Segment, TcpOption};

use crate::bindings::Bindings;

/// A packet in one line, in the script's numbers where it belongs to a connection of the script.
pub(crate) fn packet(packet: &Encapsulated, bindings: &Bindings) -> String {
    let mut shown = packet.clone();
    if let Some(segment) = shown.inner.segment_mut() {
        to_script_numbers(segment, bindings);
    }
    shown.line().checksums(false).to_string()
}

/// Makes the stack's numbers relative as the script counts them, whichever way the segment goes.
fn to_script_numbers(segment: &mut Segment, bindings: &Bindings) {
    let ports = (segment.source_port, segment.destination_port);
    let syn = segment.flags.contains(Flags::SYN);
    let has_ack = segment.flags.contains(Flags::ACK);
    if let Some(flow) = bindings.known_flow(ports.0, ports.1) {
        segment.seq.0 = flow.local_to_script(segment.seq.0, syn);
        if has_ack {
            segment.ack.0 = flow.remote_to_script(segment.ack.0, syn);
        }
    } else if let Some(flow) = bindings.known_flow(ports.1, ports.0) {
        segment.seq.0 = flow.remote_to_script(segment.seq.0, syn);
        if has_ack {
            segment.ack.0 = flow.local_to_script(segment.ack.0, syn);
        }
    }
}

/// An option list in angle brackets.
pub(crate) fn options(list: &[TcpOption]) -> String {
    let shown: Vec<_> = list.iter().map(ToString::to_string).collect();
    format!("<{}>", shown.join(","))
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
