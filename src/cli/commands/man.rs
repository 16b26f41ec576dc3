//! `man`: the manual, made from the help texts.

use crate::cli::args::Arguments;
use crate::cli::output;
use crate::cli::report::{Exit, Failure};
use clap::CommandFactory as _;

pub(super) fn run() -> Result<Exit, Failure> {
    let mut program = Arguments::command();
    // Without it the page of the program would not know the options that commands inherit.
    program.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands().filter(|c| c.get_name() != "help") {
        let about = clap_mangen::Man::new(command.clone().display_name(format!("sluice {}", command.get_name())));
        about.render_description_section(&mut page)?;
        about.render_options_section(&mut page)?;
    }
    output::result(&String::from_utf8(page)?)?;
    Ok(Exit::Done)
}
