//! One chain as the rules see it: what was written, and what the compiler resolves from it.

use super::super::chain::{Chain, Written};
use super::super::project::Project;
use super::super::target::{self, Target};
use super::super::topic;
use super::super::wire::{self, Readable};
use crate::manifest::{
    Document, ErrorMode, KafkaPipelineSpec, LifecycleSpec, ManualConsumerSpec, Place, SourceSpec, StateSpec,
    TargetSpec, TopicRef, TopicSpec,
};
use crate::model::{Column, Kind, ObjectName};

/// A chain in the words of a pipeline, and what it resolves to. Names that are none are left out: the compiler tells of them.
pub(super) struct Scene<'a> {
    pub chain: &'a Chain,
    pub document: &'a Document<KafkaPipelineSpec>,
    pub project: &'a Project<'a>,
    pub topics: Vec<ReadTopic<'a>>,
    pub kafka: Option<ObjectName>,
    pub group: String,
    pub targets: Vec<Target<'a>>,
    /// Columns of the Kafka table.
    pub wire: Vec<Column>,
    /// They and the virtual ones.
    pub readable: Readable,
}

/// A topic the pipeline reads.
pub(super) struct ReadTopic<'a> {
    /// Where it is written.
    pub path: String,
    /// Name at the brokers.
    pub name: &'a str,
    /// Its manifest; an external one has none.
    pub document: Option<&'a Document<TopicSpec>>,
}

impl<'a> Scene<'a> {
    pub fn new(chain: &'a Chain, project: &'a Project<'a>) -> Self {
        let document = &chain.document;
        let spec = &document.spec;
        let name = &document.metadata.name;
        // The compiler reports what these resolve badly.
        let mut told = Vec::new();
        let targets = target::resolve_all(document, project, &mut told);
        let wire = wire::columns(document, &targets, &mut told);
        let readable = Readable::of_source(&wire, spec.source.errors.mode == ErrorMode::Stream);
        let kafka = match &spec.source.table {
            Some(text) => ObjectName::parse(text),
            None => Some(ObjectName::new(&project.kafka_database, format!("{name}_kafka"))),
        };
        let group = spec.source.group.clone().unwrap_or_else(|| format!("clickhouse-{name}-consumer"));
        let one = spec.topic.iter().map(|t| ("spec.topic".to_owned(), t));
        let many = spec.topics.iter().enumerate().map(|(i, t)| (format!("spec.topics[{i}]"), t));
        let topics = one.chain(many).filter_map(|(path, written)| read_topic(path, written, project)).collect();
        Self { chain, document, project, topics, kafka, group, targets, wire, readable }
    }

    pub fn kind(&self) -> Kind {
        self.chain.kind()
    }

    /// What was written, of a manual consumer.
    pub fn consumer(&self) -> Option<&'a ManualConsumerSpec> {
        match &self.chain.written {
            Written::Consumer(document) => Some(&document.spec),
            Written::Pipeline | Written::Sink(_) => None,
        }
    }

    pub fn source(&self) -> &'a SourceSpec {
        &self.document.spec.source
    }

    pub fn streams(&self) -> bool {
        self.source().errors.mode == ErrorMode::Stream
    }

    pub fn at(&self, path: &str) -> Place {
        self.document.spans.at(path)
    }

    pub fn key(&self, path: &str) -> Place {
        self.document.spans.key(path)
    }

    pub fn within(&self, path: &str, start: usize, end: usize) -> Place {
        self.document.spans.within(path, start, end)
    }

    /// The targets as written, with their paths.
    pub fn specs(&self) -> impl Iterator<Item = (String, &'a TargetSpec)> {
        self.document.spec.targets.iter().enumerate().map(|(i, spec)| (format!("spec.targets[{i}]"), spec))
    }

    /// The targets whose tables sluice makes.
    pub fn made(&self) -> impl Iterator<Item = &Target<'a>> {
        self.targets.iter().filter(|t| !t.spec.external)
    }

    /// What the view of a target reads: its columns.
    pub fn read_by(&self, target: &Target<'_>) -> Readable {
        match target.reads {
            Some(above) => Readable::of_target(&self.targets[above]),
            None => self.readable.clone(),
        }
    }

    /// Whether a target reads the source. One that names another target and is not answered reads nothing.
    pub fn is_direct(target: &Target<'_>) -> bool {
        target.reads.is_none() && target.spec.reads.is_none()
    }

    /// The cluster whose hosts consume.
    pub fn source_cluster(&self) -> Option<&str> {
        self.source().cluster.as_deref().or_else(|| self.project.topology.cluster())
    }
}

fn read_topic<'a>(path: String, written: &'a TopicRef, project: &'a Project<'a>) -> Option<ReadTopic<'a>> {
    let (name, document) = match written {
        TopicRef::External(name) => (name.as_str(), None),
        TopicRef::Managed(name) => {
            let document = *project.topics.get(name.as_str())?;
            (topic::broker_name(document), Some(document))
        }
    };
    Some(ReadTopic { path, name, document })
}

/// Whether a resource is to exist.
pub(super) fn stays(lifecycle: LifecycleSpec) -> bool {
    lifecycle.state == StateSpec::Present
}
