//! YAML as written: strict types of each kind, files with positions, the findings of reading them.
//!
//! Imports nothing of the crate. Knows no server and decides no default that needs another resource:
//! that is `compile`.

mod assemble;
mod check;
mod collect;
mod decode;
mod environment;
mod file;
mod node;
mod positions;
mod prepare;
mod resolve;
mod shape;
mod suggest;
mod syntax;
mod tag;
mod variables;
mod wording;
mod yaml;

pub mod consumer;
pub mod document;
pub mod envelope;
pub mod finding;
pub mod keep_for;
pub mod load;
pub mod pipeline;
pub mod project;
pub mod project_file;
pub mod schema;
pub mod sink;
pub mod source;
pub mod spans;
pub mod target;
pub mod topic;
pub mod value;

pub use consumer::{ConsumerNamesSpec, ConsumerTargetSpec, DeadLettersSpec, ManualConsumerSpec, OnBadMessageSpec};
pub use document::{Document, Files, Loaded, SourceText, Unread};
pub use envelope::{DeletionSpec, IncompatibleSpec, LifecycleSpec, Metadata, StateSpec};
pub use finding::{FileId, Finding, Place, Severity};
pub use keep_for::KeepForSpec;
pub use load::{LoadOptions, load, load_from, load_texts};
pub use pipeline::{Collection, ErrorMode, ErrorsSpec, FormatSchema, KafkaPipelineSpec, SourceSpec, TopicRef};
pub use project::{
    ClickHouseSpec, DdlMode, DefaultsSpec, EnvironmentSpec, KafkaSpec, ProjectSpec, ProjectState, StateTopic,
};
pub use project_file::{NoProject, find_project};
pub use schema::{DocumentKind, manifest_schema};
pub use sink::{FeedSpec, OutgoingSinkSpec, SinkColumnSpec, SinkDistributedSpec, SinkDistribution};
pub use source::{Disk, FileSource, Memory, PathKind};
pub use spans::Spans;
pub use target::{
    Backfill, ColumnSpec, ConstraintSpec, DistributedSpec, Distribution, IndexSpec, NamesSpec, ProjectionSpec,
    TargetSpec, Writes,
};
pub use topic::{TopicSpec, UnmanagedSpec};
pub use value::{MaybeSecret, Scalar, SecretSource, StringList};

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod load_tests;
