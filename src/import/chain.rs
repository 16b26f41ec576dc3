//! A pipeline, found from its Kafka-engine table on: the views that read it, what they fill, and what is filled from that.

use super::source::{self, streams_errors, topics};
use super::spec::{self, Document, Metadata, Pipeline, TopicRef};
use super::stock::{Stock, under};
use super::way::{self, Tables, Way};
use super::{API_VERSION, yaml};
use crate::model::token::{TokenKind, tokenize};
use crate::model::{Definition, ObjectName, Owner};
use std::collections::{BTreeMap, BTreeSet};

/// What names and engines follow from where nothing is said.
pub struct Usual {
    /// `metadata.name` of the project.
    pub project: String,
    /// Database of Kafka tables.
    pub kafka_database: String,
    /// Engine of targets.
    pub engine: String,
}

/// A pipeline as far as it is told.
#[derive(Debug, Clone)]
pub struct Chain {
    pub name: String,
    pub description: String,
    pub topics: Vec<String>,
    pub errors_topic: Option<String>,
    pub source: spec::Source,
    /// The targets, in order, each with its view.
    pub ways: Vec<Way>,
    /// Which form of each is taken.
    pub forms: Vec<usize>,
    /// Tables, views and the Kafka table.
    pub objects: BTreeSet<ObjectName>,
    /// Variables that must give secrets.
    pub secrets: Vec<String>,
}

impl Chain {
    /// The manifest.
    pub fn text(&self, topic: &dyn Fn(&str) -> TopicRef) -> String {
        let mut topics: Vec<TopicRef> = self.topics.iter().map(|t| topic(t)).collect();
        let one = if topics.len() == 1 { topics.pop() } else { None };
        let mut source = self.source.clone();
        if let Some(errors) = &mut source.errors {
            errors.topic = self.errors_topic.as_deref().map(topic);
        }
        let form = |(way, form): (&Way, &usize)| way.forms().into_iter().nth(*form).unwrap_or_else(|| way.bare.clone());
        let targets = self.ways.iter().zip(&self.forms).map(form).collect();
        yaml::text(&Document {
            api_version: API_VERSION,
            kind: "KafkaPipeline",
            metadata: Metadata { name: self.name.clone(), description: self.description.clone() },
            spec: Pipeline { topic: one, topics, source, targets },
        })
    }

    /// The way from the topics to the last table, in one line.
    pub fn shown(&self, kafka: &ObjectName) -> String {
        let tables: Vec<&str> = self.ways.iter().map(|w| w.bare.table.as_str()).collect();
        format!("{} -> {kafka} -> {}", self.topics.join(", "), tables.join(", "))
    }
}

/// The Null table that the compiler would have put between the Kafka table and its views, with the pipeline's name.
fn hub<'s>(kafka: &ObjectName, stock: &'s Stock) -> Option<(&'s ObjectName, &'s ObjectName, String)> {
    let mut views = stock.readers(kafka);
    let (Some(entry), None) = (views.next(), views.next()) else { return None };
    let hub = stock.get(entry)?.target.as_ref()?;
    let definition = stock.get(hub)?;
    let name = hub.table.strip_suffix("_hub")?;
    let marked = definition.columns.iter().any(|c| c.name == "_headers.name");
    let ours = definition.engine.name == "Null" && marked && hub.database == kafka.database;
    (ours && *entry == hub.with_suffix("_mv")).then(|| (hub, entry, name.to_owned()))
}

/// The columns of an error table, by which the compiler's are known.
const ERROR_COLUMNS: [&str; 8] = ["time", "source", "topic", "partition", "offset", "key", "raw", "error"];

