//! The client against a scripted server.

use super::front::{Act, Front, answer, clickhouse};
use super::transport::{Access, Request, Transport};
use super::{ClickHouseError, ClickHouseReader, ClickHouseSettings, ClickHouseWriter, Execute};
use secrecy::SecretString;
use serde::Deserialize;
use std::error::Error;
use std::time::Duration;

const PASSWORD: &str = "s3cr%t&pass";

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Row {
    a: u64,
}

fn settings() -> ClickHouseSettings {
    ClickHouseSettings {
        user: "joe".into(),
        password: Some(SecretString::from(PASSWORD)),
        read_timeout: Duration::from_millis(300),
        ..ClickHouseSettings::default()
    }
}

fn reader(front: &Front) -> ClickHouseReader {
    ClickHouseReader::connect(&front.url, &settings()).unwrap()
}

async fn read(script: Vec<Act>) -> (Result<Vec<Row>, ClickHouseError>, usize) {
    let front = Front::play(script).await;
    let reader = reader(&front);
    let outcome = reader.rows("SELECT 1 AS a").await;
    assert_eq!(reader.requests(), front.seen().len() as u64);
    (outcome, front.seen().len())
}

fn execute() -> Execute {
    Execute {
        timeout: Duration::from_secs(1),
        query_id: "q1".into(),
        settings: vec![("mutations_sync".into(), "1".into())],
    }
}

async fn write(script: Vec<Act>) -> (Result<String, ClickHouseError>, usize) {
    let front = Front::play(script).await;
    let writer = ClickHouseWriter::connect(&front.url, &settings()).unwrap();
    let outcome = writer.execute("CREATE TABLE a.b", &execute()).await;
    (outcome, front.seen().len())
}

/// A URL nobody listens at.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn ok(body: &str) -> Act {
    clickhouse("200 OK", body)
}

fn exception(status: &str, code: i32, words: &str) -> Act {
    clickhouse(&format!("{status}\r\nX-ClickHouse-Exception-Code: {code}"), words)
}

/// Everything an error can show.
fn shown(error: &ClickHouseError) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error} {error:?} {source}")
}

