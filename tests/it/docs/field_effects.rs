//! What changing each field does in this version. Kept by hand; `docs/fields.md` prints it, and a field without an
//! entry fails the test.

/// What a change of a field leads to at the next apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    InPlace,
    Pause,
    Replace,
    Swap,
    Rebuild,
    Blocked,
    Beside,
    Next,
    Nothing,
    ByUse,
}

use Effect::{Beside, Blocked, ByUse, InPlace, Next, Nothing, Pause, Rebuild, Replace, Swap};

impl Effect {
    pub const ALL: [Effect; 10] = [InPlace, Pause, Replace, Swap, Rebuild, Blocked, Beside, Next, Nothing, ByUse];

    pub fn word(self) -> &'static str {
        match self {
            InPlace => "in place",
            Pause => "pause",
            Replace => "replace",
            Swap => "swap",
            Rebuild => "rebuild",
            Blocked => "blocked",
            Beside => "beside",
            Next => "next run",
            Nothing => "nothing",
            ByUse => "by use",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            InPlace => "Changed on the live resource; rows flow on meanwhile",
            Pause => {
                "Views and columns change together: the views that read Kafka are dropped first and made last, so that no row is \
                 written the old way into the new table. Ingestion stands still for about 2 s, Kafka keeps what arrives, the \
                 group's offsets stay"
            }
            Replace => {
                "The Kafka table is dropped and made again, and the members it leaves in its group are removed: ingestion stands \
                 still for about 3 s, the group's offsets stay"
            }
            Swap => {
                "A Distributed table is made beside the old one and takes its name; what the old one has queued is sent before it \
                 goes. Nothing pauses"
            }
            Rebuild => {
                "Where no ALTER makes the change, the local table is built anew beside the old one on every host: rows copied, \
                 counted and compared, names swapped, the old table kept for `lifecycle.keepOldFor`. Ingestion waits meanwhile. \
                 `lifecycle.incompatible: block` blocks it, `recreate` drops the rows instead"
            }
            Blocked => {
                "The plan shows the change and is blocked; `--recreate Topic/NAME` deletes the topic and makes it again"
            }
            Beside => {
                "The new name is made beside the old one, whose rows stay; the plan tells that it is no longer declared. A Kafka \
                 table, a hub or a view of the pipeline that is no longer declared is dropped"
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
    (K, "metadata.name", Pause, "with `renamedFrom`; without it another pipeline is made and the old one stays"),
    (P, "metadata.description", Nothing, ""),
    (T, "metadata.description", Nothing, ""),
    (K, "metadata.description", InPlace, "the comment of every object"),
    ("any", "metadata.labels", Nothing, ""),
    (P, "lifecycle.deletion", Nothing, "guards are for resources"),
    (P, "lifecycle.incompatible", Nothing, ""),
    (P, "lifecycle.state", Nothing, ""),
    (P, "lifecycle.keepOldFor", Nothing, ""),
    (T, "lifecycle.keepOldFor", Nothing, "topics are never built anew"),
    (K, "lifecycle.keepOldFor", Next, "decides how long tables stay that a rebuild replaced"),
    (T, "lifecycle.deletion", Next, "decides what `state: absent` and `--recreate` may do"),
    (K, "lifecycle.deletion", Next, "decides what `state: absent` and a recreate may do"),
    (T, "lifecycle.incompatible", Nothing, "a topic is made again by `--recreate` only"),
    (K, "lifecycle.incompatible", Next, "decides between `rebuild`, `recreate` and `block`"),
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
        Swap,
        "Distributed tables name it; on another cluster's hosts objects are made anew, those on the old ones stay",
    ),
    (P, "spec.clickhouse.ddl", Next, ""),
    (P, "spec.clickhouse.hosts", Next, "objects are made on a new host; on one that is left out they stay"),
    (P, "spec.clickhouse.kafkaBrokers", Replace, "a setting of every Kafka table"),
    (P, "spec.state", Nothing, "its form is checked; nothing is stored in this version"),
    (P, "spec.state.topic", Nothing, ""),
    (P, "spec.state.replicationFactor", Nothing, ""),
    (P, "spec.defaults", ByUse, ""),
    (P, "spec.defaults.kafkaDatabase", Replace, "of pipelines without `source.table`"),
    (P, "spec.defaults.conversions", Pause, "of pipelines with such a column"),
    (P, "spec.defaults.engine", Rebuild, "of pipelines with a target that names no engine"),
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
    (K, "spec.renamedFrom", Pause, "see `metadata.name`"),
    (K, "spec.topic", Replace, ""),
    (K, "spec.topic.external", Replace, ""),
    (K, "spec.topics", Replace, ""),
    (K, "spec.topics[].external", Replace, ""),
    (K, "spec.source", Replace, ""),
    (K, "spec.source.table", Replace, "under the new name, with the same group"),
    (K, "spec.source.columns", Replace, ""),
    (K, "spec.source.columns[].name", Replace, ""),
    (K, "spec.source.columns[].type", Replace, ""),
    (K, "spec.source.columns[].from", Nothing, "refused on the wire: a message gives the value"),
    (K, "spec.source.columns[].expression", Nothing, "refused on the wire"),
    (K, "spec.source.columns[].default", Replace, ""),
    (K, "spec.source.columns[].materialized", Replace, ""),
    (K, "spec.source.columns[].alias", Replace, ""),
    (K, "spec.source.columns[].ephemeral", Replace, ""),
    (K, "spec.source.columns[].codec", Replace, ""),
    (K, "spec.source.columns[].ttl", Replace, ""),
    (K, "spec.source.columns[].comment", Replace, ""),
    (K, "spec.source.columns[].renamedFrom", Nothing, ""),
    (K, "spec.source.format", Replace, ""),
    (K, "spec.source.schema", Replace, ""),
    (K, "spec.source.schema.file", Replace, ""),
    (K, "spec.source.schema.message", Replace, ""),
    (K, "spec.source.registry", Replace, "of a secret only the reference: its value cannot be compared"),
    (
        K,
        "spec.source.group",
        Replace,
        "`startFrom` says where it begins; without it, at the first message kept: hazard `replays-messages`",
    ),
    (K, "spec.source.consumers", Replace, ""),
    (K, "spec.source.startFrom", Next, "used when the group has no offsets yet"),
    (K, "spec.source.errors", Replace, ""),
    (K, "spec.source.errors.mode", Replace, "with `stream` a hub and the table of errors come or go, with a pause"),
    (K, "spec.source.errors.max", Replace, ""),
    (K, "spec.source.errors.table", Pause, "the old table stays with its rows"),
    (K, "spec.source.errors.topic", Pause, ""),
    (K, "spec.source.errors.topic.external", Pause, ""),
    (K, "spec.source.errors.ttl", InPlace, "hazard `shortens-retention` unless it grows"),
    (K, "spec.source.errors.where", Pause, ""),
    (K, "spec.source.settings", Replace, "the values of secrets cannot be compared"),
    (K, "spec.source.collection", Replace, ""),
    (K, "spec.source.collection.name", Replace, ""),
    (K, "spec.source.collection.overrides", Replace, ""),
    (
        K,
        "spec.source.cluster",
        Beside,
        "made on the hosts of the new cluster; on the old ones the objects stay and go on reading",
    ),
    (
        K,
        "spec.targets",
        Pause,
        "where a second one brings a hub or the last but one takes it away; else beside. Tables that are taken out stay with their rows, their views go",
    ),
    (
        K,
        "spec.targets[].table",
        Pause,
        "with `renamedFrom` the tables are renamed with their rows; without it new ones are made and the old ones stay",
    ),
    (K, "spec.targets[].external", Beside, "`true` leaves the tables as they are, `false` takes them over"),
    (K, "spec.targets[].renamedFrom", Pause, "see `table`"),
    (K, "spec.targets[].columns", Pause, ""),
    (K, "spec.targets[].columns[].name", Pause, "a column that goes takes its values with it: hazard `deletes-data`"),
    (
        K,
        "spec.targets[].columns[].type",
        Pause,
        "where every old value fits; else `rebuild`, and values that do not fit block the plan",
    ),
    (K, "spec.targets[].columns[].from", Pause, ""),
    (K, "spec.targets[].columns[].expression", InPlace, "the view alone"),
    (K, "spec.targets[].columns[].default", InPlace, ""),
    (K, "spec.targets[].columns[].materialized", InPlace, ""),
    (K, "spec.targets[].columns[].alias", InPlace, ""),
    (K, "spec.targets[].columns[].ephemeral", InPlace, ""),
    (K, "spec.targets[].columns[].codec", InPlace, ""),
    (K, "spec.targets[].columns[].ttl", InPlace, ""),
    (K, "spec.targets[].columns[].comment", InPlace, ""),
    (
        K,
        "spec.targets[].columns[].renamedFrom",
        Pause,
        "the column keeps its values; without an effect once it is renamed",
    ),
    (K, "spec.targets[].where", InPlace, "the next block passes the new SELECT"),
    (K, "spec.targets[].select", InPlace, "the next block passes the new SELECT"),
    (K, "spec.targets[].reads", Pause, ""),
    (
        K,
        "spec.targets[].backfill",
        Next,
        "decides what a table is filled with that is made then; taken out while a table is being filled, it ends that",
    ),
    (K, "spec.targets[].backfill.from", Next, ""),
    (K, "spec.targets[].writes", Pause, ""),
    (K, "spec.targets[].engine", Rebuild, ""),
    (K, "spec.targets[].partitionBy", Rebuild, ""),
    (
        K,
        "spec.targets[].orderBy",
        Rebuild,
        "in place where it only goes on with a new column and `primaryKey` is written",
    ),
    (K, "spec.targets[].primaryKey", Rebuild, ""),
    (K, "spec.targets[].sampleBy", InPlace, ""),
    (K, "spec.targets[].ttl", InPlace, "hazard `shortens-retention` unless it grows or goes"),
    (K, "spec.targets[].settings", InPlace, "those that the server does not alter (`index_granularity`): `rebuild`"),
    (K, "spec.targets[].indexes", InPlace, "old parts get it when they are merged, or with `materialize`"),
    (K, "spec.targets[].indexes[].name", InPlace, ""),
    (K, "spec.targets[].indexes[].expression", InPlace, ""),
    (K, "spec.targets[].indexes[].type", InPlace, ""),
    (K, "spec.targets[].indexes[].granularity", InPlace, ""),
    (K, "spec.targets[].indexes[].materialize", Next, "used when the index is added or changed"),
    (K, "spec.targets[].projections", InPlace, "old parts get it when they are merged, or with `materialize`"),
    (K, "spec.targets[].projections[].name", InPlace, ""),
    (K, "spec.targets[].projections[].orderBy", InPlace, ""),
    (K, "spec.targets[].projections[].query", InPlace, ""),
    (K, "spec.targets[].projections[].materialize", Next, "used when the projection is added or changed"),
    (K, "spec.targets[].constraints", InPlace, ""),
    (K, "spec.targets[].constraints[].name", InPlace, ""),
    (K, "spec.targets[].constraints[].check", InPlace, ""),
    (K, "spec.targets[].constraints[].assume", InPlace, ""),
    (K, "spec.targets[].distributed", Swap, "`none` leaves the Distributed table on the servers"),
    (
        K,
        "spec.targets[].distributed.shardingKey",
        Swap,
        "old rows stay where they are: hazard `reshards-new-rows-only`; with `reshard: true` a rebuild moves them",
    ),
    (K, "spec.targets[].distributed.reshard", Next, "decides what another `shardingKey` does"),
    (K, "spec.targets[].distributed.cluster", Swap, ""),
    (K, "spec.targets[].distributed.policy", Swap, ""),
    (K, "spec.targets[].distributed.settings", Swap, ""),
    (K, "spec.targets[].names", ByUse, ""),
    (
        K,
        "spec.targets[].names.view",
        InPlace,
        "the old view is dropped before the new one is made: no row twice, none lost",
    ),
    (K, "spec.targets[].names.local", Pause, "a new table is made; the old one stays with its rows"),
    (K, "spec.targets[].cluster", Swap, "the Distributed table names it; on the old cluster's hosts the objects stay"),
];
