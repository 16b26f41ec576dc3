//! The program as a process, which can be killed.

use super::case::Case;
use crate::fixture::project::Project;
use crate::fixture::shared;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// When the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// It is not.
    Never,
    /// When it has said that this step, from 1 on, is done.
    AfterStep(usize),
    /// When so much time has gone by.
    After(Duration),
}

/// An apply that has ended, one way or the other.
#[derive(Debug)]
pub struct Ended {
    /// What the system says; of a process that was killed too late, that it was done.
    pub status: ExitStatus,
    /// Steps that it said were done, and of how many.
    pub steps: (usize, usize),
    /// How long it ran.
    pub took: Duration,
    /// All it said.
    pub said: String,
}

/// Saves the plan of the state after; what is reviewed.
pub async fn save(case: &Case) -> tempfile::TempPath {
    let project = case.after();
    let file = tempfile::NamedTempFile::new().expect("a temporary file").into_temp_path();
    let mut command = program(case, &project);
    command.args(["plan", "--no-sql", "--output"]).arg(&file);
    wishes(&mut command, case);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it is waited for");
    let ended = ended.expect("the program starts");
    assert!(ended.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&ended.stderr));
    file
}

/// Applies a saved plan, one step at a time.
pub async fn apply(case: &Case, plan: &Path, kill: Kill) -> Ended {
    let project = case.after();
    let mut command = program(case, &project);
    command.arg("apply").arg(plan).args(["--jobs", "1", "--no-sql"]);
    let ended = tokio::task::spawn_blocking(move || watched(command, kill)).await.expect("the process is watched");
    drop(project);
    ended
}

fn program(case: &Case, project: &Project) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.envs(shared().environment()).arg("--project").arg(project.file());
    command.args(["--var", &format!("case={}", case.name)]);
    command
}

fn wishes(command: &mut Command, case: &Case) {
    for allowed in &case.spec.allow {
        command.args(["--allow", &case.filled(allowed)]);
    }
    for resource in &case.spec.recreate {
        command.args(["--recreate", &case.filled(resource)]);
    }
}

/// Applies a state of the case, one step at a time.
pub async fn apply_to(case: &Case, project: Project, kill: Kill) -> Ended {
    let mut command = program(case, &project);
    command.args(["apply", "--yes", "--jobs", "1", "--no-sql"]);
    wishes(&mut command, case);
    let ended = tokio::task::spawn_blocking(move || watched(command, kill)).await.expect("the process is watched");
    drop(project);
    ended
}

fn watched(mut command: Command, kill: Kill) -> Ended {
    let mut result = tempfile::tempfile().expect("a temporary file");
    let stdout = result.try_clone().expect("a second handle");
    let begin = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().expect("the program starts");
    let stderr = child.stderr.take().expect("its messages");
    let (mut steps, mut said) = ((0, 0), String::new());
    match kill {
        Kill::Never | Kill::AfterStep(_) => {}
        Kill::After(time) => {
            // The kernel's own timer for this process; std has no wait with a time limit.
            std::thread::sleep(time);
            child.kill().expect("it is killed");
        }
    }
    for line in BufReader::new(stderr).lines() {
        let line = line.expect("its messages are text");
        if let Some(step) = done(&line) {
            steps = step;
            if kill == Kill::AfterStep(step.0) {
                child.kill().expect("it is killed");
                break;
            }
        }
        said.push_str(&line);
        said.push('\n');
    }
    let status = child.wait().expect("it ends");
    result.rewind().expect("its result");
    result.read_to_string(&mut said).expect("its result is text");
    Ended { status, steps, took: begin.elapsed(), said }
}

/// The step of a line of progress, ` 3/19  drop …`.
fn done(line: &str) -> Option<(usize, usize)> {
    let (done, rest) = line.trim_start().split_once('/')?;
    let (all, _) = rest.split_once("  ")?;
    Some((done.parse().ok()?, all.parse().ok()?))
}
