//! RECEIVE (RFC 9293 section 3.10.3).

use super::ended;
use crate::output::segmentation;
use crate::tcb::Tcb;
use crate::{ConnectionId, Instant, Received, Stack, State, UserError};

impl Stack {
    /// Takes up to `max` octets that came in order.
    ///
    /// After the remote's FIN, and also after the connection has ended well, what was received stays
    /// readable; then comes [`Received::EndOfStream`].
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`, `NotSupported` on a listener, `Aborted` when the connection has failed.
    pub fn receive(
        &mut self,
        now: Instant,
        id: ConnectionId,
        max: usize,
    ) -> Result<Received, UserError> {
        let _ = self.tcb(id)?;
        let tcb = self
            .table
            .connections
            .get_mut(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        let taken = look(tcb, max)?;
        let Received::Data(octets) = &taken else {
            return Ok(taken);
        };
        tcb.receive.consume(octets.len());
        tcb.read_since_told = tcb.read_since_told.saturating_add(octets.len());
        if tcb.receive.is_empty() && tcb.state == State::Closed {
            tcb.receive.shrink();
        }
        let config = self.out.config();
        let owes = config.ack_waits_for_reader.is_some() && tcb.owes_acknowledgment(config);
        if tcb.state.takes_text() && (owes || tcb.window_update_is_due()) {
            tcb.ack_now = true;
            segmentation::transmit(tcb, now, &mut self.out);
        }
        self.settle(id, now);
        Ok(taken)
    }

    /// As [`Stack::receive`], but the octets stay.
    ///
    /// # Errors
    /// Those of [`Stack::receive`].
    pub fn peek(&self, id: ConnectionId, max: usize) -> Result<Received, UserError> {
        look(self.tcb(id)?, max)
    }
}

fn look(tcb: &Tcb, max: usize) -> Result<Received, UserError> {
    if !tcb.receive.is_empty() {
        return Ok(Received::Data(tcb.receive.peek(max)));
    }
    match tcb.state {
        _ if tcb.end_of_stream && tcb.error.is_none() => Ok(Received::EndOfStream),
        State::Closed => Err(ended(tcb)),
        _ => Ok(Received::WouldBlock),
    }
}
