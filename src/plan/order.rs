//! The order of steps. These edges live here and nowhere else.

use super::step::{Action, Step};
use crate::model::{Definition, ObjectName};
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Steps that wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these steps wait for each other: {}", steps.join(" -> "))]
pub struct OrderError {
    /// What each does.
    pub steps: Vec<String>,
}

/// What the edges need to know of an object beyond its own step.
#[derive(Debug, Clone, Default)]
pub(super) struct Relations {
    /// Tables each view reads.
    pub reads: BTreeMap<ObjectName, Vec<ObjectName>>,
    /// The table each view writes.
    pub writes: BTreeMap<ObjectName, ObjectName>,
    /// The table under each Distributed one.
    pub over: BTreeMap<ObjectName, ObjectName>,
    /// Topics of each Kafka table.
    pub topics: BTreeMap<ObjectName, Vec<String>>,
}

impl Relations {
    pub fn add(&mut self, definition: &Definition, reads: &[ObjectName], topics: &[String]) {
        let name = &definition.name;
        if definition.is_view() {
            self.reads.insert(name.clone(), reads.to_vec());
            self.writes.extend(definition.target.clone().map(|t| (name.clone(), t)));
        }
        if definition.engine.name == "Kafka" {
            self.topics.insert(name.clone(), topics.to_vec());
        }
        if let ("Distributed", [_, database, table, ..]) =
            (definition.engine.name.as_str(), definition.engine.args.as_slice())
        {
            use crate::model::EngineArg::Text;
            if let (Text(database), Text(table)) = (database, table) {
                self.over.insert(name.clone(), ObjectName::new(database, table));
            }
        }
    }

    /// Objects that must exist before `name` can: what it reads, writes or lies over.
    fn below(&self, name: &ObjectName) -> impl Iterator<Item = &ObjectName> {
        let reads = self.reads.get(name).into_iter().flatten();
        reads.chain(self.writes.get(name)).chain(self.over.get(name))
    }

    /// Other views that read what a view reads.
    fn siblings(&self, name: &ObjectName) -> impl Iterator<Item = &ObjectName> {
        let own = self.reads.get(name);
        let shares = move |reads: &Vec<ObjectName>| own.is_some_and(|own| own.iter().any(|t| reads.contains(t)));
        self.reads.iter().filter(move |(view, reads)| *view != name && shares(reads)).map(|(view, _)| view)
    }

    /// Views that a view must follow: those that read what it writes. Were it first, rows would pass
    /// before their readers are there.
    fn downstream(&self, name: &ObjectName) -> Vec<&ObjectName> {
        let Some(target) = self.writes.get(name) else { return Vec::new() };
        let fed: BTreeSet<&ObjectName> = [Some(target), self.over.get(target)].into_iter().flatten().collect();
        self.reads.iter().filter(|(_, r)| r.iter().any(|r| fed.contains(r))).map(|(v, _)| v).collect()
    }
}

/// Puts the steps into an order and fills in what each needs. Among steps that are free, the given order
/// stays.
pub(super) fn order(steps: Vec<Step>, relations: &Relations) -> Result<Vec<Step>, OrderError> {
    let edges = edges(&steps, relations);
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<NodeIndex> = (0..steps.len()).map(|i| graph.add_node(i)).collect();
    for (before, after) in &edges {
        graph.add_edge(nodes[*before], nodes[*after], ());
    }
    let mut waiting: Vec<usize> = vec![0; steps.len()];
    for (_, after) in &edges {
        waiting[*after] += 1;
    }
    let mut free: BinaryHeap<Reverse<usize>> = (0..steps.len()).filter(|i| waiting[*i] == 0).map(Reverse).collect();
    let mut sequence = Vec::with_capacity(steps.len());
    while let Some(Reverse(i)) = free.pop() {
        sequence.push(i);
        for next in graph.neighbors(nodes[i]) {
            let next = graph[next];
            waiting[next] -= 1;
            if waiting[next] == 0 {
                free.push(Reverse(next));
            }
        }
    }
    if sequence.len() < steps.len() {
        return Err(cycle(&steps, &graph));
    }
    Ok(renumber(steps, &sequence, &edges))
}

fn renumber(steps: Vec<Step>, sequence: &[usize], edges: &BTreeSet<(usize, usize)>) -> Vec<Step> {
    let mut place = vec![0; steps.len()];
    for (at, i) in sequence.iter().enumerate() {
        place[*i] = at;
    }
    let mut ordered: Vec<(usize, Step)> = steps.into_iter().enumerate().map(|(i, s)| (place[i], s)).collect();
    ordered.sort_by_key(|(at, _)| *at);
    let mut steps: Vec<Step> = ordered.into_iter().map(|(_, s)| s).collect();
    for (before, after) in edges {
        steps[place[*after]].needs.insert(place[*before]);
    }
    steps
}

