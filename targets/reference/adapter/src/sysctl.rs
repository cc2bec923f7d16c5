//! Linux's sysctls, as far as the reference stack has what they set, or truly has nothing to set.

mod without_effect;

use halfopen_host::SysctlError;
use halfopen_reference::{ChallengeAckLimit, Config, CongestionAlgorithm, EcnMode, SynCookies};
use halfopen_target::Duration;

/// Linux never scales its windows less than this buffer needs (`net.core.rmem_max`).
const LEAST_SCALED_BUFFER: usize = 212_992;

/// Linux's word for "as many as there are".
const NO_LIMIT: usize = 0xffff_ffff;

/// What sysctls set that the configuration alone does not remember.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sysctls {
    /// The window shift, while scaling is off.
    window_scale: u8,
    /// Whether source routes are taken at all, and by the interface: it needs both.
    source_routes: [bool; 2],
}

impl Sysctls {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            window_scale: config.window_scale.unwrap_or(7),
            source_routes: [config.takes_source_routes, true],
        }
    }

    /// Sets what a sysctl means in the stack's configuration.
    pub(crate) fn set(
        &mut self,
        config: &mut Config,
        name: &str,
        value: &str,
    ) -> Result<(), SysctlError> {
        match self.set_buffer(config, name, value) {
            Err(SysctlError::Unknown) => {}
            done => return done,
        }
        match set_timing(config, name, value) {
            Err(SysctlError::Unknown) => {}
            done => return done,
        }
        match self.set_behaviour(config, name, value) {
            Err(SysctlError::Unknown) => without_effect::set(name, value),
            done => done,
        }
    }

    /// Sizes: buffers, MTUs, ports, how much there may be of something.
    fn set_buffer(
        &mut self,
        config: &mut Config,
        name: &str,
        value: &str,
    ) -> Result<(), SysctlError> {
        match name {
            "net.core.somaxconn" => config.max_backlog = size(value)?,
            "net.ipv4.ip_local_port_range" => match numbers(value)?.as_slice() {
                [first, last] if 0 < *first && first <= last => {
                    let port =
                        |number: i64| u16::try_from(number).map_err(|_| SysctlError::Invalid);
                    config.ephemeral_ports = (port(*first)?, port(*last)?);
                }
                _ => return Err(SysctlError::Invalid),
            },
            "net.ipv4.route.min_pmtu" => config.min_path_mtu = size(value)?,
            "net.ipv4.tcp_max_tw_buckets" => config.max_time_wait = size(value)?,
            "net.ipv4.tcp_min_snd_mss" => config.min_send_mss = size(value)?,
            "net.ipv4.tcp_notsent_lowat" => {
                let octets = size(value)?;
                config.unsent_limit = Some(octets).filter(|octets| *octets < NO_LIMIT);
            }
            "net.ipv4.tcp_rmem" => {
                let [_, initial, most] = three(value)?;
                // Linux spends half of the buffer on book-keeping: the window is the other half.
                config.receive_buffer = initial / 2;
                self.window_scale = shift_for(most.max(LEAST_SCALED_BUFFER));
                config.window_scale = config.window_scale.map(|_| self.window_scale);
            }
            "net.ipv4.tcp_wmem" => {
                let [_, initial, _] = three(value)?;
                config.send_buffer = initial / 2;
            }
            _ => return Err(SysctlError::Unknown),
        }
        Ok(())
    }

    /// What the stack offers, and how it reacts.
    fn set_behaviour(
        &mut self,
        config: &mut Config,
        name: &str,
        value: &str,
    ) -> Result<(), SysctlError> {
        match name {
            // No sysctl, but told as one: the packets that a queue at the interface takes, without one nothing.
            "link.queue_limit" => config.link_is_full = value.trim() == "0",
            "net.ipv4.conf.all.accept_source_route" => {
                self.set_source_routes(config, 0, number(value)? != 0);
            }
            "net.ipv4.conf.tun0.accept_source_route" => {
                self.set_source_routes(config, 1, number(value)? != 0);
            }
            "net.ipv4.ip_default_ttl" => config.ttl = octet(value)?,
            "net.ipv4.tcp_challenge_ack_limit" => {
                config.challenge_ack_limit = match count(value)? {
                    // Linux's word for "no limit".
                    2_147_483_647.. => None,
                    count => limit(count, Duration::from_secs(1)),
                };
            }
            "net.ipv4.tcp_congestion_control" => {
                config.congestion_algorithm = match value.trim() {
                    "reno" => CongestionAlgorithm::Reno,
                    "cubic" => CongestionAlgorithm::Cubic,
                    _ => return Err(SysctlError::Invalid),
                };
            }
            "net.ipv4.tcp_dsack" => config.dsack = flag(value)?,
            // 3 and 4 differ in early retransmit, which is gone from Linux.
            "net.ipv4.tcp_early_retrans" => config.tail_loss_probe = number(value)? >= 3,
            "net.ipv4.tcp_ecn_fallback" => config.ecn_fallback = flag(value)?,
            "net.ipv4.tcp_fastopen_key" => {
                let (first, old) = match value.split_once(',') {
                    Some((first, old)) => (first, Some(key(old)?)),
                    None => (value, None),
                };
                config.fast_open_key = Some(key(first)?);
                config.fast_open_old_key = old;
            }
            "net.ipv4.tcp_frto" => config.frto = number(value)? != 0,
            "net.ipv4.tcp_min_tso_segs" => config.least_burst = size(value)?.max(1),
            "net.ipv4.tcp_recovery" => config.rack = number(value)? & 1 != 0,
            "net.ipv4.tcp_slow_start_after_idle" => config.restart_after_idle = flag(value)?,
            "net.ipv4.tcp_ecn" => {
                (config.ecn_request, config.ecn_accept) = match number(value)? {
                    0 => (EcnMode::Off, EcnMode::Off),
                    1 => (EcnMode::Classic, EcnMode::Classic),
                    2 => (EcnMode::Off, EcnMode::Classic),
                    3 => (EcnMode::Accurate, EcnMode::Accurate),
                    4 => (EcnMode::Classic, EcnMode::Accurate),
                    5 => (EcnMode::Off, EcnMode::Accurate),
                    _ => return Err(SysctlError::Invalid),
                };
            }
            "net.ipv4.tcp_fastopen" => {
                let bits = number(value)?;
                config.fast_open_client = bits & 0x1 != 0;
                config.fast_open_server = bits & 0x2 != 0;
                config.fast_open_client_without_cookie = bits & 0x4 != 0;
                config.fast_open_without_cookie = bits & 0x200 != 0;
                // On without a socket's asking.
                config.fast_open_every_listener = bits & 0x400 != 0;
            }
            "net.ipv4.tcp_rfc1337" => config.ignore_rst_in_time_wait = flag(value)?,
            "net.ipv4.tcp_sack" => config.sack = flag(value)?,
            "net.ipv4.tcp_timestamps" => config.timestamps = number(value)? != 0,
            "net.ipv4.tcp_syncookies" => {
                config.syn_cookies = match number(value)? {
                    0 => SynCookies::Never,
                    1 => SynCookies::WhenFull,
                    2 => SynCookies::Always,
                    _ => return Err(SysctlError::Invalid),
                };
            }
            "net.ipv4.tcp_window_scaling" => {
                config.window_scale = flag(value)?.then_some(self.window_scale);
            }
            _ => return Err(SysctlError::Unknown),
        }
        Ok(())
    }

    fn set_source_routes(&mut self, config: &mut Config, place: usize, taken: bool) {
        self.source_routes[place] = taken;
        config.takes_source_routes = self.source_routes == [true; 2];
    }
}

