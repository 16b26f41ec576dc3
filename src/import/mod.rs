//! The other way round: from what is live at the brokers and in ClickHouse to manifests. Pure.
//!
//! A chain is found from its Kafka-engine table on. What would be written is compiled and compared with what is there
//! before it is taken, so that it says no more and no less; what no manifest can say is listed.

mod chain;
mod fit;
mod query;
mod sink;
mod source;
mod spec;
mod stock;
mod table;
mod topic;
mod trial;
mod wanted;
mod way;
mod yaml;

#[cfg(test)]
mod tests;

pub use chain::Usual;
pub use trial::with;
pub use wanted::{SYSTEM, Wanted, internal};

use crate::manifest::Loaded;
use crate::model::{Kind, Live, ObjectName, Owner, ResourceId, TopicFact, Topology};
use spec::TopicRef;
use std::collections::{BTreeMap, BTreeSet};
use stock::Stock;
use trial::Trial;

const API_VERSION: &str = crate::manifest::envelope::API_VERSION;

/// What cannot be said in a manifest, or was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oddity {
    /// A topic, an object or a resource.
    pub object: String,
    /// What of it.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Oddity {
    /// One.
    pub fn new(object: impl ToString, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { object: object.to_string(), what: what.into(), why: why.into() }
    }
}

/// A file of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What it is about, a comment line each.
    pub about: Vec<String>,
    /// Resources, topics and objects that are in it, by their names.
    pub subjects: BTreeSet<String>,
    /// Its documents.
    pub documents: Vec<String>,
}

impl File {
    /// The whole text.
    pub fn text(&self) -> String {
        // A name that ends the comment would begin a manifest.
        let letters = |c: char| if c.is_control() { ' ' } else { c };
        let line = |line: &String| format!("# {}\n", line.chars().map(letters).collect::<String>());
        let about: String = self.about.iter().map(line).collect();
        format!("{about}{}", self.documents.join("---\n"))
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The files, by name.
    pub files: Vec<File>,
    /// What is in them.
    pub resources: BTreeSet<ResourceId>,
    /// What cannot be said, or was left out.
    pub odd: Vec<Oddity>,
    /// Variables that must be set, with what they are for.
    pub secrets: BTreeSet<String>,
}

impl Imported {
    /// Says in the files what they do not say, for whoever reads them later.
    pub fn remark(&mut self, odd: &[Oddity]) {
        for file in &mut self.files {
            let of = odd.iter().filter(|o| file.subjects.contains(&o.object));
            file.about.extend(of.map(|o| format!("Not expressed: {}, {}: {}", o.object, o.what, o.why)));
        }
    }

    /// All documents.
    pub fn text(&self) -> String {
        self.files.iter().map(File::text).collect::<Vec<_>>().join("---\n")
    }
}

/// Topics that chains of what is wanted read and write, and those that are wanted themselves.
pub fn topics(live: &crate::model::LiveClickHouse, names: &BTreeSet<String>, wanted: &Wanted) -> BTreeSet<String> {
    let objects = live.hosts.iter().flat_map(|h| h.objects.values());
    let tables = objects.map(|o| &o.definition).filter(|d| d.engine.name == "Kafka");
    let used = tables.flat_map(source::topics).filter(|t| names.contains(t) && !internal(t));
    names.iter().filter(|n| wanted.topic(n)).cloned().chain(used).collect()
}

/// Writes what is wanted of what is live and no manifest of the project declares.
pub fn import(live: &Live, base: &Loaded, topology: &Topology, usual: &Usual, wanted: &Wanted) -> Imported {
    let Some(project) = &base.project else { return Imported::default() };
    let stock = Stock::new(&live.clickhouse, topology);
    let trial = Trial::new(project, &live.clickhouse);
    let mut work = Work {
        live,
        base,
        usual,
        wanted,
        stock: &stock,
        trial: &trial,
        made: Imported::default(),
        claimed: declared(base),
        written: BTreeSet::new(),
    };
    work.chains();
    work.topics();
    work.left_out();
    work.made.odd.sort();
    work.made.odd.dedup();
    work.made.files.sort_by(|a, b| a.name.cmp(&b.name));
    work.made
}

/// The name under which a topic is declared: its own, unless a manifest has that for another topic.
fn topic_resource(base: &Loaded, name: &str) -> String {
    let taken = base.topics.iter().any(|d| d.metadata.name == name);
    if taken { format!("{name}.topic") } else { name.to_owned() }
}

/// Objects that manifests of the project declare.
fn declared(base: &Loaded) -> BTreeSet<ObjectName> {
    let compiled = crate::compile::compile(base).0;
    compiled.map(|c| c.desired.object_names()).unwrap_or_default()
}

struct Work<'w> {
    live: &'w Live,
    base: &'w Loaded,
    usual: &'w Usual,
    wanted: &'w Wanted,
    stock: &'w Stock,
    trial: &'w Trial<'w>,
    made: Imported,
    /// Objects that have a place in a manifest.
    claimed: BTreeSet<ObjectName>,
    /// Topics that have a manifest.
    written: BTreeSet<String>,
}

