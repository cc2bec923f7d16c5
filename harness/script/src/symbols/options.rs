//! The `--name=value` lines: packetdrill's options as far as a script may state them.

/// What an option line takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// No value.
    Switch,
    /// A whole number from 0.
    Number,
    /// A number, perhaps with a fraction.
    Decimal,
    /// An IP address, perhaps with the length of its prefix.
    Address,
    /// `ipv4`, `ipv4-mapped-ipv6` or `ipv6`.
    IpVersion,
    /// `SYMBOL=value`.
    Definition,
    /// Any text.
    Text,
}

use OptionKind::{Address, Decimal, Definition, IpVersion, Number, Switch, Text};

const TABLE: &[(&str, OptionKind)] = &[
    ("bind_port", Number),
    ("code_command", Text),
    ("code_format", Text),
    ("code_sockopt", Text),
    ("connect_port", Number),
    ("debug", Switch),
    ("define", Definition),
    ("dry_run", Switch),
    ("gateway_ip", Address),
    ("init_scripts", Text),
    ("ip_version", IpVersion),
    ("is_anyip", Switch),
    ("local_ip", Address),
    ("mss", Number),
    ("mtu", Number),
    ("netmask_ip", Address),
    ("non_fatal", Text),
    ("psp_udp_port", Number),
    ("remote_ip", Address),
    ("send_omit_free", Switch),
    ("so_filename", Text),
    ("so_flags", Text),
    ("speed", Number),
    ("strict_segments", Switch),
    ("tcp_ts_ecr_scaled", Switch),
    ("tcp_ts_tick_usecs", Number),
    ("tolerance_percent", Decimal),
    ("tolerance_usecs", Number),
    ("verbose", Switch),
    ("wire_client", Switch),
    ("wire_client_dev", Text),
    ("wire_server", Switch),
    ("wire_server_at", Text),
    ("wire_server_dev", Text),
    ("wire_server_ip", Text),
    ("wire_server_port", Number),
];

/// What the option `name` takes; `None` when there is no such option.
pub fn option_kind(name: &str) -> Option<OptionKind> {
    TABLE.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// The names of all options.
pub fn option_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}
