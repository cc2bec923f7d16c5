//! Socket addresses in calls.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use halfopen_script::tree::{Expression, ExpressionKind};
use halfopen_target::{Address, AddressFamily, AddressMode, Setup, posix};

use super::arguments::{LowerError, integer, optional_field};

/// The domain of a socket whose domain the script leaves open.
pub(crate) const fn domain(mode: AddressMode) -> i32 {
    match mode.socket() {
        AddressFamily::Ipv4 => posix::AF_INET,
        AddressFamily::Ipv6 => posix::AF_INET6,
    }
}

/// The address as a socket of this drill writes it: mapped into IPv6 where the socket is of IPv6.
pub(crate) fn for_socket(ip: IpAddr, mode: AddressMode) -> IpAddr {
    match (mode, ip) {
        (AddressMode::Mapped, IpAddr::V4(v4)) => IpAddr::V6(v4.to_ipv6_mapped()),
        _ => ip,
    }
}

/// An address argument; `...` stands for `default_ip` and `default_port`.
pub(crate) fn lower(
    expression: &Expression,
    setup: &Setup,
    default_ip: IpAddr,
    default_port: u16,
) -> Result<Address, LowerError> {
    match &expression.kind {
        ExpressionKind::Ellipsis => Ok(Address::Inet(SocketAddr::new(
            for_socket(default_ip, setup.mode),
            default_port,
        ))),
        ExpressionKind::Struct(_) => structure(expression, setup, default_ip),
        // packetdrill takes the family alone for an address of that family.
        _ if integer(expression) == Ok(i64::from(posix::AF_UNSPEC)) => Ok(Address::Unspecified),
        _ => Err(LowerError::wrong(
            expression,
            "expected an address: `...` or `{sa_family = …, sin_port = …, sin_addr = …}`",
        )),
    }
}

fn structure(
    expression: &Expression,
    setup: &Setup,
    default_ip: IpAddr,
) -> Result<Address, LowerError> {
    let family = optional_field(expression, "sa_family", 0);
    if let Some(family) = family
        && integer(family)? == i64::from(posix::AF_UNSPEC)
    {
        return Ok(Address::Unspecified);
    }
    let port = optional_field(expression, "sin_port", 1)
        .or_else(|| optional_field(expression, "sin6_port", 1))
        .ok_or_else(|| LowerError::wrong(expression, "expected a field `sin_port`"))?;
    let address = optional_field(expression, "sin_addr", 2)
        .or_else(|| optional_field(expression, "sin6_addr", 2));
    let ip = match address {
        Some(address) => ip(address)?.unwrap_or(default_ip),
        None => default_ip,
    };
    Ok(Address::Inet(SocketAddr::new(
        for_socket(ip, setup.mode),
        port_number(port)?,
    )))
}

fn port_number(expression: &Expression) -> Result<u16, LowerError> {
    let (value, swap) = match &expression.kind {
        ExpressionKind::Call { name, arguments } if name == "htons" && arguments.len() == 1 => {
            (integer(&arguments[0])?, false)
        }
        _ => (integer(expression)?, true),
    };
    let port = u16::try_from(value)
        .map_err(|_| LowerError::wrong(expression, format!("expected a port, found {value}")))?;
    Ok(if swap { u16::from_be(port) } else { port })
}

fn ip(expression: &Expression) -> Result<Option<IpAddr>, LowerError> {
    let text = match &expression.kind {
        ExpressionKind::Ellipsis => return Ok(None),
        ExpressionKind::Symbol(name) if name == "INADDR_ANY" => {
            return Ok(Some(IpAddr::from([0, 0, 0, 0])));
        }
        ExpressionKind::Symbol(name) if name == "in6addr_any" => {
            return Ok(Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
        }
        ExpressionKind::Call { arguments, .. } => arguments.iter().find_map(text),
        _ => text(expression),
    };
    if let Some(text) = text {
        return text
            .parse()
            .map(Some)
            .map_err(|_| LowerError::wrong(expression, format!("`{text}` is not an IP address")));
    }
    let value = match &expression.kind {
        ExpressionKind::Call { name, arguments } if name == "htonl" && arguments.len() == 1 => {
            integer(&arguments[0])?
        }
        _ => integer(expression)?,
    };
    let bits = u32::try_from(value)
        .map_err(|_| LowerError::wrong(expression, "expected an IPv4 address"))?;
    Ok(Some(IpAddr::from(bits.to_be_bytes())))
}

fn text(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Text(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    }
}
