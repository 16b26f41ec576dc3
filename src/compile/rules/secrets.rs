//! Secrets in plain text. Such a finding never shows the line it is about.

use super::scene::Scene;
use crate::manifest::{Document, Finding, KafkaSpec, MaybeSecret, Place, ProjectSpec, Scalar, Spans};
use std::collections::BTreeMap;

/// Parts of names that mean a secret, as librdkafka and ClickHouse name them.
const WORDS: [&str; 7] =
    ["password", "passwd", "secret", "sasl.jaas.config", "ssl.key.pem", "access_key_id", "private_key"];

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    // A path or the name of a callback is no secret by itself.
    let tells_where =
        [".location", "_location", "_file", "_path", ".provider", "_provider"].iter().any(|e| key.ends_with(e));
    !tells_where && WORDS.iter().any(|w| key.contains(w))
}

/// The user part of a URL with a password in it.
fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

fn plain(key: &str, place: Place) -> Finding {
    Finding::error("project/plain-secret", format!("`{key}` is a secret in plain text"), place)
        .secret()
        .help("use {fromEnv: NAME} or {fromFile: PATH}; treat the value in the file as known to others")
}

fn url(field: &str, place: Place, may_refer: bool) -> Finding {
    let help = match may_refer {
        true => "give the whole URL as {fromEnv: NAME} or {fromFile: PATH}",
        false => "give the user in `user` and the password in `password`, by reference",
    };
    Finding::error("project/plain-secret", format!("`{field}` has a password in it"), place).secret().help(help)
}

fn in_map(values: &BTreeMap<String, MaybeSecret>, path: &str, spans: &Spans, findings: &mut Vec<Finding>) {
    for (key, value) in values {
        match value {
            MaybeSecret::Plain(Scalar { text, .. }) if !text.is_empty() && is_secret(key) => {
                findings.push(plain(key, spans.at(&format!("{path}.{key}"))));
            }
            MaybeSecret::Plain(Scalar { text, .. }) if has_password(text) => {
                findings.push(url(key, spans.at(&format!("{path}.{key}")), true));
            }
            MaybeSecret::Plain(_) | MaybeSecret::Secret(_) => {}
        }
    }
}

/// Connections of the project and of every environment.
pub(super) fn in_project(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) {
    let spans = &document.spans;
    let mut connection = |kafka: &KafkaSpec, path: &str| {
        in_map(&kafka.properties, &format!("{path}.kafka.properties"), spans, findings);
    };
    connection(&document.spec.kafka, "spec");
    for (name, environment) in &document.spec.environments {
        connection(&environment.kafka, &format!("spec.environments.{name}"));
    }
    let own = ("spec".to_owned(), &document.spec.clickhouse);
    let others = document.spec.environments.iter().map(|(n, e)| (format!("spec.environments.{n}"), &e.clickhouse));
    for (path, clickhouse) in std::iter::once(own).chain(others) {
        if clickhouse.url.as_deref().is_some_and(has_password) {
            findings.push(url("clickhouse.url", spans.at(&format!("{path}.clickhouse.url")), false));
        }
        for (i, _) in clickhouse.hosts.0.iter().enumerate().filter(|(_, host)| has_password(host)) {
            findings.push(url("clickhouse.hosts", spans.at(&format!("{path}.clickhouse.hosts[{i}]")), false));
        }
    }
}

/// Settings of a pipeline.
pub(super) fn in_pipeline(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let spans = &scene.document.spans;
    let source = scene.source();
    in_map(&source.settings, "spec.source.settings", spans, findings);
    if let Some(collection) = &source.collection {
        in_map(&collection.overrides, "spec.source.collection.overrides", spans, findings);
    }
    if let Some(MaybeSecret::Plain(registry)) = &source.registry
        && has_password(&registry.text)
    {
        findings.push(url("registry", spans.at("spec.source.registry"), true));
    }
    for (path, spec) in scene.specs() {
        in_map(&spec.settings, &format!("{path}.settings"), spans, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for key in ["sasl.password", "ssl.key.password", "kafka_sasl_password", "sasl.oauthbearer.client.secret"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["sasl.username", "ssl.key.location", "sasl.mechanism", "format_schema", "ssl.keystore.location"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn urls_with_a_password_are_found() {
        assert!(has_password("http://u:p@h:8081/x"));
        assert!(has_password("http://u:p@x@h"));
        assert!(!has_password("http://h:8081/a:b@c"));
        assert!(!has_password("http://u@h"));
        assert!(!has_password("h:1,u:p@h"));
    }
}
