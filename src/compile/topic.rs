//! One topic.

use crate::manifest::{
    DeletionSpec, Document, Finding, IncompatibleSpec, LifecycleSpec, StateSpec, TopicSpec, UnmanagedSpec,
};
use crate::model::{
    Deletion, DesiredTopic, Incompatible, KeepFor, Kind, Lifecycle, Presence, ResourceId, UnmanagedConfig,
};

/// Name at the brokers.
pub(super) fn broker_name(document: &Document<TopicSpec>) -> &str {
    document.spec.topic_name.as_deref().unwrap_or(&document.metadata.name)
}

pub(super) fn compile(document: &Document<TopicSpec>, findings: &mut Vec<Finding>) -> DesiredTopic {
    let spec = &document.spec;
    let mut at_least_one = |value: u32, path: &str, what: &str| {
        if value == 0 {
            let finding =
                Finding::error("topic/zero", format!("a topic needs at least one {what}"), document.spans.at(path));
            findings.push(finding);
        }
    };
    at_least_one(spec.partitions, "spec.partitions", "partition");
    at_least_one(spec.replication_factor.into(), "spec.replicationFactor", "replica");
    DesiredTopic {
        id: ResourceId::new(Kind::Topic, &document.metadata.name),
        name: broker_name(document).to_owned(),
        partitions: spec.partitions,
        replication_factor: spec.replication_factor,
        config: spec.config.iter().map(|(k, v)| (k.clone(), v.text.clone())).collect(),
        unmanaged_config: match spec.unmanaged_config {
            UnmanagedSpec::Report => UnmanagedConfig::Report,
            UnmanagedSpec::Ignore => UnmanagedConfig::Ignore,
            UnmanagedSpec::Remove => UnmanagedConfig::Remove,
        },
        lifecycle: lifecycle(document.lifecycle),
    }
}

pub(super) fn lifecycle(written: LifecycleSpec) -> Lifecycle {
    Lifecycle {
        deletion: match written.deletion {
            DeletionSpec::Forbid => Deletion::Forbid,
            DeletionSpec::Allow => Deletion::Allow,
            DeletionSpec::Orphan => Deletion::Orphan,
        },
        incompatible: match written.incompatible {
            IncompatibleSpec::Rebuild => Incompatible::Rebuild,
            IncompatibleSpec::Recreate => Incompatible::Recreate,
            IncompatibleSpec::Block => Incompatible::Block,
        },
        state: match written.state {
            StateSpec::Present => Presence::Present,
            StateSpec::Absent => Presence::Absent,
        },
        keep_old_for: KeepFor { days: written.keep_old_for.days() },
    }
}
