//! What a new target is filled with: the messages that were read before it came, or the rows of another target.

use super::{Build, hub, select, source, view};
use crate::compile::columns::ColumnValue;
use crate::compile::target::Target;
use crate::compile::view::Reading;
use crate::compile::wire::Readable;
use crate::manifest::{Backfill, Finding, SourceSpec};
use crate::model::backfill::{BEFORE, up_to_unknown};
use crate::model::{BackfillFrom, DesiredBackfill, Fragment, Owner, Refill, Reread, quote};

/// Columns of a Kafka table by which messages are told apart.
const PLACE: [&str; 3] = ["_topic", "_partition", "_offset"];

impl Build<'_> {
    /// What the targets are filled with that ask for it.
    pub(super) fn backfills(&self, readable: &Readable, stream: bool, told: &mut Vec<Finding>) -> Vec<DesiredBackfill> {
        let targets = self.targets.iter().enumerate();
        targets.filter_map(|(i, target)| self.backfill(i, target, readable, stream, told)).collect()
    }

    fn backfill(
        &self,
        index: usize,
        target: &Target<'_>,
        readable: &Readable,
        stream: bool,
        told: &mut Vec<Finding>,
    ) -> Option<DesiredBackfill> {
        let wish = target.spec.backfill.as_ref()?;
        if target.spec.external || target.engine.name == "Null" {
            let message = match target.spec.external {
                true => "the table belongs to somebody else: whether it is filled cannot be told",
                false => "a Null table keeps no rows",
            };
            told.push(self.refused(target, "backfill", message).help("leave `backfill` out"));
            return None;
        }
        // What it reads is not known: a finding of its own.
        if target.reads.is_some() != target.spec.reads.is_some() {
            return None;
        }
        let from = match (wish, target.reads) {
            (Backfill::Earliest, None) => self.reread(target, readable, stream, told)?,
            (Backfill::Earliest, Some(above)) => self.refill(index, target, above, "backfill", told)?,
            (Backfill::From(table), _) => {
                let above = self.named(target, table, told)?;
                self.refill(index, target, above, "backfill.from", told)?
            }
        };
        let through = target.distributed.as_ref().map(|_| target.table.clone());
        Some(DesiredBackfill { local: target.local.clone(), through, view: target.view.clone(), from })
    }

    fn refused(&self, target: &Target<'_>, field: &str, message: impl Into<String>) -> Finding {
        let place = self.document.spans.at(&format!("{}.{field}", target.path));
        Finding::error("pipeline/backfill-source", message, place)
    }

    fn named(&self, target: &Target<'_>, table: &str, told: &mut Vec<Finding>) -> Option<usize> {
        let is = |t: &Target<'_>| t.table.to_string() == table || t.local.to_string() == table;
        let found = self.targets.iter().position(is);
        if found.is_none() {
            let place = self.document.spans.at(&format!("{}.backfill.from", target.path));
            let message = format!("`{table}` is no target of this pipeline");
            let known: Vec<String> = self.targets.iter().map(|t| t.table.to_string()).collect();
            let finding = Finding::error("pipeline/unknown-target", message, place);
            told.push(finding.did_you_mean(table, known.iter().map(String::as_str)));
        }
        found
    }

    /// A Kafka table with a group of its own, and a view over it that takes what is before the offsets of the
    /// pipeline's group. Errors are left out: the group that read them first has kept them.
    fn reread(
        &self,
        target: &Target<'_>,
        readable: &Readable,
        stream: bool,
        told: &mut Vec<Finding>,
    ) -> Option<BackfillFrom> {
        if let Some(name) = PLACE.iter().find(|name| self.wire.iter().any(|c| c.name == **name)) {
            let message = format!("messages are told apart by `{name}`, and the wire has a column of that name");
            told.push(self.refused(target, "backfill", message).help("fill it `{from: TABLE}`, or leave it out"));
            return None;
        }
        let group = format!("{}-backfill-{}", self.group, target.table);
        let name = target.view.with_suffix("__backfill_kafka");
        let comment = self.comment();
        let table = source::KafkaTable { name: &name, group: &group, comment, ..self.kafka_table() };
        let spec: &SourceSpec = &self.document.spec.source;
        let kafka = source::reading(table, spec, self.project);
        // Findings were told when the pipeline's own views were made.
        let failures = self.failures(readable, &mut Vec::new());
        let inner = hub::entry(&name, readable, stream.then_some(failures.as_slice()), &[BEFORE.to_owned()]);
        let reading = Reading {
            from: format!("(\n{inner}\n)"),
            table: None,
            written: &self.kafka,
            columns: readable,
            hidden: self.hidden(readable, stream),
            marked: stream,
            lenient: stream,
        };
        let query = view::query(self.document, target, &reading, &mut Vec::new());
        let comment = self.stamped(&up_to_unknown());
        let view = view::view(&target.view.with_suffix("__backfill"), &target.writes, query, comment);
        Some(BackfillFrom::Topic(Box::new(Reread { kafka, view, group })))
    }

    /// The target's SELECT over the rows of another target.
    fn refill(
        &self,
        index: usize,
        target: &Target<'_>,
        above: usize,
        field: &str,
        told: &mut Vec<Finding>,
    ) -> Option<BackfillFrom> {
        let from = &self.targets[above];
        if let Some(message) = self.no_source(index, above) {
            let help = "name a target with a table of its own that does not come from this one";
            told.push(self.refused(target, field, message).help(help));
            return None;
        }
        let columns = Readable::of_target(from);
        let reading = Reading {
            from: quote::object(&from.local),
            table: Some(&from.local),
            written: if target.reads == Some(above) { &from.table } else { &self.kafka },
            columns: &columns,
            hidden: Vec::new(),
            marked: false,
            lenient: false,
        };
        let own = target.reads == Some(above);
        let before = told.len();
        let mut ignored = Vec::new();
        let query = view::query(self.document, target, &reading, if own { &mut ignored } else { &mut *told });
        if told.len() > before {
            return None;
        }
        let Some(columns) = self.outputs(target, &columns) else {
            let message = "the columns that the SELECT gives cannot be told by its letters";
            let place = self.document.spans.at(&format!("{}.select", target.path));
            let help = "to fill the target, let it begin with SELECT and name every column";
            told.push(Finding::error("pipeline/backfill-columns", message, place).help(help));
            return None;
        };
        let (from, into) = (from.local.clone(), target.writes.clone());
        Some(BackfillFrom::Table(Box::new(Refill { from, into, columns, query: Fragment::new(query) })))
    }

    fn no_source(&self, index: usize, above: usize) -> Option<String> {
        let (target, from) = (&self.targets[index], &self.targets[above]);
        if from.spec.external || from.engine.name == "Null" {
            return Some(format!("{} has no rows of this pipeline to fill from", from.table));
        }
        if target.reads != Some(above) && target.cluster != from.cluster {
            return Some(format!("{} is on another cluster", from.table));
        }
        let mut at = Some(above);
        for _ in 0..=self.targets.len() {
            match at {
                Some(found) if found == index => return Some(format!("{} comes from this very target", from.table)),
                Some(found) => at = self.targets[found].reads,
                None => return None,
            }
        }
        None
    }

    /// Names of the columns that the target's SELECT gives, in order.
    fn outputs(&self, target: &Target<'_>, readable: &Readable) -> Option<Vec<String>> {
        if let Some(text) = &target.spec.select {
            return select::output_names(text);
        }
        let given = target.columns.iter().filter(|c| match &c.value {
            ColumnValue::Table => false,
            ColumnValue::Expression(_) => true,
            ColumnValue::Read(_) => readable.has(&c.column.name),
        });
        Some(given.map(|c| c.column.name.clone()).collect())
    }

    fn stamped(&self, text: &str) -> String {
        Owner::new(&self.project.name, &self.id).stamp(text)
    }
}
