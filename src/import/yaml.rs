//! The text of manifests. What is short stands on one line, as people write it; a SELECT stands as a block.

use super::spec::Document;
use serde::Serialize;
use serde_json::Value;

/// Longest line that lists and maps may share.
const WIDTH: usize = 110;

/// A document as text, without the line that parts it from others.
pub fn text<S: Serialize>(document: &Document<S>) -> String {
    let mut out = String::new();
    // A struct of texts and maps with texts for keys is always a value.
    block(&serde_json::to_value(document).unwrap_or_default(), 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(entries) => {
            for (key, inner) in entries {
                out.push_str(&" ".repeat(indent));
                out.push_str(&scalar(key));
                out.push(':');
                entry(inner, key, indent, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                out.push_str(&" ".repeat(indent));
                out.push('-');
                match flow(item).filter(|line| indent + 2 + line.len() <= WIDTH) {
                    Some(line) => {
                        out.push(' ');
                        out.push_str(&line);
                        out.push('\n');
                    }
                    None => {
                        let mut inner = String::new();
                        block(item, indent + 2, &mut inner);
                        out.push(' ');
                        out.push_str(inner.trim_start());
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&flow(value).unwrap_or_default());
            out.push('\n');
        }
    }
}

/// What stands after a key.
fn entry(value: &Value, key: &str, indent: usize, out: &mut String) {
    if let Value::String(text) = value
        && text.contains('\n')
        && as_block(text)
    {
        out.push_str(" |-\n");
        for line in escaped(text).lines() {
            out.push_str(&format!("{}{line}\n", " ".repeat(indent + 2)));
        }
        return;
    }
    if let Value::String(text) = value {
        out.push_str(&format!(" {}\n", line(&escaped(text))));
        return;
    }
    // Targets and specs are looked into: they are never one line.
    let open = ["spec", "targets", "columns", "source", "feeds"].contains(&key);
    match flow(value).filter(|line| !open && indent + key.len() + 2 + line.len() <= WIDTH) {
        Some(line) => out.push_str(&format!(" {line}\n")),
        None => {
            out.push('\n');
            block(value, indent + 2, out);
        }
    }
}

/// A text that a block holds letter by letter.
fn as_block(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(['\n', ' ']) && text.chars().all(|c| c == '\n' || !c.is_control())
}

/// A value on one line; not where it holds a block or a target.
fn flow(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".into()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(scalar(&escaped(text))),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(flow).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        Value::Object(entries) if entries.contains_key("table") || entries.contains_key("select") => None,
        Value::Object(entries) => {
            let entries: Option<Vec<String>> =
                entries.iter().map(|(key, v)| Some(format!("{}: {}", scalar(key), flow(v)?))).collect();
            entries.map(|entries| format!("{{{}}}", entries.join(", ")))
        }
    }
}

/// `$$` is a plain `$`.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// A text without quotes where nobody can take it for anything else.
fn scalar(text: &str) -> String {
    let word =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '-' | '/' | '(' | ')' | '+' | '=' | '*');
    if is_plain(text) && text.chars().all(word) { text.to_owned() } else { quoted(text) }
}

/// The same after a key, where a line ends it: commas and brackets are letters there.
fn line(text: &str) -> String {
    let word = |c: char| c.is_ascii_graphic() || c == ' ';
    let parts = text.contains(": ") || text.contains(" #");
    if is_plain(text) && text.chars().all(word) && !parts { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let words = ["true", "false", "null", "yes", "no", "on", "off"];
    begins && !text.ends_with([' ', ':']) && !words.iter().any(|w| text.eq_ignore_ascii_case(w))
}

fn quoted(text: &str) -> String {
    match text.contains('\'') || text.chars().any(char::is_control) || text.contains('\\') {
        true => Value::String(text.to_owned()).to_string(),
        false => format!("'{text}'"),
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
