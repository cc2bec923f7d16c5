//! The reference stack in the host's words.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use halfopen_host::{
    ActiveOpen, CallError, InProcessStack, Key, OptionDefaults, PassiveOpen, Received, SendFlags,
    StackEvent, StackOption, Status, SysctlError,
};
use halfopen_reference::{
    Config, CongestionAlgorithm, ConnectionOptions, Endpoint, Profile, Stack,
};
use halfopen_target::{Capabilities, Capability, ClockKind, Duration, Setup, TargetError, Time};

use crate::convert::{self, connection, instant};
use crate::counters;
use crate::sysctl::Sysctls;
use crate::tcp_info;

/// What a user of the target changes in the stack's configuration.
type Alter = Box<dyn Fn(&mut Config) + Send + Sync>;

/// The stack of one drill, and how to make the next.
pub(crate) struct ReferenceStack {
    stack: Stack,
    profile: Profile,
    alter: Alter,
    sysctls: Sysctls,
}

impl fmt::Debug for ReferenceStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceStack")
            .field("stack", &self.stack)
            .finish_non_exhaustive()
    }
}

impl ReferenceStack {
    pub(crate) fn new(profile: Profile, alter: Alter) -> Self {
        Self {
            stack: Stack::new(profile.config.clone()),
            profile,
            alter,
            sysctls: Sysctls::default(),
        }
    }

    pub(crate) const fn inner(&self) -> &Stack {
        &self.stack
    }

    /// The options of an OPEN: the stack's defaults, with what the user set.
    fn options(&self, set: &[StackOption]) -> ConnectionOptions {
        let config = self.stack.config();
        let mut options = ConnectionOptions::new(config);
        for option in set {
            options.set(convert::option(*option, config));
        }
        options
    }
}

impl InProcessStack for ReferenceStack {
    fn capabilities(&self) -> Capabilities {
        let stack = concat!("halfopen-reference ", env!("CARGO_PKG_VERSION"));
        let name = match self.profile.name {
            "rfc" => "reference".to_owned(),
            other => format!("reference:{other}"),
        };
        Capabilities::all(&name, stack, ClockKind::Virtual)
            .without(
                Capability::Commands,
                "a user-space stack has no shell commands",
            )
            .without(Capability::Udp, "the reference stack speaks TCP only")
            .without(
                Capability::Tunnels,
                "the reference stack drops what IP carries other than TCP and ICMP",
            )
    }

    fn reset(&mut self, setup: &Setup) -> Result<(), TargetError> {
        let mut config = self.profile.config.clone();
        config.addresses = vec![setup.local_ip];
        config.broadcasts = broadcast(setup).into_iter().collect();
        config.mtu = usize::from(setup.mtu);
        config.secret = secret(setup.seed);
        (self.alter)(&mut config);
        self.sysctls = Sysctls::new(&config);
        self.stack = Stack::new(config);
        Ok(())
    }

    fn handle_packet(&mut self, now: Time, packet: &[u8]) {
        self.stack.handle_packet(instant(now), packet);
    }

    fn handle_timeout(&mut self, now: Time) {
        self.stack.handle_timeout(instant(now));
    }

    fn poll_deadline(&mut self) -> Option<Time> {
        self.stack.poll_timeout().map(convert::time)
    }

    fn poll_packet(&mut self) -> Option<Vec<u8>> {
        self.stack.poll_packet()
    }

    fn poll_event(&mut self) -> Option<StackEvent> {
        loop {
            if let Some(event) = convert::event(self.stack.poll_event()?) {
                return Some(event);
            }
        }
    }

    fn open_passive(&mut self, now: Time, open: &PassiveOpen) -> Result<Key, CallError> {
        let mut options = self.options(&open.options);
        options.dual_stack = open.dual_stack;
        let local = Endpoint::from(open.local);
        self.stack
            .open_passive(instant(now), local, None, open.backlog, &options)
            .map(convert::key)
            .map_err(convert::call_error)
    }

    fn set_backlog(&mut self, listener: Key, backlog: usize) {
        // The host asks only for listeners that exist.
        let _ = self.stack.set_backlog(connection(listener), backlog);
    }

    fn open_active(&mut self, now: Time, open: &ActiveOpen) -> Result<Key, CallError> {
        let options = self.options(&open.options);
        let (local, remote) = (Endpoint::from(open.local), Endpoint::from(open.remote));
        self.stack
            .open_active(instant(now), local, remote, &options)
            .map(convert::key)
            .map_err(convert::call_error)
    }

    fn open_fast(
        &mut self,
        now: Time,
        open: &ActiveOpen,
        data: &[u8],
    ) -> Result<(Key, usize), CallError> {
        let options = self.options(&open.options);
        let (local, remote) = (Endpoint::from(open.local), Endpoint::from(open.remote));
        self.stack
            .open_fast(instant(now), local, remote, &options, data)
            .map(|(id, taken)| (convert::key(id), taken))
            .map_err(convert::call_error)
    }

    fn opens_fast(&self) -> bool {
        self.stack.config().fast_open_client
    }

    fn knows_cookie(&self, remote: IpAddr) -> bool {
        self.stack.knows_cookie(remote)
    }

    fn accept(&mut self, listener: Key) -> Option<Key> {
        let accepted = self.stack.accept(connection(listener));
        accepted.ok().flatten().map(convert::key)
    }

