//! RFC 2018: what selective acknowledgments say about the text held.
//!
//! Received blocks are parsed but not used: recovery by SACK (RFC 6675, RFC 8985) is a module to come.

use crate::tcb::Tcb;
use crate::wire::{MAX_SACK_BLOCKS, SackBlocks};

/// Blocks for the next segment: the newest first, three beside timestamps and four without (section 3).
pub(crate) fn blocks(tcb: &Tcb) -> SackBlocks {
    let room = if tcb.timestamps.is_some() {
        MAX_SACK_BLOCKS - 1
    } else {
        MAX_SACK_BLOCKS
    };
    tcb.reassembly.sack_blocks(tcb.rcv_nxt, room)
}
