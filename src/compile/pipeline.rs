//! A pipeline: its names, its wire columns, and the objects between the topics and the last table.

mod backfill;
pub(super) mod consumer;
mod sink;

use super::chain::Chain;
use super::columns::{ColumnValue, TargetColumn};
use super::engine;
use super::hub;
use super::project::Project;
use super::select;
use super::source::{self, KafkaTable};
use super::start;
use super::table;
use super::target::{self, Target};
use super::topic;
use super::view::{self, Reading};
use super::wire::{self, Readable};
use crate::manifest::{
    Document, DocumentKind, ErrorMode, Finding, KafkaPipelineSpec, NamesSpec, SourceSpec, TargetSpec, TopicRef,
};
use crate::model::{
    Column, Definition, DesiredObject, DesiredPipeline, Kind, ObjectName, Owner, Presence, ResourceId, Role, quote,
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything needed to make the objects of one pipeline.
pub(super) struct Build<'a> {
    document: &'a Document<KafkaPipelineSpec>,
    project: &'a Project<'a>,
    id: ResourceId,
    topics: Vec<String>,
    kafka: ObjectName,
    group: String,
    targets: Vec<Target<'a>>,
    wire: Vec<Column>,
    error_spec: TargetSpec,
}

impl<'a> Build<'a> {
    pub fn new(chain: &'a Chain, project: &'a Project<'a>, findings: &mut Vec<Finding>) -> Option<Self> {
        let document = &chain.document;
        let name = &document.metadata.name;
        let spec = &document.spec;
        let topics = topics(chain, project, findings);
        let kafka = match &spec.source.table {
            Some(text) => target::object_name(document, text, "spec.source.table", findings)?,
            None => ObjectName::new(&project.kafka_database, format!("{name}_kafka")),
        };
        let targets = target::resolve_all(document, project, findings);
        if targets.len() != spec.targets.len() {
            return None;
        }
        if targets.is_empty() {
            let place = document.spans.at("spec.targets");
            findings.push(Finding::error("pipeline/no-targets", "a pipeline needs at least one target", place));
            return None;
        }
        let wire = wire::columns(document, &targets, findings);
        let group = spec.source.group.clone().unwrap_or_else(|| format!("clickhouse-{name}-consumer"));
        let id = chain.id();
        let error_spec = error_spec(document, project);
        Some(Self { document, project, id, topics, kafka, group, targets, wire, error_spec })
    }

    pub fn pipeline(self, findings: &mut Vec<Finding>) -> Option<DesiredPipeline> {
        let stream = self.document.spec.source.errors.mode == ErrorMode::Stream;
        let readable = Readable::of_source(&self.wire, stream);
        let direct = self.targets.iter().filter(|t| t.reads.is_none()).count();
        let hub = (direct > 1 || stream).then(|| self.hub_name());
        let mut objects = vec![self.object(Role::Source, self.source(), self.source_clusters())];
        for target in &self.targets {
            objects.extend(self.tables(target));
        }
        let mut writes_topics = Vec::new();
        if let Some(hub) = &hub {
            let definition = hub::table(hub, &readable, stream, self.comment());
            objects.push(self.object(Role::Hub, definition, self.source_clusters()));
            if stream {
                objects.extend(self.errors(hub, &mut writes_topics, findings)?);
            }
        }
        for target in &self.targets {
            objects.push(self.view(target, hub.as_ref(), &readable, stream, findings));
        }
        if let Some(hub) = &hub {
            let failures = self.failures(&readable, findings);
            let query = hub::entry(&self.kafka, &readable, stream.then_some(failures.as_slice()), &[]);
            let name = hub.with_suffix("_mv");
            let definition = view::view(&name, hub, query, self.comment());
            objects.push(DesiredObject {
                reads: vec![self.kafka.clone()],
                ..self.object(Role::EntryView, definition, self.source_clusters())
            });
        }
        let lifecycle = topic::lifecycle(self.document.lifecycle);
        self.topics_are_there(lifecycle.state, findings);
        let start_from = start::from(self.document, findings);
        let backfills = self.backfills(&readable, stream, findings);
        Some(DesiredPipeline {
            id: self.id,
            topics: self.topics,
            writes_topics,
            group: self.group,
            start_from,
            renamed_from: None,
            objects,
            backfills,
            consumption: None,
            lifecycle,
        })
    }

