//! The outputs that `docs/status.md` shows: recorded from a run, and compared with every later one but for numbers that
//! no two runs share.

use super::*;
use crate::fixture::project::{by_hand, produce};
use crate::fixture::{masked, shared};
use std::path::Path;

/// As long as the name that the chain has here, so that columns stay in line.
const SHOWN: &str = "orders_from_the_web";

/// Servers and names as a reader would have them, of the same width as the real ones.
fn lasting(text: &str, name: &str) -> String {
    let escaped = |name: &str| name.replace('_', "\\_");
    let mut text = text.replace(name, SHOWN).replace(&escaped(name), &escaped(SHOWN));
    for (i, url) in shared().clickhouse_urls.iter().enumerate() {
        text = text.replace(url.trim_start_matches("http://"), &format!("ch-node-0{}:8123", i + 1));
    }
    text
}

/// What is the same in every run: words, not times, sizes, hosts and blanks. Which host reads which partition is left out.
fn shape(text: &str) -> String {
    masked(
        text,
        &[
            (r"(?m)^ *ch-node-0\d:8123 +\d/\d.*\n", ""),
            (r"\b[\d.,]+ (s|min|B|kB)\b", "N"),
            (r"\d+ times", "N times"),
            (r"ClickHouse-\S+", "ClickHouse-N"),
            (r"\s+", " "),
            // A partition that moved meanwhile has failed on several.
            (r"on (ch-node-0\d:8123(, )?)+", "on hosts"),
            (r"on \d hosts", "on hosts"),
        ],
    )
}

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "expectations are files, written anew where somebody asks for it")]
fn recorded(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/status").join(file);
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shape(&written), shape(made), "{file}: SLUICE_BLESS=1 records it anew");
}

#[tokio::test]
async fn the_outputs_in_the_documents_are_those_of_the_program() {
    let name = unique("orders");
    let project = Project::of(&name, &chain(&name, 1, ", errors: {mode: stop}"));
    project.apply().await;
    produce(&name, (0..10).map(row)).await;
    let shown = |line: &str| {
        let line = line.to_owned();
        let project = &project;
        let name = &name;
        async move {
            let (code, text) = healthy::sluice(project, &line).await;
            (code, lasting(&text, name))
        }
    };
    let (code, verified) = shown("verify").await;
    assert_eq!(code, Some(0), "{verified}");
    recorded("verify.txt", &verified);
    let (_, details) = shown(&format!("status KafkaPipeline/{name}")).await;
    recorded("details.txt", &details);
    produce(&name, [r#"{"n": 10, "day": "tomorrow"}"#.to_owned()]).await;
    once(&project, Verdict::Stuck, "failing").await;
    let (code, stuck) = shown("status").await;
    assert_eq!(code, Some(1), "{stuck}");
    recorded("stuck.txt", &stuck);
    let (code, late) = shown("verify --timeout 1s").await;
    assert_eq!(code, Some(1), "{late}");
    recorded("late.txt", &late);
    let (_, page) = shown("status --format markdown").await;
    recorded("stuck.md", &page);
    by_hand(1, &format!("DROP TABLE {name}.rows_mv")).await;
    once(&project, Verdict::Broken, "missing").await;
    let (code, broken) = shown("status").await;
    assert_eq!(code, Some(1), "{broken}");
    recorded("broken.txt", &broken);
    project.clean().await;
}
