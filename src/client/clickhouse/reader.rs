//! Reading from one server.

use super::error::ClickHouseError;
use super::guard::{beginning, is_read};
use super::host::Host;
use super::retry::{Again, retried};
use super::session::Session;
use super::settings::ClickHouseSettings;
use super::transport::{Access, Request, Transport};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Longest piece of an answer shown in an error, in characters.
const SHOWN: usize = 200;

/// Parameters of every read.
const READ_PARAMETERS: [(&str, &str); 4] = [
    // Refuses what lasts in databases; allows settings and, in a session, temporary tables. It lets some through
    // (INSERT INTO FUNCTION, UNDROP, BACKUP): those `guard` keeps here.
    ("readonly", "2"),
    // A privileged user must not leak secrets into plans.
    ("format_display_secrets_in_show_and_select", "0"),
    ("output_format_json_quote_64bit_integers", "0"),
    // A read we gave up must not go on beside its repetition.
    ("cancel_http_readonly_queries_on_client_close", "1"),
];

/// Reads from one server and can change nothing there: every request carries `readonly=2`, and only statements
/// that read are sent. Clones share connections and the counter of requests.
#[derive(Debug, Clone)]
pub struct ClickHouseReader {
    transport: Arc<Transport>,
    limit: Duration,
}

impl ClickHouseReader {
    /// Prepares a reader; nothing is sent yet. `url` is `http[s]://host[:port][/path]`.
    ///
    /// # Errors
    /// [`ClickHouseError::BadUrl`] (user info in it included) or [`ClickHouseError::BadSettings`].
    pub fn connect(url: &str, settings: &ClickHouseSettings) -> Result<Self, ClickHouseError> {
        Ok(Self { transport: Arc::new(Transport::new(url, settings)?), limit: settings.read_timeout })
    }

    /// Runs a SELECT (or SHOW, DESCRIBE, EXISTS, EXPLAIN) without a FORMAT clause and reads each row into `T`, by column name. 64-bit integers come
    /// as numbers. Tried up to three times where the network, not the statement, is at fault.
    ///
    /// # Errors
    /// Any [`ClickHouseError`]; [`ClickHouseError::Malformed`] names the field that does not fit `T`.
    pub async fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, ClickHouseError> {
        self.guard(sql, is_read)?;
        let body = self.read(sql, "JSONEachRow", &[], Again::Passes).await?;
        parse_rows(self.host(), &body)
    }

    /// Runs a statement and gives its answer as text: `TSVRaw` unless the statement names a FORMAT, so a single
    /// value stands there unescaped, with a line end after it. Tried again like [`ClickHouseReader::rows`].
    ///
    /// # Errors
    /// Any [`ClickHouseError`].
    pub async fn text(&self, sql: &str) -> Result<String, ClickHouseError> {
        self.guard(sql, is_read)?;
        let body = self.read(sql, "TSVRaw", &[], Again::Passes).await?;
        parse_text(self.host(), body)
    }

    /// A new session, in which temporary tables live; nothing is sent yet.
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// Requests sent by this reader, its clones and sessions, repetitions included.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// The server.
    pub fn host(&self) -> &Host {
        self.transport.host()
    }

    /// Fails unless `sql` begins like something a reader may send.
    pub(super) fn guard(&self, sql: &str, allowed: fn(&str) -> bool) -> Result<(), ClickHouseError> {
        if allowed(sql) {
            return Ok(());
        }
        Err(ClickHouseError::NotARead { host: self.host().clone(), beginning: beginning(sql) })
    }

    /// Sends a read, again where it fails in at least the way of `from`. Each try has its own query id: the
    /// server may still be busy with the one before.
    pub(super) async fn read(
        &self,
        sql: &str,
        format: &str,
        more: &[(&str, &str)],
        from: Again,
    ) -> Result<Vec<u8>, ClickHouseError> {
        retried(from, || async {
            let query_id = format!("sluice-{}", Uuid::new_v4());
            let mut parameters = vec![("query_id", query_id.as_str()), ("default_format", format)];
            parameters.extend(READ_PARAMETERS);
            parameters.extend(more);
            let body = Bytes::copy_from_slice(sql.as_bytes());
            let limit = self.limit;
            self.transport.send(&Request { body, statement: sql.len(), parameters, access: Access::Read, limit }).await
        })
        .await
    }
}

pub(super) fn parse_rows<T: DeserializeOwned>(host: &Host, body: &[u8]) -> Result<Vec<T>, ClickHouseError> {
    // Line ends inside of values are escaped in JSON, so a line is a row.
    body.split(|b| *b == b'\n')
        .filter(|line| !line.iter().all(u8::is_ascii_whitespace))
        .map(|line| {
            let mut row = serde_json::Deserializer::from_slice(line);
            let read = serde_path_to_error::deserialize(&mut row).map_err(|e| malformed(host, e.to_string(), line))?;
            row.end().map_err(|e| malformed(host, e.to_string(), line))?;
            Ok(read)
        })
        .collect()
}

pub(super) fn parse_text(host: &Host, body: Vec<u8>) -> Result<String, ClickHouseError> {
    String::from_utf8(body).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        malformed(host, format!("byte {at} is not UTF-8"), &e.as_bytes()[at.saturating_sub(SHOWN / 2)..])
    })
}

fn malformed(host: &Host, what: String, line: &[u8]) -> ClickHouseError {
    let near = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
    ClickHouseError::Malformed { host: host.clone(), what, near, in_doubt: false }
}
