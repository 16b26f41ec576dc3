//! A statement that may hold secrets: shown with their references, sent with their values.

use crate::model::{SecretRef, Secrets, SettingValue, quote};

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Secret(SecretRef),
}

impl Statement {
    /// A statement without secrets.
    pub fn new(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            Some(Part::Secret(_)) | None => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// Adds a value as a literal.
    pub(super) fn push_value(&mut self, value: &SettingValue) {
        match value {
            SettingValue::Text(text) => self.push(&quote::literal(text)),
            SettingValue::Number(number) => self.push(number),
            SettingValue::Secret(secret) => self.parts.push(Part::Secret(secret.clone())),
        }
    }

    /// The text people see: a secret stands as its reference.
    pub fn shown(&self) -> String {
        let part = |p: &Part| match p {
            Part::Text(text) => text.clone(),
            Part::Secret(secret) => quote::literal(&secret.to_string()),
        };
        self.parts.iter().map(part).collect()
    }

    /// The secrets it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.parts.iter().filter_map(|p| match p {
            Part::Text(_) => None,
            Part::Secret(secret) => Some(secret),
        })
    }

    /// The text the server gets. `None` when a secret has no value.
    pub fn revealed(&self, secrets: &Secrets) -> Option<String> {
        use secrecy::ExposeSecret;
        let part = |p: &Part| match p {
            Part::Text(text) => Some(text.clone()),
            Part::Secret(secret) => Some(quote::literal(secrets.get(secret)?.expose_secret())),
        };
        self.parts.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_by_reference_and_sent_quoted() {
        let secret = SecretRef::FromEnv("P".into());
        let mut statement = Statement::new("SET p = ");
        statement.push_value(&SettingValue::Secret(secret.clone()));
        assert_eq!(statement.shown(), "SET p = '<secret fromEnv P>'");
        assert_eq!(statement.revealed(&Secrets::new()), None);
        let secrets = Secrets::from([(secret, "it's".to_owned().into())]);
        assert_eq!(statement.revealed(&secrets).as_deref(), Some(r"SET p = 'it\'s'"));
        assert!(!format!("{statement:?}{secrets:?}").contains("it's"));
    }
}
