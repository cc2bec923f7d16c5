//! The `--name=value` lines: packetdrill's options as far as a script may state them.

/// What an option line takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// No value.
    Switch,
    /// A whole number within a range.
    Number(u64, u64),
    /// A number from 0 to 100, perhaps with a fraction.
    Percentage,
    /// An IP address, perhaps with the length of its prefix.
    Address,
    /// `ipv4`, `ipv4-mapped-ipv6` or `ipv6`.
    IpVersion,
    /// `SYMBOL=value`.
    Definition,
    /// `packet`, `syscall` or both.
    NonFatal,
    /// Any text.
    Text,
}

use OptionKind::{Address, Definition, IpVersion, NonFatal, Number, Percentage, Switch, Text};

/// What packetdrill takes for a port.
const PORT: OptionKind = Number(1, 0xffff);

/// What packetdrill's `int` takes.
const INT: u64 = 0x7fff_ffff;

const TABLE: &[(&str, OptionKind)] = &[
    ("bind_port", PORT),
    ("code_command", Text),
    ("code_format", Text),
    ("code_sockopt", Text),
    ("connect_port", PORT),
    ("debug", Switch),
    ("define", Definition),
    ("dry_run", Switch),
    ("gateway_ip", Address),
    ("init_scripts", Text),
    ("ip_version", IpVersion),
    ("is_anyip", Switch),
    ("local_ip", Address),
    ("mss", Number(1, INT)),
    ("mtu", Number(0, INT)),
    ("netmask_ip", Address),
    ("non_fatal", NonFatal),
    ("psp_udp_port", PORT),
    ("remote_ip", Address),
    ("send_omit_free", Switch),
    ("so_filename", Text),
    ("so_flags", Text),
    ("speed", Number(0, 0xffff_ffff)),
    ("strict_segments", Switch),
    ("tcp_ts_ecr_scaled", Switch),
    ("tcp_ts_tick_usecs", Number(0, 1_000_000)),
    ("tolerance_percent", Percentage),
    ("tolerance_usecs", Number(1, INT)),
    ("verbose", Switch),
    ("wire_client", Switch),
    ("wire_client_dev", Text),
    ("wire_server", Switch),
    ("wire_server_at", Text),
    ("wire_server_dev", Text),
    ("wire_server_ip", Text),
    ("wire_server_port", PORT),
];

/// What the option `name` takes; `None` when there is no such option.
pub fn option_kind(name: &str) -> Option<OptionKind> {
    TABLE.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// The names of all options.
pub fn option_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}
