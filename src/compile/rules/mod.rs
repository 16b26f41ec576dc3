//! Semantic checks, as lists of rules. A rule looks at one document, or at all of a kind at once, and says
//! what it finds. It changes nothing of what is compiled, and no rule relies on another one having run.
//!
//! What is wrong for sure is an error. What only looks wrong, or what another version of a server may know,
//! is a warning: a manifest that works must never be refused.

mod aggregates;
mod amounts;
mod column_type;
mod columns;
mod consumers;
mod engines;
mod errors;
mod external;
mod formats;
mod fragments;
mod groups;
mod keys;
mod names;
mod parts;
mod project;
mod query;
mod scene;
mod secrets;
mod settings;
mod shadows;
mod sharding;
mod sorting;
mod topic_config;
mod topic_keys;
mod topic_name;
mod topics;
mod views;
mod words;

use super::chain::Chain;
use super::project::Project;
use crate::manifest::{Document, Finding, Loaded, Place, ProjectSpec, TopicSpec};
use crate::model::Kind;
use scene::Scene;
use std::collections::BTreeSet;

type Rule<T> = fn(&T, &mut Vec<Finding>);

const OF_PROJECT: &[Rule<Document<ProjectSpec>>] =
    &[project::hosts, project::conversions, project::state_topic, project::databases, secrets::in_project];

const OF_TOPIC: &[Rule<Document<TopicSpec>>] =
    &[topics::name, topics::replicas, topic_config::values, topics::segments];

const OF_PIPELINE: &[fn(&Scene<'_>, &mut Vec<Finding>)] = &[
    names::objects,
    names::twice,
    topics::read,
    groups::group,
    groups::consumers,
    formats::format,
    settings::settings,
    settings::commits,
    secrets::in_pipeline,
    errors::places,
    errors::topic,
    errors::columns,
    fragments::stay_inside,
    columns::wire,
    columns::names,
    columns::values,
    columns::types,
    columns::renames,
    keys::columns,
    sorting::primary_key,
    sorting::sampling_key,
    sorting::elements,
    sharding::sharding_key,
    engines::arguments,
    engines::null,
    engines::replicated,
    parts::parts,
    parts::projections,
    external::ignored,
    external::unknown,
    views::select_alone,
    views::outputs,
    views::reads,
    views::writes,
    views::unwatched,
    aggregates::ungrouped,
    shadows::aliases,
];

/// What is looked at of a sink; its own table is the first target, its feeds are the others.
const OF_SINK: &[fn(&Scene<'_>, &mut Vec<Finding>)] = &[
    names::objects,
    names::twice,
    topics::read,
    groups::group,
    formats::schema,
    settings::settings,
    secrets::in_pipeline,
    fragments::stay_inside,
    columns::names,
    columns::types,
    sharding::sharding_key,
    external::unknown,
    views::outputs,
];

/// What is looked at of a consumer; its table is the one target.
const OF_CONSUMER: &[fn(&Scene<'_>, &mut Vec<Finding>)] = &[
    names::objects,
    names::twice,
    topics::read,
    groups::group,
    formats::format,
    settings::settings,
    secrets::in_pipeline,
    fragments::stay_inside,
    columns::wire,
    columns::names,
    columns::values,
    columns::types,
    columns::renames,
    keys::columns,
    sorting::primary_key,
    sorting::sampling_key,
    sorting::elements,
    sharding::sharding_key,
    engines::arguments,
    engines::replicated,
    parts::parts,
    parts::projections,
    external::unknown,
    consumers::reserved,
    consumers::batches,
    consumers::deduplication,
    consumers::format_settings,
    consumers::dead_letters,
];

/// Findings that say better what another one says too, at the same place.
const SAID_BETTER: &[(&str, &str)] = &[
    ("pipeline/reads-distributed", "pipeline/select-source"),
    ("pipeline/column-twice", "pipeline/wire-conflict"),
    ("pipeline/column-fields", "pipeline/no-value"),
    ("pipeline/column-type", "pipeline/wire-conflict"),
    ("pipeline/sharding-key", "pipeline/more-than-one"),
];

/// Checks what needs no resolved project: the project itself and the topics.
pub(super) fn of_documents(loaded: &Loaded, findings: &mut Vec<Finding>) {
    if let Some(document) = &loaded.project {
        OF_PROJECT.iter().for_each(|rule| rule(document, findings));
    }
    for document in &loaded.topics {
        OF_TOPIC.iter().for_each(|rule| rule(document, findings));
    }
    topics::together(loaded, findings);
}

/// Checks what comes to ClickHouse objects.
pub(super) fn of_chains(project: &Project<'_>, chains: &[Chain], findings: &mut Vec<Finding>) {
    let scenes: Vec<Scene<'_>> = chains.iter().map(|chain| Scene::new(chain, project)).collect();
    for scene in &scenes {
        let rules = match scene.kind() {
            Kind::OutgoingSink => OF_SINK,
            Kind::ManualConsumer => OF_CONSUMER,
            Kind::KafkaPipeline | Kind::Topic => OF_PIPELINE,
        };
        rules.iter().for_each(|rule| rule(scene, findings));
    }
    groups::shared(&scenes, findings);
    views::reads_distributed(&scenes, findings);
}

/// A table that two pipelines make brings its view and its local table along: one mistake, told once. The
/// numbers of the findings to keep.
fn once_for_all(findings: &[Finding]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let first = |finding: &Finding| {
        let other = finding.also.first().map(|(place, _)| *place);
        finding.code != "project/owned-twice" || seen.insert((finding.place, other))
    };
    let kept: Vec<bool> = findings.iter().map(first).collect();
    kept.into_iter().enumerate().filter_map(|(n, keep)| keep.then_some(n)).collect()
}

/// Leaves out what another finding says better.
pub(super) fn settle(findings: &mut Vec<Finding>) {
    let better: Vec<(&str, Place)> = findings
        .iter()
        .filter(|f| SAID_BETTER.iter().any(|(better, _)| *better == f.code))
        .filter_map(|f| Some((f.code, f.place?)))
        .collect();
    let superseded = |finding: &Finding| {
        let worse = SAID_BETTER.iter().filter(|(_, worse)| *worse == finding.code);
        let overlaps = |a: Place, b: Place| a.file == b.file && a.start <= b.end && b.start <= a.end;
        finding.place.is_some_and(|place| {
            worse.clone().any(|(code, _)| better.iter().any(|(c, p)| c == code && overlaps(*p, place)))
        })
    };
    let once = once_for_all(findings);
    let mut number = 0..;
    findings.retain(|f| number.next().is_some_and(|n| once.contains(&n)) && !superseded(f));
}