/// The pipeline behind a Kafka table. `taken` are tables that another chain declares.
pub fn chain(kafka: &Definition, stock: &Stock, usual: &Usual, taken: &BTreeSet<ObjectName>) -> Chain {
    let mut secrets = Vec::new();
    let found = hub(&kafka.name, stock);
    let mark = Owner::read(&kafka.comment).1.filter(|o| o.project == usual.project);
    let mark = mark.and_then(|o| o.resource.strip_prefix("KafkaPipeline/").map(str::to_owned));
    let table = &kafka.name.table;
    let group = source::told(kafka, "kafka_group_name").and_then(|g| g.strip_prefix("clickhouse-"));
    let group = group.and_then(|g| g.strip_suffix("-consumer")).map(str::to_owned);
    let stem = table.strip_suffix("_kafka").map(str::to_owned);
    let named = found.as_ref().map(|(_, _, name)| name.clone()).or(mark).or(stem).or(group);
    let name = named.unwrap_or_else(|| table.clone());
    let mut made = Chain {
        description: String::new(),
        topics: topics(kafka),
        errors_topic: None,
        source: source::source(kafka, stock, &mut secrets),
        ways: Vec::new(),
        forms: Vec::new(),
        objects: BTreeSet::from([kafka.name.clone()]),
        secrets: Vec::new(),
        name,
    };
    let from = match found {
        Some((hub, entry, _)) => {
            made.objects.extend([hub.clone(), entry.clone()]);
            if let (Some(errors), Some(view)) = (&mut made.source.errors, stock.get(entry)) {
                errors.filter = filter(view);
            }
            hub.clone()
        }
        None => kafka.name.clone(),
    };
    let (stream, hubbed) = (streams_errors(kafka), from != kafka.name);
    let mut owned: BTreeSet<ObjectName> = BTreeSet::new();
    let mut error_table = None;
    // What a view reads: its table, and the target it is of.
    let mut waiting: Vec<(ObjectName, Option<String>)> = vec![(from.clone(), None)];
    while !waiting.is_empty() {
        let (reads, above) = waiting.remove(0);
        for view in stock.readers(&reads) {
            let Some(definition) = stock.get(view) else { continue };
            let (Some(into), Some(query)) = (&definition.target, &definition.query) else { continue };
            let target = stock.get(into);
            if definition.refresh.is_some() || made.objects.contains(view) {
                continue;
            }
            let kafka_table = target.is_some_and(|t| t.engine.name == "Kafka");
            let is_errors = above.is_none() && stream && hubbed && target.is_some_and(keeps_errors);
            if is_errors
                && kafka_table
                && *into == ObjectName::new(&kafka.name.database, format!("{}_errors_kafka", made.name))
            {
                made.errors_topic = target.and_then(|t| topics(t).into_iter().next());
                made.objects.extend([into.clone(), view.clone()]);
                continue;
            }
            if is_errors && view.table == format!("{}_errors_mv", made.name) {
                error_table = Some(into.clone());
                let local = stock.get(into).and_then(under).unwrap_or_else(|| into.clone());
                if let Some(errors) = &mut made.source.errors {
                    errors.ttl = stock.get(&local).and_then(|d| d.ttl.as_ref()).map(|t| t.as_str().to_owned());
                }
                made.objects.extend([into.clone(), view.clone(), local]);
                continue;
            }
            // A view of a table publishes: that is a feed of the sink.
            if kafka_table && above.is_some() {
                continue;
            }
            made.objects.insert(view.clone());
            let tables = tables(into, stock).filter(|t| {
                let free = |n: &ObjectName| !taken.contains(n) && !owned.contains(n);
                let ours = stock.owner(&t.local).is_none_or(|o| o.project == usual.project);
                free(&t.local) && free(&t.table) && ours
            });
            let bare = tables.as_ref().and_then(|t| way::bare(t, into, stock, &usual.engine));
            let mut bare = bare.unwrap_or_else(|| way::external(into, target));
            bare.reads.clone_from(&above);
            let default = ObjectName::parse(&bare.table).map(|t| t.with_suffix("_mv"));
            if default.as_ref() != Some(view) {
                bare.names.get_or_insert_default().view = Some(view.to_string());
            }
            if let Some(tables) = tables {
                waiting.push((tables.local.clone(), Some(bare.table.clone())));
                owned.extend([tables.local, tables.table]);
            }
            made.ways.push(Way {
                view: view.clone(),
                query: query.as_str().to_owned(),
                wire: stock.get(&reads).map(way::types).unwrap_or_default(),
                from: reads.clone(),
                marked: stream && hubbed && above.is_none(),
                bare,
                plain: BTreeMap::new(),
            });
        }
    }
    made.objects.extend(owned);
    made.forms = vec![0; made.ways.len()];
    made.secrets = secrets;
    made.description = description(&made.objects, stock);
    names(&mut made, kafka, usual, error_table);
    made
}

/// What does not follow from the name of the pipeline.
pub fn names(made: &mut Chain, kafka: &Definition, usual: &Usual, error_table: Option<ObjectName>) {
    let table = ObjectName::new(&usual.kafka_database, format!("{}_kafka", made.name));
    made.source.table = (kafka.name != table).then(|| kafka.name.to_string());
    let group = format!("clickhouse-{}-consumer", made.name);
    made.source.group = source::told(kafka, "kafka_group_name").filter(|g| *g != group).map(str::to_owned);
    if let (Some(errors), Some(table)) = (&mut made.source.errors, error_table) {
        let database = made.ways.first().and_then(|w| ObjectName::parse(&w.bare.table)).map(|t| t.database);
        let default = ObjectName::new(database.unwrap_or_default(), format!("{}_errors", made.name));
        errors.table = (table != default || made.errors_topic.is_some()).then(|| table.to_string());
    }
}

/// The text that most of the objects have as their comment.
pub fn description(objects: &BTreeSet<ObjectName>, stock: &Stock) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for comment in objects.iter().filter_map(|o| stock.get(o)).map(|d| Owner::read(&d.comment).0) {
        *counts.entry(comment).or_default() += 1;
    }
    let most = counts.into_iter().filter(|(text, _)| !text.is_empty()).max_by_key(|(_, count)| *count);
    most.map(|(text, _)| text.to_owned()).unwrap_or_default()
}

/// The tables behind the one that a view writes into, where a target can have such.
fn tables(into: &ObjectName, stock: &Stock) -> Option<Tables> {
    let keeps = |d: &Definition| d.engine.is_merge_tree() || d.engine.name == "Null";
    let definition = stock.get(into)?;
    if let Some(local) = under(definition) {
        // Without a cluster a target has no Distributed table: this one stays what it is.
        let fits = stock.is_spread() && stock.get(&local).is_some_and(keeps);
        return fits.then(|| Tables { table: into.clone(), local, distributed: Some(into.clone()) });
    }
    if !keeps(definition) {
        return None;
    }
    let over = stock.over.get(into).map(Vec::as_slice).unwrap_or_default();
    let named = over.iter().find(|d| d.with_suffix("_local") == *into).or(over.first());
    let named = named.filter(|_| stock.is_spread());
    let table = named.cloned().unwrap_or_else(|| into.clone());
    Some(Tables { table, local: into.clone(), distributed: named.cloned() })
}

fn keeps_errors(definition: &Definition) -> bool {
    definition.columns.iter().map(|c| c.name.as_str()).eq(ERROR_COLUMNS)
}

/// What else counts as an error: the entry view tells it to whoever reads the errors.
fn filter(entry: &Definition) -> Option<String> {
    let tokens = tokenize(entry.query.as_ref()?.as_str()).ok()?;
    tokens.into_iter().find_map(|token| match token.kind {
        TokenKind::Text(text) => text.strip_prefix("errors.where: ").map(str::to_owned),
        TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Mark(_) => None,
    })
}
