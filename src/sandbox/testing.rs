//! What the tests of this room share: callers' traits, and programs that pretend.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::{Probe, Progress, disk};

/// Says nothing.
pub(super) struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str) {}
    fn bytes(&self, _: u64, _: Option<u64>) {}
}

/// Asks with the least that each protocol needs.
pub(super) struct Asking;

impl Probe for Asking {
    fn clickhouse(&self, url: &str) -> Result<(), String> {
        match get(url, "/ping").as_deref() {
            Ok("Ok.\n") => Ok(()),
            Ok(other) => Err(format!("unexpected answer: {other}")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn kafka(&self, bootstrap: &str, brokers: usize) -> Result<(), String> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .create()
            .map_err(|error: rdkafka::error::KafkaError| error.to_string())?;
        let metadata = consumer.fetch_metadata(None, Duration::from_secs(2)).map_err(|error| error.to_string())?;
        let found = metadata.brokers().len();
        if found == brokers { Ok(()) } else { Err(format!("{found} of {brokers} brokers")) }
    }
}

/// The body of an answer to one HTTP/1.0 request, which the server ends by closing.
pub(super) fn get(url: &str, path: &str) -> std::io::Result<String> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The answer of the node at `url` to a statement.
pub(super) fn ask(url: &str, sql: &str) -> String {
    ask_as(url, sql, "default", "")
}

/// The same, as another user.
pub(super) fn ask_as(url: &str, sql: &str, user: &str, password: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut request = format!("POST / HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", sql.len());
    let _ = write!(request, "X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n\r\n{sql}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.trim_end().to_owned()
}

/// A program in `dir` that does as the shell script says; its path.
pub(super) fn fake_python(dir: &Path, script: &str) -> String {
    let path = dir.join("python");
    disk::write(&path, &format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The engines that all tests and the program share, found as the program finds them.
#[expect(clippy::disallowed_methods, reason = "which cache serves is a matter of the environment")]
pub(super) fn cache() -> PathBuf {
    use etcetera::BaseStrategy as _;
    let own = || etcetera::base_strategy::Xdg::new().unwrap().cache_dir().join("sluice");
    std::env::var_os("SLUICE_CACHE").map_or_else(own, PathBuf::from)
}
