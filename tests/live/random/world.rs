//! What must be live for a manifest, told a second time: by meanings instead of texts, without a server. From two
//! of them follows what a plan must show.

use super::model::{Column, Errors, Manifest, Projection, Target, Value};
use sluice::diff::Attribute;
use std::collections::{BTreeMap, BTreeSet};

/// A difference that a plan must show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpectedChange {
    /// An attribute of an object differs.
    Attribute(String, Attribute),
    /// An object is made.
    Made(String),
    /// A view or a hub that is no longer declared goes.
    Unmade(String),
}

/// An object: its attributes by meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Object {
    attributes: BTreeMap<Attribute, String>,
    /// Names in order.
    columns: Vec<String>,
    /// What a view reads; a table reads nothing.
    reads: BTreeSet<String>,
}

impl Object {
    fn set(&mut self, attribute: Attribute, meaning: impl Into<String>) {
        let meaning = meaning.into();
        if !meaning.is_empty() {
            self.attributes.insert(attribute, meaning);
        }
    }

    fn column(&mut self, name: &str, meaning: String) {
        self.columns.push(name.to_owned());
        self.set(Attribute::Column(name.to_owned()), meaning);
    }
}

/// The objects of one pipeline that are live, those that nobody declares any more included.
#[derive(Debug, Clone, Default)]
pub struct World(BTreeMap<String, Object>);

impl World {
    /// What a plan shows where `next` is wanted.
    pub fn changes(&self, next: &Manifest) -> Vec<ExpectedChange> {
        let wanted = objects(next);
        let mut changes = Vec::new();
        for (name, object) in &wanted {
            match self.0.get(name) {
                Some(live) => changes.extend(differences(name, live, object)),
                None => changes.push(ExpectedChange::Made(name.clone())),
            }
        }
        changes.extend(self.left_over(&wanted).into_iter().map(ExpectedChange::Unmade));
        changes.sort();
        changes
    }

    /// Brings it to a manifest: what else is there stays, where it holds rows.
    pub fn become_of(&mut self, next: &Manifest) {
        let wanted = objects(next);
        for name in self.left_over(&wanted) {
            self.0.remove(&name);
        }
        self.0.extend(wanted);
    }

    /// What is no longer declared and holds no rows; tables with rows stay.
    fn left_over(&self, wanted: &BTreeMap<String, Object>) -> Vec<String> {
        let goes = |(name, object): &(&String, &Object)| {
            !wanted.contains_key(*name) && (!object.reads.is_empty() || name.ends_with("_hub"))
        };
        self.0.iter().filter(goes).map(|(name, _)| name.clone()).collect()
    }
}

fn differences(name: &str, live: &Object, wanted: &Object) -> Vec<ExpectedChange> {
    let attributes: BTreeSet<&Attribute> = live.attributes.keys().chain(wanted.attributes.keys()).collect();
    let differ = attributes.into_iter().filter(|a| live.attributes.get(a) != wanted.attributes.get(a));
    let mut found: Vec<Attribute> = differ.cloned().collect();
    let columns = found.iter().any(|a| matches!(a, Attribute::Column(_)));
    if !columns && live.columns != wanted.columns {
        found.push(Attribute::ColumnOrder);
    }
    found.into_iter().map(|attribute| ExpectedChange::Attribute(name.to_owned(), attribute)).collect()
}

/// Columns that a hub has beside those of the wire.
const VIRTUAL: [&str; 8] =
    ["_topic", "_key", "_offset", "_partition", "_timestamp", "_timestamp_ms", "_headers.name", "_headers.value"];

