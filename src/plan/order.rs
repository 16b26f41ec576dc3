//! The order of steps. These edges live here and nowhere else.

use super::rebuild;
use super::step::{Action, KafkaAction, Step, TableAction};
use crate::model::{Definition, ObjectName, ResourceId, scratch};
use crate::sql::AlterCommand;
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
    /// Kafka tables that write.
    pub sinks: BTreeSet<ObjectName>,
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

    /// Whether it is a view that reads a Kafka table: with it ingestion begins and ends.
    fn is_entry(&self, view: &ObjectName) -> bool {
        self.reads.get(view).into_iter().flatten().any(|table| self.topics.contains_key(table))
    }

    /// Whether it is a Kafka table that reads, or may.
    fn consumes(&self, table: &ObjectName) -> bool {
        self.topics.contains_key(table) && !self.sinks.contains(table)
    }

    /// Whether a Distributed table lies over a Kafka table: what goes through it is published.
    fn publishes(&self, table: &ObjectName) -> bool {
        self.over.get(table).is_some_and(|under| self.topics.contains_key(under))
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
    RemoveMembers(ObjectName),
    Offsets(ObjectName),
    MakeDatabase(String),
    Make(ObjectName),
    /// A table or a view gets a new shape where it stands.
    Change(ObjectName),
    Copy(ObjectName),
    /// A new table gets the rows of another one.
    Fill(ObjectName),
    /// A new table has got what was there before it.
    Await(ObjectName),
    /// A table takes the name of another one.
    Name(ObjectName),
    /// A table takes a name that is free.
    Rename(ObjectName),
    Mark(ObjectName),
    /// Columns of a table go.
    Shrink(ObjectName),
    Flush(ObjectName),
    /// The queue of a table that stands aside is sent.
    Send(ObjectName),
    Drop(ObjectName),
    /// A table goes that stood aside for another one, or served to copy or to fill.
    Discard(ObjectName),
}

impl Subject {
    fn of(action: &Action) -> Self {
        match action {
            Action::Kafka(action) => Subject::of_kafka(action),
            Action::Table(action) => Subject::of_table(action),
        }
    }

    fn of_kafka(action: &KafkaAction) -> Self {
        match action {
            KafkaAction::CreateTopic { name, .. } => Subject::MakeTopic(name.clone()),
            KafkaAction::GrowTopic { name, .. } | KafkaAction::AlterTopic { name, .. } => {
                Subject::ChangeTopic(name.clone())
            }
            KafkaAction::DeleteTopic { name, .. } => Subject::DropTopic(name.clone()),
            KafkaAction::RemoveMembers { table, .. } => Subject::RemoveMembers(table.clone()),
            KafkaAction::SetOffsets { table, .. } | KafkaAction::ForgetOffsets { table, .. } => {
                Subject::Offsets(table.clone())
            }
            KafkaAction::DeleteGroup { table, .. } => Subject::RemoveMembers(table.clone()),
            KafkaAction::AwaitBackfill(awaited) => Subject::Await(awaited.local.clone()),
        }
    }

    fn of_table(action: &TableAction) -> Self {
        match action {
            TableAction::CreateDatabase { name } => Subject::MakeDatabase(name.clone()),
            TableAction::Create(definition) => Subject::Make(definition.name.clone()),
            TableAction::CreateFillingView(filling) => Subject::Make(filling.view.name.clone()),
            TableAction::Fill(fill) => Subject::Fill(fill.to.clone()),
            TableAction::Comment { name, .. } | TableAction::StartMerges { name } => Subject::Mark(name.clone()),
            TableAction::Alter { name, commands } if commands.iter().all(is_shrinking) => Subject::Shrink(name.clone()),
            TableAction::Alter { name, .. } | TableAction::ModifyQuery { name, .. } => Subject::Change(name.clone()),
            TableAction::Flush { name } => Subject::Flush(name.clone()),
            TableAction::Copy(copy) => Subject::Copy(copy.to.clone()),
            TableAction::Exchange { left, .. } => Subject::Name(left.clone()),
            TableAction::Rename { pairs } => match pairs.as_slice() {
                [] => Subject::MakeDatabase(String::new()),
                [.., (_, to)] if takes_over(pairs) => Subject::Name(to.clone()),
                [.., (_, to)] => Subject::Rename(to.clone()),
            },
            TableAction::Drop { name, .. } => Subject::Drop(name.clone()),
        }
    }
}

