//! Arguments of `completions`.

use clap::Args;
use clap_complete::Shell;

/// `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArguments {
    /// Which shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
