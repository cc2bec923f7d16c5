//! What a code block can ask about the connection: the fields of `struct tcp_info` and of its kin, by the names that packetdrill
//! gives them.

use super::eval::Variables;
use super::value::Value;

/// The constants that every block may name (linux/tcp.h).
const CONSTANTS: [(&str, i128); 24] = [
    ("TCP_ESTABLISHED", 1),
    ("TCP_SYN_SENT", 2),
    ("TCP_SYN_RECV", 3),
    ("TCP_FIN_WAIT1", 4),
    ("TCP_FIN_WAIT2", 5),
    ("TCP_TIME_WAIT", 6),
    ("TCP_CLOSE", 7),
    ("TCP_CLOSE_WAIT", 8),
    ("TCP_LAST_ACK", 9),
    ("TCP_LISTEN", 10),
    ("TCP_CLOSING", 11),
    ("TCP_CA_Open", 0),
    ("TCP_CA_Disorder", 1),
    ("TCP_CA_CWR", 2),
    ("TCP_CA_Recovery", 3),
    ("TCP_CA_Loss", 4),
    ("TCPI_OPT_TIMESTAMPS", 1),
    ("TCPI_OPT_SACK", 2),
    ("TCPI_OPT_WSCALE", 4),
    ("TCPI_OPT_ECN", 8),
    ("TCPI_OPT_ECN_SEEN", 16),
    ("TCPI_OPT_SYN_DATA", 32),
    ("TCPI_OPT_USEC_TS", 64),
    ("TCPI_OPT_TFO_CHILD", 128),
];

/// Name, offset and size in octets of each field of `struct tcp_info` (linux/tcp.h); it only ever grew at its end.
const TCP_INFO: [(&str, usize, usize); 72] = [
    ("tcpi_state", 0, 1),
    ("tcpi_ca_state", 1, 1),
    ("tcpi_retransmits", 2, 1),
    ("tcpi_probes", 3, 1),
    ("tcpi_backoff", 4, 1),
    ("tcpi_options", 5, 1),
    ("tcpi_rto", 8, 4),
    ("tcpi_ato", 12, 4),
    ("tcpi_snd_mss", 16, 4),
    ("tcpi_rcv_mss", 20, 4),
    ("tcpi_unacked", 24, 4),
    ("tcpi_sacked", 28, 4),
    ("tcpi_lost", 32, 4),
    ("tcpi_retrans", 36, 4),
    ("tcpi_fackets", 40, 4),
    ("tcpi_last_data_sent", 44, 4),
    ("tcpi_last_ack_sent", 48, 4),
    ("tcpi_last_data_recv", 52, 4),
    ("tcpi_last_ack_recv", 56, 4),
    ("tcpi_pmtu", 60, 4),
    ("tcpi_rcv_ssthresh", 64, 4),
    ("tcpi_rtt", 68, 4),
    ("tcpi_rttvar", 72, 4),
    ("tcpi_snd_ssthresh", 76, 4),
    ("tcpi_snd_cwnd", 80, 4),
    ("tcpi_advmss", 84, 4),
    ("tcpi_reordering", 88, 4),
    ("tcpi_rcv_rtt", 92, 4),
    ("tcpi_rcv_space", 96, 4),
    ("tcpi_total_retrans", 100, 4),
    ("tcpi_pacing_rate", 104, 8),
    ("tcpi_max_pacing_rate", 112, 8),
    ("tcpi_bytes_acked", 120, 8),
    ("tcpi_bytes_received", 128, 8),
    ("tcpi_segs_out", 136, 4),
    ("tcpi_segs_in", 140, 4),
    ("tcpi_notsent_bytes", 144, 4),
    ("tcpi_min_rtt", 148, 4),
    ("tcpi_data_segs_in", 152, 4),
    ("tcpi_data_segs_out", 156, 4),
    ("tcpi_delivery_rate", 160, 8),
    ("tcpi_busy_time", 168, 8),
    ("tcpi_rwnd_limited", 176, 8),
    ("tcpi_sndbuf_limited", 184, 8),
    ("tcpi_delivered", 192, 4),
    ("tcpi_delivered_ce", 196, 4),
    ("tcpi_bytes_sent", 200, 8),
    ("tcpi_bytes_retrans", 208, 8),
    ("tcpi_dsack_dups", 216, 4),
    ("tcpi_reord_seen", 220, 4),
    ("tcpi_rcv_ooopack", 224, 4),
    ("tcpi_snd_wnd", 228, 4),
    ("tcpi_rcv_wnd", 232, 4),
    ("tcpi_rehash", 236, 4),
    ("tcpi_total_rto", 240, 2),
    ("tcpi_total_rto_recoveries", 242, 2),
    ("tcpi_total_rto_time", 244, 4),
    ("tcpi_received_ce", 248, 4),
    ("tcpi_delivered_e1_bytes", 252, 4),
    ("tcpi_delivered_e0_bytes", 256, 4),
    ("tcpi_delivered_ce_bytes", 260, 4),
    ("tcpi_received_e1_bytes", 264, 4),
    ("tcpi_received_e0_bytes", 268, 4),
    ("tcpi_received_ce_bytes", 272, 4),
    ("tcpi_accecn_fail_mode", 276, 2),
    ("tcpi_accecn_opt_seen", 278, 2),
    // Bit fields, taken apart below.
    ("tcpi_snd_wscale", 6, 1),
    ("tcpi_rcv_wscale", 6, 1),
    ("tcpi_delivery_rate_app_limited", 7, 1),
    ("tcpi_fastopen_client_fail", 7, 1),
    ("tcpi_ecn_mode", 7, 1),
    ("tcpi_options2", 7, 1),
];