    /// A pipeline that stays cannot read a topic that goes.
    fn topics_are_there(&self, state: Presence, findings: &mut Vec<Finding>) {
        if state == Presence::Absent {
            return;
        }
        for (name, document) in &self.project.topics {
            let read = self.topics.iter().any(|t| t == topic::broker_name(document));
            if read && topic::lifecycle(document.lifecycle).state == Presence::Absent {
                let uses = match self.id.kind {
                    Kind::OutgoingSink => "this sink writes to it",
                    Kind::ManualConsumer => "this consumer reads it",
                    Kind::KafkaPipeline | Kind::Topic => "this pipeline reads it",
                };
                let message = format!("Topic/{name} is `state: absent`, but {uses}");
                findings.push(Finding::error("pipeline/absent-topic", message, self.document.spans.at("spec.topic")));
            }
        }
    }

    fn comment(&self) -> String {
        Owner::new(&self.project.name, &self.id).stamp(&self.document.metadata.description)
    }

    fn hub_name(&self) -> ObjectName {
        ObjectName::new(&self.kafka.database, format!("{}_hub", self.document.metadata.name))
    }

    fn source_cluster(&self) -> Option<String> {
        let own = self.document.spec.source.cluster.clone();
        own.or_else(|| self.project.topology.cluster().map(str::to_owned))
    }

    fn source_clusters(&self) -> BTreeSet<String> {
        self.source_cluster().into_iter().collect()
    }

    fn object(&self, role: Role, definition: Definition, clusters: BTreeSet<String>) -> DesiredObject {
        DesiredObject {
            role,
            definition,
            reads: Vec::new(),
            clusters,
            owned_elsewhere: false,
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            materialize: BTreeSet::new(),
            reshard: false,
        }
    }

