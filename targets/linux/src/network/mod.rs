//! The two network namespaces of a drill: the stack's end with `tun0`, and the tester's end across a veth pair.

mod link;
mod netlink;
mod sysctl;

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;

use halfopen_target::{AddressMode, Setup, Surroundings, TargetError};
use nix::sched::{CloneFlags, setns, unshare};
use pnet::util::MacAddr;

use crate::observe::SockDiag;
use crate::sys::packet_socket;

pub(crate) use sysctl::set as set_sysctl;

/// The name of the stack's interface, which existing scripts use.
pub(crate) const STACK_INTERFACE: &str = "tun0";
/// The name of the tester's interface.
const TESTER_INTERFACE: &str = "tester";
/// The hardware address of the stack's interface (locally administered).
pub(crate) const STACK_MAC: MacAddr = MacAddr(2, 0, 0, 0, 0, 1);
/// The hardware address of the tester's interface.
pub(crate) const TESTER_MAC: MacAddr = MacAddr(2, 0, 0, 0, 0, 2);

/// The addresses of one IP version on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) local: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) gateway: IpAddr,
}

/// The least MTU of a link that carries IPv6.
const LEAST_V6_MTU: u16 = 1_280;

/// What a pair of namespaces is made for; a pair made for the same plan may serve again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) v4: Addresses,
    pub(crate) v6: Addresses,
    pub(crate) mtu: u16,
    pub(crate) surroundings: Surroundings,
}

impl Plan {
    /// The plan for a drill: its own addresses in its family, the usual ones in the other.
    pub(crate) fn new(setup: &Setup) -> Self {
        let usual = |mode| {
            let setup = Setup::defaults(mode);
            Self::addresses(&setup)
        };
        let own = Self::addresses(setup);
        let (v4, v6) = if own.local.is_ipv4() {
            (own, usual(AddressMode::V6))
        } else {
            (usual(AddressMode::V4), own)
        };
        Self {
            v4,
            v6,
            mtu: setup.mtu,
            surroundings: setup.surroundings,
        }
    }

    /// What the interface gets, IPv4 first. IPv6 is not there below its least MTU (RFC 8200 section 5).
    pub(crate) fn families(&self) -> impl Iterator<Item = &Addresses> {
        [Some(&self.v4), self.has_v6().then_some(&self.v6)]
            .into_iter()
            .flatten()
    }

    /// Whether the link carries IPv6.
    pub(crate) const fn has_v6(&self) -> bool {
        self.mtu >= LEAST_V6_MTU
    }

    const fn addresses(setup: &Setup) -> Addresses {
        Addresses {
            local: setup.local_ip,
            prefix: setup.local_prefix,
            gateway: setup.gateway_ip,
        }
    }
}

/// A pair of namespaces, held by descriptors only: it goes when they are closed, however the process ends.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) plan: Plan,
    /// The namespace of the stack under test.
    pub(crate) stack: File,
    /// Keeps the tester's namespace.
    _tester: File,
    /// The tester's end of the link.
    pub(crate) packets: OwnedFd,
    pub(crate) tester_interface: u32,
    /// Asks for socket states in the stack's namespace.
    pub(crate) sock_diag: SockDiag,
}

impl Network {
    /// Makes a fresh pair. A thread of its own does so, since namespaces belong to threads.
    pub(crate) fn create(plan: Plan) -> Result<Self, TargetError> {
        let made = thread::Builder::new()
            .name("namespaces".to_owned())
            .spawn(move || create_here(plan))
            .map_err(|source| failed("starting a thread", source))?
            .join();
        made.unwrap_or_else(|_| {
            Err(failed(
                "making network namespaces",
                io::Error::other("the thread that makes them panicked"),
            ))
        })
    }

    /// Takes the calling thread into the stack's namespace, for good.
    pub(crate) fn enter_stack(stack: &File) -> io::Result<()> {
        setns(stack, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)
    }
}

pub(crate) fn failed(what: &str, source: io::Error) -> TargetError {
    TargetError::Io {
        what: what.to_owned(),
        source,
    }
}

/// Takes this thread into a new network namespace and gives a descriptor that keeps it.
fn new_namespace() -> Result<File, TargetError> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| TargetError::NotPermitted {
        what: "making a network namespace".to_owned(),
        why: errno.desc().to_owned(),
        remedy: "run as root, or allow unprivileged user namespaces \
                 (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces>0)"
            .to_owned(),
    })?;
    File::open("/proc/thread-self/ns/net").map_err(|e| failed("opening a network namespace", e))
}

fn create_here(plan: Plan) -> Result<Network, TargetError> {
    let step = |what: &'static str| move |source| failed(what, source);
    let tester = new_namespace()?;
    sysctl::quiet().map_err(step("quieting the tester's namespace"))?;
    let stack = new_namespace()?;
    let mut routes = netlink::Route::open().map_err(step("opening netlink"))?;
    sysctl::before_links().map_err(step("setting sysctls"))?;
    link::create(&mut routes, tester.as_raw_fd(), plan.mtu).map_err(step("making a veth pair"))?;
    let offloads = match plan.surroundings {
        Surroundings::Halfopen => &link::OFFLOADS[..],
        Surroundings::Packetdrill => &link::RECEIVE_OFFLOADS[..],
    };
    link::switch_off(STACK_INTERFACE, offloads).map_err(step("switching offloads off"))?;
    sysctl::base(STACK_INTERFACE, plan.surroundings).map_err(step("setting sysctls"))?;
    if plan.has_v6() {
        link::without_link_local(&mut routes, STACK_INTERFACE)
            .map_err(step("keeping tun0 from making addresses up"))?;
    }
    for interface in ["lo", STACK_INTERFACE] {
        link::bring_up(&mut routes, interface).map_err(step("bringing an interface up"))?;
    }
    let sock_diag = SockDiag::open().map_err(step("opening sock_diag"))?;

    setns(&tester, CloneFlags::CLONE_NEWNET)
        .map_err(|e| failed("entering the tester's namespace", e.into()))?;
    let mut routes_there = netlink::Route::open().map_err(step("opening netlink"))?;
    link::switch_off(TESTER_INTERFACE, offloads).map_err(step("switching offloads off"))?;
    let packets = packet_socket::open().map_err(step("opening a packet socket"))?;
    let index = link::bring_up(&mut routes_there, TESTER_INTERFACE)
        .map_err(step("bringing the tester's interface up"))?;
    packet_socket::bind(&packets, index).map_err(step("binding the packet socket"))?;

    setns(&stack, CloneFlags::CLONE_NEWNET)
        .map_err(|e| failed("entering the stack's namespace", e.into()))?;
    link::await_up(&mut routes, STACK_INTERFACE).map_err(step("waiting for tun0"))?;
    // IPv6 takes an address into use only on a link that is up.
    link::add_addresses(&mut routes, &plan).map_err(step("adding addresses"))?;
    link::add_routes(&mut routes, &plan).map_err(step("adding routes"))?;
    Ok(Network {
        plan,
        stack,
        _tester: tester,
        packets,
        tester_interface: index,
        sock_diag,
    })
}
