//! The sluice command: parse, call the library, turn the outcome into an exit code.

use clap::Parser;
use sluice::cli::{self, Arguments, Exit};
use std::process::ExitCode;

/// Waiting is what this program does most: two threads serve all servers.
const WORKERS: usize = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::refuse(&error).into(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(cli::run(arguments));
            // A cancelled request may still wait in a thread of its own; nobody waits for it.
            runtime.shutdown_background();
            exit.into()
        }
        Err(error) => {
            cli::report::print(&error.into(), cli::settings::Look::plain());
            Exit::Failed.into()
        }
    }
}
