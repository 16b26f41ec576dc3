//! Observe, diff, ask the server about what differs by its letters, diff again, plan.
//!
//! The one place where reading and the pure core meet. Changes nothing.

mod alterations;
mod groups;
mod hosts;
mod questions;
mod seal;
mod sizes;

use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::client::kafka::{KafkaError, NewTopic, TopicError};
use crate::compile::Compiled;
use crate::diff;
use crate::model::live::{Live, LiveKafka};
use crate::model::{Canonical, Complaint, Desired, LiveClickHouse, ObjectName, Presence, Topology};
use crate::observe::{self, ObserveError};
use crate::plan::{self, Action, Header, Host, KafkaAction, OrderError, Plan, Policy};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Requests about single topics that are under way at once.
const AT_ONCE: usize = 8;

/// How often the servers are read where a topic appears meanwhile.
const READINGS: usize = 5;
/// From one reading to the next: brokers tell each other of a new topic within milliseconds.
const BETWEEN: Duration = Duration::from_millis(200);

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
    /// Objects of the resources that are to be made anew, with their UUIDs on every host.
    pub remade: BTreeSet<(ObjectName, String)>,
    /// Requests it took at the ClickHouse hosts.
    pub clickhouse_requests: u64,
}

/// Waits until no ClickHouse host runs a statement of an earlier apply of the project: a server finishes what it has
/// begun, also when the apply was killed, and what it makes meanwhile would be missing from a plan made now.
///
/// Under ON CLUSTER each host is also asked for what the queue of the cluster still has for it.
///
/// # Errors
/// A host that does not answer, or does not get on with its queue.
pub async fn settle(compiled: &Compiled, servers: &Servers) -> Result<(), ReconcileError> {
    let hosts = observe::hosts::hosts(servers, &compiled.desired.topology).await?;
    let idle = hosts.iter().map(|(_, reader)| async {
        match until_idle(reader, &compiled.desired).await {
            // The plan names it.
            Err(error) if error.silence().is_some() => Ok(()),
            answer => answer,
        }
    });
    try_join_all(idle).await?;
    Ok(())
}

async fn until_idle(reader: &ClickHouseReader, desired: &Desired) -> Result<(), ObserveError> {
    observe::running::until_none(reader, &desired.project).await?;
    match desired.topology {
        Topology::Single | Topology::PerHost { .. } => Ok(()),
        Topology::OnCluster { .. } => observe::running::until_none_queued(reader, &desired.project).await,
    }
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
    for _ in 1..READINGS {
        match read(compiled, servers, environment, policy).await? {
            (prepared, false) => return Ok(prepared),
            (_, true) => tokio::time::sleep(BETWEEN).await,
        }
    }
    // A topic that the login may not see is there and not listed, however often one looks.
    Ok(read(compiled, servers, environment, policy).await?.0)
}

/// Reads once; whether a topic that was not there is there by now: an apply that was killed had asked for it, or the
/// broker that was asked had not heard of it yet.
async fn read(
    compiled: &Compiled,
    servers: &Servers,
    environment: Option<&str>,
    policy: &Policy,
) -> Result<(Prepared, bool), ReconcileError> {
    let desired = &seal::sealed(&compiled.desired, servers.secrets());
    let (kafka, hosts::Hosts { urls, readers, live: hosts }) =
        tokio::try_join!(kafka(desired, servers, policy), hosts::read(desired, servers, policy))?;
    if let Some(wanted) = compiled.kafka.cluster_id.as_ref().filter(|w| **w != kafka.cluster_id) {
        let servers = compiled.kafka.bootstrap_servers.clone();
        return Err(ReconcileError::WrongCluster { servers, found: kafka.cluster_id, wanted: wanted.clone() });
    }
    let mut live = Live { kafka, clickhouse: hosts };
    let by_letter = diff::diff(desired, &live, &Canonical::new());
    let questions::Answered { canonical, complaints } =
        questions::ask(desired, &by_letter, &live.clickhouse, &readers, policy).await?;
    let changes = if canonical.is_empty() { by_letter } else { diff::diff(desired, &live, &canonical) };
    groups::read(&changes, &live.clickhouse, &mut live.kafka, policy, servers.kafka())
        .await
        .map_err(ObserveError::from)?;
    let header = || header(compiled, environment, &live, policy);
    let mut plan = plan::plan(header(), desired, &changes, &live, policy)?;
    let refusals = alterations::refused(&plan, &changes, &live.clickhouse, &readers).await?;
    if !refusals.is_empty() {
        let header = header();
        for (host, name, why) in refusals {
            live.clickhouse.hosts[host].unalterable.insert(name, why);
        }
        plan = plan::plan(header, desired, &changes, &live, policy)?;
    }
    if sizes::read(&plan, &mut live.clickhouse, &readers).await? {
        let header = self::header(compiled, environment, &live, policy);
        plan = plan::plan(header, desired, &changes, &live, policy)?;
    }
    let header = || self::header(compiled, environment, &live, policy);
    let (refused, appeared) = refused(&plan, servers).await.map_err(ObserveError::from)?;
    let remade = remade(desired, &live.clickhouse, policy);
    let clickhouse_requests = readers.iter().map(ClickHouseReader::requests).sum();
    if refused.is_empty() {
        return Ok((Prepared { plan, urls, complaints, remade, clickhouse_requests }, false));
    }
    let header = header();
    live.kafka.refused = refused;
    let plan = plan::plan(header, desired, &changes, &live, policy)?;
    Ok((Prepared { plan, urls, complaints, remade, clickhouse_requests }, appeared))
}

