//! Names of ClickHouse objects: what the server takes, and that no two objects of a pipeline share one.

use super::scene::Scene;
use crate::manifest::{Backfill, Finding, ManualConsumerSpec, Place};
use crate::model::{Kind, ObjectName};
use std::collections::BTreeMap;

/// A dropped table's metadata is a file named `<database>.<table>.<uuid>.sql`, and the server refuses what would
/// not fit: together the two names may have so many bytes, as written in file names.
const LONGEST_BOTH: usize = 213;
/// Longest database name, in bytes as written in file names.
const LONGEST_DATABASE: usize = 206;
/// Databases of the server itself.
const OWN: [&str; 2] = ["system", "information_schema"];

/// An object's name and where it comes from.
struct Named {
    name: ObjectName,
    path: String,
    what: &'static str,
}

/// What is wrong with the name of a database.
pub(super) fn database_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a database needs a name".into());
    }
    if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Some(format!("`{name}` is a database of the server itself"));
    }
    if name.contains('\0') {
        return Some("a name cannot hold a zero character".into());
    }
    (in_files(name) > LONGEST_DATABASE).then(|| format!("the database name `{}…` is too long", start_of(name)))
}

/// Length of a name as the server writes it in file names: `é` becomes `%C3%A9`.
fn in_files(name: &str) -> usize {
    name.bytes().map(|b| if b.is_ascii_alphanumeric() || b == b'_' { 1 } else { 3 }).sum()
}

fn start_of(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Names the server does not take.
pub(super) fn objects(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut told: Vec<Place> = Vec::new();
    for Named { name, path, what } in named(scene) {
        let place = scene.at(&path);
        // The names of views and local tables follow from one that was told already.
        if told.contains(&place) {
            continue;
        }
        // The default database is the project's to mend.
        let inherited = path == "metadata.name";
        let fault = database_fault(&name.database).filter(|_| !inherited).or_else(|| {
            let most = LONGEST_BOTH.saturating_sub(in_files(&name.database));
            let length = in_files(&name.table);
            if name.table.contains('\0') {
                Some("a name cannot hold a zero character".to_owned())
            } else if length > most {
                let longest = format!("{} has room for {most}", name.database);
                Some(format!(
                    "the name of the {what}, `{}…`, has {length} characters: {longest}",
                    start_of(&name.table)
                ))
            } else {
                None
            }
        });
        if let Some(fault) = fault {
            told.push(place);
            findings.push(Finding::error("pipeline/object-name", fault, place).label("the server refuses it"));
        }
    }
}

/// Two objects of one pipeline under one name.
pub(super) fn twice(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<ObjectName, (String, &'static str)> = BTreeMap::new();
    let mut told: Vec<(Place, Place)> = Vec::new();
    for Named { name, path, what } in named(scene) {
        let Some((first, other)) = seen.get(&name) else {
            seen.insert(name, (path, what));
            continue;
        };
        let places = (scene.at(first), scene.at(&path));
        // Two targets with one table have one view and one local table too: that is one mistake.
        if told.contains(&places) {
            continue;
        }
        let both = if *other == what { format!("two {what}s") } else { format!("{} and {}", a(other), a(what)) };
        let message = format!("{name} is the name of two objects of this resource: {both}");
        let finding = Finding::error("pipeline/name-twice", message, places.1).label(format!("the {what}"));
        let finding = if places.0 == places.1 { finding } else { finding.also(places.0, format!("the {other}")) };
        findings.push(finding.help("give one of them another name"));
        told.push(places);
    }
}

fn a(what: &str) -> String {
    let article = if what.starts_with(['e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {what}")
}

/// Every object the pipeline makes, as far as its names are read.
fn named(scene: &Scene<'_>) -> Vec<Named> {
    let mut all = Vec::new();
    let mut add = |name: ObjectName, path: String, what| all.push(Named { name, path, what });
    let written = |path: String, otherwise: &str| {
        if scene.document.spans.has(&path) { path } else { otherwise.to_owned() }
    };
    let pipeline = &scene.document.metadata.name;
    let direct = scene.targets.iter().filter(|t| t.reads.is_none()).count();
    if let Some(kafka) = scene.kafka.as_ref().filter(|_| scene.kind() != Kind::ManualConsumer) {
        let at = written("spec.source.table".into(), "metadata.name");
        if scene.kind() == Kind::KafkaPipeline && (direct > 1 || scene.streams()) {
            let hub = ObjectName::new(&kafka.database, format!("{pipeline}_hub"));
            add(hub.with_suffix("_mv"), "metadata.name".into(), "view of the hub");
            add(hub, "metadata.name".into(), "hub");
        }
        add(kafka.clone(), at, "Kafka table");
    }
    for (i, target) in scene.targets.iter().enumerate() {
        let table = format!("{}.table", target.path);
        let sink = i == 0 && scene.kind() == Kind::OutgoingSink;
        if sink {
            if target.distributed.is_some() {
                add(target.table.clone(), written(table, "spec.table"), "Distributed table");
            }
            continue;
        }
        if !target.spec.external {
            if target.distributed.is_some() {
                add(target.table.clone(), table.clone(), "Distributed table");
                add(target.local.clone(), written(format!("{}.names.local", target.path), &table), "local table");
            } else {
                add(target.local.clone(), written(format!("{}.names.local", target.path), &table), "table");
            }
        }
        if scene.kind() == Kind::ManualConsumer {
            continue;
        }
        add(target.view.clone(), written(format!("{}.names.view", target.path), &table), "view");
        // They are there while the target is being filled.
        if target.spec.backfill == Some(Backfill::Earliest) && target.reads.is_none() {
            let path = format!("{}.backfill", target.path);
            add(target.view.with_suffix("__backfill_kafka"), path.clone(), "Kafka table that fills the target");
            add(target.view.with_suffix("__backfill"), path, "view that fills the target");
        }
    }
    if let Some(ManualConsumerSpec { dead_letters: Some(letters), .. }) = scene.consumer()
        && let Some(table) = letters.table.as_deref().and_then(ObjectName::parse)
    {
        add(table, "spec.deadLetters.table".into(), "table of dead letters");
    }
    let errors = &scene.source().errors;
    if scene.streams()
        && let Some(table) = errors.table.as_deref().and_then(ObjectName::parse)
    {
        add(table, "spec.source.errors.table".into(), "error table");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_file_names() {
        assert_eq!(in_files("abc_9"), 5);
        assert_eq!(in_files("é.x"), 10);
    }

    #[test]
    fn databases_of_the_server_are_not_for_use() {
        assert!(database_fault("raw").is_none());
        assert!(database_fault("System").is_some());
        assert!(database_fault("").is_some());
        assert!(database_fault(&"a".repeat(207)).is_some());
    }
}
