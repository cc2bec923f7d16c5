//! SEND (RFC 9293 section 3.10.2).

use super::ended;
use crate::output::segmentation;
use crate::tcb::Tcb;
use crate::{ConnectionId, Instant, SendFlags, Stack, State, UserError};

impl Stack {
    /// Takes octets into the send buffer, as many as fit, and sends what may be sent.
    ///
    /// Before ESTABLISHED they wait. On a listener with a known remote it opens the connection actively.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`, `ConnectionClosing` after CLOSE, `RemoteUnspecified` on a listener open to
    /// all, `Aborted` when the connection has failed.
    pub fn send(
        &mut self,
        now: Instant,
        id: ConnectionId,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<usize, UserError> {
        if self.table.listeners.contains_key(&id) {
            self.convert_listener(id, now)?;
        }
        let tcb = self
            .table
            .connections
            .get_mut(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        let end = tcb.send.end();
        let taken = queue(tcb, data, flags)?;
        if taken > 0 && self.out.config().bursts && tcb.state.is_synchronized() {
            let found = segmentation::queue_for_marks(tcb, now, self.out.config());
            let pushes = !tcb.more_follows;
            tcb.push_marks.queued(end, taken, pushes, &found);
        }
        if tcb.state.is_synchronized() || tcb.fast_open {
            segmentation::transmit(tcb, now, &mut self.out);
        }
        self.settle(id, now);
        Ok(taken)
    }
}

fn queue(tcb: &mut Tcb, data: &[u8], flags: SendFlags) -> Result<usize, UserError> {
    match tcb.state {
        State::Closed => return Err(ended(tcb)),
        State::SynSent | State::SynReceived | State::Established | State::CloseWait
            if !tcb.fin_queued => {}
        _ => return Err(UserError::ConnectionClosing),
    }
    let taken = tcb.send.push(data, tcb.options.send_buffer);
    if taken > 0 {
        // Only whole SENDs announce more, or are urgent to their last octet.
        let whole = taken == data.len();
        tcb.more_follows = flags.more && whole;
        if flags.end_of_record && whole {
            let una = tcb.snd_una;
            tcb.records.retain(|end| end.after(una));
            tcb.records.push_back(tcb.send.end());
        }
        if flags.urgent {
            tcb.snd_up = Some(tcb.send.end()); // RFC 9293 MUST-30, MUST-31, MUST-62
        }
    }
    Ok(taken)
}
