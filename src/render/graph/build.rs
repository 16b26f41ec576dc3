//! Desired state -> graph.

use super::{Edge, Graph, Group, Node, NodeKind};
use crate::model::{Desired, DesiredObject, DesiredPipeline, EngineArg, ObjectName, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Where nodes stand that no resource of the graph declares.
const ELSEWHERE: &str = "declared elsewhere";

impl Graph {
    /// The graph of everything in a desired state.
    pub fn of(desired: &Desired) -> Self {
        let mut build = Build::default();
        for topic in &desired.topics {
            build.group(topic.id.to_string());
            build.node(Key::Topic(topic.name.clone()), topic.name.clone(), NodeKind::Topic);
        }
        for pipeline in &desired.pipelines {
            build.group(pipeline.id.to_string());
            for object in pipeline.objects.iter().filter(|o| !o.owned_elsewhere) {
                let name = &object.definition.name;
                build.node(Key::Object(name.clone()), name.to_string(), kind(object));
            }
            if let Some(consumption) = &pipeline.consumption {
                let key = Key::Consumer(pipeline.id.to_string());
                build.node(key, consumption.group.clone(), NodeKind::Consumer);
            }
        }
        build.group(ELSEWHERE.to_owned());
        desired.pipelines.iter().for_each(|pipeline| build.flow(pipeline));
        build.groups.retain(|g| !g.nodes.is_empty());
        Graph { groups: build.groups, edges: build.edges.into_iter().collect() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Topic(String),
    Object(ObjectName),
    Consumer(String),
}

#[derive(Default)]
struct Build {
    groups: Vec<Group>,
    numbers: BTreeMap<Key, usize>,
    edges: BTreeSet<Edge>,
}

impl Build {
    fn group(&mut self, title: String) {
        self.groups.push(Group { title, nodes: Vec::new() });
    }

    /// A node of the last group, unless it stands in one already.
    fn node(&mut self, key: Key, name: String, what: NodeKind) -> usize {
        let number = self.numbers.len();
        let taken = *self.numbers.entry(key).or_insert(number);
        if taken == number
            && let Some(group) = self.groups.last_mut()
        {
            group.nodes.push(Node { number, name, what });
        }
        taken
    }

    fn topic(&mut self, name: &str) -> usize {
        self.node(Key::Topic(name.to_owned()), name.to_owned(), NodeKind::Topic)
    }

    fn object(&mut self, name: &ObjectName) -> usize {
        self.node(Key::Object(name.clone()), name.to_string(), NodeKind::Foreign)
    }

    fn edge(&mut self, from: usize, to: usize) {
        self.edges.insert(Edge { from, to, spread: false });
    }

    fn flow(&mut self, pipeline: &DesiredPipeline) {
        for object in &pipeline.objects {
            let own = self.object(&object.definition.name);
            match object.role {
                Role::Source => {
                    for topic in &pipeline.topics {
                        let topic = self.topic(topic);
                        self.edge(topic, own);
                    }
                }
                Role::Sink => {
                    for topic in &pipeline.writes_topics {
                        let topic = self.topic(topic);
                        self.edge(own, topic);
                    }
                }
                Role::Distributed => {
                    if let Some(below) = below(object) {
                        let to = self.object(&below);
                        self.edges.insert(Edge { from: own, to, spread: true });
                    }
                }
                Role::View | Role::EntryView | Role::Feed => {
                    for read in &object.reads {
                        let read = self.object(read);
                        self.edge(read, own);
                    }
                    if let Some(target) = &object.definition.target {
                        let target = self.object(target);
                        self.edge(own, target);
                    }
                }
                Role::Local | Role::Hub => {}
            }
        }
        if let Some(consumption) = &pipeline.consumption {
            let key = Key::Consumer(pipeline.id.to_string());
            let consumer = self.node(key, consumption.group.clone(), NodeKind::Consumer);
            for topic in &consumption.topics {
                let topic = self.topic(topic);
                self.edge(topic, consumer);
            }
            for table in [Some(&consumption.table), consumption.dead_letters.as_ref()].into_iter().flatten() {
                let table = self.object(table);
                self.edge(consumer, table);
            }
        }
    }
}

fn kind(object: &DesiredObject) -> NodeKind {
    match object.role {
        Role::Source | Role::Sink => NodeKind::Kafka,
        Role::Local => NodeKind::Table,
        Role::Distributed => NodeKind::Distributed,
        Role::Hub => NodeKind::Hub,
        Role::View | Role::EntryView | Role::Feed => NodeKind::View,
    }
}

/// The table below a Distributed one: `Distributed(cluster, database, table, …)`.
fn below(object: &DesiredObject) -> Option<ObjectName> {
    let word = |arg: &EngineArg| match arg {
        EngineArg::Text(text) => Some(text.clone()),
        EngineArg::Expression(sql) => Some(sql.as_str().to_owned()),
        EngineArg::Named(..) => None,
    };
    match object.definition.engine.args.as_slice() {
        [_, database, table, ..] => Some(ObjectName::new(word(database)?, word(table)?)),
        _ => None,
    }
}
