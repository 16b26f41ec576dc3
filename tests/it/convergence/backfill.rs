//! New targets on the model: messages flow between any two steps, an apply is cut after every step or in the middle of
//! one, and in the end every message is in every target, once.

use super::*;
use sluice::manifest::load_texts;
use sluice::model::{TableSize, UpTo};

const PROJECT: &str = "apiVersion: sluice/v1
kind: Project
metadata: {name: p}
spec:
  manifests: [a.yaml]
  kafka: {bootstrapServers: k:9092}
  clickhouse: {url: 'http://c:8123', cluster: dwh_test, ddl: perHost}
  state: none
";

const HEAD: &str = "apiVersion: sluice/v1
kind: Topic
metadata: {name: t}
spec: {partitions: 1, replicationFactor: 1}
---
apiVersion: sluice/v1
kind: KafkaPipeline
metadata: {name: x}
spec:
  topic: t
  source: {columns: [{name: n, type: UInt64}]}
  targets:
    - {table: d.rows, columns: [{name: n, type: UInt64}], orderBy: n}
";

fn project(targets: &[&str]) -> Compiled {
    let lines: String = targets.iter().map(|t| format!("    - {{{t}, orderBy: n}}\n")).collect();
    let options = LoadOptions {
        project_file: PathBuf::new(),
        environment: None,
        vars: BTreeMap::new(),
        process_env: BTreeMap::new(),
    };
    let loaded = load_texts(&[("sluice.yaml", PROJECT), ("a.yaml", &format!("{HEAD}{lines}"))], &options);
    let (compiled, findings) = compile(&loaded);
    compiled.unwrap_or_else(|| panic!("{findings:#?}"))
}

fn kafka() -> ObjectName {
    ObjectName::new("kafka", "x_kafka")
}

const SECOND: &str = "table: d.second, columns: [{name: n, type: UInt64}]";
const FILLED: &str = "table: d.filled, columns: [{name: n, type: UInt64}], backfill: earliest";
const COPIED: &str = "table: d.copied, columns: [{name: n, type: UInt64}], backfill: {from: d.rows}";
const CASCADE: &str = "table: d.cascade, reads: d.rows, columns: [{name: n, type: UInt64}], backfill: earliest";
const BEHIND: &str = "table: d.behind, reads: d.filled, columns: [{name: n, type: UInt64}], backfill: earliest";

/// The servers, the place of the pipeline's group, and the numbers in each local table, of all hosts together.
#[derive(Clone)]
struct World {
    live: Live,
    group: String,
    read: i64,
    rows: BTreeMap<ObjectName, Vec<i64>>,
}

impl World {
    /// Nothing is there.
    fn empty() -> Self {
        let (group, mut live) = (project(&[]).desired.pipelines[0].group.clone(), empty());
        live.kafka.groups.insert(group.clone(), BTreeMap::new());
        Self { live, group, read: 0, rows: BTreeMap::new() }
    }

    /// The state before, with messages read.
    fn begin(before: &Compiled) -> Self {
        let mut world = Self::empty();
        let plan = world.plan(before, &Policy::default());
        world.run(&plan, usize::MAX, false);
        (0..10).for_each(|_| world.flow());
        assert!(world.read >= 40, "nothing flows: {}", world.read);
        world
    }

    fn plan(&mut self, compiled: &Compiled, policy: &Policy) -> Plan {
        // What is copied is measured, and then planned once more.
        let plan = planned(compiled, &mut self.live, policy);
        for step in &plan.steps {
            let Action::Table(TableAction::Fill(fill)) = &step.action else { continue };
            let rows = self.rows.get(&fill.refill.from).map_or(0, |rows| u64::try_from(rows.len()).unwrap());
            for host in &mut self.live.clickhouse.hosts {
                host.sizes.insert(fill.refill.from.clone(), TableSize { rows, ..TableSize::default() });
            }
        }
        let plan = planned(compiled, &mut self.live, policy);
        assert!(!plan.is_blocked(), "{:#?}", plan.resources);
        assert_eq!(policy.missing(&plan), []);
        plan
    }