/// The place of a step among those of its own resource. Steps of a lower rank are done before any of a higher one
/// begins: ingestion stops first and starts last, and what lies between is done while nothing flows.
fn rank(at: usize, step: &Step, relations: &Relations, swaps: &Swaps<'_>) -> u8 {
    match &step.action {
        Action::Kafka(action) => match action {
            // A new target's own group begins before the view that reads with it is there.
            KafkaAction::SetOffsets { table, .. } if !relations.topics.contains_key(table) => 12,
            // Before the table that tells the old group is gone, and once more when nothing is read any more.
            KafkaAction::SetOffsets { early: true, .. } => 0,
            KafkaAction::SetOffsets { early: false, .. } => 7,
            KafkaAction::RemoveMembers { table, .. } if swaps.filled(table, at) => 25,
            KafkaAction::RemoveMembers { .. } => 6,
            // Topics are resources of their own; the edges below place them.
            KafkaAction::CreateTopic { .. } | KafkaAction::GrowTopic { .. } | KafkaAction::AlterTopic { .. } => 0,
            KafkaAction::DeleteTopic { .. } => 0,
            KafkaAction::ForgetOffsets { .. } => 7,
            KafkaAction::AwaitBackfill(_) => 21,
            KafkaAction::DeleteGroup { table, .. } if swaps.filled(table, at) => 26,
            KafkaAction::DeleteGroup { .. } => 7,
        },
        Action::Table(action) => match action {
            TableAction::CreateDatabase { .. } => 0,
            // The view goes last: as long as it is there, the next plan knows that something is left to tidy up.
            TableAction::Drop { name, is_view, .. } if swaps.filled(name, at) => 24 + 3 * u8::from(*is_view),
            // A view goes at once when its Kafka table is gone, and else waits for a stream that may run for seconds; and a
            // stream that finds no view commits what it has read.
            TableAction::Drop { name, .. } if relations.consumes(name) => 1,
            TableAction::Drop { name, is_view: true, .. } if relations.is_entry(name) => 2,
            TableAction::Drop { is_view: true, .. } => 3,
            TableAction::Flush { name } if swaps.filled(name, at) => 22,
            TableAction::Flush { name } if swaps.stands_aside(name, at) => 18,
            TableAction::Flush { .. } => 4,
            TableAction::Drop { name, .. } if swaps.served(name, at) => 11,
            TableAction::Drop { name, .. } if swaps.stands_aside(name, at) => 19,
            // They tell what was cut until it is finished.
            TableAction::Drop { name, .. } if scratch::is_kept(name) => 19,
            TableAction::Drop { .. } => 5,
            TableAction::Create(definition) if relations.is_entry(&definition.name) => 17,
            TableAction::Create(definition) if definition.is_view() => 14,
            TableAction::Create(definition) => match definition.engine.name.as_str() {
                "Distributed" if swaps.serves.contains_key(&definition.name) => 9,
                "Kafka" | "Distributed" => 12,
                _ => 8,
            },
            // Of the table that has the name from then on.
            TableAction::Alter { name, .. } if swaps.named.get(name).is_some_and(|swap| *swap < at) => 12,
            TableAction::Alter { name, commands } => match relations.over.contains_key(name) {
                // Before the queue is sent and the Kafka table lets go of the columns.
                true if relations.publishes(name) && commands.iter().all(is_shrinking) => 3,
                true => 12,
                false if commands.iter().all(is_shrinking) => 15,
                false => 9,
            },
            TableAction::Copy(_) => 10,
            TableAction::Exchange { left, .. } if relations.over.contains_key(left) => 12,
            TableAction::Exchange { left, .. } if relations.topics.contains_key(left) => 12,
            TableAction::Exchange { .. } => 11,
            TableAction::Rename { pairs } if takes_over(pairs) => 11,
            TableAction::Rename { pairs } if pairs.iter().any(|(from, _)| swaps.stands_aside(from, at)) => 19,
            TableAction::Rename { .. } => 6,
            // Before the view of the table is there: as long as it is missing, the table may be filled anew.
            TableAction::Fill(_) => 13,
            TableAction::ModifyQuery { .. } => 14,
            // What it writes passes on to views that read the new table; ingestion goes on only when it stands, for it
            // takes what is before that moment.
            TableAction::CreateFillingView(_) => 16,
            TableAction::Comment { name, .. } if swaps.filled(name, at) => 23,
            // The mark of an earlier copy goes before a new copy is made.
            TableAction::Comment { name, .. } if swaps.named.get(name).is_some_and(|swap| at < *swap) => 7,
            TableAction::Comment { .. } => 20,
            // Before the copy goes that tells that they are stopped.
            TableAction::StartMerges { .. } => 4,
        },
    }
}

