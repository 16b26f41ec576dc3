//! `sandbox demo`: the whole chain at work, from an empty machine to real rows in real tables.

use super::sandbox;
use crate::cli::args::SandboxUp;
use crate::cli::carry::{self, Work};
use crate::cli::demo::{self, Arrival, Rows, TABLES};
use crate::cli::hold::Hold;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{live, output, planned, progress};
use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::client::kafka::Producer;
use crate::compile::{Compiled, compile};
use crate::manifest::{LoadOptions, load};
use crate::model::Secrets;
use crate::plan::Policy;
use crate::reconcile::Prepared;
use crate::render::{self, outcome};
use comfy_table::{CellAlignment, Table, presets};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Times of the stages, in order.
struct Stages {
    begin: Instant,
    done: Vec<(&'static str, Duration)>,
}

impl Stages {
    fn end(&mut self, what: &'static str) {
        self.done.push((what, self.begin.elapsed()));
        self.begin = Instant::now();
    }
}

pub(super) async fn run(arguments: &SandboxUp, settings: &Settings) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let mut stages = Stages { begin: Instant::now(), done: Vec::new() };
    let started = sandbox::start(arguments, settings)?;
    stages.end("start Kafka and ClickHouse");

    let project = demo::write_project(&started.dir().join(demo::FOLDER))?;
    let compiled = compiled(&project, started.endpoints().environment())?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new())?;
    let policy = Policy::default();
    let prepared = live::prepare(&compiled, &servers, &policy, settings, &mut interrupts).await?;
    let style = settings.out.style(false);
    output::result(&format!("\n{}\n", render::plan(&prepared.plan, &policy, style)))?;
    stages.end("plan");
    match applied(&compiled, &prepared, &servers, settings, &mut interrupts).await? {
        Exit::Done => {}
        Exit::Interrupted => return Ok(Exit::Interrupted),
        Exit::Failed | Exit::Changes | Exit::Blocked | Exit::Usage => {
            return Err(Failure::new(Exit::Failed, "the project could not be applied"));
        }
    }
    stages.end("apply");

    let rows = demo::rows()?;
    let reader = servers.reader(&compiled.clickhouse.url)?;
    let before = demo::stored(&reader).await?;
    let sent = Producer::connect(servers.kafka_settings())?.send(rows.records.iter().cloned()).await?;
    output::result(&format!("\nSent {sent} messages: {} rows to each of two topics.\n", rows.total()))?;
    stages.end("produce");
    let arrived = interrupts.or(arrival(&reader, &rows, &before, settings)).await??;
    stages.end("wait for the rows");
    let missing = table(&rows, &before, &arrived)?;

    let again = live::prepare(&compiled, &servers, &policy, settings, &mut interrupts).await?.plan;
    output::result(&format!("\n{}", render::plan(&again, &policy, style)))?;
    stages.end("plan again");
    tell(&stages, started.dir(), &project, settings)?;
    match missing {
        0 if again.is_empty() => Ok(Exit::Done),
        0 => Err(Failure::new(Exit::Failed, "the second plan is not empty")),
        _ => Err(Failure::new(Exit::Failed, format!("{missing} rows did not arrive"))
            .hint(format!("the engines' logs are below {}", started.dir().display()))),
    }
}

/// Runs the plan, locked and written down as `apply` does it.
async fn applied(
    compiled: &Compiled,
    prepared: &Prepared,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let mut hold = Hold::begin(compiled, servers, Duration::ZERO, settings, interrupts).await?;
    hold.take(interrupts).await?;
    let id = planned::id(&compiled.desired, &Policy::default(), prepared);
    let work = Work { prepared, id: &id, desired: &compiled.desired, servers, secrets: &Secrets::new() };
    let ended = carry::carry_out(&work, &mut hold, carry::JOBS, settings, interrupts).await;
    hold.release(ended.map(|cut| cut.unwrap_or(Exit::Done))).await
}

/// The project with the sandbox's addresses, whatever the user's own environment says.
fn compiled(project: &Path, environment: Vec<(String, String)>) -> Result<Compiled, Failure> {
    let loaded = load(&LoadOptions {
        project_file: project.to_owned(),
        environment: None,
        vars: Default::default(),
        process_env: environment.into_iter().collect(),
    });
    let (compiled, findings) = compile(&loaded);
    compiled.ok_or_else(|| {
        let shown = render::finding::render(&findings, &loaded.files, false, 100);
        Failure::new(Exit::Failed, format!("the project in {} was changed:\n{shown}", project.display()))
    })
}

async fn arrival(
    reader: &ClickHouseReader,
    rows: &Rows,
    before: &Arrival,
    settings: &Settings,
) -> Result<Arrival, Failure> {
    let expected = before.clone().map(|mut table| {
        for (location, count) in &rows.by_location {
            *table.entry(location.clone()).or_default() += count;
        }
        table
    });
    let what = format!("waiting for {} rows in each of two tables", rows.total());
    Ok(progress::watched(&what, settings.err, demo::await_rows(reader, &expected)).await?)
}

/// Prints what was sent and what is there, by location; returns the number of rows that are missing.
fn table(rows: &Rows, before: &Arrival, arrived: &Arrival) -> Result<u64, Failure> {
    let new = |table: usize, location: &String| {
        let count = |of: &Arrival| of[table].get(location).copied().unwrap_or_default();
        count(arrived).saturating_sub(count(before))
    };
    let mut shown = Table::new();
    shown.load_style(presets::NOTHING).set_header(["location", "sent", TABLES[0], TABLES[1]]);
    let mut missing = 0;
    let mut totals = [0, 0, 0];
    for (location, sent) in &rows.by_location {
        let counts = [*sent, new(0, location), new(1, location)];
        missing += sent.abs_diff(counts[1]) + sent.abs_diff(counts[2]);
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        shown.add_row([location.clone(), counts[0].to_string(), counts[1].to_string(), counts[2].to_string()]);
    }
    shown.add_row(["total".to_owned(), totals[0].to_string(), totals[1].to_string(), totals[2].to_string()]);
    for column in shown.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    output::result(&format!("\n{}\n", shown.trim_fmt()))?;
    Ok(missing)
}

fn tell(stages: &Stages, dir: &Path, project: &Path, settings: &Settings) -> Result<(), Failure> {
    let mut text = "\n".to_owned();
    for (what, took) in &stages.done {
        text.push_str(&format!("{what:<28} {:>7}\n", outcome::seconds(*took)));
    }
    let short = |path: &Path| -> PathBuf { path.strip_prefix(&settings.directory).unwrap_or(path).to_owned() };
    let (dir, folder) = (short(dir), project.parent().map(short).unwrap_or_default());
    text.push_str(&format!(
        "\nLook further (the same servers, the same project; change a manifest and plan again):\n  \
         export $(sluice sandbox up --dir {dir} --format env)\n  sluice --project {folder} plan\n\
         Stop and remove everything:\n  sluice sandbox down --dir {dir}\n",
        dir = dir.display(),
        folder = folder.display()
    ));
    output::result(&text)?;
    Ok(())
}
