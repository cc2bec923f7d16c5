//! What leaves the stack: packets and events, in queues until they are polled.

pub(crate) mod control;
pub(crate) mod retransmission;
pub(crate) mod segmentation;
pub(crate) mod window;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::rfc4022::Counters;
use crate::rfc5961::ChallengeAckCounter;
use crate::segment::OutboundSegment;
use crate::{Config, ConnectionId, DropReason, Event, Instant, wire};

/// The queues, with the configuration and the counters that belong to the whole stack.
#[derive(Debug)]
pub(crate) struct Output {
    config: Config,
    packets: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    identification: u16,
    challenge_acks: ChallengeAckCounter,
    pub(crate) counters: Counters,
    /// Packets and events lost because nobody polled.
    overflow: u64,
}

impl Output {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            packets: VecDeque::new(),
            events: VecDeque::new(),
            identification: 1,
            challenge_acks: ChallengeAckCounter::default(),
            counters: Counters::default(),
            overflow: 0,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Queues a segment.
    #[inline]
    pub(crate) fn send(&mut self, segment: &OutboundSegment<'_>) {
        if self.config.link_is_full {
            return;
        }
        if self.packets.len() >= self.config.max_queued {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        self.counters.left(segment.flags);
        self.packets
            .push_back(wire::emit(segment, self.identification));
        self.identification = self.identification.wrapping_add(1);
    }

    /// Sets PSH on the packet that was queued last.
    pub(crate) fn push_last(&mut self) {
        if let Some(packet) = self.packets.back_mut() {
            wire::set_push(packet);
        }
    }

    /// Queues an event.
    #[cold]
    pub(crate) fn event(&mut self, event: Event) {
        if self.events.len() >= self.config.max_queued {
            self.overflow = self.overflow.saturating_add(1);
            return;
        }
        self.events.push_back(event);
    }

    /// Reports that an inbound packet, or a part of it, goes no further.
    #[cold]
    pub(crate) fn dropped(
        &mut self,
        connection: Option<ConnectionId>,
        reason: DropReason,
        now: Instant,
    ) {
        self.counters.dropped(reason, connection.is_some());
        self.event(Event::Dropped {
            connection,
            reason,
            at: now,
        });
    }

    /// Whether one more challenge ACK may leave (RFC 5961 section 7).
    pub(crate) fn admit_challenge(&mut self, now: Instant) -> bool {
        self.challenge_acks
            .admit(self.config.challenge_ack_limit, now)
    }

    #[inline]
    pub(crate) fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn overflow(&self) -> u64 {
        self.overflow
    }
}
