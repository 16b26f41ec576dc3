//! A Kafka-engine table that nobody reads: what is written into it is published.

use super::chain::{Usual, description};
use super::query;
use super::source::{self, topics};
use super::spec::{Distributed, Document, Feed, Metadata, Over, TopicRef};
use super::stock::Stock;
use super::{API_VERSION, spec, table, yaml};
use crate::model::{Definition, ObjectName, Owner};
use std::collections::BTreeSet;

/// A sink as far as it is told.
pub struct Sink {
    pub name: String,
    pub description: String,
    pub topic: String,
    pub objects: BTreeSet<ObjectName>,
    pub secrets: Vec<String>,
    spec: spec::Source,
    distributed: Option<Distributed>,
    feeds: Vec<Feed>,
}

impl Sink {
    /// The manifest.
    pub fn text(&self, topic: &dyn Fn(&str) -> TopicRef) -> String {
        yaml::text(&Document {
            api_version: API_VERSION,
            kind: "OutgoingSink",
            metadata: Metadata { name: self.name.clone(), description: self.description.clone() },
            spec: spec::Sink {
                topic: topic(&self.topic),
                source: self.spec.clone(),
                distributed: self.distributed.clone(),
                feeds: self.feeds.clone(),
            },
        })
    }
}

/// The sink of a Kafka table that views or INSERTs write into. `None` where nothing tells that it is one.
pub fn sink(kafka: &Definition, stock: &Stock, usual: &Usual, claimed: &BTreeSet<ObjectName>) -> Option<Sink> {
    let over = stock.over.get(&kafka.name).map(Vec::as_slice).unwrap_or_default();
    let default = kafka.name.with_suffix("_dist");
    let over = over.iter().find(|d| **d == default).or(over.first());
    let writers = stock.writers.get(&kafka.name).map(Vec::as_slice).unwrap_or_default();
    let feeds: Vec<&ObjectName> = writers.iter().filter(|v| !claimed.contains(*v)).collect();
    let topic = topics(kafka).into_iter().next()?;
    if over.is_none() && writers.is_empty() {
        return None;
    }
    let mark = Owner::read(&kafka.comment).1.filter(|o| o.project == usual.project);
    let mark = mark.and_then(|o| o.resource.strip_prefix("OutgoingSink/").map(str::to_owned));
    let plain = &kafka.name.table;
    let stem = ["_outgoing", "_kafka"].iter().find_map(|s| plain.strip_suffix(s)).unwrap_or(plain);
    let group = source::told(kafka, "kafka_group_name").and_then(|g| g.strip_prefix("clickhouse-"));
    let group = group.and_then(|g| g.strip_suffix("-outgoing"));
    let name = mark.unwrap_or_else(|| group.unwrap_or(stem).to_owned());
    let mut secrets = Vec::new();
    let mut spec = source::source(kafka, stock, &mut secrets);
    spec.consumers = None;
    spec.errors = None;
    let objects: BTreeSet<ObjectName> =
        [&kafka.name].into_iter().chain(over).chain(feeds.iter().copied()).cloned().collect();
    let distributed = match over.and_then(|d| Some((d, stock.get(d)?))) {
        Some((dist, definition)) => {
            let over = table::over(definition, spec.cluster.as_deref(), stock);
            table::distributed(Over { table: (*dist != default).then(|| dist.to_string()), cluster: None, ..over })
        }
        None if stock.is_spread() || spec.cluster.is_some() => Some(Distributed::None("none")),
        None => None,
    };
    let feed = |view: &&ObjectName| {
        let query = stock.get(view)?.query.as_ref()?;
        Some(Feed { view: view.to_string(), select: query::lines(query.as_str()) })
    };
    let mut sink = Sink {
        description: description(&objects, stock),
        feeds: feeds.iter().filter_map(feed).collect(),
        topic,
        objects,
        secrets,
        spec,
        distributed,
        name,
    };
    sink.settle(kafka, usual);
    Some(sink)
}

impl Sink {
    /// Gives it a name, and says what does not follow from it.
    pub fn rename(&mut self, name: String, kafka: &Definition, usual: &Usual) {
        self.name = name;
        self.settle(kafka, usual);
    }

    fn settle(&mut self, kafka: &Definition, usual: &Usual) {
        let table = ObjectName::new(&usual.kafka_database, format!("{}_outgoing", self.name));
        self.spec.table = (kafka.name != table).then(|| kafka.name.to_string());
        let group = format!("clickhouse-{}-outgoing", self.name);
        self.spec.group = source::told(kafka, "kafka_group_name").filter(|g| *g != group).map(str::to_owned);
    }
}
