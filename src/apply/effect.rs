//! What a statement leaves to be seen on a host, where somebody else carried it there.

use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use crate::model::ObjectName;
use crate::model::create::parse_create;
use crate::plan::TableAction;
use crate::sql::{AlterCommand, read};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What an action is about, as it stands on a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen(BTreeMap<ObjectName, Object>);

/// A database, a table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Object {
    database: String,
    /// Empty for the database itself.
    name: String,
    uuid: String,
    statement: String,
}

/// Whether a host shows what an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It does.
    Shown,
    /// It does not.
    NotShown,
    /// The action leaves nothing to be seen.
    Unseen,
}

/// Looks at what an action is about.
///
/// # Errors
/// The host does not answer or refuses.
pub(super) async fn look(reader: &ClickHouseReader, action: &TableAction) -> Result<Seen, ClickHouseError> {
    let question = match action {
        TableAction::CreateDatabase { name } => read::database(name),
        TableAction::Copy(_) | TableAction::Fill(_) | TableAction::Flush { .. } | TableAction::StartMerges { .. } => {
            return Ok(Seen::default());
        }
        TableAction::Create(definition) => read::standing(std::slice::from_ref(&definition.name)),
        TableAction::CreateFillingView(filling) => read::standing(std::slice::from_ref(&filling.view.name)),
        TableAction::Comment { name, .. }
        | TableAction::Alter { name, .. }
        | TableAction::ModifyQuery { name, .. }
        | TableAction::Drop { name, .. } => read::standing(std::slice::from_ref(name)),
        TableAction::Exchange { left, right } => read::standing(&[left.clone(), right.clone()]),
        TableAction::Rename { pairs } => {
            let names: Vec<ObjectName> = pairs.iter().flat_map(|(from, to)| [from.clone(), to.clone()]).collect();
            read::standing(&names)
        }
    };
    let rows: Vec<Object> = reader.rows(&question).await?;
    Ok(Seen(rows.into_iter().map(|o| (ObjectName::new(&o.database, &o.name), o)).collect()))
}

/// What has come of an action between two looks.
pub(super) fn effect(action: &TableAction, before: &Seen, after: &Seen) -> Effect {
    let shown = match action {
        TableAction::Copy(_) | TableAction::Fill(_) | TableAction::Flush { .. } | TableAction::StartMerges { .. } => {
            return Effect::Unseen;
        }
        TableAction::Alter { commands, .. } if commands.iter().all(AlterCommand::is_background) => {
            return Effect::Unseen;
        }
        TableAction::CreateDatabase { .. } => !after.0.is_empty(),
        TableAction::Create(definition) => after.0.contains_key(&definition.name),
        TableAction::CreateFillingView(filling) => after.0.contains_key(&filling.view.name),
        TableAction::Comment { name, comment, .. } => {
            let stands = after.0.get(name).and_then(|o| parse_create(&o.statement).ok());
            stands.is_some_and(|definition| definition.comment == *comment)
        }
        TableAction::Alter { name, .. } | TableAction::ModifyQuery { name, .. } => {
            let statement = |seen: &Seen| seen.0.get(name).map(|o| o.statement.clone());
            statement(after).is_some() && statement(after) != statement(before)
        }
        TableAction::Exchange { left, right } => moved(right, left, before, after) && moved(left, right, before, after),
        TableAction::Rename { pairs } => pairs.iter().all(|(from, to)| moved(from, to, before, after)),
        TableAction::Drop { name, .. } => !after.0.contains_key(name),
    };
    if shown { Effect::Shown } else { Effect::NotShown }
}

/// Whether what had one name has the other one now.
fn moved(from: &ObjectName, to: &ObjectName, before: &Seen, after: &Seen) -> bool {
    match (before.0.get(from), after.0.get(to)) {
        (Some(was), Some(is)) => was.uuid == is.uuid,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Definition;

    fn seen(objects: &[(&str, &str, &str)]) -> Seen {
        let object = |(name, uuid, statement): &(&str, &str, &str)| Object {
            database: "d".into(),
            name: (*name).into(),
            uuid: (*uuid).into(),
            statement: (*statement).into(),
        };
        Seen(objects.iter().map(|o| (ObjectName::new("d", o.0), object(o))).collect())
    }

    fn name(table: &str) -> ObjectName {
        ObjectName::new("d", table)
    }

    fn shown(action: &TableAction, before: &[(&str, &str, &str)], after: &[(&str, &str, &str)]) -> bool {
        match effect(action, &seen(before), &seen(after)) {
            Effect::Shown => true,
            Effect::NotShown => false,
            Effect::Unseen => panic!("{action:?} leaves something to be seen"),
        }
    }

    const T: (&str, &str, &str) = ("t", "1", "CREATE TABLE d.t (a Int8) ENGINE = Memory");

    #[test]
    fn what_is_made_is_there_and_what_is_dropped_is_not() {
        let create = TableAction::Create(Box::new(Definition { name: name("t"), ..parse_create(T.2).unwrap() }));
        assert!(shown(&create, &[], &[T]) && !shown(&create, &[], &[]));
        let drop = TableAction::Drop { name: name("t"), is_view: false, sync: true };
        assert!(shown(&drop, &[T], &[]) && !shown(&drop, &[T], &[T]));
        let database = TableAction::CreateDatabase { name: "d".into() };
        assert!(shown(&database, &[], &[("", "", "")]) && !shown(&database, &[], &[]));
    }

    #[test]
    fn a_change_is_another_text_and_a_comment_is_the_one_asked_for() {
        let changed = ("t", "1", "CREATE TABLE d.t (a Int8, b Int8) ENGINE = Memory COMMENT 'c'");
        let alter = TableAction::Alter { name: name("t"), commands: vec![AlterCommand::DropColumn("b".into())] };
        assert!(shown(&alter, &[T], &[changed]) && !shown(&alter, &[T], &[T]) && !shown(&alter, &[T], &[]));
        let comment = |comment: &str| TableAction::Comment { name: name("t"), comment: comment.into(), adopts: false };
        assert!(shown(&comment("c"), &[T], &[changed]) && !shown(&comment("d"), &[T], &[changed]));
    }

    #[test]
    fn an_exchange_is_seen_by_who_has_which_name() {
        let (other, text) = (("u", "2", ""), "");
        let exchange = TableAction::Exchange { left: name("t"), right: name("u") };
        assert!(shown(&exchange, &[T, other], &[("t", "2", text), ("u", "1", text)]));
        assert!(!shown(&exchange, &[T, other], &[T, other]));
    }

    #[test]
    fn a_rename_is_seen_at_its_end() {
        let rename = |pairs: &[(&str, &str)]| TableAction::Rename {
            pairs: pairs.iter().map(|(from, to)| (name(from), name(to))).collect(),
        };
        assert!(shown(&rename(&[("t", "u")]), &[T], &[("u", "1", "")]) && !shown(&rename(&[("t", "u")]), &[T], &[T]));
        let swap = rename(&[("t", "old"), ("next", "t")]);
        let (before, after) = ([T, ("next", "2", "")], [("old", "1", ""), ("t", "2", "")]);
        assert!(shown(&swap, &before, &after) && !shown(&swap, &before, &before));
    }

    #[test]
    fn nothing_is_seen_of_a_flush() {
        let flush = TableAction::Flush { name: name("t") };
        assert_eq!(effect(&flush, &Seen::default(), &Seen::default()), Effect::Unseen);
    }
}
