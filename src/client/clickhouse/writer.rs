//! Changing one server.

use super::error::ClickHouseError;
use super::host::Host;
use super::settings::ClickHouseSettings;
use super::transport::{Access, Request, Transport};
use bytes::Bytes;
use std::time::Duration;

/// What we wait beyond a statement's own time: the way there and back, and a server that notices late.
const MARGIN: Duration = Duration::from_secs(5);

/// How a statement is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execute {
    /// How long the statement may take; we wait 5 s more. Not sent to the server, which has its own limits.
    pub timeout: Duration,
    /// Its name in the server's query log; must be unique among the running ones.
    pub query_id: String,
    /// Settings for this statement; they go into the URL, so no secrets.
    pub settings: Vec<(String, String)>,
}

/// Runs statements that change one server. Nothing is ever sent twice: after a failure
/// [`ClickHouseError::is_in_doubt`] says whether the statement may have been executed.
#[derive(Debug)]
pub struct ClickHouseWriter {
    transport: Transport,
}

impl ClickHouseWriter {
    /// Prepares a writer; nothing is sent yet. `url` is `http[s]://host[:port][/path]`.
    ///
    /// # Errors
    /// [`ClickHouseError::BadUrl`] (user info in it included) or [`ClickHouseError::BadSettings`].
    pub fn connect(url: &str, settings: &ClickHouseSettings) -> Result<Self, ClickHouseError> {
        Ok(Self { transport: Transport::new(url, settings)? })
    }

    /// Runs one statement and gives the body of the answer: empty for most, JSON rows (one a line) where the
    /// statement answers, such as the per-host rows of ON CLUSTER. Those can tell of hosts that failed although
    /// the request did not.
    ///
    /// The statement goes into the request's body and may hold secrets; the server's words about it may repeat
    /// them: see [`ClickHouseError::redacted`].
    ///
    /// # Errors
    /// Any [`ClickHouseError`].
    pub async fn execute(&self, statement: &str, options: &Execute) -> Result<String, ClickHouseError> {
        self.send(Bytes::copy_from_slice(statement.as_bytes()), statement.len(), &[], options).await
    }

    /// Runs `INSERT INTO … FORMAT X` with the rows of `body` in that format.
    ///
    /// # Errors
    /// Any [`ClickHouseError`]. A refused insert may have stored some blocks of rows.
    pub async fn insert(&self, sql: &str, body: &[u8], options: &Execute) -> Result<String, ClickHouseError> {
        let request = [sql.as_bytes(), b"\n", body].concat();
        self.send(request.into(), sql.len(), &[], options).await
    }

    /// As [`ClickHouseWriter::insert`], for rows that are shared and sent as they lie. The statement goes into the URL,
    /// so it holds no secret and is short.
    ///
    /// # Errors
    /// Any [`ClickHouseError`]. A refused insert may have stored some blocks of rows.
    pub async fn insert_shared(&self, sql: &str, rows: Bytes, options: &Execute) -> Result<String, ClickHouseError> {
        self.send(rows, 0, &[("query", sql)], options).await
    }

    /// Requests sent by this writer.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// The server.
    pub fn host(&self) -> &Host {
        self.transport.host()
    }

    async fn send(
        &self,
        body: Bytes,
        statement: usize,
        more: &[(&str, &str)],
        options: &Execute,
    ) -> Result<String, ClickHouseError> {
        let mut parameters = vec![("query_id", options.query_id.as_str()), ("default_format", "JSONEachRow")];
        parameters.extend(more);
        parameters.extend(options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let limit = options.timeout.saturating_add(MARGIN);
        let request = Request { body, statement, parameters, access: Access::Write, limit };
        let answer = self.transport.send(&request).await.map_err(|failure| failure.error)?;
        // The statement is done; a host name that is not UTF-8 must not make it look undone.
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
