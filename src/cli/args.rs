//! Arguments as typed. Their doc comments are the help texts.

mod consume;
mod drift;
mod graph;
mod history;
mod import;
mod init;
mod pruning;
mod sandbox;
mod saved;
mod shell;
mod validate;

use crate::model::ResourceId;
use crate::plan::Allowance;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

pub use consume::{ConsumeArguments, ConsumeFormat};
pub use drift::{DriftArguments, DriftFormat};
pub use graph::{GraphArguments, GraphFormat};
pub use history::{HistoryArguments, UnlockArguments};
pub use import::ImportArguments;
pub use init::InitArguments;
pub use pruning::Pruning;
pub use sandbox::{EndpointsFormat, SandboxCommand, SandboxFolder, SandboxUp};
pub use saved::{Saving, ShowArguments};
pub use shell::CompletionsArguments;
pub use validate::{Validate, ValidateFormat};

/// Keeps Kafka topics and ClickHouse ingestion chains as the manifests in Git say.
///
/// `sluice plan` reads the live servers and shows every step and statement that would make them match, with
/// the dangers named; `sluice apply` runs exactly that.
#[derive(Debug, Clone, Parser)]
#[command(name = "sluice", version, propagate_version = true, after_long_help = EXIT_CODES)]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done, or nothing to do
  1    failed, or could not tell
  2    changes are pending (`plan --detailed-exitcode`), or something was changed (`drift`)
  3    blocked: a guard, a missing --allow, servers that moved meanwhile, or another apply's lock
  64   wrong usage
  130  interrupted

Examples:
  sluice validate
  sluice --env prod plan
  sluice --env prod apply --allow shortens-retention:Topic/orders
  sluice verify --timeout 60s
  sluice sandbox up --nodes 4";

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The project file, or the folder it is in.
    ///
    /// Left out: `sluice.yaml` here or in the nearest folder above.
    #[arg(long, global = true, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// The environment to merge over the project; or set SLUICE_ENV.
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// A variable for `${NAME}` in manifests; wins over the project's and the process's own. Repeatable.
    #[arg(long = "var", global = true, value_name = "NAME=VALUE", value_parser = variable)]
    pub vars: Vec<(String, String)>,
    /// When to use colour. NO_COLOR is heeded.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Say more about what is being done; repeat for still more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Checks all manifests without any server.
    ///
    /// Reports everything it finds, with file, line and column. Exits with 1 when there is an error.
    Validate(Validate),
    /// Shows what would make the servers match the manifests.
    ///
    /// Reads Kafka and every ClickHouse host and changes nothing.
    #[command(after_long_help = "\
Examples:
  sluice plan
  sluice plan --only Topic/orders --detailed-exitcode
  sluice plan --format sql > plan.sql
  sluice --env prod plan -o plan.json --format markdown > comment.md
  sluice plan --recreate KafkaPipeline/orders --allow deletes-data:KafkaPipeline/orders")]
    Plan(PlanArguments),
    /// Shows a saved plan again.
    ///
    /// Reads nothing but the file: the same bytes as when it was made.
    Show(ShowArguments),
    /// Makes the servers match the manifests.
    ///
    /// With a saved plan: runs exactly its steps without asking, or refuses and says what has moved since it was made;
    /// what an earlier apply has done of it already is not done again. Without one: plans, shows the plan, asks once, runs it, and plans again to prove that nothing is left. The first Ctrl-C
    /// finishes the steps in flight and stops, the second cancels them.
    #[command(after_long_help = "\
Examples:
  sluice apply
  sluice --env prod apply plan.json
  sluice --env prod apply --yes --allow changes-key-mapping:Topic/orders")]
    Apply(ApplyArguments),
    /// Runs a ManualConsumer: messages of its topics into its table, each exactly once.
    ///
    /// Stops at the ends that the topics have now, unless it is to follow. Several may run at once and share the
    /// partitions. However it ends, the next run goes on with nothing lost and nothing twice. The first Ctrl-C finishes
    /// what is in flight and commits it, the second cancels.
    #[command(after_long_help = "\
Examples:
  sluice consume ManualConsumer/orders
  sluice consume ManualConsumer/orders --follow
  sluice consume ManualConsumer/orders --from 2026-11-01T00:00:00Z --format json")]
    Consume(ConsumeArguments),
    /// Tells what was changed on the servers since it was applied, for a job that runs every night.
    ///
    /// Reads Kafka and every ClickHouse host and changes nothing; never while an apply runs. What only the manifests ask for
    /// is told apart, as pending. Exits with 2 when something was changed, with 1 when nothing was but something could not
    /// be read, else with 0. With --fix it puts back what was changed, and nothing else.
    #[command(after_long_help = "\
Examples:
  sluice drift
  sluice drift --fix
  sluice --env prod drift --format markdown > issue.md
  sluice drift --format prometheus > /var/lib/node_exporter/sluice-drift.prom")]
    Drift(DriftArguments),
    /// Shows what was applied, by whom and how it ended; with a number, an apply step by step.
    #[command(after_long_help = "\
