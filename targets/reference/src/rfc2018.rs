//! RFC 2018: what selective acknowledgments say about the text held.

use crate::tcb::Tcb;
use crate::wire::{MAX_SACK_BLOCKS, SackBlocks};

/// Blocks for the next segment: three beside timestamps and four without (section 3).
///
/// A duplicate is reported first (RFC 2883 section 4), then what is held, the newest first (section 4).
pub(crate) fn blocks(tcb: &Tcb) -> SackBlocks {
    let room = if tcb.timestamps.is_some() {
        MAX_SACK_BLOCKS - 1
    } else {
        MAX_SACK_BLOCKS
    };
    let mut blocks = SackBlocks::default();
    if let Some((left, right)) = tcb.duplicate_text {
        blocks.push(left, right);
    }
    let held = tcb.receive.sack_blocks(tcb.rcv_nxt, room - blocks.len());
    for (left, right) in held.iter() {
        blocks.push(left, right);
    }
    blocks
}