#[tokio::test]
async fn an_insert_without_rows_has_a_length_too() {
    let front = Front::play(vec![ok("")]).await;
    let writer = ClickHouseWriter::connect(&front.url, &settings()).unwrap();
    writer.insert_shared("INSERT INTO t FORMAT CSV", bytes::Bytes::new(), &execute()).await.unwrap();
    assert!(front.seen()[0].to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n"), "{}", front.seen()[0]);
}

#[tokio::test]
async fn a_request_is_as_agreed() {
    let front = Front::play(vec![ok("{\"a\":1}\n"), ok(""), ok("x\n"), ok("")]).await;
    let reader = reader(&front);
    assert_eq!(reader.rows::<Row>("SELECT 1 AS a").await.unwrap(), [Row { a: 1 }]);
    let writer = ClickHouseWriter::connect(&front.url, &settings()).unwrap();
    assert_eq!(writer.execute("DROP TABLE a.b", &execute()).await.unwrap(), "");
    assert_eq!(reader.session().text("SELECT 'x'").await.unwrap(), "x\n");
    writer.insert("INSERT INTO t FORMAT CSV", b"1\n2\n", &execute()).await.unwrap();

    let seen = front.seen();
    for request in &seen {
        let (head, _) = request.split_once("\r\n\r\n").unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        assert!(
            line.starts_with("POST /?") && line.contains("query_id=") && line.contains("wait_end_of_query=1"),
            "{line}"
        );
        assert!(!line.contains("s3cr") && !line.contains("joe") && !line.contains("compress=1&"), "{line}");
        let headers = headers.to_ascii_lowercase();
        assert!(
            headers.contains("x-clickhouse-user: joe\r\n") && headers.contains("accept-encoding: gzip"),
            "{headers}"
        );
        assert!(headers.contains(&format!("x-clickhouse-key: {PASSWORD}")), "{headers}");
        assert!(!headers.contains("authorization"), "{headers}");
    }
    assert!(seen[0].contains("readonly=2") && seen[0].contains("format_display_secrets_in_show_and_select=0"));
    assert!(seen[0].ends_with("\r\n\r\nSELECT 1 AS a"));
    assert!(!seen[1].contains("readonly") && seen[1].contains("query_id=q1") && seen[1].contains("mutations_sync=1"));
    assert!(seen[1].ends_with("\r\n\r\nDROP TABLE a.b"));
    assert!(seen[2].contains("readonly=2") && seen[2].contains("session_id=sluice-"));
    assert!(seen[3].ends_with("\r\n\r\nINSERT INTO t FORMAT CSV\n1\n2\n"));
}

#[tokio::test]
async fn only_large_statements_raise_limits() {
    let front = Front::play(vec![ok(""), ok(""), ok("")]).await;
    let reader = reader(&front);
    reader.text("SELECT 1").await.unwrap();
    reader.text(&format!("SELECT 1 --{}", "x".repeat(300_000))).await.unwrap();
    let writer = ClickHouseWriter::connect(&front.url, &settings()).unwrap();
    writer.insert("INSERT INTO t FORMAT CSV", &vec![b'1'; 300_000], &execute()).await.unwrap();
    let raised: Vec<bool> = front.seen().iter().map(|r| r.contains("max_query_size=")).collect();
    assert_eq!(raised, [false, true, false]);
}

#[tokio::test]
async fn no_secret_is_in_any_debug() {
    let front = Front::play(vec![]).await;
    let reader = reader(&front);
    let writer = ClickHouseWriter::connect(&front.url, &settings()).unwrap();
    let all = format!("{:?} {reader:?} {writer:?} {:?} {}", settings(), reader.session(), reader.host());
    assert!(!all.contains("s3cr"), "{all}");
}

#[tokio::test]
async fn a_password_http_cannot_carry_is_an_error_without_it() {
    for password in ["s3cret\n", " s3cret", "s3\0cret"] {
        let settings = ClickHouseSettings { password: Some(SecretString::from(password)), ..settings() };
        let error = ClickHouseReader::connect("http://127.0.0.1:1", &settings).expect_err("refused");
        assert!(matches!(error, ClickHouseError::BadSettings { .. }) && !shown(&error).contains("s3"), "{error}");
    }
}

#[tokio::test]
async fn a_bad_ca_certificate_is_an_error() {
    for pem in ["nothing", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"] {
        let settings = ClickHouseSettings { ca_certificate: Some(pem.into()), ..settings() };
        let error = ClickHouseReader::connect("https://127.0.0.1:1", &settings).expect_err(pem);
        assert!(matches!(error, ClickHouseError::BadSettings { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_gzip_body_is_read() {
    let zipped = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xb4, 0x30,
        0x31, 0x31, 0x33, 0x37, 0x31, 0x31, 0x30, 0x37, 0x36, 0x37, 0xb0, 0x34, 0x35, 0x35, 0x34, 0x33, 0x34, 0xad,
        0xe5, 0x02, 0x00, 0x76, 0x00, 0xe5, 0xe9, 0x1b, 0x00, 0x00, 0x00,
    ];
    let (rows, _) = read(vec![clickhouse("200 OK\r\nContent-Encoding: gzip", zipped)]).await;
    assert_eq!(rows.unwrap(), [Row { a: u64::MAX }]);
}

#[tokio::test]
async fn the_exception_header_counts_whatever_the_status() {
    let words = "Code: 60. DB::Exception: No 'b'. (UNKNOWN_TABLE) (version 26.9.2.1)";
    for status in ["200 OK", "404 Not Found", "500 Internal Server Error"] {
        let (outcome, requests) = read(vec![exception(status, 60, words)]).await;
        let error = outcome.expect_err(status);
        assert_eq!((error.code(), requests), (Some(60), 1), "{status}");
        let ClickHouseError::Refused { name, message, .. } = error else { panic!("{error}") };
        assert_eq!((name.as_str(), message.as_str()), ("UNKNOWN_TABLE", "No 'b'."));
    }
}

#[tokio::test]
async fn an_exception_after_the_first_rows_is_no_success() {
    let words = "Code: 241. DB::Exception: No memory. (MEMORY_LIMIT_EXCEEDED) (version 24.8.1 (official build))\n";
    let (outcome, _) = read(vec![ok(&format!("{{\"a\":1}}\n{words}"))]).await;
    assert_eq!(outcome.expect_err("late").code(), Some(241));
    let (outcome, _) = write(vec![ok(words)]).await;
    assert_eq!(outcome.expect_err("late").code(), Some(241));
}

#[tokio::test]
async fn reads_are_tried_three_times_and_writes_once() {
    let fault = || answer("503 Service Unavailable", "busy");
    let (rows, requests) = read(vec![fault(), fault(), ok("{\"a\":1}\n")]).await;
    assert_eq!((rows.unwrap(), requests), (vec![Row { a: 1 }], 3));
    let (rows, requests) = read(vec![fault(), fault(), fault(), ok("{\"a\":1}\n")]).await;
    assert!(matches!(rows, Err(ClickHouseError::NotClickHouse { status: 503, in_doubt: false, .. })), "{rows:?}");
    assert_eq!(requests, 3);
    let (outcome, requests) = write(vec![fault(), ok("")]).await;
    let error = outcome.expect_err("a proxy may have passed it on");
    assert!(error.is_in_doubt() && error.to_string().contains("not known"), "{error}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn what_the_server_said_is_tried_again_only_where_it_passes() {
    for (code, tries) in [(209, 2), (210, 2), (279, 2), (999, 2), (202, 2), (159, 1), (60, 1), (241, 1), (164, 1)] {
        let (_, requests) = read(vec![exception("500 X", code, "Code"), ok("")]).await;
        assert_eq!(requests, tries, "{code}");
        let (_, requests) = write(vec![exception("500 X", code, "Code"), ok("")]).await;
        assert_eq!(requests, 1, "{code}");
    }
}

#[tokio::test]
async fn in_doubt_is_what_may_have_happened() {
    for (code, doubt) in [(159, true), (210, true), (341, true), (60, false), (57, false), (62, false)] {
        let (outcome, _) = write(vec![exception("500 X", code, "Code")]).await;
        assert_eq!(outcome.expect_err("refused").is_in_doubt(), doubt, "{code}");
        let (outcome, _) = read(vec![exception("500 X", code, "Code"); 3]).await;
        assert!(!outcome.expect_err("refused").is_in_doubt(), "{code}");
    }
}

#[tokio::test]
async fn nobody_there_is_not_in_doubt() {
    let url = nowhere().await;
    let writer = ClickHouseWriter::connect(&url, &settings()).unwrap();
    let error = writer.execute("DROP TABLE a.b", &execute()).await.expect_err("nobody");
    assert!(matches!(error, ClickHouseError::Unreachable { in_doubt: false, .. }), "{error:?}");
    assert!(error.source().is_some_and(|s| s.to_string().contains("refused")), "{error:?}");
    assert!(shown(&error).contains(url.trim_start_matches("http://")) && !shown(&error).contains('?'), "{error:?}");

    let reader = ClickHouseReader::connect(&url, &settings()).unwrap();
    assert!(matches!(reader.text("SELECT 1").await, Err(ClickHouseError::Unreachable { .. })));
    assert_eq!(reader.requests(), 3);
}

#[tokio::test]
async fn a_connection_closed_after_sending_is_in_doubt() {
    let half = b"HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {}\r\nContent-Length: 100\r\n\r\n{".to_vec();
    for cut in [Vec::new(), half] {
        let (outcome, requests) = write(vec![Act::Break(cut.clone()), ok("")]).await;
        assert!(matches!(outcome, Err(ClickHouseError::Unreachable { in_doubt: true, .. })), "{outcome:?}");
        assert_eq!(requests, 1);
        let (outcome, requests) = read(vec![Act::Break(cut), ok("{\"a\":2}\n")]).await;
        assert_eq!((outcome.unwrap(), requests), (vec![Row { a: 2 }], 2));
    }
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout_and_not_waited_for_again() {
    let begun = b"HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {}\r\nContent-Length: 100\r\n\r\n{".to_vec();
    let (outcome, requests) = read(vec![Act::Stall, ok("")]).await;
    assert!(
        matches!(outcome, Err(ClickHouseError::Timeout { after, in_doubt: false, .. }) if after.as_millis() == 300)
    );
    assert_eq!(requests, 1);
    let (outcome, _) = read(vec![Act::Answer(begun), Act::Stall]).await;
    assert!(matches!(outcome, Err(ClickHouseError::Timeout { .. })), "{outcome:?}");

    let front = Front::play(vec![Act::Stall]).await;
    let transport = Transport::new(&front.url, &settings()).unwrap();
    let limit = Duration::from_millis(200);
    let request = Request {
        body: bytes::Bytes::from_static(b"x"),
        statement: 1,
        parameters: vec![],
        access: Access::Write,
        limit,
    };
    let error = transport.send(&request).await.expect_err("slow").error;
    assert!(error.is_in_doubt() && matches!(error, ClickHouseError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Front::play(vec![ok("{\"a\":1}\n")]).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let redirect = answer(&format!("{status}\r\nLocation: {}", other.url), "");
        let (outcome, _) = read(vec![redirect.clone()]).await;
        assert!(matches!(outcome, Err(ClickHouseError::NotClickHouse { .. })), "{outcome:?}");
        let (outcome, _) = write(vec![redirect]).await;
        assert!(!outcome.expect_err(status).is_in_doubt());
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn another_web_server_s_success_is_none() {
    let page = || answer("200 OK", "<html>Welcome</html>");
    let (outcome, _) = read(vec![page()]).await;
    assert!(matches!(outcome, Err(ClickHouseError::NotClickHouse { status: 200, .. })), "{outcome:?}");
    let (outcome, _) = write(vec![page()]).await;
    assert!(matches!(outcome, Err(ClickHouseError::NotClickHouse { .. })), "{outcome:?}");
    let (outcome, _) = write(vec![answer("404 Not Found", "")]).await;
    assert!(!outcome.expect_err("404").is_in_doubt());
}

#[tokio::test]
async fn who_may_not_come_in_is_told_by_name() {
    let words = "Code: 516. DB::Exception: joe: Authentication failed. (AUTHENTICATION_FAILED)";
    for act in
        [exception("403 Forbidden", 516, words), exception("401 X", 194, "Code: 194."), answer("401 Unauthorized", "")]
    {
        let (outcome, requests) = read(vec![act]).await;
        let error = outcome.expect_err("unauthorized");
        assert!(
            matches!(error, ClickHouseError::Unauthorized { .. }) && error.to_string().contains("`joe`"),
            "{error}"
        );
        assert_eq!(requests, 1);
        assert!(!shown(&error).contains("s3cr"));
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_are_told_with_their_place() {
    for body in ["{\"a\":\"x\"}\n", "{\"b\":1}\n", "{\"a\":1", "{\"a\":1} 2\n", "{\"a\":\"\u{fffd}", "1\n"] {
        let (outcome, _) = read(vec![ok(body)]).await;
        let Err(ClickHouseError::Malformed { near, .. }) = &outcome else { panic!("{body}: {outcome:?}") };
        assert!(body.starts_with(near.as_str()), "{near}");
    }
    let (outcome, _) = read(vec![ok("\n{\"a\":1}\r\n\n")]).await;
    assert_eq!(outcome.unwrap(), [Row { a: 1 }]);
    let (outcome, _) = read(vec![clickhouse("200 OK", b"{\"a\":\"\xff\"}\n")]).await;
    assert!(matches!(outcome, Err(ClickHouseError::Malformed { .. })), "{outcome:?}");
}

#[tokio::test]
async fn secrets_go_from_the_server_s_words() {
    let words = r"Code: 62. DB::Exception: Syntax error at 'it\'s geheim': x 'it\'s gehe... . (SYNTAX_ERROR) (version 26.9.2.1)";
    let (outcome, _) = write(vec![exception("400 Bad Request", 62, words)]).await;
    let secrets = [(SecretString::from("it's geheim"), "<secret fromEnv P>".to_owned())];
    let error = outcome.expect_err("refused").redacted(&secrets);
    assert!(!shown(&error).contains("geh"), "{error}");
    assert!(error.to_string().contains("'<secret fromEnv P>': x '<secret fromEnv P>... ."), "{error}");
}

#[tokio::test]
async fn what_is_no_read_is_not_sent() {
    let front = Front::play(vec![ok("")]).await;
    let reader = reader(&front);
    for sql in ["INSERT INTO FUNCTION file('x') SELECT 1", "CREATE TEMPORARY TABLE t (a Int8)"] {
        assert!(matches!(reader.text(sql).await, Err(ClickHouseError::NotARead { .. })), "{sql}");
        assert!(matches!(reader.rows::<Row>(sql).await, Err(ClickHouseError::NotARead { .. })), "{sql}");
    }
    let error = reader.session().execute("CREATE TABLE a.b (a Int8)").await.expect_err("lasting");
    assert!(error.to_string().contains("CREATE TABLE") && !error.is_in_doubt(), "{error}");
    assert_eq!(reader.requests(), 0);
}

#[tokio::test]
async fn a_session_sends_nothing_twice() {
    let front = Front::play(vec![Act::Break(Vec::new()), ok("")]).await;
    let outcome = reader(&front).session().execute("CREATE TEMPORARY TABLE t (a Int8)").await;
    assert!(matches!(outcome, Err(ClickHouseError::Unreachable { in_doubt: false, .. })), "{outcome:?}");
    assert_eq!(front.seen().len(), 1);
}
