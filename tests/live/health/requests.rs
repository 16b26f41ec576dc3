//! How often the brokers are asked, however many chains there are.

use super::*;
use crate::fixture::project::{brokers, produce};
use sluice::client::Servers;
use sluice::client::kafka::{Request, RequestCounts};
use sluice::model::Secrets;
use sluice::observe;
use std::collections::BTreeMap;

/// A topic, and so many chains that read it with groups of their own.
fn chains(name: &str, count: usize) -> String {
    let (topic, pipeline) = chain(name, 1, "").split_once("---\n").map(|(t, p)| (t.to_owned(), p.to_owned())).unwrap();
    let named = |n: usize| {
        let own = pipeline.replace(&format!("metadata: {{name: {name}}}"), &format!("metadata: {{name: {name}_{n}}}"));
        own.replace(&format!("{name}.kafka"), &format!("{name}.kafka_{n}")).replace(".rows\n", &format!(".rows_{n}\n"))
    };
    format!("{topic}---\n{}", (0..count).map(named).collect::<Vec<_>>().join("---\n"))
}

#[tokio::test]
async fn the_brokers_are_asked_once_a_kind_and_once_a_group() {
    let name = unique("asked");
    let project = Project::of(&name, chains(&name, 1).split("---\n").next().unwrap());
    project.apply().await;
    produce(&name, (0..3).map(row)).await;
    // Every group is a little behind: whether a message stands after its place is looked up for all of them.
    for n in 0..40 {
        let places = BTreeMap::from([((name.clone(), 0), i64::from(n % 3))]);
        brokers().set_offsets(&format!("clickhouse-{name}_{n}-consumer"), &places).await.unwrap();
    }
    let asked = async |count| {
        project.rewrite(&chains(&name, count));
        let compiled = project.compiled();
        let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new()).unwrap();
        let read = observe::health::read(&compiled.desired, &servers).await;
        let known = read.kafka.groups.values().filter(|g| g.as_ref().is_ok_and(|g| g.committed.len() == 1)).count();
        assert_eq!((known, read.kafka.left_out), (count, Vec::new()));
        servers.kafka().requests()
    };
    let (one, forty) = (asked(1).await, asked(40).await);
    let differ = |r: &Request| one.of(*r) != forty.of(*r);
    let grown: Vec<Request> = Request::ALL.into_iter().filter(differ).collect();
    let of = |counts: RequestCounts, request| counts.of(request);
    assert_eq!((grown, of(one, Request::FetchOffsets)), (vec![Request::FetchOffsets], 1));
    assert_eq!((of(forty, Request::FetchOffsets), of(forty, Request::Fetch)), (40, 1));
    project.clean().await;
}
