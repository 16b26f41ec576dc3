//! Arguments of `sandbox`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `sandbox`.
#[derive(Debug, Clone, Subcommand)]
pub enum SandboxCommand {
    /// Starts it, or finds it running; installs the engines first where they are missing.
    ///
    /// Needs Python 3.10 or newer and, the first time, access to package indexes and 2 GB of disk.
    #[command(after_long_help = "\
Examples:
  sluice sandbox up --nodes 4
  export $(sluice sandbox up --format env)")]
    Up(SandboxUp),
    /// Shows whether its processes run.
    Status(SandboxFolder),
    /// Shows the whole chain at work: starts it, applies the COVID project, sends 3,039 real rows and counts them.
    Demo(SandboxUp),
    /// Stops it and removes its data.
    Down(SandboxFolder),
}

/// Which sandbox.
#[derive(Debug, Clone, Args)]
pub struct SandboxFolder {
    /// Its folder. Left out: `.sluice/sandbox` beside the project file, or here where there is none.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// `sandbox up`.
#[derive(Debug, Clone, Args)]
pub struct SandboxUp {
    /// Which one.
    #[command(flatten)]
    pub folder: SandboxFolder,
    /// ClickHouse nodes, one shard each.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub nodes: u16,
    /// Kafka brokers: 1 or 3.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = brokers)]
    pub brokers: u16,
    /// Port of the first broker. Left out: a free one.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub kafka_port: Option<u16>,
    /// HTTP port of the first ClickHouse node; the others follow. Left out: free ones.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub http_port: Option<u16>,
    /// Environment variable with the password of the ClickHouse user `default`. Left out: none.
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
    /// The Python that installs the engines.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub python: String,
    /// How to print where it listens.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: EndpointsFormat,
}

/// How endpoints are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndpointsFormat {
    /// For people.
    Text,
    /// `KEY=VALUE` lines, the password included where there is one.
    Env,
}

fn brokers(text: &str) -> Result<u16, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("a sandbox has 1 or 3 brokers".into()),
    }
}
