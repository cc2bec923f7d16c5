//! Control messages: `msg_control=[{cmsg_level=…, cmsg_type=…, cmsg_data=…}]`.

use halfopen_script::tree::{Expression, ExpressionKind};
use halfopen_target::{ControlData, ControlMessage, Errno, Time};

use super::arguments::{LowerError, field, integer, items, optional_field, to_int};

/// Room for the control messages of one call, in octets: more than any stack gives.
pub(super) const AMPLE: usize = 4096;

/// The messages of a list; `None` for one that is left open.
pub(super) fn messages(expression: &Expression) -> Result<Option<Vec<ControlMessage>>, LowerError> {
    match &expression.kind {
        ExpressionKind::Ellipsis => Ok(None),
        _ => items(expression)
            .iter()
            .map(message)
            .collect::<Result<_, _>>()
            .map(Some),
    }
}

fn message(expression: &Expression) -> Result<ControlMessage, LowerError> {
    let data = field(expression, "cmsg_data", 2)?;
    Ok(ControlMessage {
        level: to_int(field(expression, "cmsg_level", 0)?)?,
        kind: to_int(field(expression, "cmsg_type", 1)?)?,
        data: content(data)?,
    })
}

fn content(expression: &Expression) -> Result<ControlData, LowerError> {
    if let Some(seconds) = optional_field(expression, "scm_sec", usize::MAX) {
        let nanos = integer(field(expression, "scm_nsec", 1)?)?;
        let micros = integer(seconds)?
            .saturating_mul(1_000_000)
            .saturating_add(nanos / 1000);
        let at = u64::try_from(micros).ok().filter(|micros| *micros > 0);
        return Ok(ControlData::Timestamp(at.map(Time::from_micros)));
    }
    if let Some(errno) = optional_field(expression, "ee_errno", usize::MAX) {
        return extended_error(expression, errno);
    }
    match &expression.kind {
        ExpressionKind::Text(octets) => Ok(ControlData::Bytes(octets.clone())),
        _ => Ok(ControlData::Int(to_int(expression)?)),
    }
}

fn extended_error(expression: &Expression, errno: &Expression) -> Result<ControlData, LowerError> {
    let octet = |name: &str, place| -> Result<u8, LowerError> {
        let value = integer(field(expression, name, place)?)?;
        u8::try_from(value)
            .map_err(|_| LowerError::wrong(expression, format!("expected `{name}` up to 255")))
    };
    let word = |name: &str, place| -> Result<u32, LowerError> {
        Ok(to_int(field(expression, name, place)?)?.cast_unsigned())
    };
    let number = match &errno.kind {
        ExpressionKind::Symbol(name) => Errno::from_name(name),
        _ => None,
    };
    Ok(ControlData::ExtendedError {
        errno: match number {
            Some(errno) => errno,
            None => Errno(to_int(errno)?),
        },
        origin: octet("ee_origin", 1)?,
        kind: octet("ee_type", 2)?,
        code: octet("ee_code", 3)?,
        info: word("ee_info", 4)?,
        data: word("ee_data", 5)?,
    })
}