    /// One message for each host: whoever has the view that reads Kafka takes it, and all that it can reach there.
    fn flow(&mut self) {
        for host in 0..self.live.clickhouse.hosts.len() {
            let kafka = kafka();
            if self.write(host, &kafka, self.read) {
                self.read += 1;
                let group = self.live.kafka.groups.entry(self.group.clone()).or_default();
                group.insert(("t".to_owned(), 0), self.read);
            }
        }
    }

    /// A number passes all views on a host that read `from`; whether there was one.
    fn write(&mut self, host: usize, from: &ObjectName, number: i64) -> bool {
        let objects = &self.live.clickhouse.hosts[host].objects;
        let reads = |o: &&LiveObject| o.definition.query.as_ref().is_some_and(|q| q.names(from));
        let targets: Vec<ObjectName> =
            objects.values().filter(reads).filter_map(|o| o.definition.target.clone()).collect();
        for target in &targets {
            // Through a Distributed table to the table under it.
            let under = ObjectName::new(&target.database, format!("{}_local", target.table));
            let target = if objects_of(&self.live, host).contains(&under) { under } else { target.clone() };
            self.rows.entry(target.clone()).or_default().push(number);
            self.write(host, &target, number);
        }
        !targets.is_empty()
    }

    /// Runs so many steps, messages between them; of the last one perhaps only the part of the first host.
    fn run(&mut self, plan: &Plan, limit: usize, cut: bool) {
        for (at, step) in plan.steps.iter().enumerate().take(limit) {
            let mut step = step.clone();
            if cut && at + 1 == limit && step.hosts.len() > 1 {
                step.hosts = step.hosts.iter().take(1).copied().collect();
            }
            self.step(step);
            self.flow();
        }
    }

    fn step(&mut self, mut step: Step) {
        match &mut step.action {
            Action::Table(TableAction::CreateFillingView(filling)) => {
                let here = UpTo::from([(("t".to_owned(), 0), self.read)]);
                assert!(filling.up_to.is_some() || !self.flows(), "the group moves while it is asked");
                filling.up_to.get_or_insert(here);
            }
            Action::Table(TableAction::Fill(fill)) => {
                assert!(!self.flows(), "rows come while they are copied");
                let given = self.rows.get(&fill.refill.from).cloned().unwrap_or_default();
                self.rows.insert(fill.to.clone(), given);
            }
            Action::Table(TableAction::Drop { name, .. }) => drop(self.rows.remove(name)),
            Action::Kafka(KafkaAction::AwaitBackfill(awaited)) => {
                let told: BTreeSet<i64> = self.told(&awaited.view);
                let up_to = *told.first().expect("a view that fills");
                assert_eq!(told.len(), 1, "hosts fill up to different offsets");
                let there = self.rows.entry(awaited.local.clone()).or_default();
                // A second apply waits for what is there already.
                if !there.contains(&-1) {
                    there.push(-1);
                    (0..up_to).for_each(|n| self.write_into(&awaited.local, n));
                }
            }
            Action::Table(_) | Action::Kafka(_) => {}
        }
        run(&step, &mut self.live);
    }

    fn write_into(&mut self, local: &ObjectName, number: i64) {
        self.rows.entry(local.clone()).or_default().push(number);
        self.write(0, local, number);
    }

    fn flows(&self) -> bool {
        let entry = kafka();
        self.live
            .clickhouse
            .hosts
            .iter()
            .flat_map(|h| h.objects.values())
            .any(|o| o.definition.query.as_ref().is_some_and(|q| q.names(&entry)))
    }

