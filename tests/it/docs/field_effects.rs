//! What changing each field does in this version. Kept by hand; `docs/fields.md` prints it, and a field without an
//! entry fails the test.

/// What a change of a field leads to at the next apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    InPlace,
    Recreate,
    Blocked,
    Beside,
    Next,
    Nothing,
    ByUse,
}

use Effect::{Beside, Blocked, ByUse, InPlace, Next, Nothing, Recreate};

impl Effect {
    pub const ALL: [Effect; 7] = [InPlace, Recreate, Blocked, Beside, Next, Nothing, ByUse];

    pub fn word(self) -> &'static str {
        match self {
            InPlace => "in place",
            Recreate => "recreate",
            Blocked => "blocked",
            Beside => "beside",
            Next => "next run",
            Nothing => "nothing",
            ByUse => "by use",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            InPlace => "Changed on the live resource; nothing is dropped",
            Recreate => {
                "All objects of the pipeline are dropped and made again, the local tables with their rows. The plan is blocked \
                 unless `lifecycle.incompatible` is `recreate` or `--recreate KIND/NAME` is given, and it needs consent to \
                 `deletes-data`. The consumer group and its offsets stay: rows read before are not read again"
            }
            Blocked => {
                "The plan shows the change and is blocked; `--recreate Topic/NAME` deletes the topic and makes it again"
            }
            Beside => {
                "The new name is made beside the old one. The old object stays as it is, sluice no longer knows it: drop it by \
                 hand. A view of the pipeline that is no longer declared is dropped, where it reads a table that still is"
            }
            Next => "Nothing changes on the servers; the next run uses it",
            Nothing => "Read and checked, without an effect on the servers",
            ByUse => "What changes is what uses it",
        }
    }
}

