//! Random pipelines.

use super::expression::{Gives, Spelled};
use super::model::{ANCHORS, Column, Errors, Manifest, Target, Value};
use super::pools;
use super::rng::Rng;
use std::collections::BTreeMap;

/// A pipeline of this name.
pub fn generate(rng: &mut Rng, name: String, cluster: bool) -> Manifest {
    let mut manifest = Manifest {
        name,
        cluster,
        description: pools::comment(rng),
        group: rng.percent(20).then(|| "a group".to_owned()),
        format: rng.pick(&pools::FORMATS),
        consumers: 1,
        errors: errors(rng),
        settings: BTreeMap::new(),
        targets: Vec::new(),
        names: 0,
    };
    for _ in 0..rng.below(3) {
        manifest.settings.extend([pools::kafka_setting(rng)]);
    }
    for _ in 0..1 + rng.below(3) {
        let target = target(rng, &mut manifest);
        manifest.targets.push(target);
    }
    manifest
}

pub fn errors(rng: &mut Rng) -> Errors {
    match rng.below(4) {
        0 => Errors::Skip(1 + rng.below(3)),
        1 => Errors::Stream(rng.percent(50).then(|| 1 + rng.below(30))),
        _ => Errors::Stop,
    }
}

/// A target beside those that are there.
pub fn target(rng: &mut Rng, manifest: &mut Manifest) -> Target {
    let name = manifest.new_name("t");
    let above = manifest.targets.first().filter(|_| rng.percent(30)).map(|t| t.name.clone());
    let cascade = above.is_some();
    let anchors: Vec<Column> = ANCHORS
        .iter()
        .map(|anchor| {
            let data_type = Spelled::of(rng.pick(anchor.2), anchor.1);
            let codec = rng.percent(15).then(|| Spelled::of("ZSTD", "ZSTD(1)"));
            let (name, comment) = (anchor.0.to_owned(), pools::comment(rng));
            Column { name, data_type, value: Value::Read, codec, ttl: None, comment, anchor: true }
        })
        .collect();
    let mut columns = anchors;
    for _ in 0..rng.below(5) {
        let name = manifest.new_name("c");
        let at = rng.below(columns.len() + 1);
        columns.insert(at, pools::column(rng, name, cascade));
    }
    let engine = rng.pick(&pools::ENGINES);
    let order_by = order_by(rng);
    let primary = primary(rng, &order_by);
    let mut target = Target {
        name,
        reads: above,
        local_writes: manifest.cluster && rng.percent(20),
        columns,
        filter: rng.percent(40).then(|| Spelled::random(rng, Gives::Truth)),
        engine,
        partition_by: rng.percent(50).then(|| pools::of(rng, &pools::PARTITIONS)),
        sampled: sampled(rng, &order_by, primary),
        order_by,
        bracketed: rng.percent(50),
        primary,
        ttl: rng.percent(30).then(|| pools::ttl(rng)),
        settings: BTreeMap::new(),
        indexes: BTreeMap::new(),
        projections: BTreeMap::new(),
        constraints: BTreeMap::new(),
        sharding: (manifest.cluster && rng.percent(80)).then(|| pools::of(rng, &pools::SHARDINGS)),
    };
    for _ in 0..rng.below(3) {
        target.settings.extend([pools::table_setting(rng)]);
        target.indexes.insert(manifest.new_name("i"), pools::index(rng));
        target.constraints.insert(manifest.new_name("k"), pools::of(rng, &pools::CHECKS));
        // The server wants to be told what becomes of projections where merges drop rows.
        if engine == "MergeTree" {
            target.projections.insert(manifest.new_name("p"), pools::projection(rng));
        }
    }
    target
}

pub fn order_by(rng: &mut Rng) -> Vec<Spelled> {
    let keys = rng.some(&pools::KEYS, 1);
    keys.into_iter().take(3).map(|(written, meaning)| Spelled::of(written, meaning)).collect()
}

pub fn primary(rng: &mut Rng, order_by: &[Spelled]) -> Option<usize> {
    rng.percent(30).then(|| 1 + rng.below(order_by.len()))
}

/// The sampling key is an integer of the primary key.
pub fn sampled(rng: &mut Rng, order_by: &[Spelled], primary: Option<usize>) -> bool {
    let primary = &order_by[..primary.unwrap_or(order_by.len())];
    primary.iter().any(|e| e.meaning == "id") && rng.percent(30)
}
