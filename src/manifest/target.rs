//! A target of a pipeline: its table or tables, and the view that fills it.

use super::value::{MaybeSecret, word_or_map};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Where rows go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetSpec {
    /// `database.table`: on a cluster the Distributed table, on a single server the table itself.
    pub table: String,
    /// The table belongs to another pipeline or to nobody here: only the view is made.
    #[serde(default)]
    pub external: bool,
    /// The name the table had before, as `database.table`: it is renamed with its rows, and what lies over it or
    /// writes into it is made under the new names. Without an effect once that is done.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// Columns of the table.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Which rows, an expression over the columns of what is read.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// The whole SELECT of the view. `FROM source` stands for what the view reads. That table may also stand there by its
    /// own name, and is then left as it is written.
    #[serde(default)]
    pub select: Option<String>,
    /// Table of another target of this pipeline that the view reads instead of the source.
    #[serde(default)]
    pub reads: Option<String>,
    /// What the table is filled with when it is added to a pipeline that runs: `earliest`, every message that is still
    /// in the topic (of a target that reads another one: every row that one has), or `{from: TABLE}`, the rows of
    /// another target of this pipeline. Without an effect on a table that is there. Default: only what comes from then on.
    #[serde(default)]
    pub backfill: Option<Backfill>,
    /// What the view inserts into. Default: `distributed` where there is one.
    #[serde(default)]
    pub writes: Option<Writes>,
    /// Engine of the local table with its arguments. Default: `MergeTree`.
    #[serde(default)]
    pub engine: Option<String>,
    /// Partition key.
    #[serde(default)]
    pub partition_by: Option<String>,
    /// Sorting key.
    #[serde(default)]
    pub order_by: Option<String>,
    /// Primary key, where it is shorter than the sorting key.
    #[serde(default)]
    pub primary_key: Option<String>,
    /// Sampling key.
    #[serde(default)]
    pub sample_by: Option<String>,
    /// Table TTL.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Settings of the local table.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
    /// Data skipping indexes.
    #[serde(default)]
    pub indexes: Vec<IndexSpec>,
    /// Projections.
    #[serde(default)]
    pub projections: Vec<ProjectionSpec>,
    /// Constraints.
    #[serde(default)]
    pub constraints: Vec<ConstraintSpec>,
    /// The Distributed table, or `none`.
    #[serde(default)]
    pub distributed: Option<Distribution>,
    /// Names of the view and of the local table.
    #[serde(default)]
    pub names: NamesSpec,
    /// Cluster whose hosts keep the rows, if not the project's.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Whether its rows tell how they were consumed; no field of a manifest.
    #[serde(skip)]
    pub consumed: bool,
}

/// What the view inserts into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Writes {
    /// The Distributed table: rows go to their shard.
    Distributed,
    /// The local table: rows stay where they were consumed.
    Local,
}

/// What a new target is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backfill {
    /// What there is from the beginning of what it reads.
    Earliest,
    /// The rows of another target.
    From(String),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BackfillFields {
    /// Table of another target of this pipeline.
    from: String,
}

word_or_map!(
    Backfill,
    "`earliest` or {from: TABLE}",
    |word| (word == "earliest").then_some(Backfill::Earliest),
    BackfillFields => |b| Backfill::From(b.from)
);

impl JsonSchema for Backfill {
    fn schema_name() -> Cow<'static, str> {
        "Backfill".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let from = generator.subschema_for::<BackfillFields>();
        json_schema!({"anyOf": [{"const": "earliest"}, from]})
    }
}

/// A column of a target, or of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnSpec {
    /// Name.
    pub name: String,
    /// ClickHouse type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Type on the wire, where it differs.
    #[serde(default)]
    pub from: Option<String>,
    /// Value, an expression over the wire columns and the virtual ones (`_offset`): not on the wire.
    #[serde(default)]
    pub expression: Option<String>,
    /// DEFAULT expression. Without `from` the column is not on the wire.
    #[serde(default)]
    pub default: Option<String>,
    /// MATERIALIZED expression.
    #[serde(default)]
    pub materialized: Option<String>,
    /// ALIAS expression.
    #[serde(default)]
    pub alias: Option<String>,
    /// EPHEMERAL; an empty text is EPHEMERAL without a default.
    #[serde(default)]
    pub ephemeral: Option<String>,
    /// Inside of CODEC(…).
    #[serde(default)]
    pub codec: Option<String>,
    /// Column TTL.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Column comment.
    #[serde(default)]
    pub comment: Option<String>,
    /// Earlier name: the column is renamed, not dropped and added.
    #[serde(default)]
    pub renamed_from: Option<String>,
}

/// A data skipping index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexSpec {
    /// Name.
    pub name: String,
    /// What it covers.
    pub expression: String,
    /// Type with its arguments, e.g. `minmax`, `bloom_filter(0.01)`.
    #[serde(rename = "type")]
    pub index_type: String,
    /// Granules per mark. Default: 1.
    #[serde(default)]
    pub granularity: Option<u64>,
    /// Whether it is written for old rows too when it is added or changed. Default: only new parts have it.
    #[serde(default)]
    pub materialize: bool,
}

/// A projection: by `orderBy` over all columns, or by its `query`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectionSpec {
    /// Name.
    pub name: String,
    /// Sorting key of `SELECT *`.
    #[serde(default)]
    pub order_by: Option<String>,
    /// The SELECT.
    #[serde(default)]
    pub query: Option<String>,
    /// Whether it is written for old rows too when it is added or changed. Default: only new parts have it.
    #[serde(default)]
    pub materialize: bool,
}

/// A constraint: `check` or `assume`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConstraintSpec {
    /// Name.
    pub name: String,
    /// Condition every inserted row must meet.
    #[serde(default)]
    pub check: Option<String>,
    /// Condition the optimiser may rely on.
    #[serde(default)]
    pub assume: Option<String>,
}

/// The Distributed table of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distribution {
    /// None: the target is local to each host.
    None,
    /// As described.
    Over(DistributedSpec),
}

/// A Distributed table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistributedSpec {
    /// Integer expression that chooses the shard. Default: `rand()`; of a manual consumer's table `kafka_offset`.
    #[serde(default)]
    pub sharding_key: Option<String>,
    /// Whether old rows move to their shards when the sharding key changes. Default: `false`.
    #[serde(default)]
    pub reshard: bool,
    /// Cluster it spreads over. Default: the target's.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Storage policy of its queue.
    #[serde(default)]
    pub policy: Option<String>,
    /// Settings of the Distributed engine.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
}

word_or_map!(
    Distribution,
    "`none` or {shardingKey, reshard, cluster, policy, settings}",
    |word| (word == "none").then_some(Distribution::None),
    DistributedSpec => Distribution::Over
);

impl JsonSchema for Distribution {
    fn schema_name() -> Cow<'static, str> {
        "Distribution".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let over = generator.subschema_for::<DistributedSpec>();
        json_schema!({"anyOf": [{"const": "none"}, over]})
    }
}

/// Names of a target's objects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamesSpec {
    /// `database.view`. Default: `<table>_mv`.
    #[serde(default)]
    pub view: Option<String>,
    /// `database.table` of the local table. Default: `<table>_local`.
    #[serde(default)]
    pub local: Option<String>,
}
