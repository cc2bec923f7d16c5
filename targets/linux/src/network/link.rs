//! The veth pair, its addresses, routes and neighbours.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use netlink_packet_route::address::{
    AddressAttribute, AddressHeaderFlags, AddressMessage, AddressScope,
};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth, LinkAttribute,
    LinkFlags, LinkInfo, LinkMessage, State,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope,
    RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use pnet::util::MacAddr;

use super::netlink::Route;
use super::{Addresses, Plan, STACK_INTERFACE, STACK_MAC, TESTER_INTERFACE, TESTER_MAC};
use crate::sys::{packet_socket, socket};

/// The routing table that says which addresses are this host's (linux/rtnetlink.h).
const RT_TABLE_LOCAL: u8 = 255;

/// How long an interface may take to come up.
const UP_LIMIT: Duration = Duration::from_secs(20);

/// Commands of ethtool that switch offloads (linux/ethtool.h): receive and transmit checksums, scatter-gather,
/// TSO, GSO and GRO. Without them, what is seen on the link is what a wire would carry.
pub(super) const OFFLOADS: [u32; 6] = [0x15, 0x17, 0x19, 0x1f, 0x24, 0x2c];
/// Those of the receiving side alone: checksums and GRO.
pub(super) const RECEIVE_OFFLOADS: [u32; 2] = [0x15, 0x2c];

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

/// Switches those of `offloads` off that the interface has.
pub(super) fn switch_off(interface: &str, offloads: &[u32]) -> io::Result<()> {
    let any = socket::open(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    for command in offloads {
        match packet_socket::switch_off(any.as_raw_fd(), interface, *command) {
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

/// Keeps IPv6 from giving an interface, which is still down, an address by itself.
pub(super) fn without_link_local(routes: &mut Route, interface: &str) -> io::Result<()> {
    let mut link = LinkMessage::default();
    link.header.index = look_up(routes, interface)?.header.index;
    let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    link.attributes
        .push(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(
            vec![mode],
        )]));
    routes.change(RouteNetlinkMessage::SetLink(link))
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
    for addresses in plan.families() {
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

/// Routes everything to the gateway, whose hardware address never needs asking for.
pub(super) fn add_routes(routes: &mut Route, plan: &Plan) -> io::Result<()> {
    let index = look_up(routes, STACK_INTERFACE)?.header.index;
    for addresses in plan.families() {
        if addresses.local.is_ipv6() {
            add_local_route(routes, index, addresses.local)?;
        }
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

/// Makes an IPv6 address one of this host's at once: the kernel would do so in the background, which on a busy machine
/// takes seconds, and drop what arrives for it before.
fn add_local_route(routes: &mut Route, index: u32, local: IpAddr) -> io::Result<()> {
    let mut message = RouteMessage::default();
    message.header.address_family = family(local);
    message.header.destination_prefix_length = 128;
    message.header.table = RT_TABLE_LOCAL;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Local;
    message.attributes = vec![
        RouteAttribute::Destination(route_address(local)),
        RouteAttribute::Oif(index),
    ];
    match routes.create(RouteNetlinkMessage::NewRoute(message)) {
        // The kernel was quicker.
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
        result => result,
    }
}

fn add_default_route(routes: &mut Route, index: u32, addresses: &Addresses) -> io::Result<()> {
    let mut message = RouteMessage::default();
    message.header.address_family = family(addresses.local);
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    // The gateway is across the link, whether or not the kernel has the link's own route already.
    message.header.flags = RouteFlags::Onlink;
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
