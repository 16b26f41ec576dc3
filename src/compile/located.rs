//! Where in the manifests it stands what a server complains about.

use super::chain::{Chain, Written};
use super::project::{self, Project};
use super::target::{self, Target};
use crate::manifest::{Document, Finding, KafkaPipelineSpec, Loaded, Place, SourceSpec};
use crate::model::token::{Token, tokenize};
use crate::model::{Complaint, ComplaintKind, ObjectName, Part};

/// The complaints as findings, each at the nearest place; without one where the object is of no manifest.
pub fn located(loaded: &Loaded, complaints: &[Complaint]) -> Vec<Finding> {
    // What is wrong with the manifests themselves was told before.
    let mut told = Vec::new();
    let project = loaded.project.as_ref().and_then(|document| project::compile(document, loaded, &mut told));
    let chains = project.as_ref().map(Chain::all).unwrap_or_default();
    let place = |complaint: &Complaint| {
        let project = project.as_ref()?;
        chains.iter().find_map(|chain| place(chain, project, complaint))
    };
    complaints.iter().map(|complaint| finding(complaint, place(complaint))).collect()
}

fn finding(complaint: &Complaint, place: Option<Place>) -> Finding {
    let message = &complaint.message;
    let finding = match complaint.kind {
        ComplaintKind::Refused => Finding::error("server/refuses", message, place),
        ComplaintKind::UnknownFormat => Finding::warning("server/format", message, place),
        ComplaintKind::Exceeds => Finding::error("server/exceeds", message, place),
        ComplaintKind::CannotConvert => Finding::error("server/cannot-convert", message, place),
        ComplaintKind::Lacks => Finding::warning("server/lacks", message, place),
        ComplaintKind::Narrows => Finding::warning("server/narrows", message, place),
    };
    let finding = finding.label(complaint.label.as_str());
    match &complaint.help {
        Some(help) => finding.help(help.as_str()),
        None => finding,
    }
}

/// One document and a complaint about an object of it.
struct Search<'a> {
    document: &'a Document<KafkaPipelineSpec>,
    complaint: &'a Complaint,
}

fn place(chain: &Chain, project: &Project<'_>, complaint: &Complaint) -> Option<Place> {
    let document = &chain.document;
    let search = Search { document, complaint };
    let object = &complaint.object;
    let name = &document.metadata.name;
    let source = &document.spec.source;
    let kafka = match &source.table {
        Some(text) => ObjectName::parse(text)?,
        None => ObjectName::new(&project.kafka_database, format!("{name}_kafka")),
    };
    let targets = target::resolve_all(document, project, &mut Vec::new());
    if *object == kafka {
        return Some(search.in_source(source, &targets));
    }
    if let Some(target) = targets.iter().find(|t| t.view == *object) {
        return Some(search.in_view(target));
    }
    if let Some(target) = targets.iter().find(|t| t.local == *object || t.table == *object) {
        return Some(search.in_table(target));
    }
    if let Written::Consumer(consumer) = &chain.written {
        let written = consumer.spec.dead_letters.as_ref().and_then(|l| l.table.as_deref()).and_then(ObjectName::parse);
        let letters = written.or_else(|| targets.first().map(|t| t.table.with_suffix("_dead_letters")))?;
        return (*object == letters || *object == letters.with_suffix("_local")).then(|| search.in_dead_letters());
    }
    // The tables and views that `errors` brings along, and the hub with its view.
    let of_errors = [format!("{name}_hub"), format!("{name}_hub_mv"), format!("{name}_errors_kafka")];
    let errors = source.errors.table.clone().unwrap_or_else(|| format!("{name}_errors"));
    let errors = errors.rsplit('.').next().unwrap_or_default();
    let mine = of_errors.contains(&object.table) || object.table.starts_with(errors) && !errors.is_empty();
    mine.then(|| search.in_errors(source))
}

