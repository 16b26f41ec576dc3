//! Whether every value of one type is a value of another, as far as their canonical names tell.

use crate::model::token::{Token, TokenKind, split_at_commas, tokenize};

/// What is lost or refused when a value of type `from` is stored as `to`; `None` where nothing is known to be.
pub fn narrows(from: &str, to: &str) -> Option<String> {
    let (from, to) = (bare(from)?, bare(to)?);
    match (inside(&from, "Nullable"), inside(&to, "Nullable")) {
        (Some(_), None) => return Some("NULL has no place in it".into()),
        (Some(inner), Some(other)) => return narrows(&inner, &other),
        (None, Some(other)) => return narrows(&from, &other),
        (None, None) => {}
    }
    for container in ["Array", "Map", "Tuple"] {
        if let (Some(a), Some(b)) = (arguments(&from, container), arguments(&to, container)) {
            return a.iter().zip(&b).find_map(|(a, b)| narrows(element(a), element(b)));
        }
    }
    scalar(&from, &to)
}

fn scalar(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    if let (Some((signed, bits)), Some((to_signed, to_bits))) = (integer(from), integer(to)) {
        let fits = if signed == to_signed { bits <= to_bits } else { to_signed && bits < to_bits };
        return (!fits).then(|| "values out of its range wrap around in silence".into());
    }
    if is_float(from) && integer(to).is_some() {
        return Some("fractions are cut off".into());
    }
    if from == "Float64" && to == "Float32" {
        return Some("digits are lost".into());
    }
    if let Some((digits, scale)) = decimal(from) {
        if let Some((to_digits, to_scale)) = decimal(to) {
            let fits = scale <= to_scale && digits - scale <= to_digits - to_scale;
            return (!fits).then(|| "digits are lost or overflow".into());
        }
        return (integer(to).is_some() && scale > 0).then(|| "fractions are cut off".into());
    }
    if let Some(size) = number(to, "FixedString") {
        return match number(from, "FixedString") {
            Some(from) => (from > size).then(|| "longer texts are refused".into()),
            None if from == "String" => Some("longer texts are refused".into()),
            None => None,
        };
    }
    if is_time(from) && is_date(to) {
        return Some("the time of day is cut off".into());
    }
    if let Some(digits) = fraction(from) {
        return (is_time(to) && fraction(to).unwrap_or(0) < digits).then(|| "fractions of a second are cut off".into());
    }
    if from == "String" && !is_text_like(to) && (is_number(to) || is_date(to) || is_time(to) || to.starts_with("Enum"))
    {
        return Some("a text that is none of its values stops the view".into());
    }
    let (a, b) = (values(from)?, values(to)?);
    (!a.iter().all(|v| b.contains(v))).then(|| "a name that is none of its values stops the view".into())
}

/// Without LowCardinality and the function of an aggregate.
fn bare(data_type: &str) -> Option<String> {
    let text = data_type.trim();
    if let Some(inner) = inside(text, "LowCardinality") {
        return bare(&inner);
    }
    match arguments(text, "SimpleAggregateFunction") {
        Some(parts) => bare(parts.get(1)?),
        None => Some(text.to_owned()),
    }
}

fn inside(text: &str, wrapper: &str) -> Option<String> {
    let rest = text.strip_prefix(wrapper)?.trim().strip_prefix('(')?;
    Some(rest.strip_suffix(')')?.trim().to_owned())
}

fn arguments(text: &str, wrapper: &str) -> Option<Vec<String>> {
    let inner = inside(text, wrapper)?;
    let tokens = tokenize(&inner).ok()?;
    let piece = |part: &[Token]| Some(inner[part.first()?.start..part.last()?.end].to_owned());
    split_at_commas(&tokens).into_iter().map(piece).collect()
}

/// The type of a tuple's element, which may have a name.
fn element(text: &str) -> &str {
    let Ok(tokens) = tokenize(text) else { return text };
    match tokens.as_slice() {
        [name, data_type, ..] if name.name().is_some() && data_type.name().is_some() => &text[data_type.start..],
        _ => text,
    }
}

/// Signed, and how many bits.
fn integer(text: &str) -> Option<(bool, u32)> {
    if text == "Bool" {
        return None;
    }
    match text.strip_prefix("UInt") {
        Some(bits) => Some((false, bits.parse().ok()?)),
        None => Some((true, text.strip_prefix("Int")?.parse().ok()?)),
    }
}

