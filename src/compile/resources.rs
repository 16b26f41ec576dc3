//! All resources of a project that come to ClickHouse objects, and who owns what several of them declare.

use super::chain::{Chain, Written};
use super::columns::as_distributed;
use super::hub;
use super::pipeline::Build;
use super::pipeline::consumer::dead_letter_columns;
use super::project::Project;
use super::renamed;
use crate::manifest::{Finding, Place, TargetSpec};
use crate::model::{Column, Definition, DesiredObject, DesiredPipeline, Kind, ObjectName, StartFrom};
use std::collections::BTreeMap;

/// Compiles every chain and settles who owns what several of them declare.
pub(super) fn compile_all(
    project: &Project<'_>,
    chains: &[Chain],
    findings: &mut Vec<Finding>,
) -> Vec<DesiredPipeline> {
    let mut pipelines = Vec::new();
    let mut owners: BTreeMap<ObjectName, (&Chain, Definition)> = BTreeMap::new();
    for chain in chains {
        let Some(mut pipeline) = compile(chain, project, findings) else { continue };
        renamed::check(chain, chains, findings);
        if let Some(before) = before(chain, project) {
            settle_names(&mut pipeline, &before);
        }
        for object in &mut pipeline.objects {
            let name = object.definition.name.clone();
            match owners.get(&name) {
                Some((_, other)) if shareable(object, other) => object.owned_elsewhere = true,
                // Two objects of one resource: a rule tells which.
                Some((first, _)) if std::ptr::eq(*first, chain) => {}
                Some((first, _)) => findings.push(owned_twice(chain, first, &name)),
                None => {
                    owners.insert(name, (chain, object.definition.clone()));
                }
            }
        }
        pipelines.push(pipeline);
    }
    pipelines
}

fn compile(chain: &Chain, project: &Project<'_>, findings: &mut Vec<Finding>) -> Option<DesiredPipeline> {
    let build = Build::new(chain, project, findings)?;
    match &chain.written {
        Written::Pipeline => build.pipeline(findings),
        Written::Sink(_) => build.sink(findings),
        Written::Consumer(consumer) => build.consumer(&consumer.spec, findings),
    }
}

/// The resource as it was called before. What is wrong with it is wrong with the new one, and told there.
fn before(chain: &Chain, project: &Project<'_>) -> Option<DesiredPipeline> {
    compile(&chain.before(project)?, project, &mut Vec::new())
}

/// Both have the same objects in the same order: they differ in names alone.
fn settle_names(pipeline: &mut DesiredPipeline, before: &DesiredPipeline) {
    for (object, old) in pipeline.objects.iter_mut().zip(&before.objects) {
        object.renamed_from = (object.definition.name != old.definition.name).then(|| old.definition.name.clone());
    }
    if pipeline.id != before.id {
        pipeline.renamed_from = Some(before.id.clone());
        // A pipeline that moves goes on where it is.
        if pipeline.id.kind == Kind::KafkaPipeline {
            pipeline.start_from = pipeline.start_from.or(Some(StartFrom::Keep));
        }
    }
}

/// Tables of errors and of dead letters may be shared: they have the same columns whoever declares them.
fn shareable(object: &DesiredObject, other: &Definition) -> bool {
    let made = &object.definition;
    let plain = |d: &Definition| Definition { comment: String::new(), ..d.clone() };
    let kept = [hub::error_columns(), dead_letter_columns()];
    kept.into_iter().any(|c| made.columns == of_engine(made, c)) && !made.is_view() && plain(made) == plain(other)
}

fn of_engine(definition: &Definition, columns: Vec<Column>) -> Vec<Column> {
    match definition.engine.name.as_str() {
        "Distributed" => columns.iter().map(as_distributed).collect(),
        _ => columns,
    }
}

fn owned_twice(chain: &Chain, first: &Chain, name: &ObjectName) -> Finding {
    let message = format!("{} and {} both make {name}", first.id(), chain.id());
    Finding::error("project/owned-twice", message, declared_at(chain, name))
        .label("made here")
        .also(declared_at(first, name), "and here")
        .help("give one of them another name, or mark the target `external: true` to only write into it")
}

/// Where a manifest names an object, as near as its fields tell.
fn declared_at(chain: &Chain, name: &ObjectName) -> Place {
    let document = &chain.document;
    let shown = name.to_string();
    let near = |t: &TargetSpec| {
        let named = [Some(&t.table), t.names.view.as_ref(), t.names.local.as_ref()];
        named.into_iter().flatten().any(|n| *n == shown || shown.strip_prefix(n.as_str()).is_some_and(is_suffix))
    };
    match document.spec.targets.iter().position(near) {
        Some(i) => document.spans.at(&format!("spec.targets[{i}].table")),
        None => document.spans.at("spec.source.table"),
    }
}

fn is_suffix(rest: &str) -> bool {
    ["_mv", "_local", "_errors", "_errors_local", "_errors_mv", "_dead_letters", "_dead_letters_local"].contains(&rest)
}
