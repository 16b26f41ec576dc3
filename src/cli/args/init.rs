//! Arguments of `init`.

use clap::Args;
use std::path::PathBuf;

/// `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArguments {
    /// Where to; made if it is not there. Left out: here.
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
