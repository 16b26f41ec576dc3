//! Engines of targets: the columns their arguments name, and what goes together with them.

use super::super::target::Target;
use super::scene::Scene;
use super::sorting::elements_of;
use crate::manifest::{Finding, Place};
use crate::model::data_type::usual;
use crate::model::token::{TokenKind, split_at_commas, text_of, tokenize, unwrapped};

/// An argument and where it stands in the engine's text.
struct Argument<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    /// The column, where it is nothing but a name.
    column: Option<String>,
    is_text: bool,
}

/// Types that no version column has.
const NO_VERSIONS: [&str; 16] = [
    "String",
    "FixedString",
    "UUID",
    "Nullable",
    "LowCardinality(String)",
    "Enum",
    "Enum8",
    "Enum16",
    "IPv4",
    "IPv6",
    "Decimal",
    "JSON",
    "Array",
    "Map",
    "Tuple",
    "Nested",
];

/// Arguments of the family members: as many as there must be, columns that are there, of the right type.
pub(super) fn arguments(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made().filter(|t| t.engine.is_merge_tree() && !t.columns.is_empty()) {
        let text = target.spec.engine.as_deref().unwrap_or(&scene.project.engine);
        let Some(arguments) = arguments_of(text) else { continue };
        let mut arguments = arguments.as_slice();
        let name = target.engine.name.strip_prefix("Replicated").unwrap_or(&target.engine.name);
        if target.engine.is_replicated() {
            let path = arguments.iter().take_while(|a| a.is_text).count();
            arguments = &arguments[path..];
        }
        let whole = || scene.at(&format!("{}.engine", target.path));
        let Some((takes, least, most)) = signature(name) else { continue };
        if arguments.len() < least || arguments.len() > most {
            let given = match arguments.len() {
                0 => "none".to_owned(),
                count => count.to_string(),
            };
            let message = format!("{name} takes {takes}");
            findings
                .push(Finding::error("pipeline/engine-arguments", message, whole()).label(format!("{given} given")));
            continue;
        }
        for (i, argument) in arguments.iter().enumerate() {
            let place = match &target.spec.engine {
                Some(_) => scene.within(&format!("{}.engine", target.path), argument.start, argument.end),
                None => whole(),
            };
            match name {
                "SummingMergeTree" | "CoalescingMergeTree" => summed(target, argument, place, findings),
                "ReplacingMergeTree" | "CollapsingMergeTree" | "VersionedCollapsingMergeTree" => {
                    column(target, (name, i), argument, place, findings);
                }
                _ => {}
            }
        }
    }
}

/// What an engine takes, in words, and how many at least and at most.
fn signature(name: &str) -> Option<(&'static str, usize, usize)> {
    Some(match name {
        "MergeTree" => ("no arguments", 0, 0),
        "AggregatingMergeTree" => ("no arguments: the columns' types say how they aggregate", 0, 0),
        "ReplacingMergeTree" => ("a version column and a column that marks deleted rows, both optional", 0, 2),
        "SummingMergeTree" => ("one list of columns, in brackets: `SummingMergeTree((a, b))`", 0, 1),
        "CoalescingMergeTree" => ("one list of columns, in brackets: `CoalescingMergeTree((a, b))`", 0, 1),
        "CollapsingMergeTree" => ("the sign column", 1, 1),
        "VersionedCollapsingMergeTree" => ("the sign column and the version column", 2, 2),
        "GraphiteMergeTree" => ("the name of its configuration", 1, 1),
        _ => return None,
    })
}

fn arguments_of(text: &str) -> Option<Vec<Argument<'_>>> {
    let tokens = tokenize(text).ok()?;
    let inside = match tokens.as_slice() {
        [_] => &[],
        [_, open, inside @ .., close] if open.is("(") && close.is(")") => inside,
        _ => return None,
    };
    let argument = |part: &[crate::model::token::Token]| {
        let single = match part {
            [single] => Some(&single.kind),
            _ => None,
        };
        Argument {
            text: text_of(text, part),
            start: part.first().map_or(0, |t| t.start),
            end: part.last().map_or(0, |t| t.end),
            column: match single {
                Some(TokenKind::Word(name) | TokenKind::Quoted(name)) => Some(name.clone()),
                Some(TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Mark(_)) | None => None,
            },
            is_text: matches!(single, Some(TokenKind::Text(_))),
        }
    };
    Some(split_at_commas(inside).into_iter().map(argument).collect())
}

