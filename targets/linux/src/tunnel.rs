//! The packet inside of tunnels, for a look at the connection that it belongs to.

/// Headers of this many tunnels are looked through.
const MOST: usize = 16;

/// Bits of a GRE header (RFC 2784, RFC 2890; R is RFC 1701's).
mod gre {
    pub(super) const CHECKSUM: u16 = 0x8000;
    pub(super) const ROUTING: u16 = 0x4000;
    pub(super) const KEY: u16 = 0x2000;
    pub(super) const SEQUENCE: u16 = 0x1000;
    pub(super) const VERSION: u16 = 0x0007;
}

/// The innermost IP packet of `packet`, which is `packet` itself where it is in no tunnel.
pub(crate) fn innermost(packet: &[u8]) -> &[u8] {
    let mut inner = packet;
    for _ in 0..MOST {
        match carried(inner) {
            Some(next) => inner = next,
            None => break,
        }
    }
    inner
}

/// What the IP packet carries, if that is an IP packet.
fn carried(packet: &[u8]) -> Option<&[u8]> {
    let (protocol, header) = match packet.first()? {
        first if first >> 4 == 4 => (*packet.get(9)?, usize::from(first & 0xf) * 4),
        first if first >> 4 == 6 => (*packet.get(6)?, 40),
        _ => return None,
    };
    let payload = packet.get(header..)?;
    match i32::from(protocol) {
        libc::IPPROTO_IPIP | libc::IPPROTO_IPV6 => Some(payload),
        libc::IPPROTO_GRE => behind_gre(payload),
        libc::IPPROTO_MPLS => behind_labels(payload),
        _ => None,
    }
}

fn behind_gre(bytes: &[u8]) -> Option<&[u8]> {
    let (&[a, b, c, d], rest) = bytes.split_first_chunk::<4>()?;
    let flags = u16::from_be_bytes([a, b]);
    if flags & (gre::ROUTING | gre::VERSION) != 0 {
        return None;
    }
    let words = [gre::CHECKSUM, gre::KEY, gre::SEQUENCE]
        .iter()
        .filter(|flag| flags & **flag != 0)
        .count();
    let payload = rest.get(4 * words..)?;
    match i32::from(u16::from_be_bytes([c, d])) {
        libc::ETH_P_IP | libc::ETH_P_IPV6 => Some(payload),
        libc::ETH_P_MPLS_UC | libc::ETH_P_MPLS_MC => behind_labels(payload),
        _ => None,
    }
}

/// Behind the label that is marked as the bottom of the stack (RFC 3032 section 2.1).
fn behind_labels(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let (entry, behind) = rest.split_first_chunk::<4>()?;
        rest = behind;
        if entry[2] & 1 != 0 {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::innermost;

    /// An IP header with this protocol, and what it carries.
    fn ip(version: u8, protocol: u8, carried: &[u8]) -> Vec<u8> {
        let mut header = vec![0; if version == 4 { 20 } else { 40 }];
        header[0] = version << 4 | if version == 4 { 5 } else { 0 };
        header[if version == 4 { 9 } else { 6 }] = protocol;
        header.extend(carried);
        header
    }

    #[test]
    fn each_kind_of_tunnel_is_looked_through() {
        let tcp = ip(4, 6, b"a segment");
        let keyed = [&[0x30, 0, 0x08, 0, 0, 0, 0, 7, 0, 0, 0, 1], tcp.as_slice()].concat();
        let labels = [&[0, 1, 0, 64, 0, 1, 1, 64], tcp.as_slice()].concat();
        let labels_in_gre = [&[0, 0, 0x88, 0x47], labels.as_slice()].concat();
        for packet in [
            tcp.clone(),
            ip(4, 4, &tcp),
            ip(6, 4, &tcp),
            ip(4, 41, &ip(6, 4, &tcp)),
            ip(4, 47, &keyed),
            ip(6, 137, &labels),
            ip(4, 47, &labels_in_gre),
        ] {
            assert_eq!(innermost(&packet), tcp, "{packet:02x?}");
        }
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_left_whole() {
        let tcp = ip(4, 6, b"a segment");
        let routed = [&[0x40, 0, 0x08, 0], tcp.as_slice()].concat();
        for packet in [
            Vec::new(),
            ip(4, 47, &[0, 0]),
            ip(4, 47, &[0x30, 0, 8, 0, 1]),
            ip(4, 47, &routed),
            ip(4, 137, &[0, 1, 0, 64]),
            ip(6, 17, &tcp),
        ] {
            assert_eq!(innermost(&packet), packet);
        }
    }

    #[test]
    fn the_depth_is_bounded() {
        let deep = (0..100).fold(ip(4, 6, b""), |packet, _| ip(4, 4, &packet));
        assert_eq!(innermost(&deep).len(), (101 - super::MOST) * 20);
    }
}
