//! User calls (RFC 9293 sections 3.9.1 and 3.10.1 to 3.10.6).

mod abort;
mod close;
mod open;
mod option;
mod receive;
mod send;
mod status;

use crate::tcb::Tcb;
use crate::{ConnectionId, Stack, UserError};

impl Stack {
    /// The connection of this name, or why there is none.
    fn tcb(&self, id: ConnectionId) -> Result<&Tcb, UserError> {
        match self.table.connections.get(&id) {
            Some(tcb) => Ok(tcb),
            None if self.table.listeners.contains_key(&id) => Err(UserError::NotSupported),
            None => Err(UserError::ConnectionDoesNotExist),
        }
    }
}

/// What a call reports on a connection that has ended.
fn ended(tcb: &Tcb) -> UserError {
    tcb.error
        .map_or(UserError::ConnectionDoesNotExist, UserError::Aborted)
}
