//! `man`: the manual on one page, made from the help texts.

use crate::cli::args::Arguments;
use crate::cli::output;
use crate::cli::report::{Exit, Failure};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

pub(super) fn run() -> Result<Exit, Failure> {
    let mut program = Arguments::command();
    // Until then commands do not know the options that they inherit.
    program.build();
    let mut page = Vec::new();
    Man::new(program.clone()).render(&mut page)?;
    let mut page = String::from_utf8(page)?;
    about(&program, "sluice", &mut page)?;
    output::result(&page)?;
    Ok(Exit::Done)
}

/// A section for every command below, those of `sandbox` too.
fn about(above: &Command, path: &str, page: &mut String) -> Result<(), Failure> {
    for command in above.get_subcommands().filter(|c| c.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        let man = Man::new(command.clone());
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        let section = String::from_utf8(section)?.replace("\n.SH ", "\n.SS ");
        let section = section.strip_prefix(".SH ").map(|rest| format!(".SS {rest}")).unwrap_or(section);
        page.push_str(&format!(".SH \"{}\"\n{section}", path.to_uppercase()));
        about(command, &path, page)?;
    }
    Ok(())
}
