//! ABORT (RFC 9293 section 3.10.5).

use crate::output::{Output, control};
use crate::tcb::Tcb;
use crate::{ConnectionId, Instant, Stack, State, UserError};

impl Stack {
    /// ABORT: everything queued is discarded, the remote gets a RST where the RFC says so, and the id names
    /// nothing any more.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`.
    pub fn abort(&mut self, now: Instant, id: ConnectionId) -> Result<(), UserError> {
        if self.table.listeners.contains_key(&id) {
            return self.close(now, id);
        }
        let tcb = self
            .table
            .connections
            .get_mut(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        tcb.released = true;
        abort(tcb, now, &mut self.out);
        self.settle(id, now);
        Ok(())
    }
}

fn abort(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    match tcb.state {
        State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait => control::send_abort(tcb, now, out),
        // CLOSED, SYN-SENT, CLOSING, LAST-ACK and TIME-WAIT end without a word.
        _ => {}
    }
    tcb.end(None, now, out);
}
