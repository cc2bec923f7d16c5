//! A stack that does what a test tells it to.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use halfopen_target::{Capabilities, Capability, ClockKind, Setup, State, TargetError, Time};

use crate::{
    ActiveOpen, CallError, InProcessStack, Key, OptionDefaults, PassiveOpen, Received, SendFlags,
    StackEvent, StackOption, Status,
};

#[derive(Debug, Default)]
pub(super) struct Fake {
    pub(super) events: VecDeque<StackEvent>,
    pub(super) packets: VecDeque<Vec<u8>>,
    pub(super) deadline: Option<Time>,
    /// `handle_timeout` leaves the deadline where it is.
    pub(super) deadline_sticks: bool,
    /// There is always one more packet.
    pub(super) floods: bool,
    pub(super) timeouts: Vec<Time>,
    pub(super) unsupported: Option<StackOption>,
    pub(super) set_options: Vec<(Key, StackOption)>,
    pub(super) opened_with: Vec<StackOption>,
    pub(super) opened_from: Vec<u16>,
    /// Answers of `unused_port`, the last first.
    pub(super) port_choices: Vec<u16>,
    states: BTreeMap<Key, Status>,
    last_key: u64,
}

impl Fake {
    pub(super) fn set(&mut self, key: Key, status: Status) {
        self.states.insert(key, status);
    }

    fn next_key(&mut self) -> Key {
        self.last_key += 1;
        Key(self.last_key)
    }
}

/// A connection in this state.
pub(super) fn status(state: State) -> Status {
    let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)), 5_000);
    let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 80);
    Status::new(state, local, Some(remote))
}

impl InProcessStack for Fake {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all("fake", "fake", ClockKind::Virtual)
            .without(Capability::Ipv6, "it is a fake")
    }

    fn reset(&mut self, _: &Setup) -> Result<(), TargetError> {
        *self = Self::default();
        Ok(())
    }

    fn handle_packet(&mut self, _: Time, _: &[u8]) {}

    fn handle_timeout(&mut self, now: Time) {
        self.timeouts.push(now);
        if !self.deadline_sticks {
            self.deadline = None;
        }
    }

    fn poll_deadline(&mut self) -> Option<Time> {
        self.deadline
    }

    fn poll_packet(&mut self) -> Option<Vec<u8>> {
        if self.floods {
            return Some(vec![0]);
        }
        self.packets.pop_front()
    }

    fn poll_event(&mut self) -> Option<StackEvent> {
        self.events.pop_front()
    }

    fn open_passive(&mut self, _: Time, _: &PassiveOpen) -> Result<Key, CallError> {
        Ok(self.next_key())
    }

    fn set_backlog(&mut self, _: Key, _: usize) {}

    fn open_active(&mut self, _: Time, open: &ActiveOpen) -> Result<Key, CallError> {
        self.opened_with.clone_from(&open.options);
        self.opened_from.push(open.local.port());
        let key = self.next_key();
        let opened = Status::new(State::SynSent, open.local, Some(open.remote));
        self.states.entry(key).or_insert(opened);
        Ok(key)
    }

    fn accept(&mut self, _: Key) -> Option<Key> {
        None
    }

    fn send(&mut self, _: Time, _: Key, data: &[u8], _: SendFlags) -> Result<usize, CallError> {
        Ok(data.len())
    }

    fn receive(&mut self, _: Time, _: Key, _: usize, _: bool) -> Result<Received, CallError> {
        Ok(Received::WouldBlock)
    }

    fn close(&mut self, _: Time, _: Key) {}

    fn release(&mut self, _: Time, key: Key) {
        self.states.remove(&key);
    }

    fn abort(&mut self, _: Time, key: Key) {
        self.states.remove(&key);
    }

    fn status(&self, key: Key) -> Option<Status> {
        self.states.get(&key).copied()
    }

    fn supports(&self, option: StackOption) -> bool {
        self.unsupported != Some(option)
    }

    fn set_option(&mut self, _: Time, key: Key, option: StackOption) {
        self.set_options.push((key, option));
    }

    fn defaults(&self) -> OptionDefaults {
        OptionDefaults::default()
    }

    fn unused_port(&mut self, _: IpAddr, _: Option<SocketAddr>) -> Option<u16> {
        self.port_choices.pop()
    }
}
