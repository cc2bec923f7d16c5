//! The veth pair, its addresses, routes and neighbours.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use netlink_packet_route::address::{
    AddressAttribute, AddressHeaderFlags, AddressMessage, AddressScope,
};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, State,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use pnet::util::MacAddr;

use super::netlink::Route;
use super::{Addresses, Plan, STACK_INTERFACE, STACK_MAC, TESTER_INTERFACE, TESTER_MAC};
use crate::sys::{packet_socket, socket};

/// How long an interface may take to come up.
const UP_LIMIT: Duration = Duration::from_secs(20);

/// Commands of ethtool that switch offloads (linux/ethtool.h): receive and transmit checksums, scatter-gather,
/// TSO, GSO and GRO. What is seen on the link is then what TCP sent.
const OFFLOADS: [u32; 6] = [0x15, 0x17, 0x19, 0x1f, 0x24, 0x2c];

/// Makes the pair: `tun0` here, its peer in the namespace behind `tester`.
pub(super) fn create(routes: &mut Route, tester: RawFd, mtu: u16) -> io::Result<()> {
    let end = |name: &str, mac: MacAddr| {
        vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Address(mac.octets().to_vec()),
            LinkAttribute::Mtu(mtu.into()),
        ]
    };
    let mut peer = LinkMessage::default();
    peer.attributes = end(TESTER_INTERFACE, TESTER_MAC);
    peer.attributes.push(LinkAttribute::NetNsFd(tester));
    let mut link = LinkMessage::default();
    link.attributes = end(STACK_INTERFACE, STACK_MAC);
    link.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ]));
    routes.create(RouteNetlinkMessage::NewLink(link))
}

/// Switches every offload off that the interface has.
pub(super) fn switch_offloads_off(interface: &str) -> io::Result<()> {
    let any = socket::open(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    for command in OFFLOADS {
        match packet_socket::switch_off(any.as_raw_fd(), interface, command) {
            Err(error) if error.raw_os_error() != Some(libc::EOPNOTSUPP) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn look_up(routes: &mut Route, interface: &str) -> io::Result<LinkMessage> {
    let mut link = LinkMessage::default();
    link.attributes
        .push(LinkAttribute::IfName(interface.to_owned()));
    match routes.get(RouteNetlinkMessage::GetLink(link))? {
        RouteNetlinkMessage::NewLink(link) => Ok(link),
        _ => Err(io::Error::other(format!("there is no {interface}"))),
    }
}

/// Brings an interface up and gives its index.
pub(super) fn bring_up(routes: &mut Route, interface: &str) -> io::Result<u32> {
    let index = look_up(routes, interface)?.header.index;
    let mut link = LinkMessage::default();
    link.header.index = index;
    link.header.flags = LinkFlags::Up;
    link.header.change_mask = LinkFlags::Up;
    routes.change(RouteNetlinkMessage::SetLink(link))?;
    Ok(index)
}

/// Gives `tun0`, which is up, its addresses.
pub(super) fn add_addresses(routes: &mut Route, plan: &Plan) -> io::Result<()> {
    let index = look_up(routes, STACK_INTERFACE)?.header.index;
    for addresses in [&plan.v4, &plan.v6] {
        let mut message = AddressMessage::default();
        message.header.family = family(addresses.local);
        message.header.prefix_len = addresses.prefix;
        message.header.scope = AddressScope::Universe;
        message.header.index = index;
        message.header.flags = AddressHeaderFlags::Nodad;
        message.attributes = vec![
            AddressAttribute::Local(addresses.local),
            AddressAttribute::Address(addresses.local),
        ];
        routes.create(RouteNetlinkMessage::NewAddress(message))?;
    }
    Ok(())
}

/// Waits until packets get through: right after it is brought up, an interface may lose them.
pub(super) fn await_up(routes: &mut Route, interface: &str) -> io::Result<()> {
    let deadline = Instant::now() + UP_LIMIT;
    loop {
        let link = look_up(routes, interface)?;
        let is_up = link
            .attributes
            .iter()
            .any(|attribute| matches!(attribute, LinkAttribute::OperState(State::Up)));
        if is_up {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("{interface} does not come up"),
            ));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Waits until an IPv6 address is one of this host's: the kernel takes it into use in the background, even when no
/// duplicate is looked for, and drops what arrives for it before.
pub(super) fn await_address(ip: Ipv6Addr) -> io::Result<()> {
    // Destination and prefix length as this file writes them; before it is in use only the link's prefix is there.
    let octets: Vec<_> = ip.octets().iter().map(|o| format!("{o:02x}")).collect();
    let own = format!("{} 80 ", octets.concat());
    let deadline = Instant::now() + UP_LIMIT;
    loop {
        let routes = std::fs::read_to_string("/proc/thread-self/net/ipv6_route")?;
        if routes.lines().any(|line| line.starts_with(&own)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("{ip} is not taken into use"),
            ));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Routes everything to the gateway, whose hardware address never needs asking for.
pub(super) fn add_routes(routes: &mut Route, plan: &Plan) -> io::Result<()> {
    let index = look_up(routes, STACK_INTERFACE)?.header.index;
    for addresses in [&plan.v4, &plan.v6] {
        add_neighbour(routes, index, addresses.gateway)?;
        add_default_route(routes, index, addresses)?;
    }
    Ok(())
}

fn add_neighbour(routes: &mut Route, index: u32, gateway: IpAddr) -> io::Result<()> {
    let mut message = NeighbourMessage::default();
    message.header.family = family(gateway);
    message.header.ifindex = index;
    message.header.state = NeighbourState::Permanent;
    message.attributes = vec![
        NeighbourAttribute::Destination(match gateway {
            IpAddr::V4(v4) => NeighbourAddress::Inet(v4),
            IpAddr::V6(v6) => NeighbourAddress::Inet6(v6),
        }),
        NeighbourAttribute::LinkLayerAddress(TESTER_MAC.octets().to_vec()),
    ];
    routes.create(RouteNetlinkMessage::NewNeighbour(message))
}

fn add_default_route(routes: &mut Route, index: u32, addresses: &Addresses) -> io::Result<()> {
    let mut message = RouteMessage::default();
    message.header.address_family = family(addresses.local);
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        RouteAttribute::Gateway(route_address(addresses.gateway)),
        RouteAttribute::Oif(index),
    ];
    routes.create(RouteNetlinkMessage::NewRoute(message))
}

const fn route_address(ip: IpAddr) -> RouteAddress {
    match ip {
        IpAddr::V4(v4) => RouteAddress::Inet(v4),
        IpAddr::V6(v6) => RouteAddress::Inet6(v6),
    }
}

const fn family(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}
