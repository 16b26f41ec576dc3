//! The program itself, as a user runs it.

use crate::fixture::shared;
use std::path::Path;
use std::process::Command;

/// What it printed.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

/// Runs it on a project with some arguments.
pub async fn sluice(project: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.arg("--project").arg(project).args(arguments).envs(shared().environment());
    let done = tokio::task::spawn_blocking(move || command.output().expect("the program runs")).await;
    let output = done.expect("nobody stops it");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}
