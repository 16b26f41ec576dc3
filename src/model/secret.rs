//! References to secrets. The value itself never enters the model: only `client` and `apply` see it.

use std::fmt;

/// Where a secret's value is found when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretRef {
    /// An environment variable of the process.
    FromEnv(String),
    /// A file, its trailing newline left out.
    FromFile(String),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::FromEnv(name) => write!(f, "<secret fromEnv {name}>"),
            SecretRef::FromFile(path) => write!(f, "<secret fromFile {path}>"),
        }
    }
}
