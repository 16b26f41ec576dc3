//! An apply that breaks half-way, and its repair.

use super::*;
use crate::fixture::project::{Project, ask, by_hand, produce, until};
use crate::fixture::unique;
use sluice::model::Unread;
use sluice::plan::Note;

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
async fn servers_that_refuse_are_named_and_block_what_needs_them() {
    let name = unique("down");
    let dead = "127.0.0.1:1";
    let kafka = Project::of(&name, &simple(&name, "")).var("KAFKA_BROKERS", dead);
    let words = kafka.try_plan(&Policy::default()).await.map(|p| p.plan).unwrap_err().to_string();
    assert!(words.contains(dead), "{words}");
    let urls = format!("{},http://{dead}", crate::fixture::shared().clickhouse_urls[..3].join(","));
    let host = Project::of(&name, &simple(&name, "")).var("CLICKHOUSE_URLS", &urls);
    let plan = host.plan().await;
    let refused = |b: &Blocked| matches!(b, Blocked::HostUnread { host, why: Unread::Silent(words) } if host == dead && words.contains("refused"));
    assert!(matches!(blocked(&plan).as_slice(), [one] if refused(one)), "{:?}", blocked(&plan));
    assert_eq!(steps(&plan), [format!("create topic {name}")]);
    let without = Policy { unreachable: [dead.to_owned()].into(), ..Policy::default() };
    let plan = host.plan_with(&without).await.plan;
    assert!(!plan.is_blocked() && plan.header.left_out.contains(dead));
    let tables = plan.steps.iter().filter(|s| matches!(s.action, Action::Table(_)));
    assert!(
        tables.clone().count() > 0 && tables.into_iter().all(|s| s.hosts == [0, 1, 2].into()),
        "{:?}",
        steps(&plan)
    );
    let all = format!("http://{dead},http://{dead}1");
    let none = Project::of(&name, &simple(&name, "")).var("CLICKHOUSE_URLS", &all);
    let words = none.try_plan(&without).await.map(|p| p.plan).unwrap_err().to_string();
    assert!(words.contains(dead), "{words}");
}

#[tokio::test]
async fn hosts_that_the_project_does_not_list_are_named_and_block_what_needs_them() {
    let name = unique("unlisted");
    let endpoints = crate::fixture::shared();
    let project =
        Project::of(&name, &simple(&name, "")).var("CLICKHOUSE_URLS", &endpoints.clickhouse_urls[..3].join(","));
    let plan = project.plan().await;
    let why_not = blocked(&plan);
    let [Blocked::HostUnread { host, why }] = why_not.as_slice() else { panic!("{why_not:?}") };
    let tcp = ask("SELECT port FROM system.clusters WHERE cluster = 'dwh_test' AND shard_num = 4").await;
    assert_eq!((host.clone(), why.clone()), (format!("127.0.0.1:{tcp}"), Unread::NotListed { perhaps: vec![] }));
    // Tables of another cluster do not need it.
    let elsewhere = simple(&name, "cluster: ingest").replace("source: {", "source: {cluster: ingest, ");
    project.rewrite(&elsewhere);
    assert_eq!(blocked(&project.plan().await), []);
    let without = Policy { unreachable: [host.clone()].into(), ..Policy::default() };
    project.rewrite(&simple(&name, ""));
    let outcome = project.run(&project.plan_with(&without).await).await;
    assert_eq!(outcome.failed, []);
    assert!(project.plan_with(&without).await.plan.is_empty());
    // The fourth joins empty.
    let whole = Project::of(&name, &simple(&name, ""));
    let plan = whole.plan().await;
    let new = |n: &Note| matches!(n, Note::NewOn { hosts } if *hosts == [3]);
    assert!(of(&plan, &pipeline(&name)).notes.iter().any(new), "{:#?}", plan.resources);
    assert!(plan.steps.iter().all(|s| s.hosts == [3].into()), "{:#?}", plan.steps);
    whole.apply().await;
    produce(&name, [row(1)]).await;
    until(&format!("SELECT n FROM {name}.rows"), "1").await;
    whole.clean().await;
}
