//! Arguments that are about saved plans.

use super::PlanFormat;
use clap::Args;
use std::path::PathBuf;

/// Where a plan goes beside stdout.
#[derive(Debug, Clone, Args)]
pub struct Saving {
    /// Save the plan, for `sluice apply FILE` and `sluice show FILE`. It holds no secrets.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the plan as JSON beside what is printed.
    #[arg(long, value_name = "FILE")]
    pub json_into: Option<PathBuf>,
    /// The most bytes of Markdown: GitHub takes 65,536 in a comment. What is left out is said.
    #[arg(long, value_name = "N", default_value_t = crate::render::markdown::BUDGET)]
    pub max_bytes: usize,
}

/// `show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArguments {
    /// A plan that `sluice plan -o` has saved.
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// How to print the plan.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PlanFormat,
    /// Leave the statements under the steps out.
    #[arg(long)]
    pub no_sql: bool,
    /// The most bytes of Markdown. What is left out is said.
    #[arg(long, value_name = "N", default_value_t = crate::render::markdown::BUDGET)]
    pub max_bytes: usize,
}
