//! CLOSE (RFC 9293 section 3.10.4), and the application's going away.

use alloc::vec::Vec;

use super::ended;
use crate::output::{Output, control, segmentation};
use crate::tcb::Tcb;
use crate::{ConnectionId, Event, Instant, Stack, State, UserError, timeout};

impl Stack {
    /// CLOSE: nothing more will be sent; a FIN follows what is queued. Receiving goes on.
    ///
    /// A listener goes away, and connections that were not accepted are reset.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`, `ConnectionClosing` if it was called before, `Aborted` when the connection
    /// has failed.
    pub fn close(&mut self, now: Instant, id: ConnectionId) -> Result<(), UserError> {
        if self.table.listeners.contains_key(&id) {
            self.shut_listener(id, now);
            self.table.listeners.remove(&id);
            self.out.event(Event::Transition {
                connection: id,
                from: State::Listen,
                to: State::Closed,
                at: now,
            });
            return Ok(());
        }
        let tcb = self
            .table
            .connections
            .get_mut(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        let closed = close(tcb, now, &mut self.out);
        self.settle(id, now);
        closed
    }

    /// The application is gone (POSIX `close`, RFC 9293 MAY-1): nothing will be read or sent any more, the id names nothing.
    ///
    /// RFC 9293 SHLD-3: unread text makes it a reset, as does text that arrives later. Otherwise this is
    /// CLOSE, and the connection goes on by itself to its end.
    pub fn release(&mut self, now: Instant, id: ConnectionId) {
        if self.table.listeners.contains_key(&id) {
            // A listener's close cannot fail.
            let _ = self.close(now, id);
            return;
        }
        if let Some(tcb) = self.table.connections.get_mut(&id) {
            tcb.released = true;
            release(tcb, now, &mut self.out);
            self.settle(id, now);
        }
    }

    /// Resets every connection that a listener spawned and nobody accepted.
    pub(super) fn shut_listener(&mut self, id: ConnectionId, now: Instant) {
        let Some(listener) = self.table.listeners.get_mut(&id) else {
            return;
        };
        let ready = core::mem::take(&mut listener.ready);
        let pending = core::mem::take(&mut listener.pending);
        let orphans: Vec<ConnectionId> = ready.into_iter().chain(pending).collect();
        for orphan in orphans {
            // A connection without a user can be aborted in any state.
            let _ = self.abort(now, orphan);
        }
    }
}

fn close(tcb: &mut Tcb, now: Instant, out: &mut Output) -> Result<(), UserError> {
    match tcb.state {
        State::Closed => return Err(ended(tcb)),
        State::SynSent => {
            // Nothing is sent: the remote never heard of us, or will be told by a RST.
            tcb.end(None, now, out);
            return Ok(());
        }
        _ if tcb.fin_queued => return Err(UserError::ConnectionClosing),
        _ => tcb.fin_queued = true,
    }
    let waits = out.config().fin_waits_for_established && !tcb.released;
    match tcb.state {
        // With text queued, the FIN waits for ESTABLISHED.
        State::SynReceived if tcb.unsent() == 0 && !waits => tcb.enter(State::FinWait1, now, out),
        State::Established => tcb.enter(State::FinWait1, now, out),
        // CLOSE-WAIT enters LAST-ACK when the FIN leaves.
        _ => {}
    }
    if tcb.state.is_synchronized() {
        segmentation::transmit(tcb, now, out);
    }
    Ok(())
}

fn release(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    let open = matches!(
        tcb.state,
        State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
    );
    if open && !tcb.receive.is_empty() {
        control::send_abort(tcb, now, out);
        tcb.end(None, now, out);
        return;
    }
    tcb.receive.clear();
    // After an earlier CLOSE there is nothing left to do.
    let _ = close(tcb, now, out);
    timeout::fin_wait_2::schedule(tcb, now);
}
