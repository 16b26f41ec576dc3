//! How long something is kept: `7d`, `36h`, `0`.

use super::value::Scalar;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use std::borrow::Cow;

/// Hours for which something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepForSpec {
    hours: u32,
}

impl Default for KeepForSpec {
    fn default() -> Self {
        Self { hours: 7 * 24 }
    }
}

impl KeepForSpec {
    /// Taken up to whole days.
    pub fn days(self) -> u16 {
        u16::try_from(self.hours.div_ceil(24)).unwrap_or(u16::MAX)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unit = |suffix: char, hours: u32| Some(u32::from(text.strip_suffix(suffix)?.parse::<u16>().ok()?) * hours);
        let hours = if text == "0" { Some(0) } else { unit('d', 24).or_else(|| unit('h', 1)) };
        hours.map(|hours| Self { hours })
    }
}

impl<'de> Deserialize<'de> for KeepForSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Scalar::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("`{}` is no time to keep something: write 7d, 36h or 0", written.text));
        Self::parse(&written.text).ok_or_else(wrong)
    }
}

impl JsonSchema for KeepForSpec {
    fn schema_name() -> Cow<'static, str> {
        "KeepFor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let zero = json_schema!({"type": "integer", "minimum": 0, "maximum": 0});
        json_schema!({"anyOf": [{"type": "string", "pattern": "^(0|[0-9]+[dh])$"}, zero]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_taken_up_to_days() {
        let days = |text: &str| KeepForSpec::parse(text).map(KeepForSpec::days);
        assert_eq!(KeepForSpec::default().days(), 7);
        assert_eq!(["0", "7d", "36h", "24h"].map(days), [Some(0), Some(7), Some(2), Some(1)]);
        assert_eq!(["7", "d", "-1d", "1w", "99999999d"].map(days), [None; 5]);
    }
}
