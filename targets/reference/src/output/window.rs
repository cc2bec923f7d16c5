//! The window to advertise: receiver's silly window avoidance (RFC 9293 section 3.8.6.2.2) and scaling.

use crate::tcb::Tcb;

impl Tcb {
    /// Octets that the receive buffer can still take.
    fn free_receive_buffer(&self) -> usize {
        let capacity = self.receive_capacity();
        capacity.saturating_sub(self.receive.len())
    }

    /// The receive buffer, as far as the window field can express it.
    fn receive_capacity(&self) -> usize {
        let clamp = self.options.window_clamp.unwrap_or(usize::MAX);
        self.options
            .receive_buffer
            .min(clamp)
            .min(usize::from(u16::MAX) << self.rcv_wind_shift)
    }

    /// How far the right edge may move now; nothing unless the step is worth it.
    ///
    /// RFC 9293 MUST-39: half of the buffer, or a segment, whichever is less.
    fn window_step(&self) -> usize {
        let step = self
            .free_receive_buffer()
            .saturating_sub(self.rcv_wnd() as usize);
        let worth = (self.receive_capacity() / 2).min(usize::from(self.rcv_mss));
        if step >= worth { step } else { 0 }
    }

    /// Chooses the window field of a segment and moves the right edge with it.
    #[inline]
    pub(crate) fn advertise_window(&mut self, syn: bool) -> u16 {
        // RFC 7323 section 2.2: the window of a SYN is not scaled.
        let shift = if syn {
            0
        } else {
            u32::from(self.rcv_wind_shift)
        };
        let current = self.rcv_wnd() as usize;
        let mut wanted = current + self.window_step();
        if syn && self.whole_segment_windows && wanted >= usize::from(self.rcv_mss) {
            wanted -= wanted % usize::from(self.rcv_mss);
        }
        let mut field = (wanted >> shift).min(usize::from(u16::MAX));
        // RFC 9293 SHLD-14: rounding down would move the edge left, so round up where there is room.
        if field << shift < current && (field + 1) << shift <= self.free_receive_buffer() {
            field += 1;
        }
        let field = u16::try_from(field).unwrap_or(u16::MAX);
        let edge = self.rcv_nxt.wrapping_add(u32::from(field) << shift);
        // RFC 7323 section 2.4: whatever was ever inside of an advertised window is accepted.
        self.rcv_adv = self.rcv_adv.max(edge);
        field
    }

    /// Whether the user's reading has opened the window so far that the remote should hear of it.
    pub(crate) fn window_update_is_due(&self) -> bool {
        let step = self.window_step();
        let nearly_closed = (self.rcv_wnd() as usize) < 2 * usize::from(self.rcv_mss);
        // What a SYN's window could not express is not the user's doing: it is told with the next ACK.
        let opened = step.min(self.read_since_told);
        step > 0 && (nearly_closed || opened >= self.receive_capacity() / 2)
    }
}
