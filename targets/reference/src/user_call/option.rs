//! Settings of a connection or listener (RFC 9293 sections 3.7.4, 3.8.3, 3.8.4, 3.9.1.9, 3.9.2).

use crate::output::segmentation;
use crate::{
    ConnectionError, ConnectionId, ConnectionOption, ConnectionOptions, Instant, Stack, State,
    UserError,
};

impl Stack {
    /// Changes one setting; on a listener, for the connections it will spawn.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`, or `RemoteInvalid` for a source route on which nothing can set out.
    pub fn set_option(
        &mut self,
        now: Instant,
        id: ConnectionId,
        option: ConnectionOption,
    ) -> Result<(), UserError> {
        if let ConnectionOption::SourceRoute(route) = option {
            self.check_route(route)?;
        }
        if let Some(listener) = self.table.listeners.get_mut(&id) {
            listener.options.set(option);
            return Ok(());
        }
        let tcb = self
            .table
            .connections
            .get_mut(&id)
            .ok_or(UserError::ConnectionDoesNotExist)?;
        tcb.options.set(option);
        if tcb.state == State::Closed {
            return Ok(()); // nothing is sent and no timer runs any more
        }
        match option {
            ConnectionOption::KeepAlive(_) | ConnectionOption::KeepIdle(_) => {
                tcb.schedule_keep_alive()
            }
            ConnectionOption::UserTimeout(_) => tcb.note_progress(now),
            ConnectionOption::SourceRoute(route) => tcb.set_route(route, self.out.config()),
            // What was held back may leave now.
            ConnectionOption::NoDelay(_) | ConnectionOption::Cork(_) => {
                tcb.pushes = option == ConnectionOption::NoDelay(true);
                segmentation::transmit(tcb, now, &mut self.out);
                tcb.pushes = false;
            }
            ConnectionOption::QuickAck(false) => tcb.quick_acks = 0,
            ConnectionOption::QuickAck(true) if tcb.unacked_text > 0 => {
                tcb.ack_now = true;
                segmentation::transmit(tcb, now, &mut self.out);
            }
            _ => {}
        }
        self.settle(id, now);
        Ok(())
    }

    /// The settings in force.
    ///
    /// # Errors
    /// `ConnectionDoesNotExist`.
    pub fn options(&self, id: ConnectionId) -> Result<&ConnectionOptions, UserError> {
        match self.table.listeners.get(&id) {
            Some(listener) => Ok(&listener.options),
            None => self.tcb(id).map(|tcb| &tcb.options),
        }
    }

    /// The error that ended the connection; told once.
    pub fn take_error(&mut self, id: ConnectionId) -> Option<ConnectionError> {
        self.table.connections.get_mut(&id)?.error.take()
    }
}
