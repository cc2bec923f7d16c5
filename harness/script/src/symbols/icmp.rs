//! The names of ICMP types and codes: packetdrill's for ICMPv4 and ICMPv6 together, since one script serves both.

/// A type with the names of its codes.
type Type = (&'static str, &'static [&'static str]);

const TYPES: &[Type] = &[
    ("address_mask_reply", &[]),
    ("address_mask_request", &[]),
    ("echo_reply", &[]),
    ("echo_request", &[]),
    ("information_reply", &[]),
    ("information_request", &[]),
    ("packet_too_big", &[]),
    (
        "parameter_problem",
        &["header_field", "unknown_next_header", "unknown_option"],
    ),
    ("redirect", &[]),
    ("source_quench", &[]),
    (
        "time_exceeded",
        &["exceeded_frag_time", "exceeded_hop_limit"],
    ),
    ("timestamp_reply", &[]),
    ("timestamp_request", &[]),
    (
        "unreachable",
        &[
            "address_unreachable",
            "admin_prohibited",
            "frag_needed",
            "host_prohibited",
            "host_unknown",
            "host_unreachable",
            "host_unreachable_for_tos",
            "net_prohibited",
            "net_unknown",
            "net_unreachable",
            "net_unreachable_for_tos",
            "no_route",
            "not_neighbour",
            "packet_filtered",
            "port_unreachable",
            "precedence_cutoff",
            "precedence_violation",
            "protocol_unreachable",
            "source_host_isolated",
            "source_route_failed",
        ],
    ),
];

/// The names of all types.
pub fn icmp_type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|row| row.0)
}

/// The names of the codes of the type `kind`.
pub fn icmp_code_names(kind: &str) -> &'static [&'static str] {
    TYPES
        .iter()
        .find(|row| row.0 == kind)
        .map_or(&[], |row| row.1)
}

pub(crate) fn is_icmp_type(kind: &str) -> bool {
    icmp_type_names().any(|name| name == kind)
}

pub(crate) fn is_icmp_code(kind: &str, code: &str) -> bool {
    icmp_code_names(kind).contains(&code)
}
