//! Columns, of the Kafka table and of targets: names, values, types.

use super::super::columns::ColumnValue;
use super::super::hub::REASON;
use super::super::wire::{VIRTUAL, VIRTUAL_OF_STREAM};
use super::column_type;
use super::scene::Scene;
use crate::manifest::{ColumnSpec, Finding, Severity};
use std::collections::BTreeMap;

/// Every list of columns with its path.
fn lists<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (String, &'a [ColumnSpec])> {
    let source = ("spec.source.columns".to_owned(), scene.source().columns.as_slice());
    std::iter::once(source)
        .chain(scene.specs().map(|(path, spec)| (format!("{path}.columns"), spec.columns.as_slice())))
}

/// What a column of the Kafka table cannot have.
pub(super) fn wire(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (i, column) in scene.source().columns.iter().enumerate() {
        let path = |field: &str| format!("spec.source.columns[{i}].{field}");
        let given = [
            (
                column.from.is_some(),
                "from",
                "write the type on the wire in `type`, and convert in the target's columns",
            ),
            (column.expression.is_some(), "expression", "compute it in a target's columns"),
            (column.default.is_some(), "default", "put it on the target's column"),
            (column.materialized.is_some(), "materialized", "put it on the target's column"),
            (column.alias.is_some(), "alias", "put it on the target's column"),
            (column.ephemeral.is_some(), "ephemeral", "put it on the target's column"),
            (column.codec.is_some(), "codec", "put it on the target's column"),
            (column.ttl.is_some(), "ttl", "put it on the target's column"),
            (column.renamed_from.is_some(), "renamedFrom", "a Kafka table keeps nothing: write the new name only"),
        ];
        for (_, field, help) in given.into_iter().filter(|(given, ..)| *given) {
            let message = format!("`{}` is a column on the wire: it takes no `{field}`", column.name);
            let finding = Finding::error("pipeline/source-column", message, scene.key(&path(field)));
            findings.push(finding.label("a message gives the value").help(help));
        }
        virtual_name(
            scene,
            &column.name,
            &path("name"),
            "leave it out here: it is there without being declared",
            findings,
        );
    }
    if scene.source().columns.is_empty() {
        for target in scene.targets.iter().filter(|t| Scene::is_direct(t) && t.spec.select.is_none()) {
            let on_the_wire =
                target.columns.iter().enumerate().filter(|(_, c)| matches!(c.value, ColumnValue::Read(_)));
            for (i, column) in on_the_wire {
                let name = &column.column.name;
                let help = format!("write `expression: {name}` for what Kafka says");
                virtual_name(scene, name, &format!("{}.columns[{i}].name", target.path), &help, findings);
            }
        }
    }
    if let Some(i) = scene.wire.iter().position(|c| c.name == REASON).filter(|_| scene.streams()) {
        let place = scene.at(&format!("spec.source.columns[{i}].name"));
        let message = format!("`{REASON}` is the column in which `mode: stream` keeps why a message is an error");
        findings.push(Finding::error("pipeline/column-name", message, place).label("taken").help("call it otherwise"));
    }
}

fn virtual_name(scene: &Scene<'_>, name: &str, path: &str, help: &str, findings: &mut Vec<Finding>) {
    let streams = scene.streams();
    let known = VIRTUAL.iter().chain(VIRTUAL_OF_STREAM.iter().filter(|_| streams));
    if known.into_iter().any(|(virtual_name, _)| *virtual_name == name) {
        let message = format!("`{name}` on the wire hides the virtual column of that name");
        let finding = Finding::warning("pipeline/virtual-column", message, scene.at(path));
        findings.push(finding.label("read from the message, not from Kafka").help(help));
    }
}