/// Times, and how often something is tried.
fn set_timing(config: &mut Config, name: &str, value: &str) -> Result<(), SysctlError> {
    match name {
        "net.ipv4.tcp_fin_timeout" => config.fin_wait_2_timeout = Some(seconds(value)?),
        "net.ipv4.tcp_invalid_ratelimit" => {
            let interval = Duration::from_millis(u64::from(count(value)?));
            config.challenge_ack_limit = limit(1, interval);
        }
        "net.ipv4.tcp_keepalive_intvl" => config.keep_alive_interval = seconds(value)?,
        "net.ipv4.tcp_keepalive_probes" => config.keep_alive_count = count(value)?,
        "net.ipv4.tcp_keepalive_time" => config.keep_alive_idle = seconds(value)?,
        "net.ipv4.tcp_orphan_retries" => {
            // Zero stands for eight.
            config.orphan_r2 = Some(count(value)?).map(|n| if n == 0 { 8 } else { n });
        }
        "net.ipv4.tcp_retries1" => config.r1 = count(value)?,
        "net.ipv4.tcp_retries2" => config.r2 = count(value)?,
        "net.ipv4.tcp_rto_max_ms" => {
            config.max_rto = Duration::from_millis(u64::from(count(value)?));
        }
        "net.ipv4.tcp_rto_min_us" => {
            let least = Duration::from_micros(u64::from(count(value)?));
            // Where it is the variance that has a floor, the floor is what the sysctl sets.
            if config.min_rto.is_zero() {
                config.min_rto_variance = least;
            } else {
                config.min_rto = least;
            }
        }
        "net.ipv4.tcp_syn_linear_timeouts" => config.syn_linear_timeouts = count(value)?,
        "net.ipv4.tcp_syn_retries" => config.syn_retries = count(value)?,
        "net.ipv4.tcp_synack_retries" => config.syn_ack_retries = count(value)?,
        _ => return Err(SysctlError::Unknown),
    }
    Ok(())
}

