//! Writing calls and expressions.

use std::fmt::{self, Display, Formatter};

use super::packet::{Gre, Mpls};
use crate::tree::{CallSpec, Expression, ExpressionKind};

impl Display for CallSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, List(&self.arguments))?;
        match &self.result {
            Some(result) => write!(f, " = {result}")?,
            None => f.write_str(" = ...")?,
        }
        if let Some((errno, _)) = &self.errno {
            write!(f, " {errno}")?;
        }
        match &self.remark {
            Some(remark) => write!(f, " ({remark})"),
            None => Ok(()),
        }
    }
}

/// Expressions with commas between.
struct List<'a>(&'a [Expression]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, expression) in self.0.iter().enumerate() {
            let before = if index > 0 { ", " } else { "" };
            write!(f, "{before}{expression}")?;
        }
        Ok(())
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for ExpressionKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ellipsis => f.write_str("..."),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => {
                let text = value.to_string();
                let point = if text.contains('.') { "" } else { ".0" };
                write!(f, "{text}{point}")
            }
            Self::Symbol(name) => f.write_str(name),
            Self::Text(octets) => write!(f, "\"{}\"", Escaped(octets)),
            Self::TextPrefix(octets) => write!(f, "\"{}\"...", Escaped(octets)),
            Self::Binary {
                operator,
                left,
                right,
            } => write!(f, "{left}{operator}{right}"),
            Self::Unary { operator, operand } => write!(f, "{operator}{operand}"),
            Self::List(items) => write!(f, "[{}]", List(items)),
            Self::Struct(fields) => write!(f, "{{{}}}", Fields(fields)),
            Self::Call { name, arguments } => write!(f, "{name}({})", List(arguments)),
            Self::Mpls(entries) => write!(f, "{{{}}}", Mpls(entries)),
            Self::Gre(octets) => write!(f, "{{{}}}", Gre(octets)),
        }
    }
}

/// The fields of a structure.
struct Fields<'a>(&'a [(Option<String>, Expression)]);

impl Display for Fields<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = self.0.iter().peekable();
        let mut before = "";
        while let Some((name, value)) = fields.next() {
            f.write_str(before)?;
            before = ", ";
            let Some(name) = name else {
                write!(f, "{value}")?;
                continue;
            };
            // `msg_iovlen = 1, msg_iov = …` is written `msg_iov(1)=…`.
            let counted = fields.next_if(|(next, _)| {
                let stem = name.strip_suffix("len");
                matches!(stem, Some("msg_name" | "msg_iov")) && next.as_deref() == stem
            });
            match counted {
                Some((Some(next), item)) => write!(f, "{next}({value})={item}")?,
                _ => write!(f, "{name}={value}")?,
            }
        }
        Ok(())
    }
}

/// A string with escapes for what is not printable ASCII.
struct Escaped<'a>(&'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for octet in self.0 {
            match octet {
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => write!(f, "{}", char::from(*octet))?,
                _ => write!(f, "\\x{octet:02x}")?,
            }
        }
        Ok(())
    }
}