fn objects(manifest: &Manifest) -> BTreeMap<String, Object> {
    let mut objects = BTreeMap::new();
    let hub = format!("{}_hub", manifest.name);
    let stream = matches!(manifest.errors, Errors::Stream(_));
    let direct: Vec<&Target> = manifest.targets.iter().filter(|t| t.reads.is_none()).collect();
    let hubbed = stream || direct.len() > 1;
    let wire = wire(&direct);
    objects.insert("kafka".to_owned(), kafka(manifest, &wire));
    if hubbed {
        let mut table = Object::default();
        for (name, data_type, _) in &wire {
            table.column(name, data_type.clone());
        }
        let extra = ["_raw_message", "_error", "_reason"].into_iter().filter(|_| stream);
        VIRTUAL.into_iter().chain(extra).for_each(|name| table.column(name, "own".into()));
        let mut entry = Object { reads: BTreeSet::from(["kafka".to_owned()]), ..Object::default() };
        let names: Vec<&String> = wire.iter().map(|(name, ..)| name).collect();
        let failures: Vec<String> = direct.iter().filter(|_| stream).flat_map(|t| failures(t)).collect();
        entry.set(Attribute::Query, format!("{names:?} {stream} {failures:?}"));
        entry.set(Attribute::Target, &hub);
        objects.insert(hub.clone(), table);
        objects.insert(format!("{hub}_mv"), entry);
    }
    if stream {
        objects.extend(errors(manifest, &hub, &wire));
    }
    for target in &manifest.targets {
        let from = match &target.reads {
            Some(above) => local_name(manifest.targets.iter().find(|t| t.name == *above).expect("it is there")),
            None if hubbed => hub.clone(),
            None => "kafka".to_owned(),
        };
        objects.insert(format!("{}_mv", target.name), view(target, from, stream && target.reads.is_none()));
        objects.insert(local_name(target), local(target));
        if let Some(key) = &target.sharding {
            let mut table = Object::default();
            for column in &target.columns {
                let bare = Column { codec: None, ttl: None, ..column.clone() };
                table.column(&column.name, stored(&bare));
            }
            table.set(Attribute::Engine, format!("{} {}", local_name(target), key.meaning));
            objects.insert(target.name.clone(), table);
        }
    }
    for object in objects.values_mut() {
        object.set(Attribute::Comment, manifest.description.trim());
    }
    objects
}

/// The name of the table with the rows.
pub fn local_name(target: &Target) -> String {
    if target.sharding.is_some() { format!("{}_local", target.name) } else { target.name.clone() }
}

/// Name, type by meaning and as written of every column on the wire.
fn wire(direct: &[&Target]) -> Vec<(String, String, String)> {
    let mut wire: Vec<(String, String, String)> = Vec::new();
    for column in direct.iter().flat_map(|t| &t.columns) {
        let (meaning, written) = match column.value {
            Value::Read => (column.data_type.meaning.clone(), column.data_type.written.clone()),
            Value::FromText => ("String".to_owned(), "String".to_owned()),
            Value::Expression(_) | Value::Computed(..) => continue,
        };
        if !wire.iter().any(|(name, ..)| *name == column.name) {
            wire.push((column.name.clone(), meaning, written));
        }
    }
    wire
}

fn kafka(manifest: &Manifest, wire: &[(String, String, String)]) -> Object {
    let mut table = Object::default();
    for (name, data_type, _) in wire {
        table.column(name, data_type.clone());
    }
    let mut setting = |key: &str, value: String| table.set(Attribute::Setting(key.to_owned()), value);
    setting("kafka_format", manifest.format.to_owned());
    setting("kafka_num_consumers", manifest.consumers.to_string());
    setting("kafka_group_name", manifest.group.clone().unwrap_or_else(|| "its own".to_owned()));
    match manifest.errors {
        Errors::Stop => {}
        Errors::Skip(max) => setting("kafka_skip_broken_messages", max.to_string()),
        Errors::Stream(_) => setting("kafka_handle_error_mode", "stream".to_owned()),
    }
    for (key, value) in &manifest.settings {
        setting(key, value.meaning.clone());
    }
    table
}

