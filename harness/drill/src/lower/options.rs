//! `setsockopt` and `getsockopt`.

use halfopen_script::tree::{Expression, ExpressionKind};
use halfopen_target::{Call, Duration, OptionValue, posix};

use super::arguments::{Arguments, LowerError, field, integer, items, optional_field, to_int};
use super::{ExpectedOutput, Lowered};
use crate::bindings::Bindings;
use crate::packet::outer;

/// Room for an option whose size the script leaves open, in octets: larger than any structure.
const AMPLE: u32 = 1024;

pub(crate) fn set(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let (level, name) = (args.int(1)?, args.int(2)?);
    let value = value(level, name, args.at(3)?)?;
    let length = match args.at(4) {
        Ok(expression) if !matches!(expression.kind, ExpressionKind::Ellipsis) => {
            u32::try_from(integer(expression)?).ok()
        }
        _ => None,
    };
    let natural = match &value {
        OptionValue::Int(_) => Some(4),
        OptionValue::Linger { .. } => Some(8),
        OptionValue::Timeval(_) => Some(16),
        OptionValue::Bytes(bytes) => u32::try_from(bytes.len()).ok(),
        _ => None,
    };
    let call = Call::SetSockOpt {
        fd: bindings.descriptor(script),
        level,
        name,
        value,
        length: length.filter(|length| Some(*length) != natural),
    };
    Ok(super::about(script, call))
}

fn value(level: i32, name: i32, expression: &Expression) -> Result<OptionValue, LowerError> {
    match &expression.kind {
        ExpressionKind::Text(bytes) => Ok(OptionValue::Bytes(bytes.clone())),
        ExpressionKind::Gre(octets) => Ok(OptionValue::Bytes(outer::gre_structure(octets))),
        ExpressionKind::Mpls(words) => Ok(OptionValue::Bytes(label_stack(words))),
        ExpressionKind::Struct(_) if is_linger(level, name) => {
            let (on, seconds) = linger(expression)?;
            Ok(OptionValue::Linger { on, seconds })
        }
        ExpressionKind::Struct(_) if is_timeout(level, name) => timeval(expression),
        ExpressionKind::Struct(_) => Err(LowerError::Unsupported(
            "the harness does not know this option's structure yet".to_owned(),
        )),
        _ => match items(expression) {
            [] => Ok(OptionValue::Bytes(Vec::new())),
            [only] => match &only.kind {
                ExpressionKind::Text(bytes) => Ok(OptionValue::Bytes(bytes.clone())),
                ExpressionKind::Struct(_) => value(level, name, only),
                _ => Ok(OptionValue::Int(to_int(only)?)),
            },
            several => {
                let mut bytes = Vec::new();
                for item in several {
                    bytes.extend(to_int(item)?.to_ne_bytes());
                }
                Ok(OptionValue::Bytes(bytes))
            }
        },
    }
}

fn label_stack(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_be_bytes).collect()
}

const fn is_linger(level: i32, name: i32) -> bool {
    level == posix::SOL_SOCKET && name == posix::SO_LINGER
}

const fn is_timeout(level: i32, name: i32) -> bool {
    level == posix::SOL_SOCKET && (name == posix::SO_RCVTIMEO || name == posix::SO_SNDTIMEO)
}

fn linger(expression: &Expression) -> Result<(bool, i32), LowerError> {
    let on = optional_field(expression, "onoff", 0)
        .or_else(|| optional_field(expression, "l_onoff", 0))
        .ok_or_else(|| LowerError::wrong(expression, "expected a field `onoff`"))?;
    let seconds = optional_field(expression, "linger", 1)
        .or_else(|| optional_field(expression, "l_linger", 1))
        .ok_or_else(|| LowerError::wrong(expression, "expected a field `linger`"))?;
    Ok((integer(on)? != 0, to_int(seconds)?))
}

fn timeval(expression: &Expression) -> Result<OptionValue, LowerError> {
    let seconds = integer(field(expression, "tv_sec", 0)?)?;
    let micros = integer(field(expression, "tv_usec", 1)?)?;
    let whole = u64::try_from(seconds)
        .map_err(|_| LowerError::wrong(expression, "expected seconds from 0"))?;
    let part = u64::try_from(micros)
        .map_err(|_| LowerError::wrong(expression, "expected microseconds from 0"))?;
    Ok(OptionValue::Timeval(
        Duration::from_secs(whole).saturating_add(Duration::from_micros(part)),
    ))
}

pub(crate) fn get(args: &Arguments<'_>, bindings: &Bindings) -> Result<Lowered, LowerError> {
    let script = args.descriptor(0)?;
    let (level, name) = (args.int(1)?, args.int(2)?);
    let expected = args.at(3)?;
    let length = match args.at(4) {
        Ok(expression) => match items(expression) {
            [only] if !matches!(only.kind, ExpressionKind::Ellipsis) => {
                u32::try_from(integer(only)?).unwrap_or(AMPLE)
            }
            _ => AMPLE,
        },
        Err(_) => AMPLE,
    };
    let outputs = match &expected.kind {
        ExpressionKind::Ellipsis => Vec::new(),
        ExpressionKind::Struct(_) if is_linger(level, name) => {
            let (on, seconds) = linger(expected)?;
            vec![ExpectedOutput::Linger(on, seconds)]
        }
        ExpressionKind::Text(bytes) => vec![ExpectedOutput::Bytes(bytes.clone())],
        ExpressionKind::Gre(octets) => vec![ExpectedOutput::Bytes(outer::gre_structure(octets))],
        ExpressionKind::Mpls(words) => vec![ExpectedOutput::Bytes(label_stack(words))],
        ExpressionKind::Struct(_) => {
            return Err(LowerError::Unsupported(
                "the harness does not know this option's structure yet".to_owned(),
            ));
        }
        _ => match items(expected) {
            [only] => match &only.kind {
                ExpressionKind::Ellipsis => Vec::new(),
                ExpressionKind::Text(bytes) => vec![ExpectedOutput::Bytes(bytes.clone())],
                _ => vec![ExpectedOutput::Int("the value", integer(only)?)],
            },
            _ => Vec::new(),
        },
    };
    let call = Call::GetSockOpt {
        fd: bindings.descriptor(script),
        level,
        name,
        length: length.min(1 << 20),
    };
    Ok(Lowered {
        call,
        outputs,
        descriptor: Some(script),
    })
}
