//! The names of ICMP types and codes, as packetdrill scripts spell them.
//!
//! packetdrill names no code of IPv4's redirects, time exceeded and parameter problems, nor the codes that RFC 4443
//! gave to ICMPv6 later; the tables here do, with the names of the first ones as a model.

use crate::ip::IpVersion;

/// A type: its number, its name, and the numbers and names of its codes.
type Kind = (u8, &'static str, &'static [(u8, &'static str)]);

const KINDS_V4: &[Kind] = &[
    (0, "echo_reply", &[]),
    (
        3,
        "unreachable",
        &[
            (0, "net_unreachable"),
            (1, "host_unreachable"),
            (2, "protocol_unreachable"),
            (3, "port_unreachable"),
            (4, "frag_needed"),
            (5, "source_route_failed"),
            (6, "net_unknown"),
            (7, "host_unknown"),
            (8, "source_host_isolated"),
            (9, "net_prohibited"),
            (10, "host_prohibited"),
            (11, "net_unreachable_for_tos"),
            (12, "host_unreachable_for_tos"),
            (13, "packet_filtered"),
            (14, "precedence_violation"),
            (15, "precedence_cutoff"),
        ],
    ),
    (4, "source_quench", &[]),
    (
        5,
        "redirect",
        &[
            (0, "net"),
            (1, "host"),
            (2, "net_for_tos"),
            (3, "host_for_tos"),
        ],
    ),
    (8, "echo_request", &[]),
    (
        11,
        "time_exceeded",
        &[(0, "exceeded_ttl"), (1, "exceeded_frag_time")],
    ),
    (
        12,
        "parameter_problem",
        &[
            (0, "header_field"),
            (1, "missing_option"),
            (2, "bad_length"),
        ],
    ),
    (13, "timestamp_request", &[]),
    (14, "timestamp_reply", &[]),
    (15, "information_request", &[]),
    (16, "information_reply", &[]),
    (17, "address_mask_request", &[]),
    (18, "address_mask_reply", &[]),
];

const KINDS_V6: &[Kind] = &[
    (
        1,
        "unreachable",
        &[
            (0, "no_route"),
            // packetdrill's other name for the same code.
            (0, "net_unreachable"),
            (1, "admin_prohibited"),
            (2, "not_neighbour"),
            (3, "address_unreachable"),
            (4, "port_unreachable"),
            (5, "policy_failed"),
            (6, "route_rejected"),
        ],
    ),
    (2, "packet_too_big", &[]),
    (
        3,
        "time_exceeded",
        &[(0, "exceeded_hop_limit"), (1, "exceeded_frag_time")],
    ),
    (
        4,
        "parameter_problem",
        &[
            (0, "header_field"),
            (1, "unknown_next_header"),
            (2, "unknown_option"),
        ],
    ),
    (128, "echo_request", &[]),
    (129, "echo_reply", &[]),
    (137, "redirect", &[]),
];

const fn kinds(version: IpVersion) -> &'static [Kind] {
    match version {
        IpVersion::V4 => KINDS_V4,
        IpVersion::V6 => KINDS_V6,
    }
}

fn codes(version: IpVersion, kind: u8) -> &'static [(u8, &'static str)] {
    kinds(version)
        .iter()
        .find(|(number, ..)| *number == kind)
        .map_or(&[], |(.., codes)| codes)
}

/// The name of a type.
#[must_use]
pub fn kind_name(version: IpVersion, kind: u8) -> Option<&'static str> {
    kinds(version)
        .iter()
        .find(|(number, ..)| *number == kind)
        .map(|(_, name, _)| *name)
}

/// The name of a code, if its type gives it one.
#[must_use]
pub fn code_name(version: IpVersion, kind: u8, code: u8) -> Option<&'static str> {
    codes(version, kind)
        .iter()
        .find(|(number, _)| *number == code)
        .map(|(_, name)| *name)
}

/// The type of a name.
#[must_use]
pub fn kind_named(version: IpVersion, name: &str) -> Option<u8> {
    kinds(version)
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(number, ..)| *number)
}

/// The code that a name stands for under a type.
#[must_use]
pub fn code_named(version: IpVersion, kind: u8, name: &str) -> Option<u8> {
    codes(version, kind)
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_number() {
        for version in [IpVersion::V4, IpVersion::V6] {
            for (kind, name, codes) in kinds(version) {
                assert_eq!(kind_named(version, name), Some(*kind));
                assert_eq!(kind_name(version, *kind), Some(*name));
                for (code, name) in *codes {
                    assert_eq!(code_named(version, *kind, name), Some(*code));
                    assert!(code_name(version, *kind, *code).is_some());
                }
            }
        }
    }

    #[test]
    fn versions_number_the_same_name_differently() {
        assert_eq!(kind_named(IpVersion::V4, "unreachable"), Some(3));
        assert_eq!(kind_named(IpVersion::V6, "unreachable"), Some(1));
        assert_eq!(kind_named(IpVersion::V4, "packet_too_big"), None);
        assert_eq!(code_name(IpVersion::V4, 3, 4), Some("frag_needed"));
        assert_eq!(code_name(IpVersion::V6, 1, 0), Some("no_route"));
        assert_eq!(code_named(IpVersion::V6, 1, "net_unreachable"), Some(0));
        assert_eq!(code_name(IpVersion::V4, 3, 16), None);
        assert_eq!(kind_name(IpVersion::V6, 255), None);
    }
}