fn errors(manifest: &Manifest, hub: &str, wire: &[(String, String, String)]) -> Vec<(String, Object)> {
    let name = format!("{}_errors", manifest.name);
    let rows = if manifest.cluster { format!("{name}_local") } else { name.clone() };
    let mut table = Object::default();
    if let Errors::Stream(Some(days)) = manifest.errors {
        table.set(Attribute::Ttl, days.to_string());
    }
    let mut view = Object { reads: BTreeSet::from([hub.to_owned()]), ..Object::default() };
    // The row is told as a tuple of the wire's types, as their author wrote them.
    let row: Vec<_> = wire.iter().map(|(name, _, written)| (name, written)).collect();
    view.set(Attribute::Query, format!("{row:?}"));
    let mut made = vec![(format!("{name}_mv"), view), (rows, table)];
    if manifest.cluster {
        made.push((name, Object::default()));
    }
    made
}

/// When a row of the target cannot be converted.
fn failures(target: &Target) -> Vec<String> {
    let filter = target.filter.as_ref().map(|f| &f.meaning);
    let converted = target.columns.iter().filter(|c| c.value == Value::FromText);
    converted.map(|c| format!("{filter:?} {} {}", c.name, c.data_type.meaning)).collect()
}

fn view(target: &Target, from: String, marked: bool) -> Object {
    let mut view = Object::default();
    let item = |c: &Column| match &c.value {
        Value::Read => Some(c.name.clone()),
        Value::FromText => Some(format!("{} as {}", c.name, c.data_type.meaning)),
        Value::Expression(value) => Some(format!("{} = {}", c.name, value.meaning)),
        Value::Computed(..) => None,
    };
    let items: Vec<String> = target.columns.iter().filter_map(item).collect();
    let filter = target.filter.as_ref().map(|f| &f.meaning);
    view.set(Attribute::Query, format!("{from} {marked} {items:?} {filter:?}"));
    let written = if target.local_writes { local_name(target) } else { target.name.clone() };
    view.set(Attribute::Target, written);
    view.reads.insert(from);
    view
}

fn stored(column: &Column) -> String {
    let computed = match &column.value {
        Value::Computed(kind, value) => format!("{kind} {}", value.meaning),
        Value::Read | Value::FromText | Value::Expression(_) => String::new(),
    };
    let meaning = |part: &Option<super::expression::Spelled>| part.as_ref().map(|p| p.meaning.clone());
    let (codec, ttl) = (meaning(&column.codec), meaning(&column.ttl));
    format!("{} {computed} {codec:?} {ttl:?} {:?}", column.data_type.meaning, column.comment.trim())
}

fn local(target: &Target) -> Object {
    let mut table = Object::default();
    for column in &target.columns {
        table.column(&column.name, stored(column));
    }
    let key = |elements: &[super::expression::Spelled]| {
        elements.iter().map(|e| e.meaning.clone()).collect::<Vec<_>>().join(", ")
    };
    table.set(Attribute::Engine, target.engine);
    table.set(Attribute::OrderBy, key(&target.order_by));
    table.set(Attribute::PrimaryKey, target.primary.map(|n| key(&target.order_by[..n])).unwrap_or_default());
    table.set(Attribute::SampleBy, if target.sampled { "id" } else { "" });
    table.set(Attribute::PartitionBy, target.partition_by.as_ref().map_or("", |p| &p.meaning));
    table.set(Attribute::Ttl, target.ttl.as_ref().map_or("", |t| &t.meaning));
    for (key, value) in &target.settings {
        table.set(Attribute::Setting((*key).to_owned()), &value.meaning);
    }
    for (name, index) in &target.indexes {
        let granularity = index.granularity.unwrap_or(1);
        let meaning = format!("{} {} {granularity}", index.expression.meaning, index.index_type.meaning);
        table.set(Attribute::Index(name.clone()), meaning);
    }
    for (name, projection) in &target.projections {
        let meaning = match projection {
            Projection::OrderBy(key) => format!("by {}", key.meaning),
            Projection::Query(query) => query.meaning.clone(),
        };
        table.set(Attribute::Projection(name.clone()), meaning);
    }
    for (name, check) in &target.constraints {
        table.set(Attribute::Constraint(name.clone()), &check.meaning);
    }
    table
}
