//! A target, names and engine resolved.

use super::columns::{self, ColumnValue, TargetColumn};
use super::engine;
use super::project::Project;
use crate::manifest::{DistributedSpec, Distribution, Document, Finding, KafkaPipelineSpec, TargetSpec, Writes};
use crate::model::consumption::METADATA;
use crate::model::{Column, DefaultKind, Engine, Fragment, ObjectName};

/// One target of a pipeline.
pub(super) struct Target<'a> {
    pub spec: &'a TargetSpec,
    /// `spec.targets[i]`, for findings.
    pub path: String,
    /// The name readers use.
    pub table: ObjectName,
    /// The table with the rows.
    pub local: ObjectName,
    pub view: ObjectName,
    /// The Distributed table, where there is one.
    pub distributed: Option<DistributedSpec>,
    pub columns: Vec<TargetColumn>,
    pub engine: Engine,
    /// Index of the target it reads; `None` reads the source.
    pub reads: Option<usize>,
    /// The table the view inserts into.
    pub writes: ObjectName,
    /// The cluster that keeps the rows.
    pub cluster: Option<String>,
}

/// Resolves all targets; those with a name that is none are left out, with a finding.
pub(super) fn resolve_all<'a>(
    document: &'a Document<KafkaPipelineSpec>,
    project: &Project<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Target<'a>> {
    let specs = &document.spec.targets;
    let mut targets: Vec<Target<'a>> = Vec::new();
    for (i, spec) in specs.iter().enumerate() {
        if let Some(target) = resolve(document, spec, &format!("spec.targets[{i}]"), project, findings) {
            targets.push(target);
        }
    }
    for i in 0..targets.len() {
        targets[i].reads = reads(document, &targets, i, findings);
    }
    targets
}

/// Resolves one target written at `path`.
pub(super) fn resolve<'a>(
    document: &Document<KafkaPipelineSpec>,
    spec: &'a TargetSpec,
    path: &str,
    project: &Project<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Target<'a>> {
    let mut name = |text: &str, field: &str| object_name(document, text, &format!("{path}.{field}"), findings);
    let table = name(&spec.table, "table")?;
    let cluster = spec.cluster.clone().or_else(|| project.topology.cluster().map(str::to_owned));
    let distributed = match (&spec.distributed, &cluster) {
        _ if spec.external => None,
        (Some(Distribution::None), _) | (_, None) => None,
        (Some(Distribution::Over(over)), Some(_)) => Some(over.clone()),
        (None, Some(_)) => Some(DistributedSpec::default()),
    };
    let local = match (&spec.names.local, &distributed) {
        (Some(local), _) => name(local, "names.local")?,
        (None, Some(_)) => table.with_suffix("_local"),
        (None, None) => table.clone(),
    };
    let view = match &spec.names.view {
        Some(view) => name(view, "names.view")?,
        None => table.with_suffix("_mv"),
    };
    let writes = match (spec.writes, &distributed) {
        (Some(Writes::Local), _) => local.clone(),
        (Some(Writes::Distributed) | None, Some(_)) => table.clone(),
        (Some(Writes::Distributed), None) if !spec.external => {
            let place = document.spans.at(&format!("{path}.writes"));
            let message = "the view is to write to a Distributed table, but this target has none";
            findings.push(Finding::error("pipeline/no-distributed", message, place).help("leave `writes` out"));
            local.clone()
        }
        (Some(Writes::Distributed) | None, None) => local.clone(),
    };
    Some(Target {
        engine: engine(document, spec, path, project, findings),
        columns: spec.columns.iter().map(|c| columns::resolve(c, project)).chain(metadata(spec.consumed)).collect(),
        spec,
        path: path.to_owned(),
        table,
        local,
        view,
        distributed,
        reads: None,
        writes,
        cluster,
    })
}

/// The columns in which a row tells how it was consumed: nothing on the wire fills them.
fn metadata(consumed: bool) -> impl Iterator<Item = TargetColumn> {
    METADATA.into_iter().filter(move |_| consumed).map(|(name, data_type, default)| {
        let default = default.map(|text| (DefaultKind::Default, Some(Fragment::new(text))));
        TargetColumn { column: Column { default, ..Column::new(name, data_type) }, value: ColumnValue::Table }
    })
}

fn engine(
    document: &Document<KafkaPipelineSpec>,
    spec: &TargetSpec,
    path: &str,
    project: &Project<'_>,
    findings: &mut Vec<Finding>,
) -> Engine {
    let text = spec.engine.as_deref().unwrap_or(&project.engine);
    let engine = engine::parse(text).filter(|e| e.is_merge_tree() || e.name == "Null");
    engine.unwrap_or_else(|| {
        let place = document.spans.at(&format!("{path}.engine"));
        let message = format!("`{text}` is no engine a target can have");
        let help = "any MergeTree family engine with its arguments, or Null for a hub";
        findings.push(Finding::error("pipeline/engine", message, place).help(help));
        Engine::plain("MergeTree")
    })
}

fn reads(
    document: &Document<KafkaPipelineSpec>,
    targets: &[Target<'_>],
    index: usize,
    findings: &mut Vec<Finding>,
) -> Option<usize> {
    let target = &targets[index];
    let written = target.spec.reads.as_ref()?;
    let place = document.spans.at(&format!("{}.reads", target.path));
    let named = |t: &Target<'_>| t.table.to_string() == *written || t.local.to_string() == *written;
    match targets.iter().position(named) {
        // One finding a loop: its first target tells.
        Some(found) if loops(targets, index, found).is_some_and(|first| first < index) => None,
        Some(found) if loops(targets, index, found).is_some() => {
            let message = format!("the cascade loops: {written} is filled from {}", target.table);
            findings.push(Finding::error("pipeline/cascade-loop", message, place));
            None
        }
        Some(found) => Some(found),
        None => {
            let message = format!("`{written}` is no target of this pipeline");
            let finding = Finding::error("pipeline/unknown-target", message, place);
            let known: Vec<String> = targets.iter().map(|t| t.table.to_string()).collect();
            findings.push(finding.did_you_mean(written, known.iter().map(String::as_str)));
            None
        }
    }
}

/// The first target of the loop, if `from` is filled, directly or not, from `start`.
fn loops(targets: &[Target<'_>], start: usize, from: usize) -> Option<usize> {
    let by_name = |written: &String| {
        targets.iter().position(|t| t.table.to_string() == *written || t.local.to_string() == *written)
    };
    let (mut at, mut first) = (from, start);
    for _ in 0..=targets.len() {
        if at == start {
            return Some(first);
        }
        first = first.min(at);
        at = targets[at].spec.reads.as_ref().and_then(by_name)?;
    }
    None
}

/// `database.table`, or a finding.
pub(super) fn object_name(
    document: &Document<KafkaPipelineSpec>,
    text: &str,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Option<ObjectName> {
    let name = ObjectName::parse(text);
    if name.is_none() {
        let message = format!("`{text}` is no qualified table name");
        let finding = Finding::error("pipeline/invalid-name", message, document.spans.at(path));
        findings.push(finding.help("write database.table"));
    }
    name
}
