//! Which changes of a column's type keep every value: those that an ALTER may make.

/// Whether every value of `old` is a value of `new` and stands for the same.
pub(super) fn widens(old: &str, new: &str) -> bool {
    let (old, new) = (squeezed(old), squeezed(new));
    wider(&old, &new)
}

fn wider(old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    match (inside(old, "LowCardinality"), inside(new, "LowCardinality")) {
        (None, None) => {}
        (a, b) => return wider(a.unwrap_or(old), b.unwrap_or(new)),
    }
    match (inside(old, "Nullable"), inside(new, "Nullable")) {
        (None, None) => {}
        (None, Some(new)) => return wider(old, new),
        (Some(old), Some(new)) => return wider(old, new),
        // Nulls have no place in the new type.
        (Some(_), None) => return false,
    }
    if let (Some(old), Some(new)) = (inside(old, "Array"), inside(new, "Array")) {
        return wider(old, new);
    }
    if let (Some(old), Some(new)) = (members(old), members(new)) {
        return old.iter().all(|m| new.contains(m));
    }
    if let (Some(a), Some(b)) = (integer(old), integer(new)) {
        return match (a.signed, b.signed) {
            (false, true) => b.bits > a.bits,
            (true, false) => false,
            (true, true) | (false, false) => b.bits >= a.bits,
        };
    }
    if let (Some((p, s)), Some((q, t))) = (decimal(old), decimal(new)) {
        return t == s && q >= p;
    }
    match (old, new) {
        ("Float32", "Float64") | ("Date", "Date32") | ("Bool", "UInt8") => true,
        // Every one of these is written as one text, and only one.
        (_, "String") => integer(old).is_some() || inside(old, "FixedString").is_some() || named(old),
        _ => false,
    }
}

fn named(old: &str) -> bool {
    matches!(old, "UUID" | "Date" | "Date32" | "Bool" | "IPv4" | "IPv6") || members(old).is_some()
}

fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '\'';
        if quoted || !c.is_whitespace() {
            out.push(c);
        }
    }
    out
}

fn inside<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// `'name'=value` of an enumeration.
fn members(text: &str) -> Option<Vec<&str>> {
    let list = inside(text, "Enum8").or_else(|| inside(text, "Enum16"))?;
    // A comma or a quote inside of a name: rare enough to be rebuilt.
    Some(list.split(',').collect())
}

struct Integer {
    signed: bool,
    bits: u32,
}

fn integer(text: &str) -> Option<Integer> {
    let (signed, bits) = match text.strip_prefix("UInt") {
        Some(bits) => (false, bits),
        None => (true, text.strip_prefix("Int")?),
    };
    Some(Integer { signed, bits: bits.parse().ok()? })
}

fn decimal(text: &str) -> Option<(u32, u32)> {
    let (precision, scale) = inside(text, "Decimal")?.split_once(',')?;
    Some((precision.parse().ok()?, scale.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_that_keep_every_value_widen() {
        let yes = [
            ("UInt8", "UInt64"),
            ("UInt32", "Int64"),
            ("Int32", "Int64"),
            ("Int32", "Nullable(Int64)"),
            ("String", "LowCardinality(String)"),
            ("LowCardinality(Nullable(String))", "Nullable(String)"),
            ("Decimal(9, 2)", "Decimal(18, 2)"),
            ("Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)"),
            ("Enum8('a' = 1)", "Enum16('a' = 1, 'b' = 2)"),
            ("Array(UInt8)", "Array(UInt16)"),
            ("UInt64", "String"),
            ("FixedString(3)", "String"),
            ("Float32", "Float64"),
        ];
        for (old, new) in yes {
            assert!(widens(old, new), "{old} -> {new}");
        }
        let no = [
            ("UInt64", "Int64"),
            ("Int8", "UInt64"),
            ("Int64", "Int32"),
            ("Nullable(String)", "String"),
            ("Decimal(18, 2)", "Decimal(18, 4)"),
            ("Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)"),
            ("Enum8('a' = 1)", "Enum8('a' = 2)"),
            ("String", "UInt8"),
            ("DateTime", "Date"),
            ("DateTime", "String"),
            ("Float64", "String"),
        ];
        for (old, new) in no {
            assert!(!widens(old, new), "{old} -> {new}");
        }
    }
}
