//! How often the brokers are asked, however many chains there are.

use super::*;
use sluice::client::Servers;
use sluice::client::kafka::Request;
use sluice::model::Secrets;
use sluice::observe;

/// Chains that nobody has applied, each with a topic and a group of its own.
fn chains(name: &str, count: usize) -> Project {
    let all: Vec<String> = (0..count).map(|n| chain(&format!("{name}_{n}"), 1, "")).collect();
    Project::of(name, &all.join("---\n"))
}

#[tokio::test]
async fn the_brokers_are_asked_once_a_kind_and_once_a_group() {
    let name = unique("asked");
    let mut asked = Vec::new();
    for count in [1, 40] {
        let compiled = chains(&name, count).compiled();
        let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new()).unwrap();
        observe::health::read(&compiled.desired, &servers).await;
        let counts = servers.kafka().requests();
        asked.push(Request::ALL.map(|request| (request, counts.of(request))));
    }
    for (one, forty) in asked[0].iter().zip(&asked[1]) {
        assert_eq!(one, forty);
    }
}
