//! `import`: manifests for what is live.

use crate::cli::args::ImportArguments;
use crate::cli::importing::{self, Found};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, project};
use crate::client::Servers;
use crate::import;

pub(super) async fn run(arguments: &ImportArguments, settings: &Settings) -> Result<Exit, Failure> {
    // The folder may well be empty: it is about to be filled.
    let checked = project::checked_but(settings, &["project/no-manifests"])?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let wanted = import::Wanted {
        patterns: arguments.patterns.clone(),
        database: arguments.database.clone(),
        all: arguments.all,
    };
    let mut interrupts = Interrupts::listen()?;
    let Found { imported, odd, sound } =
        importing::find(&checked, &servers, &wanted, settings, &mut interrupts).await?;
    if imported.files.is_empty() {
        output::message(&importing::listed(&odd));
        let words = "nothing was found that is to be written: topics and chains of manifests are left out";
        return Err(Failure::new(Exit::Failed, words).hint("`sluice import --all --stdout` shows what there is"));
    }
    if arguments.stdout {
        output::result(&imported.text())?;
    } else {
        let folder = importing::folder(arguments.output.as_deref(), &checked, settings)?;
        importing::write(&folder, &imported.files, arguments.force)?;
        let names: String = imported.files.iter().map(|f| format!("  {}\n", f.name)).collect();
        output::result(&format!("Written to {}:\n{names}", folder.display()))?;
    }
    output::message(&importing::summary(&imported, &odd));
    // What does not compile would stop every other command.
    Ok(if sound { Exit::Done } else { Exit::Failed })
}
