//! References to secrets. No definition, plan or step holds a value: only `client` and `apply` are handed
//! the values, beside them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Values of secrets by reference. Debug shows none of them.
pub type Secrets = BTreeMap<SecretRef, secrecy::SecretString>;

/// Where a secret's value is found when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
