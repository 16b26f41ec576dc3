//! `docs/errors.md`: exit codes and hazards, as the program has them.

use super::{cell, compare};
use sluice::cli::Exit;
use sluice::plan::Hazard;
use std::fmt::Write as _;

fn meaning(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "Done, or nothing to do. Also `plan` with changes, unless `--detailed-exitcode` is given",
        Exit::Failed => {
            "Failed, or could not tell: findings that are errors, servers that do not answer, a step that failed"
        }
        Exit::Changes => {
            "`plan --detailed-exitcode` found changes, none of them blocked, or `drift` found something that was changed"
        }
        Exit::Blocked => {
            "`plan` shows something that is blocked, or `apply` refused and changed nothing: the plan is blocked, a hazard is \
             not allowed, the servers moved while the question stood, or somebody else holds the lock. Also an apply whose lock \
             was taken over, and whatever needs a state topic that cannot be read"
        }
        Exit::Usage => "The arguments make no sense; a typo never reads as \"changes present\"",
        Exit::Interrupted => {
            "Ctrl-C: the steps in flight were finished and no other was started; the second one cancels them"
        }
    }
}

const EXITS: [Exit; 6] = [Exit::Done, Exit::Failed, Exit::Changes, Exit::Blocked, Exit::Usage, Exit::Interrupted];

#[test]
fn exit_codes_and_hazards_are_documented() {
    let mut out = String::from(EXIT_CODES);
    for exit in EXITS {
        let _ = writeln!(out, "| {} | {} |", exit as u8, cell(meaning(exit)));
    }
    out.push_str(BY_COMMAND);
    out.push_str(HAZARDS);
    for hazard in Hazard::ALL {
        let consent = if hazard.needs_consent() { "yes" } else { "no: it loses nothing" };
        let _ = writeln!(out, "| `{hazard}` | {consent} | {} |", cell(hazard.meaning()));
    }
    out.push_str(ERRORS);
    compare("docs/errors.md", &out);
}

const EXIT_CODES: &str = "\
# Exit codes, hazards, errors

Generated: `SLUICE_BLESS=1 cargo test --test it docs` writes this file anew.

## Exit codes

| Code | Means |
|---|---|
";

/// A live test provokes each of these and no other.
const BY_COMMAND: &str = "
Which command ends with which; a live test provokes each of them (`tests/live/exit_codes.rs`):

| Command | 0 | 1 | 2 | 3 | 64 | 130 |
|---|---|---|---|---|---|---|
| `sluice init` | x | x |   |   | x |   |
| `sluice import` | x | x |   | x | x | x |
| `sluice validate` | x | x |   |   | x |   |
| `sluice graph` | x | x |   |   | x |   |
| `sluice plan` | x | x | x | x | x | x |
| `sluice show` | x | x |   | x | x |   |
| `sluice apply` | x | x |   | x | x | x |
| `sluice drift` | x | x | x | x | x | x |
| `sluice history` | x | x |   | x | x | x |
| `sluice unlock` | x | x |   | x | x | x |
| `sluice status` | x | x |   |   | x | x |
| `sluice verify` | x | x |   |   | x | x |
| `sluice consume` | x | x |   |   | x | x |
| `sluice sandbox` | x | x |   |   | x |   |
| `sluice schema` | x |   |   |   | x |   |
| `sluice completions` | x |   |   |   | x |   |
| `sluice man` | x |   |   |   | x |   |
";

const HAZARDS: &str = "
## Hazards

What a step can cost. The plan shows a hazard beside what causes it, and `apply` refuses a plan with a hazard that needs
consent and has none. Consent is by name, for everything or for one resource: `--allow deletes-data:KafkaPipeline/orders`.
A manifest with `lifecycle: {deletion: allow}` allows `deletes-data` and `recreates-topic` for its resource by itself.

| Hazard | Needs consent | Means |
|---|---|---|
";

const ERRORS: &str = "
## Errors

An error is printed once, on stderr: what happened and where, then each cause on a line of its own (`caused by:`), then
what to do (`hint:`). When a step of an apply fails, the report says what ran, what did not, the host, the statement and
the server's own words, whether the statement may have been executed all the same, and the command that goes on. A second
`apply` is always safe: it plans from what the servers have now.

A secret's value is in no output; where one would stand, its reference does (`<secret fromEnv NAME>`).
";
