//! Reading the arguments of a call.

use halfopen_script::span::Span;
use halfopen_script::tree::{CallSpec, Expression, ExpressionKind};

/// Why a call of the script cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum LowerError {
    /// The harness has no such call or structure: the script is skipped.
    #[error("{0}")]
    Unsupported(String),
    /// The script is wrong.
    #[error("{message}")]
    Wrong {
        /// What is wrong.
        message: String,
        /// Where.
        span: Span,
    },
}

impl LowerError {
    pub(crate) fn wrong(expression: &Expression, message: impl Into<String>) -> Self {
        Self::Wrong {
            message: message.into(),
            span: expression.span,
        }
    }
}

/// The arguments of one call.
pub(crate) struct Arguments<'s> {
    spec: &'s CallSpec,
}

impl<'s> Arguments<'s> {
    pub(crate) const fn new(spec: &'s CallSpec) -> Self {
        Self { spec }
    }

    pub(crate) fn count(&self) -> usize {
        self.spec.arguments.len()
    }

    pub(crate) fn at(&self, index: usize) -> Result<&'s Expression, LowerError> {
        self.spec
            .arguments
            .get(index)
            .ok_or_else(|| LowerError::Wrong {
                message: format!(
                    "`{}` needs at least {} arguments",
                    self.spec.name,
                    index + 1
                ),
                span: self.spec.span,
            })
    }

    pub(crate) fn long(&self, index: usize) -> Result<i64, LowerError> {
        integer(self.at(index)?)
    }

    pub(crate) fn int(&self, index: usize) -> Result<i32, LowerError> {
        to_int(self.at(index)?)
    }

    /// The script's number of a descriptor.
    pub(crate) fn descriptor(&self, index: usize) -> Result<i64, LowerError> {
        self.long(index)
    }

    /// A size in octets, bounded so that a script cannot ask for all memory.
    pub(crate) fn size(&self, index: usize) -> Result<usize, LowerError> {
        size(self.at(index)?)
    }
}

/// The most octets that one buffer of a call may hold.
const LARGEST_BUFFER: i64 = 256 << 20;

pub(crate) fn size(expression: &Expression) -> Result<usize, LowerError> {
    let value = integer(expression)?;
    if (0..=LARGEST_BUFFER).contains(&value) {
        Ok(value as usize)
    } else {
        Err(LowerError::wrong(
            expression,
            format!("expected a size from 0 to {LARGEST_BUFFER}, found {value}"),
        ))
    }
}

pub(crate) fn integer(expression: &Expression) -> Result<i64, LowerError> {
    halfopen_script::evaluate(expression)
        .map_err(|diagnostic| LowerError::wrong(expression, diagnostic.message))
}

/// A C `int`; unsigned 32-bit values are taken by their bits.
pub(crate) fn to_int(expression: &Expression) -> Result<i32, LowerError> {
    let value = integer(expression)?;
    i32::try_from(value)
        .or_else(|_| u32::try_from(value).map(|bits| bits as i32))
        .map_err(|_| {
            LowerError::wrong(
                expression,
                format!("expected a 32-bit number, found {value}"),
            )
        })
}

/// The elements of a list; of anything else, the thing itself.
pub(crate) fn items(expression: &Expression) -> &[Expression] {
    match &expression.kind {
        ExpressionKind::List(items) => items,
        _ => std::slice::from_ref(expression),
    }
}

/// A field of a structure by name, or by place where the script gives no names.
pub(crate) fn field<'e>(
    expression: &'e Expression,
    name: &str,
    place: usize,
) -> Result<&'e Expression, LowerError> {
    optional_field(expression, name, place)
        .ok_or_else(|| LowerError::wrong(expression, format!("expected a field `{name}`")))
}

/// Like [`field`], for one that may be left out. `msg_iov(2)` is found as `msg_iov`.
pub(crate) fn optional_field<'e>(
    expression: &'e Expression,
    name: &str,
    place: usize,
) -> Option<&'e Expression> {
    let ExpressionKind::Struct(fields) = &expression.kind else {
        return None;
    };
    let named = fields.iter().find(|(field, _)| {
        field
            .as_deref()
            .is_some_and(|f| f.split('(').next() == Some(name))
    });
    let placed = || fields.get(place).filter(|(field, _)| field.is_none());
    named.or_else(placed).map(|(_, value)| value)
}