fn remade(desired: &Desired, live: &LiveClickHouse, policy: &Policy) -> BTreeSet<(ObjectName, String)> {
    let meant = desired.pipelines.iter().filter(|p| policy.recreate.contains(&p.id));
    let names: BTreeSet<&ObjectName> = meant.flat_map(|p| &p.objects).map(|o| &o.definition.name).collect();
    let objects = live.hosts.iter().flat_map(|h| &h.objects).filter(|(name, _)| names.contains(name));
    objects.map(|(name, object)| (name.clone(), object.uuid.clone())).collect()
}

fn header(compiled: &Compiled, environment: Option<&str>, live: &Live, policy: &Policy) -> Header {
    let unread = &live.clickhouse.census.unread;
    let left_out: BTreeSet<String> =
        unread.iter().map(|u| u.name.clone()).filter(|name| policy.leaves_out(name)).collect();
    let host = |h: &crate::model::LiveHost| Host { name: h.name.clone(), version: h.version.clone() };
    Header {
        project: compiled.desired.project.clone(),
        environment: environment.map(str::to_owned),
        kafka: compiled.kafka.bootstrap_servers.clone(),
        cluster_id: live.kafka.cluster_id.clone(),
        topology: compiled.desired.topology.clone(),
        hosts: live.clickhouse.hosts.iter().map(host).collect(),
        census: live.clickhouse.census.clone(),
        left_out,
        undeclared: compiled.undeclared.clone(),
    }
}

async fn kafka(desired: &Desired, servers: &Servers, policy: &Policy) -> Result<LiveKafka, ReconcileError> {
    let names: BTreeSet<String> = desired.topics.iter().map(|t| t.name.clone()).collect();
    let goes =
        |t: &&crate::model::DesiredTopic| t.lifecycle.state == Presence::Absent || policy.recreate.contains(&t.id);
    let identify = desired.topics.iter().filter(goes).map(|t| t.name.clone()).collect();
    Ok(observe::kafka::topics(servers.kafka(), &names, &identify).await?)
}

/// What the brokers say to topics that are to be made or changed, where they would refuse; and whether one that is to
/// be made is there.
async fn refused(plan: &Plan, servers: &Servers) -> Result<(BTreeMap<String, String>, bool), KafkaError> {
    let (mut made, mut altered) = (Vec::new(), Vec::new());
    let deleted: BTreeSet<&String> = plan.steps.iter().filter_map(|s| deleted_topic(&s.action)).collect();
    for step in &plan.steps {
        let Action::Kafka(action) = &step.action else { continue };
        match action {
            // While the old topic is there the brokers would only say so.
            KafkaAction::CreateTopic { name, .. } if deleted.contains(name) => {}
            KafkaAction::CreateTopic { name, partitions, replication_factor, config } => made.push(NewTopic {
                name: name.clone(),
                partitions: *partitions,
                replication_factor: *replication_factor,
                config: config.clone(),
            }),
            KafkaAction::AlterTopic { name, set, unset } => altered.push(async move {
                match servers.kafka().validate_config(name, set, unset).await {
                    Ok(()) => Ok(None),
                    Err(KafkaError::Topic { source, .. }) => Ok(Some((name.clone(), source.to_string()))),
                    Err(other) => Err(other),
                }
            }),
            KafkaAction::GrowTopic { .. }
            | KafkaAction::DeleteTopic { .. }
            | KafkaAction::RemoveMembers { .. }
            | KafkaAction::SetOffsets { .. }
            | KafkaAction::ForgetOffsets { .. }
            | KafkaAction::DeleteGroup { .. }
            | KafkaAction::AwaitBackfill(_) => {}
        }
    }
    let answers: Vec<Option<(String, String)>> = stream::iter(altered).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut refused: BTreeMap<String, String> = answers.into_iter().flatten().collect();
    let mut appeared = false;
    if !made.is_empty() {
        let answers = servers.kafka().validate_topics(&made).await?;
        appeared = answers.values().any(|answer| matches!(answer, Err(TopicError::Exists(_))));
        refused.extend(answers.into_iter().filter_map(|(name, answer)| Some((name, answer.err()?.to_string()))));
    }
    Ok((refused, appeared))
}

fn deleted_topic(action: &Action) -> Option<&String> {
    match action {
        Action::Kafka(KafkaAction::DeleteTopic { name, .. }) => Some(name),
        Action::Kafka(_) | Action::Table(_) => None,
    }
}
