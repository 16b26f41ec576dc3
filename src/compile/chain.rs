//! Every kind that comes to ClickHouse objects, in the words of a pipeline: so one set of rules and one compiler serve all.

use super::project::Project;
use crate::manifest::{
    ColumnSpec, ConsumerTargetSpec, DistributedSpec, Distribution, Document, KafkaPipelineSpec, ManualConsumerSpec,
    NamesSpec, OutgoingSinkSpec, SinkDistribution, SourceSpec, TargetSpec,
};
use crate::model::{Kind, ResourceId};

/// A document in the words of a pipeline, with what it was.
pub(super) struct Chain {
    /// What it says in them. Places are those of the document as it was written.
    pub document: Document<KafkaPipelineSpec>,
    pub written: Written,
}

/// What was written.
pub(super) enum Written {
    Pipeline,
    /// The first target is the sink's own table, the others are its feeds.
    Sink(Box<Document<OutgoingSinkSpec>>),
    Consumer(Box<Document<ManualConsumerSpec>>),
}

impl Chain {
    /// All chains of a project, by kind and name.
    pub fn all(project: &Project<'_>) -> Vec<Self> {
        let loaded = project.loaded;
        let pipelines = loaded.pipelines.iter().map(|d| Self { document: d.clone(), written: Written::Pipeline });
        let sinks = loaded.sinks.iter().map(|d| Self::sink(d.clone(), project));
        pipelines.chain(sinks).chain(loaded.consumers.iter().map(|d| Self::consumer(d.clone()))).collect()
    }

    pub fn kind(&self) -> Kind {
        match self.written {
            Written::Pipeline => Kind::KafkaPipeline,
            Written::Sink(_) => Kind::OutgoingSink,
            Written::Consumer(_) => Kind::ManualConsumer,
        }
    }

    pub fn id(&self) -> ResourceId {
        ResourceId::new(self.kind(), &self.document.metadata.name)
    }

    /// The chain as it was called before, where something of it was renamed.
    pub fn before(&self, project: &Project<'_>) -> Option<Self> {
        let (before, renamed) = match &self.written {
            Written::Pipeline => {
                let document = pipeline_before(&self.document);
                let renamed = document.metadata != self.document.metadata || document.spec != self.document.spec;
                (Self { document, written: Written::Pipeline }, renamed)
            }
            Written::Sink(sink) => {
                let mut old = (**sink).clone();
                old.metadata.name = old.spec.renamed_from.clone().unwrap_or(old.metadata.name);
                (Self::sink(old, project), sink.spec.renamed_from.is_some())
            }
            Written::Consumer(consumer) => {
                let mut old = (**consumer).clone();
                let spec = &mut old.spec;
                old.metadata.name = spec.renamed_from.clone().unwrap_or(old.metadata.name);
                spec.target.table = spec.target.renamed_from.clone().unwrap_or_else(|| spec.target.table.clone());
                let renamed = consumer.spec.renamed_from.is_some() || consumer.spec.target.renamed_from.is_some();
                (Self::consumer(old), renamed)
            }
        };
        renamed.then_some(before)
    }

    fn sink(document: Document<OutgoingSinkSpec>, project: &Project<'_>) -> Self {
        let spec = &document.spec;
        let name = &document.metadata.name;
        let kafka = spec.table.clone().unwrap_or_else(|| format!("{}.{name}_outgoing", project.kafka_database));
        let columns: Vec<ColumnSpec> = spec.columns.iter().map(|c| column(&c.name, &c.data_type, &c.comment)).collect();
        let (table, distributed) = match &spec.distributed {
            Some(SinkDistribution::None) => (None, Distribution::None),
            Some(SinkDistribution::Over(over)) => {
                let made = DistributedSpec {
                    sharding_key: over.sharding_key.clone(),
                    policy: over.policy.clone(),
                    settings: over.settings.clone(),
                    ..DistributedSpec::default()
                };
                (over.table.clone(), Distribution::Over(made))
            }
            None => (None, Distribution::Over(DistributedSpec::default())),
        };
        let own = TargetSpec {
            table: table.unwrap_or_else(|| format!("{kafka}_dist")),
            columns: columns.clone(),
            engine: Some("MergeTree".into()),
            distributed: Some(distributed),
            names: NamesSpec { view: None, local: Some(kafka.clone()) },
            cluster: spec.cluster.clone(),
            ..TargetSpec::default()
        };
        let feeds = spec.feeds.iter().map(|feed| TargetSpec {
            table: kafka.clone(),
            external: true,
            columns: columns.clone(),
            select: Some(feed.select.clone()),
            names: NamesSpec { view: Some(feed.view.clone()), local: None },
            cluster: spec.cluster.clone(),
            ..TargetSpec::default()
        });
        let targets: Vec<TargetSpec> = std::iter::once(own).chain(feeds).collect();
        let mut aliases = vec![
            ("spec.targets[0].table".to_owned(), "spec.distributed.table".to_owned()),
            ("spec.targets[0].names.local".into(), "spec.table".into()),
            ("spec.targets[0]".into(), "spec".into()),
            ("spec.source".into(), "spec".into()),
        ];
        for feed in 0..spec.feeds.len() {
            let path = format!("spec.targets[{}]", feed + 1);
            aliases.push((format!("{path}.table"), "spec.table".into()));
            aliases.push((format!("{path}.columns"), "spec.columns".into()));
            aliases.push((format!("{path}.names.view"), format!("spec.feeds[{feed}].view")));
            aliases.push((path, format!("spec.feeds[{feed}]")));
        }
        let source = SourceSpec {
            table: Some(kafka),
            columns,
            format: spec.format.clone(),
            schema: spec.schema.clone(),
            registry: spec.registry.clone(),
            group: Some(spec.group.clone().unwrap_or_else(|| format!("clickhouse-{name}-outgoing"))),
            settings: spec.settings.clone(),
            collection: spec.collection.clone(),
            cluster: spec.cluster.clone(),
            ..SourceSpec::default()
        };
        let lowered = KafkaPipelineSpec {
            renamed_from: spec.renamed_from.clone(),
            topic: Some(spec.topic.clone()),
            topics: Vec::new(),
            source,
            targets,
        };
        Self { document: with(&document, lowered, aliases), written: Written::Sink(Box::new(document)) }
    }

