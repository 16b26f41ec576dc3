//! ALTER TABLE: typed commands to one statement.

use super::change::on_cluster;
use super::create;
use super::statement::Statement;
use crate::model::{Column, Constraint, Fragment, Index, ObjectName, Projection, SettingValue, quote};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One command of an ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlterCommand {
    /// ADD COLUMN.
    AddColumn {
        /// The whole column.
        column: Column,
        /// Where it goes; the end where left out.
        place: Option<Place>,
    },
    /// DROP COLUMN.
    DropColumn(String),
    /// RENAME COLUMN.
    RenameColumn {
        /// Its name now.
        from: String,
        /// Its name after.
        to: String,
    },
    /// MODIFY COLUMN with everything the column has; what it no longer has takes a [`AlterCommand::Remove`].
    ModifyColumn {
        /// The whole column.
        column: Column,
        /// Where it goes; it stays where left out.
        place: Option<Place>,
    },
    /// MODIFY COLUMN … REMOVE.
    Remove {
        /// The column.
        column: String,
        /// What it loses.
        property: ColumnProperty,
    },
    /// MODIFY ORDER BY.
    ModifyOrderBy(Fragment),
    /// MODIFY or REMOVE SAMPLE BY.
    ModifySampleBy(Option<Fragment>),
    /// MODIFY or REMOVE TTL.
    ModifyTtl(Option<Fragment>),
    /// MODIFY SETTING, several in one command: the parser takes a comma after it for another setting.
    ModifySettings(BTreeMap<String, SettingValue>),
    /// RESET SETTING, several in one command.
    ResetSettings(BTreeSet<String>),
    /// ADD INDEX.
    AddIndex(Index),
    /// DROP INDEX.
    DropIndex(String),
    /// MATERIALIZE INDEX, and wait for it.
    MaterializeIndex(String),
    /// ADD PROJECTION.
    AddProjection(Projection),
    /// DROP PROJECTION.
    DropProjection(String),
    /// MATERIALIZE PROJECTION, and wait for it.
    MaterializeProjection(String),
    /// ADD CONSTRAINT.
    AddConstraint(Constraint),
    /// DROP CONSTRAINT.
    DropConstraint(String),
}

impl AlterCommand {
    /// Whether it rewrites parts and changes nothing of the table's definition.
    pub fn is_background(&self) -> bool {
        matches!(self, AlterCommand::MaterializeIndex(_) | AlterCommand::MaterializeProjection(_))
    }

    /// Whether a replica of a replicated table keeps it for itself: it is not copied to the others.
    pub fn is_of_one_replica(&self) -> bool {
        matches!(self, AlterCommand::ModifySettings(_) | AlterCommand::ResetSettings(_))
    }
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Before all others.
    First,
    /// After this one.
    After(String),
}

/// What can be taken from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnProperty {
    /// DEFAULT.
    Default,
    /// MATERIALIZED.
    Materialized,
    /// ALIAS.
    Alias,
    /// EPHEMERAL.
    Ephemeral,
    /// CODEC.
    Codec,
    /// TTL.
    Ttl,
    /// COMMENT.
    Comment,
}

/// One statement with all commands: the server does all of them or none.
pub fn alter(name: &ObjectName, commands: &[AlterCommand], cluster: Option<&str>) -> Statement {
    altering(format!("ALTER TABLE {}{}", quote::object(name), on_cluster(cluster)), commands)
}

/// The same for a temporary table, to see whether the server takes it.
pub fn alter_temporary(name: &str, commands: &[AlterCommand]) -> Statement {
    altering(format!("ALTER TEMPORARY TABLE {}", quote::identifier(name)), commands)
}

fn altering(head: String, commands: &[AlterCommand]) -> Statement {
    let mut statement = Statement::new(head);
    for (i, one) in commands.iter().enumerate() {
        statement.push(if i == 0 { "\n    " } else { ",\n    " });
        command(&mut statement, one);
    }
    // Without it the answer comes before the parts are written.
    if commands.iter().any(AlterCommand::is_background) {
        statement.push("\nSETTINGS mutations_sync = 1");
    }
    statement
}

