//! The YAML 1.2 core schema: what an unquoted scalar is.

/// An unquoted scalar by its look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plain<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; `None` when it needs more than 64 bits.
    Int(Option<i128>),
    /// A number with a point or an exponent.
    Float(f64),
    /// Anything else.
    Text(&'a str),
}

/// Reads an unquoted scalar. `yes`, `on` and dates are texts.
pub fn resolve(text: &str) -> Plain<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        _ => {}
    }
    let based = |digits: &str, radix: u32| {
        let digital = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        digital.then(|| Plain::Int(fits(i128::from_str_radix(digits, radix).ok())))
    };
    if let Some(found) = text.strip_prefix("0x").and_then(|d| based(d, 16)) {
        return found;
    }
    if let Some(found) = text.strip_prefix("0o").and_then(|d| based(d, 8)) {
        return found;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Plain::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Plain::Int(fits(text.parse().ok()));
    }
    if is_float(unsigned) {
        return text.parse().map_or(Plain::Text(text), Plain::Float);
    }
    Plain::Text(text)
}

fn fits(number: Option<i128>) -> Option<i128> {
    number.filter(|n| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(n))
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let whole = match mantissa.split_once('.') {
        Some(("", after)) => !after.is_empty() && digits(after),
        Some((before, after)) => digits(before) && digits(after),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    whole && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema() {
        let ints = [("0", 0), ("-7", -7), ("+3", 3), ("007", 7), ("0x1F", 31), ("0o17", 15)];
        for (text, number) in ints {
            assert_eq!(resolve(text), Plain::Int(Some(number)), "{text}");
        }
        assert_eq!(resolve("18446744073709551615"), Plain::Int(Some(u64::MAX.into())));
        assert_eq!(resolve("18446744073709551616"), Plain::Int(None));
        for (text, number) in [("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("2E-1", 0.2)] {
            assert_eq!(resolve(text), Plain::Float(number), "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(resolve(text), Plain::Null, "{text}");
        }
        for text in
            ["yes", "no", "on", "2020-01-01", "1_000", "0b1", "0x", ".", "e3", "1e", "+", "nan", "tRUE", "1.2.3"]
        {
            assert_eq!(resolve(text), Plain::Text(text), "{text}");
        }
        assert_eq!(resolve("-.inf"), Plain::Float(f64::NEG_INFINITY));
    }
}
