//! A session of one server: the place of temporary tables.

use super::error::ClickHouseError;
use super::guard::is_read_or_temporary;
use super::reader::{ClickHouseReader, parse_rows, parse_text};
use super::retry::Again;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Seconds without a request after which the server forgets a session and its tables.
const TIMEOUT: &str = "60";

/// Reads that share temporary tables. Those tables are gone 60 s after the last request, or at once with
/// [`Session::close`]; nobody else sees them.
///
/// `&mut self` everywhere: the server refuses two requests of one session at a time. Nothing is sent twice
/// here unless it never arrived: a repeated CREATE would fail, and the tables of a server that broke down
/// are lost. To try again, start a new session.
#[derive(Debug)]
pub struct Session {
    reader: ClickHouseReader,
    id: String,
}

impl Session {
    pub(super) fn new(reader: ClickHouseReader) -> Self {
        Self { reader, id: format!("sluice-{}", Uuid::new_v4()) }
    }

    /// Like [`ClickHouseReader::rows`], inside the session.
    ///
    /// # Errors
    /// Any [`ClickHouseError`].
    pub async fn rows<T: DeserializeOwned>(&mut self, sql: &str) -> Result<Vec<T>, ClickHouseError> {
        let body = self.read(sql, "JSONEachRow").await?;
        parse_rows(self.reader.host(), &body)
    }

    /// Like [`ClickHouseReader::text`], inside the session.
    ///
    /// # Errors
    /// Any [`ClickHouseError`].
    pub async fn text(&mut self, sql: &str) -> Result<String, ClickHouseError> {
        let body = self.read(sql, "TSVRaw").await?;
        parse_text(self.reader.host(), body)
    }

    /// Runs a statement without an answer: CREATE, ALTER or DROP TEMPORARY TABLE or VIEW. What lasts is refused.
    ///
    /// # Errors
    /// Any [`ClickHouseError`].
    pub async fn execute(&mut self, sql: &str) -> Result<(), ClickHouseError> {
        self.read(sql, "TSVRaw").await.map(drop)
    }

    /// Ends the session and frees its tables now rather than in a minute; costs one request.
    ///
    /// # Errors
    /// Any [`ClickHouseError`]; the session times out all the same.
    pub async fn close(self) -> Result<(), ClickHouseError> {
        let more = [("session_id", self.id.as_str()), ("session_timeout", TIMEOUT), ("close_session", "1")];
        self.reader.read("SELECT 1", "TSVRaw", &more, Again::NotSent).await.map(drop)
    }

    async fn read(&mut self, sql: &str, format: &str) -> Result<Vec<u8>, ClickHouseError> {
        self.reader.guard(sql, is_read_or_temporary)?;
        let more = [("session_id", self.id.as_str()), ("session_timeout", TIMEOUT)];
        self.reader.read(sql, format, &more, Again::NotSent).await
    }
}
