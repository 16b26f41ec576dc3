//! From the differences of a table to the ALTER statements that make them good, or the reason why none can.

use super::widening::widens;
use crate::diff::{Attribute, AttributeChange};
use crate::model::{Column, DefaultKind, Definition, DesiredObject, SettingValue};
use crate::sql::{AlterCommand, ColumnProperty, Place};
use std::collections::{BTreeMap, BTreeSet};

/// How a table is altered. Statements in the order in which they are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Alteration {
    /// What can be done while the views still write as before, or stand still.
    pub first: Vec<Vec<AlterCommand>>,
    /// Columns that go: after the views have let go of them.
    pub last: Vec<AlterCommand>,
}

impl Alteration {
    /// Whether columns come, go, or change their name or type: what a view writes no longer fits.
    pub fn moves_columns(&self, live: &Definition) -> bool {
        let retyped = |column: &Column| {
            let old = live.columns.iter().find(|c| c.name == column.name);
            old.is_none_or(|old| !old.data_type.same(&column.data_type))
        };
        let moves = |command: &AlterCommand| match command {
            AlterCommand::AddColumn { column, .. } => column.is_insertable(),
            AlterCommand::RenameColumn { .. } => true,
            AlterCommand::ModifyColumn { column, .. } => retyped(column),
            AlterCommand::DropColumn(_)
            | AlterCommand::Remove { .. }
            | AlterCommand::ModifyOrderBy(_)
            | AlterCommand::ModifySampleBy(_)
            | AlterCommand::ModifyTtl(_)
            | AlterCommand::ModifySettings(_)
            | AlterCommand::ResetSettings(_)
            | AlterCommand::AddIndex(_)
            | AlterCommand::DropIndex(_)
            | AlterCommand::MaterializeIndex(_)
            | AlterCommand::AddProjection(_)
            | AlterCommand::DropProjection(_)
            | AlterCommand::MaterializeProjection(_)
            | AlterCommand::AddConstraint(_)
            | AlterCommand::DropConstraint(_) => false,
        };
        !self.last.is_empty() || self.first.iter().flatten().any(moves)
    }
}

/// Why no ALTER makes a change good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoAlter(pub Attribute);

/// The ALTER statements that turn `live` into the desired table. `desired` is the object's definition in the server's
/// words, where they are known: the author's may differ and mean the same.
///
/// # Errors
/// The first attribute that no ALTER changes, as far as the definitions tell. What the server refuses beyond that
/// is found by asking it (`reconcile`).
pub(super) fn alteration(
    object: &DesiredObject,
    desired: &Definition,
    live: &Definition,
    changes: &[AttributeChange],
) -> Result<Alteration, NoAlter> {
    let mut parts = Parts::default();
    for change in changes {
        match &change.attribute {
            Attribute::Comment => {}
            Attribute::Column(_) | Attribute::ColumnOrder => {}
            Attribute::Kind
            | Attribute::Engine
            | Attribute::PartitionBy
            | Attribute::PrimaryKey
            | Attribute::Query
            | Attribute::Target => return Err(NoAlter(change.attribute.clone())),
            Attribute::OrderBy => {
                let key = desired.order_by.clone().ok_or(NoAlter(Attribute::OrderBy))?;
                parts.order_by.push(AlterCommand::ModifyOrderBy(key));
            }
            Attribute::SampleBy => parts.order_by.push(AlterCommand::ModifySampleBy(desired.sample_by.clone())),
            Attribute::Ttl => parts.ttl.push(AlterCommand::ModifyTtl(desired.ttl.clone())),
            Attribute::Setting(key) => match desired.settings.get(key) {
                Some(value) => drop(parts.settings.insert(key.clone(), value.clone())),
                None => drop(parts.resets.insert(key.clone())),
            },
            Attribute::Index(name) => {
                let new = desired.indexes.iter().find(|i| i.name == *name).cloned();
                parts.part(
                    change,
                    AlterCommand::DropIndex(name.clone()),
                    new.map(AlterCommand::AddIndex),
                    object.materialize.contains(name).then(|| AlterCommand::MaterializeIndex(name.clone())),
                );
            }
            Attribute::Projection(name) => {
                let new = desired.projections.iter().find(|p| p.name == *name).cloned();
                parts.part(
                    change,
                    AlterCommand::DropProjection(name.clone()),
                    new.map(AlterCommand::AddProjection),
                    object.materialize.contains(name).then(|| AlterCommand::MaterializeProjection(name.clone())),
                );
            }
            Attribute::Constraint(name) => {
                let new = desired.constraints.iter().find(|c| c.name == *name).cloned();
                let drop = AlterCommand::DropConstraint(name.clone());
                parts.part(change, drop, new.map(AlterCommand::AddConstraint), None);
            }
        }
    }
    let moves = changes.iter().any(|c| matches!(c.attribute, Attribute::Column(_) | Attribute::ColumnOrder));
    let mut last = Vec::new();
    if moves {
        columns(object, desired, live, &mut parts, &mut last)?;
    }
    Ok(Alteration { first: parts.statements(), last })
}

/// Commands by the statement they go into.
#[derive(Default)]
struct Parts {
    renames: Vec<AlterCommand>,
    dropped: Vec<AlterCommand>,
    columns: Vec<AlterCommand>,
    order_by: Vec<AlterCommand>,
    settings: BTreeMap<String, SettingValue>,
    resets: BTreeSet<String>,
    ttl: Vec<AlterCommand>,
    added: Vec<AlterCommand>,
    materialized: Vec<AlterCommand>,
}

