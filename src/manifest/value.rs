//! Scalar values as people write them: numbers where texts are meant, secrets where values are.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// A scalar kept as text, with what it looked like: `86400000` and `"86400000"` are the same config value,
/// but a ClickHouse setting is quoted only when its author meant a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The value as text; booleans are `true` and `false`.
    pub text: String,
    /// Whether it was written as a number or a boolean.
    pub bare: bool,
}

impl Scalar {
    fn bare(text: impl ToString) -> Self {
        Self { text: text.to_string(), bare: true }
    }

    fn quoted(text: &str) -> Self {
        Self { text: text.to_owned(), bare: false }
    }
}

/// Tag under which the loader hands over a number that no machine number keeps as written: `2.10`, `1e100`.
pub(crate) const AS_WRITTEN: &str = "asWritten";

fn as_written<'de, A: EnumAccess<'de>>(tagged: A) -> Result<Scalar, A::Error> {
    let (tag, text) = tagged.variant::<String>()?;
    let text: String = text.newtype_variant()?;
    if tag == AS_WRITTEN { Ok(Scalar { text, bare: true }) } else { Err(A::Error::custom("a tag has no meaning here")) }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean")
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Scalar, E> {
        Ok(Scalar::bare(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Scalar, E> {
        Ok(Scalar::bare(v))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Scalar, E> {
        Ok(Scalar::bare(v))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Scalar, E> {
        Ok(Scalar::bare(v))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Scalar, E> {
        Ok(Scalar::quoted(v))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Scalar, A::Error> {
        as_written(tagged)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// Where a secret is found. The only way to write one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum SecretSource {
    /// An environment variable.
    FromEnv(String),
    /// A file; its trailing newline is left out. Relative to the project file.
    FromFile(String),
}

/// A plain value, or a secret by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaybeSecret {
    /// A plain value.
    Plain(Scalar),
    /// A reference.
    Secret(SecretSource),
}

impl<'de> Deserialize<'de> for MaybeSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both;
        impl<'de> Visitor<'de> for Both {
            type Value = MaybeSecret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, a boolean, {fromEnv: NAME} or {fromFile: PATH}")
            }

            fn visit_bool<E: Error>(self, v: bool) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(Scalar::bare(v)))
            }

            fn visit_i64<E: Error>(self, v: i64) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(Scalar::bare(v)))
            }

            fn visit_u64<E: Error>(self, v: u64) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(Scalar::bare(v)))
            }

            fn visit_f64<E: Error>(self, v: f64) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(Scalar::bare(v)))
            }

            fn visit_str<E: Error>(self, v: &str) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(Scalar::quoted(v)))
            }

            fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<MaybeSecret, A::Error> {
                as_written(tagged).map(MaybeSecret::Plain)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MaybeSecret, A::Error> {
                secret_of(map).map(MaybeSecret::Secret)
            }
        }
        deserializer.deserialize_any(Both)
    }
}

/// Reads `{fromEnv: …}` as a plain map: serde_yaml takes enums by tag only.
fn secret_of<'de, A: MapAccess<'de>>(map: A) -> Result<SecretSource, A::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Fields {
        from_env: Option<String>,
        from_file: Option<String>,
    }
    let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
    match (fields.from_env, fields.from_file) {
        (Some(name), None) => Ok(SecretSource::FromEnv(name)),
        (None, Some(path)) => Ok(SecretSource::FromFile(path)),
        (Some(_), Some(_)) | (None, None) => Err(A::Error::custom("give either fromEnv or fromFile")),
    }
}

impl JsonSchema for MaybeSecret {
    fn schema_name() -> Cow<'static, str> {
        "MaybeSecret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (plain, secret) = (generator.subschema_for::<Scalar>(), generator.subschema_for::<SecretSource>());
        json_schema!({"anyOf": [plain, secret]})
    }
}

/// A list of strings, or one string with commas: what a variable can hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StringList(pub Vec<String>);

impl<'de> Deserialize<'de> for StringList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both;
        impl<'de> Visitor<'de> for Both {
            type Value = StringList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of strings, or a string with commas")
            }

            fn visit_str<E: Error>(self, v: &str) -> Result<StringList, E> {
                let parts = v.split(',').map(str::trim).filter(|p| !p.is_empty());
                Ok(StringList(parts.map(str::to_owned).collect()))
            }

            fn visit_unit<E: Error>(self) -> Result<StringList, E> {
                Ok(StringList::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<StringList, A::Error> {
                let mut out = Vec::new();
                while let Some(item) = seq.next_element()? {
                    out.push(item);
                }
                Ok(StringList(out))
            }
        }
        deserializer.deserialize_any(Both)
    }
}

impl JsonSchema for StringList {
    fn schema_name() -> Cow<'static, str> {
        "StringList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}, {"type": "null"}]})
    }
}

/// Deserializes a type that is a word or a map: `word` takes the string, `map` the fields.
macro_rules! word_or_map {
    ($type:ty, $expecting:literal, $word:expr, $fields:ty => $map:expr) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Both;
                impl<'de> serde::de::Visitor<'de> for Both {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<$type, E> {
                        let word: fn(&str) -> Option<$type> = $word;
                        word(v).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(v), &self))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        let fields: $fields =
                            serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                        let map: fn($fields) -> $type = $map;
                        Ok(map(fields))
                    }
                }
                deserializer.deserialize_any(Both)
            }
        }
    };
}
pub(crate) use word_or_map;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_what_they_looked_like() {
        let scalars: Vec<Scalar> = serde_yaml::from_str("[1, '1', true, 1.5, text]").unwrap();
        let seen: Vec<_> = scalars.iter().map(|s| (s.text.as_str(), s.bare)).collect();
        assert_eq!(seen, [("1", true), ("1", false), ("true", true), ("1.5", true), ("text", false)]);
    }

    #[test]
    fn a_secret_is_a_reference_and_nothing_else() {
        let secret: MaybeSecret = serde_yaml::from_str("{fromEnv: P}").unwrap();
        assert_eq!(secret, MaybeSecret::Secret(SecretSource::FromEnv("P".into())));
        assert!(serde_yaml::from_str::<MaybeSecret>("{fromEnv: P, fromFile: q}").is_err());
        assert!(serde_yaml::from_str::<MaybeSecret>("{value: P}").is_err());
    }

    #[test]
    fn a_list_may_be_one_string_with_commas() {
        let list: StringList = serde_yaml::from_str("'a, b,'").unwrap();
        assert_eq!(list.0, ["a", "b"]);
    }
}
