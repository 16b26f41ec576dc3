//! From the type on the wire to the type in the table: which function, and how its failure is noticed.

use crate::model::data_type::usual;
use crate::model::quote::literal;
use crate::model::token::{TokenKind, closing, split_at_commas, text_of, tokenize};

/// How one column gets from the wire into the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The value, an expression over the wire column.
    pub value: String,
    /// True for rows whose value cannot be converted; only where errors are kept.
    pub failed: Option<String>,
}

/// The conversion of `column` (a qualified name) from type `wire` to type `target`. With `lenient` a value
/// that cannot be converted is told by `failed`; without, it stops the insert. `None` where no conversion of
/// these types can be lenient: the server has none that does not throw.
pub fn convert(column: &str, wire: &str, target: &str, lenient: bool) -> Option<Conversion> {
    let target = &usual(target);
    let (from, to) = (Shape::of(&usual(wire)), Shape::of(target));
    if from.inner == to.inner && (to.nullable || !from.nullable) {
        // LowCardinality and Nullable around the same type: the insert itself wraps the value.
        return Some(Conversion { value: column.to_owned(), failed: None });
    }
    if !lenient {
        return Some(Conversion { value: strict(column, &from, &to, target), failed: None });
    }
    let attempt = attempt(column, &from, &to)?;
    let failed = match from.nullable && to.nullable {
        true => format!("isNull({attempt}) AND isNotNull({column})"),
        false => format!("isNull({attempt})"),
    };
    let value = if to.nullable { attempt } else { format!("assumeNotNull({attempt})") };
    Some(Conversion { value, failed: Some(failed) })
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

/// The value, or NULL where there is none; `None` where the server would throw.
fn attempt(column: &str, from: &Shape, to: &Shape) -> Option<String> {
    if from.inner == to.inner {
        return Some(column.to_owned());
    }
    if from.is_composite() || to.is_composite() {
        return None;
    }
    // accurateCastOrNull throws on what a FixedString holds, and casts names of Enums by their numbers.
    let text = match from.name() {
        "FixedString" | "Enum" | "Enum8" | "Enum16" => format!("toString({column})"),
        _ => column.to_owned(),
    };
    if from.is_text() {
        match to.name() {
            name @ ("Date" | "Date32") => return Some(day(&text, name)),
            "UUID" | "IPv4" | "IPv6" => return Some(format!("to{}OrNull({text})", to.name())),
            "DateTime" | "DateTime32" => return Some(second(&text, &to.arguments())),
            "DateTime64" => return Some(format!("parseDateTime64BestEffortOrNull({text}{})", to.arguments())),
            _ => {}
        }
    }
    match to.name() {
        "Enum" | "Enum8" | "Enum16" => member(&text, from, to),
        // The accurate cast of a number to an address is always NULL.
        "IPv4" => Some(format!("CAST(accurateCastOrNull({text}, 'UInt32'), 'Nullable(IPv4)')")),
        _ => Some(format!("accurateCastOrNull({text}, {})", literal(&to.inner))),
    }
}

/// `toDateOrNull` makes another day of one that is not in the calendar or not in the type's range; the other
/// parser knows the calendar and has the range.
fn day(text: &str, name: &str) -> String {
    let made = format!("to{name}OrNull({text})");
    format!("if({made} = toDate32(parseDateTime64BestEffortOrNull({text}, 0, 'UTC')), {made}, NULL)")
}

/// Seconds outside of the range of DateTime become its nearest end; DateTime64 has them as they are.
fn second(text: &str, zone: &str) -> String {
    let made = format!("parseDateTimeBestEffortOrNull({text}{zone})");
    format!("if({made} = parseDateTime64BestEffortOrNull({text}, 0{zone}), {made}, NULL)")
}

/// No cast to an Enum is lenient: what is no member is taken out before.
fn member(text: &str, from: &Shape, to: &Shape) -> Option<String> {
    let members = to.members()?;
    let (value, list) = match from.is_text() {
        true => (text.to_owned(), members.iter().map(|(name, _)| literal(name)).collect::<Vec<_>>()),
        false => (format!("accurateCastOrNull({text}, 'Int16')"), members.iter().map(|(_, n)| n.to_string()).collect()),
    };
    let list = list.join(", ");
    let cast = literal(&format!("Nullable({})", to.inner));
    Some(format!("CAST(transform({value}, [{list}], [{list}], NULL), {cast})"))
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
            let wrappers = ["LowCardinality(", "Nullable(", "SimpleAggregateFunction("];
            let wrapper = wrappers.into_iter().find(|w| shape.inner.starts_with(w));
            let Some(wrapper) = wrapper else { return shape };
            let Some(inside) = shape.inner[wrapper.len()..].strip_suffix(')') else { return shape };
            let inside = match wrapper {
                // After the function's name comes the type that is stored.
                "SimpleAggregateFunction(" => inside.split_once(',').map_or(inside, |(_, stored)| stored),
                _ => inside,
            };
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

    /// Of texts: what `to…OrNull` functions read.
    fn is_text(&self) -> bool {
        self.is_string() || matches!(self.name(), "Enum" | "Enum8" | "Enum16")
    }

    /// Types that cannot be inside Nullable, or whose casts throw whatever is asked of them.
    fn is_composite(&self) -> bool {
        let composite = ["Array", "Map", "Tuple", "Nested", "Variant", "Dynamic", "AggregateFunction", "Object"];
        composite.contains(&self.name())
    }

    /// Names and numbers of an Enum; numbers that are left out count on.
    fn members(&self) -> Option<Vec<(String, i32)>> {
        let tokens = tokenize(&self.inner).ok()?;
        let end = closing(&tokens, 1)?;
        let mut members: Vec<(String, i32)> = Vec::new();
        for part in split_at_commas(&tokens[2..end]) {
            let TokenKind::Text(name) = &part.first()?.kind else { return None };
            let number = match part.get(1) {
                Some(equals) => self.inner[equals.end..part.last()?.end].replace(' ', "").parse().ok()?,
                None => members.last().map_or(1, |(_, n)| n + 1),
            };
            members.push((name.clone(), number));
        }
        Some(members)
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
            ("text", "datetime", "parseDateTimeBestEffort(c)"),
            ("varchar(20)", "int", "CAST(c, 'Int32')"),
            ("text", "String", "c"),
        ] {
            let made = convert("c", wire, target, false).unwrap();
            assert_eq!((made.value.as_str(), made.failed), (expected, None), "{wire} -> {target}");
        }
    }

    #[test]
    fn lenient_conversions_tell_their_failure() {
        let made = |wire, target| {
            let made = convert("c", wire, target, true).unwrap();
            (made.value, made.failed.unwrap_or_default())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let date =
            "if(toDateOrNull(c) = toDate32(parseDateTime64BestEffortOrNull(c, 0, 'UTC')), toDateOrNull(c), NULL)";
        assert_eq!(made("String", "Date"), pair(&format!("assumeNotNull({date})"), &format!("isNull({date})")));
        assert_eq!(made("Nullable(String)", "Nullable(Date)"), pair(date, &format!("isNull({date}) AND isNotNull(c)")));
        assert_eq!(made("Nullable(String)", "String"), pair("assumeNotNull(c)", "isNull(c)"));
        assert_eq!(made("UInt8", "SimpleAggregateFunction(max, UInt8)"), pair("c", ""));
        let time = "parseDateTimeBestEffortOrNull(c, 'UTC') = parseDateTime64BestEffortOrNull(c, 0, 'UTC')";
        let time = format!("if({time}, parseDateTimeBestEffortOrNull(c, 'UTC'), NULL)");
        assert_eq!(made("String", "Nullable(DateTime('UTC'))"), pair(&time, &format!("isNull({time})")));
        let address = "CAST(accurateCastOrNull(c, 'UInt32'), 'Nullable(IPv4)')";
        assert_eq!(made("Int64", "Nullable(IPv4)"), pair(address, &format!("isNull({address})")));
        assert_eq!(
            made("String", "LowCardinality(UInt8)"),
            pair("assumeNotNull(accurateCastOrNull(c, 'UInt8'))", "isNull(accurateCastOrNull(c, 'UInt8'))")
        );
        assert_eq!(made("String", "LowCardinality(String)"), pair("c", ""));
        assert_eq!(made("text", "inet4"), pair("assumeNotNull(toIPv4OrNull(c))", "isNull(toIPv4OrNull(c))"));
    }
    #[test]
    fn members_of_an_enum_are_picked_by_name_or_number() {
        let value = |wire, target| convert("c", wire, target, true).unwrap().value;
        let cast = r"'Nullable(Enum8(\'a\' = -1, \'b\'))'";
        assert_eq!(
            value("String", "Nullable(Enum8('a' = -1, 'b'))"),
            format!("CAST(transform(c, ['a', 'b'], ['a', 'b'], NULL), {cast})")
        );
        assert_eq!(
            value("Int64", "Nullable(Enum8('a' = -1, 'b'))"),
            format!("CAST(transform(accurateCastOrNull(c, 'Int16'), [-1, 0], [-1, 0], NULL), {cast})")
        );
    }

    #[test]
    fn what_would_throw_is_no_lenient_conversion() {
        assert_eq!(convert("c", "String", "Array(Int32)", true), None);
        assert_eq!(convert("c", "Array(Int32)", "Array(Int64)", true), None);
        assert!(convert("c", "String", "Array(Int32)", false).is_some());
        assert!(convert("c", "Array(Int32)", "Array(Int32)", true).is_some());
    }
}
