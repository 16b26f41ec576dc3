//! A manual consumer: the tables that it fills, and what it must know to do so.

use super::{Build, engine, view};
use crate::compile::columns::{ColumnValue, TargetColumn};
use crate::compile::conversion::convert;
use crate::compile::expression;
use crate::compile::select::SOURCE;
use crate::compile::source::setting;
use crate::compile::target::{self, Target};
use crate::compile::topic;
use crate::compile::wire::{self, Readable};
use crate::manifest::{Finding, ManualConsumerSpec, NamesSpec, OnBadMessageSpec, TargetSpec};
use crate::model::consumption::DEAD_LETTERS;
use crate::model::{
    Column, ConsumedColumn, Consumption, DesiredObject, DesiredPipeline, EngineArg, Fragment, Index, OnBadMessage,
    Role, SettingValue, WireColumn,
};
use std::time::Duration;

/// The setting by which a table that is not replicated knows inserts that it has taken before.
pub(in crate::compile) const WINDOW: &str = "non_replicated_deduplication_window";
/// Inserts that are remembered: a crash leaves one for each partition in doubt, and a topic may have many.
const INSERTS: u32 = 10_000;
/// By it the consumer finds the rows behind what its group has committed: without it each start reads every row.
const OFFSETS: &str = "kafka_offset_range";
const OFFSET: &str = "kafka_offset";
/// The same of a dead letter.
const LETTER_OFFSET: &str = "offset";
const BATCH: u32 = 100;
const TIMEOUT: Duration = Duration::from_secs(120);

impl Build<'_> {
    /// The consumer; its table is the one target.
    pub(in crate::compile) fn consumer(
        self,
        spec: &ManualConsumerSpec,
        findings: &mut Vec<Finding>,
    ) -> Option<DesiredPipeline> {
        let target = self.targets.first()?;
        let mut objects = self.consumed_tables(target, OFFSET);
        let letters_spec = dead_letters(spec, target, self.project.engine.as_str());
        let mut dead_letters = None;
        if spec.on_bad_message == OnBadMessageSpec::DeadLetter {
            let letters = target::resolve(self.document, &letters_spec, "spec.deadLetters", self.project, findings)?;
            let stored = |column| TargetColumn { column, value: ColumnValue::Table };
            let letters = Target { columns: dead_letter_columns().into_iter().map(stored).collect(), ..letters };
            objects.extend(self.consumed_tables(&letters, LETTER_OFFSET));
            dead_letters = Some(letters.writes);
        }
        let readable = Readable::of_columns(&self.wire);
        let lifecycle = topic::lifecycle(self.document.lifecycle);
        self.topics_are_there(lifecycle.state, findings);
        let consumption = Consumption {
            id: self.id.clone(),
            topics: self.topics.clone(),
            group: self.group.clone(),
            format: spec.format.clone().unwrap_or_else(|| "JSONEachRow".into()),
            format_settings: spec
                .format_settings
                .iter()
                .map(|(key, value)| (key.clone(), setting(value, &self.document.directory)))
                .collect(),
            table: target.writes.clone(),
            local: target.local.clone(),
            wire: self
                .wire
                .iter()
                .map(|c| WireColumn { name: c.name.clone(), data_type: c.data_type.as_str().to_owned() })
                .collect(),
            columns: self.consumed(target, &readable, findings),
            filter: view::filter(self.document, target, &readable, findings),
            batch_size: spec.batch_size.unwrap_or(BATCH),
            timeout: spec.timeout.as_deref().and_then(time_span).unwrap_or(TIMEOUT),
            on_bad_message: match spec.on_bad_message {
                OnBadMessageSpec::DeadLetter => OnBadMessage::DeadLetter,
                OnBadMessageSpec::Skip => OnBadMessage::Skip,
                OnBadMessageSpec::Stop => OnBadMessage::Stop,
            },
            dead_letters,
        };
        Some(DesiredPipeline {
            id: self.id,
            topics: self.topics,
            writes_topics: Vec::new(),
            group: self.group,
            start_from: None,
            renamed_from: None,
            objects,
            backfills: Vec::new(),
            consumption: Some(consumption),
            lifecycle,
        })
    }

    /// The tables of a target, the local one with a memory of the inserts that it has taken. What is not said of the
    /// sharding key is `offset`: an insert that is repeated must go where it went before.
    fn consumed_tables(&self, target: &Target<'_>, offset: &str) -> Vec<DesiredObject> {
        let mut objects = self.tables(target);
        let said = target.distributed.as_ref().is_some_and(|over| over.sharding_key.is_some());
        for object in objects.iter_mut().filter(|o| o.role == Role::Distributed && !said) {
            if let Some(key) = object.definition.engine.args.get_mut(3) {
                *key = EngineArg::Expression(Fragment::new(offset));
            }
        }
        for object in objects.iter_mut().filter(|o| o.role == Role::Local) {
            let definition = &mut object.definition;
            if !definition.engine.is_replicated() {
                let inserts = || SettingValue::Number(INSERTS.to_string());
                definition.settings.entry(WINDOW.to_owned()).or_insert_with(inserts);
            }
            let offset = Fragment::new(OFFSET);
            let named = |name: &str| definition.columns.iter().any(|c| c.name == name);
            if named(OFFSET) && !definition.indexes.iter().any(|i| i.expression == offset || i.name == OFFSETS) {
                definition.indexes.push(Index {
                    name: OFFSETS.to_owned(),
                    expression: offset,
                    index_type: Fragment::new("minmax"),
                    granularity: Some(1),
                });
            }
        }
        objects
    }

    /// The columns an insert fills, each with its value.
    fn consumed(&self, target: &Target<'_>, readable: &Readable, findings: &mut Vec<Finding>) -> Vec<ConsumedColumn> {
        let mut columns = Vec::new();
        for (i, column) in target.columns.iter().enumerate() {
            let path = format!("{}.columns[{i}]", target.path);
            let (name, data_type) = (&column.column.name, column.column.data_type.as_str());
            match &column.value {
                ColumnValue::Table => {}
                ColumnValue::Expression(text) => {
                    let path = format!("{path}.expression");
                    let value = view::qualified(self.document, text, &path, readable, findings);
                    columns.push(ConsumedColumn {
                        name: name.clone(),
                        wire_type: None,
                        data_type: data_type.to_owned(),
                        expression: Some(value),
                        failed: None,
                    });
                }
                ColumnValue::Read(_) => {
                    for (name, data_type) in wire::flattened(name, data_type) {
                        let Some(on_the_wire) = readable.type_of(&name) else {
                            findings.push(view::no_value(self.document, &path, &name, readable));
                            continue;
                        };
                        columns.push(read(name, on_the_wire, data_type));
                    }
                }
            }
        }
        columns
    }
}