fn command(statement: &mut Statement, command: &AlterCommand) {
    let name = |n: &String| quote::identifier(n);
    let text = match command {
        AlterCommand::AddColumn { column, place } => format!("ADD COLUMN {}{}", create::column(column), placed(place)),
        AlterCommand::DropColumn(column) => format!("DROP COLUMN {}", name(column)),
        AlterCommand::RenameColumn { from, to } => format!("RENAME COLUMN {} TO {}", name(from), name(to)),
        AlterCommand::ModifyColumn { column, place } => {
            format!("MODIFY COLUMN {}{}", create::column(column), placed(place))
        }
        AlterCommand::Remove { column, property } => {
            format!("MODIFY COLUMN {} REMOVE {}", name(column), property.as_str())
        }
        AlterCommand::ModifyOrderBy(key) => format!("MODIFY ORDER BY {}", create::bracketed(key)),
        AlterCommand::ModifySampleBy(Some(key)) => format!("MODIFY SAMPLE BY {}", create::bracketed(key)),
        AlterCommand::ModifySampleBy(None) => "REMOVE SAMPLE BY".into(),
        AlterCommand::ModifyTtl(Some(ttl)) => format!("MODIFY TTL {ttl}"),
        AlterCommand::ModifyTtl(None) => "REMOVE TTL".into(),
        AlterCommand::ModifySettings(settings) => {
            for (i, (key, value)) in settings.iter().enumerate() {
                statement.push(if i == 0 { "MODIFY SETTING " } else { ", " });
                statement.push(&format!("{} = ", name(key)));
                statement.push_value(value);
            }
            return;
        }
        AlterCommand::ResetSettings(keys) => {
            format!("RESET SETTING {}", keys.iter().map(name).collect::<Vec<_>>().join(", "))
        }
        AlterCommand::AddIndex(index) => format!("ADD {}", create::index(index)),
        AlterCommand::DropIndex(index) => format!("DROP INDEX {}", name(index)),
        AlterCommand::MaterializeIndex(index) => format!("MATERIALIZE INDEX {}", name(index)),
        AlterCommand::AddProjection(projection) => format!("ADD {}", create::projection(projection)),
        AlterCommand::DropProjection(projection) => format!("DROP PROJECTION {}", name(projection)),
        AlterCommand::MaterializeProjection(projection) => format!("MATERIALIZE PROJECTION {}", name(projection)),
        AlterCommand::AddConstraint(constraint) => format!("ADD {}", create::constraint(constraint)),
        AlterCommand::DropConstraint(constraint) => format!("DROP CONSTRAINT {}", name(constraint)),
    };
    statement.push(&text);
}

fn placed(place: &Option<Place>) -> String {
    match place {
        None => String::new(),
        Some(Place::First) => " FIRST".into(),
        Some(Place::After(column)) => format!(" AFTER {}", quote::identifier(column)),
    }
}

impl ColumnProperty {
    fn as_str(self) -> &'static str {
        match self {
            ColumnProperty::Default => "DEFAULT",
            ColumnProperty::Materialized => "MATERIALIZED",
            ColumnProperty::Alias => "ALIAS",
            ColumnProperty::Ephemeral => "EPHEMERAL",
            ColumnProperty::Codec => "CODEC",
            ColumnProperty::Ttl => "TTL",
            ColumnProperty::Comment => "COMMENT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_one_statement_with_quoted_names() {
        let t = ObjectName::new("d", "odd name");
        let commands = [
            AlterCommand::AddColumn { column: Column::new("a b", "UInt8"), place: Some(Place::After("c d".into())) },
            AlterCommand::Remove { column: "e".into(), property: ColumnProperty::Codec },
            AlterCommand::ModifyOrderBy(Fragment::new("a, b")),
            AlterCommand::ModifySettings(BTreeMap::from([
                ("ttl_only_drop_parts".to_owned(), SettingValue::Number("1".into())),
                ("z".to_owned(), SettingValue::Number("2".into())),
            ])),
        ];
        assert_eq!(
            alter(&t, &commands, Some("c")).shown(),
            "ALTER TABLE d.`odd name` ON CLUSTER c\n    ADD COLUMN `a b` UInt8 AFTER `c d`,\n    \
             MODIFY COLUMN e REMOVE CODEC,\n    MODIFY ORDER BY (a, b),\n    \
             MODIFY SETTING ttl_only_drop_parts = 1, z = 2"
        );
        let wait = alter(&t, &[AlterCommand::MaterializeIndex("i".into())], None).shown();
        assert!(wait.ends_with("MATERIALIZE INDEX i\nSETTINGS mutations_sync = 1"), "{wait}");
    }
}
