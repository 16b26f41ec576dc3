//! Random changes of a pipeline.

use super::expression::{Gives, Spelled};
use super::generate;
use super::model::{Column, Errors, Manifest, Projection, Target, Value};
use super::pools;
use super::rng::Rng;
use super::world::{ExpectedChange, World};

/// A manifest with a few random changes, and all that a plan must show of them where this world is live.
pub fn evolve(rng: &mut Rng, manifest: &Manifest, world: &World) -> (Manifest, Vec<ExpectedChange>) {
    let mut next = manifest.clone();
    for _ in 0..1 + rng.below(3) {
        change(rng, &mut next);
    }
    let expected = world.changes(&next);
    (next, expected)
}

fn change(rng: &mut Rng, manifest: &mut Manifest) {
    match rng.below(12) {
        0 => manifest.description = pools::comment(rng),
        1 => manifest.settings.extend([pools::kafka_setting(rng)]),
        2 => drop(manifest.settings.pop_first()),
        3 => match rng.below(4) {
            0 => manifest.group = Some(rng.pick(&["a group", "another"]).to_owned()),
            1 => manifest.format = rng.pick(&pools::FORMATS),
            2 => manifest.consumers = 1 + rng.below(2),
            _ => manifest.errors = generate::errors(rng),
        },
        4 => {
            if let Errors::Stream(days) = &mut manifest.errors {
                *days = Some(1 + rng.below(30));
            } else {
                targets(rng, manifest);
            }
        }
        5 => targets(rng, manifest),
        6..9 => columns(rng, manifest),
        _ => {
            let index = rng.below(manifest.targets.len());
            let mut names = manifest.clone();
            table(rng, &mut manifest.targets[index], &mut names);
            manifest.names = names.names;
        }
    }
}

/// A target more or less.
fn targets(rng: &mut Rng, manifest: &mut Manifest) {
    let free = |t: &Target| !manifest.targets.iter().any(|other| other.reads.as_ref() == Some(&t.name));
    let goes = manifest.targets.iter().skip(1).position(free).map(|i| i + 1);
    match goes {
        Some(index) if rng.percent(50) => drop(manifest.targets.remove(index)),
        _ if manifest.targets.len() < 4 => {
            let target = generate::target(rng, manifest);
            manifest.targets.push(target);
        }
        _ => {}
    }
}

/// A column more, less, elsewhere or otherwise.
fn columns(rng: &mut Rng, manifest: &mut Manifest) {
    let index = rng.below(manifest.targets.len());
    let cascade = manifest.targets[index].reads.is_some();
    let new = manifest.new_name("c");
    let columns = &mut manifest.targets[index].columns;
    let own: Vec<usize> = (0..columns.len()).filter(|i| !columns[*i].anchor).collect();
    let kind = rng.below(9);
    if kind < 2 || own.is_empty() && kind < 6 {
        let at = rng.below(columns.len() + 1);
        return columns.insert(at, pools::column(rng, new, cascade));
    }
    if kind >= 6 {
        // Those that every column has.
        let at = rng.below(columns.len());
        let column = &mut columns[at];
        let stored = !matches!(column.value, Value::Computed("alias", _));
        match kind {
            6 => column.comment = pools::comment(rng),
            7 if stored && !column.anchor => column.codec = Some(pools::codec(rng, &column.data_type)),
            7 if stored => column.codec = rng.percent(50).then(|| Spelled::of("ZSTD", "ZSTD(1)")),
            8 if stored && !column.anchor => column.ttl = rng.percent(70).then(|| pools::ttl(rng)),
            _ => {
                let column = columns.remove(at);
                let to = rng.below(columns.len() + 1);
                columns.insert(to, column);
            }
        }
        return;
    }
    let at = rng.pick(&own);
    match kind {
        2 => drop(columns.remove(at)),
        3 => columns[at].name = new,
        4 => {
            let name = columns[at].name.clone();
            columns[at] = pools::column(rng, name, cascade);
        }
        _ => otherwise(rng, &mut columns[at], cascade),
    }
}

/// Another type for what is read, another expression for what is computed.
fn otherwise(rng: &mut Rng, column: &mut Column, cascade: bool) {
    // Whatever it gave, every type here can be made of one of these.
    let gives = if column.data_type.meaning.contains("String") { Gives::Text } else { Gives::Int };
    match &mut column.value {
        Value::Expression(value) | Value::Computed(_, value) => *value = Spelled::random(rng, gives),
        Value::Read | Value::FromText if cascade => {}
        Value::Read | Value::FromText => {
            column.value = Value::Read;
            column.data_type = pools::data_type(rng);
            column.codec = None;
        }
    }
}

/// What stands around the columns.
fn table(rng: &mut Rng, target: &mut Target, names: &mut Manifest) {
    match rng.below(16) {
        0 => target.ttl = rng.percent(70).then(|| pools::ttl(rng)),
        1 => target.settings.extend([pools::table_setting(rng)]),
        2 => drop(target.settings.pop_first()),
        3 => drop(target.indexes.insert(names.new_name("i"), pools::index(rng))),
        4 => drop(target.indexes.pop_first()),
        5 => {
            if let Some(mut index) = target.indexes.first_entry() {
                index.get_mut().granularity = Some(1 + rng.below(5));
            }
        }
        6 if target.engine == "MergeTree" => {
            target.projections.insert(names.new_name("p"), pools::projection(rng));
        }
        6 | 7 => drop(target.projections.pop_first()),
        8 => drop(target.constraints.insert(names.new_name("k"), pools::of(rng, &pools::CHECKS))),
        9 => drop(target.constraints.pop_first()),
        10 => target.filter = rng.percent(70).then(|| Spelled::random(rng, Gives::Truth)),
        11 => {
            target.order_by = generate::order_by(rng);
            target.primary = generate::primary(rng, &target.order_by);
            target.sampled = generate::sampled(rng, &target.order_by, target.primary);
        }
        12 => target.partition_by = rng.percent(70).then(|| pools::of(rng, &pools::PARTITIONS)),
        13 => {
            target.engine = rng.pick(&pools::ENGINES);
            if target.engine != "MergeTree" {
                target.projections.clear();
            }
        }
        // A Distributed table and one with rows are not made out of each other: that blocks, as a scenario shows.
        14 if target.sharding.is_some() => match rng.below(2) {
            0 => target.local_writes = !target.local_writes,
            _ => target.sharding = Some(pools::of(rng, &pools::SHARDINGS)),
        },
        _ => respell(rng, target),
    }
}

/// The same in other letters: no plan may show it.
fn respell(rng: &mut Rng, target: &mut Target) {
    target.bracketed = !target.bracketed;
    let again = |rng: &mut Rng, old: &mut Spelled, pool: &[(&str, &str)]| {
        let same: Vec<_> = pool.iter().filter(|(_, meaning)| *meaning == old.meaning).copied().collect();
        if !same.is_empty() {
            *old = pools::of(rng, &same);
        }
    };
    if let Some(key) = &mut target.partition_by {
        again(rng, key, &pools::PARTITIONS);
    }
    if let Some(key) = &mut target.sharding {
        again(rng, key, &pools::SHARDINGS);
    }
    for projection in target.projections.values_mut() {
        if let Projection::OrderBy(key) = projection {
            again(rng, key, &[("name,id", "name, id"), ("(name, id)", "name, id"), ("name , id", "name, id")]);
        }
    }
}