fn column(
    target: &Target<'_>,
    (engine, i): (&str, usize),
    argument: &Argument<'_>,
    place: Place,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = &argument.column else {
        let message = format!("`{}` is no column: {engine} takes names here", argument.text);
        findings.push(Finding::error("pipeline/engine-arguments", message, place));
        return;
    };
    let Some(found) = target.columns.iter().find(|c| c.column.name == *name) else {
        return findings.push(unknown(target, name, place));
    };
    let data_type = usual(found.column.data_type.as_str());
    let wanted = match (engine, i) {
        ("ReplacingMergeTree", 1) => (data_type != "UInt8").then_some("a column that marks deleted rows is UInt8"),
        ("CollapsingMergeTree" | "VersionedCollapsingMergeTree", 0) => {
            (data_type != "Int8").then_some("a sign column is Int8: 1 for a state, -1 for its cancellation")
        }
        _ => {
            let unfit = NO_VERSIONS.iter().any(|t| data_type == *t || data_type.starts_with(&format!("{t}(")));
            unfit.then_some("a version is a whole number, a Date or a DateTime")
        }
    };
    if let Some(wanted) = wanted {
        let message = format!("{engine} cannot use `{name}`, which is {data_type}");
        findings.push(Finding::error("pipeline/engine-arguments", message, place).label("wrong type").help(wanted));
    }
}

/// Columns to sum: they are there, and not in the sorting key.
fn summed(target: &Target<'_>, argument: &Argument<'_>, place: Place, findings: &mut Vec<Finding>) {
    let Ok(tokens) = tokenize(argument.text) else { return };
    let names = split_at_commas(unwrapped(&tokens)).into_iter().filter_map(|part| match part {
        [single] => single.name().map(|n| (n.to_owned(), single.start)),
        _ => None,
    });
    let sorted = target.spec.order_by.as_deref().and_then(elements_of).unwrap_or_default();
    for (name, start) in names {
        // A place inside of the text only where the text itself was found.
        let place = match place.end - place.start == argument.text.len() {
            true => {
                let start = place.start + start;
                Place { start, end: start + name.len(), ..place }
            }
            false => place,
        };
        // `n.a` names a part of a Nested column.
        if !target.columns.iter().any(|c| c.column.name == name) {
            findings.push(unknown(target, &name, place));
        } else if sorted.iter().any(|e| e.column.as_ref() == Some(&name)) {
            let message = format!("`{name}` is in the sorting key: it cannot be summed up too");
            findings.push(Finding::error("pipeline/engine-arguments", message, place).label("also in `orderBy`"));
        }
    }
}

fn unknown(target: &Target<'_>, name: &str, place: Place) -> Finding {
    let message = format!("`{name}` is no column of {}", target.table);
    let finding = Finding::error("pipeline/unknown-column", message, place).label("not known");
    finding.did_you_mean(name, target.columns.iter().map(|c| c.column.name.as_str()))
}

/// A Null table keeps nothing, so nothing can be said about what it keeps.
pub(super) fn null(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made().filter(|t| t.engine.name == "Null") {
        let spec = target.spec;
        let given = [
            (spec.partition_by.is_some(), "partitionBy"),
            (spec.order_by.is_some(), "orderBy"),
            (spec.primary_key.is_some(), "primaryKey"),
            (spec.sample_by.is_some(), "sampleBy"),
            (spec.ttl.is_some(), "ttl"),
            (!spec.settings.is_empty(), "settings"),
            (!spec.indexes.is_empty(), "indexes"),
            (!spec.projections.is_empty(), "projections"),
        ];
        let mut refused = |field: &str, path: &str| {
            let finding =
                Finding::error("pipeline/null-engine", format!("a Null table takes no `{field}`"), scene.key(path));
            findings.push(finding.label("it keeps no rows").help("put it on the targets that read this one"));
        };
        for (_, field) in given.into_iter().filter(|(given, _)| *given) {
            refused(field, &format!("{}.{field}", target.path));
        }
        for (i, _) in spec.columns.iter().enumerate().filter(|(_, c)| c.ttl.is_some()) {
            refused("ttl", &format!("{}.columns[{i}].ttl", target.path));
        }
    }
}

/// A replicated table without other hosts.
pub(super) fn replicated(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let written = |t: &&Target<'_>| t.spec.engine.is_some() && t.engine.is_replicated() && t.cluster.is_none();
    for target in scene.made().filter(written) {
        let message = format!("{} replicates, but the project names no cluster", target.engine.name);
        let place = scene.at(&format!("{}.engine", target.path));
        let finding = Finding::warning("pipeline/replicated-alone", message, place).label("made on one server only");
        findings.push(
            finding.help("name `spec.clickhouse.cluster` in the project, or use the engine without `Replicated`"),
        );
    }
}