type Entry = (&'static str, &'static str, Effect, &'static str);

const P: &str = "Project";
const T: &str = "Topic";
const K: &str = "KafkaPipeline";

/// Kind (`any` for all), path, effect, and what is to be added.
pub const EFFECTS: &[Entry] = &[
    (P, "metadata.name", Blocked, "owner marks carry it: every object is then another project's"),
    (T, "metadata.name", Beside, "unless `topicName` keeps the topic's name; then nothing changes"),
    (
        K,
        "metadata.name",
        Recreate,
        "where the Kafka table's and the group's names follow it: the old Kafka table stays. Objects that keep their names are taken over",
    ),
    (P, "metadata.description", Nothing, ""),
    (T, "metadata.description", Nothing, ""),
    (K, "metadata.description", InPlace, "the comment of every object"),
    ("any", "metadata.labels", Nothing, ""),
    (P, "lifecycle.deletion", Nothing, "guards are for resources"),
    (P, "lifecycle.incompatible", Nothing, ""),
    (P, "lifecycle.state", Nothing, ""),
    (T, "lifecycle.deletion", Next, "decides what `state: absent` and `--recreate` may do"),
    (K, "lifecycle.deletion", Next, "decides what `state: absent` and a recreate may do"),
    (T, "lifecycle.incompatible", Nothing, "a topic is made again by `--recreate` only"),
    (K, "lifecycle.incompatible", Next, "`rebuild` is not there yet and blocks, as `block` does"),
    (
        T,
        "lifecycle.state",
        InPlace,
        "`absent` deletes the topic where `deletion: allow` is given, else it is blocked; with `orphan` it stays",
    ),
    (
        K,
        "lifecycle.state",
        InPlace,
        "`absent` drops the objects where `deletion: allow` is given, else it is blocked; with `orphan` their owner mark is taken off",
    ),
    // Project
    (P, "spec.manifests", ByUse, "what is no longer listed stays on the servers"),
    (P, "spec.kafka", Next, ""),
    (P, "spec.kafka.bootstrapServers", Next, "and as `clickhouse.kafkaBrokers` where that follows it"),
    (P, "spec.kafka.clusterId", Next, "another cluster is refused"),
    (P, "spec.kafka.properties", Next, ""),
    (P, "spec.clickhouse", Next, ""),
    (P, "spec.clickhouse.url", Next, ""),
    (P, "spec.clickhouse.user", Next, ""),
    (P, "spec.clickhouse.password", Next, ""),
    (P, "spec.clickhouse.caCertificate", Next, ""),
    (
        P,
        "spec.clickhouse.cluster",
        Recreate,
        "Distributed tables name it; on another cluster's hosts objects are made anew, those on the old ones stay",
    ),
    (P, "spec.clickhouse.ddl", Next, ""),
    (P, "spec.clickhouse.hosts", Next, "objects are made on a new host; on one that is left out they stay"),
    (P, "spec.clickhouse.kafkaBrokers", Recreate, "a setting of every Kafka table"),
    (P, "spec.state", Nothing, "its form is checked; nothing is stored in this version"),
    (P, "spec.state.topic", Nothing, ""),
    (P, "spec.state.replicationFactor", Nothing, ""),
    (P, "spec.defaults", ByUse, ""),
    (
        P,
        "spec.defaults.kafkaDatabase",
        Beside,
        "for pipelines without `source.table`; views that read the old table need a recreate",
    ),
    (P, "spec.defaults.conversions", Recreate, "of pipelines with such a column"),
    (P, "spec.defaults.engine", Recreate, "of pipelines with a target that names no engine"),
    (P, "spec.vars", ByUse, ""),
    (
        P,
        "spec.environments",
        ByUse,
        "the fields of `spec` once more, without `manifests`; those of the chosen one are merged over `spec`",
    ),
    // Topic
    (T, "spec.topicName", Beside, "the old topic stays with its messages"),
    (T, "spec.partitions", InPlace, "more: hazard `changes-key-mapping`; fewer: blocked"),
    (T, "spec.replicationFactor", Blocked, ""),
    (
        T,
        "spec.config",
        InPlace,
        "less retention: hazard `shortens-retention`. A key that is taken out stays pinned on the topic: see `unmanagedConfig`",
    ),
    (T, "spec.schemaDescription", Nothing, ""),
    (T, "spec.unmanagedConfig", InPlace, "`remove` unpins what `config` does not name"),
    // KafkaPipeline
    (K, "spec.topic", Recreate, ""),
    (K, "spec.topic.external", Recreate, ""),
    (K, "spec.topics", Recreate, ""),
    (K, "spec.topics[].external", Recreate, ""),
    (K, "spec.source", Recreate, ""),
    (K, "spec.source.table", Beside, "views that read the old one need a recreate"),
    (K, "spec.source.columns", Recreate, ""),
    (K, "spec.source.columns[].name", Recreate, ""),
    (K, "spec.source.columns[].type", Recreate, ""),
    (K, "spec.source.columns[].from", Nothing, "refused on the wire: a message gives the value"),
    (K, "spec.source.columns[].expression", Nothing, "refused on the wire"),
    (K, "spec.source.columns[].default", Recreate, ""),
    (K, "spec.source.columns[].materialized", Recreate, ""),
    (K, "spec.source.columns[].alias", Recreate, ""),
    (K, "spec.source.columns[].ephemeral", Recreate, ""),
    (K, "spec.source.columns[].codec", Recreate, ""),
    (K, "spec.source.columns[].ttl", Recreate, ""),
    (K, "spec.source.columns[].comment", Recreate, ""),
    (K, "spec.source.columns[].renamedFrom", Nothing, ""),
    (K, "spec.source.format", Recreate, ""),
    (K, "spec.source.schema", Recreate, ""),
    (K, "spec.source.schema.file", Recreate, ""),
    (K, "spec.source.schema.message", Recreate, ""),
    (K, "spec.source.registry", Recreate, "of a secret only the reference: its value cannot be compared"),
    (K, "spec.source.group", Recreate, "the new group begins where its own offsets say"),
    (K, "spec.source.consumers", Recreate, ""),
    (K, "spec.source.errors", Recreate, ""),
    (K, "spec.source.errors.mode", Recreate, ""),
    (K, "spec.source.errors.max", Recreate, ""),
    (K, "spec.source.errors.table", Beside, "the entry view needs a recreate"),
    (K, "spec.source.errors.topic", Recreate, ""),
    (K, "spec.source.errors.topic.external", Recreate, ""),
    (K, "spec.source.errors.ttl", Recreate, ""),
    (K, "spec.source.errors.where", Recreate, ""),
    (K, "spec.source.settings", Recreate, "the values of secrets cannot be compared"),
    (K, "spec.source.collection", Recreate, ""),
    (K, "spec.source.collection.name", Recreate, ""),
    (K, "spec.source.collection.overrides", Recreate, ""),
    (
        K,
        "spec.source.cluster",
        Beside,
        "made on the hosts of the new cluster; on the old ones the objects stay and go on reading",
    ),
    (
        K,
        "spec.targets",
        ByUse,
        "a new target is made, a second one takes a recreate (the views then hang on a hub); one that is taken out stays on the servers",
    ),
    (K, "spec.targets[].table", Beside, "the view of the old table is dropped, its rows stay"),
    (K, "spec.targets[].external", Beside, "`true` leaves the tables as they are, `false` takes them over"),
    (K, "spec.targets[].columns", Recreate, ""),
    (K, "spec.targets[].columns[].name", Recreate, ""),
    (K, "spec.targets[].columns[].type", Recreate, ""),
    (K, "spec.targets[].columns[].from", Recreate, ""),
    (K, "spec.targets[].columns[].expression", Recreate, ""),
    (K, "spec.targets[].columns[].default", Recreate, ""),
    (K, "spec.targets[].columns[].materialized", Recreate, ""),
    (K, "spec.targets[].columns[].alias", Recreate, ""),
    (K, "spec.targets[].columns[].ephemeral", Recreate, ""),
    (K, "spec.targets[].columns[].codec", Recreate, ""),
    (K, "spec.targets[].columns[].ttl", Recreate, ""),
    (K, "spec.targets[].columns[].comment", Recreate, ""),
    (K, "spec.targets[].columns[].renamedFrom", Nothing, "a rename in place is not there yet"),
    (K, "spec.targets[].where", Recreate, ""),
    (K, "spec.targets[].select", Recreate, ""),
    (K, "spec.targets[].reads", Recreate, ""),
    (
        K,
        "spec.targets[].backfill",
        Next,
        "decides what a table is filled with that is made then; taken out while a table is being filled, it ends that",
    ),
    (K, "spec.targets[].backfill.from", Next, ""),
    (K, "spec.targets[].writes", Recreate, ""),
    (K, "spec.targets[].engine", Recreate, ""),
    (K, "spec.targets[].partitionBy", Recreate, ""),
    (K, "spec.targets[].orderBy", Recreate, ""),
    (K, "spec.targets[].primaryKey", Recreate, ""),
    (K, "spec.targets[].sampleBy", Recreate, ""),
    (K, "spec.targets[].ttl", Recreate, ""),
    (K, "spec.targets[].settings", Recreate, ""),
    (K, "spec.targets[].indexes", Recreate, ""),
    (K, "spec.targets[].indexes[].name", Recreate, ""),
    (K, "spec.targets[].indexes[].expression", Recreate, ""),
    (K, "spec.targets[].indexes[].type", Recreate, ""),
    (K, "spec.targets[].indexes[].granularity", Recreate, ""),
    (K, "spec.targets[].projections", Recreate, ""),
    (K, "spec.targets[].projections[].name", Recreate, ""),
    (K, "spec.targets[].projections[].orderBy", Recreate, ""),
    (K, "spec.targets[].projections[].query", Recreate, ""),
    (K, "spec.targets[].constraints", Recreate, ""),
    (K, "spec.targets[].constraints[].name", Recreate, ""),
    (K, "spec.targets[].constraints[].check", Recreate, ""),
    (K, "spec.targets[].constraints[].assume", Recreate, ""),
    (K, "spec.targets[].distributed", Recreate, "`none` leaves the Distributed table on the servers"),
    (K, "spec.targets[].distributed.shardingKey", Recreate, ""),
    (K, "spec.targets[].distributed.cluster", Recreate, ""),
    (K, "spec.targets[].distributed.policy", Recreate, ""),
    (K, "spec.targets[].distributed.settings", Recreate, ""),
    (K, "spec.targets[].names", ByUse, ""),
    (
        K,
        "spec.targets[].names.view",
        InPlace,
        "the old view is dropped before the new one is made: no row twice, none lost",
    ),
    (K, "spec.targets[].names.local", Beside, "the Distributed table and the view need a recreate"),
    (
        K,
        "spec.targets[].cluster",
        Recreate,
        "the Distributed table names it; on the old cluster's hosts the objects stay",
    ),
];
