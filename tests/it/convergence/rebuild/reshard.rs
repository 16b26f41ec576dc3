//! Rows that move to other shards, cut after any step and in the middle of any, while rows arrive whenever views are
//! there: at the end each row is on one host, the one that the key says.

use super::*;
use sluice::model::EngineArg;

/// A row's shard of four, by the text of a key.
fn shard(key: &str, row: u32) -> usize {
    let number = match key {
        "a" => row,
        "b" => row + 1,
        "c" => row / 4,
        other => panic!("no key {other}"),
    };
    usize::try_from(number % 4).unwrap()
}

/// The example's pipelines with this sharding key everywhere.
fn sharded_by(key: &str, reshard: bool) -> Compiled {
    let mut compiled = example();
    compiled.desired.pipelines.retain(|p| p.id.kind == sluice::model::Kind::KafkaPipeline);
    let objects = compiled.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    for object in objects.filter(|o| o.role == Role::Distributed) {
        object.definition.engine.args[3] = EngineArg::Expression(Fragment::new(key));
        object.reshard = reshard;
    }
    compiled
}

fn ordered(mut compiled: Compiled, key: &str) -> Compiled {
    locals(&mut compiled).for_each(|d| d.order_by = Some(Fragment::new(key)));
    compiled
}

/// The servers, and every row that was ever written into a table.
#[derive(Clone)]
struct Spread {
    world: World,
    written: BTreeMap<ObjectName, BTreeSet<u32>>,
    next: u32,
}

impl Spread {
    fn made(compiled: &mut Compiled) -> Self {
        let mut live = empty();
        let plan = planned(compiled, &mut live, &Policy::default());
        apply(&plan, &mut live, usize::MAX, |_| 0);
        for host in &mut live.clickhouse.hosts {
            host.database_engines = host.databases.iter().map(|d| (d.clone(), "Atomic".to_owned())).collect();
        }
        let tables: Vec<ObjectName> = locals(compiled).map(|d| d.name.clone()).collect();
        let mut rows = Rows::new();
        for host in 0..4 {
            rows.extend(tables.iter().map(|table| ((host, table.clone()), BTreeSet::new())));
        }
        let written = tables.into_iter().map(|table| (table, BTreeSet::new())).collect();
        let mut made = Self { world: World { live, rows }, written, next: 0 };
        (0..16).for_each(|_| made.arrive());
        made
    }

    /// The Distributed table over a local one, and its key, as they are on a host.
    fn key(&self, host: usize, local: &ObjectName) -> Option<String> {
        let objects = &self.world.live.clickhouse.hosts[host].objects;
        let table = ObjectName::new(local.database.clone(), local.table.strip_suffix("_local")?);
        Some(objects.get(&table)?.definition.engine.args[3].to_string())
    }

    /// A row comes to each table whose view is there, by way of a host.
    fn arrive(&mut self) {
        let row = self.next;
        self.next += 1;
        let tables: Vec<ObjectName> = self.written.keys().cloned().collect();
        for table in tables {
            let host = usize::try_from(row % 4).unwrap();
            let Some(key) = self.key(host, &table) else { continue };
            let over = ObjectName::new(table.database.clone(), table.table.strip_suffix("_local").unwrap());
            let objects = &self.world.live.clickhouse.hosts[host].objects;
            let fed = objects.values().any(|o| o.definition.is_view() && o.definition.target.as_ref() == Some(&over));
            if fed {
                self.world.rows.get_mut(&(shard(&key, row), table.clone())).unwrap().insert(row);
                self.written.get_mut(&table).unwrap().insert(row);
            }
        }
    }

    fn plan(&mut self, compiled: &Compiled, allow: bool) -> Plan {
        let plan = planned(compiled, &mut self.world.live, &World::policy(25));
        assert!(!plan.is_blocked(), "{:#?}", plan.resources);
        assert!(allow || World::policy(25).missing(&plan).is_empty(), "{:?}", plan.hazards());
        plan
    }

    /// Runs so many steps; the last one only on so many hosts.
    fn run(&mut self, plan: &Plan, limit: usize, hosts: usize) {
        for (at, step) in plan.steps.iter().enumerate().take(limit) {
            let mut step = step.clone();
            if at + 1 == limit && matches!(step.action, Action::Table(_)) {
                step.hosts = step.hosts.iter().take(hosts).copied().collect();
                if step.hosts.is_empty() {
                    return;
                }
            }
            run(&step, &mut self.world.live);
            match &step.action {
                Action::Table(TableAction::Copy(copy)) if copy.through.is_some() => {
                    self.copied(&plan.steps[at], &step, copy)
                }
                Action::Table(action) => step.hosts.iter().for_each(|host| self.world.follow(*host, action)),
                Action::Kafka(_) => {}
            }
            self.arrive();
        }
    }

