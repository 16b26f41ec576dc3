//! The topics asked for, as the brokers tell them: one metadata request, configs in chunks, and a request by
//! name for those that are not listed, because "not listed" is not "absent".

use super::ObserveError;
use crate::client::kafka::{KafkaReader, TopicError};
use crate::model::live::{LiveKafka, LiveTopic, TopicFact};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the topics of `names`; ids only of those in `identify`, which are about to be deleted.
///
/// # Errors
/// A request failed as a whole. What one topic's answer says is in the result.
pub async fn topics(
    reader: &KafkaReader,
    names: &BTreeSet<String>,
    identify: &BTreeSet<String>,
) -> Result<LiveKafka, ObserveError> {
    let cluster = reader.cluster().await?;
    let listed: Vec<String> = names.iter().filter(|n| cluster.topics.contains_key(*n)).cloned().collect();
    let by_name: Vec<String> =
        names.iter().filter(|n| !cluster.topics.contains_key(*n) || identify.contains(*n)).cloned().collect();
    let (configs, described) = tokio::try_join!(reader.describe_configs(&listed), reader.describe_topics(&by_name))?;
    let mut ids = BTreeMap::new();
    let mut topics = BTreeMap::new();
    for (name, answer) in described {
        match answer {
            Ok(found) if cluster.topics.contains_key(&name) => {
                ids.insert(name, found.id);
            }
            // It came into being between both requests: the next plan reads it whole.
            Ok(_) => {
                topics.insert(name, TopicFact::Unknown("it was created while the plan was made; plan again".into()));
            }
            Err(TopicError::NotFound) => {
                topics.insert(name, TopicFact::Absent);
            }
            Err(error) => {
                topics.insert(name, TopicFact::Unknown(error.to_string()));
            }
        }
    }
    for (name, answer) in configs {
        let fact = match answer {
            Ok(config) => TopicFact::Present(LiveTopic {
                id: ids.remove(&name).unwrap_or_default(),
                replicas: cluster.topics.get(&name).cloned().unwrap_or_default(),
                config,
            }),
            Err(error) => TopicFact::Unknown(error.to_string()),
        };
        topics.insert(name, fact);
    }
    Ok(LiveKafka {
        cluster_id: cluster.id,
        brokers: cluster.brokers.len(),
        names: cluster.topics.into_keys().collect(),
        topics,
        groups: BTreeMap::new(),
        follows: BTreeMap::new(),
        ends: BTreeMap::new(),
        starts: BTreeMap::new(),
        refused: BTreeMap::new(),
    })
}