impl Parts {
    fn part(
        &mut self,
        change: &AttributeChange,
        drop: AlterCommand,
        add: Option<AlterCommand>,
        materialize: Option<AlterCommand>,
    ) {
        if change.old.is_some() {
            self.dropped.push(drop);
        }
        if add.is_some() {
            self.materialized.extend(materialize);
        }
        self.added.extend(add);
    }

    /// A column cannot be renamed and modified in one statement, and after settings or a TTL the parser takes a comma
    /// for more of them: so these stand alone.
    fn statements(self) -> Vec<Vec<AlterCommand>> {
        let shape = [self.dropped, self.columns, self.order_by].concat();
        let settings = (!self.settings.is_empty()).then_some(AlterCommand::ModifySettings(self.settings));
        let resets = (!self.resets.is_empty()).then_some(AlterCommand::ResetSettings(self.resets));
        let (settings, resets) = (settings.into_iter().collect(), resets.into_iter().collect());
        let all = [self.renames, shape, settings, resets, self.ttl, self.added, self.materialized];
        all.into_iter().filter(|s| !s.is_empty()).collect()
    }
}

/// Renames, additions, modifications and moves, so that the live columns end in the desired order; what goes is
/// put into `last`.
fn columns(
    object: &DesiredObject,
    desired: &Definition,
    live: &Definition,
    parts: &mut Parts,
    last: &mut Vec<AlterCommand>,
) -> Result<(), NoAlter> {
    let desired = &desired.columns;
    let mut order: Vec<String> = live.columns.iter().map(|c| c.name.clone()).collect();
    let mut old_of = |new: &Column| -> Option<Column> {
        if let Some(old) = live.columns.iter().find(|c| c.name == new.name) {
            return Some(old.clone());
        }
        let from = object.renamed_columns.get(&new.name)?;
        let old = live.columns.iter().find(|c| c.name == *from)?;
        if desired.iter().any(|c| c.name == *from) {
            return None;
        }
        parts.renames.push(AlterCommand::RenameColumn { from: from.clone(), to: new.name.clone() });
        order.iter_mut().filter(|n| *n == from).for_each(|n| n.clone_from(&new.name));
        Some(Column { name: new.name.clone(), ..old.clone() })
    };
    let olds: Vec<Option<Column>> = desired.iter().map(&mut old_of).collect();
    let kept = |name: &String| desired.iter().any(|c| c.name == *name);
    last.extend(order.iter().filter(|n| !kept(n)).cloned().map(AlterCommand::DropColumn));
    order.retain(kept);
    for (i, (new, old)) in desired.iter().zip(&olds).enumerate() {
        let place = match i.checked_sub(1) {
            None => Place::First,
            Some(before) => Place::After(desired[before].name.clone()),
        };
        let stands = order.get(i) == Some(&new.name);
        match old {
            None => {
                order.insert(i.min(order.len()), new.name.clone());
                parts.columns.push(AlterCommand::AddColumn { column: new.clone(), place: Some(place) });
            }
            Some(old) => {
                modify(object, new, old, (!stands).then_some(place), &mut parts.columns)?;
                order.retain(|n| *n != new.name);
                order.insert(i.min(order.len()), new.name.clone());
            }
        }
    }
    Ok(())
}

fn modify(
    object: &DesiredObject,
    new: &Column,
    old: &Column,
    place: Option<Place>,
    commands: &mut Vec<AlterCommand>,
) -> Result<(), NoAlter> {
    let retyped = !new.data_type.same(&old.data_type);
    // Tables without rows of their own take any type.
    if retyped && object.definition.holds_rows() && !widens(old.data_type.as_str(), new.data_type.as_str()) {
        return Err(NoAlter(Attribute::Column(new.name.clone())));
    }
    let default = |c: &Column| c.default.as_ref().map(|(kind, _)| *kind);
    let mut lost = Vec::new();
    if let (Some(kind), None) = (default(old), default(new)) {
        lost.push(match kind {
            DefaultKind::Default => ColumnProperty::Default,
            DefaultKind::Materialized => ColumnProperty::Materialized,
            DefaultKind::Alias => ColumnProperty::Alias,
            DefaultKind::Ephemeral => ColumnProperty::Ephemeral,
        });
    }
    if old.codec.is_some() && new.codec.is_none() {
        lost.push(ColumnProperty::Codec);
    }
    if old.ttl.is_some() && new.ttl.is_none() {
        lost.push(ColumnProperty::Ttl);
    }
    if !old.comment.is_empty() && new.comment.is_empty() {
        lost.push(ColumnProperty::Comment);
    }
    let removals = lost.into_iter().map(|property| AlterCommand::Remove { column: new.name.clone(), property });
    commands.extend(removals);
    let same = |a: &Option<crate::model::Fragment>, b: &Option<crate::model::Fragment>| match (a, b) {
        (Some(a), Some(b)) => a.same(b),
        (None, _) => true,
        (Some(_), None) => false,
    };
    let same_default = match (&new.default, &old.default) {
        (Some((k, x)), Some((l, y))) => k == l && same(x, y),
        (None, _) => true,
        (Some(_), None) => false,
    };
    let gains = !same_default
        || !same(&new.codec, &old.codec)
        || !same(&new.ttl, &old.ttl)
        || !new.comment.is_empty() && new.comment != old.comment;
    if retyped || gains || place.is_some() {
        commands.push(AlterCommand::ModifyColumn { column: new.clone(), place });
    }
    Ok(())
}
