//! Domain values shared by every stage: names, SQL fragments, object definitions, desired and live state.
//!
//! Imports nothing of the crate, performs no I/O, knows neither YAML nor HTTP.

pub mod connection;
pub mod create;
pub mod data_type;
pub mod definition;
pub mod desired;
pub mod live;
pub mod name;
pub mod owner;
pub mod quote;
pub mod secret;
pub mod setting;
pub mod token;
pub mod topic;

pub use connection::{ClickHouseConnection, KafkaConnection, Topology, Value};
pub use create::{CreateError, parse_create};
pub use definition::{Column, Constraint, DefaultKind, Definition, Engine, EngineArg, Index, Projection};
pub use desired::{
    Deletion, Desired, DesiredObject, DesiredPipeline, DesiredTopic, Incompatible, Lifecycle, Presence, Role,
    UnmanagedConfig,
};
pub use live::{Canonical, CanonicalForm, Live, LiveClickHouse, LiveHost, LiveKafka, LiveObject, LiveTopic, TopicFact};
pub use name::{Kind, ObjectName, ResourceId};
pub use owner::Owner;
pub use secret::{SecretRef, Secrets};
pub use setting::SettingValue;
pub use token::Fragment;
pub use topic::{ConfigEntry, ConfigSource};
