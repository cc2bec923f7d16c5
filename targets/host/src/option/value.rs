//! Option values in and out of `setsockopt` and `getsockopt`: integers, structures, lengths.

use halfopen_target::{Duration, Errno, OptionValue};

/// An integer option; a value too short for a C `int` is refused, as Linux does.
pub(crate) fn to_int(value: &OptionValue, length: Option<u32>) -> Result<i32, Errno> {
    let bytes = bytes_of(value, length);
    match bytes.first_chunk::<4>() {
        Some(int) => Ok(i32::from_ne_bytes(*int)),
        None => Err(Errno::EINVAL),
    }
}

/// An integer option of level IP, for which one octet will do.
pub(crate) fn to_short_int(value: &OptionValue, length: Option<u32>) -> Result<i32, Errno> {
    let bytes = bytes_of(value, length);
    match (bytes.first_chunk::<4>(), bytes.first()) {
        (Some(int), _) => Ok(i32::from_ne_bytes(*int)),
        (None, Some(octet)) => Ok(i32::from(*octet)),
        (None, None) => Err(Errno::EINVAL),
    }
}

/// `struct linger`.
pub(crate) fn to_linger(value: &OptionValue, length: Option<u32>) -> Result<(bool, i32), Errno> {
    let bytes = bytes_of(value, length);
    match (bytes.first_chunk::<4>(), bytes.get(4..8)) {
        (Some(on), Some([a, b, c, d])) => {
            let seconds = i32::from_ne_bytes([*a, *b, *c, *d]);
            // Like Linux, a negative time is a very long one.
            let seconds = if seconds < 0 { i32::MAX } else { seconds };
            Ok((i32::from_ne_bytes(*on) != 0, seconds))
        }
        _ => Err(Errno::EINVAL),
    }
}

/// `struct timeval`, which says "for ever" by zero.
pub(crate) fn to_timeout(value: &OptionValue, length: Option<u32>) -> Result<Duration, Errno> {
    let bytes = bytes_of(value, length);
    let word = |at: usize| -> Option<i64> {
        let word: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(i64::from_ne_bytes(word))
    };
    let (Some(seconds), Some(micros)) = (word(0), word(8)) else {
        return Err(Errno::EINVAL);
    };
    if !(0..1_000_000).contains(&micros) {
        return Err(Errno::EDOM);
    }
    // Linux takes a negative time for none at all; zero would wait for ever, a nanosecond is over at once.
    let Ok(seconds) = u64::try_from(seconds) else {
        return Ok(Duration::from_nanos(1));
    };
    let micros = u64::try_from(micros).unwrap_or(0);
    Ok(Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros)))
}

/// The value as the bytes that the call would have passed, cut to the length given.
pub(crate) fn bytes_of(value: &OptionValue, length: Option<u32>) -> Vec<u8> {
    let mut bytes = match value {
        OptionValue::Int(int) => int.to_ne_bytes().to_vec(),
        OptionValue::Linger { on, seconds } => {
            [i32::from(*on).to_ne_bytes(), seconds.to_ne_bytes()].concat()
        }
        OptionValue::Timeval(span) => timeval(*span),
        OptionValue::Bytes(bytes) => bytes.clone(),
        _ => Vec::new(),
    };
    if let Some(length) = length.and_then(|length| usize::try_from(length).ok()) {
        bytes.truncate(length);
    }
    bytes
}

fn timeval(span: Duration) -> Vec<u8> {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let micros = i64::from(span.subsec_micros());
    [seconds.to_ne_bytes(), micros.to_ne_bytes()].concat()
}

/// A value for `getsockopt`, cut to the room that the user offers.
pub(crate) fn cut(value: OptionValue, room: u32) -> OptionValue {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let mut bytes = bytes_of(&value, None);
    if bytes.len() <= room {
        return value;
    }
    bytes.truncate(room);
    OptionValue::Bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_int_needs_four_octets() {
        assert_eq!(to_int(&OptionValue::Int(-7), None), Ok(-7));
        assert_eq!(to_int(&OptionValue::Int(1), Some(2)), Err(Errno::EINVAL));
        assert_eq!(
            to_int(&OptionValue::Bytes(Vec::new()), None),
            Err(Errno::EINVAL)
        );
        assert_eq!(to_short_int(&OptionValue::Bytes(vec![9]), None), Ok(9));
    }

    #[test]
    fn a_linger_structure_needs_eight_octets() {
        let linger = OptionValue::Linger {
            on: true,
            seconds: 5,
        };
        assert_eq!(to_linger(&linger, None), Ok((true, 5)));
        let negative = OptionValue::Linger {
            on: true,
            seconds: -1,
        };
        assert_eq!(to_linger(&negative, None), Ok((true, i32::MAX)));
        assert_eq!(to_linger(&OptionValue::Int(1), None), Err(Errno::EINVAL));
    }

    #[test]
    fn a_timeout_counts_microseconds_below_a_million() {
        let span = Duration::from_micros(1_500_000);
        assert_eq!(to_timeout(&OptionValue::Timeval(span), None), Ok(span));
        let bad = OptionValue::Bytes([1_i64.to_ne_bytes(), 1_000_000_i64.to_ne_bytes()].concat());
        assert_eq!(to_timeout(&bad, None), Err(Errno::EDOM));
        assert_eq!(to_timeout(&OptionValue::Int(3), None), Err(Errno::EINVAL));
    }

    #[test]
    fn a_value_longer_than_the_room_is_cut() {
        assert_eq!(cut(OptionValue::Int(5), 4), OptionValue::Int(5));
        let first = 5_i32.to_ne_bytes()[..1].to_vec();
        assert_eq!(cut(OptionValue::Int(5), 1), OptionValue::Bytes(first));
    }
}
