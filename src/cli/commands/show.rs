//! `show`: a saved plan again.

use crate::cli::args::ShowArguments;
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{output, planned};

pub(super) fn run(arguments: &ShowArguments, settings: &Settings) -> Result<Exit, Failure> {
    let saved = planned::read(&arguments.plan)?;
    output::result(&planned::text(&saved, arguments.format, !arguments.no_sql, arguments.max_bytes, settings))?;
    Ok(Exit::Done)
}
