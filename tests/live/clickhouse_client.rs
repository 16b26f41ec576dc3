//! The ClickHouse client against a real server.

use secrecy::SecretString;
use serde::Deserialize;
use sluice::client::clickhouse::{ClickHouseError, ClickHouseReader, ClickHouseSettings, ClickHouseWriter, Execute};
use std::time::Duration;
use uuid::Uuid;

fn url() -> String {
    crate::fixture::shared().clickhouse_urls[0].clone()
}

fn reader() -> ClickHouseReader {
    ClickHouseReader::connect(&url(), &ClickHouseSettings::default()).unwrap()
}

fn writer() -> ClickHouseWriter {
    ClickHouseWriter::connect(&url(), &ClickHouseSettings::default()).unwrap()
}

fn options() -> Execute {
    let query_id = format!("test-{}", Uuid::new_v4());
    Execute { timeout: Duration::from_secs(30), query_id, settings: Vec::new() }
}

fn refused(error: ClickHouseError) -> (i32, String) {
    let ClickHouseError::Refused { code, name, in_doubt: false, .. } = error else { panic!("{error:?}") };
    (code, name)
}

/// A database of the test's own.
struct Scratch(String);

impl Scratch {
    async fn new() -> Self {
        let name = format!("cl_{}", Uuid::new_v4().simple());
        writer().execute(&format!("CREATE DATABASE {name}"), &options()).await.unwrap();
        Self(name)
    }

    async fn drop(self) {
        writer().execute(&format!("DROP DATABASE {}", self.0), &options()).await.unwrap();
    }
}

#[tokio::test]
async fn rows_are_read_by_name() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        n: u64,
        text: String,
        list: Vec<String>,
        none: Option<i64>,
    }
    let sql = r"SELECT number + 18446744073709551610 AS n, 'it''s\n\t\\ – 中文 🦀' AS text, ['a', 'ü'] AS list, NULL AS none FROM numbers(3)";
    let rows: Vec<Row> = reader().rows(sql).await.unwrap();
    let row = |n| Row { n, text: "it's\n\t\\ – 中文 🦀".into(), list: vec!["a".into(), "ü".into()], none: None };
    assert_eq!(rows, [row(u64::MAX - 5), row(u64::MAX - 4), row(u64::MAX - 3)]);
    assert_eq!(reader().rows::<Row>("SELECT 1 AS n WHERE 0").await.unwrap(), []);
}

#[tokio::test]
async fn text_comes_as_it_is() {
    let reader = reader();
    assert_eq!(reader.text("SELECT 'a\\tb\\n\\'中'").await.unwrap(), "a\tb\n'中\n");
    assert_eq!(reader.text("SELECT 1 FORMAT JSONCompactEachRow").await.unwrap(), "[1]\n");
    assert_eq!(reader.requests(), 2);
    let long = reader.text("SELECT repeat('ab', 1000000), repeat('ab', 1000000)").await.unwrap();
    assert_eq!(long.len(), 4_000_002);
}