/// Four numbers of 32 bits in hexadecimal, each little-endian in the key.
fn key(value: &str) -> Result<[u8; 16], SysctlError> {
    let words: Result<Vec<u32>, _> = value
        .trim()
        .split('-')
        .map(|word| u32::from_str_radix(word, 16))
        .collect();
    let octets: Vec<u8> = words
        .map_err(|_| SysctlError::Invalid)?
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    octets.try_into().map_err(|_| SysctlError::Invalid)
}

const fn limit(count: u32, interval: Duration) -> Option<ChallengeAckLimit> {
    if interval.is_zero() {
        None
    } else {
        Some(ChallengeAckLimit { count, interval })
    }
}

/// The least shift that lets the window field express this many octets (RFC 7323 section 2.3).
fn shift_for(octets: usize) -> u8 {
    (0..14)
        .find(|shift| octets >> shift <= usize::from(u16::MAX))
        .unwrap_or(14)
}

fn numbers(value: &str) -> Result<Vec<i64>, SysctlError> {
    let numbers: Result<Vec<i64>, _> = value.split_whitespace().map(parse).collect();
    numbers
        .ok()
        .filter(|n| !n.is_empty())
        .ok_or(SysctlError::Invalid)
}

/// Decimal, or hexadecimal with `0x`, as the kernel reads them.
fn parse(text: &str) -> Result<i64, std::num::ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

fn number(value: &str) -> Result<i64, SysctlError> {
    match numbers(value)?.as_slice() {
        [number] => Ok(*number),
        _ => Err(SysctlError::Invalid),
    }
}

fn three(value: &str) -> Result<[usize; 3], SysctlError> {
    match numbers(value)?.as_slice() {
        [a, b, c] => {
            let size = |number: i64| usize::try_from(number).map_err(|_| SysctlError::Invalid);
            Ok([size(*a)?, size(*b)?, size(*c)?])
        }
        _ => Err(SysctlError::Invalid),
    }
}

fn size(value: &str) -> Result<usize, SysctlError> {
    usize::try_from(number(value)?).map_err(|_| SysctlError::Invalid)
}

fn count(value: &str) -> Result<u32, SysctlError> {
    u32::try_from(number(value)?).map_err(|_| SysctlError::Invalid)
}

fn octet(value: &str) -> Result<u8, SysctlError> {
    u8::try_from(number(value)?).map_err(|_| SysctlError::Invalid)
}

fn seconds(value: &str) -> Result<Duration, SysctlError> {
    Ok(Duration::from_secs(u64::from(count(value)?)))
}

