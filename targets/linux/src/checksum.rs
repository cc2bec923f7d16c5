//! Transport checksums that the kernel left to its interface: we are the interface, so we fill them in.

use pnet::util;

/// No word is skipped: no packet has this many.
const SKIP_NONE: usize = usize::MAX;

/// Fills in the checksum over everything from `start` on, in the field that stands `offset` behind `start` and holds the sum
/// of the pseudo-header so far. Which transport it is of, and in how many tunnels it goes, makes no difference.
pub(crate) fn fill_in(packet: &mut [u8], start: usize, offset: usize) {
    let Some(covered) = packet.get_mut(start..) else {
        return;
    };
    let sum = match util::checksum(covered, SKIP_NONE) {
        // RFC 768: to UDP, zero says that there is none; to the others both mean the same.
        0 => 0xffff,
        sum => sum,
    };
    if let Some(field) = covered.get_mut(offset..offset.saturating_add(2)) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::fill_in;

    #[test]
    fn the_sum_over_all_with_the_pseudo_header_is_zero_then() {
        // Twenty octets of a tunnel's header, then a UDP datagram whose checksum holds the sum of its pseudo-header.
        let pseudo_header = 0x1234;
        let mut packet = vec![0xaa; 20];
        packet.extend([0, 7, 0, 9, 0, 11, 0x12, 0x34, 1, 2, 3]);
        fill_in(&mut packet, 20, 6);
        assert_eq!(packet[..20], [0xaa; 20]);
        let words = packet[20..].chunks(2);
        let sum: u32 = words
            .map(|word| u32::from(word[0]) << 8 | word.get(1).map_or(0, |octet| u32::from(*octet)))
            .sum::<u32>()
            + pseudo_header;
        assert_eq!(sum % 0xffff, 0, "{sum:#x}");
    }

    #[test]
    fn a_place_outside_of_the_packet_is_left_alone() {
        let mut packet = [1, 2, 3, 4];
        for (start, offset) in [(9, 0), (2, 1), (0, usize::MAX), (usize::MAX, 0)] {
            fill_in(&mut packet, start, offset);
        }
        assert_eq!(packet, [1, 2, 3, 4]);
    }
}
