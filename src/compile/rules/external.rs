//! Targets that sluice does not make, and targets it could not make.

use super::scene::Scene;
use crate::manifest::Finding;
use crate::model::Kind;

/// What is said about a table that is not made.
pub(super) fn ignored(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (path, spec) in scene.specs().filter(|(_, spec)| spec.external) {
        let given = [
            (spec.engine.is_some(), "engine"),
            (spec.partition_by.is_some(), "partitionBy"),
            (spec.order_by.is_some(), "orderBy"),
            (spec.primary_key.is_some(), "primaryKey"),
            (spec.sample_by.is_some(), "sampleBy"),
            (spec.ttl.is_some(), "ttl"),
            (!spec.settings.is_empty(), "settings"),
            (!spec.indexes.is_empty(), "indexes"),
            (!spec.projections.is_empty(), "projections"),
            (!spec.constraints.is_empty(), "constraints"),
            (spec.distributed.is_some(), "distributed"),
            (spec.names.local.is_some(), "names.local"),
        ];
        for (_, field) in given.into_iter().filter(|(given, _)| *given) {
            let message = format!("`{field}` is about a table that sluice does not make: {} is external", spec.table);
            let place = scene.key(&format!("{path}.{field}"));
            let finding = Finding::error("pipeline/external-ignores", message, place).label("would be ignored");
            findings.push(finding.help("leave it out, or take `external: true` away"));
        }
    }
}

/// A target of which nothing is known.
pub(super) fn unknown(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (path, spec) in scene.specs().filter(|(_, spec)| spec.columns.is_empty()) {
        let place = scene.at(&format!("{path}.table"));
        if spec.external {
            if spec.select.is_none() {
                let message = format!("nothing says what is written into {}", spec.table);
                let finding =
                    Finding::error("pipeline/no-columns", message, place).label("no `columns` and no `select`");
                findings.push(finding.help("list the columns to fill, or write the whole SELECT"));
            }
        } else {
            let message = format!("{} has no columns", spec.table);
            let finding = Finding::error("pipeline/no-columns", message, place).label("no `columns`");
            findings.push(finding.help(match scene.kind() {
                Kind::KafkaPipeline | Kind::Topic => {
                    "list its columns, or mark the target `external: true` if the table is there already"
                }
                Kind::OutgoingSink | Kind::ManualConsumer => "list its columns",
            }));
        }
    }
}
