//! Steps at the brokers. Creation and deletion are asynchronous there: a step ends when its effect is seen.

use super::run::Hands;
use super::{StepError, backfill, groups};
use crate::client::kafka::{Absence, KafkaError, KafkaWriter, NewTopic};
use crate::plan::{KafkaAction, Step};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) async fn run(index: usize, step: &Step, action: &KafkaAction, hands: &Hands<'_>) -> Result<(), StepError> {
    let result = match action {
        KafkaAction::AwaitBackfill(awaited) => backfill::wait(index, step, awaited, hands).await,
        KafkaAction::CreateTopic { .. }
        | KafkaAction::GrowTopic { .. }
        | KafkaAction::AlterTopic { .. }
        | KafkaAction::DeleteTopic { .. }
        | KafkaAction::RemoveMembers { .. }
        | KafkaAction::SetOffsets { .. }
        | KafkaAction::ForgetOffsets { .. }
        | KafkaAction::DeleteGroup { .. } => act(action, step.timeout, &hands.kafka).await,
    };
    result.map_err(|words| StepError { host: None, statement: None, words, in_doubt: false })
}

async fn act(action: &KafkaAction, within: Duration, kafka: &KafkaWriter) -> Result<(), String> {
    let told = |e: KafkaError| chain(&e);
    match action {
        KafkaAction::CreateTopic { name, partitions, replication_factor, config } => {
            let topic = NewTopic {
                name: name.clone(),
                partitions: *partitions,
                replication_factor: *replication_factor,
                config: config.clone(),
            };
            kafka.create_retrying(&topic, within).await.map_err(told)?;
            kafka.await_present(name, *partitions, within).await.map(drop).map_err(told)
        }
        KafkaAction::GrowTopic { name, to, .. } => {
            kafka.grow(name, *to).await.map_err(told)?;
            kafka.await_present(name, *to, within).await.map(drop).map_err(told)
        }
        KafkaAction::AlterTopic { name, set, unset } => kafka.alter_config(name, set, unset).await.map_err(told),
        KafkaAction::DeleteTopic { name, id } => {
            same_topic(kafka, name, id).await?;
            kafka.delete_topic(name).await.map_err(told)?;
            match kafka.await_absent(name, id, within).await.map_err(told)? {
                Absence::Gone => Ok(()),
                Absence::Replaced(other) => {
                    Err(format!("somebody else created {name} again meanwhile (topic id {other}); plan again"))
                }
            }
        }
        KafkaAction::RemoveMembers { group, consumers, .. } => {
            groups::leave(kafka, group, consumers).await.map_err(told)
        }
        KafkaAction::SetOffsets { group, topics, start, early, .. } => {
            groups::start(kafka, group, topics, start, *early, within).await
        }
        KafkaAction::DeleteGroup { group, .. } => groups::delete(kafka, group, within).await,
        // It needs more than the brokers.
        KafkaAction::AwaitBackfill(_) => Ok(()),
        KafkaAction::ForgetOffsets { group, topics, .. } => groups::forget(kafka, group, topics, within).await,
    }
}

/// Between plan and step the topic may have been replaced: what was reviewed is the deletion of that one.
async fn same_topic(kafka: &KafkaWriter, name: &str, id: &str) -> Result<(), String> {
    let mut found: BTreeMap<_, _> = kafka.reader().describe_topics(&[name.to_owned()]).await.map_err(|e| chain(&e))?;
    match found.remove(name) {
        Some(Ok(topic)) if topic.id == id => Ok(()),
        Some(Ok(topic)) => {
            Err(format!("{name} is another topic than the one planned for (id {}, was {id}); plan again", topic.id))
        }
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("the brokers did not answer about {name}")),
    }
}

/// An error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
