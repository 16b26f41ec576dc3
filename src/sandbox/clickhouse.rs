//! Configuration of a ClickHouse node: `config.xml` and `users.xml` in its folder.

use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use super::shape::{self, CLUSTER, Engine};

/// The user with a password.
const GUARDED_USER: &str = "sluice";
const NO_PASSWORD: &str = "<password></password>";
const ALL_RIGHTS: &str =
    "<access_management>1</access_management><named_collection_control>1</named_collection_control>";
/// What the runner's statements need (the temporary table is the table function in them).
const SERVING_RIGHTS: &str = "<grants><query>GRANT SYSTEM LISTEN, CREATE TEMPORARY TABLE ON *.*</query></grants>";

/// The cluster that is the node itself.
const ALONE: &str = "alone";

/// A user who may look and do nothing else, not even for a moment: for seeing what such a one is told.
const READER: &str = "reader";
const READING_RIGHTS: &str = "<grants><query>GRANT SELECT, SHOW ON *.*</query></grants>";

/// Small pools and caches, so that four nodes fit in about 1.2 GB. `log-level` is what this build
/// reads; in `logger/level` it is ignored and everything is traced.
const FIXED: &str = "  <log-level>warning</log-level>
  <logger><log>engine.log</log><size>20M</size><count>1</count></logger>
  <listen_host>127.0.0.1</listen_host>
  <timezone>UTC</timezone>
  <users_config>users.xml</users_config>
  <max_server_memory_usage>2147483648</max_server_memory_usage>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>16</background_schedule_pool_size>
  <background_message_broker_schedule_pool_size>256</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>2</background_distributed_schedule_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
  <mark_cache_size>16777216</mark_cache_size>
  <index_mark_cache_size>4194304</index_mark_cache_size>
  <primary_index_cache_size>16777216</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
";

/// `config.xml` of the node `number` with its two ports, in clusters made of `engines`. Holds the
/// password, which the nodes use among themselves.
pub(super) fn config(number: u16, http: u16, tcp: u16, engines: &[Engine], password: Option<&SecretString>) -> String {
    let mut xml = format!("<clickhouse>\n{FIXED}  <http_port>{http}</http_port>\n  <tcp_port>{tcp}</tcp_port>\n");
    let _ = writeln!(
        xml,
        "  <macros><shard>{number}</shard><replica>r{number}</replica><cluster>{CLUSTER}</cluster></macros>"
    );
    let login = password.map_or_else(String::new, |password| {
        format!("<user>{GUARDED_USER}</user><password>{}</password>", escaped(password.expose_secret()))
    });
    xml.push_str("  <remote_servers>\n");
    for (name, ports) in shape::clusters(engines).into_iter().chain([(ALONE, vec![tcp])]) {
        let _ = writeln!(xml, "    <{name}>");
        for port in ports {
            let _ = writeln!(
                xml,
                "      <shard><replica><host>127.0.0.1</host><port>{port}</port>{login}</replica></shard>"
            );
        }
        let _ = writeln!(xml, "    </{name}>");
    }
    xml.push_str("  </remote_servers>\n</clickhouse>\n");
    xml
}

/// Who clients log in as: `default` without a password, [`GUARDED_USER`] with one.
pub(super) fn user(password: Option<&SecretString>) -> &'static str {
    if password.is_some() { GUARDED_USER } else { "default" }
}

/// `users.xml`: one user who may do everything, from this machine only. Without a password there is [`READER`] too.
///
/// The engine serves from within a session of its own, which logs in as `default` from this machine
/// without a password, whatever is configured. So `default` can have none; where a password is asked
/// for, it is left with the rights to start listening and no other, and clients have another user.
/// Inserts into Distributed tables go in the foreground, as this engine sends nothing in the
/// background.
pub(super) fn users(password: Option<&SecretString>) -> String {
    let users = password.map_or_else(
        || account("default", NO_PASSWORD, ALL_RIGHTS) + &account(READER, NO_PASSWORD, READING_RIGHTS),
        |password| {
            let digest = Sha256::digest(password.expose_secret().as_bytes());
            let mut login = String::from("<password_sha256_hex>");
            for byte in digest {
                let _ = write!(login, "{byte:02x}");
            }
            login.push_str("</password_sha256_hex>");
            account("default", NO_PASSWORD, SERVING_RIGHTS) + &account(GUARDED_USER, &login, ALL_RIGHTS)
        },
    );
    format!(
        "<clickhouse>
  <profiles><default>
    <distributed_foreground_insert>1</distributed_foreground_insert>
    <max_threads>2</max_threads>
  </default></profiles>
  <quotas><default/></quotas>
  <users>
{users}  </users>
</clickhouse>
"
    )
}

fn account(name: &str, login: &str, rights: &str) -> String {
    format!(
        "    <{name}>
      {login}
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      {rights}
    </{name}>
"
    )
}

fn escaped(text: &str) -> String {
    let mut xml = String::new();
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // As references: plain white space may be trimmed or turned into blanks.
            '\t' | '\n' | '\r' | ' ' => {
                let _ = write!(xml, "&#{};", u32::from(character));
            }
            other => xml.push(other),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::super::shape::Kind;
    use super::*;

    fn nodes(count: u16) -> Vec<Engine> {
        (1..=count)
            .map(|number| Engine { number, kind: Kind::ClickHouse { http: number, tcp: 100 + number } })
            .collect()
    }

    #[test]
    fn a_node_knows_its_place_and_the_clusters() {
        let xml = config(2, 8124, 9001, &nodes(2), None);
        let own = xml.strip_prefix(&format!("<clickhouse>\n{FIXED}")).unwrap();
        assert_eq!(
            own,
            "  <http_port>8124</http_port>
  <tcp_port>9001</tcp_port>
  <macros><shard>2</shard><replica>r2</replica><cluster>dwh_test</cluster></macros>
  <remote_servers>
    <dwh_test>
      <shard><replica><host>127.0.0.1</host><port>101</port></replica></shard>
      <shard><replica><host>127.0.0.1</host><port>102</port></replica></shard>
    </dwh_test>
    <ingest>
      <shard><replica><host>127.0.0.1</host><port>101</port></replica></shard>
    </ingest>
    <storage>
      <shard><replica><host>127.0.0.1</host><port>102</port></replica></shard>
    </storage>
    <alone>
      <shard><replica><host>127.0.0.1</host><port>9001</port></replica></shard>
    </alone>
  </remote_servers>
</clickhouse>
"
        );
    }

    #[test]
    fn a_password_is_escaped_for_the_nodes_and_hashed_for_the_user() {
        let password = SecretString::from("a<b>&c d");
        let xml = config(1, 1, 2, &nodes(1), Some(&password));
        assert_eq!(xml.matches("<password>a&lt;b&gt;&amp;c&#32;d</password>").count(), 4);
        let users = users(Some(&SecretString::from("abc")));
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(users.contains(&format!("<password_sha256_hex>{hash}</password_sha256_hex>")));
    }

    #[test]
    fn without_a_password_there_is_an_empty_one() {
        let users = users(None);
        assert!(users.contains("<default>\n      <password></password>\n      <networks><ip>127.0.0.1</ip>"));
        assert!(!users.contains("<sluice>"));
        assert_eq!(user(None), "default");
    }
}
