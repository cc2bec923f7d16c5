//! Each kind of option by its bytes, and each length that is not its own.

use proptest::prelude::*;

use super::*;
use crate::strategies;

fn unknown(kind: u8, data: &[u8]) -> TcpOption {
    TcpOption::Unknown {
        kind,
        data: data.to_vec(),
    }
}

#[test]
fn each_kind_has_its_bytes() {
    let digest: [u8; 16] = std::array::from_fn(|at| at as u8);
    let md5: Vec<u8> = [19, 18].into_iter().chain(digest).collect();
    let acc_ecn = |order, counters: &[u32]| TcpOption::AccEcn {
        order,
        counters: counters.to_vec(),
    };
    let table: &[(TcpOption, &[u8])] = &[
        (TcpOption::EndOfList, &[0]),
        (TcpOption::Nop, &[1]),
        (TcpOption::Mss(1460), &[2, 4, 0x05, 0xb4]),
        (TcpOption::WindowScale(255), &[3, 3, 255]),
        (TcpOption::SackPermitted, &[4, 2]),
        (TcpOption::Sack(vec![]), &[5, 2]),
        (
            TcpOption::Sack(vec![(Seq(1), Seq(0x0203_0405))]),
            &[5, 10, 0, 0, 0, 1, 2, 3, 4, 5],
        ),
        (
            TcpOption::Timestamps {
                val: 1,
                ecr: 0xff00_0000,
            },
            &[8, 10, 0, 0, 0, 1, 0xff, 0, 0, 0],
        ),
        (TcpOption::Md5(digest), &md5),
        (TcpOption::FastOpen(vec![]), &[34, 2]),
        (TcpOption::FastOpen(vec![1, 2, 3, 4]), &[34, 6, 1, 2, 3, 4]),
        (TcpOption::FastOpenExp(vec![]), &[254, 4, 0xf9, 0x89]),
        (TcpOption::FastOpenExp(vec![7]), &[254, 5, 0xf9, 0x89, 7]),
        (acc_ecn(AccEcnOrder::Zero, &[]), &[172, 2]),
        (acc_ecn(AccEcnOrder::Zero, &[1]), &[172, 5, 0, 0, 1]),
        (
            acc_ecn(AccEcnOrder::One, &[1, 2]),
            &[174, 8, 0, 0, 1, 0, 0, 2],
        ),
        (
            acc_ecn(AccEcnOrder::One, &[1, 0x00ff_0000, 3]),
            &[174, 11, 0, 0, 1, 0xff, 0, 0, 0, 0, 3],
        ),
        (unknown(99, &[1, 2, 3]), &[99, 5, 1, 2, 3]),
        (unknown(254, &[0xf9]), &[254, 3, 0xf9]),
        (unknown(254, &[0xf9, 0x88]), &[254, 4, 0xf9, 0x88]),
    ];
    for (option, bytes) in table {
        assert_eq!(encode(std::slice::from_ref(option)), *bytes, "{option:?}");
        assert_eq!(parse(bytes), std::slice::from_ref(option), "{bytes:?}");
        assert_eq!(option.kind(), Some(bytes[0]), "{option:?}");
    }
}

#[test]
fn a_walkable_length_that_is_not_the_kinds_own_is_unknown_and_the_next_option_is_still_read() {
    type IsOwn = fn(usize) -> bool;
    let own: &[(u8, IsOwn)] = &[
        (kind::MSS, |length| length == 4),
        (kind::WINDOW_SCALE, |length| length == 3),
        (kind::SACK_PERMITTED, |length| length == 2),
        (kind::SACK, |length| length % 8 == 2),
        (kind::TIMESTAMPS, |length| length == 10),
        (kind::MD5, |length| length == 18),
        (kind::FAST_OPEN, |_| true),
        (kind::ACC_ECN_0, |length| matches!(length, 2 | 5 | 8 | 11)),
        (kind::ACC_ECN_1, |length| matches!(length, 2 | 5 | 8 | 11)),
        // Zeros are not the magic number.
        (kind::EXPERIMENTAL, |_| false),
    ];
    for (kind, is_own) in own {
        for length in 2..=38usize {
            let mut bytes = vec![*kind, length as u8];
            bytes.resize(length, 0);
            bytes.extend([4, 2]);
            let options = parse(&bytes);
            let is_unknown = options[0] == unknown(*kind, &vec![0; length - 2]);
            assert_eq!(
                is_unknown,
                !is_own(length),
                "kind {kind} length {length}: {options:?}"
            );
            assert_eq!(
                options[1..],
                [TcpOption::SackPermitted],
                "kind {kind} length {length}"
            );
            assert_eq!(encode(&options), bytes);
        }
    }
}

#[test]
fn a_length_that_cannot_be_walked_over_is_malformed_to_the_end() {
    for kind in 2..=255u8 {
        let tails: &[&[u8]] = &[
            &[],
            &[0],
            &[1],
            &[0, 1, 1],
            &[1, 4, 2],
            &[5, 0, 0],
            &[255, 1, 1, 1],
        ];
        for tail in tails {
            let mut bytes = vec![1, kind];
            bytes.extend(*tail);
            assert_eq!(
                parse(&bytes),
                [TcpOption::Nop, TcpOption::Malformed(bytes[1..].to_vec())]
            );
        }
    }
}

#[test]
fn what_follows_the_end_of_the_list_is_kept() {
    assert_eq!(parse(&[0]), [TcpOption::EndOfList]);
    assert_eq!(
        parse(&[1, 0, 0, 0]),
        [
            TcpOption::Nop,
            TcpOption::EndOfList,
            TcpOption::Padding(vec![0, 0])
        ]
    );
    assert_eq!(
        parse(&[0, 2, 4, 9]),
        [TcpOption::EndOfList, TcpOption::Padding(vec![2, 4, 9])]
    );
    assert_eq!(parse(&[]), []);
}

#[test]
fn what_does_not_fit_is_cut_to_its_width() {
    let counters = vec![0xff00_0001];
    let wide = TcpOption::AccEcn {
        order: AccEcnOrder::Zero,
        counters,
    };
    assert_eq!(encode(&[wide]), [172, 5, 0, 0, 1]);
    let long = unknown(99, &[0; 300]);
    assert_eq!(encode(&[long])[1], (302 % 256) as u8);
}

proptest! {
    #[test]
    fn parse_then_encode_is_the_identity(bytes in proptest::collection::vec(any::<u8>(), 0..48)) {
        prop_assert_eq!(encode(&parse(&bytes)), bytes);
    }

    #[test]
    fn known_kinds_with_any_length_are_the_identity_too(
        bytes in proptest::collection::vec(prop_oneof![0u8..12, Just(34), Just(172), Just(174), Just(254)], 0..48),
    ) {
        prop_assert_eq!(encode(&parse(&bytes)), bytes);
    }

    #[test]
    fn options_as_parsed_come_back_equal(options in proptest::collection::vec(strategies::option(), 0..8)) {
        let parsed = parse(&encode(&options));
        prop_assert_eq!(parse(&encode(&parsed)), parsed);
    }
}
