//! A topic as a manifest.

use super::spec::{self, Document, Metadata};
use super::{API_VERSION, Oddity, yaml};
use crate::model::{ConfigSource, LiveTopic};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Set by reassignments while they run.
const THROTTLES: &str = ".replication.throttled.replicas";

/// The manifest of a topic under the name of a resource, with what it cannot say.
pub fn topic(name: &str, resource: &str, topic: &LiveTopic, odd: &mut Vec<Oddity>) -> String {
    let mut config: BTreeMap<String, Value> = BTreeMap::new();
    for (key, entry) in &topic.config {
        if entry.source != ConfigSource::Topic || entry.read_only || key.ends_with(THROTTLES) {
            continue;
        }
        match &entry.value {
            Some(value) => {
                let number = value.parse::<i64>().ok().filter(|n| n.to_string() == *value);
                config.insert(key.clone(), number.map_or_else(|| json!(value), |n| json!(n)));
            }
            None => odd.push(Oddity::new(name, format!("config {key}"), "the brokers hide its value")),
        }
    }
    let factor = topic.replicas.iter().copied().max().unwrap_or(1);
    if topic.replicas.iter().any(|r| *r != factor) {
        let why = format!("its partitions have different numbers of replicas; {factor} is written");
        odd.push(Oddity::new(name, "replicationFactor", why));
    }
    yaml::text(&Document {
        api_version: API_VERSION,
        kind: "Topic",
        metadata: Metadata { name: resource.to_owned(), description: String::new() },
        spec: spec::Topic {
            topic_name: (name != resource).then(|| name.to_owned()),
            partitions: topic.replicas.len(),
            replication_factor: factor,
            config,
        },
    })
}
