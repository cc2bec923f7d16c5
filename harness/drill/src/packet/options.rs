//! TCP options of the script: building and comparing.

use halfopen_script::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};
use halfopen_wire::{AccEcnOrder, Seq, TcpOption};

use crate::bindings::{Flow, TimestampRule};

/// The options of an inbound segment.
pub(super) fn build(list: &[TcpOptionSpec], flow: &Flow, syn: bool) -> Vec<TcpOption> {
    list.iter()
        .map(|option| build_one(option, flow, syn))
        .collect()
}

fn build_one(option: &TcpOptionSpec, flow: &Flow, syn: bool) -> TcpOption {
    match &option.kind {
        TcpOptionKind::Nop => TcpOption::Nop,
        TcpOptionKind::Eol => TcpOption::EndOfList,
        TcpOptionKind::Mss(mss) => TcpOption::Mss(*mss),
        TcpOptionKind::WindowScale(shift) => TcpOption::WindowScale(*shift),
        TcpOptionKind::SackPermitted => TcpOption::SackPermitted,
        TcpOptionKind::Sack(blocks) => TcpOption::Sack(
            blocks
                .iter()
                .flatten()
                .map(|(left, right)| {
                    (
                        Seq(flow.local_to_wire(*left, syn)),
                        Seq(flow.local_to_wire(*right, syn)),
                    )
                })
                .collect(),
        ),
        TcpOptionKind::Timestamps { val, ecr } => {
            let ecr = ecr.unwrap_or(0);
            TcpOption::Timestamps {
                val: val.unwrap_or(0),
                ecr: flow
                    .timestamp_to_wire(ecr)
                    .or_else(|| flow.interpolated_timestamp(ecr))
                    .unwrap_or(ecr),
            }
        }
        TcpOptionKind::FastOpen(cookie) => TcpOption::FastOpen(cookie.clone().unwrap_or_default()),
        TcpOptionKind::FastOpenExp(cookie) => {
            TcpOption::FastOpenExp(cookie.clone().unwrap_or_default())
        }
        TcpOptionKind::Md5(digest) => {
            let mut octets = [0; 16];
            for (to, from) in octets.iter_mut().zip(digest.iter().flatten()) {
                *to = *from;
            }
            TcpOption::Md5(octets)
        }
        TcpOptionKind::AccEcn(fields) => accurate_ecn(fields),
        TcpOptionKind::Raw { kind, length, data } => raw(*kind, *length, data),
    }
}

/// RFC 9768 section 3.2.3: the option's kind says which counter comes first.
fn accurate_ecn(fields: &[(AccEcnField, u32)]) -> TcpOption {
    let order = match fields.first() {
        Some((AccEcnField::E1b, _)) => AccEcnOrder::One,
        _ => AccEcnOrder::Zero,
    };
    let counters = fields.iter().map(|(_, counter)| *counter).collect();
    TcpOption::AccEcn { order, counters }
}

fn raw(kind: u8, length: Option<u8>, data: &[u8]) -> TcpOption {
    match length {
        Some(length) if usize::from(length) != data.len() + 2 => {
            let mut octets = vec![kind, length];
            octets.extend(data);
            TcpOption::Malformed(octets)
        }
        _ => TcpOption::Unknown {
            kind,
            data: data.to_vec(),
        },
    }
}

/// Whether an observed option is what the script expects; binds timestamps on the way.
pub(super) fn matches(
    expected: &TcpOptionSpec,
    observed: &TcpOption,
    flow: &mut Flow,
    rule: TimestampRule,
) -> bool {
    match (&expected.kind, observed) {
        (TcpOptionKind::Sack(None), TcpOption::Sack(_))
        | (TcpOptionKind::FastOpen(None), TcpOption::FastOpen(_))
        | (TcpOptionKind::FastOpenExp(None), TcpOption::FastOpenExp(_))
        | (TcpOptionKind::Md5(None), TcpOption::Md5(_)) => true,
        // SACK blocks of the stack speak of the tester's sequence numbers.
        (TcpOptionKind::Sack(Some(blocks)), TcpOption::Sack(seen)) => {
            let same = |script: u32, wire: Seq| flow.remote_to_script(wire.0, false) == script;
            blocks.len() == seen.len()
                && blocks
                    .iter()
                    .zip(seen)
                    .all(|(a, b)| same(a.0, b.0) && same(a.1, b.1))
        }
        (TcpOptionKind::Timestamps { val, ecr }, TcpOption::Timestamps { val: v, ecr: e }) => {
            timestamps(rule, (*val, *ecr), (*v, *e), flow)
        }
        _ => build_one(expected, flow, false) == *observed,
    }
}

/// Whether TSval and TSecr are as expected; `None` stands for any.
fn timestamps(
    rule: TimestampRule,
    (val, ecr): (Option<u32>, Option<u32>),
    observed: (u32, u32),
    flow: &mut Flow,
) -> bool {
    let bound = val.and_then(|script| flow.timestamp_to_wire(script));
    let fits = match (rule, val) {
        (_, None) => true,
        (TimestampRule::Each, Some(_)) => {
            bound.is_none_or(|bound| bound == observed.0) && ecr.is_none_or(|ecr| ecr == observed.1)
        }
        (TimestampRule::Packetdrill { tick: 0, .. }, Some(_)) => true,
        (TimestampRule::Packetdrill { tick, tolerance }, Some(script)) => {
            let stated = flow.interpolated_timestamp(script).unwrap_or(observed.0);
            let apart = u64::from(stated.wrapping_sub(observed.0).cast_signed().unsigned_abs());
            apart * u64::from(tick) <= tolerance
        }
    };
    if let Some(script) = val
        && (bound.is_none() || rule != TimestampRule::Each)
    {
        flow.bind_timestamp(script, observed.0);
    }
    fits && (val.is_some() || ecr.is_none_or(|ecr| ecr == observed.1))
}
