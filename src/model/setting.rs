//! Values of ClickHouse settings, compared by meaning: `2`, `'2'` and `2.0` are one value.

use super::secret::SecretRef;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the server prints in place of a secret since 22.12.
pub const HIDDEN: &str = "[HIDDEN]";

/// One value of a `SETTINGS` clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingValue {
    /// A string literal.
    Text(String),
    /// A number as written (`65536`, `1e6`, `1000000.`).
    Number(String),
    /// A secret, known by reference only.
    Secret(SecretRef),
}

impl SettingValue {
    /// Its text or number as written; nothing of a secret.
    pub fn plain(&self) -> Option<&str> {
        match self {
            SettingValue::Text(text) | SettingValue::Number(text) => Some(text),
            SettingValue::Secret(_) => None,
        }
    }

    /// Whether both values mean the same to the server. A secret equals what the server hides: its value
    /// cannot be compared.
    pub fn same(&self, other: &SettingValue) -> bool {
        use SettingValue::{Number, Secret, Text};
        match (self, other) {
            (Secret(a), Secret(b)) => a == b,
            (Secret(_), Text(t)) | (Text(t), Secret(_)) => t == HIDDEN,
            (Secret(_), Number(_)) | (Number(_), Secret(_)) => false,
            (Text(a) | Number(a), Text(b) | Number(b)) => canonical(a) == canonical(b),
        }
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Text(t) | SettingValue::Number(t) => f.write_str(t),
            SettingValue::Secret(s) => s.fmt(f),
        }
    }
}

/// Integers print as integers however they were written; everything else stays as it is.
fn canonical(text: &str) -> String {
    match text {
        "true" => return "1".into(),
        "false" => return "0".into(),
        _ => {}
    }
    if let Ok(n) = text.parse::<i128>() {
        return n.to_string();
    }
    // Only what reads as a number in SQL: `inf` and `nan` are texts here.
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    match text.parse::<f64>() {
        Ok(n) if numeric && n.fract() == 0.0 && n.abs() < 1e18 => format!("{n:.0}"),
        Ok(n) if numeric => n.to_string(),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_texts_by_letter() {
        let text = |t: &str| SettingValue::Text(t.into());
        let number = |t: &str| SettingValue::Number(t.into());
        assert!(text("2").same(&number("2")));
        assert!(number("1e6").same(&number("1000000.")));
        assert!(text("true").same(&number("1")));
        assert!(!text("a").same(&text("A")));
        assert!(!number("2").same(&number("3")));
    }

    #[test]
    fn a_secret_is_never_compared_with_a_plain_value() {
        let secret = SettingValue::Secret(SecretRef::FromEnv("P".into()));
        assert!(secret.same(&SettingValue::Text(HIDDEN.into())));
        assert!(!secret.same(&SettingValue::Text("P".into())));
        assert_eq!(secret.to_string(), "<secret fromEnv P>");
    }
}
