//! Sysctls of mechanisms that the reference stack does not have.

use halfopen_host::SysctlError;

use super::number;

/// Which values of a sysctl change nothing, because the stack behaves like that anyway.
enum Harmless {
    Any,
    Only(&'static [i64]),
}

/// Sysctls of mechanisms that this stack does not have, the values that ask for nothing, and why.
const WITHOUT_EFFECT: &[(&str, Harmless, &str)] = &[
    (
        "net.core.netdev_max_backlog",
        Harmless::Any,
        "packets are handed in one by one",
    ),
    ("net.core.optmem_max", Harmless::Any, "no ancillary data"),
    (
        "net.core.rmem_default",
        Harmless::Any,
        "TCP takes tcp_rmem instead",
    ),
    (
        "net.core.wmem_default",
        Harmless::Any,
        "TCP takes tcp_wmem instead",
    ),
    (
        "net.ipv4.tcp_abort_on_overflow",
        Harmless::Only(&[0]),
        "a full backlog drops the SYN",
    ),
    (
        "net.ipv4.tcp_app_win",
        Harmless::Any,
        "no window is kept back for the application",
    ),
    (
        "net.ipv4.tcp_autocorking",
        Harmless::Only(&[0]),
        "writes are never gathered by themselves",
    ),
    (
        "net.ipv4.tcp_backlog_ack_defer",
        Harmless::Any,
        "no socket lock that packets could wait for",
    ),
    (
        "net.ipv4.tcp_base_mss",
        Harmless::Any,
        "no probing of the path MTU by packets",
    ),
    (
        "net.ipv4.tcp_child_ehash_entries",
        Harmless::Any,
        "no hash table of this kind",
    ),
    (
        "net.ipv4.tcp_comp_sack_delay_ns",
        Harmless::Any,
        "SACKs are never held back",
    ),
    (
        "net.ipv4.tcp_comp_sack_nr",
        Harmless::Any,
        "SACKs are never held back",
    ),
    (
        "net.ipv4.tcp_comp_sack_slack_ns",
        Harmless::Any,
        "SACKs are never held back",
    ),
    ("net.ipv4.tcp_fack", Harmless::Any, "gone from Linux, too"),
    (
        "net.ipv4.tcp_fastopen_blackhole_timeout_sec",
        Harmless::Any,
        "no fast open",
    ),
    (
        "net.ipv4.tcp_fwmark_accept",
        Harmless::Any,
        "no packet marks",
    ),
    (
        "net.ipv4.tcp_l3mdev_accept",
        Harmless::Any,
        "no virtual routing",
    ),
    (
        "net.ipv4.tcp_limit_output_bytes",
        Harmless::Any,
        "no queue below the stack",
    ),
    (
        "net.ipv4.tcp_low_latency",
        Harmless::Any,
        "without effect in Linux, too",
    ),
    (
        "net.ipv4.tcp_max_orphans",
        Harmless::Any,
        "orphans count as connections",
    ),
    (
        "net.ipv4.tcp_mem",
        Harmless::Any,
        "memory is bounded by connections and buffers",
    ),
    (
        "net.ipv4.tcp_migrate_req",
        Harmless::Only(&[0]),
        "connections keep their listener",
    ),
    (
        "net.ipv4.tcp_min_rtt_wlen",
        Harmless::Any,
        "no congestion control uses the least RTT",
    ),
    (
        "net.ipv4.tcp_moderate_rcvbuf",
        Harmless::Only(&[0]),
        "buffers keep their size",
    ),
    (
        "net.ipv4.tcp_mtu_probing",
        Harmless::Only(&[0]),
        "no probing of the path MTU by packets",
    ),
    (
        "net.ipv4.tcp_no_metrics_save",
        Harmless::Only(&[1]),
        "connections remember nothing of earlier ones",
    ),
    (
        "net.ipv4.tcp_no_ssthresh_metrics_save",
        Harmless::Any,
        "connections remember nothing of earlier ones",
    ),
    ("net.ipv4.tcp_pacing_ca_ratio", Harmless::Any, "no pacing"),
    ("net.ipv4.tcp_pacing_ss_ratio", Harmless::Any, "no pacing"),
    (
        "net.ipv4.tcp_plb_enabled",
        Harmless::Only(&[0]),
        "no protective load balancing",
    ),
    (
        "net.ipv4.tcp_probe_interval",
        Harmless::Any,
        "no probing of the path MTU by packets",
    ),
    (
        "net.ipv4.tcp_probe_threshold",
        Harmless::Any,
        "no probing of the path MTU by packets",
    ),
    (
        "net.ipv4.tcp_reflect_tos",
        Harmless::Only(&[0]),
        "the remote's class is not taken over",
    ),
    (
        "net.ipv4.tcp_reordering",
        Harmless::Only(&[3]),
        "the reordering window adapts, the threshold does not",
    ),
    (
        "net.ipv4.tcp_shrink_window",
        Harmless::Only(&[0]),
        "windows never shrink (RFC 9293 SHLD-14)",
    ),
    (
        "net.ipv4.tcp_stdurg",
        Harmless::Only(&[1]),
        "as RFC 9293 MUST-62 says",
    ),
    (
        "net.ipv4.tcp_thin_linear_timeouts",
        Harmless::Only(&[0]),
        "thin streams back off like others",
    ),
    (
        "net.ipv4.tcp_tso_rtt_log",
        Harmless::Any,
        "no segmentation offload",
    ),
    (
        "net.ipv4.tcp_tso_win_divisor",
        Harmless::Any,
        "no segmentation offload",
    ),
    (
        "net.ipv4.tcp_tw_reuse",
        Harmless::Only(&[0]),
        "an active OPEN never takes over TIME-WAIT",
    ),
    (
        "net.ipv4.tcp_workaround_signed_windows",
        Harmless::Only(&[0]),
        "windows are unsigned",
    ),
];

/// Whether this value asks for nothing.
pub(super) fn set(name: &str, value: &str) -> Result<(), SysctlError> {
    let known = WITHOUT_EFFECT.iter().find(|(known, _, _)| *known == name);
    match known.map(|(_, harmless, _)| harmless) {
        None => Err(SysctlError::Unknown),
        Some(Harmless::Any) => Ok(()),
        Some(Harmless::Only(values)) if values.contains(&number(value)?) => Ok(()),
        Some(Harmless::Only(_)) => Err(SysctlError::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use halfopen_reference::Config;

    use super::*;
    use crate::sysctl::Sysctls;

    #[test]
    fn every_entry_leaves_the_configuration_alone() {
        for (name, harmless, reason) in WITHOUT_EFFECT {
            let value = match harmless {
                Harmless::Any => 3,
                Harmless::Only(values) => values[0],
            };
            let mut config = Config::default();
            let mut sysctls = Sysctls::new(&config);
            let done = sysctls.set(&mut config, name, &value.to_string());
            assert_eq!(done, Ok(()), "{name}: {reason}");
            assert_eq!(config, Config::default(), "{name}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_names_nothing_twice() {
        assert!(WITHOUT_EFFECT.is_sorted_by(|a, b| a.0 < b.0));
    }
}
