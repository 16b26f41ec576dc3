//! Copying the rows of a table into another one.

use super::statement::Statement;
use crate::model::{Fragment, ObjectName, quote};

/// All rows of a table into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Where the rows are.
    pub from: ObjectName,
    /// Where they are counted after.
    pub to: ObjectName,
    /// What is inserted into, where that is not `to` itself: a Distributed table over `to` on all hosts.
    pub through: Option<ObjectName>,
    /// Every column that is copied, with the expression over the old row that gives its value.
    pub columns: Vec<(String, Fragment)>,
    /// How.
    pub method: CopyMethod,
}

/// How rows are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMethod {
    /// Parts are shared, not written again: both tables have the same columns and keys.
    AttachPartitions,
    /// Partition by partition; one that is already there with the same rows is not copied again.
    ByPartition,
    /// All at once, into an emptied table.
    Whole,
}

impl Copy {
    /// What is run: once, or once a partition.
    pub fn statement(&self) -> Statement {
        let (from, to) = (quote::object(&self.from), quote::object(self.through.as_ref().unwrap_or(&self.to)));
        if self.method == CopyMethod::AttachPartitions {
            return Statement::new(format!("ALTER TABLE {to} REPLACE PARTITION ID {{partition:String}} FROM {from}"));
        }
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quote::identifier(name)).collect();
        let values: Vec<String> = self.columns.iter().map(|(_, value)| value.to_string()).collect();
        let only = match self.method {
            CopyMethod::ByPartition => "\nWHERE _partition_id = {partition:String}",
            CopyMethod::AttachPartitions | CopyMethod::Whole => "",
        };
        Statement::new(format!(
            "INSERT INTO {to}\n    ({})\nSELECT\n    {}\nFROM {from}{only}",
            names.join(", "),
            values.join(",\n    ")
        ))
    }
}
