//! The command line: arguments -> options -> one library call -> report. The only place that reads the environment,
//! the working directory and the terminal, and the only one that prints.

mod again;
mod ask;
mod carry;
mod commands;
mod consumption;
mod demo;
mod findings;
mod hold;
mod importing;
mod interrupt;
mod journal;
mod live;
mod output;
mod past;
mod planned;
mod progress;
mod project;
mod pruning;
mod secrets;
mod selection;

pub mod args;
pub mod report;
pub mod settings;

pub use args::Arguments;
pub use report::{Exit, Failure};
pub use settings::Settings;

/// Runs a command to its end and says with which code the process should end. What goes wrong is printed here.
pub async fn run(arguments: Arguments) -> Exit {
    let settings = match Settings::resolve(&arguments.global) {
        Ok(settings) => settings,
        Err(failure) => return report::print(&failure, settings::Look::plain()),
    };
    settings.log();
    match commands::run(&arguments.command, &settings).await {
        Ok(exit) => exit,
        Err(failure) => report::print(&failure, settings.err),
    }
}

/// Prints what clap has to say about the arguments; the code to end with.
pub fn refuse(error: &clap::Error) -> Exit {
    // A closed pipe leaves nobody to tell.
    let _ = error.print();
    Exit::of(error)
}
