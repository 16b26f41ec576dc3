//! Arguments of `history` and `unlock`.

use super::FindingsFormat;
use clap::Args;

/// `history`.
#[derive(Debug, Clone, Args)]
pub struct HistoryArguments {
    /// The apply to show step by step.
    #[arg(value_name = "N")]
    pub number: Option<u64>,
    /// How many applies to list, from the last one back.
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "number")]
    pub last: usize,
    /// How to print it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FindingsFormat,
}

/// `unlock`.
#[derive(Debug, Clone, Args)]
pub struct UnlockArguments {
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
}
