//! Messages through every example: the right rows in the right tables.

use crate::fixture::project::{Project, ask, produce, produce_keyed, until};
use crate::fixture::{EXAMPLES, unique};
use std::ops::Deref;
use std::path::Path;
use tokio::sync::RwLockReadGuard;

/// An example while nobody else applies it.
struct Example {
    project: Project,
    _turn: RwLockReadGuard<'static, ()>,
}

impl Deref for Example {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.project
    }
}

/// An example, applied under a prefix of its own.
async fn example(name: &str) -> (Example, String) {
    let _turn = EXAMPLES.read().await;
    let prefix = format!("{}_", unique("data"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).join("sluice.yaml");
    let project = Project::at(file, &[("PREFIX", &prefix)]);
    project.apply().await;
    (Example { project, _turn }, prefix)
}

async fn done(project: Example) {
    project.assert_converged().await;
    project.clean().await;
}

async fn send(topic: &str, messages: &[&str]) {
    produce(topic, messages.iter().map(|m| (*m).to_owned())).await;
}

#[tokio::test]
async fn single_server() {
    let (project, p) = example("single-server").await;
    let messages = [
        r#"{"at": "2026-11-22T10:00:00Z", "user_id": 7, "path": "/a", "duration_ms": 120}"#,
        r#"{"at": "2026-11-22 10:00:01", "user_id": 8, "path": "/b", "duration_ms": null}"#,
        "no JSON at all",
        r#"{"at": "2026-11-22 10:00:02", "user_id": 0, "path": "/nobody"}"#,
    ];
    send(&format!("{p}page_views"), &messages).await;
    let rows = format!("SELECT at, user_id, path, duration_ms, inserted_at > at FROM {p}web.page_views ORDER BY at");
    let now = ask("SELECT now() > '2026-11-22 10:00:01'").await;
    let expected = format!("2026-11-22 10:00:00\t7\t/a\t120\t{now}\n2026-11-22 10:00:01\t8\t/b\t\\N\t{now}");
    until(&rows, &expected).await;
    done(project).await;
}

#[tokio::test]
async fn errors_stream() {
    let (project, p) = example("errors-stream").await;
    let good = |n: u8| {
        format!(
            r#"{{"id": "61f0c404-5cb3-11e7-907b-a6006ad3dba{n}", "shop": "s{n}", "amount": "12.50", "currency": "EUR",
            "items": {n}, "paid_at": "2026-11-22 10:00:00.123"}}"#
        )
    };
    let with = |key: &str, value: &str| {
        let mut row: serde_json::Value = serde_json::from_str(&good(9)).unwrap();
        row[key] = serde_json::from_str(value).unwrap();
        row.to_string()
    };
    let topic = format!("{p}payments");
    let messages = [
        good(1),                          // 0
        "{not JSON".to_owned(),           // 1
        with("amount", "\"much\""),       // 2
        with("currency", "\"GBP\""),      // 3
        with("items", "[1]"),             // 4: a wrong JSON type
        String::new(),                    // 5: no row, no error
        with("shop", "\"\""),             // 6: errors.where
        with("id", "\"7\""),              // 7
        with("paid_at", "\"yesterday\""), // 8
    ];
    produce(&topic, messages).await;
    crate::fixture::project::tombstone(&topic).await; // 9: no row, no error
    let errors = format!(
        "SELECT offset, topic = '{topic}', partition, source, raw != '', \
         multiIf(startsWith(error, 'amount: '), 'amount', startsWith(error, 'currency: '), 'currency', \
         startsWith(error, 'id: '), 'id', startsWith(error, 'paid_at: '), 'paid_at', \
         startsWith(error, 'errors.where: '), 'where', error != '', 'parser', '') \
         FROM {p}pay.payments_errors ORDER BY offset"
    );
    let expected =
        [(1, "parser"), (2, "amount"), (3, "currency"), (4, "parser"), (6, "where"), (7, "id"), (8, "paid_at")]
            .map(|(offset, why)| format!("{offset}\t1\t0\tpayments\t1\t{why}"))
            .join("\n");
    until(&errors, &expected).await;
    // The pipeline goes on.
    produce(&topic, [good(2)]).await;
    until(&format!("SELECT count() FROM {p}pay.payments WHERE shop = 's2'"), "1").await;
    let rows = format!("SELECT id, shop, amount, currency, items, paid_at FROM {p}pay.payments WHERE shop = 's1'");
    let row = "61f0c404-5cb3-11e7-907b-a6006ad3dba1\ts1\t12.5\tEUR\t1\t2026-11-22 10:00:00.123";
    assert_eq!(ask(&rows).await, row);
    let raw = ask(&format!("SELECT raw FROM {p}pay.payments_errors WHERE offset = 1")).await;
    assert_eq!(raw, "{not JSON");
    let converted = ask(&format!("SELECT raw FROM {p}pay.payments_errors WHERE offset = 2 FORMAT TSVRaw")).await;
    assert!(converted.contains(r#""amount":"much""#) && converted.contains(r#""shop":"s9""#), "{converted}");
    // Each of the nine messages that are rows is in exactly one place.
    let both = format!("SELECT (SELECT count() FROM {p}pay.payments) + (SELECT count() FROM {p}pay.payments_errors)");
    until(&both, "9").await;
    done(project).await;
}

#[tokio::test]
async fn routing() {
    let (project, p) = example("routing").await;
    let event = |kind: &str, user: u8, price: &str| {
        format!(
            r#"{{"kind": "{kind}", "at": "2026-11-22 10:00:0{user}", "user_id": {user}, "page": "/p", "product": "tea",
            "price": {price}}}"#
        )
    };
    let messages = [
        event("visit", 1, "0"),
        event("purchase", 1, "2.50"),
        event("purchase", 2, "4.25"),
        event("logout", 2, "0"),
        event("visit", 2, "0"),
    ];
    produce(&format!("{p}events"), messages).await;
    until(&format!("SELECT user_id, page FROM {p}app.visits ORDER BY at"), "1\t/p\n2\t/p").await;
    let bought = format!("SELECT user_id, product, price FROM {p}app.purchases ORDER BY at");
    until(&bought, "1\ttea\t2.5\n2\ttea\t4.25").await;
    until(&format!("SELECT kind FROM {p}app.other_events"), "logout").await;
    let revenue = format!("SELECT day, product, sum(purchases), sum(revenue) FROM {p}app.revenue_by_day GROUP BY ALL");
    until(&revenue, "2026-11-22\ttea\t2\t6.75").await;
    until(&format!("SELECT day, uniqMerge(buyers) FROM {p}app.buyers_by_day GROUP BY day"), "2026-11-22\t2").await;
    done(project).await;
}