Examples:
  sluice history
  sluice history 17
  sluice history --last 100 --format json")]
    History(HistoryArguments),
    /// Tells who holds the lock, and breaks it: its holder stops before its next step.
    ///
    /// The lock of an apply that was killed needs none of this: the next apply takes it over after ten seconds of silence.
    Unlock(UnlockArguments),
    /// Shows whether data flows: a verdict for every topic and chain, with the reason and what to do next.
    ///
    /// One look at Kafka and every ClickHouse host; changes nothing. Verdicts: healthy, idle (nothing to read), lagging
    /// (on its way), unknown (could not be told), stuck (does not move), broken (does not mend by waiting). Exits with 1
    /// when anything is unknown, stuck or broken.
    #[command(after_long_help = "\
Examples:
  sluice status
  sluice status KafkaPipeline/orders
  sluice status --watch=5
  sluice status --format prometheus > /var/lib/node_exporter/sluice.prom")]
    Status(StatusArguments),
    /// Waits until everything that was sent has arrived.
    ///
    /// Takes the ends of the topics at its beginning and waits until the groups have read up to them and no Distributed
    /// table has rows left to send; then prints what arrived and a summary of topics, objects and rows. Changes
    /// nothing. Exits with 1 when something did not arrive in time, with the reason.
    #[command(after_long_help = "\
Examples:
  sluice verify
  sluice verify KafkaPipeline/orders --timeout 5m")]
    Verify(VerifyArguments),
    /// Runs real Kafka and real ClickHouse on this machine, without containers.
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Prints a JSON Schema.
    Schema(SchemaArguments),
    /// Draws what the manifests describe: topics, tables, views and how data flows between them.
    ///
    /// Needs no server.
    #[command(after_long_help = "\
Examples:
  sluice graph
  sluice graph --only KafkaPipeline/orders
  sluice graph --format svg > graph.svg")]
    Graph(GraphArguments),
    /// Writes manifests for topics and chains that are live.
    ///
    /// Reads the brokers and every ClickHouse host and changes nothing on them. Afterwards a plan takes the objects over,
    /// which changes their comments alone. What a manifest cannot say is listed, and so is what was left out. Files
    /// that are there are kept: where one would be overwritten nothing is written and the exit code is 1.
    #[command(after_long_help = "\
Examples:
  sluice import 'orders*'
  sluice import --database raw -o manifests/raw
  sluice import --all --stdout")]
    Import(ImportArguments),
    /// Writes a small project to begin with: a topic, and a pipeline that reads it.
    ///
    /// Never overwrites anything: where a file of its is there already it writes nothing and exits with 1.
    Init(InitArguments),
    /// Prints a script that completes commands and options in a shell.
    #[command(after_long_help = "\
Examples:
  sluice completions bash > /etc/bash_completion.d/sluice
  sluice completions zsh > \"${fpath[1]}/_sluice\"
  sluice completions fish > ~/.config/fish/completions/sluice.fish")]
    Completions(CompletionsArguments),
    /// Prints the manual as a man page: `sluice man | man -l -`.
    Man,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Which resources, and what is allowed with them.
#[derive(Debug, Clone, Default, Args)]
pub struct Selection {
    /// Only this resource, e.g. Topic/orders. Repeatable.
    #[arg(long, value_name = "KIND/NAME", value_parser = resource)]
    pub only: Vec<ResourceId>,
    /// Drop this resource and create it again, with the loss of its data. Repeatable.
    #[arg(long, value_name = "KIND/NAME", value_parser = resource)]
    pub recreate: Vec<ResourceId>,
    /// Allow a hazard, everywhere or for one resource. Repeatable.
    ///
    /// The plan names the hazards it has and the flags that allow them.
    #[arg(long, value_name = "HAZARD[:KIND/NAME]", value_parser = Allowance::parse)]
    pub allow: Vec<Allowance>,
    /// Plan without this ClickHouse host while it cannot be reached, as `host:port` or by its name. Repeatable.
    ///
    /// A host that answers is never left out. What it lacks is made by the next apply without this.
    #[arg(long, value_name = "HOST")]
    pub allow_unreachable: Vec<String>,
    /// Leave the statements under the steps out.
    #[arg(long)]
    pub no_sql: bool,
    /// What goes that no manifest has any more.
    #[command(flatten)]
    pub pruning: Pruning,
}

/// `plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArguments {
    /// Which resources, and what is allowed.
    #[command(flatten)]
    pub selection: Selection,
    /// How to print the plan.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PlanFormat,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Where else the plan goes.
    #[command(flatten)]
    pub saving: Saving,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// For pull requests: GitHub and GitLab.
    Markdown,
    /// For programs; `sluice schema plan` is its schema.
    Json,
    /// The steps as a script, a comment line each.
    Sql,
}

