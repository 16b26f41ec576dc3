//! The tables of a target: the one with the rows and the Distributed one over it.

use super::columns;
use super::source::setting;
use super::target::Target;
use crate::manifest::{DistributedSpec, ProjectionSpec};
use crate::model::{Constraint, Definition, Engine, EngineArg, Fragment, Index, Projection, SettingValue};
use std::collections::BTreeMap;
use std::path::Path;

/// Granules per mark of an index whose author names none, as the server's default.
const INDEX_GRANULARITY: u64 = 1;

pub(super) fn local(target: &Target<'_>, comment: String, directory: &Path) -> Definition {
    let spec = target.spec;
    let fragment = |text: &Option<String>| text.as_deref().map(Fragment::new);
    let order_by = fragment(&spec.order_by).or_else(|| target.engine.is_merge_tree().then(|| Fragment::new("tuple()")));
    Definition {
        columns: target.columns.iter().map(|c| c.column.clone()).collect(),
        indexes: spec
            .indexes
            .iter()
            .map(|i| Index {
                name: i.name.clone(),
                expression: Fragment::new(&i.expression),
                index_type: Fragment::new(&i.index_type),
                granularity: Some(i.granularity.unwrap_or(INDEX_GRANULARITY)),
            })
            .collect(),
        projections: spec.projections.iter().map(projection).collect(),
        constraints: spec
            .constraints
            .iter()
            .map(|c| Constraint {
                name: c.name.clone(),
                assume: c.assume.is_some(),
                expression: Fragment::new(c.assume.as_deref().or(c.check.as_deref()).unwrap_or_default()),
            })
            .collect(),
        partition_by: fragment(&spec.partition_by),
        order_by,
        primary_key: fragment(&spec.primary_key),
        sample_by: fragment(&spec.sample_by),
        ttl: fragment(&spec.ttl),
        settings: spec.settings.iter().map(|(k, v)| (k.clone(), setting(v, directory))).collect(),
        comment,
        ..Definition::new(target.local.clone(), target.engine.clone())
    }
}

fn projection(spec: &ProjectionSpec) -> Projection {
    let query = match (&spec.query, &spec.order_by) {
        (Some(query), _) => Fragment::new(query),
        (None, order_by) => Fragment::new(format!("SELECT * ORDER BY {}", order_by.as_deref().unwrap_or_default())),
    };
    Projection { name: spec.name.clone(), query }
}

pub(super) fn distributed(
    target: &Target<'_>,
    over: &DistributedSpec,
    comment: String,
    directory: &Path,
) -> Definition {
    let text = |t: &str| EngineArg::Text(t.to_owned());
    let cluster = over.cluster.as_deref().or(target.cluster.as_deref()).unwrap_or_default();
    let sharding_key = over.sharding_key.as_deref().unwrap_or("rand()");
    let mut args = vec![
        text(cluster),
        text(&target.local.database),
        text(&target.local.table),
        EngineArg::Expression(Fragment::new(sharding_key)),
    ];
    args.extend(over.policy.as_deref().map(text));
    let settings: BTreeMap<String, SettingValue> =
        over.settings.iter().map(|(k, v)| (k.clone(), setting(v, directory))).collect();
    Definition {
        columns: target.columns.iter().map(|c| columns::as_distributed(&c.column)).collect(),
        settings,
        comment,
        ..Definition::new(target.table.clone(), Engine { name: "Distributed".into(), args })
    }
}
