//! Sysctls of the namespace that the calling thread is in.

use std::io::{self, Write};

use halfopen_target::Surroundings;

/// What every drill starts from: the kernel's own defaults where a host may have chosen otherwise, and what
/// keeps one drill from showing in the next. `(name, value, whether this kernel must have it)`.
const BASE: &[(&str, &str, bool)] = &[
    // RFC 5961 throttling would hide all but the first challenge ACK of half a second.
    ("net.ipv4.tcp_invalid_ratelimit", "0", true),
    // Nothing is remembered of a peer from one connection to the next.
    ("net.ipv4.tcp_no_metrics_save", "1", true),
    ("net.ipv4.tcp_rmem", "4096 131072 6291456", true),
    ("net.ipv4.tcp_wmem", "4096 16384 4194304", true),
    ("net.ipv4.tcp_timestamps", "1", true),
    ("net.ipv4.tcp_sack", "1", true),
    ("net.ipv4.tcp_window_scaling", "1", true),
    ("net.ipv4.tcp_ecn", "2", true),
    ("net.ipv4.tcp_fastopen", "1", true),
    ("net.ipv4.tcp_syncookies", "1", false),
    ("net.ipv4.tcp_rfc1337", "0", true),
    ("net.ipv4.tcp_fin_timeout", "60", true),
    ("net.ipv4.tcp_tw_reuse", "2", false),
    ("net.ipv4.tcp_syn_retries", "6", true),
    ("net.ipv4.tcp_syn_linear_timeouts", "4", false),
    ("net.ipv4.tcp_synack_retries", "5", true),
    ("net.ipv4.tcp_retries1", "3", true),
    ("net.ipv4.tcp_retries2", "15", true),
    ("net.ipv4.tcp_orphan_retries", "0", true),
    ("net.ipv4.tcp_keepalive_time", "7200", true),
    ("net.ipv4.tcp_keepalive_intvl", "75", true),
    ("net.ipv4.tcp_keepalive_probes", "9", true),
    ("net.ipv4.tcp_slow_start_after_idle", "1", true),
    ("net.ipv4.tcp_mtu_probing", "0", true),
    ("net.ipv4.tcp_abort_on_overflow", "0", true),
    ("net.ipv4.tcp_stdurg", "0", true),
    ("net.ipv4.tcp_autocorking", "1", false),
    ("net.ipv4.tcp_shrink_window", "0", false),
    ("net.ipv4.ip_local_port_range", "32768 60999", true),
    // ICMP errors are part of some drills, and a limit would drop them.
    ("net.ipv4.icmp_ratelimit", "0", false),
    ("net.ipv6.icmp.ratelimit", "0", false),
];

/// What no drill can do without: the tester speaks from addresses that are routed, not on the link.
const ROUTED: &[(&str, &str, bool)] = &[
    ("net.ipv4.conf.all.rp_filter", "0", true),
    ("net.ipv4.conf.default.rp_filter", "0", true),
];

// Some sysctls of IPv6 (`addr_gen_mode`, `disable_ipv6` of an interface) are not set here: while anybody holds the lock of
// the kernel's network configuration a write to them spins, and with many namespaces in the making somebody always does.

/// What must be so before the first interface comes up: no router solicitations, no duplicate address detection, so that
/// nothing but the drill is on the link.
pub(super) fn before_links() -> io::Result<()> {
    for name in ["default", "all"] {
        set(&format!("net.ipv6.conf.{name}.accept_dad"), "0")?;
        set(&format!("net.ipv6.conf.{name}.accept_ra"), "0")?;
        set(&format!("net.ipv6.conf.{name}.router_solicitations"), "0")?;
    }
    Ok(())
}

/// Sets what every drill starts from.
pub(super) fn base(interface: &str, surroundings: Surroundings) -> io::Result<()> {
    if surroundings == Surroundings::Halfopen {
        settings(BASE)?;
    }
    settings(ROUTED)?;
    // `cubic` may be chosen only where the host allows it; `reno` always may.
    if set("net.ipv4.tcp_congestion_control", "cubic").is_err() {
        set("net.ipv4.tcp_congestion_control", "reno")?;
    }
    set(&format!("net.ipv4.conf.{interface}.rp_filter"), "0")
}

fn settings(list: &[(&str, &str, bool)]) -> io::Result<()> {
    for (name, value, needed) in list {
        match set(name, value) {
            Err(error) if *needed => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Keeps the tester's kernel from saying anything of its own on the interfaces that are yet to come.
pub(super) fn quiet() -> io::Result<()> {
    set("net.ipv6.conf.default.disable_ipv6", "1")
}

/// Sets one sysctl, named with dots; a name with slashes is taken as it is.
pub(crate) fn set(name: &str, value: &str) -> io::Result<()> {
    let path = if name.contains('/') {
        name.to_owned()
    } else {
        name.replace('.', "/")
    };
    let is_inside = !path.split('/').any(|part| part == ".." || part.is_empty());
    if !is_inside || !path.starts_with("net/") {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(format!("/proc/sys/{path}"))
        .map_err(|e| io::Error::new(e.kind(), format!("{name}: {e}")))?;
    file.write_all(value.as_bytes())
        .map_err(|e| io::Error::new(e.kind(), format!("{name} = {value}: {e}")))
}
