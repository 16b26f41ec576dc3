//! Which members of a consumer group are consumers of one Kafka table of ClickHouse.

use super::group::GroupMember;

/// A Kafka table on one ClickHouse server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableConsumer {
    /// The server's name for itself: `SELECT FQDN()`.
    pub host: String,
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
    /// `kafka_num_consumers`.
    pub consumers: u32,
    /// `kafka_client_id`, with macros replaced, where the table has one.
    pub client_id: Option<String>,
}

impl TableConsumer {
    /// Client ids of its consumers.
    pub fn client_ids(&self) -> Vec<String> {
        let base = match self.client_id.as_deref() {
            Some(id) if !id.is_empty() => id.to_owned(),
            Some(_) | None => format!("ClickHouse-{}-{}-{}", self.host, self.database, self.table),
        };
        if self.consumers > 1 { (0..self.consumers).map(|i| format!("{base}-{i}")).collect() } else { vec![base] }
    }

    /// Whether a member is one of its consumers.
    pub fn owns(&self, member: &GroupMember) -> bool {
        self.client_ids().contains(&member.client_id)
    }
}
