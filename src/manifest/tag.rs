//! Tags: those of the core schema have a meaning, others have none.

use super::resolve::{Plain, resolve};
use saphyr_parser::Tag;

/// What a tag says about a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// It is a text.
    Text,
    /// It is what it looks like.
    ByLook,
    /// Nothing that is known, or not what the scalar looks like.
    Bad,
}

/// What a tag says about a scalar with a text.
pub fn tagged(tag: &Tag, text: &str) -> Tagged {
    let look = resolve(text);
    let fits = match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
        (true, "str") => return Tagged::Text,
        (true, "int") => matches!(look, Plain::Int(_)),
        (true, "float") => matches!(look, Plain::Float(_) | Plain::Int(_)),
        (true, "bool") => matches!(look, Plain::Bool(_)),
        (true, "null") => look == Plain::Null,
        (false, "") if tag.handle == "!" => return Tagged::Text,
        (_, _) => false,
    };
    if fits { Tagged::ByLook } else { Tagged::Bad }
}

/// Whether a tag on a collection says what it is: `seq` or `map`.
pub fn is_core(tag: &Tag, suffix: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == suffix
}

/// A tag as it is written.
pub fn written(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_core_schema_must_fit() {
        let core = |suffix: &str| Tag { handle: "tag:yaml.org,2002:".into(), suffix: suffix.into() };
        assert_eq!(tagged(&core("str"), "1"), Tagged::Text);
        assert_eq!(tagged(&core("int"), "1"), Tagged::ByLook);
        assert_eq!(tagged(&core("int"), "one"), Tagged::Bad);
        assert_eq!(tagged(&core("binary"), "aa"), Tagged::Bad);
        assert_eq!(tagged(&Tag { handle: "!".into(), suffix: "env".into() }, "a"), Tagged::Bad);
        assert_eq!(written(&core("int")), "!!int");
    }
}