    fn consumer(document: Document<ManualConsumerSpec>) -> Self {
        let spec = &document.spec;
        let source = SourceSpec {
            columns: spec.columns.clone(),
            format: spec.format.clone(),
            group: Some(spec.group.clone().unwrap_or_else(|| format!("sluice-{}", document.metadata.name))),
            settings: spec.format_settings.clone(),
            ..SourceSpec::default()
        };
        let lowered = KafkaPipelineSpec {
            renamed_from: spec.renamed_from.clone(),
            topic: spec.topic.clone(),
            topics: spec.topics.clone(),
            source,
            targets: vec![consumed(&spec.target)],
        };
        let aliases = [
            ("spec.targets[0]", "spec.target"),
            ("spec.source.settings", "spec.formatSettings"),
            ("spec.source", "spec"),
        ];
        let aliases = aliases.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec();
        Self { document: with(&document, lowered, aliases), written: Written::Consumer(Box::new(document)) }
    }
}

/// The document with another spec, its places under other paths.
fn with<S>(
    document: &Document<S>,
    spec: KafkaPipelineSpec,
    aliases: Vec<(String, String)>,
) -> Document<KafkaPipelineSpec> {
    Document {
        metadata: document.metadata.clone(),
        lifecycle: document.lifecycle,
        spec,
        spans: document.spans.clone().under(aliases),
        directory: document.directory.clone(),
        flawed: document.flawed,
    }
}

fn column(name: &str, data_type: &str, comment: &Option<String>) -> ColumnSpec {
    ColumnSpec {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        from: None,
        expression: None,
        default: None,
        materialized: None,
        alias: None,
        ephemeral: None,
        codec: None,
        ttl: None,
        comment: comment.clone(),
        renamed_from: None,
    }
}

fn consumed(spec: &ConsumerTargetSpec) -> TargetSpec {
    TargetSpec {
        table: spec.table.clone(),
        renamed_from: spec.renamed_from.clone(),
        columns: spec.columns.clone(),
        filter: spec.filter.clone(),
        engine: spec.engine.clone(),
        partition_by: spec.partition_by.clone(),
        order_by: spec.order_by.clone(),
        primary_key: spec.primary_key.clone(),
        sample_by: spec.sample_by.clone(),
        ttl: spec.ttl.clone(),
        settings: spec.settings.clone(),
        indexes: spec.indexes.clone(),
        projections: spec.projections.clone(),
        constraints: spec.constraints.clone(),
        distributed: spec.distributed.clone(),
        names: NamesSpec { view: None, local: spec.names.local.clone() },
        cluster: spec.cluster.clone(),
        consumed: true,
        ..TargetSpec::default()
    }
}

/// A pipeline under the names that it and its targets had.
fn pipeline_before(document: &Document<KafkaPipelineSpec>) -> Document<KafkaPipelineSpec> {
    let spec = &document.spec;
    let mut old = document.clone();
    if let Some(name) = &spec.renamed_from {
        old.metadata.name.clone_from(name);
    }
    for (target, new) in old.spec.targets.iter_mut().zip(&spec.targets) {
        if let Some(table) = &new.renamed_from {
            target.table.clone_from(table);
        }
        let read = spec.targets.iter().find(|t| Some(&t.table) == new.reads.as_ref());
        if let Some(table) = read.and_then(|t| t.renamed_from.as_ref()) {
            target.reads = Some(table.clone());
        }
    }
    old
}
