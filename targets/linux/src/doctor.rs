//! What this machine allows, and what to do where it does not.

use halfopen_target::{AddressMode, Setup, TargetError};

use crate::network::{Network, Plan};
use crate::observe::Tracepoint;
use crate::privilege;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is as the target needs it, or would have it.
    pub is_ok: bool,
    /// Whether the target can't run without it.
    pub is_needed: bool,
    /// What was found.
    pub detail: String,
    /// What to do about it; empty when it is well.
    pub remedy: &'static str,
}

/// Whether the target can run here, by making a pair of namespaces and giving it up again.
///
/// # Errors
/// What the machine refused, with what to do.
pub fn available() -> Result<(), TargetError> {
    let plan = Plan::new(&Setup::defaults(AddressMode::V4));
    Network::create(plan).map(drop)
}

/// Looks at everything that the target uses.
#[must_use]
pub fn diagnose() -> Vec<Finding> {
    vec![
        kernel(),
        namespaces(),
        link(),
        states(),
        congestion(),
        timing(),
    ]
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

fn kernel() -> Finding {
    let release = read("/proc/sys/kernel/osrelease");
    let is_ok = !release.is_empty();
    Finding {
        what: "Linux kernel",
        is_ok,
        is_needed: true,
        detail: release,
        remedy: if is_ok {
            ""
        } else {
            "the linux target needs Linux with /proc"
        },
    }
}

fn namespaces() -> Finding {
    let is_ok = privilege::is_sufficient();
    let limit = read("/proc/sys/user/max_user_namespaces");
    Finding {
        what: "network namespaces",
        is_ok,
        is_needed: true,
        detail: format!("user.max_user_namespaces = {limit}"),
        remedy: if is_ok {
            ""
        } else {
            "run as root, or set user.max_user_namespaces above 0 (and kernel.unprivileged_userns_clone=1 on Debian, \
             kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu)"
        },
    }
}

fn link() -> Finding {
    let (is_ok, detail) = match available() {
        Ok(()) => (
            true,
            "veth, packet sockets, sock_diag and sysctls work".to_owned(),
        ),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            (false, format!("{error}{cause}"))
        }
    };
    Finding {
        what: "a link of its own",
        is_ok,
        is_needed: true,
        detail,
        remedy: if is_ok {
            ""
        } else {
            "the kernel needs CONFIG_VETH, CONFIG_PACKET and CONFIG_INET_DIAG (modprobe veth af_packet tcp_diag)"
        },
    }
}

fn states() -> Finding {
    let (is_ok, detail) = match Tracepoint::open() {
        Ok(_) => (
            true,
            "the tracepoint sock:inet_sock_set_state shows every transition".to_owned(),
        ),
        Err(error) => (
            false,
            format!(
                "sock_diag alone, which may show two transitions as one (tracepoints: {error})"
            ),
        ),
    };
    Finding {
        what: "state transitions",
        is_ok,
        is_needed: false,
        detail,
        remedy: if is_ok {
            ""
        } else {
            "run as root to have every transition shown; scripts pass without"
        },
    }
}

fn congestion() -> Finding {
    let allowed = read("/proc/sys/net/ipv4/tcp_allowed_congestion_control");
    let is_ok = allowed.split_whitespace().any(|name| name == "cubic");
    Finding {
        what: "congestion control",
        is_ok,
        is_needed: false,
        detail: format!("allowed: {allowed}"),
        remedy: if is_ok {
            ""
        } else {
            "scripts that expect cubic need it in net.ipv4.tcp_allowed_congestion_control of the host; \
             drills use reno instead"
        },
    }
}

fn timing() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Finding {
        what: "processors",
        is_ok: cores > 1,
        is_needed: false,
        detail: format!("{cores}"),
        remedy: if cores > 1 {
            ""
        } else {
            "with one processor drills are held up often and run again: give --jobs 4"
        },
    }
}
