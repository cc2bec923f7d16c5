//! Writing TCP options.

use std::fmt::{self, Display, Formatter};

use crate::tree::{AccEcnField, TcpOptionKind, TcpOptionSpec};

impl Display for TcpOptionSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for TcpOptionKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nop => f.write_str("nop"),
            Self::Eol => f.write_str("eol"),
            Self::Mss(mss) => write!(f, "mss {mss}"),
            Self::WindowScale(shift) => write!(f, "wscale {shift}"),
            Self::SackPermitted => f.write_str("sackOK"),
            Self::Sack(None) => f.write_str("sack ..."),
            Self::Sack(Some(blocks)) => {
                f.write_str("sack")?;
                blocks
                    .iter()
                    .try_for_each(|(left, right)| write!(f, " {left}:{right}"))
            }
            Self::Timestamps { val, ecr } => {
                let shown = |value: &Option<u32>| match value {
                    Some(value) => value.to_string(),
                    None => "...".to_owned(),
                };
                write!(f, "TS val {} ecr {}", shown(val), shown(ecr))
            }
            Self::FastOpen(cookie) => write!(f, "FO{}", Octets(cookie.as_deref())),
            Self::FastOpenExp(cookie) => write!(f, "FOEXP{}", Octets(cookie.as_deref())),
            Self::Md5(digest) => write!(f, "md5{}", Octets(digest.as_deref())),
            Self::AccEcn(fields) => {
                f.write_str("ECN")?;
                fields.iter().try_for_each(|(field, value)| {
                    let name = match field {
                        AccEcnField::E0b => "e0b",
                        AccEcnField::Ceb => "ceb",
                        AccEcnField::E1b => "e1b",
                    };
                    write!(f, " {name} {value}")
                })
            }
            Self::Raw { kind, length, data } => {
                write!(f, "raw {kind}")?;
                if let Some(length) = length {
                    write!(f, " length {length}")?;
                }
                write!(f, "{}", Octets(Some(data)))
            }
        }
    }
}

/// Octets as digits with a blank before, `...` when they are left open, nothing when there are none.
struct Octets<'a>(Option<&'a [u8]>);

impl Display for Octets<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str(" ..."),
            Some([]) => Ok(()),
            Some(octets) => {
                f.write_str(" ")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}
