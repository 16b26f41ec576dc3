//! `completions`: a script for a shell, made from the arguments themselves.

use crate::cli::args::{Arguments, CompletionsArguments};
use crate::cli::output;
use crate::cli::report::{Exit, Failure};
use clap::CommandFactory as _;

pub(super) fn run(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "sluice", &mut script);
    output::result(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