/// `apply`.
#[derive(Debug, Clone, Args)]
pub struct ApplyArguments {
    /// A plan that `sluice plan -o` has saved.
    #[arg(
        value_name = "PLAN",
        conflicts_with_all = ["only", "recreate", "allow", "allow_unreachable", "prune", "prune_most"]
    )]
    pub plan: Option<PathBuf>,
    /// Which resources, and what is allowed.
    #[command(flatten)]
    pub selection: Selection,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// How long to wait for another apply that holds the lock, e.g. 90s or 10m.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub lock_timeout: Duration,
    /// Steps that may run at the same time, where their order allows it.
    #[arg(long, short, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
}

/// `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArguments {
    /// Only these resources, with everything that is known of them, e.g. KafkaPipeline/orders.
    #[arg(value_name = "KIND/NAME", value_parser = resource)]
    pub resources: Vec<ResourceId>,
    /// Everything that is known of every resource.
    #[arg(long)]
    pub details: bool,
    /// Beside it, each ManualConsumer against the Kafka tables that read the same topic: rows, highest offsets, lag, and
    /// rows a second between two looks.
    #[arg(long)]
    pub compare: bool,
    /// How to print it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: StatusFormat,
    /// Look again and again, every so many seconds, until interrupted.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub watch: Option<u64>,
}

/// How a status is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people.
    Text,
    /// For programs; `sluice schema status` is its schema.
    Json,
    /// For pull requests and pages.
    Markdown,
    /// For a scraper.
    Prometheus,
}

/// `verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// Only these resources, e.g. KafkaPipeline/orders.
    #[arg(value_name = "KIND/NAME", value_parser = resource)]
    pub resources: Vec<ResourceId>,
    /// How long to wait, e.g. 90s or 5m; 0s looks once.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,
    /// How to print the result.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: FindingsFormat,
}

/// `schema`.
#[derive(Debug, Clone, Args)]
pub struct SchemaArguments {
    /// Of what.
    #[arg(value_name = "WHAT")]
    pub what: SchemaOf,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Manifests: for editors and for CI.
    Manifest,
    /// The output of `status --format json`.
    Status,
    /// The output of `validate --format json`.
    Validate,
    /// The output of `plan --format json` and `show --format json`.
    Plan,
    /// The output of `drift --format json`.
    Drift,
    /// The output of `history --format json`.
    History,
}

/// `90s`, `5m`, `1h`, `500ms`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("the units are ms, s, m and h".into()),
    };
    let number: u64 = number.parse().map_err(|_| "it is no time such as 90s or 5m".to_owned())?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| "it is too long".into())
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("it is not NAME=VALUE".into()),
    }
}

fn resource(text: &str) -> Result<ResourceId, String> {
    let kinds = || crate::model::Kind::ALL.map(|k| k.as_str()).join(", ");
    ResourceId::parse(text).ok_or_else(|| format!("it is not KIND/NAME; kinds are: {}", kinds()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;
    use crate::consume::From;
    use clap::CommandFactory;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_of_every_command_stand_before_or_after_it() {
        for line in ["sluice --env prod --var A=1=2 plan", "sluice plan --env prod --var A=1=2"] {
            let global = parsed(line).unwrap().global;
            assert_eq!(global.env.as_deref(), Some("prod"));
            assert_eq!(global.vars, [("A".to_owned(), "1=2".to_owned())]);
        }
    }

    #[test]
    fn a_consumer_begins_and_waits_as_it_is_told() {
        let line = "sluice consume ManualConsumer/m --from 1970-01-01T00:00:02Z --timeout 500ms";
        let Command::Consume(consume) = parsed(line).unwrap().command else { panic!("another command") };
        assert_eq!((consume.from, consume.timeout), (From::At(2000), Some(Duration::from_millis(500))));
        assert!(!consume.follow && consume.batch_size.is_none());
    }

    #[test]
    fn times_have_units() {
        for (text, millis) in [("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000), ("7", 7000), ("500ms", 500)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for text in ["", "s", "-1s", "1.5s", "99999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_mistyped_is_refused() {
        for line in [
            "sluice",
            "sluice paln",
            "sluice plan --only orders",
            "sluice plan --only Table/orders",
            "sluice plan --allow deletes-dta",
            "sluice plan --var =1",
            "sluice apply --jobs 0",
            "sluice apply --force",
            "sluice consume",
            "sluice consume ManualConsumer/m --once --follow",
            "sluice consume ManualConsumer/m --from yesterday",
            "sluice consume ManualConsumer/m --timeout 30d",
            "sluice consume ManualConsumer/m --batch-size 0",
            "sluice status orders",
            "sluice status --watch=0",
            "sluice status --watch 5",
            "sluice verify --timeout soon",
            "sluice verify --timeout 5d",
            "sluice sandbox up --brokers 2",
            "sluice sandbox up --nodes 0",
        ] {
            assert_eq!(Exit::of(&parsed(line).unwrap_err()), Exit::Usage, "{line}");
        }
    }
}
