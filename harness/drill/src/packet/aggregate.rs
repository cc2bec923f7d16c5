//! Several segments of the stack that one line of the script stands for.
//!
//! A script written for packetdrill states a burst as one large segment, since that is what an interface with segmentation
//! offload shows. Where a stack, or the kernel, cuts the burst up first, the pieces are joined again: they must follow each other
//! in sequence, be alike but for FIN, PSH and CWR, and be of one size but for the last.

use halfopen_script::tree::{PacketBody, PacketSpec};
use halfopen_wire::{Encapsulated, Flags, Packet};

use super::outer;

/// Whether the line states more payload than `packet` has, so that more segments may belong to it.
pub(crate) fn is_short(spec: &PacketSpec, packet: &Packet) -> bool {
    match (&spec.body, packet.segment()) {
        (PacketBody::Tcp(expected), Some(segment)) => {
            !segment.payload.is_empty() && segment.payload.len() < expected.length as usize
        }
        _ => false,
    }
}

/// `so_far` and the segment in `next`, as one: headers of the last piece, sequence number and CWR of the first. `last` is the
/// piece before `next`. `None` when `next` is no continuation.
pub(crate) fn join(so_far: &Encapsulated, last: &[u8], next: &[u8]) -> Option<Encapsulated> {
    let (last, mut whole) = (
        Encapsulated::parse(last).ok()?,
        Encapsulated::parse(next).ok()?,
    );
    let (so_far, joined) = (&so_far.inner, &mut whole.inner);
    if !outer::are_alike(&last.outer, &whole.outer) {
        return None;
    }
    if joined.checksum_is_right() == Some(false) || so_far.checksum_is_right() == Some(false) {
        return None;
    }
    let (first, before) = (so_far.segment()?, last.inner.segment()?);
    let piece = joined.segment_mut()?;
    let free = Flags::FIN | Flags::PSH | Flags::CWR;
    let kind = |flags: Flags| flags.bits() & !free.bits();
    let continues = piece.seq.0 == first.seq.0.wrapping_add(first.payload.len() as u32)
        && (piece.source_port, piece.destination_port)
            == (first.source_port, first.destination_port)
        && kind(piece.flags) == kind(before.flags)
        && piece.ack == before.ack
        && piece.window == before.window
        && piece.data_offset == before.data_offset
        && piece.urgent_pointer == before.urgent_pointer
        && piece.payload.len() <= before.payload.len();
    if !continues {
        return None;
    }
    let cwr = first.flags.bits() & Flags::CWR.bits();
    piece.flags = Flags::from_bits(piece.flags.bits() & !Flags::CWR.bits() | cwr);
    piece.seq = first.seq;
    let mut payload = first.payload.clone();
    payload.append(&mut piece.payload);
    piece.payload = payload;
    joined.finish();
    whole.finish();
    Some(whole)
}
