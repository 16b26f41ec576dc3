//! Waiting until engines answer, while noticing those that die.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use super::shape::Kind;
use super::state::{Member, State};
use super::wait::Wait;
use super::{Probe, SandboxError, engine};

const CONNECT_WITHIN: Duration = Duration::from_millis(500);

/// Waits until the engines in `names` answer the probe.
///
/// Fails if one of their processes ends first, or at the end of `within`; either error carries the
/// last lines of that engine's logs.
pub(super) fn wait(
    dir: &Path,
    state: &State,
    names: &[String],
    probe: &dyn Probe,
    within: Duration,
) -> Result<(), SandboxError> {
    let mut pending: Vec<&Member> =
        state.members.iter().filter(|member| names.contains(&member.engine.name())).collect();
    let mut waiting = Wait::new(within);
    loop {
        let mut reasons = Vec::new();
        for member in &pending {
            let answer = answers(state, member, probe);
            // Asked after the probe: what answered may be another server, on the port of one that died.
            if !member.process.is_some_and(|process| process.runs()) {
                let engine = member.engine.name();
                let log = engine::last_words(dir, &engine);
                return Err(SandboxError::Died { engine, log });
            }
            reasons.push(answer.err());
        }
        let mut kept = reasons.iter();
        pending.retain(|_| kept.next().is_some_and(Option::is_some));
        let Some(first) = pending.first() else { return Ok(()) };
        if !waiting.pause() {
            let engine = first.engine.name();
            let reason = reasons.into_iter().flatten().next().unwrap_or_default();
            let log = engine::last_words(dir, &engine);
            return Err(SandboxError::NotReady { engine, within, reason, log });
        }
    }
}

/// One attempt: a bare connection first, which costs nothing and makes no client library complain.
fn answers(state: &State, member: &Member, probe: &dyn Probe) -> Result<(), String> {
    let port = member.engine.client_port();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, CONNECT_WITHIN)
        .map_err(|error| format!("nothing listens on port {port}: {error}"))?;
    match member.engine.kind {
        Kind::ClickHouse { http, .. } => probe.clickhouse(&format!("http://127.0.0.1:{http}")),
        Kind::Kafka { client, .. } => probe.kafka(&format!("127.0.0.1:{client}"), brokers(state)),
    }
}

/// Brokers that should be up: a stopped one is not waited for.
fn brokers(state: &State) -> usize {
    let up = |member: &&Member| match member.engine.kind {
        Kind::Kafka { .. } => member.process.is_some(),
        Kind::ClickHouse { .. } => false,
    };
    state.members.iter().filter(up).count()
}
