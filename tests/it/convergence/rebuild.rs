//! Tables built anew on the model: an apply is cut after every step, the manifest may be taken back or changed once
//! more meanwhile, and no row is ever in no table.

mod reshard;

use super::*;
use sluice::model::{Constraint, Fragment, KeepFor, Role};

/// Rows by host and table; a copy has those of the original.
type Rows = BTreeMap<(usize, ObjectName), BTreeSet<u32>>;

/// The servers, with the rows of the tables.
#[derive(Clone)]
struct World {
    live: Live,
    rows: Rows,
}

fn example() -> Compiled {
    compiled(&Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/sluice.yaml"))
}

fn locals(compiled: &mut Compiled) -> impl Iterator<Item = &mut Definition> {
    let objects = compiled.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    objects.filter(|o| o.role == Role::Local && !o.owned_elsewhere).map(|o| &mut o.definition)
}

/// The example with other partitions.
fn parted_by(key: &str) -> Compiled {
    let mut compiled = example();
    locals(&mut compiled).for_each(|d| d.partition_by = Some(Fragment::new(key)));
    compiled
}

fn keeping(mut compiled: Compiled, days: u16) -> Compiled {
    compiled.desired.pipelines.iter_mut().for_each(|p| p.lifecycle.keep_old_for = KeepFor { days });
    compiled
}

impl World {
    /// Everything made, and a row of its own in each local table.
    fn filled(engine: &str) -> Self {
        let mut first = example();
        let mut live = empty();
        let plan = planned(&first, &mut live, &Policy::default());
        apply(&plan, &mut live, usize::MAX, |_| 0);
        let names: Vec<ObjectName> = locals(&mut first).map(|d| d.name.clone()).collect();
        let mut rows = Rows::new();
        for (index, host) in live.clickhouse.hosts.iter_mut().enumerate() {
            host.database_engines = host.databases.iter().map(|d| (d.clone(), engine.to_owned())).collect();
            for name in names.iter().filter(|n| host.objects.contains_key(n)) {
                rows.insert((index, name.clone()), BTreeSet::from([u32::try_from(rows.len()).unwrap()]));
            }
        }
        assert!(rows.len() >= 8, "{rows:?}");
        Self { live, rows }
    }

    fn policy(day: i8) -> Policy {
        Policy { today: jiff::civil::date(2026, 11, day), ..Policy::default() }
    }

    fn plan(&mut self, compiled: &Compiled, day: i8) -> Plan {
        let plan = planned(compiled, &mut self.live, &Self::policy(day));
        assert!(!plan.is_blocked(), "{:#?}", plan.resources);
        assert_eq!(Self::policy(day).missing(&plan), []);
        plan
    }

    /// Runs so many steps, one after the other; of the last one perhaps only the first of several renames.
    fn run(&mut self, plan: &Plan, limit: usize, cut: bool) {
        for (at, step) in plan.steps.iter().enumerate().take(limit) {
            let mut step = step.clone();
            if let (true, Action::Table(TableAction::Rename { pairs })) = (cut && at + 1 == limit, &mut step.action) {
                pairs.truncate(1);
            }
            run(&step, &mut self.live);
            if let Action::Table(action) = &step.action {
                step.hosts.iter().for_each(|host| self.follow(*host, action));
            }
        }
    }

    fn follow(&mut self, host: usize, action: &TableAction) {
        let at = |name: &ObjectName| (host, name.clone());
        match action {
            TableAction::Create(definition) => drop(self.rows.insert(at(&definition.name), BTreeSet::new())),
            TableAction::Copy(copy) => {
                let copied = self.rows[&at(&copy.from)].clone();
                self.rows.insert(at(&copy.to), copied);
            }
            TableAction::Exchange { left, right } => {
                let (a, b) = (self.rows.remove(&at(left)), self.rows.remove(&at(right)));
                self.rows.extend(b.map(|rows| (at(left), rows)));
                self.rows.extend(a.map(|rows| (at(right), rows)));
            }
            TableAction::Rename { pairs } => {
                for (from, to) in pairs {
                    let moved = self.rows.remove(&at(from));
                    self.rows.extend(moved.map(|rows| (at(to), rows)));
                }
            }
            TableAction::Drop { name, .. } => drop(self.rows.remove(&at(name))),
            TableAction::CreateDatabase { .. }
            | TableAction::CreateFillingView(_)
            | TableAction::Fill(_)
            | TableAction::Comment { .. }
            | TableAction::Alter { .. }
            | TableAction::ModifyQuery { .. }
            | TableAction::StartMerges { .. }
            | TableAction::Flush { .. } => {}
        }
    }

    /// Every row that was there at first is in the table of its name.
    fn assert_complete(&self, first: &Rows) {
        for (place, rows) in first {
            assert_eq!(self.rows.get(place), Some(rows), "{place:?}");
        }
    }

    /// Every row is in some table of its host.
    fn assert_nothing_lost(&self, first: &Rows) {
        for ((host, name), rows) in first {
            let held: BTreeSet<u32> =
                self.rows.iter().filter(|((h, _), _)| h == host).flat_map(|(_, r)| r.iter().copied()).collect();
            assert!(rows.is_subset(&held), "{name} on {host} lost its rows");
        }
    }

    /// Plans and runs to the end; the next plan is empty.
    fn finish(&mut self, compiled: &Compiled, day: i8) {
        let plan = self.plan(compiled, day);
        self.run(&plan, usize::MAX, false);
        let left = self.plan(compiled, day);
        assert!(left.is_empty(), "{:#?}", left.steps);
    }

    /// Tables with a name that a rebuild gives.
    fn beside(&self, part: &str) -> usize {
        self.rows.keys().filter(|(_, name)| name.table.contains(part)).count()
    }
}

#[test]
fn cut_after_any_step_it_is_finished_by_the_next_apply() {
    for engine in ["Atomic", "Ordinary"] {
        for days in [7, 0] {
            let start = World::filled(engine);
            let wanted = keeping(parted_by("cityHash64(1)"), days);
            let steps = start.clone().plan(&wanted, 25).steps.len();
            assert!(steps > 10, "{steps}");
            for (limit, cut) in (0..=steps).flat_map(|limit| [(limit, false), (limit, true)]) {
                let mut world = start.clone();
                let plan = world.plan(&wanted, 25);
                let saved = reviewed(&wanted, &World::policy(25), &plan);
                world.run(&plan, limit, cut);
                world.assert_nothing_lost(&start.rows);
                // What was reviewed goes on without a new approval, and again when it is cut once more.
                let context = format!("{engine} {days} cut after {limit}");
                let plan = going_on(&saved, world.plan(&wanted, 25), &context);
                world.run(&plan, plan.steps.len() / 2, cut);
                going_on(&saved, world.plan(&wanted, 25), &format!("{context}, then after half"));
                world.finish(&wanted, 25);
                world.assert_complete(&start.rows);
                assert_eq!(world.beside("__sluice_next"), 0, "{engine} cut after {limit}");
                let kept = if days == 0 { 0 } else { start.rows.len() };
                assert_eq!(world.beside("__old_"), kept, "{engine} {days} cut after {limit}");
            }
        }
    }
}

/// What old rows may break comes last to a table that is built anew, whether it is new or not.
#[test]
fn a_table_with_a_constraint_is_gone_on_with() {
    let checked = |mut compiled: Compiled| {
        let expression = Fragment::new("1");
        let check = Constraint { name: "c".into(), assume: false, expression };
        locals(&mut compiled).for_each(|d| d.constraints = vec![check.clone()]);
        compiled
    };
    let mut start = World::filled("Atomic");
    start.finish(&checked(example()), 25);
    let wanted = checked(parted_by("cityHash64(1)"));
    let plan = start.clone().plan(&wanted, 25);
    let saved = reviewed(&wanted, &World::policy(25), &plan);
    for limit in 0..=plan.steps.len() {
        let mut world = start.clone();
        world.run(&plan, limit, false);
        going_on(&saved, world.plan(&wanted, 25), &format!("cut after {limit}"));
        world.finish(&wanted, 25);
        world.assert_complete(&start.rows);
    }
}

#[test]
fn a_change_taken_back_or_made_again_after_any_step_loses_nothing() {
    for engine in ["Atomic", "Ordinary"] {
        let start = World::filled(engine);
        let first = parted_by("cityHash64(1)");
        for then in [example(), parted_by("cityHash64(2)")] {
            let steps = start.clone().plan(&first, 25).steps.len();
            for limit in 0..=steps {
                let mut world = start.clone();
                let plan = world.plan(&first, 25);
                world.run(&plan, limit, false);
                let plan = world.plan(&then, 25);
                let half = limit % (plan.steps.len() + 1);
                world.run(&plan, half, false);
                world.assert_nothing_lost(&start.rows);
                world.finish(&then, 25);
                world.assert_complete(&start.rows);
                assert_eq!(world.beside("__sluice_next"), 0, "{engine} cut after {limit}");
            }
        }
    }
}

#[test]
fn kept_tables_go_when_their_time_has_passed() {
    let mut world = World::filled("Atomic");
    let start = world.rows.clone();
    let wanted = parted_by("cityHash64(1)");
    world.finish(&wanted, 1);
    assert_eq!(world.beside("__old_20261101"), start.len());
    // A second rebuild on the same day.
    world.finish(&example(), 1);
    assert_eq!(world.beside("__old_20261101_2"), start.len());
    assert!(world.plan(&example(), 7).steps.is_empty());
    world.finish(&example(), 8);
    assert_eq!(world.beside("__old_"), 0);
    world.assert_complete(&start);
}