    fn send(
        &mut self,
        now: Time,
        to: Key,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<usize, CallError> {
        let flags = halfopen_reference::SendFlags {
            urgent: flags.urgent,
            more: flags.more,
            end_of_record: flags.end_of_record,
        };
        self.stack
            .send(instant(now), connection(to), data, flags)
            .map_err(convert::call_error)
    }

    fn receive(
        &mut self,
        now: Time,
        from: Key,
        max: usize,
        peek: bool,
    ) -> Result<Received, CallError> {
        let id = connection(from);
        let found = if peek {
            self.stack.peek(id, max)
        } else {
            self.stack.receive(instant(now), id, max)
        };
        found.map(convert::received).map_err(convert::call_error)
    }

    fn close(&mut self, now: Time, of: Key) {
        // What has ended or was closed before needs no closing.
        let _ = self.stack.close(instant(now), connection(of));
    }

    fn release(&mut self, now: Time, of: Key) {
        self.stack.release(instant(now), connection(of));
    }

    fn abort(&mut self, now: Time, of: Key) {
        // What has ended needs no ending.
        let _ = self.stack.abort(instant(now), connection(of));
    }

    fn status(&self, of: Key) -> Option<Status> {
        let status = self.stack.status(connection(of)).ok()?;
        Some(convert::status(&status))
    }

    fn tcp_info(&self, now: Time, of: Key) -> Option<Vec<u8>> {
        let status = self.stack.status(connection(of)).ok()?;
        Some(tcp_info::encode(&status, instant(now)))
    }

    fn fragments_per_segment(&self) -> Option<usize> {
        self.stack.config().fragments_per_segment
    }

    fn supports(&self, _: StackOption) -> bool {
        true
    }

    fn set_option(&mut self, now: Time, of: Key, option: StackOption) {
        let option = convert::option(option, self.stack.config());
        // The host asks only for connections that exist.
        let _ = self.stack.set_option(instant(now), connection(of), option);
    }

    fn defaults(&self) -> OptionDefaults {
        let config = self.stack.config();
        OptionDefaults {
            congestion_control: match config.congestion_algorithm {
                CongestionAlgorithm::Reno => "reno",
                CongestionAlgorithm::Cubic => "cubic",
            }
            .to_owned(),
            fin_wait_2_timeout: config.fin_wait_2_timeout.unwrap_or(Duration::MAX),
            keep_count: config.keep_alive_count,
            keep_idle: config.keep_alive_idle,
            keep_interval: config.keep_alive_interval,
            no_delay: !config.nagle,
            receive_buffer: config.receive_buffer,
            // What is charged for pieces of memory comes on top.
            send_buffer: match config.piece_overhead {
                0 => config.send_buffer,
                _ => config.send_buffer.saturating_mul(2),
            },
            syn_retries: config.syn_retries,
            ttl: config.ttl,
            traffic_class: config.diffserv,
        }
    }

    fn set_sysctl(&mut self, name: &str, value: &str) -> Result<(), SysctlError> {
        self.sysctls.set(self.stack.config_mut(), name, value)
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        counters::named(self.stack.counters())
    }

    fn forget_peers(&mut self) {
        self.stack.forget_cookies();
    }

    fn unused_port(&mut self, local: IpAddr, remote: Option<SocketAddr>) -> Option<u16> {
        match remote {
            // Which ports are free depends on the remote: the stack chooses in OPEN.
            Some(_) => Some(0),
            None => self.stack.unused_port(Endpoint::new(local, 0)),
        }
    }
}

/// The directed broadcast address of the stack's subnet.
fn broadcast(setup: &Setup) -> Option<Ipv4Addr> {
    let IpAddr::V4(local) = setup.local_ip else {
        return None;
    };
    // A subnet of one or two addresses has none (RFC 3021).
    let hosts = u32::MAX.checked_shr(u32::from(setup.local_prefix))?;
    (setup.local_prefix <= 30).then(|| Ipv4Addr::from(u32::from(local) | hosts))
}

/// A secret from the seed: two rounds of SplitMix64.
fn secret(seed: u64) -> [u8; 16] {
    let round = |state: u64| {
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let first = round(seed.wrapping_add(step));
    let second = round(seed.wrapping_add(step.wrapping_mul(2)));
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use halfopen_target::AddressMode;

    use super::*;

    #[test]
    fn both_halves_of_a_secret_come_from_the_seed() {
        let (one, two) = (secret(1), secret(2));
        assert_ne!(one[..8], one[8..]);
        assert_ne!(one[..8], two[..8]);
        assert_ne!(one[8..], two[8..]);
    }

    #[test]
    fn a_subnet_has_a_broadcast_address_if_it_has_room_for_one() {
        let with = |local_prefix| {
            broadcast(&Setup {
                local_prefix,
                ..Setup::defaults(AddressMode::V4)
            })
        };
        assert_eq!(with(16), Some(Ipv4Addr::new(192, 168, 255, 255)));
        assert_eq!(with(30), Some(Ipv4Addr::new(192, 168, 0, 3)));
        assert_eq!((with(31), with(32), with(200)), (None, None, None));
        assert_eq!(broadcast(&Setup::defaults(AddressMode::V6)), None);
    }
}
