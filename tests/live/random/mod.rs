//! Random pipelines: whatever is generated validates, is applied, and leaves an empty plan; whatever is changed in one
//! is what the next plan shows, and nothing else.
//!
//! `SLUICE_SEED` repeats a run, `SLUICE_PIPELINES` and `SLUICE_ROUNDS` make it longer.

mod evolve;
mod expression;
mod generate;
mod model;
mod pools;
mod rng;
mod rows;
mod world;

use crate::fixture::project::Project;
use crate::fixture::told::told;
use crate::fixture::{all_passed, attempt, shared, turn};
use evolve::evolve;
use futures_util::future::join_all;
use model::Manifest;
use rng::Rng;
use rows::Contents;
use sluice::plan::{Allowance, Blocked, Change, Hazard, Policy, ResourcePlan};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tokio::time::Instant;
use world::{ExpectedChange, World};

/// Pipelines of a run, over all nodes and the cluster.
const PIPELINES: usize = 100;

/// How often each of them is changed: 300 evolutions.
const ROUNDS: usize = 3;

/// Pipelines of one project.
const TOGETHER: usize = 12;

/// A number from the environment.
fn number(name: &str, default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a longer run, or one again")]
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The seed of this run.
fn seed() -> u64 {
    let fresh = uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000_000;
    let seed = number("SLUICE_SEED", usize::try_from(fresh).expect("a small number"));
    eprintln!("SLUICE_SEED={seed}");
    seed as u64
}

/// A pipeline over time.
struct Life {
    manifest: Manifest,
    world: World,
    /// Targets that hold rows.
    filled: BTreeSet<String>,
    /// What was in them when all was applied, and by which manifest.
    before: Option<(Manifest, BTreeMap<String, Contents>)>,
}

/// Pipelines of one project, which is on one node or on the cluster.
struct Batch {
    /// `None` is the cluster.
    node: Option<usize>,
    rng: Rng,
    lives: Vec<Life>,
    /// Changes that no server can make with the rows it has, and that were taken back.
    refused: usize,
}

impl Batch {
    fn new(mut rng: Rng, stem: &str, node: Option<usize>, count: usize) -> Self {
        let life = |i| {
            let name = format!("{stem}_{i}");
            let manifest = generate::generate(&mut rng, name, node.is_none());
            Life { manifest, world: World::default(), filled: BTreeSet::new(), before: None }
        };
        let lives = (0..count).map(life).collect();
        Self { node, rng, lives, refused: 0 }
    }

    fn project(&self, name: &str) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let urls = &shared().clickhouse_urls;
        let clickhouse = match self.node {
            Some(node) => format!("{{url: \"{}\"}}", urls[node]),
            None => {
                format!("{{url: \"{}\", cluster: dwh_test, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}", urls[0])
            }
        };
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [resources.yaml]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  state: none\n  clickhouse: {clickhouse}\n"
        );
        write(&dir.path().join("sluice.yaml"), &header);
        let project = Project::at(dir.path().join("sluice.yaml"), &[]);
        self.rewrite(&project);
        (dir, project)
    }

    fn rewrite(&self, project: &Project) {
        project.rewrite(&self.lives.iter().map(|life| life.manifest.yaml()).collect::<Vec<_>>().join("\n---\n"));
    }

    /// Applies what the manifests say; the plan after it is empty.
    async fn apply(&mut self, project: &Project) {
        let allow = Hazard::ALL.map(|hazard| Allowance { hazard, resource: None }).into();
        let prepared = project.plan_with(&Policy { allow, ..Policy::default() }).await;
        assert!(!prepared.plan.is_blocked(), "blocked: {:#?}", told(&prepared.plan));
        let outcome = project.run(&prepared).await;
        let failed: Vec<String> = outcome
            .failed
            .iter()
            .map(|(_, e)| format!("{} {}", e.words, e.statement.as_deref().unwrap_or("")))
            .collect();
        assert!(failed.is_empty(), "steps failed: {}", failed.join("\n"));
        let again = project.plan().await;
        assert!(again.is_empty(), "applied, and still different: {:#?}", told(&again));
        let node = self.node.unwrap_or(0);
        let mut lost = Vec::new();
        for life in &mut self.lives {
            life.world.become_of(&life.manifest);
            let after = rows::contents(node, &life.manifest, &life.filled).await;
            if let Some((manifest, before)) = &life.before {
                let found = rows::lost((manifest, before), (&life.manifest, &after));
                lost.extend(found.into_iter().map(|words| format!("{} {words}", life.manifest.name)));
            }
            rows::fill(node, &life.manifest, &mut life.filled).await;
            let now = rows::contents(node, &life.manifest, &life.filled).await;
            life.before = Some((life.manifest.clone(), now));
        }
        assert!(lost.is_empty(), "rows that nothing was to touch: {lost:#?}");
    }

    /// Changes every pipeline, and compares what the plan shows with what was changed. A change of a column's type that
    /// the server has no conversion for must block its pipeline, and is taken back.
    async fn evolve(&mut self, project: &Project) {
        let mut expected = Vec::new();
        for life in &mut self.lives {
            let (next, changes) = evolve(&mut self.rng, &life.manifest, &life.world);
            let before = std::mem::replace(&mut life.manifest, next);
            expected.push((before, changes));
        }
        self.rewrite(project);
        let plan = project.plan().await;
        let mut wrong = Vec::new();
        for (life, (before, expected)) in self.lives.iter_mut().zip(expected) {
            let resource = plan.resources.iter().find(|r| r.id.name == life.manifest.name).expect("it is planned");
            let shown: BTreeSet<ExpectedChange> = shown(resource).into_iter().collect();
            let expected: BTreeSet<ExpectedChange> = expected.into_iter().collect();
            if shown != expected {
                let missing: Vec<_> = expected.difference(&shown).collect();
                let more: Vec<_> = shown.difference(&expected).collect();
                let name = &life.manifest.name;
                wrong.push(format!("{name}: not shown {missing:?}, shown beside {more:?} {:#?}", lines(resource)));
            }
            let retyped = life.manifest.retyped(&before);
            if !resource.blocked.is_empty() && resource.blocked.iter().all(|b| is_inconvertible(b, &retyped)) {
                life.manifest = before;
                self.refused += 1;
            }
        }
        assert!(wrong.is_empty(), "the plan shows something else:\n{}", wrong.join("\n"));
        self.rewrite(project);
    }
}

