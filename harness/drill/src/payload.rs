//! The octets that fill payloads: a fixed pattern, so that every octet that arrives can be checked.

/// The octet at `offset` of the stream that the tester sends; offset 0 follows the SYN.
///
/// The period is 251 × 256, so that no shift by a segment, a window or a power of two goes unnoticed.
pub fn inbound_octet(offset: u32) -> u8 {
    let low = (offset % 251) as u8;
    low.wrapping_add(((offset / 251) % 256) as u8)
}

/// `length` octets of the tester's stream from `offset` on.
pub fn inbound(offset: u32, length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| inbound_octet(offset.wrapping_add(i as u32)))
        .collect()
}

/// `length` octets for the application of the stack under test to write, `offset` octets into its stream.
pub fn outbound(offset: u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| !inbound_octet((offset as u32).wrapping_add(i as u32)))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_shifted_stream_is_never_the_same() {
        let stream = super::inbound(0, 4096);
        for shift in [1, 2, 4, 251, 256, 536, 1000, 1024, 1460] {
            assert_ne!(stream[..1000], super::inbound(shift, 1000)[..], "{shift}");
        }
    }
}
