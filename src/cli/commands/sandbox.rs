//! `sandbox`: real servers on this machine.

use super::sandbox_demo;
use crate::cli::args::{EndpointsFormat, SandboxCommand, SandboxFolder, SandboxUp};
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{demo, output, progress, project};
use crate::sandbox::{self, Clients, Condition, Endpoints, Options, Ports, Sandbox, SandboxError};
use std::path::PathBuf;
use tokio::task::block_in_place;

pub(super) async fn run(command: &SandboxCommand, settings: &Settings) -> Result<Exit, Failure> {
    match command {
        SandboxCommand::Up(arguments) => up(arguments, settings),
        SandboxCommand::Status(folder) => status(folder, settings),
        SandboxCommand::Demo(arguments) => sandbox_demo::run(arguments, settings).await,
        SandboxCommand::Down(folder) => down(folder, settings),
    }
}

/// The variable that holds a secret: only `--format env` prints it.
const PASSWORD: &str = "CLICKHOUSE_PASSWORD";

/// The folder of a sandbox.
fn dir(folder: &SandboxFolder, settings: &Settings) -> PathBuf {
    match &folder.dir {
        Some(dir) => settings.at(dir),
        None => project::folder(settings).join(".sluice").join("sandbox"),
    }
}

fn up(arguments: &SandboxUp, settings: &Settings) -> Result<Exit, Failure> {
    let started = start(arguments, settings)?;
    let endpoints = started.endpoints();
    let environment = || endpoints.environment().into_iter();
    let text = match arguments.format {
        EndpointsFormat::Env => environment().map(|(name, value)| format!("{name}={value}\n")).collect(),
        EndpointsFormat::Text => {
            let exports: String = environment()
                .filter(|(name, _)| name != PASSWORD)
                .map(|(name, value)| format!("export {name}={value}\n"))
                .collect();
            let dir = started.dir().display();
            format!("{}\n{exports}\n`sluice sandbox down` stops it and removes {dir}\n", told(endpoints))
        }
    };
    output::result(&text)?;
    Ok(Exit::Done)
}

/// Starts it, or finds it running, with stages on stderr.
pub(super) fn start(arguments: &SandboxUp, settings: &Settings) -> Result<Sandbox, Failure> {
    let password = arguments.password_env.as_deref().map(|name| settings.secret(name)).transpose()?;
    let options = Options {
        python: arguments.python.clone(),
        nodes: arguments.nodes,
        brokers: arguments.brokers,
        ports: Ports { kafka: arguments.kafka_port, http: arguments.http_port },
        password: password.clone(),
        ..Options::new(dir(&arguments.folder, settings), settings.cache()?)
    };
    let stages = progress::Stages::new(settings.err);
    let probe = Clients::new(password)?;
    let started: Result<Sandbox, SandboxError> = block_in_place(|| sandbox::up(&options, &probe, &stages));
    // A runtime must not be dropped on a thread of another one.
    block_in_place(|| drop(probe));
    stages.end();
    Ok(started?)
}

fn told(endpoints: &Endpoints) -> String {
    let urls = endpoints.clickhouse_urls.join(", ");
    format!("Kafka       {}\nClickHouse  {urls}  (cluster {})\n", endpoints.kafka_brokers, endpoints.cluster)
}

fn status(folder: &SandboxFolder, settings: &Settings) -> Result<Exit, Failure> {
    let status = sandbox::status(&dir(folder, settings))?;
    let mut text = format!("Kafka {}, ClickHouse {}\n", status.kafka, status.clickhouse);
    for engine in &status.engines {
        let condition = match engine.condition {
            Condition::Running => "running",
            Condition::Dead => "dead",
            Condition::Stale => "dead (its process id belongs to another process now)",
        };
        let pid = engine.pid.map(|p| p.to_string()).unwrap_or_else(|| "-".into());
        let (name, address) = (&engine.name, &engine.address);
        text.push_str(&format!("{name:<10} {:<11} {address:<22} pid {pid:<8} {condition}\n", engine.kind));
    }
    output::result(&text)?;
    if status.all_running() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::Failed, "not every engine runs").hint("`sluice sandbox up` starts the sandbox afresh"))
}

fn down(folder: &SandboxFolder, settings: &Settings) -> Result<Exit, Failure> {
    let dir = dir(folder, settings);
    let stopped = block_in_place(|| sandbox::down(&dir))?;
    output::result(&stopped.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    // The sandbox leaves alone what it did not make: the demonstration's project is the command line's.
    demo::remove_project(&dir.join(demo::FOLDER))?;
    let _ = std::fs::remove_dir(&dir);
    Ok(Exit::Done)
}
