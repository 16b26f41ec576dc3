//! Observe, diff, ask the server about what differs by its letters, diff again, plan.
//!
//! The one place where reading and the pure core meet. Changes nothing.

mod questions;
mod seal;

use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::client::kafka::{KafkaError, NewTopic};
use crate::compile::Compiled;
use crate::diff;
use crate::model::live::{Live, LiveClickHouse, LiveKafka};
use crate::model::{Canonical, Complaint, Desired, ObjectName, Presence};
use crate::observe::{self, ObserveError};
use crate::plan::{self, Action, Header, Host, OrderError, Plan, Policy};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};

/// Requests about single topics that are under way at once.
const AT_ONCE: usize = 8;

/// Why no plan could be made.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The servers could not be read.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The brokers belong to another cluster than the project is for.
    #[error(
        "the brokers at {servers} are cluster `{found}`, but the project is for `{wanted}`; check \
         `kafka.bootstrapServers` and `kafka.clusterId`"
    )]
    WrongCluster {
        /// Bootstrap servers.
        servers: String,
        /// Cluster id found.
        found: String,
        /// Cluster id of the project.
        wanted: String,
    },
    /// Steps wait for each other.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// A plan and where its hosts are.
#[derive(Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// URL of each host of the plan, by index.
    pub urls: Vec<String>,
    /// What the servers say against the manifests' definitions; those that are fatal block their resource.
    pub complaints: Vec<Complaint>,
    /// Requests it took at the ClickHouse hosts.
    pub clickhouse_requests: u64,
}

/// Reads all servers and makes the plan.
///
/// Flow: Kafka and every ClickHouse host are read at the same time; what is new or differs by its letters is asked of
/// one host a version; topics to be made or changed are put before the brokers without making them.
///
/// # Errors
/// Anything that could not be read as a whole. What is unknown of one object blocks its resource.
pub async fn prepare(
    compiled: &Compiled,
    servers: &Servers,
    environment: Option<&str>,
    policy: &Policy,
) -> Result<Prepared, ReconcileError> {
    let desired = &seal::sealed(&compiled.desired, servers.secrets());
    let (kafka, (urls, readers, hosts)) =
        tokio::try_join!(kafka(desired, servers, policy), clickhouse(desired, servers))?;
    if let Some(wanted) = compiled.kafka.cluster_id.as_ref().filter(|w| **w != kafka.cluster_id) {
        let servers = compiled.kafka.bootstrap_servers.clone();
        return Err(ReconcileError::WrongCluster { servers, found: kafka.cluster_id, wanted: wanted.clone() });
    }
    let mut live = Live { kafka, clickhouse: hosts };
    let by_letter = diff::diff(desired, &live, &Canonical::new());
    let questions::Answered { canonical, complaints } =
        questions::ask(desired, &by_letter, &live.clickhouse, &readers, policy).await?;
    let changes = if canonical.is_empty() { by_letter } else { diff::diff(desired, &live, &canonical) };
    let header = || header(compiled, environment, &live);
    let plan = plan::plan(header(), desired, &changes, &live, policy)?;
    let refused = refused(&plan, servers).await.map_err(ObserveError::from)?;
    let clickhouse_requests = readers.iter().map(ClickHouseReader::requests).sum();
    if refused.is_empty() {
        return Ok(Prepared { plan, urls, complaints, clickhouse_requests });
    }
    let header = header();
    live.kafka.refused = refused;
    let plan = plan::plan(header, desired, &changes, &live, policy)?;
    Ok(Prepared { plan, urls, complaints, clickhouse_requests })
}

fn header(compiled: &Compiled, environment: Option<&str>, live: &Live) -> Header {
    let host = |h: &crate::model::LiveHost| Host { name: h.name.clone(), version: h.version.clone() };
    Header {
        project: compiled.desired.project.clone(),
        environment: environment.map(str::to_owned),
        kafka: compiled.kafka.bootstrap_servers.clone(),
        cluster_id: live.kafka.cluster_id.clone(),
        topology: compiled.desired.topology.clone(),
        hosts: live.clickhouse.hosts.iter().map(host).collect(),
    }
}

async fn kafka(desired: &Desired, servers: &Servers, policy: &Policy) -> Result<LiveKafka, ReconcileError> {
    let names: BTreeSet<String> = desired.topics.iter().map(|t| t.name.clone()).collect();
    let goes =
        |t: &&crate::model::DesiredTopic| t.lifecycle.state == Presence::Absent || policy.recreate.contains(&t.id);
    let identify = desired.topics.iter().filter(goes).map(|t| t.name.clone()).collect();
    Ok(observe::kafka::topics(servers.kafka(), &names, &identify).await?)
}

type Hosts = (Vec<String>, Vec<ClickHouseReader>, LiveClickHouse);

async fn clickhouse(desired: &Desired, servers: &Servers) -> Result<Hosts, ReconcileError> {
    let (urls, readers): (Vec<_>, Vec<_>) =
        observe::hosts::hosts(servers, &desired.topology).await?.into_iter().unzip();
    let names: Vec<ObjectName> = desired.object_names().into_iter().collect();
    let hosts = try_join_all(readers.iter().map(|r| observe::clickhouse::host(r, &desired.project, &names))).await?;
    Ok((urls, readers, LiveClickHouse { hosts }))
}

/// What the brokers say to topics that are to be made or changed, where they would refuse.
async fn refused(plan: &Plan, servers: &Servers) -> Result<BTreeMap<String, String>, KafkaError> {
    let (mut made, mut altered) = (Vec::new(), Vec::new());
    let deleted: BTreeSet<&String> = plan.steps.iter().filter_map(|s| deleted_topic(&s.action)).collect();
    for step in &plan.steps {
        match &step.action {
            // While the old topic is there the brokers would only say so.
            Action::CreateTopic { name, .. } if deleted.contains(name) => {}
            Action::CreateTopic { name, partitions, replication_factor, config } => made.push(NewTopic {
                name: name.clone(),
                partitions: *partitions,
                replication_factor: *replication_factor,
                config: config.clone(),
            }),
            Action::AlterTopic { name, set, unset } => altered.push(async move {
                match servers.kafka().validate_config(name, set, unset).await {
                    Ok(()) => Ok(None),
                    Err(KafkaError::Topic { source, .. }) => Ok(Some((name.clone(), source.to_string()))),
                    Err(other) => Err(other),
                }
            }),
            Action::GrowTopic { .. }
            | Action::DeleteTopic { .. }
            | Action::CreateDatabase { .. }
            | Action::Create(_)
            | Action::Comment { .. }
            | Action::Flush { .. }
            | Action::Drop { .. } => {}
        }
    }
    let answers: Vec<Option<(String, String)>> = stream::iter(altered).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut refused: BTreeMap<String, String> = answers.into_iter().flatten().collect();
    if !made.is_empty() {
        let answers = servers.kafka().validate_topics(&made).await?;
        refused.extend(answers.into_iter().filter_map(|(name, answer)| Some((name, answer.err()?.to_string()))));
    }
    Ok(refused)
}

fn deleted_topic(action: &Action) -> Option<&String> {
    match action {
        Action::DeleteTopic { name, .. } => Some(name),
        Action::CreateTopic { .. }
        | Action::GrowTopic { .. }
        | Action::AlterTopic { .. }
        | Action::CreateDatabase { .. }
        | Action::Create(_)
        | Action::Comment { .. }
        | Action::Flush { .. }
        | Action::Drop { .. } => None,
    }
}
