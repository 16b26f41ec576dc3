//! The text of manifests.

use super::spec::Document;
use serde::Serialize;
use serde_json::Value;

/// A document as text, without the line that parts it from others.
pub fn text<S: Serialize>(document: &Document<S>) -> String {
    // A struct of texts and maps with texts for keys is always a value, and a value always has a text.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    escape(&mut value);
    let text = serde_yaml::to_string(&value).unwrap_or_default();
    // The library writes these as ends of lines, which they no longer are in YAML 1.2. JSON is YAML too.
    match text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        true => serde_json::to_string_pretty(&value).unwrap_or_default() + "\n",
        false => text,
    }
}

/// In a manifest `$$` is a plain `$`.
fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(entries) => entries.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::{Column, Metadata, Pipeline, Source, Target, TopicRef};
    use super::*;
    use crate::manifest::{LoadOptions, load_texts};

    fn pipeline(text: &str) -> Document<Pipeline> {
        let column = Column { name: "c".into(), data_type: text.into(), comment: text.into(), ..Column::default() };
        let target = Target {
            table: "d.t".into(),
            columns: vec![column],
            filter: Some(text.into()),
            select: Some(format!("SELECT\n{text}")),
            settings: [("s".to_owned(), Value::String(text.into()))].into(),
            ..Target::default()
        };
        Document {
            api_version: "sluice/v1",
            kind: "KafkaPipeline",
            metadata: Metadata { name: "p".into(), description: text.into() },
            spec: Pipeline {
                topic: Some(TopicRef::External { external: "t".into() }),
                topics: Vec::new(),
                source: Source::default(),
                targets: vec![target],
            },
        }
    }

    /// Every place in which a text can stand gives back what was put there.
    fn is_read_back(text: &str) {
        let written = super::text(&pipeline(text));
        let project = "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: p}\nspec: {manifests: [m.yaml]}\n";
        let loaded = load_texts(&[("sluice.yaml", project), ("m.yaml", &written)], &LoadOptions::default());
        let found = loaded.pipelines.first().unwrap_or_else(|| panic!("{:#?}\n{written}", loaded.findings));
        let target = &found.spec.targets[0];
        let column = &target.columns[0];
        let settings: Vec<String> = target.settings.values().map(|v| format!("{v:?}")).collect();
        assert_eq!(found.metadata.description, text, "{written}");
        assert_eq!(column.data_type, text, "{written}");
        assert_eq!(column.comment.as_deref().unwrap_or_default(), text, "{written}");
        assert_eq!(target.filter.as_deref(), Some(text), "{written}");
        assert_eq!(target.select, Some(format!("SELECT\n{text}")), "{written}");
        assert_eq!(settings.len(), 1);
        assert!(settings[0].contains("bare: false"), "{settings:?}\n{written}");
    }

    #[test]
    fn texts_that_look_like_something_else_are_read_back() {
        let hostile = [
            "true",
            "null",
            "~",
            "1",
            "1e3",
            "0x1",
            "a: b",
            "a #b",
            "- a",
            "a:",
            "{a}",
            "a, b",
            "'a'",
            "it's",
            "\"a\"",
            "a\\b",
            "${HOME}",
            "$$",
            "a\nb",
            "a\n\n  b\n",
            "\ta",
            "a ",
            " a",
            "---",
            "a\n---\nb",
            "!!x",
            "&a",
            "*a",
            "| a",
            "é 😀",
            "a\u{2028}b",
            "\u{2029}",
            "No",
        ];
        for text in hostile {
            is_read_back(text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_back(text in "[^\\p{Cc}\u{feff}\u{fffe}\u{ffff}]{1,30}") {
            is_read_back(&text);
        }
    }
}
