//! The header that the kernel puts before frames of a packet socket and wants before ours
//! (`struct virtio_net_hdr`, linux/virtio_net.h,
//! host byte order). It says what the sender left to the interface.

use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;

/// Octets of the header: flags, kind, header length, segment size, start and offset of the checksum.
pub(crate) const LENGTH: usize = 10;

const NEEDS_CHECKSUM: u8 = 1;
const TCP_OVER_IPV4: u8 = 1;
const TCP_OVER_IPV6: u8 = 4;

/// Where the checksum begins that the sender left to the interface, and how far behind that its field stands.
pub(crate) fn missing_checksum(header: &[u8]) -> Option<(usize, usize)> {
    let [flags, _, _, _, _, _, a, b, c, d] = *header.first_chunk::<LENGTH>()?;
    let number = |octets| usize::from(u16::from_ne_bytes(octets));
    (flags & NEEDS_CHECKSUM != 0).then(|| (number([a, b]), number([c, d])))
}

/// The header for a packet of ours behind a link header of `link` octets. A TCP segment that is larger than the MTU gets
/// through as the one large segment that an interface with receive offload would hand up.
///
/// With `joined`, any segment with more payload than that is handed up as segments of that size, joined.
pub(crate) fn for_packet(
    packet: &[u8],
    mtu: u16,
    joined: Option<u16>,
    link: usize,
) -> [u8; LENGTH] {
    let mut header = [0; LENGTH];
    if packet.len() <= usize::from(mtu) && joined.is_none() {
        return header;
    }
    let Some((kind, before_payload)) = tcp(packet) else {
        return header;
    };
    let payload = packet.len().saturating_sub(before_payload);
    // The kernel takes it for one only when its payload exceeds the size of a segment.
    let whole = u16::try_from(payload.saturating_sub(1)).unwrap_or(u16::MAX);
    let segment = joined.unwrap_or(whole);
    if payload <= usize::from(segment) || segment == 0 {
        return header;
    }
    let headers = u16::try_from(link + before_payload).unwrap_or(u16::MAX);
    header[1] = kind;
    header[2..4].copy_from_slice(&headers.to_ne_bytes());
    header[4..6].copy_from_slice(&segment.to_ne_bytes());
    header
}

/// The kind of a TCP segment, and how many octets stand before its payload.
fn tcp(packet: &[u8]) -> Option<(u8, usize)> {
    let (kind, ip) = match packet.first()? >> 4 {
        4 => {
            let ip = Ipv4Packet::new(packet)?;
            (ip.get_next_level_protocol() == IpNextHeaderProtocols::Tcp)
                .then(|| (TCP_OVER_IPV4, usize::from(ip.get_header_length()) * 4))?
        }
        6 => {
            let ip = Ipv6Packet::new(packet)?;
            (ip.get_next_header() == IpNextHeaderProtocols::Tcp).then_some((TCP_OVER_IPV6, 40))?
        }
        _ => return None,
    };
    let data_offset = packet.get(ip + 12)? >> 4;
    Some((kind, ip + usize::from(data_offset) * 4))
}
