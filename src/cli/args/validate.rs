//! Arguments of `validate`.

use clap::{Args, ValueEnum};

/// `validate`.
#[derive(Debug, Clone, Args)]
pub struct Validate {
    /// How to print what is found.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ValidateFormat,
}

/// How the findings of `validate` are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ValidateFormat {
    /// For people.
    Text,
    /// For programs; `sluice schema validate` is its schema.
    Json,
    /// Annotations of a GitHub Actions run.
    Github,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
}
