//! Amounts as people write them, where Kafka wants a bare number: `1d`, `512MiB`, `1_000_000`.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Things.
    Count,
}

/// The whole number that was probably meant.
pub(super) fn meant(text: &str, unit: Unit) -> Option<i64> {
    let text: String = text.chars().filter(|c| !matches!(c, '_' | ' ' | ',' | '\'')).collect();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, word) = text.split_at(split);
    if number.is_empty() {
        return None;
    }
    let factor = match unit {
        _ if matches!(word, "" | "L" | "l") => 1,
        Unit::Milliseconds => milliseconds(&word.to_ascii_lowercase())?,
        Unit::Bytes => bytes(&word.to_ascii_lowercase())?,
        Unit::Count => return whole(text.parse::<f64>().ok()?),
    };
    match number.parse::<i64>() {
        Ok(whole) => whole.checked_mul(factor),
        Err(_) => whole(number.parse::<f64>().ok()? * factor as f64),
    }
}

/// A number without a fraction; beyond 2^53 a float no longer tells which.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn milliseconds(word: &str) -> Option<i64> {
    Some(match word {
        "ms" | "milliseconds" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 604_800_000,
        _ => return None,
    })
}

/// Kafka's own sizes are powers of two, so that is what people mean by `1GB` here.
fn bytes(word: &str) -> Option<i64> {
    Some(match word {
        "b" | "bytes" => 1,
        "k" | "kb" | "kib" | "ki" => 1 << 10,
        "m" | "mb" | "mib" | "mi" => 1 << 20,
        "g" | "gb" | "gib" | "gi" => 1 << 30,
        "t" | "tb" | "tib" | "ti" => 1 << 40,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_guessed_and_nonsense_is_not() {
        for (text, unit, number) in [
            ("1d", Unit::Milliseconds, Some(86_400_000)),
            ("7 days", Unit::Milliseconds, Some(604_800_000)),
            ("1.5h", Unit::Milliseconds, Some(5_400_000)),
            ("30m", Unit::Milliseconds, Some(1_800_000)),
            ("1_000", Unit::Milliseconds, Some(1_000)),
            ("86400000L", Unit::Milliseconds, Some(86_400_000)),
            ("512MiB", Unit::Bytes, Some(512 << 20)),
            ("1GB", Unit::Bytes, Some(1 << 30)),
            ("1e6", Unit::Count, Some(1_000_000)),
            ("soon", Unit::Milliseconds, None),
            ("1x", Unit::Bytes, None),
            ("0.5", Unit::Count, None),
            ("99999999999999999999d", Unit::Milliseconds, None),
            ("", Unit::Count, None),
        ] {
            assert_eq!(meant(text, unit), number, "{text}");
        }
    }
}
