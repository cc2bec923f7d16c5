//! What a drill is told: from the script's option lines and the address mode to addresses, ports and limits.

use std::net::IpAddr;
use std::path::Path;

use halfopen_script::tree::{OptionLine, Script};
use halfopen_target::{AddressFamily, AddressMode, ClockKind, Duration, Setup, Surroundings};

use crate::bindings::{Ports, TimestampRule};
use crate::window::Tolerance;

/// How long a drill waits for what does not come, and how much it takes before it calls a halt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    /// How much longer than allowed an expected event is waited for, to tell late from never.
    pub lateness: Duration,
    /// How long an event at any time (`*`) is waited for.
    pub any_time: Duration,
    /// How long a call that should return at once may take.
    pub call: Duration,
    /// How long a shell command may take.
    pub command: Duration,
    /// How many packets may come between two steps of the script.
    pub packets: usize,
}

impl RunLimits {
    /// Limits for a recorded trace, where waiting costs nothing either and calls took the time they took.
    pub(crate) const REPLAY: Self = Self {
        call: Duration::from_secs(2),
        command: Duration::from_secs(30),
        ..Self::for_clock(ClockKind::Virtual)
    };

    /// Limits that fit the clock: waiting costs nothing in virtual time.
    pub const fn for_clock(clock: ClockKind) -> Self {
        match clock {
            ClockKind::Virtual => Self {
                lateness: Duration::from_secs(2),
                any_time: Duration::from_secs(3600),
                call: Duration::ZERO,
                command: Duration::ZERO,
                packets: 100_000,
            },
            ClockKind::Live => Self {
                lateness: Duration::from_millis(300),
                any_time: Duration::from_secs(60),
                call: Duration::from_secs(2),
                command: Duration::from_secs(30),
                packets: 100_000,
            },
        }
    }
}

/// Everything that a drill needs besides script and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Addresses, MTU and seed.
    pub setup: Setup,
    /// The ports that the script leaves open.
    pub ports: Ports,
    /// How far from its stated time an event may be.
    pub tolerance: Tolerance,
    /// How TSval values are judged.
    pub timestamps: TimestampRule,
    /// An expected segment stands for one segment of the stack and not for a run of them (`--strict_segments`).
    pub strict_segments: bool,
}

/// Why a script's option lines cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: --{name}: {message}")]
pub struct ConfigError {
    /// The line of the option, counted from 1; 0 when it is not known.
    pub line: usize,
    /// The option's name.
    pub name: String,
    /// What is wrong with it.
    pub message: String,
}

impl Config {
    /// The configuration for running `script`, which stands in `folder`, in `mode`.
    ///
    /// # Errors
    /// The first option line whose value makes no sense.
    pub fn new(
        script: &Script,
        folder: &Path,
        mode: AddressMode,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        let mut config = Self {
            setup: Setup::defaults(mode),
            ports: Ports::default(),
            tolerance: Tolerance::default(),
            timestamps: TimestampRule::Each,
            strict_segments: script.is_strict(),
        };
        config.setup.seed = seed;
        config.setup.working_directory = folder.to_path_buf();
        if !script.is_strict() {
            // A script written for packetdrill relies on its interface and on its patience.
            config.setup.surroundings = Surroundings::Packetdrill;
            config.tolerance = Tolerance::PACKETDRILL;
            config.timestamps = TimestampRule::Packetdrill {
                tick: 0,
                tolerance: 0,
            };
        }
        for option in &script.options {
            config.apply(option)?;
        }
        config.setup.gateway_ip = apart(config.setup.gateway_ip, config.setup.local_ip);
        config.setup.environment = environment(&config);
        Ok(config)
    }

    fn apply(&mut self, option: &OptionLine) -> Result<(), ConfigError> {
        let value = option.value.as_deref().unwrap_or("");
        match option.name.as_str() {
            "local_ip" => self.address(option, value, |setup, ip| setup.local_ip = ip)?,
            "remote_ip" => self.address(option, value, |setup, ip| setup.remote_ip = ip)?,
            "gateway_ip" => self.address(option, value, |setup, ip| setup.gateway_ip = ip)?,
            "mtu" => self.setup.mtu = number(option, value)?,
            "mss" => self.setup.joined_segment = Some(number(option, value)?),
            "bind_port" => self.ports.bind = number(option, value)?,
            "connect_port" => self.ports.connect = number(option, value)?,
            "tolerance_usecs" => {
                self.tolerance.fixed = Duration::from_micros(number(option, value)?);
            }
            "tolerance_percent" => {
                let percent: f64 = number(option, value)?;
                self.tolerance.per_ten_thousand = (percent * 100.0).clamp(0.0, 1e6) as u32;
            }
            "tcp_ts_tick_usecs" => {
                self.timestamps = TimestampRule::Packetdrill {
                    tick: number(option, value)?,
                    tolerance: 0,
                };
            }
            "so_flags" => self.setup.plugin_flags = Some(value.to_owned()),
            "strict_segments" => self.strict_segments = true,
            // The rest concerns packetdrill's own running, or is for the language's later parts.
            _ => {}
        }
        Ok(())
    }

    fn address(
        &mut self,
        option: &OptionLine,
        value: &str,
        set: impl FnOnce(&mut Setup, IpAddr),
    ) -> Result<(), ConfigError> {
        let text = value.split('/').next().unwrap_or(value);
        let ip: IpAddr = number(option, text)?;
        let wire = self.setup.mode.wire();
        // A script that names IPv4 addresses still runs over IPv6, with the defaults of that family.
        if ip.is_ipv4() == (wire == AddressFamily::Ipv4) {
            set(&mut self.setup, ip);
        }
        Ok(())
    }
}

/// The router's address, or the next one where the script gives that to the stack: packetdrill's interface has no other end that
/// would need one of its own.
fn apart(gateway: IpAddr, local: IpAddr) -> IpAddr {
    match gateway {
        same if same != local => same,
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) ^ 3).into()),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) ^ 3).into()),
    }
}

fn number<T: std::str::FromStr>(option: &OptionLine, value: &str) -> Result<T, ConfigError>
where
    T::Err: std::fmt::Display,
{
    value.trim().parse().map_err(|error| ConfigError {
        line: 0,
        name: option.name.clone(),
        message: format!("`{value}`: {error}"),
    })
}

/// The variables that shell commands of existing scripts read.
fn environment(config: &Config) -> Vec<(String, String)> {
    let setup = &config.setup;
    let family = match setup.mode {
        AddressMode::V4 => "ipv4",
        AddressMode::V6 => "ipv6",
        AddressMode::Mapped => "ipv4-mapped-ipv6",
    };
    [
        ("TEST_IP_VERSION", family.to_owned()),
        ("LOCAL_IP", setup.local_ip.to_string()),
        ("REMOTE_IP", setup.remote_ip.to_string()),
        ("GATEWAY_IP", setup.gateway_ip.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