/// A column that takes the value of the same name.
fn read(name: String, on_the_wire: &str, data_type: String) -> ConsumedColumn {
    let column = expression::column(SOURCE, &name);
    let made = convert(&column, on_the_wire, &data_type, false).map(|made| made.value).filter(|v| *v != column);
    let failed = convert(&column, on_the_wire, &data_type, true).and_then(|made| made.failed);
    ConsumedColumn { wire_type: Some(on_the_wire.to_owned()), expression: made, failed, name, data_type }
}

/// The columns of a table of dead letters.
pub(in crate::compile) fn dead_letter_columns() -> Vec<Column> {
    DEAD_LETTERS.map(|(name, data_type)| Column::new(name, data_type)).to_vec()
}

/// The table of dead letters as a target: what its author would have written.
fn dead_letters(spec: &ManualConsumerSpec, target: &Target<'_>, project_engine: &str) -> TargetSpec {
    let written = spec.dead_letters.clone().unwrap_or_default();
    TargetSpec {
        table: written.table.unwrap_or_else(|| target.table.with_suffix("_dead_letters").to_string()),
        order_by: Some("topic, partition, offset".into()),
        ttl: written.ttl,
        engine: engine::parse(project_engine)
            .filter(|e| matches!(e.name.as_str(), "MergeTree" | "ReplicatedMergeTree"))
            .is_none()
            .then(|| "MergeTree".into()),
        names: NamesSpec::default(),
        cluster: target.spec.cluster.clone(),
        ..TargetSpec::default()
    }
}

/// A time with its unit: `500ms`, `120s`, `2m`, `1h`.
pub(in crate::compile) fn time_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number = u64::from(number.parse::<u32>().ok()?);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3600)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        let millis = |text: &str| time_span(text).map(|t| t.as_millis());
        assert_eq!(["500ms", "120s", "2m", "1h", "0s"].map(millis), [500, 120_000, 120_000, 3_600_000, 0].map(Some));
        assert_eq!(["", "120", "s", "1d", "-1s", "1.5s", "99999999999s"].map(millis), [None; 7]);
    }
}