impl Work<'_> {
    /// Pipelines first: what their views write into is then known.
    fn chains(&mut self) {
        let stock = self.stock;
        let kafka = stock.objects.values().map(|o| &o.definition).filter(|d| d.engine.name == "Kafka");
        let (read, rest): (Vec<_>, Vec<_>) = kafka.partition(|k| stock.readers(&k.name).next().is_some());
        for table in read {
            self.pipeline(table);
        }
        for table in rest {
            self.sink(table);
        }
    }

    /// Whether an object is of another project.
    fn foreign(&mut self, definition: &crate::model::Definition) -> bool {
        let owner = Owner::read(&definition.comment).1.filter(|o| o.project != self.usual.project);
        if let Some(owner) = &owner {
            if self.wanted.object(&definition.name) {
                let why = format!("it belongs to {} of the project {}", owner.resource, owner.project);
                self.made.odd.push(Oddity::new(&definition.name, "left out", why));
            }
            self.claimed.insert(definition.name.clone());
        }
        owner.is_some()
    }

    fn pipeline(&mut self, kafka: &crate::model::Definition) {
        if self.claimed.contains(&kafka.name) {
            return;
        }
        let mut found = chain::chain(kafka, self.stock, self.usual, &self.claimed);
        let asked = found.objects.iter().any(|o| self.wanted.object(o));
        if !asked && !found.topics.iter().any(|t| self.wanted.topic(t)) {
            return;
        }
        if self.foreign(kafka) {
            self.claimed.extend(found.objects);
            return;
        }
        self.claimed.extend(found.objects.iter().cloned());
        let free = self.free(Kind::KafkaPipeline, &found.name, &kafka.name.database);
        if free != found.name {
            found.name = free;
            let errors = found.source.errors.as_ref().and_then(|e| e.table.as_deref()).and_then(ObjectName::parse);
            chain::names(&mut found, kafka, self.usual, errors);
        }
        let (chain, tried) = fit::fit(found, self.trial);
        let id = ResourceId::new(Kind::KafkaPipeline, &chain.name);
        if tried.made.is_none() {
            self.refused(&id, &kafka.name, tried.errors);
            return;
        }
        self.made.secrets.extend(chain.secrets.iter().cloned());
        let objects = tried.made.iter().flat_map(|p| &p.objects).map(|o| o.definition.name.clone());
        let objects = objects.chain(chain.objects.iter().cloned()).collect();
        let topics: Vec<String> = chain.topics.iter().chain(&chain.errors_topic).cloned().collect();
        let text = chain.text(&self.refs());
        self.file(id, vec![chain.shown(&kafka.name)], &objects, &topics, text);
    }

    fn sink(&mut self, kafka: &crate::model::Definition) {
        if self.claimed.contains(&kafka.name) {
            return;
        }
        let Some(mut sink) = sink::sink(kafka, self.stock, self.usual, &self.claimed) else {
            if self.wanted.object(&kafka.name) {
                let why = "no view reads it or writes into it: whether it is to read or to write cannot be told";
                self.made.odd.push(Oddity::new(&kafka.name, "left out", why));
                self.claimed.insert(kafka.name.clone());
            }
            return;
        };
        if !self.wanted.topic(&sink.topic) && !sink.objects.iter().any(|o| self.wanted.object(o)) || self.foreign(kafka)
        {
            return;
        }
        self.claimed.extend(sink.objects.iter().cloned());
        let free = self.free(Kind::OutgoingSink, &sink.name, &kafka.name.database);
        sink.rename(free, kafka, self.usual);
        let id = ResourceId::new(Kind::OutgoingSink, &sink.name);
        let tried = self.trial.run(&sink.text(&|name| TopicRef::External { external: name.to_owned() }));
        if tried.made.is_none() {
            self.refused(&id, &kafka.name, tried.errors);
            return;
        }
        self.made.secrets.extend(sink.secrets.iter().cloned());
        let text = sink.text(&self.refs());
        let about = format!("INSERT -> {} -> {}", kafka.name, sink.topic);
        self.file(id, vec![about], &sink.objects, &[sink.topic.clone()], text);
    }

    fn refused(&mut self, id: &ResourceId, kafka: &ObjectName, errors: Vec<String>) {
        for error in errors {
            self.made.odd.push(Oddity::new(kafka, format!("{id} left out"), error));
        }
    }

    /// A name that no resource of the kind has.
    fn free(&self, kind: Kind, name: &str, database: &str) -> String {
        let base = match kind {
            Kind::OutgoingSink => self.base.sinks.iter().map(|d| d.metadata.name.as_str()).collect::<BTreeSet<_>>(),
            Kind::KafkaPipeline => self.base.pipelines.iter().map(|d| d.metadata.name.as_str()).collect(),
            Kind::Topic | Kind::ManualConsumer => BTreeSet::new(),
        };
        let free = |n: &String| !base.contains(n.as_str()) && !self.made.resources.contains(&ResourceId::new(kind, n));
        let numbered = (2..).map(|n: u32| format!("{database}_{name}_{n}"));
        let mut names = [name.to_owned(), format!("{database}_{name}")].into_iter().chain(numbered);
        names.find(free).unwrap_or_default()
    }

    /// How a topic is named: by its manifest where it has one or gets one.
    fn refs(&self) -> impl Fn(&str) -> TopicRef + use<> {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for (name, fact) in &self.live.kafka.topics {
            if matches!(fact, TopicFact::Present(_)) {
                known.insert(name.clone(), topic_resource(self.base, name));
            }
        }
        for document in &self.base.topics {
            let name = document.spec.topic_name.as_ref().unwrap_or(&document.metadata.name);
            known.insert(name.clone(), document.metadata.name.clone());
        }
        move |name| match known.get(name) {
            Some(known) => TopicRef::Managed(known.clone()),
            None => TopicRef::External { external: name.to_owned() },
        }
    }

    /// A file with a chain and those of its topics that have no manifest yet.
    fn file(
        &mut self,
        id: ResourceId,
        about: Vec<String>,
        objects: &BTreeSet<ObjectName>,
        topics: &[String],
        text: String,
    ) {
        let mut documents: Vec<String> = topics.iter().filter_map(|t| self.topic(t)).collect();
        documents.push(text);
        let kind = if id.kind == Kind::OutgoingSink { "sink" } else { "pipeline" };
        let letters = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let name: String = id.name.chars().map(letters).collect();
        let named = objects.iter().map(ObjectName::to_string).chain(topics.iter().cloned()).chain([id.to_string()]);
        let subjects = named.collect();
        self.made.files.push(File { name: format!("{name}.{kind}.yaml"), about, subjects, documents });
        self.made.resources.insert(id);
    }

    fn topic(&mut self, name: &str) -> Option<String> {
        let declared = |n: &str| {
            let mut all = self.base.topics.iter();
            all.any(|d| d.spec.topic_name.as_ref().unwrap_or(&d.metadata.name) == n)
        };
        if declared(name) || self.written.contains(name) {
            return None;
        }
        match self.live.kafka.topics.get(name)? {
            TopicFact::Present(topic) => {
                self.written.insert(name.to_owned());
                let resource = topic_resource(self.base, name);
                let text = topic::topic(name, &resource, topic, &mut self.made.odd);
                self.made.resources.insert(ResourceId::new(Kind::Topic, resource));
                Some(text)
            }
            TopicFact::Absent => None,
            TopicFact::Unknown(why) => {
                self.made.odd.push(Oddity::new(name, "left out", why));
                None
            }
        }
    }

    /// Topics that no chain has.
    fn topics(&mut self) {
        let names: Vec<&String> = self.live.kafka.topics.keys().filter(|n| self.wanted.topic(n)).collect();
        let subjects = names.iter().map(|n| (*n).clone()).collect();
        let documents: Vec<String> = names.into_iter().filter_map(|n| self.topic(n)).collect();
        if !documents.is_empty() {
            let about = vec!["Topics that no chain in ClickHouse reads or writes.".to_owned()];
            self.made.files.push(File { name: "topics.yaml".into(), about, subjects, documents });
        }
    }

    /// What was asked for and has no place in any chain.
    fn left_out(&mut self) {
        for (name, why) in &self.stock.unreadable {
            if self.wanted.object(name) {
                self.made.odd.push(Oddity::new(name, "left out", why));
            }
        }
        for (name, object) in &self.stock.objects {
            if !self.wanted.object(name) || self.claimed.contains(name) {
                continue;
            }
            let definition = &object.definition;
            let fires_on = self.stock.objects.iter().find(|(_, o)| o.readers.contains(name)).map(|(table, _)| table);
            let why = match (definition.is_view(), &definition.refresh, fires_on) {
                (true, Some(_), _) => "a view that fills its table by the clock".to_owned(),
                (true, None, Some(table)) => {
                    format!(
                        "it fires on {table}: views of a manifest fire on Kafka tables and on the tables with the rows"
                    )
                }
                (true, None, None) => "it fires on no table that is there".to_owned(),
                (false, _, _) => "no chain from a Kafka table leads to it".to_owned(),
            };
            let what = format!("{}, left out", definition.engine.name);
            self.made.odd.push(Oddity::new(name, what, why));
        }
    }
}