    /// All new tables are emptied, and the rows of some hosts sent.
    fn copied(&mut self, whole: &Step, step: &Step, copy: &sluice::sql::Copy) {
        let rows = &mut self.world.rows;
        whole.hosts.iter().for_each(|host| rows.get_mut(&(*host, copy.to.clone())).unwrap().clear());
        for host in &step.hosts {
            let through = &self.world.live.clickhouse.hosts[*host].objects[copy.through.as_ref().unwrap()];
            let key = through.definition.engine.args[3].to_string();
            assert_eq!(through.definition.engine.args[2], EngineArg::Text(copy.to.table.clone()));
            for row in rows[&(*host, copy.from.clone())].clone() {
                let to = rows.get_mut(&(shard(&key, row), copy.to.clone())).unwrap();
                assert!(to.insert(row), "{row} comes twice");
            }
        }
    }

    /// Plans and runs to the end; the next plan is empty, and each row is on its shard.
    fn finish(&mut self, compiled: &Compiled, key: &str, context: &str) {
        let plan = self.plan(compiled, false);
        self.run(&plan, usize::MAX, 4);
        let left = self.plan(compiled, false);
        assert!(left.is_empty(), "{context}: {:#?}", left.steps);
        for (table, written) in &self.written {
            assert!(written.len() >= 16, "{context}: {table}: nothing came");
            for host in 0..4 {
                let wanted: BTreeSet<u32> = written.iter().copied().filter(|row| shard(key, *row) == host).collect();
                assert_eq!(self.world.rows[&(host, table.clone())], wanted, "{context}: {table} on {host}");
            }
        }
        for part in ["__sluice_next", "__sluice_through"] {
            assert_eq!(self.world.beside(part), 0, "{context}");
        }
    }
}

#[test]
fn cut_anywhere_each_row_ends_on_its_shard_once() {
    let start = Spread::made(&mut sharded_by("a", true));
    for wanted in [sharded_by("b", true), ordered(sharded_by("b", true), "tuple(1)")] {
        let steps = start.clone().plan(&wanted, false).steps.len();
        assert!(steps > 12, "{steps}");
        for (limit, hosts) in (0..=steps).flat_map(|limit| (1..=4).map(move |hosts| (limit, hosts))) {
            let mut world = start.clone();
            let plan = world.plan(&wanted, false);
            let saved = reviewed(&wanted, &World::policy(25), &plan);
            world.run(&plan, limit, hosts);
            let context = format!("cut after {limit} on {hosts}");
            let plan = going_on(&saved, world.plan(&wanted, false), &context);
            world.run(&plan, limit % (plan.steps.len() + 1), hosts);
            going_on(&saved, world.plan(&wanted, false), &format!("{context}, and again"));
            world.finish(&wanted, "b", &context);
        }
    }
}

#[test]
fn taken_back_or_changed_again_each_row_ends_on_its_shard_or_it_says_what_is_first() {
    let start = Spread::made(&mut sharded_by("a", true));
    let first = sharded_by("b", true);
    let steps = start.clone().plan(&first, false).steps.len();
    let mut half = 0;
    for key in ["a", "c"] {
        let then = sharded_by(key, true);
        for (limit, hosts) in (0..=steps).flat_map(|limit| [(limit, 4), (limit, 2)]) {
            let mut world = start.clone();
            let plan = world.plan(&first, false);
            world.run(&plan, limit, hosts);
            let context = format!("to {key} after {limit} on {hosts}");
            let plan = planned(&then, &mut world.world.live, &World::policy(25));
            if plan.is_blocked() {
                let words = format!("{:?}", plan.resources.iter().flat_map(|r| &r.blocked).collect::<Vec<_>>());
                assert!(words.contains("HalfMoved"), "{context}: {words}");
                half += 1;
                world.finish(&first, "b", &context);
            } else {
                // And that is cut as well.
                world.run(&plan, limit.min(plan.steps.len()), hosts);
                let again = planned(&then, &mut world.world.live, &World::policy(25));
                assert!(!again.is_blocked(), "{context}: {:#?}", again.resources);
            }
            world.finish(&then, key, &context);
        }
    }
    assert!(half > 0);
}

#[test]
fn without_reshard_rows_stay_and_the_plan_asks_for_consent() {
    let mut world = Spread::made(&mut sharded_by("a", false));
    let plan = world.plan(&sharded_by("b", false), true);
    assert!(plan.hazards().iter().any(|(h, _)| *h == sluice::plan::Hazard::ReshardsNewRowsOnly));
    assert!(plan.steps.iter().all(|s| !matches!(s.action, Action::Table(TableAction::Copy(_)))));
}

#[test]
fn replicas_and_tables_that_cannot_be_exchanged_block() {
    let start = Spread::made(&mut sharded_by("a", true));
    let wanted = sharded_by("b", true);
    let mut replicas = start.clone();
    replicas.world.live.clickhouse.hosts.iter_mut().for_each(|h| {
        h.clusters.values_mut().for_each(|place| place.0 = 1 + (place.0 - 1) / 2);
    });
    let plan = planned(&wanted, &mut replicas.world.live, &World::policy(25));
    assert!(format!("{:?}", plan.resources).contains("Replicas"), "{:#?}", plan.resources);
    let mut ordinary = start;
    let engines = &mut ordinary.world.live.clickhouse.hosts[2].database_engines;
    engines.values_mut().for_each(|engine| *engine = "Ordinary".into());
    let plan = planned(&wanted, &mut ordinary.world.live, &World::policy(25));
    assert!(format!("{:?}", plan.resources).contains("NoExchange"), "{:#?}", plan.resources);
}
