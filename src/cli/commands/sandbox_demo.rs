//! `sandbox demo`: the whole chain at work.

use crate::cli::args::SandboxFolder;
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;

pub(super) fn run(_arguments: &SandboxFolder, _settings: &Settings) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Failed, "the demonstration is not part of this version yet"))
}
