//! Filling a new table with what was there before it.

use super::create::create;
use super::statement::Statement;
use crate::model::backfill::{BEFORE, UpTo, up_to_text, up_to_unknown};
use crate::model::{Definition, Fragment, ObjectName, Refill, quote};

/// The name of the table that is read, in the SELECT of the view.
const SOURCE: &str = "src";

/// Creates the view that takes the messages before some offsets. Unknown ones stand as words in its SELECT and in its
/// comment.
pub fn create_view(view: &Definition, up_to: Option<&UpTo>, on_cluster: Option<&str>) -> Statement {
    let Some(up_to) = up_to else { return create(view, None, on_cluster) };
    let query = view.query.as_ref().map(|q| Fragment::new(q.as_str().replace(BEFORE, &condition(up_to))));
    let comment = view.comment.replace(&up_to_unknown(), &up_to_text(up_to));
    create(&Definition { query, comment, ..view.clone() }, None, on_cluster)
}

/// Holds for messages before the offsets; in a partition without one for none.
fn condition(up_to: &UpTo) -> String {
    let one = |((topic, partition), offset): (&(String, u32), &i64)| {
        let topic = quote::literal(topic);
        format!("({SOURCE}._topic = {topic} AND {SOURCE}._partition = {partition} AND {SOURCE}._offset < {offset})")
    };
    let all: Vec<String> = up_to.iter().map(one).collect();
    if all.is_empty() { "0".to_owned() } else { all.join(" OR ") }
}

/// Writes the rows that a SELECT gives into a table.
pub fn fill(refill: &Refill) -> Statement {
    let columns: Vec<String> = refill.columns.iter().map(|c| quote::identifier(c)).collect();
    let into = quote::object(&refill.into);
    Statement::new(format!("INSERT INTO {into}\n    ({})\n{}", columns.join(", "), refill.query))
}

/// Asks what columns a SELECT gives; refused where it cannot be run.
pub fn describe(refill: &Refill) -> String {
    let columns: Vec<String> = refill.columns.iter().map(|c| quote::identifier(c)).collect();
    format!("DESCRIBE TABLE (SELECT {} FROM (\n{}\n))", columns.join(", "), refill.query)
}

/// Counts the rows that a SELECT gives: `rows`.
pub fn count_given(refill: &Refill) -> String {
    format!("SELECT count() AS rows FROM (\n{}\n)", refill.query)
}

/// Counts the rows of a table: `rows`.
pub fn count(table: &ObjectName) -> String {
    format!("SELECT count() AS rows FROM {}", quote::object(table))
}

/// Empties a table.
pub fn empty(table: &ObjectName) -> String {
    format!("TRUNCATE TABLE {}", quote::object(table))
}

/// How many consumers of a Kafka table read at the moment: `consumers`. One that reads has not committed yet.
pub fn reading(table: &ObjectName) -> String {
    format!(
        "SELECT count() AS consumers FROM system.kafka_consumers WHERE database = {} AND table = {} AND is_currently_used",
        quote::literal(&table.database),
        quote::literal(&table.table)
    )
}

/// The comment of an object: `comment`.
pub fn comment(name: &ObjectName) -> String {
    format!(
        "SELECT comment FROM system.tables WHERE database = {} AND name = {}",
        quote::literal(&name.database),
        quote::literal(&name.table)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::backfill::OFFSETS;
    use crate::model::{Engine, Kind, Owner, ResourceId};

    #[test]
    fn offsets_take_the_place_of_words() {
        let owner = Owner::new("p", &ResourceId::new(Kind::KafkaPipeline, "x"));
        let view = Definition {
            query: Some(Fragment::new(format!("SELECT src.a AS a FROM k.t AS src WHERE {BEFORE}"))),
            target: Some(ObjectName::new("d", "t")),
            comment: owner.stamp(&up_to_unknown()),
            ..Definition::new(ObjectName::new("d", "v"), Engine::plain(Engine::VIEW))
        };
        let text = |up_to: Option<&UpTo>| create_view(&view, up_to, None).shown();
        assert!(text(None).contains(BEFORE) && text(None).contains(OFFSETS));
        let offsets = UpTo::from([(("t".into(), 0), 7), (("t".into(), 1), 9)]);
        assert_eq!(
            text(Some(&offsets)),
            "CREATE MATERIALIZED VIEW d.v TO d.t\nCOMMENT 'sluice backfill up to t/0:7, t/1:9 [sluice p KafkaPipeline/x]'\n\
             AS SELECT src.a AS a FROM k.t AS src WHERE (src._topic = 't' AND src._partition = 0 AND src._offset < 7) OR \
             (src._topic = 't' AND src._partition = 1 AND src._offset < 9)"
        );
        assert!(text(Some(&UpTo::new())).ends_with("WHERE 0"));
    }
}
