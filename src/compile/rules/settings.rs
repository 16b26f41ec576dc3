//! Settings of the Kafka table: known ones, and none that a field of the manifest says too.

use super::scene::Scene;
use super::words::near;
use crate::manifest::{Finding, MaybeSecret};
use crate::model::Kind;

/// Settings of the Kafka engine in ClickHouse 26.9.
const KAFKA: [&str; 32] = [
    "kafka_autodetect_client_rack",
    "kafka_broker_list",
    "kafka_client_id",
    "kafka_commit_every_batch",
    "kafka_commit_on_select",
    "kafka_compression_codec",
    "kafka_compression_level",
    "kafka_consumer_reschedule_ms",
    "kafka_consumers_pool_ttl_ms",
    "kafka_disable_num_consumers_limit",
    "kafka_flush_interval_ms",
    "kafka_format",
    "kafka_group_name",
    "kafka_handle_error_mode",
    "kafka_keeper_path",
    "kafka_map_virtual_columns_on_write",
    "kafka_max_block_size",
    "kafka_max_rows_per_message",
    "kafka_num_consumers",
    "kafka_poll_max_batch_size",
    "kafka_poll_timeout_ms",
    "kafka_replica_name",
    "kafka_row_delimiter",
    "kafka_sasl_mechanism",
    "kafka_sasl_password",
    "kafka_sasl_username",
    "kafka_schema",
    "kafka_schema_registry_skip_bytes",
    "kafka_security_protocol",
    "kafka_skip_broken_messages",
    "kafka_thread_per_consumer",
    "kafka_topic_list",
];

/// Format settings of ClickHouse 26.9, one a line.
const FORMAT: &str = include_str!("format_settings.txt");

/// Settings with a field of their own, and the field.
const FIELDS: [(&str, &str); 10] = [
    ("kafka_topic_list", "`spec.topic` or `spec.topics`"),
    ("kafka_group_name", "`spec.source.group`"),
    ("kafka_format", "`spec.source.format`"),
    ("kafka_num_consumers", "`spec.source.consumers`"),
    ("kafka_skip_broken_messages", "`spec.source.errors: {mode: skip, max: N}`"),
    ("kafka_handle_error_mode", "`spec.source.errors.mode`"),
    ("kafka_broker_list", "`spec.clickhouse.kafkaBrokers` of the project, or a named collection"),
    ("kafka_schema", "`spec.source.schema: {file, message}`"),
    ("format_schema", "`spec.source.schema: {file, message}`"),
    ("format_avro_schema_registry_url", "`spec.source.registry`"),
];

/// Every setting of the source.
pub(super) fn settings(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for key in scene.source().settings.keys() {
        let place = || scene.key(&format!("spec.source.settings.{key}"));
        if key.starts_with("kafka_") && scene.kind() == Kind::ManualConsumer {
            // A rule of its own tells.
            continue;
        }
        if let Some((_, field)) = FIELDS.iter().find(|(k, _)| k == key) {
            let finding = Finding::error("pipeline/setting-twice", format!("`{key}` has a field of its own"), place());
            let field = match scene.kind() {
                Kind::KafkaPipeline | Kind::Topic => (*field).to_owned(),
                Kind::OutgoingSink | Kind::ManualConsumer => field.replace("spec.source.", "spec."),
            };
            findings.push(finding.label("would win over the field").help(format!("use {field}")));
        } else if key.starts_with("kafka_") {
            if !KAFKA.contains(&key.as_str()) {
                let message = format!("the Kafka engine has no setting `{key}`");
                let finding = match near(key, KAFKA) {
                    true => Finding::error("pipeline/unknown-setting", message, place()),
                    false => Finding::warning("pipeline/unknown-setting", message, place()),
                };
                findings.push(finding.label("not known in ClickHouse 26.9").did_you_mean(key, KAFKA));
            }
        } else if let Some(prefix) = prefix_of(key)
            && !FORMAT.lines().any(|known| known == key)
        {
            let message = format!("ClickHouse 26.9 has no format setting `{key}`");
            let finding = Finding::warning("pipeline/unknown-setting", message, place()).label("not known");
            findings.push(finding.did_you_mean(key, FORMAT.lines().filter(|known| known.starts_with(prefix))));
        }
    }
}

/// With this setting the server commits what it has read before the rows are written; a rebalance in between
/// was seen to lose messages.
pub(super) fn commits(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    const KEY: &str = "kafka_commit_every_batch";
    let is_on = |v: &MaybeSecret| matches!(v, MaybeSecret::Plain(s) if matches!(s.text.as_str(), "1" | "true"));
    if scene.source().settings.get(KEY).is_some_and(is_on) {
        let place = scene.key(&format!("spec.source.settings.{KEY}"));
        let message = "offsets are committed before the rows are written: a crash or a rebalance can lose messages";
        findings.push(Finding::warning("pipeline/commits-early", message, place).help("leave it out"));
    }
}

/// The family of a format setting. Other settings of a query are taken too, too many to know here.
fn prefix_of(key: &str) -> Option<&'static str> {
    ["format_", "input_format_", "output_format_"].into_iter().find(|prefix| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_fields_are_known_settings() {
        assert!(KAFKA.is_sorted());
        assert!(FORMAT.lines().is_sorted());
        for (key, _) in FIELDS {
            assert!(KAFKA.contains(&key) || FORMAT.lines().any(|k| k == key), "{key}");
        }
    }
}