#[tokio::test]
async fn raw_json() {
    let (project, p) = example("raw-json").await;
    let messages = [
        (
            "1",
            r#"{"id": 1, "name": "Tea", "price": "2.50", "tags": ["hot", "green"], "attributes": {"size": "S"}, "version": 1}"#,
        ),
        (
            "1",
            r#"{"id": 1, "name": "Green tea", "price": "2.75", "tags": ["hot", "green"], "attributes": {"size": "S"}, "version": 2}"#,
        ),
        ("2", r#"{"id": 2, "name": "Gone", "price": "1", "version": 1}"#),
        ("2", r#"{"id": 2, "deleted": true, "version": 2}"#),
        ("3", r#"{"name": "without an id"}"#),
        ("3", r#"{"id": 3, "name": "Cup", "price": "4", "version": 1}"#),
    ];
    produce_keyed(&format!("{p}products"), &messages).await;
    // The older versions may be gone already when they come in one block.
    let latest =
        format!("SELECT id, name, price, tags, attributes['size'], version FROM {p}docs.products FINAL ORDER BY id");
    until(&latest, "1\tGreen tea\t2.75\t['hot','green']\tS\t2\n3\tCup\t4\t[]\t\t1").await;
    done(project).await;
}

#[tokio::test]
async fn many_topics() {
    let (project, p) = example("many-topics").await;
    send(&format!("{p}orders_eu"), &[r#"{"id": 1, "customer": "a", "total": 1.5}"#]).await;
    send(&format!("{p}orders_us"), &[r#"{"id": 2, "customer": "b", "total": 2.5}"#]).await;
    let rows = format!(
        "SELECT id, customer, total, region, kafka_key, kafka_offset, sent_at > now() - 600 FROM {p}orders.orders ORDER BY id"
    );
    until(&rows, "1\ta\t1.5\tEU\t\t0\t1\n2\tb\t2.5\tUS\t\t0\t1").await;
    done(project).await;
}

#[tokio::test]
async fn dead_letter_topic() {
    let (project, p) = example("dead-letter-topic").await;
    let messages = [
        r#"{"email": "a@b", "country": "DE", "born": "1931-05-06", "plan": "pro"}"#,
        r#"{"email": "c@d", "country": "DE", "born": "1931-05-06", "plan": "gold"}"#,
        r#"{"email": "e@f", "country": "Germany", "born": "1931-05-06", "plan": "pro"}"#,
        r#"{"email": "g@h", "country": "DE", "born": "1931-13-40", "plan": "pro"}"#,
        "broken",
    ];
    send(&format!("{p}signups"), &messages).await;
    until(&format!("SELECT email, country, born, plan FROM {p}signup.signups"), "a@b\tDE\t1931-05-06\tpro").await;
    let dead = crate::fixture::project::consumed(&format!("{p}signups.dead"), 4).await;
    let mut told: Vec<(u64, String)> = dead
        .iter()
        .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap())
        .map(|row| {
            assert_eq!(row["topic"], format!("{p}signups"), "{row}");
            // JSONEachRow of ClickHouse writes 64-bit integers bare or quoted, by a setting.
            let offset = row["offset"].as_u64().or_else(|| row["offset"].as_str()?.parse().ok()).unwrap();
            (offset, row["error"].as_str().unwrap().split(':').next().unwrap().to_owned())
        })
        .collect();
    told.sort();
    let offsets: Vec<u64> = told.iter().map(|t| t.0).collect();
    assert_eq!(offsets, [1, 2, 3, 4]);
    assert_eq!([&told[0].1, &told[1].1, &told[2].1], ["plan", "country", "born"]);
    done(project).await;
}

#[tokio::test]
async fn table_features() {
    let (project, p) = example("table-features").await;
    let messages = [
        r#"{"at": "2026-11-22T10:00:00.5Z", "host": "h1", "metric": "cpu", "value": 0.5, "labels": {"az": "a"}, "extra": 1}"#,
        r#"{"at": "2026-11-22T10:00:01Z", "host": "h2", "metric": "cpu", "value": 0.7, "labels": {}, "note": "hot"}"#,
    ];
    send(&format!("{p}metrics"), &messages).await;
    let rows = format!("SELECT at, host, value, labels, note, day, label_count FROM {p}metrics.samples ORDER BY at");
    let expected = "2026-11-22 10:00:00.500\th1\t0.5\t{'az':'a'}\t\\N\t2026-11-22\t1\n\
                    2026-11-22 10:00:01.000\th2\t0.7\t{}\thot\t2026-11-22\t0";
    until(&rows, expected).await;
    done(project).await;
}

#[tokio::test]
async fn two_clusters() {
    let (project, p) = example("two-clusters").await;
    send(&format!("{p}logs"), &[r#"{"at": "2026-11-22 10:00:00", "service": "api", "line": "up"}"#]).await;
    until(&format!("SELECT service, line FROM {p}logs.lines"), "api\tup").await;
    let places = |engine: &str, cluster: &str| {
        format!(
            "SELECT uniqExact(tcpPort()) FROM clusterAllReplicas({cluster}, system.tables) \
             WHERE startsWith(database, '{p}logs') AND engine = '{engine}'"
        )
    };
    for (engine, ingest, storage) in
        [("Kafka", "2", "0"), ("MaterializedView", "2", "0"), ("MergeTree", "0", "2"), ("Distributed", "2", "2")]
    {
        assert_eq!(ask(&places(engine, "ingest")).await, ingest, "{engine}");
        assert_eq!(ask(&places(engine, "storage")).await, storage, "{engine}");
    }
    done(project).await;
}
