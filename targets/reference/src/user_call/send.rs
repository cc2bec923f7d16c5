//! SEND (RFC 9293 section 3.10.2).

use super::ended;
use crate::output::{Output, segmentation};
use crate::send_memory;
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
        check_open(tcb)?;
        let taken = if send_memory::counts_pieces(tcb, self.out.config()) {
            take_pieces(tcb, data, now, &mut self.out)
        } else {
            tcb.send.push(data, tcb.options.send_buffer)
        };
        if taken > 0 {
            mark(tcb, flags, taken == data.len());
        }
        tcb.lacks_room = taken < data.len();
        transmit(tcb, now, &mut self.out);
        // More follows this SEND; the next acknowledgment does not wait for it.
        tcb.more_follows = false;
        self.settle(id, now);
        Ok(taken)
    }
}

fn check_open(tcb: &Tcb) -> Result<(), UserError> {
    match tcb.state {
        State::Closed => Err(ended(tcb)),
        State::SynSent | State::SynReceived | State::Established | State::CloseWait
            if !tcb.fin_queued =>
        {
            Ok(())
        }
        _ => Err(UserError::ConnectionClosing),
    }
}

/// Takes as many whole pieces as there may be, and sends what may be sent of each before the next.
fn take_pieces(tcb: &mut Tcb, data: &[u8], now: Instant, out: &mut Output) -> usize {
    let mut taken = 0;
    while let Some(rest) = data.get(taken..).filter(|rest| !rest.is_empty()) {
        let segment = segmentation::text_room(tcb, now, out.config());
        let piece = send_memory::piece(tcb, segment, out.config());
        let record_ends = tcb.records.last() == Some(&tcb.send.end());
        let mut room = match record_ends {
            true => 0,
            false => tcb.send.room_in_last_piece(piece, tcb.snd_nxt),
        };
        if room == 0 {
            if !send_memory::takes_more(tcb, out.config()) {
                break;
            }
            tcb.send.begin_piece();
            room = piece;
        }
        let part = rest.get(..room).unwrap_or(rest);
        tcb.send.append(part);
        taken += part.len();
        if taken < data.len() {
            push_half_window(tcb);
            tcb.more_follows = true;
            transmit(tcb, now, out);
        }
    }
    taken
}

/// In a long SEND every half of the largest window gets a PSH, so that the remote's user need not wait for its end.
fn push_half_window(tcb: &mut Tcb) {
    let end = tcb.send.end();
    if end.octets_since(tcb.pushed) > tcb.max_snd_wnd as usize / 2 {
        let una = tcb.snd_una;
        tcb.pushes_at.retain(|end| end.after(una));
        tcb.pushes_at.push(end);
        tcb.pushed = end;
    }
}

fn transmit(tcb: &mut Tcb, now: Instant, out: &mut Output) {
    if tcb.state.is_synchronized() || tcb.fast_open {
        segmentation::transmit(tcb, now, out);
    }
}

/// What the user says about the octets of a SEND; `whole` if all of them were taken.
fn mark(tcb: &mut Tcb, flags: SendFlags, whole: bool) {
    let end = tcb.send.end();
    // Only whole SENDs announce more, or are urgent to their last octet.
    tcb.more_follows = flags.more && whole;
    tcb.unpushed = tcb.more_follows.then_some(end);
    if !tcb.more_follows {
        tcb.pushed = end;
    }
    if flags.end_of_record && whole {
        let una = tcb.snd_una;
        tcb.records.retain(|end| end.after(una));
        tcb.records.push(end);
    }
    if flags.urgent {
        tcb.snd_up = Some(end); // RFC 9293 MUST-30, MUST-31, MUST-62
    }
}
