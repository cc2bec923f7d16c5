//! How much a segment holds (RFC 9293 section 3.7.1), and its options.

use super::Tcb;
use crate::wire::TcpOptions;
use crate::{Config, EcnMode, Endpoint, Instant};

/// The send MSS when the remote offered none (RFC 9293 MUST-15).
const DEFAULT_MSS_V4: u16 = 536;
const DEFAULT_MSS_V6: u16 = 1_220;
/// The least size that passes for a full segment when the remote's own size is not known yet.
const SMALLEST_FULL_SEGMENT: usize = 536;
/// Octets of options that a segment can have.
pub(crate) const MAX_OPTIONS: usize = 40;
/// Octets of a SACK block, and how many come before the Accurate ECN option (RFC 9768 section 3.2.3.3).
const SACK_BLOCK: usize = 8;
const FIRST_SACK_BLOCKS: usize = 2;

impl Tcb {
    /// Offers no larger segments than the path carries.
    pub(crate) fn limit_offered_mss(&mut self) {
        let room = self.path_mtu.saturating_sub(header_len(self.remote)).max(1);
        self.rcv_mss = self.rcv_mss.min(u16::try_from(room).unwrap_or(u16::MAX));
    }

    /// Whether text for two full segments waits for its acknowledgment, or for more than one.
    pub(crate) fn owes_acknowledgment(&self, config: &Config) -> bool {
        let rmss = usize::from(self.rcv_mss);
        let full = self
            .largest_text
            .clamp(SMALLEST_FULL_SEGMENT.min(rmss), rmss);
        if config.ack_above_one_segment {
            self.unacked_text > full
        } else {
            self.unacked_text >= 2 * full
        }
    }

    /// Octets that a segment to the remote can hold after the fixed headers.
    ///
    /// RFC 9293 MUST-16: the remote's MSS, and what the path carries, less the options of IP; those of TCP are taken off by the
    /// caller.
    pub(crate) fn segment_room(&self, config: &Config) -> usize {
        let path = self.path_mtu.saturating_sub(header_len(self.remote));
        let remote = usize::from(self.remote_mss).max(config.min_send_mss);
        let own =
            usize::from(self.options.max_segment.unwrap_or(u16::MAX)).max(config.min_send_mss);
        let largest = path.min(remote).min(own);
        largest.saturating_sub(self.ip_options_len())
    }

    /// SMSS: octets of text in a full segment without SACK blocks.
    pub(crate) fn smss(&self, config: &Config) -> usize {
        let options = if self.timestamps.is_some() { 12 } else { 0 };
        self.segment_room(config).saturating_sub(options).max(1)
    }

    /// The options of a segment that is not a SYN.
    #[inline]
    pub(crate) fn segment_options(&self, now: Instant) -> TcpOptions {
        let timestamps = self.timestamps.as_ref().map(|stamps| stamps.option(now));
        let mut options = TcpOptions {
            timestamps,
            ..TcpOptions::default()
        };
        if self.offer.sack && (self.duplicate_text.is_some() || !self.receive.held().is_empty()) {
            options.sack = crate::rfc2018::blocks(self);
        }
        if self.ecn.mode == EcnMode::Accurate {
            self.add_counters(&mut options);
        }
        options
    }

    /// The Accurate ECN option, where there is news: two SACK blocks come before it, and it comes before the others (RFC 9768 section
    /// 3.2.3.3).
    fn add_counters(&self, options: &mut TcpOptions) {
        let room = MAX_OPTIONS.saturating_sub(options.encoded_len());
        options.acc_ecn = self.ecn.counters.news(room);
        if options.acc_ecn.is_none() && options.sack.len() > FIRST_SACK_BLOCKS {
            options.acc_ecn = self.ecn.counters.news(room + SACK_BLOCK);
            if options.acc_ecn.is_some() {
                options.sack.drop_last();
            }
        }
    }
}

/// Octets of the fixed IP and TCP headers.
pub(crate) fn header_len(remote: Endpoint) -> usize {
    if remote.addr.is_ipv4() { 40 } else { 60 }
}

pub(super) fn default_mss(remote: Endpoint) -> u16 {
    if remote.addr.is_ipv4() {
        DEFAULT_MSS_V4
    } else {
        DEFAULT_MSS_V6
    }
}
