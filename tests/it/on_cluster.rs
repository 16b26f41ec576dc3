//! Answers of a real server to ON CLUSTER (`tests/cases/on_cluster`), as the client takes them.

use sluice::client::clickhouse::{ClickHouseError, ClickHouseSettings, ClickHouseWriter, Execute};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/on_cluster/18.16")
}

/// Head and body.
fn recorded(name: &str) -> (String, String) {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{name} has no head"));
    (head.to_owned(), body.to_owned())
}

/// What the client says when a server answers so.
async fn taken(name: &str) -> Result<String, ClickHouseError> {
    let (head, body) = recorded(name);
    let sent = format!("{head}\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    // A chunk without bytes would be the last one.
    let sent = if body.is_empty() { format!("{head}\r\n\r\n0\r\n\r\n") } else { sent };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"ON CLUSTER") {
            assert!(stream.read_buf(&mut asked).await.unwrap() > 0, "the whole statement comes");
        }
        stream.write_all(sent.as_bytes()).await.unwrap();
    });
    let options = Execute { timeout: Duration::from_secs(5), query_id: "q".into(), settings: Vec::new() };
    let writer = ClickHouseWriter::connect(&url, &ClickHouseSettings::default()).unwrap();
    let answer = writer.execute("ON CLUSTER", &options).await;
    server.await.unwrap();
    answer
}

#[tokio::test]
async fn recorded_answers_are_rows_or_refusals() {
    let mut left: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for (name, lines) in [
        ("success.json.http", 2),
        ("success.tsv.http", 2),
        ("dropped.json.http", 2),
        ("dropped.tsv.http", 2),
        ("not-waited-for.http", 0),
    ] {
        let rows = taken(name).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((rows.as_str(), rows.lines().count()), (recorded(name).1.as_str(), lines), "{name}");
        left.remove(name);
    }
    for (name, words) in [
        ("one-host-fails.json.http", "There was an error on [127.0.0.1:22182]"),
        ("one-host-fails.tsv.http", "Table default.u already exists."),
        ("all-hosts-fail.json.http", "Table default.t already exists."),
        ("all-hosts-fail.tsv.http", "There was an error on [127.0.0.1:22182]"),
        ("one-host-down.json.http", "There are 1 unfinished hosts (0 of them are currently active)"),
        ("one-host-down.tsv.http", "they are going to execute the query in background"),
        ("one-host-down-other-fails.json.http", "query-0000000013 is executing longer than"),
        ("one-host-down-other-fails.tsv.http", "distributed_ddl_task_timeout (=3) seconds"),
        ("unknown-cluster.http", "Requested cluster 'other' not found"),
    ] {
        match taken(name).await {
            Err(ClickHouseError::Refused { message, .. }) => assert!(message.contains(words), "{name}: {message}"),
            other => panic!("{name}: {other:?}"),
        }
        left.remove(name);
    }
    assert_eq!(left, BTreeSet::new(), "answers that nobody reads");
}
