//! Which members of a consumer group are consumers of one Kafka table of ClickHouse.
//!
//! ClickHouse names its consumers after the table as it was called when it was created or attached: a renamed table
//! keeps the old name in its client ids, and one made by CREATE OR REPLACE has the temporary name that the statement
//! gave it, until the server starts again. The surest source is `consumer_id` of `system.kafka_consumers`, which is the
//! id of the member in the group; it is empty while a consumer has not joined yet, and gone with the table.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;

/// The Kafka table of one ClickHouse server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableConsumer {
    /// The server's name for itself, `SELECT FQDN()`: what it puts into client ids. `hostName()` may be shorter.
    pub host: String,
    /// Database.
    pub database: String,
    /// Table.
    pub table: String,
    /// Its `kafka_num_consumers`.
    pub consumers: u32,
    /// Its `kafka_client_id`, if it has one. `{database}` and `{table}` in it are known here; the server's own macros
    /// must have been replaced.
    pub client_id: Option<String>,
}

impl TableConsumer {
    /// Client ids of its consumers, if it was created under its name.
    pub fn client_ids(&self) -> Vec<String> {
        self.named(&self.table)
    }

    /// Whether a member with this client id is one of its consumers: those of a table created under its name, or by
    /// CREATE OR REPLACE.
    ///
    /// Hyphens join the parts of a client id and may be in them, so `a-b`.`c` and `a`.`b-c` of one server cannot be told
    /// apart, nor the second consumer of `t` from the only one of `t-1`.
    pub fn belongs(&self, client_id: &str) -> bool {
        let is_one_of = |ids: Vec<String>| ids.iter().any(|id| id == client_id);
        is_one_of(self.named(&self.table))
            || self.replacement(client_id).is_some_and(|table| is_one_of(self.named(table)))
    }

    fn named(&self, table: &str) -> Vec<String> {
        let base = match self.client_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.replace("{database}", &self.database).replace("{table}", table),
            None => format!("ClickHouse-{}-{}-{table}", self.host, self.database),
        };
        if self.consumers > 1 { (0..self.consumers).map(|i| format!("{base}-{i}")).collect() } else { vec![base] }
    }

    /// The temporary name in a client id, if it is one of this table: `_tmp_replace_`, a hash of database and table,
    /// and something random.
    fn replacement<'a>(&self, client_id: &'a str) -> Option<&'a str> {
        let mut hash = SipHasher24::new();
        hash.write(self.database.as_bytes());
        hash.write(self.table.as_bytes());
        let known = format!("_tmp_replace_{:016x}_", hash.finish());
        let start = client_id.find(&known)?;
        let random = client_id[start + known.len()..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        client_id.get(start..start + known.len() + random).filter(|_| random > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(database: &str, table: &str, consumers: u32, client_id: Option<&str>) -> TableConsumer {
        let (database, table) = (database.to_owned(), table.to_owned());
        TableConsumer { host: "vm".to_owned(), database, table, consumers, client_id: client_id.map(str::to_owned) }
    }

    /// Client ids that ClickHouse 26.9 gave its consumers.
    #[test]
    fn client_ids_are_those_of_the_server() {
        for (table, ids) in [
            (table("m1", "a", 1, None), vec!["ClickHouse-vm-m1-a"]),
            (table("m1", "b", 2, None), vec!["ClickHouse-vm-m1-b-0", "ClickHouse-vm-m1-b-1"]),
            (table("m1", "c", 1, Some("mine")), vec!["mine"]),
            (table("m1", "d", 2, Some("x-1-dwh_test")), vec!["x-1-dwh_test-0", "x-1-dwh_test-1"]),
            (table("m1", "f", 1, Some("{database}.{table}")), vec!["m1.f"]),
            (table("m1", "e", 1, Some("")), vec!["ClickHouse-vm-m1-e"]),
        ] {
            assert_eq!(table.client_ids(), ids);
            assert!(ids.iter().all(|id| table.belongs(id)), "{ids:?}");
        }
    }

    #[test]
    fn a_replaced_table_is_known_by_its_temporary_name() {
        assert!(table("m1", "g", 1, None).belongs("ClickHouse-vm-m1-_tmp_replace_736f3e0b1724b0f6_aatvxdtbdcacacba"));
        assert!(table("m1", "g", 2, None).belongs("ClickHouse-vm-m1-_tmp_replace_736f3e0b1724b0f6_aatvxdtbdcacacba-1"));
        let named = table("m1", "f", 1, Some("{database}.{table}"));
        assert!(named.belongs("m1._tmp_replace_2d7877cd11fd8a3a_cbmoknih5f473e80"));
        // Database and table are hashed without a border between them, but the database stands before the name.
        let other = "ClickHouse-vm-m1-_tmp_replace_736f3e0b1724b0f6_aatvxdtbdcacacba";
        assert!(!table("m", "1g", 1, None).belongs(other) && !table("m1", "h", 1, None).belongs(other));
    }

    #[test]
    fn consumers_of_others_do_not_belong() {
        let one = table("db", "t", 1, None);
        for other in [
            "ClickHouse-vm-db-t-0",
            "ClickHouse-vm-db-t2",
            "ClickHouse-vm-db-",
            "ClickHouse-vm2-db-t",
            "ClickHouse-vm-db2-t",
            "clickhouse-vm-db-t",
            "",
            "ClickHouse-vm-db-_tmp_replace_",
            "ClickHouse-vm-db-_tmp_replace_736f3e0b1724b0f6_aatvxdtbdcacacba",
            "rdkafka",
        ] {
            assert!(!one.belongs(other), "{other}");
        }
        let two = table("db", "t", 2, None);
        assert!(two.belongs("ClickHouse-vm-db-t-1") && !two.belongs("ClickHouse-vm-db-t"));
        assert!(!two.belongs("ClickHouse-vm-db-t-2") && !two.belongs("ClickHouse-vm-db-t-01"));
        assert!(!table("db", "t", 1, Some("mine")).belongs("ClickHouse-vm-db-t"));
    }

    #[test]
    fn a_temporary_name_without_an_end_is_none() {
        let hash = "ClickHouse-vm-m1-_tmp_replace_736f3e0b1724b0f6_";
        let table = table("m1", "g", 1, None);
        assert!(table.belongs(&format!("{hash}1f")));
        assert!(!table.belongs(hash) && !table.belongs(&format!("{hash}é")) && !table.belongs(&format!("{hash}1f-0")));
    }
}
