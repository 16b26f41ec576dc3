//! Views: what they select, what they read, what they write into.

use super::super::columns::TargetColumn;
use super::super::select;
use super::super::target::Target;
use super::query::Query;
use super::scene::Scene;
use crate::manifest::{Finding, Writes};
use crate::model::token::tokenize;
use crate::model::{DefaultKind, Kind, ObjectName};
use std::collections::BTreeMap;

/// A written SELECT says everything: what stands beside it would be ignored.
pub(super) fn select_alone(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.targets.iter().filter(|t| t.spec.select.is_some()) {
        let mut ignored = |path: String, what: &str, help: &str| {
            let message = format!("`{what}` has no effect beside `select`");
            let finding = Finding::error("pipeline/select-alone", message, scene.key(&path)).label("would be ignored");
            findings.push(finding.help(help));
        };
        if target.spec.filter.is_some() {
            ignored(format!("{}.where", target.path), "where", "write the condition into the WHERE of `select`");
        }
        for (i, column) in target.spec.columns.iter().enumerate() {
            let path = |field: &str| format!("{}.columns[{i}].{field}", target.path);
            if column.expression.is_some() {
                ignored(path("expression"), "expression", "write the expression into `select`");
            }
            if column.from.is_some() {
                ignored(path("from"), "from", "convert the value in `select`");
            }
        }
    }
}

