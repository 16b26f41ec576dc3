//! Configuration of a broker.

use super::shape::{Engine, Kind};

/// Every broker is a controller too. What a cluster needs for durability is turned down: three
/// processes on one disk protect nothing, and internal topics of 50 partitions only take time.
const FIXED: &str = "\
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
delete.topic.enable=true
group.initial.rebalance.delay.ms=0
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
";

/// `server.properties` of the broker `number` with its two ports, in a cluster of `engines`.
pub(super) fn properties(number: u16, client: u16, controller: u16, engines: &[Engine]) -> String {
    let mut voters = Vec::new();
    for engine in engines {
        match engine.kind {
            Kind::Kafka { controller, .. } => voters.push(format!("{}@127.0.0.1:{controller}", engine.number)),
            Kind::ClickHouse { .. } => {}
        }
    }
    format!(
        "{FIXED}node.id={number}\n\
         controller.quorum.voters={}\n\
         listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{client}\n",
        voters.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_knows_itself_and_the_quorum() {
        let broker = |number, controller| Engine { number, kind: Kind::Kafka { client: 1000 + number, controller } };
        let node = Engine { number: 1, kind: Kind::ClickHouse { http: 1, tcp: 2 } };
        let text = properties(2, 1002, 22, &[node, broker(1, 21), broker(2, 22), broker(3, 23)]);
        assert_eq!(
            text.strip_prefix(FIXED).unwrap(),
            "node.id=2\n\
             controller.quorum.voters=1@127.0.0.1:21,2@127.0.0.1:22,3@127.0.0.1:23\n\
             listeners=PLAINTEXT://127.0.0.1:1002,CONTROLLER://127.0.0.1:22\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:1002\n"
        );
    }
}
