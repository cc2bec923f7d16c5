//! The tester's end of the link: frames in through pnet's datalink channel, frames out with kernel timestamps.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd};

use halfopen_target::{Setup, TargetError, Time};
use pnet::datalink::{self, Channel, DataLinkSender, NetworkInterface};
use pnet::packet::Packet;
use pnet::packet::ethernet::{EtherType, EtherTypes, EthernetPacket, MutableEthernetPacket};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;

use crate::checksum;
use crate::clock::Clock;
use crate::network::{Network, STACK_MAC, TESTER_MAC, failed};
use crate::sys::packet_socket;
use crate::virtio;

/// Octets of an Ethernet header.
const ETHERNET_HEADER: usize = 14;
/// Where the IP packet begins in a frame with its virtio header.
const FRAME_START: usize = virtio::LENGTH + ETHERNET_HEADER;
/// The largest IP packet (an IPv6 one, RFC 8200 section 3), with its headers.
const LARGEST_FRAME: usize = FRAME_START + 40 + 65_535;

/// The tester's end of the link of one drill.
pub(crate) struct Link {
    sender: Box<dyn DataLinkSender>,
    network: Network,
    room: Vec<u8>,
}

impl Link {
    pub(crate) fn new(network: Network) -> Result<Self, TargetError> {
        let own = network
            .packets
            .try_clone()
            .map_err(|e| failed("keeping a packet socket", e))?;
        let interface = NetworkInterface {
            name: "tester".to_owned(),
            description: String::new(),
            index: network.tester_interface,
            mac: Some(TESTER_MAC),
            ips: Vec::new(),
            flags: 0,
        };
        let config = datalink::Config {
            // The channel closes the descriptor that it is given: it gets one of its own.
            socket_fd: Some(own.into_raw_fd()),
            write_buffer_size: LARGEST_FRAME,
            read_buffer_size: LARGEST_FRAME,
            promiscuous: false,
            ..datalink::Config::default()
        };
        let channel = datalink::channel(&interface, config)
            .map_err(|e| failed("opening a datalink channel", e))?;
        let Channel::Ethernet(sender, _) = channel else {
            let odd = io::Error::other("not an Ethernet channel");
            return Err(failed("opening a datalink channel", odd));
        };
        Ok(Self {
            sender,
            network,
            room: vec![0; LARGEST_FRAME],
        })
    }

    pub(crate) const fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    pub(crate) fn into_network(self) -> Network {
        self.network
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.network.packets.as_fd()
    }

    /// Delivers an IP packet to the stack; its immediate reply is readable when this returns.
    pub(crate) fn inject(&mut self, packet: &[u8], setup: &Setup) -> io::Result<()> {
        let mtu = self.network.plan.mtu;
        let mut frame = vec![0; FRAME_START + packet.len()];
        let kind = match packet.first().map(|octet| octet >> 4) {
            Some(6) => EtherTypes::Ipv6,
            _ => EtherTypes::Ipv4,
        };
        frame[..virtio::LENGTH].copy_from_slice(&virtio::for_packet(
            packet,
            mtu,
            setup.joined_segment,
            ETHERNET_HEADER,
        ));
        set_header(&mut frame[virtio::LENGTH..], kind);
        frame[FRAME_START..].copy_from_slice(packet);
        self.sender
            .send_to(&frame, None)
            .unwrap_or_else(|| Err(io::Error::other("the packet is larger than any frame")))
    }

    /// The next IP packet of the stack for the tester, with the kernel's receive time.
    pub(crate) fn receive(
        &mut self,
        clock: &Clock,
        setup: &Setup,
    ) -> io::Result<Option<(Time, Vec<u8>)>> {
        loop {
            let fd = self.network.packets.as_fd();
            let Some((length, stamp)) = packet_socket::receive(fd, &mut self.room)? else {
                return Ok(None);
            };
            let Some((header, frame)) = self.room[..length].split_at_checked(virtio::LENGTH) else {
                continue;
            };
            let Some(packet) = ip_packet(frame, setup) else {
                continue;
            };
            let mut packet = packet.to_vec();
            if let Some((start, offset)) = virtio::missing_checksum(header) {
                checksum::fill_in(&mut packet, start.saturating_sub(ETHERNET_HEADER), offset);
            }
            let at = stamp.map_or_else(|| clock.now(), |stamp| clock.at_wall(stamp));
            return Ok(Some((at, packet)));
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("packets", &self.network.packets.as_raw_fd())
            .finish_non_exhaustive()
    }
}

fn set_header(frame: &mut [u8], kind: EtherType) {
    if let Some(mut header) = MutableEthernetPacket::new(frame) {
        header.set_destination(STACK_MAC);
        header.set_source(TESTER_MAC);
        header.set_ethertype(kind);
    }
}

/// The IP packet in a frame, when it is the drill's: neighbour discovery and group membership are not.
fn ip_packet<'f>(frame: &'f [u8], setup: &Setup) -> Option<&'f [u8]> {
    let ethernet = EthernetPacket::new(frame)?;
    let kind = ethernet.get_ethertype();
    let packet = frame.get(ETHERNET_HEADER..)?;
    let is_ours = match kind {
        EtherTypes::Ipv4 => {
            let ip = Ipv4Packet::new(packet)?;
            ip.get_next_level_protocol() != IpNextHeaderProtocols::Igmp
        }
        EtherTypes::Ipv6 => {
            let ip = Ipv6Packet::new(packet)?;
            let is_multicast = ip.get_destination().is_multicast();
            let is_icmp = ip.get_next_header() == IpNextHeaderProtocols::Icmpv6;
            // Neighbour solicitations and advertisements are types 133 to 137.
            let kind = ip.payload().first().copied().unwrap_or(0);
            let is_foreign = is_multicast && setup.remote_ip != ip.get_destination();
            !(is_foreign || is_icmp && (133..=137).contains(&kind))
        }
        _ => false,
    };
    is_ours.then_some(packet)
}