    fn kafka_table(&self) -> KafkaTable<'_> {
        KafkaTable {
            name: &self.kafka,
            columns: self.wire.clone(),
            topics: &self.topics,
            group: &self.group,
            comment: self.comment(),
            directory: &self.document.directory,
        }
    }

    fn source(&self) -> Definition {
        source::reading(self.kafka_table(), &self.document.spec.source, self.project)
    }

    fn tables(&self, target: &Target<'_>) -> Vec<DesiredObject> {
        if target.spec.external {
            return Vec::new();
        }
        let storage: BTreeSet<String> = target.cluster.iter().cloned().collect();
        let local = table::local(target, self.comment(), &self.document.directory);
        let role = if target.engine.name == "Null" { Role::Hub } else { Role::Local };
        let mut objects = vec![self.object(role, local, storage.clone())];
        if let Some(over) = &target.distributed {
            let definition = table::distributed(target, over, self.comment(), &self.document.directory);
            // Where rows are consumed they are written through it, where they are kept they are read through it.
            let clusters = storage.into_iter().chain(self.source_cluster()).collect();
            let reshard = over.reshard;
            objects.push(DesiredObject { reshard, ..self.object(Role::Distributed, definition, clusters) });
        }
        let columns = target.spec.columns.iter();
        let renamed = columns.filter_map(|c| Some((c.name.clone(), c.renamed_from.clone()?)));
        let renamed: BTreeMap<String, String> = renamed.collect();
        let indexes = target.spec.indexes.iter().filter(|i| i.materialize).map(|i| i.name.clone());
        let projections = target.spec.projections.iter().filter(|p| p.materialize).map(|p| p.name.clone());
        let materialize: BTreeSet<String> = indexes.chain(projections).collect();
        for object in &mut objects {
            object.renamed_columns.clone_from(&renamed);
            object.materialize.clone_from(&materialize);
        }
        objects
    }

    fn view(
        &self,
        target: &Target<'_>,
        hub: Option<&ObjectName>,
        readable: &Readable,
        stream: bool,
        findings: &mut Vec<Finding>,
    ) -> DesiredObject {
        let above = target.reads.map(|i| &self.targets[i]);
        let columns = above.map_or_else(|| readable.clone(), Readable::of_target);
        let from = above.map_or_else(|| hub.unwrap_or(&self.kafka), |t| &t.local);
        let reading = Reading {
            from: quote::object(from),
            table: Some(from),
            written: above.map_or(&self.kafka, |t| &t.table),
            columns: &columns,
            hidden: if above.is_none() && hub.is_some() { self.hidden(readable, stream) } else { Vec::new() },
            marked: stream && above.is_none(),
            lenient: stream && above.is_none(),
        };
        // A target that names another one which is none: what it reads is not known, so nothing more is told.
        let mut told = Vec::new();
        let answered = target.reads.is_some() == target.spec.reads.is_some();
        let query = view::query(self.document, target, &reading, if answered { findings } else { &mut told });
        let mut reads: Vec<ObjectName> = select::tables(&query).into_iter().collect();
        if !reads.contains(from) {
            reads.push(from.clone());
        }
        let clusters = match above {
            Some(above) => above.cluster.iter().cloned().collect(),
            None => self.source_clusters(),
        };
        let definition = view::view(&target.view, &target.writes, query, self.comment());
        let entry = above.is_none() && hub.is_none();
        let role = if entry { Role::EntryView } else { Role::View };
        DesiredObject { reads, ..self.object(role, definition, clusters) }
    }

    /// Columns of the hub that a Kafka table has too, but does not show in `*`, and the hub's own.
    fn hidden<'r>(&self, readable: &'r Readable, stream: bool) -> Vec<&'r str> {
        let virtuals = readable.all().iter().skip(self.wire.len()).map(|(name, _)| name.as_str());
        virtuals.chain(stream.then_some(hub::REASON)).collect()
    }

    fn failures(&self, readable: &Readable, findings: &mut Vec<Finding>) -> Vec<(String, String)> {
        let mut failures = Vec::new();
        let path = "spec.source.errors.where";
        if let Some(text) = &self.document.spec.source.errors.filter {
            let condition = view::qualified(self.document, text, path, readable, findings);
            failures.push((condition, format!("errors.where: {text}")));
        }
        for target in self.targets.iter().filter(|t| t.reads.is_none()) {
            // Findings of the filter were told when the target's view was made.
            let filter = view::filter(self.document, target, readable, &mut Vec::new());
            for (condition, words) in view::failures(target, readable) {
                let conditions: Vec<String> = filter.iter().cloned().chain([condition]).collect();
                let made = (select::all_of(&conditions).unwrap_or_default(), words);
                if !failures.contains(&made) {
                    failures.push(made);
                }
            }
        }
        failures
    }

    /// Where errors are kept: a table like any target, or a topic through a Kafka table.
    fn errors(
        &self,
        hub: &ObjectName,
        writes_topics: &mut Vec<String>,
        findings: &mut Vec<Finding>,
    ) -> Option<Vec<DesiredObject>> {
        let spec = &self.document.spec.source.errors;
        let mut objects = Vec::new();
        let name = &self.document.metadata.name;
        if let Some(topic) = &spec.topic {
            let path = "spec.source.errors.topic";
            writes_topics.push(topic_name(self.document, topic, path, self.project, findings)?);
            let sink = ObjectName::new(&self.kafka.database, format!("{name}_errors_kafka"));
            let group = format!("{}-errors", self.group);
            let columns = hub::error_columns().into_iter().map(|c| Column::new(c.name, c.data_type.as_str()));
            let table = KafkaTable {
                name: &sink,
                columns: columns.collect(),
                topics: writes_topics,
                group: &group,
                ..self.kafka_table()
            };
            let definition = source::writing(table, &SourceSpec::default(), self.project);
            objects.push(self.object(Role::Sink, definition, self.source_clusters()));
            objects.push(self.error_view(&sink.with_suffix("_mv"), hub, &sink, true));
        }
        if spec.topic.is_none() || spec.table.is_some() {
            let errors = self.error_target(findings)?;
            objects.extend(self.tables(&errors));
            objects.push(self.error_view(&errors.view, hub, &errors.writes, false));
        }
        Some(objects)
    }

    fn error_view(&self, view: &ObjectName, hub: &ObjectName, into: &ObjectName, with_time: bool) -> DesiredObject {
        let query = hub::errors(&self.document.metadata.name, hub, &self.wire, with_time);
        let definition = view::view(view, into, query, self.comment());
        DesiredObject { reads: vec![hub.clone()], ..self.object(Role::View, definition, self.source_clusters()) }
    }

    fn error_target(&self, findings: &mut Vec<Finding>) -> Option<Target<'_>> {
        let target = target::resolve(self.document, &self.error_spec, "spec.source.errors", self.project, findings)?;
        let stored = |column| TargetColumn { column, value: ColumnValue::Table };
        Some(Target { columns: hub::error_columns().into_iter().map(stored).collect(), ..target })
    }
}

