//! The config of a topic: keys Kafka knows, values of their type.

use super::amounts::{Unit, meant};
use super::topic_keys::{KEYS, REMOVED, THROTTLES, Value};
use crate::manifest::{Document, Finding, TopicSpec};

/// Every key and its value.
pub(super) fn values(document: &Document<TopicSpec>, findings: &mut Vec<Finding>) {
    for (key, written) in &document.spec.config {
        let path = format!("spec.config.{key}");
        if THROTTLES.contains(&key.as_str()) {
            let message = format!("`{key}` is written by tools that move replicas");
            let finding = Finding::error("topic/throttle-key", message, document.spans.key(&path));
            findings.push(finding.label("never managed").help("take it out: sluice leaves throttles as they are"));
            continue;
        }
        match KEYS.iter().find(|(k, _)| k == key) {
            Some((_, value)) => {
                if let Some((message, label, help)) = fault(key, *value, &written.text) {
                    let finding = Finding::error("topic/config-value", message, document.spans.at(&path)).label(label);
                    findings.push(match help {
                        Some(help) => finding.help(help),
                        None => finding,
                    });
                }
            }
            None => findings.push(unknown(document, key, &path)),
        }
    }
}

fn unknown(document: &Document<TopicSpec>, key: &str, path: &str) -> Finding {
    let place = document.spans.key(path);
    if let Some((_, instead)) = REMOVED.iter().find(|(k, _)| *k == key) {
        let message = format!("`{key}` is gone from Kafka 4");
        return Finding::warning("topic/removed-config", message, place)
            .label("brokers of version 4 refuse it")
            .help(*instead);
    }
    let message = format!("`{key}` is no topic config of Kafka 4.1");
    let finding = Finding::warning("topic/unknown-config", message, place).label("not known here");
    let finding = finding.did_you_mean(key, KEYS.iter().map(|(k, _)| *k));
    let help = "a vendor's broker may know it; another one refuses the topic";
    if finding.help.is_some() { finding } else { finding.help(help) }
}

/// What is wrong with a value: message, label, help.
fn fault(key: &str, value: Value, text: &str) -> Option<(String, String, Option<String>)> {
    let wrong = |label: String, help: Option<String>| Some((format!("`{key}` cannot be `{text}`"), label, help));
    match value {
        Value::Whole(least, most, unit) => match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => None,
            Ok(number) if number < least => wrong(format!("{least} is the least"), segment_size(key)),
            Ok(_) => wrong(format!("{most} is the most"), None),
            Err(_) => {
                let number = meant(text, unit).filter(|n| (least..=most).contains(n));
                wrong(format!("expected a number{}", of(unit)), number.map(|n| format!("write {n}")))
            }
        },
        Value::Share => match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => None,
            Ok(_) | Err(_) => wrong("expected a number from 0 to 1".into(), None),
        },
        Value::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "false" => None,
            "yes" | "on" | "1" => wrong("expected true or false".into(), Some("write true".into())),
            "no" | "off" | "0" => wrong("expected true or false".into(), Some("write false".into())),
            _ => wrong("expected true or false".into(), None),
        },
        Value::Word(words) if words.contains(&text) => None,
        Value::Word(words) => wrong(format!("expected one of {}", words.join(", ")), near(text, words)),
        Value::Words(words) => {
            // Since 4.1 the list may be empty: nothing is cleaned.
            let stranger = text.split(',').map(str::trim).find(|w| !w.is_empty() && !words.contains(w))?;
            wrong(format!("`{stranger}` is none of {}", words.join(", ")), near(stranger, words))
        }
    }
}

fn of(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => " of milliseconds",
        Unit::Bytes => " of bytes",
        Unit::Count => "",
    }
}

fn segment_size(key: &str) -> Option<String> {
    (key == "segment.bytes").then(|| "Kafka 4 refuses segments below 1 MiB".into())
}

fn near(text: &str, words: &[&str]) -> Option<String> {
    Finding::error("", "", None).did_you_mean(text, words.iter().copied()).help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_mistakes() {
        let told = |key: &str, text: &str| {
            let (_, value) = KEYS.iter().find(|(k, _)| *k == key).unwrap();
            fault(key, *value, text).map(|(_, label, help)| (label, help.unwrap_or_default()))
        };
        for (key, text) in [
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("cleanup.policy", "compact,delete"),
            ("cleanup.policy", "compact, delete"),
            ("cleanup.policy", ""),
            ("min.cleanable.dirty.ratio", "0.5"),
            ("preallocate", "TRUE"),
            ("compression.zstd.level", "-7"),
            ("segment.bytes", "1048576"),
        ] {
            assert_eq!(told(key, text), None, "{key} {text}");
        }
        let some = |label: &str, help: &str| Some((label.to_owned(), help.to_owned()));
        assert_eq!(told("retention.ms", "1d"), some("expected a number of milliseconds", "write 86400000"));
        assert_eq!(told("retention.ms", "-2"), some("-1 is the least", ""));
        assert_eq!(told("segment.bytes", "1000"), some("1048576 is the least", "Kafka 4 refuses segments below 1 MiB"));
        assert_eq!(told("max.message.bytes", "3000000000"), some("2147483647 is the most", ""));
        assert_eq!(told("preallocate", "yes"), some("expected true or false", "write true"));
        assert_eq!(
            told("cleanup.policy", "compacted"),
            some("`compacted` is none of compact, delete", "did you mean `compact`?")
        );
        assert_eq!(told("min.cleanable.dirty.ratio", "50"), some("expected a number from 0 to 1", ""));
    }

    #[test]
    fn keys_are_sorted_and_none_is_there_twice() {
        assert!(KEYS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