fn cycle(steps: &[Step], graph: &DiGraph<usize, ()>) -> OrderError {
    let loops = petgraph::algo::tarjan_scc(graph).into_iter().find(|c| c.len() > 1).unwrap_or_default();
    let named = |n: NodeIndex| format!("{:?}", Subject::of(&steps[graph[n]].action));
    OrderError { steps: loops.into_iter().map(named).collect() }
}

/// What a step is about, for the edges.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    MakeTopic(String),
    ChangeTopic(String),
    DropTopic(String),
    MakeDatabase(String),
    Make(ObjectName),
    Mark(ObjectName),
    Flush(ObjectName),
    Drop(ObjectName),
}

impl Subject {
    fn of(action: &Action) -> Self {
        match action {
            Action::CreateTopic { name, .. } => Subject::MakeTopic(name.clone()),
            Action::GrowTopic { name, .. } | Action::AlterTopic { name, .. } => Subject::ChangeTopic(name.clone()),
            Action::DeleteTopic { name, .. } => Subject::DropTopic(name.clone()),
            Action::CreateDatabase { name } => Subject::MakeDatabase(name.clone()),
            Action::Create(definition) => Subject::Make(definition.name.clone()),
            Action::Comment { name, .. } => Subject::Mark(name.clone()),
            Action::Flush { name } => Subject::Flush(name.clone()),
            Action::Drop { name, .. } => Subject::Drop(name.clone()),
        }
    }
}

fn edges(steps: &[Step], relations: &Relations) -> BTreeSet<(usize, usize)> {
    let subjects: Vec<Subject> = steps.iter().map(|s| Subject::of(&s.action)).collect();
    let mut at: BTreeMap<&Subject, Vec<usize>> = BTreeMap::new();
    for (i, subject) in subjects.iter().enumerate() {
        at.entry(subject).or_default().push(i);
    }
    let mut edges = BTreeSet::new();
    for (i, subject) in subjects.iter().enumerate() {
        for before in before(subject, relations) {
            edges.extend(at.get(&before).into_iter().flatten().filter(|b| **b != i).map(|b| (*b, i)));
        }
    }
    edges
}

/// What must be done before a step about `subject`, if the plan does it at all.
fn before(subject: &Subject, relations: &Relations) -> Vec<Subject> {
    match subject {
        Subject::MakeTopic(name) => vec![Subject::DropTopic(name.clone())],
        Subject::ChangeTopic(_) | Subject::MakeDatabase(_) => Vec::new(),
        // A topic goes after the tables that read it.
        Subject::DropTopic(topic) => {
            let readers = relations.topics.iter().filter(|(_, topics)| topics.contains(topic));
            readers.map(|(table, _)| Subject::Drop(table.clone())).collect()
        }
        Subject::Make(name) => {
            let mut all = vec![Subject::MakeDatabase(name.database.clone()), Subject::Drop(name.clone())];
            all.extend(relations.below(name).cloned().map(Subject::Make));
            all.extend(relations.downstream(name).into_iter().cloned().map(Subject::Make));
            // A view that takes the place of another one comes after it is gone, or rows pass both.
            all.extend(relations.siblings(name).cloned().map(Subject::Drop));
            let topics = relations.topics.get(name).into_iter().flatten();
            all.extend(topics.flat_map(|t| [Subject::MakeTopic(t.clone()), Subject::ChangeTopic(t.clone())]));
            all
        }
        Subject::Mark(_) => Vec::new(),
        // What is queued is flushed when nothing writes any more.
        Subject::Flush(name) => writers(relations, name).map(Subject::Drop).collect(),
        Subject::Drop(name) => {
            let mut all = vec![Subject::Flush(name.clone())];
            // What reads, writes or lies over it goes first.
            let above = relations.reads.keys().chain(relations.over.keys());
            let uses = above.filter(|v| relations.below(v).any(|b| b == name));
            all.extend(uses.cloned().map(Subject::Drop));
            // A view goes before the views it feeds: rows must not arrive where nobody takes them on.
            let feeding = relations.writes.keys().filter(|v| relations.downstream(v).contains(&name));
            all.extend(feeding.cloned().map(Subject::Drop));
            all
        }
    }
}

fn writers<'a>(relations: &'a Relations, table: &'a ObjectName) -> impl Iterator<Item = ObjectName> + 'a {
    relations.writes.iter().filter(move |(_, t)| *t == table).map(|(v, _)| v.clone())
}
