//! What every manifest has around its `spec`.

use super::keep_for::KeepForSpec;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The `apiVersion` this program reads.
pub const API_VERSION: &str = "sluice/v1";

/// Name and description of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Unique among the resources of its kind in the project.
    pub name: String,
    /// What it is for. Becomes the comment of the ClickHouse objects.
    #[serde(default)]
    pub description: String,
    /// Free labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Guards of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LifecycleSpec {
    /// Whether the resource and its data may be deleted. Default: `forbid`.
    #[serde(default)]
    pub deletion: DeletionSpec,
    /// What to do with a change that no ALTER makes. Default: `rebuild`.
    #[serde(default)]
    pub incompatible: IncompatibleSpec,
    /// Whether the resource should exist. Default: `present`.
    #[serde(default)]
    pub state: StateSpec,
    /// How long a table is kept after a new one with its rows took its place: `7d`, `36h` (taken up to whole days),
    /// or `0` to drop it at once. Default: `7d`.
    #[serde(default)]
    pub keep_old_for: KeepForSpec,
}

/// Whether a resource may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeletionSpec {
    /// Never.
    #[default]
    Forbid,
    /// Yes, with its data.
    Allow,
    /// Leave it on the servers and forget it.
    Orphan,
}

/// What to do with a change that no ALTER makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IncompatibleSpec {
    /// Rebuild, keeping every row.
    #[default]
    Rebuild,
    /// Drop and create again, losing the rows.
    Recreate,
    /// Refuse.
    Block,
}

/// Whether a resource should exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StateSpec {
    /// It should.
    #[default]
    Present,
    /// It should not: it is dropped when `deletion` allows.
    Absent,
}
