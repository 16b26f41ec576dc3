//! What a message meets between topic and table that makes rows and messages differ in number, and rightly so.

use crate::model::consumption::DEAD_LETTERS;
use crate::model::token::tokenize;
use crate::model::{Definition, DesiredPipeline, Kind, OnBadMessage, Role, SettingValue};
use std::collections::BTreeSet;

/// Why a message need not be one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passage {
    /// A view has a WHERE.
    Filtered,
    /// A view groups, joins or unfolds.
    Reshaped,
    /// Messages that cannot be parsed are passed over.
    SkipsBroken,
    /// Errors go to a topic.
    ErrorsToTopic,
    /// The table's engine folds rows together.
    Folded,
    /// Rows end with a TTL.
    Expires,
    /// A message goes into several tables.
    Several,
}

impl Passage {
    /// The words for it, after "rows are".
    pub fn as_str(self) -> &'static str {
        match self {
            Passage::Filtered => "filtered by where",
            Passage::Reshaped => "reshaped by a select",
            Passage::SkipsBroken => "skipped where a message is broken",
            Passage::ErrorsToTopic => "sent to a topic where a message is an error",
            Passage::Folded => "folded together by the table's engine",
            Passage::Expires => "deleted by a TTL",
            Passage::Several => "written to several tables",
        }
    }
}

/// Columns of a table of errors, which no table of anybody else has in this order.
const ERRORS: [&str; 8] = ["time", "source", "topic", "partition", "offset", "key", "raw", "error"];

/// Whether a table keeps messages that could not be read.
pub(super) fn keeps_errors(definition: &Definition) -> bool {
    let names: Vec<&str> = definition.columns.iter().map(|c| c.name.as_str()).collect();
    names == ERRORS || names == DEAD_LETTERS.map(|(name, _)| name)
}

/// What the messages of a pipeline meet.
pub(super) fn passages(pipeline: &DesiredPipeline) -> Vec<Passage> {
    let mut found = BTreeSet::new();
    let mut tables = 0;
    for object in &pipeline.objects {
        let definition = &object.definition;
        match object.role {
            Role::Source => {
                let skips = |v: &SettingValue| !v.same(&SettingValue::Number("0".into()));
                if definition.settings.get("kafka_skip_broken_messages").is_some_and(skips) {
                    found.insert(Passage::SkipsBroken);
                }
            }
            Role::Sink if pipeline.id.kind == Kind::KafkaPipeline => {
                found.insert(Passage::ErrorsToTopic);
            }
            Role::Local if !keeps_errors(definition) => {
                tables += 1;
                if !matches!(definition.engine.name.as_str(), "MergeTree" | "ReplicatedMergeTree") {
                    found.insert(Passage::Folded);
                }
                if definition.ttl.is_some() {
                    found.insert(Passage::Expires);
                }
            }
            Role::View | Role::EntryView => found.extend(of_query(definition)),
            Role::Sink | Role::Feed | Role::Local | Role::Distributed | Role::Hub => {}
        }
    }
    if let Some(consumption) = &pipeline.consumption {
        if consumption.filter.is_some() {
            found.insert(Passage::Filtered);
        }
        match consumption.on_bad_message {
            OnBadMessage::Skip => drop(found.insert(Passage::SkipsBroken)),
            OnBadMessage::DeadLetter | OnBadMessage::Stop => {}
        }
    }
    if tables > 1 {
        found.insert(Passage::Several);
    }
    found.into_iter().collect()
}

fn of_query(view: &Definition) -> BTreeSet<Passage> {
    let mut found = BTreeSet::new();
    let tokens = view.query.as_ref().and_then(|q| tokenize(q.as_str()).ok()).unwrap_or_default();
    let has = |words: &[&str]| tokens.iter().any(|t| words.iter().any(|w| t.is_word(w)));
    // The condition that parts errors from rows drops none.
    let parts = tokens.iter().any(|t| t.name() == Some("_reason"));
    if has(&["WHERE", "PREWHERE", "HAVING", "LIMIT", "DISTINCT"]) && !parts {
        found.insert(Passage::Filtered);
    }
    if has(&["GROUP", "JOIN", "UNION", "arrayJoin"]) {
        found.insert(Passage::Reshaped);
    }
    found
}
