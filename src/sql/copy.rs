//! Copying the rows of a table into another one.

use super::statement::Statement;
use crate::model::{Fragment, ObjectName, quote};
use serde::{Deserialize, Serialize};

/// The parameter with the partition in statements that are run once a partition.
pub const PARTITION: &str = "param_partition";

/// All rows of a table into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Where the rows are.
    pub from: ObjectName,
    /// Where they are counted after.
    pub to: ObjectName,
    /// What is inserted into, where that is not `to` itself: a Distributed table over `to` on all hosts.
    pub through: Option<ObjectName>,
    /// Every column that is copied, with what gives its value.
    pub columns: Vec<(String, CopiedValue)>,
    /// How.
    pub method: CopyMethod,
    /// How many rows there are on all hosts together, where somebody counted.
    pub rows: Option<u64>,
}

/// What an old row gives a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopiedValue {
    /// A column as it is.
    Same(String),
    /// A column in another type; what does not fit fails the copy.
    Cast {
        /// The column.
        from: String,
        /// Its type now.
        was: Fragment,
        /// Its type after.
        data_type: Fragment,
        /// What stands for NULL, where the new type has none.
        otherwise: Option<Fragment>,
    },
}

/// How rows are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopyMethod {
    /// Parts are shared, not written again: both tables have the same columns and keys.
    AttachPartitions,
    /// Partition by partition; one that is already there with the same rows is not copied again.
    ByPartition,
    /// All at once, into an emptied table.
    Whole,
}

impl CopiedValue {
    /// The expression over the old table.
    pub fn expression(&self) -> String {
        match self {
            CopiedValue::Same(from) => quote::identifier(from),
            CopiedValue::Cast { from, data_type, otherwise, .. } => {
                let column = quote::identifier(from);
                let value = match otherwise {
                    Some(default) => format!("ifNull({column}, {default})"),
                    None => column,
                };
                format!("accurateCast({value}, {})", quote::literal(data_type.as_str()))
            }
        }
    }
}

impl self::Copy {
    /// What is run: once, or once a partition.
    pub fn statement(&self) -> Statement {
        let (from, to) = (quote::object(&self.from), quote::object(self.through.as_ref().unwrap_or(&self.to)));
        if self.method == CopyMethod::AttachPartitions {
            return Statement::new(format!("ALTER TABLE {to} REPLACE PARTITION ID {{partition:String}} FROM {from}"));
        }
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quote::identifier(name)).collect();
        let values: Vec<String> = self.columns.iter().map(|(_, value)| value.expression()).collect();
        Statement::new(format!(
            "INSERT INTO {to}\n    ({})\nSELECT\n    {}\nFROM {from}{}",
            names.join(", "),
            values.join(",\n    "),
            self.only()
        ))
    }

    /// Empties the new table, or its partition.
    pub fn clear(&self) -> String {
        let to = quote::object(&self.to);
        match self.method {
            CopyMethod::ByPartition | CopyMethod::AttachPartitions => {
                format!("ALTER TABLE {to} DROP PARTITION ID {{partition:String}}")
            }
            CopyMethod::Whole => format!("TRUNCATE TABLE {to}"),
        }
    }

    /// `rows` and `checksum` of the old rows as they are to be copied; of one partition where `by_partition`.
    pub fn count_old(&self, by_partition: bool) -> String {
        let values: Vec<String> = self.columns.iter().map(|(_, value)| value.expression()).collect();
        count(&values, &self.from, by_partition)
    }

    /// `rows` and `checksum` of the new rows.
    pub fn count_new(&self, by_partition: bool) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quote::identifier(name)).collect();
        count(&names, &self.to, by_partition)
    }

    fn only(&self) -> &'static str {
        match self.method {
            CopyMethod::ByPartition => "\nWHERE _partition_id = {partition:String}",
            CopyMethod::AttachPartitions | CopyMethod::Whole => "",
        }
    }
}

/// The sum of a hash of every row: the same for the same rows in any order, and a row more or less changes it. Hashed
/// as a tuple: of values side by side one NULL makes the hash NULL, and the sum passes over the row.
fn count(values: &[String], table: &ObjectName, by_partition: bool) -> String {
    let partition = if by_partition { " WHERE _partition_id = {partition:String}" } else { "" };
    format!(
        "SELECT count() AS rows, toString(sum(cityHash64(tuple({})))) AS checksum FROM {}{partition}",
        values.join(", "),
        quote::object(table)
    )
}

/// `partition`, `rows` and `bytes` of each partition of a table.
pub fn partitions(table: &ObjectName) -> String {
    format!(
        "SELECT partition_id AS partition, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts \
         WHERE active AND database = {} AND table = {} GROUP BY partition_id ORDER BY partition_id",
        quote::literal(&table.database),
        quote::literal(&table.table)
    )
}

