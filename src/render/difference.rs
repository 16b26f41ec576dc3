//! What of a resource differs, a line each.

use super::hosts::Hosts;
use super::paper::{Paper, Tone};
use super::query;
use super::replicas::replicas;
use super::words::{ABSENT, ARROW, CHANGED, DANGER, DROPPED, MADE};
use crate::diff::{Attribute, AttributeChange, TopicChange};
use crate::model::ObjectName;
use crate::plan::{Action, Change, Hazard, KafkaAction, Plan, ResourcePlan, Step};

/// Where lines about a resource begin.
pub(super) const INDENT: usize = 4;
/// Labels longer than this push their values aside, instead of all values.
const LONGEST_LABEL: usize = 48;

/// One line: a mark, what it is about, and what is said about it.
pub(super) struct Row {
    tone: Tone,
    mark: &'static str,
    indent: usize,
    label: String,
    value: Value,
    /// Where, if not everywhere.
    hosts: Option<String>,
    hazards: Vec<Hazard>,
}

enum Value {
    /// Nothing more to say.
    None,
    /// A fact.
    Is(String),
    /// An old value and a new one.
    From(String, String),
    /// Two queries.
    Query(String, String),
}

impl Row {
    fn new(label: impl Into<String>, value: Value) -> Self {
        Self {
            tone: Tone::Changed,
            mark: "",
            indent: INDENT,
            label: label.into(),
            value,
            hosts: None,
            hazards: Vec::new(),
        }
    }

    fn marked(self, tone: Tone, mark: &'static str) -> Self {
        Self { tone, mark, ..self }
    }

    fn on(self, hosts: Option<String>) -> Self {
        Self { hosts, ..self }
    }

    fn risking(self, hazards: &[Hazard]) -> Self {
        Self { hazards: hazards.to_vec(), ..self }
    }

    /// Whether something follows the label that stands in a column.
    fn is_aligned(&self) -> bool {
        match self.value {
            Value::Is(_) | Value::From(..) => true,
            Value::None | Value::Query(..) => self.hosts.is_some(),
        }
    }

    fn inside(self) -> Self {
        Self { indent: self.indent + 2, ..self }
    }
}

/// One difference, for those that do not write on paper.
#[derive(Debug)]
pub(super) struct Fact {
    /// The object, where it is about a part of one.
    pub object: Option<String>,
    /// What of it; of an object as a whole, its name.
    pub what: String,
    /// `+`, `-`, `~`, or nothing.
    pub mark: &'static str,
    /// What the servers have.
    pub old: Option<String>,
    /// What the manifests ask for.
    pub new: Option<String>,
    /// Whether the two are queries.
    pub is_query: bool,
    /// Where, if not everywhere.
    pub hosts: Option<String>,
    /// What it endangers.
    pub hazards: Vec<Hazard>,
}

/// The rows without their layout.
pub(super) fn facts(rows: Vec<Row>) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut about: Option<String> = None;
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let is_part = row.indent > INDENT;
        if !is_part {
            about = Some(row.label.clone()).filter(|_| !row.mark.is_empty());
            let is_heading = rows.peek().is_some_and(|next| next.indent > INDENT);
            // What is changed is told by its parts; what is made is told as well.
            if is_heading && row.mark == CHANGED {
                continue;
            }
        }
        let is_query = matches!(row.value, Value::Query(..));
        let known = |text: String| Some(text).filter(|t| t != ABSENT);
        let (old, new) = match row.value {
            Value::None => (None, None),
            Value::Is(new) => (None, Some(new)),
            Value::From(old, new) | Value::Query(old, new) => (known(old), known(new)),
        };
        let object = about.clone().filter(|_| is_part);
        let (what, mark, hosts, hazards) = (row.label, row.mark, row.hosts, row.hazards);
        facts.push(Fact { object, what, mark, old, new, is_query, hosts, hazards });
    }
    facts
}

/// Writes rows with their values in one column.
pub(super) fn write(paper: &mut Paper, rows: &[Row]) {
    let end = |r: &Row| r.indent + r.label.chars().count() + if r.mark.is_empty() { 0 } else { r.mark.len() + 1 };
    let aligned = rows.iter().filter(|r| r.is_aligned()).map(end);
    let column = aligned.filter(|e| *e <= INDENT + LONGEST_LABEL).max().unwrap_or(0) + 2;
    for row in rows {
        paper.gap(row.indent);
        if !row.mark.is_empty() {
            paper.put(row.tone, row.mark).gap(1);
        }
        let label = if row.mark.is_empty() { Tone::Plain } else { row.tone };
        paper.put(label, &row.label);
        match &row.value {
            Value::None | Value::Query(..) => {}
            Value::Is(text) => {
                paper.to(column).put(Tone::Plain, text);
            }
            Value::From(old, new) if is_short(paper, column, old, new) => {
                paper.to(column).put(Tone::Gone, old).gap(1).put(Tone::Faint, ARROW).gap(1).put(Tone::Made, new);
            }
            Value::From(..) => {}
        }
        if let Some(hosts) = &row.hosts {
            paper.to(column).put(Tone::Faint, "on").gap(1).put(Tone::Plain, hosts);
        }
        hazards(paper, &row.hazards);
        paper.end();
        match &row.value {
            Value::Query(old, new) => query::diff(paper, row.indent + 2, old, new),
            Value::From(old, new) if !is_short(paper, column, old, new) => {
                paper.gap(row.indent + 2).put(Tone::Gone, DROPPED).gap(1).put(Tone::Gone, old).end();
                paper.gap(row.indent + 2).put(Tone::Made, MADE).gap(1).put(Tone::Made, new).end();
            }
            Value::None | Value::Is(_) | Value::From(..) => {}
        }
    }
}

