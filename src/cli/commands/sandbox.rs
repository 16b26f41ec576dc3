//! `sandbox`: real servers on this machine.

use super::sandbox_demo;
use crate::cli::args::{EndpointsFormat, SandboxCommand, SandboxFolder, SandboxUp};
use crate::cli::probe::Clients;
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{output, progress, project};
use crate::sandbox::{self, Condition, Endpoints, Options, Ports, Sandbox, SandboxError};
use std::path::PathBuf;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

pub(super) async fn run(command: &SandboxCommand, settings: &Settings) -> Result<Exit, Failure> {
    match command {
        SandboxCommand::Up(arguments) => up(arguments, settings),
        SandboxCommand::Status(folder) => status(folder, settings),
        SandboxCommand::Demo(folder) => sandbox_demo::run(folder, settings),
        SandboxCommand::Down(folder) => down(folder, settings),
    }
}

/// The folder of a sandbox.
fn dir(folder: &SandboxFolder, settings: &Settings) -> PathBuf {
    match &folder.dir {
        Some(dir) => settings.at(dir),
        None => project::folder(settings).join(".sluice").join("sandbox"),
    }
}

fn up(arguments: &SandboxUp, settings: &Settings) -> Result<Exit, Failure> {
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
    let probe = Clients { runtime: Handle::current(), password };
    let started: Result<Sandbox, SandboxError> = block_in_place(|| sandbox::up(&options, &probe, &stages));
    stages.end();
    let started = started?;
    let endpoints = started.endpoints();
    let text = match arguments.format {
        EndpointsFormat::Env => {
            endpoints.environment().iter().map(|(name, value)| format!("{name}={value}\n")).collect()
        }
        EndpointsFormat::Text => {
            format!("{}`sluice sandbox down` stops it and removes {}\n", told(endpoints), started.dir().display())
        }
    };
    output::result(&text)?;
    Ok(Exit::Done)
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
    let stopped = block_in_place(|| sandbox::down(&dir(folder, settings)))?;
    let text = if stopped.is_empty() { "nothing ran".to_owned() } else { format!("stopped {}", stopped.join(", ")) };
    output::result(&format!("{text}; the data is removed\n"))?;
    Ok(Exit::Done)
}
