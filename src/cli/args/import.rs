//! Arguments of `import`.

use clap::Args;
use std::path::PathBuf;

/// `import`.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct ImportArguments {
    /// Topics, tables (`database.table` or the table alone) or chains that have one of that name; `*` stands for any
    /// letters.
    #[arg(value_name = "PATTERN", required_unless_present_any = ["database", "all"])]
    pub patterns: Vec<String>,
    /// Every chain that has an object in this database.
    #[arg(long, value_name = "DB", conflicts_with = "all")]
    pub database: Option<String>,
    /// Everything but what belongs to the servers themselves.
    #[arg(long, conflicts_with = "patterns")]
    pub all: bool,
    /// Where to; made if it is not there. Left out: the first folder that the project reads manifests from.
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print the manifests instead of writing files.
    #[arg(long, conflicts_with_all = ["output", "force"])]
    pub stdout: bool,
    /// Overwrite files that are there.
    #[arg(long)]
    pub force: bool,
}
