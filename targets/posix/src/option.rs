//! Values of socket options.

use halfopen_target::{Duration, OptionValue, posix};

/// The octets of a value.
#[must_use]
pub fn encode_option(value: &OptionValue) -> Vec<u8> {
    match value {
        OptionValue::Int(value) => value.to_ne_bytes().to_vec(),
        OptionValue::Linger { on, seconds } => {
            [i32::from(*on).to_ne_bytes(), seconds.to_ne_bytes()].concat()
        }
        OptionValue::Timeval(span) => [
            (span.as_secs() as i64).to_ne_bytes(),
            i64::from(span.subsec_micros()).to_ne_bytes(),
        ]
        .concat(),
        OptionValue::Bytes(bytes) => bytes.clone(),
        _ => Vec::new(),
    }
}

/// The value of an option from the octets that `getsockopt` gave.
#[must_use]
pub fn decode_option(level: i32, name: i32, octets: Vec<u8>) -> OptionValue {
    let int = |at: usize| {
        let part = octets.get(at..at + 4)?;
        Some(i32::from_ne_bytes(part.try_into().ok()?))
    };
    let long = |at: usize| {
        let part = octets.get(at..at + 8)?;
        u64::try_from(i64::from_ne_bytes(part.try_into().ok()?)).ok()
    };
    match (level, name, octets.len()) {
        (posix::SOL_SOCKET, posix::SO_LINGER, 8) => {
            if let (Some(on), Some(seconds)) = (int(0), int(4)) {
                return OptionValue::Linger {
                    on: on != 0,
                    seconds,
                };
            }
        }
        (posix::SOL_SOCKET, posix::SO_RCVTIMEO | posix::SO_SNDTIMEO, 16) => {
            if let (Some(seconds), Some(micros)) = (long(0), long(8)) {
                let span = Duration::from_secs(seconds) + Duration::from_micros(micros);
                return OptionValue::Timeval(span);
            }
        }
        (_, _, 4) => {
            if let Some(value) = int(0) {
                return OptionValue::Int(value);
            }
        }
        _ => {}
    }
    OptionValue::Bytes(octets)
}