fn is_short(paper: &Paper, column: usize, old: &str, new: &str) -> bool {
    paper.fits(column + old.chars().count() + new.chars().count() + ARROW.len() + 2)
}

/// Writes hazards at the end of a line.
pub(super) fn hazards(paper: &mut Paper, hazards: &[Hazard]) {
    for hazard in hazards {
        paper.gap(2).put(Tone::Danger, DANGER).gap(1).put(Tone::Danger, hazard.as_str());
    }
}

/// The rows of a resource of a plan.
pub(super) fn of(resource: &ResourcePlan, plan: &Plan, hosts: &Hosts) -> Vec<Row> {
    let steps: Vec<&Step> = plan.steps.iter().filter(|s| s.resource == resource.id).collect();
    rows(&resource.changes, &steps, hosts)
}

/// The rows of a resource: what its changes say and, of a topic that is made or deleted, what its steps say.
pub(super) fn rows(changes: &[Change], steps: &[&Step], hosts: &Hosts) -> Vec<Row> {
    let mut rows: Vec<Row> = steps.iter().flat_map(|s| of_step(s)).collect();
    let mut about: Option<&ObjectName> = None;
    for change in changes {
        match change {
            Change::Topic { change, hazards } => rows.push(topic(change).risking(hazards)),
            Change::Make { object, engine, hosts: on } => {
                let row = Row::new(object.to_string(), Value::Is(engine.clone())).marked(Tone::Made, MADE);
                rows.push(row.on(hosts.unless_all(on)));
            }
            Change::Unmake { object, hosts: on, hazards } => {
                let row = Row::new(object.to_string(), Value::None).marked(Tone::Gone, DROPPED);
                rows.push(row.on(hosts.unless_all(on)).risking(hazards));
            }
            Change::Adopt { object, from, hosts: on } => {
                let from = match from {
                    Some(owner) => format!("taken over from {} of {}", owner.resource, owner.project),
                    None => "taken over: it carries no owner mark".into(),
                };
                let row = Row::new(object.to_string(), Value::Is(from)).marked(Tone::Changed, CHANGED);
                rows.push(row.on(hosts.unless_all(on)));
            }
            Change::Attribute { object, change, hosts: on } => {
                if about != Some(object) {
                    rows.push(Row::new(object.to_string(), Value::None).marked(Tone::Changed, CHANGED));
                }
                rows.push(attribute(change).inside().on(hosts.unless_all(on)));
                about = Some(object);
                continue;
            }
        }
        about = None;
    }
    rows
}

fn topic(change: &TopicChange) -> Row {
    let shown = |v: &Option<String>| v.clone().unwrap_or_else(|| ABSENT.into());
    match change {
        TopicChange::Partitions { old, new } => Row::new("partitions", Value::From(old.to_string(), new.to_string())),
        TopicChange::ReplicationFactor { old, new } => {
            Row::new("replicationFactor", Value::From(replicas(old), new.to_string()))
        }
        // The values may be equal: then it is all about who has a say in them.
        TopicChange::Set { key, old: Some(old), pinned: false, new } => {
            Row::new(format!("config.{key}"), Value::From(format!("inherited {old}"), format!("pinned {new}")))
        }
        TopicChange::Set { key, old, new, .. } => {
            Row::new(format!("config.{key}"), Value::From(shown(old), new.clone()))
        }
        TopicChange::Unset { key, old } => {
            Row::new(format!("config.{key}"), Value::From(format!("pinned {}", shown(old)), "inherited".into()))
        }
    }
}

fn attribute(change: &AttributeChange) -> Row {
    let mut change = change.clone();
    change.conceal();
    let AttributeChange { attribute, old, new } = change;
    let label = attribute.to_string();
    match (attribute, old, new) {
        (Attribute::Query, Some(old), Some(new)) => Row::new(label, Value::Query(old, new)),
        (_, old, new) => {
            let shown = |v: Option<String>| v.unwrap_or_else(|| ABSENT.to_owned());
            Row::new(label, Value::From(shown(old), shown(new)))
        }
    }
}

fn of_step(step: &Step) -> Vec<Row> {
    let action = match &step.action {
        Action::Kafka(action) => action,
        Action::Table(_) => return Vec::new(),
    };
    match action {
        KafkaAction::CreateTopic { name, partitions, replication_factor, config } => {
            let topic = Row::new(format!("topic {name}"), Value::None).marked(Tone::Made, MADE);
            let fact = |label: &str, value: String| Row::new(label, Value::Is(value)).inside();
            let shape = [
                topic.risking(&step.hazards),
                fact("partitions", partitions.to_string()),
                fact("replicationFactor", replication_factor.to_string()),
            ];
            let config = config.iter().map(|(k, v)| fact(&format!("config.{k}"), v.clone()));
            shape.into_iter().chain(config).collect()
        }
        KafkaAction::DeleteTopic { name, .. } => {
            let row = Row::new(format!("topic {name}"), Value::None).marked(Tone::Gone, DROPPED);
            vec![row.risking(&step.hazards)]
        }
        // These have a change of their own.
        KafkaAction::GrowTopic { .. }
        | KafkaAction::AlterTopic { .. }
        | KafkaAction::RemoveMembers { .. }
        | KafkaAction::SetOffsets { .. }
        | KafkaAction::ForgetOffsets { .. }
        | KafkaAction::DeleteGroup { .. }
        | KafkaAction::AwaitBackfill(_) => Vec::new(),
    }
}
