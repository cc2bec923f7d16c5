//! SipHash-2-4, the keyed hash behind everything that outsiders must not guess.

/// SipHash-2-4 of `data` under `key`.
pub(crate) fn siphash_2_4(key: &[u8; 16], data: &[u8]) -> u64 {
    let [k0, k1] = halves(key);
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = data.as_chunks::<8>();
    for word in words {
        absorb(&mut v, u64::from_le_bytes(*word));
    }
    // The last word holds the remaining octets, and the length's low octet on top.
    let mut last = (data.len() as u64 & 0xff) << 56;
    for (index, octet) in rest.iter().enumerate() {
        last |= u64::from(*octet) << (8 * index);
    }
    absorb(&mut v, last);
    let [_, _, v2, _] = &mut v;
    *v2 ^= 0xff;
    for _ in 0..4 {
        round(&mut v);
    }
    v.iter().fold(0, |hash, word| hash ^ word)
}

fn halves(key: &[u8; 16]) -> [u64; 2] {
    let key = u128::from_le_bytes(*key);
    [key as u64, (key >> 64) as u64]
}

fn absorb(v: &mut [u64; 4], word: u64) {
    let [_, _, _, v3] = v;
    *v3 ^= word;
    round(v);
    round(v);
    let [v0, ..] = v;
    *v0 ^= word;
}

fn round([v0, v1, v2, v3]: &mut [u64; 4]) {
    *v0 = v0.wrapping_add(*v1);
    *v1 = v1.rotate_left(13) ^ *v0;
    *v0 = v0.rotate_left(32);
    *v2 = v2.wrapping_add(*v3);
    *v3 = v3.rotate_left(16) ^ *v2;
    *v0 = v0.wrapping_add(*v3);
    *v3 = v3.rotate_left(21) ^ *v0;
    *v2 = v2.wrapping_add(*v1);
    *v1 = v1.rotate_left(17) ^ *v2;
    *v2 = v2.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of the SipHash paper: key 00..0f, message 00.. of the length given.
    #[test]
    fn published_vectors_hold() {
        let key = core::array::from_fn(|index| index as u8);
        let message: [u8; 15] = core::array::from_fn(|index| index as u8);
        assert_eq!(siphash_2_4(&key, &[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(siphash_2_4(&key, &message[..8]), 0x93f5_f579_9a93_2462);
        assert_eq!(siphash_2_4(&key, &message), 0xa129_ca61_49be_45e5);
    }
}
