//! `history`: what was applied.

use crate::cli::args::{FindingsFormat, HistoryArguments};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, past, project};
use crate::client::Servers;
use crate::render::history::{self, History, Told};
use crate::state::Remembered;

pub(super) async fn run(arguments: &HistoryArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let topic = past::topic(compiled)?;
    let secrets = secrets::resolve(compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let past = past::read(compiled, &servers, settings, &mut interrupts).await?;
    let known = past.book.map_or_else(Remembered::default, |book| book.known);
    let history = History {
        project: compiled.desired.project.clone(),
        topic: topic.to_owned(),
        lock: known.held().cloned(),
        remembered: known.applies.len(),
        applies: shown(&known, arguments)?,
    };
    output::result(&match arguments.format {
        FindingsFormat::Text => history::text(&history, settings.out.style(false)),
        FindingsFormat::Json => history::json(&history),
    })?;
    Ok(Exit::Done)
}

fn shown(known: &Remembered, arguments: &HistoryArguments) -> Result<Vec<Told>, Failure> {
    let Some(number) = arguments.number else {
        let last = known.applies.values().rev().take(arguments.last);
        return Ok(last.map(|record| Told { record: record.clone(), steps: None }).collect());
    };
    let record = known.applies.get(&number).cloned().ok_or_else(|| {
        let range = match (known.applies.keys().next(), known.applies.keys().next_back()) {
            (Some(first), Some(last)) => format!("those from {first} to {last} are remembered"),
            (_, _) => "nothing was applied yet".to_owned(),
        };
        Failure::new(Exit::Usage, format!("there is no apply {number}")).hint(range)
    })?;
    let steps = known.steps(number).map_err(|error| past::failure(error.into()))?;
    Ok(vec![Told { record, steps: Some(steps) }])
}