/// `SO_MEMINFO` (linux/sock_diag.h): an array of words.
const MEMINFO: [&str; 9] = [
    "SK_MEMINFO_RMEM_ALLOC",
    "SK_MEMINFO_RCVBUF",
    "SK_MEMINFO_WMEM_ALLOC",
    "SK_MEMINFO_SNDBUF",
    "SK_MEMINFO_FWD_ALLOC",
    "SK_MEMINFO_WMEM_QUEUED",
    "SK_MEMINFO_OPTMEM",
    "SK_MEMINFO_BACKLOG",
    "SK_MEMINFO_DROPS",
];

/// What was asked of the connection: the octets that `getsockopt` gave, in the machine's byte order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// `TCP_INFO`
    pub(crate) tcp_info: Vec<u8>,
    /// `TCP_CC_INFO`, with the name of the congestion control.
    pub(crate) congestion: Option<(String, Vec<u8>)>,
    /// `SO_MEMINFO`
    pub(crate) meminfo: Vec<u8>,
}

impl Facts {
    /// Names and values, constants first.
    pub(super) fn values(&self) -> Vec<(String, i128)> {
        let mut values: Vec<_> = CONSTANTS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        for (name, at, size) in TCP_INFO {
            if let Some(value) = unsigned(&self.tcp_info, at, size) {
                values.push((name.to_owned(), bits(name, value)));
            }
        }
        for (index, name) in MEMINFO.iter().enumerate() {
            if let Some(value) = unsigned(&self.meminfo, index * 4, 4) {
                values.push(((*name).to_owned(), value));
            }
        }
        if let Some((control, octets)) = &self.congestion {
            for (name, value) in congestion(control, octets) {
                values.push((name.to_owned(), value));
            }
        }
        values
    }

    pub(super) fn define(&self, variables: &mut Variables) {
        for (name, value) in self.values() {
            variables.insert(name, Value::Integer(value));
        }
    }
}

/// The part of an octet that a bit field has.
fn bits(name: &str, octet: i128) -> i128 {
    match name {
        "tcpi_snd_wscale" => octet & 0xf,
        "tcpi_rcv_wscale" => octet >> 4,
        "tcpi_delivery_rate_app_limited" => octet & 1,
        "tcpi_fastopen_client_fail" => octet >> 1 & 3,
        "tcpi_ecn_mode" => octet >> 3 & 3,
        "tcpi_options2" => octet >> 5,
        _ => octet,
    }
}

fn unsigned(octets: &[u8], at: usize, size: usize) -> Option<i128> {
    let part = octets.get(at..at + size)?;
    Some(match size {
        1 => part[0].into(),
        2 => u16::from_ne_bytes(part.try_into().ok()?).into(),
        4 => u32::from_ne_bytes(part.try_into().ok()?).into(),
        _ => u64::from_ne_bytes(part.try_into().ok()?).into(),
    })
}

/// `union tcp_cc_info` (linux/inet_diag.h).
fn congestion(control: &str, octets: &[u8]) -> Vec<(&'static str, i128)> {
    let word = |index: usize| unsigned(octets, index * 4, 4).unwrap_or(0);
    match control {
        "vegas" => vec![
            ("tcpv_enabled", word(0)),
            ("tcpv_rttcnt", word(1)),
            ("tcp_rtt", word(2)),
            ("tcp_minrtt", word(3)),
        ],
        "dctcp" => {
            let half = |at| unsigned(octets, at, 2).unwrap_or(0);
            vec![
                ("dctcp_enabled", half(0)),
                ("dctcp_ce_state", half(2)),
                ("dctcp_alpha", word(1)),
                ("dctcp_ab_ecn", word(2)),
                ("dctcp_ab_tot", word(3)),
            ]
        }
        "bbr" => vec![
            ("bbr_bw_lo", word(0)),
            ("bbr_bw_hi", word(1)),
            ("bbr_bw", word(1) << 32 | word(0)),
            ("bbr_min_rtt", word(2)),
            ("bbr_pacing_gain", word(3)),
            ("bbr_cwnd_gain", word(4)),
        ],
        _ => Vec::new(),
    }
}