/// Whether the renames give a name away and take it again.
fn takes_over(pairs: &[(ObjectName, ObjectName)]) -> bool {
    pairs.iter().enumerate().any(|(i, (_, to))| pairs[..i].iter().any(|(from, _)| from == to))
}

/// The swaps among the steps, each with the place where it is written: what is written before it is about the
/// table that had the name until then.
#[derive(Default)]
struct Swaps<'a> {
    /// Names that another table takes.
    named: BTreeMap<&'a ObjectName, usize>,
    /// Names under which replaced tables stand after it.
    aside: BTreeMap<&'a ObjectName, usize>,
    /// Distributed tables that a copy goes through.
    serves: BTreeMap<&'a ObjectName, usize>,
    /// Everything about a table that is filled from the topic, with the place of the step that waits for it.
    fills: BTreeMap<&'a ObjectName, usize>,
}

impl<'a> Swaps<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut swaps = Self::default();
        for (at, step) in steps.iter().enumerate() {
            match &step.action {
                Action::Table(TableAction::Exchange { left, right }) => {
                    swaps.named.insert(left, at);
                    swaps.aside.insert(right, at);
                }
                Action::Table(TableAction::Rename { pairs }) if takes_over(pairs) => {
                    swaps.named.extend(pairs.last().map(|(_, to)| (to, at)));
                    swaps.aside.extend(pairs.first().map(|(_, to)| (to, at)));
                }
                Action::Table(TableAction::Copy(copy)) => {
                    swaps.serves.extend(copy.through.as_ref().map(|through| (through, at)));
                }
                Action::Kafka(KafkaAction::AwaitBackfill(awaited)) => {
                    let names = [&awaited.kafka, &awaited.view, &awaited.local];
                    swaps.fills.extend(names.into_iter().chain(&awaited.through).map(|name| (name, at)));
                }
                Action::Table(_) | Action::Kafka(_) => {}
            }
        }
        swaps
    }

    fn stands_aside(&self, name: &ObjectName, at: usize) -> bool {
        self.aside.get(name).is_some_and(|swap| *swap < at)
    }

    /// Whether the step comes when the table has got what was there before it.
    fn filled(&self, name: &ObjectName, at: usize) -> bool {
        self.fills.get(name).is_some_and(|awaited| *awaited < at)
    }

    fn served(&self, name: &ObjectName, at: usize) -> bool {
        self.serves.get(name).is_some_and(|copy| *copy < at)
    }
}

/// A column goes after the views that read it have let go of it.
fn is_shrinking(command: &AlterCommand) -> bool {
    matches!(command, AlterCommand::DropColumn(_))
}

fn edges(steps: &[Step], relations: &Relations) -> BTreeSet<(usize, usize)> {
    let swaps = Swaps::of(steps);
    let subject = |(at, step): (usize, &Step)| {
        let subject = Subject::of(&step.action);
        if let Subject::Drop(name) = &subject
            && (swaps.stands_aside(name, at) || swaps.served(name, at) || swaps.filled(name, at))
        {
            return Subject::Discard(name.clone());
        }
        if let Subject::Flush(name) = &subject
            && swaps.stands_aside(name, at)
        {
            return Subject::Send(name.clone());
        }
        subject
    };
    let subjects: Vec<Subject> = steps.iter().enumerate().map(subject).collect();
    let mut at: BTreeMap<&Subject, Vec<usize>> = BTreeMap::new();
    for (i, subject) in subjects.iter().enumerate() {
        at.entry(subject).or_default().push(i);
    }
    let mut edges = by_rank(steps, relations, &swaps);
    for (i, subject) in subjects.iter().enumerate() {
        for before in before(subject, relations) {
            edges.extend(at.get(&before).into_iter().flatten().filter(|b| **b != i).map(|b| (*b, i)));
        }
        // Several changes of one table are made in the order in which they are written.
        if let Subject::Change(_) = subject {
            edges.extend(at[subject].iter().filter(|b| **b < i).map(|b| (*b, i)));
        }
        // A table gives its rows when it has got its own.
        if let Action::Table(TableAction::Fill(fill)) = &steps[i].action {
            edges.extend(at.get(&Subject::Fill(fill.refill.from.clone())).into_iter().flatten().map(|b| (*b, i)));
        }
    }
    edges
}

