//! What a target can do, and for what it cannot, the reason.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Whether a target is told the time or lives in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    /// The target is told the time: waiting costs nothing, and a run repeats to the byte.
    Virtual,
    /// The target runs in real time.
    Live,
}

/// Something that a script may ask of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Capability {
    /// Connections over IPv4.
    Ipv4,
    /// Connections over IPv6.
    Ipv6,
    /// IPv6 sockets that speak IPv4 (`ipv4-mapped-ipv6`).
    MappedIpv4,
    /// State transitions are reported.
    States,
    /// Calls that block are possible.
    BlockingCalls,
    /// Shell commands can run next to the stack.
    Commands,
    /// Sysctls can be set.
    Sysctls,
    /// UDP sockets and datagrams.
    Udp,
    /// `TCP_INFO` and code blocks that read it.
    TcpInfo,
    /// Reacts to ICMP errors.
    Icmp,
    /// TCP fast open (RFC 7413).
    FastOpen,
    /// Explicit congestion notification (RFC 3168, RFC 9768).
    Ecn,
    /// `epoll`.
    Epoll,
    /// Pipes and files, and calls that move octets between them and sockets.
    Files,
    /// Every socket call.
    Calls,
    /// Packets in IP, GRE or MPLS headers are taken from their tunnel, or refused by ICMP.
    Tunnels,
}

impl Capability {
    /// The capability's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::MappedIpv4 => "IPv4-mapped IPv6 sockets",
            Self::States => "state transitions",
            Self::BlockingCalls => "blocking calls",
            Self::Commands => "shell commands",
            Self::Sysctls => "sysctls",
            Self::Udp => "UDP",
            Self::TcpInfo => "TCP_INFO",
            Self::Icmp => "ICMP",
            Self::FastOpen => "fast open",
            Self::Ecn => "ECN",
            Self::Epoll => "epoll",
            Self::Files => "pipes and files",
            Self::Calls => "a socket call",
            Self::Tunnels => "tunnels",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A capability that a target lacks, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("lacks {capability}: {reason}")]
pub struct Missing {
    /// What it lacks.
    pub capability: Capability,
    /// Why, in words for a person.
    pub reason: String,
}

/// What a target can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The target's name, as `--target` takes it.
    pub name: String,
    /// Which stack this is, with its version, for reports.
    pub stack: String,
    /// Whether time is virtual or live.
    pub clock: ClockKind,
    /// How coarse the stack's timers are: what one tick of them takes; zero where they are exact.
    pub timer_tick: Duration,
    missing: BTreeMap<Capability, String>,
}

impl Capabilities {
    /// A target that can do everything; take away with [`without`](Self::without).
    pub fn all(name: &str, stack: &str, clock: ClockKind) -> Self {
        Self {
            name: name.to_owned(),
            stack: stack.to_owned(),
            clock,
            timer_tick: Duration::ZERO,
            missing: BTreeMap::new(),
        }
    }

    /// The same, with timers that count ticks of this length.
    #[must_use]
    pub const fn with_timer_tick(mut self, tick: Duration) -> Self {
        self.timer_tick = tick;
        self
    }

    /// The same, and what is named.
    #[must_use]
    pub fn with(mut self, capability: Capability) -> Self {
        self.missing.remove(&capability);
        self
    }

    /// The same, but lacking `capability` for `reason`.
    #[must_use]
    pub fn without(mut self, capability: Capability, reason: &str) -> Self {
        self.missing.insert(capability, reason.to_owned());
        self
    }

    /// Whether the target can do this.
    ///
    /// # Errors
    /// The missing capability with its reason.
    pub fn require(&self, capability: Capability) -> Result<(), Missing> {
        match self.missing.get(&capability) {
            None => Ok(()),
            Some(reason) => Err(Missing {
                capability,
                reason: reason.clone(),
            }),
        }
    }

    /// Everything that the target lacks, with the reasons.
    pub fn missing(&self) -> impl Iterator<Item = (Capability, &str)> {
        self.missing
            .iter()
            .map(|(capability, reason)| (*capability, reason.as_str()))
    }
}