/// The outputs of a written SELECT are columns of the target.
pub(super) fn outputs(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.targets.iter().filter(|t| !t.columns.is_empty()) {
        let Some(text) = &target.spec.select else { continue };
        let Some(names) = select::output_names(text) else { continue };
        let path = format!("{}.select", target.path);
        // A Nested column is filled by its elements: `n.a`, `n.b`.
        let element_of = |name: &str, c: &TargetColumn| {
            let nested = c.column.data_type.as_str().starts_with("Nested");
            nested && name.strip_prefix(&c.column.name).is_some_and(|rest| rest.starts_with('.'))
        };
        let column = |name: &str| target.columns.iter().find(|c| c.column.name == name || element_of(name, c));
        for (i, name) in names.iter().enumerate() {
            let place = || output_place(scene, &path, text, i);
            if names[..i].contains(name) {
                let message = format!("the SELECT gives `{name}` twice");
                findings.push(Finding::error("pipeline/select-twice", message, place()).label("given again"));
                continue;
            }
            match column(name).map(|c| &c.column) {
                None => {
                    let message = format!("the SELECT gives `{name}`, which {} does not have", target.table);
                    let finding = Finding::error("pipeline/select-exceeds", message, place()).label("no such column");
                    let known = target.columns.iter().map(|c| c.column.name.as_str());
                    findings.push(finding.did_you_mean(name, known));
                }
                Some(computed) if !computed.is_insertable() => {
                    let kind = computed.default.as_ref().map_or("", |(kind, _)| kind.as_str());
                    let message = format!("the SELECT gives `{name}`, which {} computes itself ({kind})", target.table);
                    let finding =
                        Finding::error("pipeline/select-exceeds", message, place()).label("cannot be inserted");
                    findings.push(finding.help("leave it out of the SELECT, or make it a DEFAULT"));
                }
                Some(_) => {}
            }
        }
        let unfilled = |c: &&TargetColumn| match c.column.default {
            None => !names.iter().any(|n| *n == c.column.name || element_of(n, c)),
            Some((
                DefaultKind::Default | DefaultKind::Materialized | DefaultKind::Alias | DefaultKind::Ephemeral,
                _,
            )) => false,
        };
        let lacking: Vec<&str> = target.columns.iter().filter(unfilled).map(|c| c.column.name.as_str()).collect();
        if !lacking.is_empty() && (!target.spec.external || scene.kind() == Kind::OutgoingSink) {
            let message = format!("the SELECT does not give {}", quoted(&lacking));
            let finding =
                Finding::warning("pipeline/select-lacks", message, scene.key(&path)).label("left empty in every row");
            findings.push(finding.help(match scene.kind() {
                Kind::OutgoingSink => "add it to the SELECT",
                Kind::KafkaPipeline | Kind::ManualConsumer | Kind::Topic => {
                    "add it to the SELECT, or give the column a `default`"
                }
            }));
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// The place of an output's name in the SELECT; the whole SELECT where it is not found.
fn output_place(scene: &Scene<'_>, path: &str, text: &str, index: usize) -> crate::manifest::Place {
    use crate::model::token::{closing, split_at_commas};
    let Ok(tokens) = tokenize(text) else { return scene.at(path) };
    let mut end = 1;
    while end < tokens.len() && !tokens[end].is_word("FROM") {
        let bracket = tokens[end].is("(") || tokens[end].is("[") || tokens[end].is("{");
        end = if bracket { closing(&tokens, end).unwrap_or(end) + 1 } else { end + 1 };
    }
    let items = split_at_commas(&tokens[1.min(tokens.len())..end.min(tokens.len())]);
    match items.get(index).and_then(|item| item.last()) {
        Some(name) => scene.within(path, name.start, name.end),
        None => scene.at(path),
    }
}

/// A cascade over a table that sluice does not make.
pub(super) fn reads(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in &scene.targets {
        let Some(above) = target.reads.map(|i| &scene.targets[i]).filter(|t| t.spec.external) else { continue };
        let message = format!("the view reads {}, which sluice does not make", above.table);
        let finding = Finding::warning("pipeline/reads-external", message, scene.at(&format!("{}.reads", target.path)));
        let finding = finding.label("never fires if it is a Distributed table");
        let finding = finding.also(scene.at(&format!("{}.table", above.path)), "external");
        findings.push(
            finding.help(
                "a view fires on the hosts and tables that rows are inserted into: read a table of this pipeline",
            ),
        );
    }
}

/// What a view inserts into is on the hosts the view is on.
pub(super) fn writes(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made() {
        let here = match target.reads {
            Some(above) => scene.targets[above].cluster.as_deref(),
            None => scene.source_cluster(),
        };
        let (Some(here), Some(there)) = (here, target.cluster.as_deref()) else { continue };
        let local = target.spec.writes == Some(Writes::Local) || target.distributed.is_none();
        if local && here != there {
            let path = match target.spec.writes {
                Some(_) => format!("{}.writes", target.path),
                None => format!("{}.distributed", target.path),
            };
            let message =
                format!("the view runs on the hosts of `{here}`, but {} is on those of `{there}`", target.local);
            let finding =
                Finding::error("pipeline/writes-elsewhere", message, scene.at(&path)).label("not there to write into");
            findings.push(finding.help("write through a Distributed table, or put both on one cluster"));
        }
    }
}

/// Functions that throw on a value they cannot convert.
const THROWING: [&str; 21] = [
    "CAST",
    "toDate",
    "toDate32",
    "toDateTime",
    "toDateTime64",
    "toInt8",
    "toInt16",
    "toInt32",
    "toInt64",
    "toUInt8",
    "toUInt16",
    "toUInt32",
    "toUInt64",
    "toFloat32",
    "toFloat64",
    "toDecimal32",
    "toDecimal64",
    "toUUID",
    "parseDateTimeBestEffort",
    "parseDateTime64BestEffort",
    "accurateCast",
];

/// Under `mode: stream`, conversions in a written SELECT that stop the pipeline.
pub(super) fn unwatched(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.targets.iter().filter(|t| scene.streams() && Scene::is_direct(t)) {
        let Some(text) = &target.spec.select else { continue };
        let Ok(tokens) = tokenize(text) else { continue };
        let throwing = tokens.iter().enumerate().find(|(i, token)| {
            let called = tokens.get(i + 1).is_some_and(|t| t.is("("));
            token.is("::") || (called && token.name().is_some_and(|n| THROWING.contains(&n)))
        });
        if let Some((_, token)) = throwing {
            let place = scene.within(&format!("{}.select", target.path), token.start, token.end);
            let message =
                "a value that this cannot convert stops the pipeline: `mode: stream` cannot watch a written SELECT";
            let finding = Finding::warning("pipeline/select-unwatched", message, place).label("throws");
            findings.push(finding.help(
                "use the function's OrNull form and tell bad values in `errors.where`, or write columns instead",
            ));
        }
    }
}

/// A SELECT over the Distributed table of a target: inserts into the local tables do not reach it.
pub(super) fn reads_distributed(scenes: &[Scene<'_>], findings: &mut Vec<Finding>) {
    let keeping = scenes.iter().filter(|scene| scene.kind() != Kind::OutgoingSink);
    let all = keeping.flat_map(|scene| scene.made().map(move |target| (scene, target)));
    let over: BTreeMap<&ObjectName, (&Scene<'_>, &Target<'_>)> =
        all.filter(|(_, t)| t.distributed.is_some()).map(|(s, t)| (&t.table, (s, t))).collect();
    for scene in scenes {
        for target in &scene.targets {
            let Some(text) = &target.spec.select else { continue };
            let Some((Some(database), table, range)) = Query::read(text).and_then(|q| q.table) else { continue };
            let name = ObjectName::new(database, table);
            // The table named in `reads` stands for the local one.
            if target.reads.is_some_and(|above| scene.targets[above].table == name) {
                continue;
            }
            let Some((owner, read)) = over.get(&name) else { continue };
            let same = owner.chain.id() == scene.chain.id();
            let message = format!("{name} is a Distributed table: a view on it never fires");
            let place = scene.within(&format!("{}.select", target.path), range.start, range.end);
            let finding = Finding::error("pipeline/reads-distributed", message, place);
            let finding = finding.label(format!("rows are inserted into {}", read.local));
            let pipelines = [owner, scene].iter().all(|s| s.kind() == Kind::KafkaPipeline);
            findings.push(match same {
                _ if !pipelines => finding.help(format!("write `FROM {}`", read.local)),
                true => finding.help(format!("set `reads: {name}` and write `FROM source`")),
                false => finding.help(format!(
                    "make this a target of KafkaPipeline/{} with `reads: {name}`, and write `FROM source`",
                    owner.document.metadata.name
                )),
            });
        }
    }
}
