//! What only a server can tell is told while planning, with its place in the manifest, before anything is made.

use super::*;
use crate::fixture::project::{Project, ask};
use crate::fixture::unique;

/// The simple project with a SELECT of its own, on line 18.
fn selecting(name: &str, select: &str) -> String {
    let wire = "source: {columns: [{name: n, type: UInt64}, {name: day, type: Date}], ";
    let simple = simple(name, &format!("select: \"{select}\"")).replace("type: Date, from: String", "type: Date");
    simple.replace("source: {", wire)
}

#[tokio::test]
async fn what_the_server_would_refuse_is_told_with_its_place() {
    let name = unique("refused");
    let good = simple(&name, "");
    let with = |more: &str| simple(&name, more);
    let select = |text: &str| selecting(&name, text);
    let column = |old: &str, new: &str| good.replace(old, new);
    for (what, manifests, code, line, marked) in [
        (
            "a codec",
            column(
                "{name: n, type: UInt64}",
                "{name: n, type: UInt64}\n        - {name: s, type: String, codec: Gorilla}",
            ),
            "error[server/refuses]: ClickHouse refuses the table",
            16,
            "codec: Gorilla",
        ),
        ("a TTL", with("ttl: n"), "error[server/refuses]: ClickHouse refuses the table", 18, "ttl: n"),
        (
            "a partition key",
            with("partitionBy: toYYYYMM(n)"),
            "error[server/refuses]: ClickHouse refuses the table",
            18,
            "toYYYYMM(n)",
        ),
        (
            "a sharding key",
            with("distributed: {shardingKey: n / 3}"),
            "Sharding expression has type Float64",
            18,
            "shardingKey: n / 3",
        ),
        (
            "a policy",
            with("settings: {storage_policy: nope}"),
            "Unknown storage policy `nope`",
            18,
            "storage_policy: nope",
        ),
        (
            "a function",
            select("SELECT nofunc(n) AS n, day FROM source"),
            "Function with name `nofunc` does not exist",
            18,
            "nofunc(n)",
        ),
        (
            "an expression",
            column(
                "{name: n, type: UInt64}",
                "{name: n, type: UInt64}\n        - {name: e, type: String, expression: nofunc(n)}",
            ),
            "Function with name `nofunc` does not exist",
            16,
            "expression: nofunc(n)",
        ),
        ("an output too many", select("SELECT *, 1 AS extra FROM source"), "error[server/exceeds]", 18, "extra"),
        (
            "types without a way between them",
            select("SELECT [n] AS n, day FROM source"),
            "which cannot become UInt64",
            18,
            "[n] AS n",
        ),
        (
            "a shadow",
            select("SELECT sum(n) AS n, toDate(max(n)) AS day FROM source"),
            "inside another aggregate",
            18,
            "sum(n) AS n",
        ),
        ("consumers", column("source: {", "source: {consumers: 500, "), "number of consumers", 11, "consumers: 500"),
    ] {
        let project = Project::of(&name, &manifests);
        let prepared = project.plan_with(&Policy::default()).await;
        let told = project.told(&prepared.complaints);
        assert!(told.contains(code), "{what}: {told}\n{:#?}", prepared.complaints);
        assert!(told.contains(&format!("resources.yaml:{line}:")), "{what}: {told}");
        assert!(told.lines().any(|l| l.contains(marked)), "{what}: {told}");
        let refused = blocked(&prepared.plan);
        assert!(matches!(refused.as_slice(), [Blocked::Refused { .. }]), "{what}: {refused:?}");
        assert!(!steps(&prepared.plan).iter().any(|s| s.starts_with("create ") && !s.contains("topic")), "{what}");
    }
    assert_eq!(ask(&format!("SELECT count() FROM system.databases WHERE name = '{name}'")).await, "0");
}

#[tokio::test]
async fn what_narrows_or_stays_empty_is_a_warning_and_stops_nothing() {
    let name = unique("narrows");
    // This build has no CapnProto, and makes the table all the same.
    let project = Project::of(
        &name,
        &simple(&name, "").replace("source: {", "source: {format: CapnProto, schema: {file: a, message: B}, "),
    );
    let prepared = project.plan_with(&Policy::default()).await;
    let told = project.told(&prepared.complaints);
    assert!(told.contains("warning[server/format]") && told.contains("resources.yaml:11:"), "{told}");
    assert!(!prepared.plan.is_blocked());
    let project = Project::of(&name, &selecting(&name, "SELECT * EXCEPT (day, n), toInt64(n) - 1 AS n FROM source"));
    let prepared = project.plan_with(&Policy::default()).await;
    let told = project.told(&prepared.complaints);
    assert!(told.contains("warning[server/narrows]") && told.contains("Int64 becomes UInt64"), "{told}");
    assert!(told.contains("warning[server/lacks]") && told.contains("does not give `day`"), "{told}");
    assert!(!prepared.plan.is_blocked());
    project.apply().await;
    // What stands as declared is not asked about again.
    let prepared = project.plan_with(&Policy::default()).await;
    assert_eq!(prepared.complaints, []);
    project.clean().await;
}

#[tokio::test]
async fn a_view_is_checked_over_what_its_source_will_be() {
    let name = unique("over");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    // The column is on the wire in the manifest only: the live Kafka table does not have it yet.
    let more = simple(&name, "")
        .replace("{name: n, type: UInt64}", "{name: n, type: UInt64}\n        - {name: m, type: UInt8}");
    project.rewrite(&more);
    let prepared = project.plan_with(&Policy::default()).await;
    assert_eq!(prepared.complaints, []);
    assert!(
        !blocked(&prepared.plan).iter().any(|b| matches!(b, Blocked::ObjectUnknown { .. } | Blocked::Refused { .. }))
    );
    let changed = attributes(&prepared.plan);
    assert!(changed.iter().any(|c| c.starts_with("kafka column m: - -> UInt8")), "{changed:?}");
    project.clean().await;
}
