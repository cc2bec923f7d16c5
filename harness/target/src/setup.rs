//! What a target is told before a drill begins.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

/// The address families that a drill's sockets and packets use (`--ip`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressMode {
    /// IPv4 sockets, IPv4 packets (`v4`).
    V4,
    /// IPv6 sockets, IPv6 packets (`v6`).
    V6,
    /// IPv6 sockets, IPv4 packets (`mapped`).
    Mapped,
}

/// A version of the Internet protocol on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressFamily {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl AddressMode {
    /// The name that `--ip` and the JSON report use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V6 => "v6",
            Self::Mapped => "mapped",
        }
    }

    /// The family of the packets on the wire.
    pub const fn wire(self) -> AddressFamily {
        match self {
            Self::V4 | Self::Mapped => AddressFamily::Ipv4,
            Self::V6 => AddressFamily::Ipv6,
        }
    }

    /// The family of the sockets.
    pub const fn socket(self) -> AddressFamily {
        match self {
            Self::V4 => AddressFamily::Ipv4,
            Self::V6 | Self::Mapped => AddressFamily::Ipv6,
        }
    }
}

/// What the stack finds around it: scripts rely on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surroundings {
    /// An interface that shows every segment as it would be on a wire, and settings that depend on no host.
    #[default]
    Halfopen,
    /// As packetdrill has them: an interface that takes a burst as one large segment, where the stack can hand it over so, and the
    /// settings that the stack itself begins with.
    Packetdrill,
}

/// Addresses, limits and seed of one drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Which families the drill uses.
    pub mode: AddressMode,
    /// The stack's own address on its interface, in the wire's family.
    pub local_ip: IpAddr,
    /// Prefix length of the stack's interface address.
    pub local_prefix: u8,
    /// The router's address on that link: the tester's end, through which `remote_ip` is reached.
    pub gateway_ip: IpAddr,
    /// The address that the tester speaks from.
    pub remote_ip: IpAddr,
    /// MTU of the stack's interface, in octets.
    pub mtu: u16,
    /// The size of the segments, in octets of payload, that the interface hands up joined as one when a larger segment is injected
    /// (`--mss`); none: a larger segment is one segment.
    pub joined_segment: Option<u16>,
    /// What the stack finds around it.
    pub surroundings: Surroundings,
    /// From this alone an in-process stack draws its random numbers and secrets.
    pub seed: u64,
    /// The folder that shell commands run in: the script's own.
    pub working_directory: PathBuf,
    /// Environment variables for shell commands.
    pub environment: Vec<(String, String)>,
    /// What the script has a plug-in told (`--so_flags`); of no concern to other targets.
    pub plugin_flags: Option<String>,
}

impl Setup {
    /// The addresses that the runners of packetdrill's collections give for `mode`; an MTU that leaves 1480 octets for TCP; seed 0.
    pub fn defaults(mode: AddressMode) -> Self {
        let (local_ip, local_prefix, gateway_ip, remote_ip, mtu) = match mode.wire() {
            AddressFamily::Ipv4 => (
                IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)),
                16,
                IpAddr::V4(Ipv4Addr::new(192, 168, 0, 2)),
                IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
                1500,
            ),
            AddressFamily::Ipv6 => (
                IpAddr::V6(Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0, 0, 0, 0, 1)),
                48,
                IpAddr::V6(Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0x8888, 0, 0, 0, 2)),
                IpAddr::V6(Ipv6Addr::new(0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1)),
                1520,
            ),
        };
        Self {
            mode,
            local_ip,
            local_prefix,
            gateway_ip,
            remote_ip,
            mtu,
            joined_segment: None,
            surroundings: Surroundings::Halfopen,
            seed: 0,
            working_directory: PathBuf::from("."),
            environment: Vec::new(),
            plugin_flags: None,
        }
    }
}