/// Names: there, and once in each list.
pub(super) fn names(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (list, columns) in lists(scene) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, column) in columns.iter().enumerate() {
            let place = || scene.at(&format!("{list}[{i}].name"));
            let name = column.name.as_str();
            if name.trim().is_empty() || name.contains('\0') {
                let message =
                    if name.contains('\0') { "a column's name holds a zero character" } else { "a column has no name" };
                findings.push(Finding::error("pipeline/column-name", message, place()).label("no name"));
            } else if let Some(first) = seen.get(name) {
                let finding =
                    Finding::error("pipeline/column-twice", format!("two columns are named `{name}`"), place());
                findings
                    .push(finding.label("named again").also(scene.at(&format!("{list}[{first}].name")), "named here"));
            } else {
                seen.insert(name, i);
            }
        }
    }
}

/// One way to a value for each column of a target.
pub(super) fn values(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (path, spec) in scene.specs() {
        for (i, column) in spec.columns.iter().enumerate() {
            let path = |field: &str| format!("{path}.columns[{i}].{field}");
            let mut both = |first: &str, second: &str, why: &str| {
                let message = format!("`{}` has both `{first}` and `{second}`", column.name);
                let finding =
                    Finding::error("pipeline/column-fields", message, scene.key(&path(second))).label("and this");
                findings.push(finding.also(scene.key(&path(first)), "this").help(why));
            };
            if column.expression.is_some() && column.from.is_some() {
                both(
                    "expression",
                    "from",
                    "a value is computed or read: with `expression`, `type` alone says what it becomes",
                );
            }
            let computed: Vec<&str> = [
                (column.default.is_some(), "default"),
                (column.materialized.is_some(), "materialized"),
                (column.alias.is_some(), "alias"),
                (column.ephemeral.is_some(), "ephemeral"),
            ]
            .into_iter()
            .filter_map(|(given, field)| given.then_some(field))
            .collect();
            if let [first, second, ..] = computed.as_slice() {
                both(first, second, "a column has one of default, materialized, alias and ephemeral");
                continue;
            }
            let never_inserted = ["materialized", "alias"].into_iter().find(|f| computed.contains(f));
            let given = [("expression", column.expression.is_some()), ("from", column.from.is_some())];
            if let (Some(field), Some((value, _))) = (never_inserted, given.into_iter().find(|(_, given)| *given)) {
                both(value, field, "the table computes it itself, so the view cannot insert it: keep one of them");
            }
        }
    }
}

/// Types are types and nothing more.
pub(super) fn types(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (list, columns) in lists(scene) {
        for (i, column) in columns.iter().enumerate() {
            let written = [(Some(&column.data_type), "type"), (column.from.as_ref(), "from")];
            for (text, field) in written.into_iter().filter_map(|(text, field)| Some((text?, field))) {
                let Some(fault) = column_type::fault(text) else { continue };
                let place = scene.within(&format!("{list}[{i}].{field}"), fault.at.start, fault.at.end);
                let finding = match fault.severity {
                    Severity::Error => Finding::error("pipeline/column-type", fault.message, place),
                    Severity::Warning => Finding::warning("pipeline/column-type", fault.message, place),
                };
                findings.push(Finding { help: fault.help, ..finding.label(fault.label) });
            }
        }
    }
}

/// A column was renamed from a name that is free now.
pub(super) fn renames(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (path, spec) in scene.specs() {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, column) in spec.columns.iter().enumerate() {
            let Some(from) = column.renamed_from.as_deref() else { continue };
            let place = scene.at(&format!("{path}.columns[{i}].renamedFrom"));
            let other = |n: usize, field: &str| scene.at(&format!("{path}.columns[{n}].{field}"));
            if let Some(same) = spec.columns.iter().position(|c| c.name == from) {
                let message = format!("`{}` cannot be renamed from `{from}`: there is such a column", column.name);
                let finding = Finding::error("pipeline/renamed-from", message, place).label("still a column");
                findings.push(match same == i {
                    true => finding.help("leave `renamedFrom` out: the name is the same"),
                    false => finding
                        .also(other(same, "name"), "here")
                        .help("a renamed column leaves its old name: remove one"),
                });
            } else if let Some(first) = seen.insert(from, i) {
                let message = format!("two columns are renamed from `{from}`");
                let finding = Finding::error("pipeline/renamed-from", message, place).label("and this one");
                findings.push(finding.also(other(first, "renamedFrom"), "this one"));
            }
        }
    }
}
