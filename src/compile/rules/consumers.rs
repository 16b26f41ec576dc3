//! Manual consumers: what their fields may say.

use super::super::pipeline::consumer::{WINDOW, dead_letter_columns, time_span};
use super::scene::Scene;
use super::words::{Known, known_columns};
use crate::manifest::{Finding, ManualConsumerSpec, MaybeSecret, OnBadMessageSpec};
use crate::model::consumption::{METADATA, varies};
use std::collections::BTreeMap;

/// Names that the added columns have.
pub(super) fn reserved(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (path, spec) in scene.specs() {
        for (i, column) in spec.columns.iter().enumerate() {
            if METADATA.iter().any(|(name, ..)| *name == column.name) {
                let place = scene.at(&format!("{path}.columns[{i}].name"));
                let message =
                    format!("`{}` is a column that sluice adds: it tells how a row was consumed", column.name);
                let finding = Finding::error("consumer/reserved-column", message, place).label("taken");
                findings.push(
                    finding
                        .help("leave it out, or call it otherwise and give its name on the wire a column of its own"),
                );
            }
        }
    }
}

/// A batch has messages, and its time passes.
pub(super) fn batches(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let Some(spec) = scene.consumer() else { return };
    if spec.batch_size == Some(0) {
        let place = scene.at("spec.batchSize");
        let finding = Finding::error("consumer/batch", "a batch has at least one message", place);
        findings.push(finding.label("nothing would ever be inserted"));
    }
    let Some(written) = &spec.timeout else { return };
    let place = scene.at("spec.timeout");
    match time_span(written) {
        None => {
            let finding = Finding::error("consumer/batch", format!("`{written}` is no time"), place);
            findings.push(finding.label("a number and a unit are needed").help("write 500ms, 120s, 2m or 1h"));
        }
        Some(time) if time.is_zero() => {
            let finding = Finding::error("consumer/batch", "a batch needs some time to come together", place);
            findings.push(finding.label("no time at all"));
        }
        Some(_) => {}
    }
}

/// Rows come once because the table knows the inserts that it has taken before.
pub(super) fn deduplication(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made() {
        if !target.engine.is_merge_tree() {
            let place = scene.at(&format!("{}.engine", target.path));
            let message = format!("{} keeps no rows", target.engine.name);
            let finding = Finding::error("consumer/engine", message, place);
            findings
                .push(finding.label("everything consumed would be lost").help("any engine of the MergeTree family"));
        }
        let replicated = target.engine.is_replicated();
        let setting = if replicated { "replicated_deduplication_window" } else { WINDOW };
        let off = |v: &MaybeSecret| matches!(v, MaybeSecret::Plain(s) if s.text.trim() == "0");
        if target.spec.settings.get(setting).is_some_and(off) {
            let place = scene.key(&format!("{}.settings.{setting}", target.path));
            let message = format!("with `{setting}` at 0 an insert that is repeated after a crash comes twice");
            let finding = Finding::error("consumer/deduplication", message, place).label("the table forgets at once");
            findings.push(finding.help("leave it out, or make it larger than the number of partitions"));
        }
        let key = target.distributed.as_ref().and_then(|over| over.sharding_key.as_ref());
        if let Some(key) = key.filter(|key| varies(key)) {
            let place = scene.at(&format!("{}.distributed.shardingKey", target.path));
            let message = format!("by `{}` an insert that is repeated after a crash goes to other shards", key.trim());
            let finding = Finding::error("consumer/sharding-key", message, place).label("another value each time");
            findings.push(finding.help("name a column or its hash; left out it is `kafka_offset`"));
        }
    }
}

/// Settings of the Kafka engine are for no one here.
pub(super) fn format_settings(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for key in scene.source().settings.keys().filter(|key| key.starts_with("kafka_")) {
        let place = scene.key(&format!("spec.source.settings.{key}"));
        let message = format!("`{key}` is a setting of the Kafka engine, and a consumer has no Kafka table");
        let finding = Finding::error("consumer/format-setting", message, place).label("would be ignored");
        findings.push(
            finding.help("`formatSettings` takes settings of formats, such as `input_format_skip_unknown_fields`"),
        );
    }
}

/// Dead letters are kept where that was asked for.
pub(super) fn dead_letters(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let Some(ManualConsumerSpec { dead_letters: Some(letters), on_bad_message, .. }) = scene.consumer() else { return };
    let now = match on_bad_message {
        OnBadMessageSpec::DeadLetter => None,
        OnBadMessageSpec::Skip => Some("skip"),
        OnBadMessageSpec::Stop => Some("stop"),
    };
    if let Some(now) = now {
        let message = format!("`deadLetters` says where bad messages are kept, but `onBadMessage` is `{now}`");
        let finding = Finding::error("consumer/dead-letters-ignored", message, scene.key("spec.deadLetters"));
        findings.push(finding.label("would be ignored").help("set `onBadMessage: deadLetter`, or leave it out"));
        return;
    }
    let Some(ttl) = &letters.ttl else { return };
    let columns = dead_letter_columns();
    let known = Known {
        names: columns.iter().map(|c| c.name.as_str()).collect(),
        computed: BTreeMap::new(),
        of: "the table of dead letters".into(),
    };
    known_columns(scene, ttl, "spec.deadLetters.ttl", &known, findings);
}
