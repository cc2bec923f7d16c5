//! Python's `%` on strings: `'cwnd is %d' % tcpi_snd_cwnd`.

use super::value::Value;

/// Fills `values`, a tuple or one value, into the places of `format`.
///
/// # Errors
/// What Python would say.
pub(super) fn format(format: &str, values: &Value) -> Result<Value, String> {
    let single = [values.clone()];
    let mut values = match values {
        Value::Tuple(items) => items.iter(),
        _ => single.iter(),
    };
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut places = String::new();
        let kind = loop {
            match letters.next() {
                Some(digit) if digit.is_ascii_digit() || ".-+# l".contains(digit) => {
                    places.push(digit);
                }
                Some(kind) => break kind,
                None => return Err("incomplete format".to_owned()),
            }
        };
        if kind == '%' {
            text.push('%');
            continue;
        }
        let value = values
            .next()
            .ok_or("not enough arguments for format string")?;
        text.push_str(&one(kind, &places, value)?);
    }
    match values.next() {
        Some(_) => Err("not all arguments converted during string formatting".to_owned()),
        None => Ok(Value::Text(text)),
    }
}

fn one(kind: char, places: &str, value: &Value) -> Result<String, String> {
    let number = || format!("%{kind} format: a number is required");
    let integer = || {
        value
            .integer()
            .or_else(|| value.float().map(|float| float.trunc() as i128))
            .ok_or_else(number)
    };
    let (width, precision) = match places.split_once('.') {
        Some((width, precision)) => (width, precision.parse().ok()),
        None => (places, None),
    };
    let shown = match kind {
        'd' | 'i' | 'u' => integer()?.to_string(),
        'x' => format!("{:x}", integer()?),
        'X' => format!("{:X}", integer()?),
        'o' => format!("{:o}", integer()?),
        'f' | 'F' | 'g' | 'e' => {
            let precision: usize = precision.unwrap_or(6);
            format!(
                "{:.*}",
                precision.min(32),
                value.float().ok_or_else(number)?
            )
        }
        's' | 'r' => value.to_string(),
        other => return Err(format!("unsupported format character '{other}'")),
    };
    let digits = width.trim_start_matches(['-', '+', '#', ' ']);
    let least = digits
        .trim_end_matches('l')
        .parse::<usize>()
        .unwrap_or(0)
        .min(256);
    Ok(if width.starts_with('-') {
        format!("{shown:<least$}")
    } else if digits.starts_with('0') && kind != 's' {
        format!("{shown:0>least$}")
    } else {
        format!("{shown:>least$}")
    })
}