/// Whether it is said of one of these columns that its values cannot be converted.
fn is_inconvertible(blocked: &Blocked, retyped: &BTreeSet<String>) -> bool {
    if let Blocked::DoesNotFit { column, .. } = blocked {
        return retyped.contains(column);
    }
    let Blocked::ObjectUnknown { why, .. } = blocked else { return false };
    why.split_once(" cannot be converted: ").is_some_and(|(column, _)| retyped.contains(column))
}

fn lines(resource: &ResourcePlan) -> Vec<String> {
    let change = |c: &Change| match c {
        Change::Attribute { object, change, .. } => {
            format!("{} {}: {:?} -> {:?}", object.table, change.attribute, change.old, change.new)
        }
        other @ (Change::Topic { .. } | Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. }) => {
            format!("{other:?}")
        }
    };
    resource.changes.iter().map(change).collect()
}

/// What a plan shows of a pipeline.
fn shown(resource: &ResourcePlan) -> Vec<ExpectedChange> {
    let change = |c: &Change| match c {
        Change::Attribute { object, change, .. } => {
            Some(ExpectedChange::Attribute(object.table.clone(), change.attribute.clone()))
        }
        Change::Make { object, .. } => Some(ExpectedChange::Made(object.table.clone())),
        Change::Unmake { object, .. } => Some(ExpectedChange::Unmade(object.table.clone())),
        Change::Topic { .. } | Change::Adopt { .. } => None,
    };
    resource.changes.iter().filter_map(change).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("the manifest is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_shows_what_was_changed_and_nothing_else() {
    let _turn = turn().await;
    shared();
    let begin = Instant::now();
    let seed = seed();
    let (pipelines, rounds) = (number("SLUICE_PIPELINES", PIPELINES), number("SLUICE_ROUNDS", ROUNDS));
    // Each object of the cluster's is made four times.
    let nodes = shared().clickhouse_urls.len();
    let on_cluster = pipelines / 10;
    let places = std::iter::once((None, on_cluster))
        .chain((0..nodes).map(|node| (Some(node), (pipelines - on_cluster).div_ceil(nodes))))
        .flat_map(|(node, count)| (0..count).step_by(TOGETHER).map(move |i| (node, TOGETHER.min(count - i))));
    let runs = places.enumerate().map(|(i, (node, count))| {
        let name = format!("rnd{seed}_{i}");
        let mut batch = Batch::new(Rng::new(seed ^ (i as u64) << 32), &name, node, count);
        let run = async move {
            let (_dir, project) = batch.project(&name);
            batch.apply(&project).await;
            for _ in 0..rounds {
                batch.evolve(&project).await;
                batch.apply(&project).await;
            }
            project.clean().await;
            (batch.lives.len(), batch.refused)
        };
        attempt(run)
    });
    let ended: Vec<_> = join_all(runs).await;
    let said = ended.iter().filter_map(|ended| ended.as_ref().err());
    let failed: Vec<String> = said.map(|said| format!("seed {seed}: {said}")).collect();
    let (made, refused): (Vec<usize>, Vec<usize>) = ended.into_iter().flatten().unzip();
    let (made, refused) = (made.iter().sum::<usize>(), refused.iter().sum::<usize>());
    let took = begin.elapsed();
    eprintln!("{made} pipelines, {} evolutions, {refused} of them refused, in {took:.1?}", made * rounds);
    all_passed(&failed);
}
