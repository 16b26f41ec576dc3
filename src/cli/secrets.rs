//! References to secrets -> their values, with everything that is missing told at once and no value told ever.

use crate::compile::Compiled;
use crate::model::{SecretRef, Secrets, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Which secrets are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those of the connections: enough to look. What is known of those in tables comes along, to be compared.
    Connections,
    /// Those in tables too.
    All,
}

/// Secrets that have no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Missing::to_string).collect::<Vec<_>>().join("\n"))]
pub(super) struct MissingSecrets(Vec<Missing>);

/// One secret that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{secret}: {why}; needed by {}", .users.iter().cloned().collect::<Vec<_>>().join(", "))]
struct Missing {
    secret: SecretRef,
    why: String,
    users: BTreeSet<String>,
}

/// Finds the values.
///
/// # Errors
/// Names every reference without a value and who needs it.
pub(super) fn resolve(
    compiled: &Compiled,
    wanted: Wanted,
    env: &BTreeMap<String, String>,
) -> Result<Secrets, MissingSecrets> {
    let (mut secrets, mut missing) = (Secrets::new(), Vec::new());
    for (secret, users) in users(compiled, wanted) {
        match value(&secret, env) {
            Ok(value) => {
                secrets.insert(secret, value.into());
            }
            Err(why) => missing.push(Missing { secret, why, users }),
        }
    }
    if !missing.is_empty() {
        return Err(MissingSecrets(missing));
    }
    for secret in users(compiled, Wanted::All).into_keys().filter(|_| wanted == Wanted::Connections) {
        if let Ok(value) = value(&secret, env) {
            secrets.insert(secret, value.into());
        }
    }
    Ok(secrets)
}

fn users(compiled: &Compiled, wanted: Wanted) -> BTreeMap<SecretRef, BTreeSet<String>> {
    let mut users: BTreeMap<SecretRef, BTreeSet<String>> = BTreeMap::new();
    let mut add = |secret: &SecretRef, user: String| {
        users.entry(secret.clone()).or_default().insert(user);
    };
    for (key, value) in &compiled.kafka.properties {
        if let Value::Secret(secret) = value {
            add(secret, format!("spec.kafka.properties.{key}"));
        }
    }
    if let Some(Value::Secret(secret)) = &compiled.clickhouse.password {
        add(secret, "spec.clickhouse.password".into());
    }
    if wanted == Wanted::All {
        for pipeline in &compiled.desired.pipelines {
            for object in &pipeline.objects {
                for (_, secret) in object.definition.secrets() {
                    add(secret, format!("{} of {}", object.definition.name, pipeline.id));
                }
            }
        }
    }
    users
}

#[expect(clippy::disallowed_methods, reason = "secrets may be in files")]
fn value(secret: &SecretRef, env: &BTreeMap<String, String>) -> Result<String, String> {
    match secret {
        SecretRef::FromEnv(name) => {
            env.get(name).cloned().ok_or_else(|| "the environment variable is not set, or is no UTF-8".to_owned())
        }
        SecretRef::FromFile(path) => {
            // The error of a text that is no UTF-8 holds none of it, and neither does that of a missing file.
            let text = std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read ({error})"))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test writes the file it reads")]
mod tests {
    use super::*;
    use crate::model::{ClickHouseConnection, Desired, KafkaConnection, Topology};
    use secrecy::ExposeSecret as _;

    fn compiled(password: SecretRef, property: SecretRef) -> Compiled {
        Compiled {
            desired: Desired { project: "p".into(), topology: Topology::Single, topics: vec![], pipelines: vec![] },
            kafka: KafkaConnection {
                bootstrap_servers: String::new(),
                cluster_id: None,
                properties: BTreeMap::from([("sasl.password".to_owned(), Value::Secret(property))]),
            },
            clickhouse: ClickHouseConnection {
                url: String::new(),
                user: String::new(),
                password: Some(Value::Secret(password)),
                ca_certificate: None,
                hosts: vec![],
            },
            state: None,
            undeclared: BTreeSet::new(),
        }
    }

    #[test]
    fn values_come_from_the_environment_and_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        std::fs::write(&path, "two\n\n").unwrap();
        let (a, b) = (SecretRef::FromEnv("A".into()), SecretRef::FromFile(path.to_string_lossy().into_owned()));
        let env = BTreeMap::from([("A".to_owned(), "one".to_owned())]);
        let secrets = resolve(&compiled(a.clone(), b.clone()), Wanted::Connections, &env).unwrap();
        assert_eq!(secrets[&a].expose_secret(), "one");
        assert_eq!(secrets[&b].expose_secret(), "two\n");
    }

    #[test]
    fn everything_missing_is_named_with_who_needs_it_and_no_value() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("binary");
        std::fs::write(&path, b"hunter2\xff").unwrap();
        let file = SecretRef::FromFile(path.to_string_lossy().into_owned());
        let compiled = compiled(SecretRef::FromEnv("A".into()), file);
        let error = resolve(&compiled, Wanted::All, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("<secret fromEnv A>: the environment variable is not set"), "{error}");
        assert!(error.contains("needed by spec.clickhouse.password"), "{error}");
        assert!(error.contains("needed by spec.kafka.properties.sasl.password"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
