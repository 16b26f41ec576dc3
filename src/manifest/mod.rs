//! YAML as written: strict types of each kind, files with positions, the findings of reading them.
//!
//! Imports nothing of the crate. Knows no server and decides no default that needs another resource:
//! that is `compile`.

pub mod envelope;
pub mod finding;
pub mod pipeline;
pub mod project;
pub mod target;
pub mod topic;
pub mod value;

pub use envelope::{DeletionSpec, IncompatibleSpec, LifecycleSpec, Metadata, StateSpec};
pub use finding::{FileId, Finding, Place, Severity};
pub use pipeline::{Collection, ErrorMode, ErrorsSpec, FormatSchema, KafkaPipelineSpec, SourceSpec, TopicRef};
pub use project::{
    ClickHouseSpec, DdlMode, DefaultsSpec, EnvironmentSpec, KafkaSpec, ProjectSpec, ProjectState, StateTopic,
};
pub use target::{
    ColumnSpec, ConstraintSpec, DistributedSpec, Distribution, IndexSpec, NamesSpec, ProjectionSpec, TargetSpec, Writes,
};
pub use topic::{TopicSpec, UnmanagedSpec};
pub use value::{MaybeSecret, Scalar, SecretSource, StringList};
