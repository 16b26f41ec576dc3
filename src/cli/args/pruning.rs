//! What goes that no manifest has any more.

use clap::Args;

/// Whether it goes.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Pruning {
    /// Remove what was applied once and is in no manifest any more.
    ///
    /// Each with the guards that it was applied with: `lifecycle.deletion: allow` lets it go, `orphan` lets it be forgotten,
    /// else it is blocked. Refused where more than half of the project would go.
    #[arg(long)]
    pub prune: bool,
    /// The same, and also where more than half of the project goes, or all of it.
    #[arg(long)]
    pub prune_most: bool,
}

impl Pruning {
    /// Whether anything goes.
    pub fn wanted(self) -> bool {
        self.prune || self.prune_most
    }
}
