//! Indexes, projections and constraints of a target.

use super::scene::Scene;
use crate::manifest::Finding;
use std::collections::BTreeMap;

/// Each has a name of its own and says exactly one thing.
pub(super) fn parts(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made() {
        let spec = target.spec;
        let path = |list: &str, i: usize| format!("{}.{list}[{i}]", target.path);
        twice(
            scene,
            "index",
            spec.indexes.iter().enumerate().map(|(i, p)| (p.name.as_str(), path("indexes", i))),
            findings,
        );
        let projections = spec.projections.iter().enumerate().map(|(i, p)| (p.name.as_str(), path("projections", i)));
        twice(scene, "projection", projections, findings);
        let constraints = spec.constraints.iter().enumerate().map(|(i, p)| (p.name.as_str(), path("constraints", i)));
        twice(scene, "constraint", constraints, findings);
        for (i, projection) in spec.projections.iter().enumerate() {
            let given = (projection.order_by.is_some(), projection.query.is_some());
            one_of(scene, "projection", ["orderBy", "query"], given, &path("projections", i), findings);
        }
        for (i, constraint) in spec.constraints.iter().enumerate() {
            let given = (constraint.check.is_some(), constraint.assume.is_some());
            one_of(scene, "constraint", ["check", "assume"], given, &path("constraints", i), findings);
        }
    }
}

/// Members of the family that merge rows need to be told what becomes of projections then.
pub(super) fn projections(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    const MODE: &str = "deduplicate_merge_projection_mode";
    let merges = |name: &str| name.ends_with("MergeTree") && !matches!(name, "MergeTree" | "ReplicatedMergeTree");
    for target in scene.made().filter(|t| merges(&t.engine.name) && !t.spec.projections.is_empty()) {
        if !target.spec.settings.contains_key(MODE) {
            let message = format!("{} merges rows, which its projections do not follow", target.engine.name);
            let place = scene.key(&format!("{}.projections", target.path));
            let finding = Finding::error("pipeline/projection-mode", message, place).label("the server refuses them");
            findings.push(finding.help(format!("set `{MODE}: rebuild` (or `drop`) in `settings`")));
        }
    }
}

fn one_of(
    scene: &Scene<'_>,
    what: &str,
    [first, second]: [&str; 2],
    given: (bool, bool),
    path: &str,
    findings: &mut Vec<Finding>,
) {
    if given.0 != given.1 {
        return;
    }
    let label = if given.0 { "both given" } else { "neither given" };
    let place = scene.at(&format!("{path}.{}", if given.0 { second } else { "name" }));
    let message = format!("a {what} has either `{first}` or `{second}`");
    findings.push(Finding::error("pipeline/one-of", message, place).label(label));
}

fn twice<'a>(
    scene: &Scene<'_>,
    what: &str,
    named: impl Iterator<Item = (&'a str, String)>,
    findings: &mut Vec<Finding>,
) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for (name, path) in named {
        let path = format!("{path}.name");
        if let Some(first) = seen.get(name) {
            let message = format!(
                "two {} are named `{name}`",
                if what == "index" { "indexes".into() } else { format!("{what}s") }
            );
            let finding = Finding::error("pipeline/part-twice", message, scene.at(&path)).label("named again");
            findings.push(finding.also(scene.at(first), "named here"));
        } else {
            seen.insert(name, path);
        }
    }
}