impl Search<'_> {
    fn at(&self, path: &str) -> Place {
        self.document.spans.at(path)
    }

    /// The name that the server named, inside of a field's text; the whole field where it is not there.
    fn word(&self, path: &str, text: &str) -> Option<Place> {
        let word = self.complaint.word.as_deref()?;
        let tokens = tokenize(text).ok()?;
        let token = tokens.iter().find(|t| t.name() == Some(word))?;
        Some(self.document.spans.within(path, token.start, token.end))
    }

    fn in_source(&self, source: &SourceSpec, targets: &[Target<'_>]) -> Place {
        if let Part::Setting(name) = &self.complaint.part {
            return match name.as_str() {
                "kafka_format" => self.at("spec.source.format"),
                "kafka_num_consumers" => self.at("spec.source.consumers"),
                "kafka_topic_list" => self.at("spec.topic"),
                other => self.at(&format!("spec.source.settings.{other}")),
            };
        }
        let Part::Column(name) = &self.complaint.part else {
            let engine = self.complaint.part == Part::Engine && source.collection.is_some();
            return self.at(if engine { "spec.source.collection" } else { "spec.source.table" });
        };
        if let Some(i) = source.columns.iter().position(|c| c.name == *name) {
            return self.at(&format!("spec.source.columns[{i}].type"));
        }
        // Derived from the target that reads it.
        let column = |t: &Target<'_>| {
            let i = t.spec.columns.iter().position(|c| c.name == *name)?;
            let path = format!("{}.columns[{i}]", t.path);
            let from = format!("{path}.from");
            Some(if self.document.spans.has(&from) { from } else { format!("{path}.type") })
        };
        self.at(&targets.iter().find_map(column).unwrap_or_else(|| "spec.source.columns".into()))
    }

    fn in_dead_letters(&self) -> Place {
        self.at(if self.complaint.part == Part::Ttl { "spec.deadLetters.ttl" } else { "spec.deadLetters" })
    }

    fn in_errors(&self, source: &SourceSpec) -> Place {
        if let Some(place) = source.errors.filter.as_ref().and_then(|t| self.word("spec.source.errors.where", t)) {
            return place;
        }
        self.at(if self.complaint.part == Part::Ttl { "spec.source.errors.ttl" } else { "spec.source.errors" })
    }

    fn in_view(&self, target: &Target<'_>) -> Place {
        let path = |field: &str| format!("{}.{field}", target.path);
        if let Some(text) = &target.spec.select {
            let path = path("select");
            let inside = if let Part::Column(name) = &self.complaint.part {
                output(text, name).map(|(start, end)| self.document.spans.within(&path, start, end))
            } else {
                self.word(&path, text)
            };
            return inside.unwrap_or_else(|| self.document.spans.key(&path));
        }
        if let Part::Column(name) = &self.complaint.part {
            return self.column(target, name);
        }
        let filter = target.spec.filter.as_ref().and_then(|t| self.word(&path("where"), t));
        let expression = || {
            let columns = target.spec.columns.iter().enumerate();
            let mut written =
                columns.filter_map(|(i, c)| Some((path(&format!("columns[{i}].expression")), c.expression.as_ref()?)));
            written.find_map(|(path, text)| self.word(&path, text))
        };
        let named = || {
            let word = self.complaint.word.as_deref()?;
            target.spec.columns.iter().any(|c| c.name == word).then(|| self.column(target, word))
        };
        filter.or_else(expression).or_else(named).unwrap_or_else(|| self.at(&path("table")))
    }

    /// What gives a column its value, as near as it is written.
    fn column(&self, target: &Target<'_>, name: &str) -> Place {
        let Some(i) = target.spec.columns.iter().position(|c| c.name == name) else {
            return self.at(&format!("{}.columns", target.path));
        };
        let path = format!("{}.columns[{i}]", target.path);
        let fields = ["expression", "from", "default", "type", "name"];
        let written = fields.iter().map(|f| format!("{path}.{f}")).find(|p| self.document.spans.has(p));
        self.at(&written.unwrap_or(path))
    }

    fn in_table(&self, target: &Target<'_>) -> Place {
        let spec = target.spec;
        let path = |field: &str| format!("{}.{field}", target.path);
        let inside = |field: &str, text: Option<&String>| {
            let path = path(field);
            text.and_then(|t| self.word(&path, t)).unwrap_or_else(|| self.at(&path))
        };
        let item = |list: &str, position: Option<usize>| match position {
            Some(i) => self.at(&path(&format!("{list}[{i}]"))),
            None => self.at(&path(list)),
        };
        match &self.complaint.part {
            Part::Setting(name) if self.complaint.object == target.local => self.at(&path(&format!("settings.{name}"))),
            Part::Setting(name) => self.at(&path(&format!("distributed.settings.{name}"))),
            Part::Column(name) => match spec.columns.iter().position(|c| c.name == *name) {
                Some(i) => self.in_column(target, i),
                None => self.at(&path("columns")),
            },
            Part::Cluster => self.at(&path("distributed.cluster")),
            Part::ShardingKey => self.at(&path("distributed.shardingKey")),
            Part::Engine => inside("engine", spec.engine.as_ref()),
            Part::PartitionBy => inside("partitionBy", spec.partition_by.as_ref()),
            Part::OrderBy => inside("orderBy", spec.order_by.as_ref()),
            Part::PrimaryKey => inside("primaryKey", spec.primary_key.as_ref()),
            Part::SampleBy => inside("sampleBy", spec.sample_by.as_ref()),
            Part::Ttl => inside("ttl", spec.ttl.as_ref()),
            Part::Index(name) => item("indexes", spec.indexes.iter().position(|i| i.name == *name)),
            Part::Projection(name) => item("projections", spec.projections.iter().position(|p| p.name == *name)),
            Part::Constraint(name) => item("constraints", spec.constraints.iter().position(|c| c.name == *name)),
            Part::Query | Part::Whole => self.at(&path("table")),
        }
    }

    /// The field of a column that holds the name, or its type.
    fn in_column(&self, target: &Target<'_>, i: usize) -> Place {
        let column = &target.spec.columns[i];
        let fields = [
            ("codec", &column.codec),
            ("default", &column.default),
            ("materialized", &column.materialized),
            ("alias", &column.alias),
            ("ephemeral", &column.ephemeral),
            ("ttl", &column.ttl),
        ];
        let path = |field: &str| format!("{}.columns[{i}].{field}", target.path);
        let named = fields.into_iter().find_map(|(field, text)| self.word(&path(field), text.as_ref()?));
        let data_type = || self.word(&path("type"), &column.data_type);
        named.or_else(data_type).unwrap_or_else(|| self.at(&path("type")))
    }
}

/// Where a SELECT names an output: after its AS, or as the bare column.
fn output(text: &str, name: &str) -> Option<(usize, usize)> {
    let tokens = tokenize(text).ok()?;
    let is = |t: &&Token| t.name() == Some(name);
    let aliased = tokens.windows(2).find(|w| w[0].is_word("AS") && is(&&w[1])).map(|w| &w[1]);
    aliased.or_else(|| tokens.iter().find(is)).map(|t| (t.start, t.end))
}