fn flag(value: &str) -> Result<bool, SysctlError> {
    match number(value)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(SysctlError::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use halfopen_reference::Profile;

    use super::*;

    fn set(name: &str, value: &str) -> (Config, Result<(), SysctlError>) {
        let mut config = Config::default();
        let mut sysctls = Sysctls::new(&config);
        let done = sysctls.set(&mut config, name, value);
        (config, done)
    }

    #[test]
    fn a_mapped_sysctl_changes_the_configuration() {
        let (config, done) = set("net.ipv4.tcp_fin_timeout", "7\n");
        assert_eq!(done, Ok(()));
        assert_eq!(config.fin_wait_2_timeout, Some(Duration::from_secs(7)));
        let (config, _) = set("net.ipv4.tcp_invalid_ratelimit", "500");
        assert_eq!(
            config.challenge_ack_limit,
            limit(1, Duration::from_millis(500))
        );
        let (config, _) = set("net.ipv4.tcp_invalid_ratelimit", "0");
        assert_eq!(config.challenge_ack_limit, None);
    }

    #[test]
    fn the_window_shift_follows_from_the_largest_buffer_as_in_linux() {
        let (config, done) = set("net.ipv4.tcp_rmem", "4096 131072 6291456");
        assert_eq!(done, Ok(()));
        assert_eq!(config.window_scale, Some(7));
        assert_eq!(config.receive_buffer, 65_536);
        assert_eq!(
            set("net.ipv4.tcp_rmem", "4096\t131072\t4096")
                .0
                .window_scale,
            Some(2)
        );
        assert_eq!(
            set("net.ipv4.tcp_rmem", "4096 131072").1,
            Err(SysctlError::Invalid)
        );
    }

    #[test]
    fn scaling_that_was_off_comes_back_with_its_shift() {
        let mut config = Config::default();
        let mut sysctls = Sysctls::new(&config);
        for (name, value) in [
            ("net.ipv4.tcp_window_scaling", "0"),
            ("net.ipv4.tcp_rmem", "4096 131072 33554432"),
        ] {
            assert_eq!(sysctls.set(&mut config, name, value), Ok(()));
            assert_eq!(config.window_scale, None);
        }
        let back = sysctls.set(&mut config, "net.ipv4.tcp_window_scaling", "1");
        assert_eq!((back, config.window_scale), (Ok(()), Some(10)));
    }

    #[test]
    fn source_routes_are_taken_where_all_and_the_interface_say_so() {
        let mut config = Profile::linux().config;
        let mut sysctls = Sysctls::new(&config);
        assert!(!config.takes_source_routes);
        for (interface, value, taken) in [
            ("all", "1", true),
            ("tun0", "0", false),
            ("all", "0", false),
            ("tun0", "1", false),
            ("all", "1", true),
        ] {
            let name = format!("net.ipv4.conf.{interface}.accept_source_route");
            assert_eq!(sysctls.set(&mut config, &name, value), Ok(()));
            assert_eq!(config.takes_source_routes, taken, "{name} {value}");
        }
    }

    #[test]
    fn what_the_stack_lacks_may_only_be_switched_off() {
        assert_eq!(
            set("net.ipv4.tcp_syncookies", "3").1,
            Err(SysctlError::Invalid)
        );
        assert_eq!(set("net.ipv4.tcp_min_tso_segs", "4").1, Ok(()));
        assert_eq!(
            set("net.ipv4.tcp_nonsense", "1").1,
            Err(SysctlError::Unknown)
        );
        assert_eq!(
            set("net.ipv4.tcp_congestion_control", "bbr").1,
            Err(SysctlError::Invalid)
        );
        assert_eq!(set("net.ipv4.tcp_fastopen", "0x3").1, Ok(()));
    }

    #[test]
    fn a_malformed_value_is_refused() {
        assert_eq!(set("net.ipv4.tcp_sack", "yes").1, Err(SysctlError::Invalid));
        assert_eq!(set("net.ipv4.tcp_sack", "").1, Err(SysctlError::Invalid));
        assert_eq!(set("net.ipv4.tcp_sack", "2").1, Err(SysctlError::Invalid));
        assert_eq!(
            set("net.ipv4.tcp_retries2", "-1").1,
            Err(SysctlError::Invalid)
        );
        assert_eq!(
            set("net.ipv4.ip_local_port_range", "9 8").1,
            Err(SysctlError::Invalid)
        );
    }
}