#[tokio::test]
async fn codes_and_names_are_told() {
    for (sql, expected) in [
        ("SELECT * FROM nowhere.nothing", (81, "UNKNOWN_DATABASE")),
        ("SELECT * FROM system.nothing", (60, "UNKNOWN_TABLE")),
        ("SELECT FROM WHERE", (62, "SYNTAX_ERROR")),
        ("SELECT nothing", (47, "UNKNOWN_IDENTIFIER")),
        ("SELECT throwIf(number = 70000) FROM numbers(100000)", (395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO")),
    ] {
        let (code, name) = refused(reader().text(sql).await.expect_err(sql));
        assert_eq!((code, name.as_str()), expected, "{sql}");
    }
    let error = reader().text("SELECT * FROM system.nothing").await.expect_err("no table");
    assert!(!error.to_string().contains("version") && !error.to_string().contains("DB::Exception"), "{error}");
}

#[tokio::test]
async fn a_reader_changes_nothing() {
    let scratch = Scratch::new().await;
    let db = &scratch.0;
    writer().execute(&format!("CREATE TABLE {db}.t (a Int8) ENGINE = MergeTree ORDER BY a"), &options()).await.unwrap();
    // What the server refuses to `readonly=2`, and what it lets pass, which the reader itself holds back.
    let mut readonly = options();
    readonly.settings.push(("readonly".into(), "2".into()));
    for (sql, by_server) in [
        (format!("CREATE TABLE {db}.x (a Int8) ENGINE = Null"), true),
        (format!("CREATE DATABASE {db}_x"), true),
        (format!("CREATE OR REPLACE TABLE {db}.t (a Int8) ENGINE = Null"), true),
        (format!("INSERT INTO {db}.t VALUES (1)"), true),
        (format!("ALTER TABLE {db}.t ADD COLUMN b Int8"), true),
        (format!("TRUNCATE TABLE {db}.t"), true),
        (format!("DETACH TABLE {db}.t"), true),
        (format!("RENAME TABLE {db}.t TO {db}.u"), true),
        (format!("DROP TABLE {db}.t"), true),
        (format!("DROP DATABASE {db}"), true),
        (format!("SYSTEM STOP MERGES {db}.t"), true),
        ("CREATE USER cl_nobody".to_owned(), true),
        ("CREATE FUNCTION cl_f AS x -> x".to_owned(), true),
        ("SET readonly = 0".to_owned(), true),
        ("INSERT INTO FUNCTION null('a Int8') SELECT 1".to_owned(), false),
        (format!("UNDROP TABLE {db}.t"), false),
    ] {
        let outcome = writer().execute(&sql, &Execute { query_id: options().query_id, ..readonly.clone() }).await;
        assert_eq!(outcome.err().and_then(|e| e.code()) == Some(164), by_server, "{sql}");
        let error = reader().text(&sql).await.expect_err(&sql);
        assert!(matches!(error, ClickHouseError::NotARead { .. }), "{error}");
        let error = reader().session().execute(&sql).await.expect_err(&sql);
        assert!(matches!(error, ClickHouseError::NotARead { .. }), "{error}");
    }
    let lifted = "SELECT 1 SETTINGS readonly = 0";
    assert_eq!(refused(reader().text(lifted).await.expect_err(lifted)).0, 164);
    let left = reader().text(&format!("SELECT name, engine FROM system.tables WHERE database = '{db}'")).await.unwrap();
    assert_eq!(left, "t\tMergeTree\n");
    scratch.drop().await;
}

#[tokio::test]
async fn temporary_tables_live_in_their_session_only() {
    let reader = reader();
    let (mut one, mut other) = (reader.session(), reader.session());
    let count = "SELECT count() FROM cl_temporary";
    one.execute(
        "CREATE TEMPORARY TABLE cl_temporary (a decimal(10), b Int8 DEFAULT 1+1) ENGINE = MergeTree ORDER BY a",
    )
    .await
    .unwrap();
    assert_eq!(one.text(count).await.unwrap(), "0\n");
    let types = "SELECT type FROM system.columns WHERE table = 'cl_temporary'";
    assert_eq!(one.text(types).await.unwrap(), "Decimal(10, 0)\nInt8\n");
    assert_eq!(refused(other.text(count).await.expect_err("isolated")).0, 60);
    assert_eq!(refused(reader.text(count).await.expect_err("isolated")).0, 60);
    other.execute("CREATE TEMPORARY TABLE cl_temporary (c String) ENGINE = Memory").await.unwrap();
    assert_eq!(one.text("SELECT b FROM cl_temporary").await.unwrap(), "");
    one.close().await.unwrap();
    other.close().await.unwrap();
    assert_eq!(reader.requests(), 9);
}

#[tokio::test]
async fn a_closed_session_is_gone() {
    let mut session = reader().session();
    session.execute("CREATE TEMPORARY TABLE cl_gone (a Int8)").await.unwrap();
    let tables = "SELECT count() FROM system.tables WHERE is_temporary AND name = 'cl_gone'";
    assert_eq!(session.text(tables).await.unwrap(), "1\n");
    session.close().await.unwrap();
}

#[tokio::test]
async fn large_statements_pass() {
    let names: Vec<String> = (0..20_000).map(|n| format!("('raw', 'a_table_with_a_long_name_{n}')")).collect();
    let sql = format!("SELECT count() FROM system.tables WHERE (database, name) IN ({})", names.join(", "));
    assert!(sql.len() > 800_000);
    assert_eq!(reader().text(&sql).await.unwrap(), "0\n");
    let columns: Vec<String> = (0..12_000).map(|n| format!("c{n} decimal(10) DEFAULT {n} + 1")).collect();
    let sql = format!("DESCRIBE TABLE null('{}')", columns.join(", "));
    assert_eq!(reader().rows::<serde_json::Value>(&sql).await.unwrap().len(), 12_000);
    let calls: Vec<String> =
        (0..12_000).map(|n| format!("toTypeName(defaultValueOfTypeName('Int8')) AS c{n}")).collect();
    reader().text(&format!("SELECT {}", calls.join(", "))).await.unwrap();
}

#[tokio::test]
async fn writes_run_and_answer() {
    let scratch = Scratch::new().await;
    let db = &scratch.0;
    let writer = writer();
    let create =
        format!("CREATE TABLE {db}.`ü '\"` (a Int8, b String) ENGINE = MergeTree ORDER BY a COMMENT 'it\\'s 中'");
    assert_eq!(writer.execute(&create, &options()).await.unwrap(), "");
    let error = writer.execute(&create, &options()).await.expect_err("twice");
    assert!(!error.is_in_doubt() && error.code() == Some(57), "{error}");
    let insert = format!("INSERT INTO {db}.`ü '\"` FORMAT JSONEachRow");
    writer.insert(&insert, "{\"a\":1,\"b\":\"中\"}\n{\"a\":2,\"b\":\"x\"}\n".as_bytes(), &options()).await.unwrap();
    let select = format!("SELECT b FROM {db}.`ü '\"` ORDER BY a");
    assert_eq!(reader().text(&select).await.unwrap(), "中\nx\n");
    assert_eq!(writer.execute(&select, &options()).await.unwrap(), "{\"b\":\"中\"}\n{\"b\":\"x\"}\n");
    let comment = format!("SELECT comment FROM system.tables WHERE database = '{db}'");
    assert_eq!(reader().text(&comment).await.unwrap(), "it's 中\n");
    scratch.drop().await;
}

#[tokio::test]
async fn settings_and_query_id_reach_the_statement() {
    let mut options = options();
    options.settings.push(("max_threads".into(), "3".into()));
    let answer = writer().execute("SELECT getSetting('max_threads') AS t, queryID() AS q", &options).await.unwrap();
    assert_eq!(answer, format!("{{\"t\":3,\"q\":\"{}\"}}\n", options.query_id));
    options.settings.push(("no_such_setting".into(), "1".into()));
    assert_eq!(refused(writer().execute("SELECT 1", &options).await.expect_err("unknown setting")).0, 115);
}

#[tokio::test]
async fn a_stranger_is_not_let_in() {
    for (user, password) in [("cl_nobody", None), ("default", Some("wr0ng p&ss%")), ("ü", Some("中"))] {
        let settings = ClickHouseSettings {
            user: user.into(),
            password: password.map(SecretString::from),
            ..ClickHouseSettings::default()
        };
        let error = ClickHouseReader::connect(&url(), &settings).unwrap().text("SELECT 1").await.expect_err(user);
        assert!(matches!(error, ClickHouseError::Unauthorized { .. }), "{error:?}");
        assert!(
            error.to_string().contains(user) && !password.is_some_and(|p| error.to_string().contains(p)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_slow_read_times_out_and_is_ended_at_the_server() {
    let settings = ClickHouseSettings { read_timeout: Duration::from_millis(500), ..ClickHouseSettings::default() };
    let mark = Uuid::new_v4();
    let impatient = ClickHouseReader::connect(&url(), &settings).unwrap();
    let sql = format!(
        "SELECT sleepEachRow(1), '{mark}' FROM numbers(60) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0"
    );
    let error = impatient.text(&sql).await.expect_err("slow");
    assert!(matches!(error, ClickHouseError::Timeout { in_doubt: false, .. }), "{error:?}");
    let running =
        format!("SELECT count() FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%processes%'");
    let reader = reader();
    for _ in 0..200 {
        if reader.text(&running).await.unwrap() == "0\n" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server still runs a read that was given up");
}
