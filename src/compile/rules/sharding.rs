//! The sharding key is one expression that gives a whole number.

use super::super::target::Target;
use super::scene::Scene;
use crate::manifest::{Distribution, Finding};
use crate::model::data_type::usual;
use crate::model::token::{TokenKind, closing, split_at_commas, tokenize, unwrapped};

/// Functions whose result is no whole number, whatever they are given.
const NO_NUMBERS: [&str; 13] = [
    "toString",
    "lower",
    "upper",
    "lowerUTF8",
    "upperUTF8",
    "concat",
    "substring",
    "trim",
    "hex",
    "MD5",
    "SHA256",
    "tuple",
    "toFloat64",
];

/// Types a Distributed table does not shard by. Dates without fractions, enums and booleans it does.
const NO_KEYS: [&str; 15] = [
    "String",
    "FixedString",
    "Float32",
    "Float64",
    "UUID",
    "DateTime64",
    "Nullable",
    "LowCardinality(String",
    "LowCardinality(Nullable",
    "Decimal",
    "Array",
    "Map",
    "Tuple",
    "JSON",
    "IPv6",
];

/// Told as far as letters and declared types tell.
pub(super) fn sharding_key(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made().filter(|t| t.distributed.is_some()) {
        let Some(Distribution::Over(over)) = &target.spec.distributed else { continue };
        let Some(text) = &over.sharding_key else { continue };
        let Some((what, help)) = fault(text, target) else { continue };
        let place = scene.at(&format!("{}.distributed.shardingKey", target.path));
        let message = format!("the sharding key `{}` is no whole number", text.trim());
        findings.push(Finding::error("pipeline/sharding-key", message, place).label(what).help(help));
    }
}

fn fault(text: &str, target: &Target<'_>) -> Option<(String, String)> {
    let tokens = tokenize(text).ok()?;
    let hashed = |inside: &str| format!("hash it: `cityHash64({inside})`");
    match split_at_commas(&tokens).as_slice() {
        [] => return Some(("empty".into(), "leave it out for `rand()`".into())),
        [_] => {}
        _ => return Some(("several expressions".into(), hashed(text.trim()))),
    }
    let inner = unwrapped(&tokens);
    if split_at_commas(inner).len() > 1 {
        return Some(("a tuple".into(), hashed(text.trim().trim_start_matches('(').trim_end_matches(')'))));
    }
    match inner {
        [one] => match &one.kind {
            TokenKind::Text(_) => Some(("a text".into(), "name a column, hashed, or leave it out for `rand()`".into())),
            TokenKind::Word(name) | TokenKind::Quoted(name) => {
                let column = target.columns.iter().find(|c| c.column.name == *name)?;
                let data_type = usual(column.column.data_type.as_str());
                let is_key = !NO_KEYS.iter().any(|t| is_type(&data_type, t));
                let value = match data_type.contains("Nullable(") {
                    // The hash of a Nullable value is Nullable.
                    true => format!("assumeNotNull({})", text.trim()),
                    false => text.trim().to_owned(),
                };
                (!is_key).then(|| (format!("a column of type {data_type}"), hashed(&value)))
            }
            TokenKind::Number(_) | TokenKind::Mark(_) => None,
        },
        [function, open, ..] if open.is("(") && closing(inner, 1) == Some(inner.len() - 1) => {
            let name = function.name()?;
            NO_NUMBERS.contains(&name).then(|| (format!("`{name}` gives no number"), hashed(text.trim())))
        }
        _ => None,
    }
}

fn is_type(data_type: &str, name: &str) -> bool {
    data_type.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', ')']))
        || (name == "Decimal" && data_type.starts_with(name))
}
