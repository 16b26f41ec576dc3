//! `status`: what runs in a folder.

use std::path::Path;

use super::process::Condition;
use super::shape::Kind;
use super::state::State;
use super::{Endpoints, Lifetime, SandboxError};

/// A sandbox as its state file and the process table tell it; no engine is asked anything.
#[derive(Debug, Clone)]
pub struct Status {
    /// Version of Kafka.
    pub kafka: String,
    /// Version of ClickHouse.
    pub clickhouse: String,
    /// How long the engines live.
    pub lifetime: Lifetime,
    /// Where they listen.
    pub endpoints: Endpoints,
    /// Each engine: nodes, then brokers.
    pub engines: Vec<EngineStatus>,
}

/// One engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineStatus {
    /// `node-1`, `broker-1`, …; also the folder of its logs, `output.log` and `engine.log`.
    pub name: String,
    /// `ClickHouse` or `Kafka`.
    pub kind: &'static str,
    /// Where clients connect to, `host:port`.
    pub address: String,
    /// The id of its process, while or when it ran; none for one that was stopped on purpose.
    pub pid: Option<i32>,
    /// What became of that process.
    pub condition: Condition,
}

impl Status {
    /// Whether every engine runs.
    pub fn all_running(&self) -> bool {
        self.engines.iter().all(|engine| engine.condition == Condition::Running)
    }
}

/// What runs in `dir`. Fails where there is no sandbox, or one that this version cannot read.
pub fn status(dir: &Path) -> Result<Status, SandboxError> {
    let state = State::read(dir)?.ok_or_else(|| SandboxError::Absent { path: dir.to_owned() })?;
    let mut engines = Vec::new();
    for member in &state.members {
        let kind = match member.engine.kind {
            Kind::ClickHouse { .. } => "ClickHouse",
            Kind::Kafka { .. } => "Kafka",
        };
        engines.push(EngineStatus {
            name: member.engine.name(),
            kind,
            address: format!("127.0.0.1:{}", member.engine.client_port()),
            pid: member.process.map(|process| process.pid),
            condition: member.process.map_or(Condition::Dead, |process| state.condition(process)),
        });
    }
    let (kafka, clickhouse) = state.versions();
    Ok(Status {
        kafka: kafka.to_owned(),
        clickhouse: clickhouse.to_owned(),
        lifetime: state.lifetime(),
        endpoints: state.endpoints(),
        engines,
    })
}
