//! From the type on the wire to the type in the table: which function, and how its failure is noticed.

use crate::model::quote::literal;
use crate::model::token::{closing, split_at_commas, text_of, tokenize};

/// How one column gets from the wire into the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The value, an expression over the wire column.
    pub value: String,
    /// True for rows whose value cannot be converted; only where errors are kept.
    pub failed: Option<String>,
}

/// The conversion of `column` (a qualified name) from type `wire` to type `target`. With `lenient` a value
/// that cannot be converted is told by `failed`; without, it stops the insert.
pub fn convert(column: &str, wire: &str, target: &str, lenient: bool) -> Conversion {
    let unchanged = Conversion { value: column.to_owned(), failed: None };
    let (from, to) = (Shape::of(wire), Shape::of(target));
    if from.inner == to.inner && (to.nullable || !from.nullable) {
        // LowCardinality and Nullable around the same type: the insert itself wraps the value.
        return unchanged;
    }
    if !lenient {
        return Conversion { value: strict(column, &from, &to, target), failed: None };
    }
    let attempt = attempt(column, &from, &to);
    let failed = match from.nullable && to.nullable {
        true => format!("isNull({attempt}) AND isNotNull({column})"),
        false => format!("isNull({attempt})"),
    };
    let value = if to.nullable { attempt } else { format!("assumeNotNull({attempt})") };
    Conversion { value, failed: Some(failed) }
}

fn strict(column: &str, from: &Shape, to: &Shape, target: &str) -> String {
    if from.is_string() && !from.nullable {
        match to.name() {
            "Date" | "Date32" => return format!("to{}({column})", to.name()),
            "DateTime" | "DateTime32" => return format!("parseDateTimeBestEffort({column}{})", to.arguments()),
            "DateTime64" => return format!("parseDateTime64BestEffort({column}{})", to.arguments()),
            _ => {}
        }
    }
    format!("CAST({column}, {})", literal(target))
}

fn attempt(column: &str, from: &Shape, to: &Shape) -> String {
    if from.is_string() {
        match to.name() {
            "Date" | "Date32" | "UUID" | "IPv4" | "IPv6" => return format!("to{}OrNull({column})", to.name()),
            "DateTime" | "DateTime32" => return format!("parseDateTimeBestEffortOrNull({column}{})", to.arguments()),
            "DateTime64" => return format!("parseDateTime64BestEffortOrNull({column}{})", to.arguments()),
            _ => {}
        }
    }
    format!("accurateCastOrNull({column}, {})", literal(&to.inner))
}

/// A type without its LowCardinality and Nullable.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    inner: String,
    nullable: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Shape { inner: text.trim().to_owned(), nullable: false };
        loop {
            let wrapper = ["LowCardinality(", "Nullable("].into_iter().find(|w| shape.inner.starts_with(w));
            let Some(wrapper) = wrapper else { return shape };
            let Some(inside) = shape.inner[wrapper.len()..].strip_suffix(')') else { return shape };
            shape.nullable |= wrapper == "Nullable(";
            shape.inner = inside.trim().to_owned();
        }
    }

    fn name(&self) -> &str {
        self.inner.split('(').next().unwrap_or_default().trim()
    }

    fn is_string(&self) -> bool {
        matches!(self.name(), "String" | "FixedString")
    }

    /// The type's arguments as further arguments of a function: `(3, 'UTC')` gives `, 3, 'UTC'`.
    fn arguments(&self) -> String {
        let Ok(tokens) = tokenize(&self.inner) else { return String::new() };
        let Some(end) = closing(&tokens, 1) else { return String::new() };
        let parts = split_at_commas(&tokens[2..end]);
        parts.iter().map(|p| format!(", {}", text_of(&self.inner, p))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_conversions() {
        for (wire, target, expected) in [
            ("String", "String", "c"),
            ("String", "LowCardinality(String)", "c"),
            ("String", "Nullable(String)", "c"),
            ("String", "Date", "toDate(c)"),
            ("String", "DateTime('UTC')", "parseDateTimeBestEffort(c, 'UTC')"),
            ("String", "DateTime64(3, 'UTC')", "parseDateTime64BestEffort(c, 3, 'UTC')"),
            ("String", "UInt8", "CAST(c, 'UInt8')"),
            ("Int64", "Enum8('a' = 1)", r"CAST(c, 'Enum8(\'a\' = 1)')"),
            ("Nullable(String)", "Date", "CAST(c, 'Date')"),
        ] {
            let made = convert("c", wire, target, false);
            assert_eq!((made.value.as_str(), made.failed), (expected, None), "{wire} -> {target}");
        }
    }

    #[test]
    fn lenient_conversions_tell_their_failure() {
        let made = |wire, target| {
            let made = convert("c", wire, target, true);
            (made.value, made.failed.unwrap_or_default())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(made("String", "Date"), pair("assumeNotNull(toDateOrNull(c))", "isNull(toDateOrNull(c))"));
        assert_eq!(
            made("Nullable(String)", "Nullable(Date)"),
            pair("toDateOrNull(c)", "isNull(toDateOrNull(c)) AND isNotNull(c)")
        );
        assert_eq!(
            made("String", "LowCardinality(UInt8)"),
            pair("assumeNotNull(accurateCastOrNull(c, 'UInt8'))", "isNull(accurateCastOrNull(c, 'UInt8'))")
        );
        assert_eq!(made("String", "LowCardinality(String)"), pair("c", ""));
    }
}