    fn told(&self, view: &ObjectName) -> BTreeSet<i64> {
        let views = self.live.clickhouse.hosts.iter().filter_map(|h| h.objects.get(view));
        let text = |o: &LiveObject| sluice::model::Owner::read(&o.definition.comment).0.to_owned();
        views.filter_map(|o| sluice::model::backfill::up_to(&text(o))).flat_map(|u| u.into_values()).collect()
    }

    /// Every message that was read is in the table, once.
    fn assert_whole(&self, table: &str, said: &str) {
        let mut numbers = self.rows.get(&ObjectName::new("d", table)).cloned().unwrap_or_default();
        numbers.retain(|n| *n >= 0);
        numbers.sort_unstable();
        assert_eq!(numbers, (0..self.read).collect::<Vec<_>>(), "{table}: {said}");
    }
}

fn objects_of(live: &Live, host: usize) -> BTreeSet<ObjectName> {
    live.clickhouse.hosts[host].objects.keys().cloned().collect()
}

/// Cut after every step, whole and half, then applied again: the same objects, every message once, an empty plan.
fn cut_anywhere(before: &[&str], after: &[&str], whole: &[&str]) {
    cut_on_the_way(&World::begin(&project(before)), &project(after), whole);
}

fn cut_on_the_way(start: &World, after: &Compiled, whole: &[&str]) {
    let policy = Policy::default();
    let mut straight = start.clone();
    let plan = straight.plan(after, &policy);
    straight.run(&plan, usize::MAX, false);
    for (limit, cut) in (0..=plan.steps.len()).flat_map(|limit| [(limit, false), (limit, true)]) {
        let mut world = start.clone();
        let said = format!("cut after {limit} of {}{}", plan.steps.len(), if cut { ", in the middle" } else { "" });
        let first = world.plan(after, &policy);
        let saved = reviewed(after, &policy, &first);
        world.run(&first, limit, cut);
        let second = going_on(&saved, world.plan(after, &policy), &said);
        let mut again = world.clone();
        again.run(&second, limit % (second.steps.len() + 1), cut);
        going_on(&saved, again.plan(after, &policy), &format!("{said}, and again"));
        world.run(&second, usize::MAX, false);
        let third = world.plan(after, &policy);
        assert!(third.is_empty(), "{said}: {:#?}", third.steps);
        whole.iter().for_each(|table| world.assert_whole(table, &said));
        for (host, wanted) in world.live.clickhouse.hosts.iter().zip(&straight.live.clickhouse.hosts) {
            assert_eq!(host.objects.keys().collect::<Vec<_>>(), wanted.objects.keys().collect::<Vec<_>>(), "{said}");
            let comments =
                |h: &LiveHost| -> Vec<String> { h.objects.values().map(|o| o.definition.comment.clone()).collect() };
            assert_eq!(comments(host), comments(wanted), "{said}");
        }
    }
}

#[test]
fn a_target_is_filled_from_the_topic() {
    cut_anywhere(&[], &[FILLED], &["rows_local", "filled_local"]);
    cut_anywhere(&[SECOND], &[SECOND, FILLED], &["rows_local", "second_local", "filled_local"]);
}

#[test]
fn a_target_is_filled_from_another_one() {
    cut_anywhere(&[], &[COPIED], &["rows_local", "copied_local"]);
    cut_anywhere(&[], &[CASCADE], &["rows_local", "cascade_local"]);
}

/// A pipeline that is made as a whole has nothing to fill in, and neither has what is left of it to be made.
#[test]
fn a_pipeline_that_is_made_with_all_targets_is_not_filled() {
    let whole = ["rows_local", "filled_local", "copied_local", "cascade_local", "behind_local"];
    cut_on_the_way(&World::empty(), &project(&[FILLED, COPIED, CASCADE, BEHIND]), &whole);
}

#[test]
fn several_are_filled_at_once() {
    let whole = ["rows_local", "filled_local", "copied_local", "cascade_local", "behind_local"];
    cut_anywhere(&[], &[FILLED, COPIED, CASCADE, BEHIND], &whole);
}
