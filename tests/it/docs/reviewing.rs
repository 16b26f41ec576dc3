//! `docs/reviewing.md`: how a plan reads, on plans that the live tests made and carried out.

use super::compare;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The folder of a case, what was changed in Git, and what a reviewer sees in the plan.
const PAGES: [(&str, &str, &str); 5] = [
    (
        "24-column-added",
        "A column of the messages is to be stored",
        "The Kafka table, the local table on every host, the Distributed table and the view all get the column: the lines \
         with `~` say so before any statement. The Kafka table and its views go first and come back last, so that no row \
         is written in the old form once the column exists; Kafka keeps what arrives in these about 3 seconds, and the \
         consumer group goes on where it was.",
    ),
    (
        "44-kafka-settings",
        "Settings of the Kafka table",
        "ClickHouse cannot alter a Kafka table, so it is dropped and made again, and it holds no rows. The `leave` step \
         is why this takes 3 seconds: the dropped consumers would stay in their group for another 45 and keep the \
         partitions from the new ones.",
    ),
    (
        "54-order-by",
        "The sorting key of a table with rows",
        "`-/+` says that the table is rebuilt: a second table is made beside it, filled, counted and compared, and takes \
         its name. The old one is not dropped: it is renamed (step `rename`) and kept until its time has passed, so that \
         you can go back.",
    ),
    (
        "51-group-from-the-beginning",
        "Another consumer group",
        "A new group has no offsets, and this one begins at the first message kept. The note counts what that means before \
         anything is done: so many messages are read again, and their rows come twice. That is why the plan carries a \
         hazard that somebody has to allow by its name.",
    ),
    (
        "70-topic-recreated",
        "A topic is deleted and made again",
        "The topic's messages are gone afterwards; the note says how many there are and how many of them nobody has read. \
         The pipeline that reads the topic lets go of it first and is attached again last, and its old offsets are \
         forgotten, because they mean nothing in the new topic.",
    ),
];

#[test]
fn reviewers_are_shown_plans_that_were_carried_out() {
    let mut out = String::from(INTRODUCTION);
    for (folder, title, words) in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/evolutions").join(folder);
        let plan = fs::read_to_string(path.join("plan.txt")).unwrap_or_else(|e| panic!("{folder}/plan.txt: {e}"));
        let _ = write!(
            out,
            "\n## {title}\n\n{}\n\n```text\n{}\n```\n\nFrom [{folder}](../tests/cases/evolutions/{folder}): \
             [before](../tests/cases/evolutions/{folder}/before.yaml), \
             [after](../tests/cases/evolutions/{folder}/after.yaml).\n",
            folded(words),
            plan.trim_end()
        );
    }
    compare("docs/reviewing.md", &out);
}

/// Prose as wide as the other documents.
fn folded(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        match last.is_empty() {
            true => last.push_str(word),
            false if last.len() + 1 + word.len() <= 120 => {
                last.push(' ');
                last.push_str(word);
            }
            false => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

const INTRODUCTION: &str = "\
# Reviewing a plan

Five plans as `sluice plan` prints them and as a pull request shows them. Each was carried out by a live test while
messages arrived; numbers, ids and dates that differ from run to run stand as `N` and `<...>`. Generated:
`SLUICE_BLESS=1 cargo test --test it docs` writes this file anew.

A plan has four parts, from the question of a reviewer to its answer:

1. The first line: which servers.
2. One block for each thing that changes: `+` is made, `~` is changed, `-/+` is replaced, `-` goes, `!` is blocked. The
   rest of its first line is what it means for the rows that flow: how it is done, how long nothing is ingested, what
   becomes of the group's offsets, and whether anything is lost or comes twice.
3. The steps in the order in which they run, with the hosts they run on and the statements that are sent. Nothing else
   is done: what is shown is what runs.
4. The totals, and the hazards in full words. A hazard that loses something needs `--allow` with its name.
";
