//! One file per command, each thin: options, one or two library calls, a report.

mod apply;
mod apply_saved;
mod completions;
mod consume;
mod drift;
mod graph;
mod history;
mod import;
mod init;
mod man;
mod plan;
mod sandbox;
mod sandbox_demo;
mod schema;
mod show;
mod status;
mod unlock;
mod validate;
mod verify;

use super::args::Command;
use super::report::{Exit, Failure};
use super::settings::Settings;

pub(super) async fn run(command: &Command, settings: &Settings) -> Result<Exit, Failure> {
    match command {
        Command::Validate(arguments) => validate::run(arguments, settings),
        Command::Plan(arguments) => plan::run(arguments, settings).await,
        Command::Show(arguments) => show::run(arguments, settings),
        Command::Apply(arguments) => apply::run(arguments, settings).await,
        Command::Consume(arguments) => consume::run(arguments, settings).await,
        Command::Drift(arguments) => drift::run(arguments, settings).await,
        Command::History(arguments) => history::run(arguments, settings).await,
        Command::Unlock(arguments) => unlock::run(arguments, settings).await,
        Command::Status(arguments) => status::run(arguments, settings).await,
        Command::Verify(arguments) => verify::run(arguments, settings).await,
        Command::Sandbox(arguments) => sandbox::run(arguments, settings).await,
        Command::Schema(arguments) => schema::run(arguments),
        Command::Graph(arguments) => graph::run(arguments, settings),
        Command::Import(arguments) => import::run(arguments, settings).await,
        Command::Init(arguments) => init::run(arguments, settings),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man => man::run(),
    }
}
