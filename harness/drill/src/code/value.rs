//! Values and what operators make of them, as in Python 3.

use std::cmp::Ordering;
use std::fmt;

/// A value of a code block.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i128),
    Float(f64),
    Text(String),
    Truth(bool),
    None,
    Tuple(Vec<Self>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 1e16 => {
                write!(f, "{value:.1}")
            }
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
            Self::Truth(true) => f.write_str("True"),
            Self::Truth(false) => f.write_str("False"),
            Self::None => f.write_str("None"),
            Self::Tuple(items) => {
                let shown: Vec<_> = items.iter().map(Self::to_string).collect();
                write!(f, "({})", shown.join(", "))
            }
        }
    }
}

impl Value {
    pub(super) const fn is_true(&self) -> bool {
        match self {
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Truth(truth) => *truth,
            Self::None => false,
            Self::Tuple(items) => !items.is_empty(),
        }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Truth(_) => "bool",
            Self::None => "NoneType",
            Self::Tuple(_) => "tuple",
        }
    }

    /// A truth counts as 0 or 1.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Truth(truth) => Some(i128::from(*truth)),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            other => other.integer().map(|value| value as f64),
        }
    }
}

/// How two values compare; nothing where Python would not order them.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::None, Value::None) => Some(Ordering::Equal),
        (Value::Tuple(a), Value::Tuple(b)) => {
            for (x, y) in a.iter().zip(b) {
                match order(x, y)? {
                    Ordering::Equal => {}
                    other => return Some(other),
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => match (left.integer(), right.integer()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => left.float()?.partial_cmp(&right.float()?),
        },
    }
}

/// `left operator right`.
///
/// # Errors
/// What Python would say.
pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Result<Value, String> {
    let cannot = || {
        format!(
            "unsupported operand types for {operator}: '{}' and '{}'",
            left.kind(),
            right.kind()
        )
    };
    match (operator, left, right) {
        ("+", Value::Text(a), Value::Text(b)) => return Ok(Value::Text(format!("{a}{b}"))),
        ("%", Value::Text(format), values) => return super::text::format(format, values),
        ("/", ..) => {}
        _ => {
            if let (Some(a), Some(b)) = (left.integer(), right.integer()) {
                return integers(operator, a, b);
            }
        }
    }
    let (Some(a), Some(b)) = (left.float(), right.float()) else {
        return Err(cannot());
    };
    let by_zero = || "division by zero".to_owned();
    let value = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" | "//" | "%" if b == 0.0 => return Err(by_zero()),
        "/" => a / b,
        "//" => (a / b).floor(),
        // The sign of the right side, as in Python.
        "%" => b.mul_add(-(a / b).floor(), a),
        "**" => a.powf(b),
        _ => return Err(cannot()),
    };
    Ok(Value::Float(value))
}

fn integers(operator: &str, a: i128, b: i128) -> Result<Value, String> {
    let too_large = || format!("the result of {a} {operator} {b} is too large");
    let shift = u32::try_from(b).ok().filter(|by| *by < 127);
    let value = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "//" | "%" if b == 0 => return Err("integer division or modulo by zero".to_owned()),
        "//" => {
            let quotient = a.checked_div(b);
            let inexact = a.checked_rem(b).is_some_and(|rest| rest != 0) && (a < 0) != (b < 0);
            quotient.and_then(|q| q.checked_sub(i128::from(inexact)))
        }
        "%" => a.checked_rem(b).and_then(|rest| {
            if rest != 0 && (rest < 0) != (b < 0) {
                rest.checked_add(b)
            } else {
                Some(rest)
            }
        }),
        "**" if b < 0 => return Ok(Value::Float((a as f64).powf(b as f64))),
        "**" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        "&" => Some(a & b),
        "|" => Some(a | b),
        "^" => Some(a ^ b),
        "<<" | ">>" if b < 0 => return Err("negative shift count".to_owned()),
        "<<" => shift.and_then(|by| a.checked_mul(1i128 << by)),
        ">>" => Some(a >> shift.unwrap_or(127)),
        _ => None,
    };
    value.map(Value::Integer).ok_or_else(too_large)
}