/// The error table as a target: what its author would have written.
fn error_spec(document: &Document<KafkaPipelineSpec>, project: &Project<'_>) -> TargetSpec {
    let spec = &document.spec.source.errors;
    let name = &document.metadata.name;
    let first = document.spec.targets.first().and_then(|t| ObjectName::parse(&t.table));
    let database = first.map_or_else(|| project.kafka_database.clone(), |t| t.database);
    let table = spec.table.clone().unwrap_or_else(|| format!("{database}.{name}_errors"));
    // Several pipelines may share the table; each has a view of its own.
    let view = table.split_once('.').map(|(database, _)| format!("{database}.{name}_errors_mv"));
    TargetSpec {
        order_by: Some("topic, partition, offset".into()),
        ttl: spec.ttl.clone(),
        names: NamesSpec { view, local: None },
        // Another member of the family wants columns that an error table does not have.
        engine: engine::parse(&project.engine)
            .filter(|e| matches!(e.name.as_str(), "MergeTree" | "ReplicatedMergeTree"))
            .is_none()
            .then(|| "MergeTree".into()),
        table,
        ..TargetSpec::default()
    }
}

fn topics(chain: &Chain, project: &Project<'_>, findings: &mut Vec<Finding>) -> Vec<String> {
    let document = &chain.document;
    let spec = &document.spec;
    let one = spec.topic.iter().map(|t| ("spec.topic".to_owned(), t));
    let many = spec.topics.iter().enumerate().map(|(i, t)| (format!("spec.topics[{i}]"), t));
    let written: Vec<_> = one.chain(many).collect();
    if spec.topic.is_some() != spec.topics.is_empty() {
        let place = document.spans.at(if written.is_empty() { "spec" } else { "spec.topics" });
        let message = format!("a {} reads either `topic` or `topics`", chain.kind());
        findings.push(Finding::error("pipeline/topics", message, place));
    }
    written.iter().filter_map(|(path, t)| topic_name(document, t, path, project, findings)).collect()
}

fn topic_name(
    document: &Document<KafkaPipelineSpec>,
    written: &TopicRef,
    path: &str,
    project: &Project<'_>,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    match written {
        TopicRef::External(name) => Some(name.clone()),
        TopicRef::Managed(name) => match project.topics.get(name.as_str()) {
            Some(document) => Some(topic::broker_name(document).to_owned()),
            // What could not be read was told already.
            None if project.loaded.may_declare(DocumentKind::Topic, name) => None,
            None => {
                let message = format!("there is no Topic/{name} in this project");
                let finding = Finding::error("pipeline/unknown-topic", message, document.spans.at(path));
                let finding = finding.did_you_mean(name, project.topics.keys().copied());
                let help = format!("declare it, or write {{external: {name}}} for a topic that sluice does not manage");
                findings.push(if finding.help.is_some() { finding } else { finding.help(help) });
                None
            }
        },
    }
}
