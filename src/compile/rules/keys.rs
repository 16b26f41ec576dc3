//! Every expression over the columns of a target names columns that are there.

use super::super::target::Target;
use super::scene::Scene;
use super::words::{Known, known_columns};
use crate::manifest::{Distribution, Finding};
use crate::model::DefaultKind;
use std::collections::BTreeMap;

/// Columns every MergeTree table has without declaring them.
const VIRTUAL: [&str; 14] = [
    "_part",
    "_part_index",
    "_part_starting_offset",
    "_part_uuid",
    "_part_offset",
    "_part_granule_offset",
    "_part_data_version",
    "_partition_id",
    "_partition_value",
    "_disk_name",
    "_sample_factor",
    "_row_exists",
    "_block_number",
    "_block_offset",
];

/// Keys, TTLs, indexes, projections, constraints and defaults of the tables sluice makes.
pub(super) fn columns(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made().filter(|t| !t.columns.is_empty()) {
        let stored = named(target, |kind| !matches!(kind, DefaultKind::Alias | DefaultKind::Ephemeral));
        let readable = named(target, |kind| kind != DefaultKind::Ephemeral);
        let all = named(target, |_| true);
        let mut check = |text: &str, field: &str, known: &Known<'_>| {
            known_columns(scene, text, &format!("{}.{field}", target.path), known, findings);
        };
        let spec = target.spec;
        let keys = [
            (&spec.partition_by, "partitionBy"),
            (&spec.order_by, "orderBy"),
            (&spec.primary_key, "primaryKey"),
            (&spec.sample_by, "sampleBy"),
        ];
        for (text, field) in keys {
            text.iter().for_each(|text| check(text, field, &stored));
        }
        spec.ttl.iter().for_each(|text| check(text, "ttl", &readable));
        for (i, index) in spec.indexes.iter().enumerate() {
            check(&index.expression, &format!("indexes[{i}].expression"), &readable);
        }
        for (i, projection) in spec.projections.iter().enumerate() {
            // A whole query may define names in ways only the server can follow.
            projection.order_by.iter().for_each(|text| check(text, &format!("projections[{i}].orderBy"), &readable));
        }
        for (i, constraint) in spec.constraints.iter().enumerate() {
            constraint.check.iter().for_each(|text| check(text, &format!("constraints[{i}].check"), &stored));
            constraint.assume.iter().for_each(|text| check(text, &format!("constraints[{i}].assume"), &stored));
        }
        for (i, column) in spec.columns.iter().enumerate() {
            let given = [
                (&column.default, "default"),
                (&column.materialized, "materialized"),
                (&column.alias, "alias"),
                (&column.ephemeral, "ephemeral"),
                (&column.ttl, "ttl"),
            ];
            for (text, field) in given {
                text.iter().for_each(|text| check(text, &format!("columns[{i}].{field}"), &all));
            }
        }
        if let (Some(Distribution::Over(over)), Some(_)) = (&spec.distributed, &target.distributed) {
            over.sharding_key.iter().for_each(|text| check(text, "distributed.shardingKey", &readable));
        }
    }
}

/// The columns of a target, those with a default only when `wanted`.
fn named<'a>(target: &'a Target<'_>, wanted: fn(DefaultKind) -> bool) -> Known<'a> {
    let mut known =
        Known { names: VIRTUAL.into_iter().collect(), computed: BTreeMap::new(), of: target.table.to_string() };
    for column in target.columns.iter().map(|c| &c.column) {
        match &column.default {
            Some((kind, _)) if !wanted(*kind) => {
                known.computed.insert(&column.name, kind.as_str());
            }
            Some(_) | None => {
                known.names.insert(&column.name);
            }
        }
    }
    known
}
