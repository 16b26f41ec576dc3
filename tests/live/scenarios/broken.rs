//! An apply that breaks half-way, and its repair.

use super::*;
use crate::fixture::project::{Project, by_hand, produce, until};
use crate::fixture::unique;

#[tokio::test]
async fn a_foreign_table_in_the_way_stops_it_and_a_second_run_finishes() {
    let name = unique("midway");
    let project = Project::of(&name, &simple(&name, ""));
    let prepared = project.plan_with(&Policy::default()).await;
    by_hand(2, &format!("CREATE DATABASE {name}")).await;
    by_hand(2, &format!("CREATE TABLE {name}.rows_mv (a Int8) ENGINE = Null")).await;
    let outcome = project.run(&prepared).await;
    let [(step, error)] = outcome.failed.as_slice() else { panic!("{outcome:?}") };
    assert_eq!(steps(&prepared.plan)[*step], "create rows_mv");
    assert!(error.host.as_deref().is_some_and(|h| h == prepared.plan.header.hosts[2].name), "{error:?}");
    assert!(error.words.contains("already exists"), "{error}");
    // In the way it is not ours: nobody says it may be dropped.
    let plan = project.plan().await;
    assert!(!plan.is_empty());
    by_hand(2, &format!("DROP TABLE {name}.rows_mv")).await;
    assert_eq!(steps(&project.plan().await), ["create rows_mv"]);
    project.apply().await;
    produce(&name, [row(1)]).await;
    until(&format!("SELECT n FROM {name}.rows"), "1").await;
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn what_only_the_server_knows_to_be_wrong_is_repaired_in_the_manifest() {
    let name = unique("codec");
    let good = simple(&name, "");
    let bad = good.replace("type: Date, from: String", "type: String, codec: \"Gorilla\"");
    let project = Project::of(&name, &bad);
    let plan = project.plan().await;
    let refused = |b: &Blocked| matches!(b, Blocked::Refused { object, why } if object.table == "rows_local" && why.contains("Gorilla"));
    assert!(blocked(&plan).iter().all(refused) && plan.is_blocked(), "{:?}", blocked(&plan));
    project.rewrite(&good.replace("type: Date, from: String", "type: String, codec: ZSTD"));
    project.apply().await;
    project.clean().await;
}

#[tokio::test]
async fn servers_that_refuse_are_named_and_nothing_is_planned() {
    let name = unique("down");
    let dead = "127.0.0.1:1";
    let kafka = Project::of(&name, &simple(&name, "")).var("KAFKA_BROKERS", dead);
    let words = kafka.try_plan(&Policy::default()).await.map(|p| p.plan).unwrap_err().to_string();
    assert!(words.contains(dead), "{words}");
    let urls = format!("{},http://{dead}", crate::fixture::shared().clickhouse_urls[..3].join(","));
    let host = Project::of(&name, &simple(&name, "")).var("CLICKHOUSE_URLS", &urls);
    let words = host.try_plan(&Policy::default()).await.map(|p| p.plan).unwrap_err().to_string();
    assert!(words.contains(dead), "{words}");
}