/// Each step waits for all of the next lower rank in its resource.
fn by_rank(steps: &[Step], relations: &Relations, swaps: &Swaps<'_>) -> BTreeSet<(usize, usize)> {
    let mut edges = BTreeSet::new();
    let mut of: BTreeMap<&ResourceId, BTreeMap<u8, Vec<usize>>> = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        // Databases are shared; their edges are below.
        if !matches!(step.action, Action::Table(TableAction::CreateDatabase { .. })) {
            let ranks = of.entry(&step.resource).or_default();
            ranks.entry(rank(i, step, relations, swaps)).or_default().push(i);
        }
    }
    for ranks in of.values() {
        for (lower, higher) in ranks.values().zip(ranks.values().skip(1)) {
            edges.extend(lower.iter().flat_map(|b| higher.iter().map(|a| (*b, *a))));
        }
    }
    edges
}

/// What must be done before a step about `subject`, if the plan does it at all.
fn before(subject: &Subject, relations: &Relations) -> Vec<Subject> {
    match subject {
        Subject::MakeTopic(name) => vec![Subject::DropTopic(name.clone())],
        Subject::ChangeTopic(_) | Subject::MakeDatabase(_) | Subject::RemoveMembers(_) => Vec::new(),
        // A topic goes after the tables that read it and their consumers.
        Subject::DropTopic(topic) => {
            let readers = relations.topics.iter().filter(|(_, topics)| topics.contains(topic));
            readers.flat_map(|(t, _)| [Subject::Drop(t.clone()), Subject::RemoveMembers(t.clone())]).collect()
        }
        // The offsets of a topic that is made anew are those of the old one until then.
        Subject::Offsets(table) => {
            let topics = relations.topics.get(table).into_iter().flatten();
            topics.cloned().map(Subject::DropTopic).collect()
        }
        Subject::Make(name) => {
            let mut all = vec![Subject::MakeDatabase(name.database.clone()), Subject::Drop(name.clone())];
            all.extend(relations.below(name).cloned().flat_map(settled));
            all.extend(relations.downstream(name).into_iter().cloned().flat_map(settled));
            // A view that takes the place of another one comes after it is gone, or rows pass both.
            all.extend(relations.siblings(name).cloned().map(Subject::Drop));
            let topics = relations.topics.get(name).into_iter().flatten();
            all.extend(topics.flat_map(|t| [Subject::MakeTopic(t.clone()), Subject::ChangeTopic(t.clone())]));
            all
        }
        Subject::Change(name) => {
            let below = relations.below(name).cloned();
            below.chain(relations.downstream(name).into_iter().cloned()).flat_map(settled).collect()
        }
        Subject::Name(name) => vec![
            Subject::MakeDatabase(name.database.clone()),
            Subject::Make(rebuild::next(name)),
            Subject::Copy(rebuild::next(name)),
        ],
        Subject::Rename(name) => vec![Subject::MakeDatabase(name.database.clone())],
        // The queue of a table that stood aside goes to where the new one sends.
        Subject::Discard(name) => vec![Subject::Flush(name.clone()), Subject::Send(name.clone())],
        Subject::Send(name) => writers(relations, name).map(Subject::Drop).collect(),
        Subject::Shrink(_) | Subject::Copy(_) | Subject::Mark(_) | Subject::Fill(_) | Subject::Await(_) => Vec::new(),
        // What is queued is flushed when nothing writes any more.
        Subject::Flush(name) => writers(relations, name).map(Subject::Drop).collect(),
        Subject::Drop(name) => {
            let mut all = vec![Subject::Flush(name.clone())];
            // What reads, writes or lies over it goes first, but for a Kafka table: the ranks place it.
            if relations.consumes(name) {
                return all;
            }
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

/// What gives an object the shape it is to have.
fn settled(name: ObjectName) -> [Subject; 4] {
    let renamed = Subject::Rename(name.clone());
    [Subject::Make(name.clone()), Subject::Name(name.clone()), renamed, Subject::Change(name)]
}

fn writers<'a>(relations: &'a Relations, table: &'a ObjectName) -> impl Iterator<Item = ObjectName> + 'a {
    relations.writes.iter().filter(move |(_, t)| *t == table).map(|(v, _)| v.clone())
}
