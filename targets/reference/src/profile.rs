//! How a stack behaves, as data: nothing in the code asks which stack it is.

use core::time::Duration;

use crate::{ChallengeAckLimit, Config, CongestionAlgorithm, HyStartVariant, SynCookies};

/// A named set of parameters, to begin a [`Config`] with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// What people call it.
    pub name: &'static str,
    /// The parameters; addresses, MTU and secret are still to be filled in.
    pub config: Config,
}

impl Profile {
    /// What the RFCs ask for; where one says SHOULD, it is done.
    #[must_use]
    pub fn rfc() -> Self {
        Self {
            name: "rfc",
            config: Config::default(),
        }
    }

    /// What Linux (6.18) does with the settings that it comes with, as far as the parameters go.
    #[must_use]
    pub fn linux() -> Self {
        let config = Config {
            msl: Duration::from_secs(30),
            min_rto: Duration::ZERO,
            min_rto_variance: Duration::from_millis(200),
            samples_every_ack: true,
            syn_retries: 6,
            syn_linear_timeouts: 4,
            syn_ack_retries: 5,
            orphan_r2: Some(8),
            user_timeout: None,
            delayed_ack: Some(Duration::from_millis(40)),
            quick_acks: 16,
            ack_above_one_segment: true,
            ack_waits_for_reader: Some(1_152),
            nagle_counts_small_only: true,
            forgiven_syn_losses: 1,
            initial_window_mss: usize::from(u16::MAX),
            congestion_algorithm: CongestionAlgorithm::Cubic,
            slow_start_segments: usize::from(u16::MAX),
            hystart: HyStartVariant::Original,
            reduces_from_window: true,
            grows_by_delivery: true,
            whole_segment_sacks: true,
            probes_have_text: false,
            new_acks_update_window: true,
            user_timeout_counts_from_probes: true,
            validate_window: true,
            least_probe_timeout: Duration::from_millis(2),
            ephemeral_ports: (32_768, 60_999),
            challenge_ack_limit: Some(ChallengeAckLimit {
                count: 1,
                interval: Duration::from_millis(500),
            }),
            abort_acknowledges: true,
            bursts: true,
            takes_missing_timestamps: true,
            replies_end_quick_acks: true,
            fast_open_tries_experiment: true,
            text_outlives_reset: true,
            syn_option_room: 40,
            soft_errors_abort_attempts: true,
            syn_cookies: SynCookies::WhenFull,
            holds_text_of_syn: false,
            reset_echoes_timestamp: false,
            mss_follows_path: true,
            duplicate_syn_is_reported: true,
            checks_echo_on_syn_ack: true,
            takes_source_routes: false,
            later_routes_replace: false,
            listeners_pass_route_on: false,
            receive_buffer: 65_536,
            whole_segment_windows: true,
            send_buffer: 1_310_720,
            piece_overhead: 896,
            fragments_per_segment: Some(17),
            drops_syn_with_fin: true,
            bounds_old_acks_by_acknowledged: true,
            drops_unacknowledging_first: true,
            lenient_edges: true,
            wrong_ack_repeats_syn: true,
            takes_near_rsts: true,
            resets_in_syn_received: true,
            gives_up_with_reset: true,
            partial_acks_restart_timer: true,
            retransmissions_keep_to_window: true,
            paws_slack: 1,
            brief_requests: true,
            brief_remainders: true,
            resets_text_after_fin: true,
            fin_waits_for_established: true,
            rescues_tail: false,
            probes_unmeasured_paths: true,
            timestamps_alone_reopen: false,
            slow_starts_on_smaller_paths: false,
            window_counts_segments: true,
            remembered_islands: Some(4),
            ..Config::default()
        };
        Self {
            name: "linux",
            config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_differ_in_parameters_only() {
        let (rfc, linux) = (Profile::rfc(), Profile::linux());
        assert_eq!(rfc.config, Config::default());
        assert_ne!(rfc, linux);
        assert!(linux.config.max_rto >= linux.config.min_rto);
    }
}