fn is_float(text: &str) -> bool {
    matches!(text, "Float32" | "Float64" | "BFloat16")
}

/// Digits, and those after the point.
fn decimal(text: &str) -> Option<(i64, i64)> {
    let parts = arguments(text, "Decimal")?;
    Some((parts.first()?.parse().ok()?, parts.get(1)?.parse().ok()?))
}

fn number(text: &str, wrapper: &str) -> Option<u64> {
    inside(text, wrapper)?.parse().ok()
}

fn is_date(text: &str) -> bool {
    matches!(text, "Date" | "Date32")
}

fn is_time(text: &str) -> bool {
    text == "DateTime" || text.starts_with("DateTime(") || text.starts_with("DateTime64(")
}

/// Digits of a second's fraction.
fn fraction(text: &str) -> Option<u32> {
    arguments(text, "DateTime64")?.first()?.parse().ok()
}

fn is_number(text: &str) -> bool {
    integer(text).is_some() || is_float(text) || decimal(text).is_some() || text == "Bool" || text == "UUID"
}

fn is_text_like(text: &str) -> bool {
    text == "String" || text.starts_with("FixedString")
}

/// The names of an enum.
fn values(text: &str) -> Option<Vec<String>> {
    let parts = arguments(text, "Enum8").or_else(|| arguments(text, "Enum16"))?;
    let name = |part: &String| match tokenize(part).ok()?.first()?.kind.clone() {
        TokenKind::Text(name) => Some(name),
        TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Mark(_) => None,
    };
    parts.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_narrows_is_told_and_what_widens_is_not() {
        for (from, to, loses) in [
            ("Int64", "Int32", "wrap around"),
            ("UInt32", "Int32", "wrap around"),
            ("Int8", "UInt64", "wrap around"),
            ("Float64", "Int32", "fractions"),
            ("Float64", "Float32", "digits"),
            ("Decimal(12, 4)", "Decimal(12, 2)", "digits"),
            ("Decimal(12, 2)", "Decimal(12, 4)", "digits"),
            ("Decimal(9, 2)", "Int64", "fractions"),
            ("String", "FixedString(3)", "longer"),
            ("FixedString(4)", "FixedString(3)", "longer"),
            ("Nullable(Int32)", "Int32", "NULL"),
            ("LowCardinality(Nullable(String))", "String", "NULL"),
            ("Nullable(Int64)", "Nullable(Int32)", "wrap around"),
            ("Array(Int64)", "Array(Int32)", "wrap around"),
            ("Map(String, Int64)", "Map(String, Int32)", "wrap around"),
            ("Tuple(a Int64, b String)", "Tuple(a Int32, b String)", "wrap around"),
            ("DateTime('UTC')", "Date", "time of day"),
            ("DateTime64(3)", "DateTime", "fractions of a second"),
            ("DateTime64(6, 'UTC')", "DateTime64(3)", "fractions of a second"),
            ("String", "Date", "a text that is none"),
            ("String", "UInt8", "a text that is none"),
            ("String", "Enum8('a' = 1)", "a text that is none"),
            ("Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)", "a name that is none"),
            ("UInt64", "SimpleAggregateFunction(max, UInt32)", "wrap around"),
        ] {
            assert!(narrows(from, to).is_some_and(|l| l.contains(loses)), "{from} -> {to}: {:?}", narrows(from, to));
        }
        for (from, to) in [
            ("Int32", "Int64"),
            ("UInt32", "Int64"),
            ("Int64", "Float64"),
            ("Int32", "Nullable(Int64)"),
            ("String", "LowCardinality(String)"),
            ("LowCardinality(String)", "String"),
            ("FixedString(3)", "String"),
            ("Decimal(12, 2)", "Decimal(16, 4)"),
            ("Date", "DateTime"),
            ("DateTime", "DateTime64(3)"),
            ("DateTime('UTC')", "DateTime"),
            ("Enum8('a' = 1)", "Enum16('a' = 1, 'b' = 2)"),
            ("Array(Int32)", "Array(Int64)"),
            ("AggregateFunction(sum, UInt64)", "AggregateFunction(sum, UInt64)"),
            ("UInt64", "SimpleAggregateFunction(sum, UInt64)"),
            ("Bool", "UInt8"),
            ("UInt8", "Bool"),
            ("JSON", "String"),
        ] {
            assert_eq!(narrows(from, to), None, "{from} -> {to}");
        }
    }
}