/// `database`, `name`, `rows`, `bytes`, `partitions` of tables, and `free`, the bytes free on the disks of their
/// storage policy.
pub fn sizes(tables: &[ObjectName]) -> String {
    let pair = |n: &ObjectName| format!("({},{})", quote::literal(&n.database), quote::literal(&n.table));
    let pairs: Vec<String> = tables.iter().map(pair).collect();
    format!(
        "SELECT database, name, ifNull(total_rows, 0) AS rows, ifNull(total_bytes, 0) AS bytes, \
         (SELECT groupArray((database, table, n)) FROM (SELECT database, table, uniqExact(partition_id) AS n \
         FROM system.parts WHERE active AND (database, table) IN ({pairs}) GROUP BY database, table)) AS parts, \
         toUInt64(arrayFirst(p -> (p.1 = database) AND (p.2 = name), parts).3) AS partitions, \
         (SELECT groupArray((policy_name, free)) FROM (SELECT policy_name, sum(free_space) AS free FROM \
         (SELECT policy_name, arrayJoin(disks) AS disk FROM system.storage_policies) AS p \
         INNER JOIN system.disks AS d ON p.disk = d.name GROUP BY policy_name)) AS policies, \
         toUInt64(arrayFirst(p -> p.1 = storage_policy, policies).2) AS free \
         FROM system.tables WHERE (database, name) IN ({pairs})",
        pairs = pairs.join(",")
    )
}

/// `rows` that do not fit. Where `was` is no text they must also come back as they were: digits after the point
/// are not cut off in silence.
pub fn misfits(table: &ObjectName, value: &CopiedValue) -> Option<String> {
    let CopiedValue::Cast { from, was, data_type, otherwise } = value else { return None };
    let column = quote::identifier(from);
    let cast = |value: &str, to: &Fragment| {
        format!(
            "accurateCastOrNull({value}, {})",
            quote::literal(inside(inside(to.as_str(), "LowCardinality"), "Nullable"))
        )
    };
    let new = cast(&column, data_type);
    let text = |t: &Fragment| t.as_str().contains("String");
    let back = if text(was) || text(data_type) {
        String::new()
    } else {
        format!(" OR ifNull({} != {column}, 1)", cast(&new, was))
    };
    let lost = format!("{column} IS NOT NULL AND ({new} IS NULL{back})");
    let null =
        if takes_null(data_type) || otherwise.is_some() { String::new() } else { format!("{column} IS NULL OR ") };
    Some(format!("SELECT countIf({null}{lost}) AS rows FROM {}", quote::object(table)))
}

/// Converts every row and throws the values away: for types that cannot be asked row by row.
pub fn trial(table: &ObjectName, value: &CopiedValue) -> String {
    // What decides nothing is not evaluated: the text of the value does, as far as the server can know.
    format!(
        "SELECT toUInt64(0 * countIf(toString({}) != '')) AS rows FROM {}",
        value.expression(),
        quote::object(table)
    )
}

/// Whether a type has a place for NULL.
pub fn takes_null(data_type: &Fragment) -> bool {
    let bare = inside(data_type.as_str(), "LowCardinality");
    bare.starts_with("Nullable(") || ["Variant(", "Dynamic"].iter().any(|t| bare.starts_with(t))
}

/// `T` of `outer(T)`, and any other type as it is.
fn inside<'a>(data_type: &'a str, outer: &str) -> &'a str {
    let inner = data_type.strip_prefix(outer).and_then(|t| t.trim().strip_prefix('(')?.strip_suffix(')'));
    inner.map_or(data_type, str::trim)
}

/// `rows` that a running statement has written.
pub fn written(query_id: &str) -> String {
    format!("SELECT toUInt64(written_rows) AS rows FROM system.processes WHERE query_id = {}", quote::literal(query_id))
}

/// How the ids of the statements begin that copy into a table.
pub fn query_ids(to: &ObjectName) -> String {
    format!("sluice-copy-{to}-")
}

/// Ends the statements that copy into a table, and what they sent to this host, and waits for their end.
pub fn kill(to: &ObjectName) -> String {
    let ids = quote::literal(&query_ids(to));
    format!("KILL QUERY WHERE startsWith(query_id, {ids}) OR startsWith(initial_query_id, {ids}) SYNC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_null_has_a_hash() {
        let copy = Copy {
            from: ObjectName::new("d", "t"),
            to: ObjectName::new("d", "u"),
            through: None,
            columns: vec![("a".to_owned(), CopiedValue::Same("a".to_owned()))],
            method: CopyMethod::Whole,
            rows: None,
        };
        let counted = "SELECT count() AS rows, toString(sum(cityHash64(tuple(a)))) AS checksum FROM d.";
        assert_eq!(copy.count_old(false), format!("{counted}t"));
        assert_eq!(copy.count_new(false), format!("{counted}u"));
    }
}
