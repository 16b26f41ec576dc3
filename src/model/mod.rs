//! Domain values shared by every stage: names, SQL fragments, object definitions, desired and live state.
//!
//! Imports nothing of the crate, performs no I/O, knows neither YAML nor HTTP.

pub mod backfill;
pub mod census;
pub mod complaint;
pub mod connection;
pub mod consumption;
pub mod create;
pub mod data_type;
pub mod definition;
pub mod desired;
pub mod live;
pub mod name;
pub mod owner;
pub mod quote;
pub mod scratch;
pub mod secret;
pub mod setting;
pub mod table_consumer;
pub mod token;
pub mod topic;

pub use backfill::{BackfillFrom, DesiredBackfill, Refill, Reread, UpTo};
pub use census::{Census, ClusterMember, HostRemark, Unread, UnreadHost};
pub use complaint::{Complaint, ComplaintKind, Part};
pub use connection::{ClickHouseConnection, KafkaConnection, StateTopic, Topology, Value};
pub use consumption::{ConsumedColumn, Consumption, OnBadMessage, WireColumn};
pub use create::{CreateError, parse_create};
pub use definition::{Column, Constraint, DefaultKind, Definition, Engine, EngineArg, Index, Projection};
pub use desired::{
    Deletion, Desired, DesiredObject, DesiredPipeline, DesiredTopic, Incompatible, KeepFor, Lifecycle, Presence, Role,
    StartFrom, UnmanagedConfig,
};
pub use live::{
    Canonical, CanonicalForm, Dependant, Live, LiveClickHouse, LiveHost, LiveKafka, LiveObject, LiveTopic, Misfit,
    TableSize, TopicFact, Undeclared,
};
pub use name::{Kind, ObjectName, ResourceId};
pub use owner::Owner;
pub use secret::{SecretRef, Secrets};
pub use setting::SettingValue;
pub use table_consumer::TableConsumer;
pub use token::Fragment;
pub use topic::{ConfigEntry, ConfigSource};
