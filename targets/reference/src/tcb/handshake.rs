//! What the handshake settles: sequence numbers, options, windows.

use super::Tcb;
use super::sizes::default_mss;
use crate::congestion::Congestion;
use crate::rfc7323::{MAX_WIND_SHIFT, Timestamps};
use crate::segment::Segment;
use crate::{Config, Instant};

impl Tcb {
    /// Takes over what the remote's SYN says: its number, MSS and options, and a window that is not scaled.
    pub(crate) fn accept_syn(&mut self, seg: &Segment<'_>, now: Instant) {
        let advertised = self.rcv_wnd(); // by our own SYN, in an active OPEN
        self.irs = seg.seq;
        self.rcv_nxt = seg.seq.wrapping_add(1);
        self.rcv_adv = self.rcv_nxt.wrapping_add(advertised);
        self.last_ack_sent = self.rcv_nxt;
        self.snd_wnd = u32::from(seg.wnd);
        self.max_snd_wnd = self.snd_wnd;
        self.snd_wl1 = seg.seq;
        self.snd_wl2 = seg.ack;
        self.remote_mss = seg.options.mss.unwrap_or_else(|| default_mss(self.remote));
        match (self.offer.window_scale, seg.options.window_scale) {
            (Some(ours), Some(theirs)) => {
                self.rcv_wind_shift = ours;
                // RFC 7323 section 2.3: a shift above 14 is taken for 14.
                self.snd_wind_shift = theirs.min(MAX_WIND_SHIFT);
            }
            // RFC 7323 section 2.2: one SYN alone scales nothing.
            _ => self.offer.window_scale = None,
        }
        match seg.options.timestamps {
            Some(stamps) if self.offer.timestamps => {
                self.timestamps = Some(Timestamps::new(self.timestamp_offset, stamps.val, now));
            }
            _ => self.offer.timestamps = false,
        }
        self.offer.sack &= seg.options.sack_permitted;
        self.ecn.accept_syn(seg);
    }

    /// The handshake is over: the congestion window follows from the agreed segment size.
    pub(crate) fn begin_transfer(&mut self, config: &Config) {
        self.established = true;
        let smss = self.smss(config);
        let keeps_window = self.syn_losses <= config.forgiven_syn_losses;
        self.congestion = Congestion::new(smss, config, !keeps_window);
        self.retransmissions = 0;
        if self.syn_losses > 0 {
            self.rtt.syn_was_lost();
        }
    }
}

/// The greatest shift with which the window field can still express half of a receive buffer: with a coarser
/// one, a small buffer's window would look closed for ever.
pub(super) fn useful_shift(receive_buffer: usize) -> u8 {
    let halves = (receive_buffer / 2).max(1).ilog2();
    u8::try_from(halves).map_or(MAX_WIND_SHIFT, |shift| shift.min(MAX_WIND_SHIFT))
}
