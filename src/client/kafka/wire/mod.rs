use super::error::KafkaError;
use super::group::Removal;
use super::settings::KafkaSettings;
use std::collections::BTreeSet;

pub(super) async fn remove_members(
    _settings: &KafkaSettings,
    _group: &str,
    _member_ids: BTreeSet<String>,
) -> Result<Removal, KafkaError> {
    Ok(Removal::Unsupported("not yet".to_owned()))
}
