//! How much of what the user gives the send buffer takes, and when it is worth giving more.
//!
//! RFC 9293 leaves buffers to the implementation. A stack may count octets only, or charge for the pieces of memory that hold
//! them, as Linux does: then it takes whole pieces as long as any memory is left.

use crate::Config;
use crate::tcb::Tcb;

/// The largest piece of memory, in octets: what offloading hardware takes at once.
const LARGEST_PIECE: usize = 65_215;
/// Windows up to this many octets are not halved.
const SMALL_WINDOW: u32 = 536;

/// Memory for what is sent: how much there is, and how much is in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SendMemory {
    limit: usize,
    used: usize,
}

impl SendMemory {
    pub(crate) fn of(tcb: &Tcb, config: &Config) -> Self {
        let octets = tcb.options.send_buffer;
        match config.piece_overhead {
            0 => Self {
                limit: octets,
                used: tcb.send.len(),
            },
            overhead => Self {
                limit: octets.saturating_mul(2),
                used: tcb.send.memory(overhead),
            },
        }
    }

    pub(crate) const fn free(self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    /// Whether a third is free, so that a writer is worth waking.
    const fn is_worthwhile(self) -> bool {
        self.free() > 0 && self.free() >= self.used / 2
    }
}

/// Whether SEND takes text piece by piece, and looks after each whether it may take more.
pub(crate) fn counts_pieces(tcb: &Tcb, config: &Config) -> bool {
    config.piece_overhead > 0 || unsent_limit(tcb, config).is_some()
}

/// Whether one more piece may be begun.
pub(crate) fn takes_more(tcb: &Tcb, config: &Config) -> bool {
    let limit = unsent_limit(tcb, config).unwrap_or(usize::MAX);
    SendMemory::of(tcb, config).free() > 0 && tcb.unsent() < limit
}

/// Whether a writer that found no room should try again.
pub(crate) fn is_writable(tcb: &Tcb, config: &Config) -> bool {
    let limit = unsent_limit(tcb, config).unwrap_or(usize::MAX);
    let few_unsent = tcb.unsent().saturating_mul(2) < limit;
    SendMemory::of(tcb, config).is_worthwhile() && few_unsent
}

/// Octets that may wait to be sent for the first time.
fn unsent_limit(tcb: &Tcb, config: &Config) -> Option<usize> {
    tcb.options.unsent_limit.or(config.unsent_limit)
}

/// The size of a piece: whole segments, up to half of the largest window that the remote ever offered.
pub(crate) fn piece(tcb: &Tcb, room: usize, config: &Config) -> usize {
    if config.piece_overhead == 0 {
        return room.min(SendMemory::of(tcb, config).free());
    }
    let window = match tcb.max_snd_wnd {
        small @ ..=SMALL_WINDOW => small,
        large => large / 2,
    };
    let most = LARGEST_PIECE.min(window as usize);
    (most / room).max(1) * room
}
