//! How a view fills its table, in each of the forms in which a manifest can say it.

use super::query::{self, Simple};
use super::spec::{Column, Target};
use super::table;
use crate::model::{Definition, Fragment, ObjectName};
use std::collections::BTreeMap;

/// The view of a target.
#[derive(Debug, Clone)]
pub struct Way {
    pub view: ObjectName,
    /// Its SELECT.
    pub query: String,
    /// What it reads.
    pub from: ObjectName,
    /// Types of what it reads, by name.
    pub wire: BTreeMap<String, String>,
    /// Rows in error are left out by the compiler.
    pub marked: bool,
    /// The target without what the view gives it; of a table of somebody else its columns too.
    pub bare: Target,
    /// Expressions that stand for themselves, since the compiler converts in another way.
    pub plain: BTreeMap<String, String>,
}

impl Way {
    /// The target in every form that may be right, the one that reads best first.
    pub fn forms(&self) -> Vec<Target> {
        let mut forms: Vec<Target> = Vec::new();
        if let Some(simple) = Simple::read(&self.query) {
            let filters = match (&simple.filter, self.marked) {
                (None, _) => vec![None],
                (Some(filter), true) => query::without_reason(filter),
                (Some(filter), false) => vec![Some(filter.clone())],
            };
            let made = filters.into_iter().filter_map(|filter| self.by_columns(&simple, filter));
            forms.extend(made);
        }
        let written = query::written(&self.query, &self.from);
        for text in [&written, &self.query] {
            let select = Some(query::lines(text));
            if forms.iter().any(|f| f.select == select) {
                continue;
            }
            let mut target = Target { select, ..self.bare.clone() };
            if target.external {
                target.columns.clear();
            }
            forms.push(target);
        }
        forms
    }

    /// Every column with where its value comes from. `None` where columns cannot say it.
    fn by_columns(&self, simple: &Simple, filter: Option<String>) -> Option<Target> {
        let mut target = self.bare.clone();
        if simple.items.iter().any(|(_, name)| !target.columns.iter().any(|c| c.name == *name)) {
            return None;
        }
        if target.external {
            target.columns.retain(|c| simple.value(&c.name).is_some());
        }
        for column in &mut target.columns {
            match simple.value(&column.name) {
                Some(value) => self.fill(column, value),
                None if computed(column) => {}
                None => return None,
            }
        }
        target.filter = filter.map(|f| query::unqualified(&f));
        Some(target)
    }

    fn fill(&self, column: &mut Column, value: &str) {
        let read = query::unqualified(value);
        let bare = Fragment::new(&read).same(&Fragment::new(crate::model::quote::identifier(&column.name)));
        let wire = self.wire.get(&column.name);
        if let Some(expression) = self.plain.get(&column.name) {
            column.expression = Some(expression.clone());
        } else if bare && !computed(column) && wire.is_none_or(|w| *w == column.data_type) {
        } else if let Some(wire) = wire {
            column.from = Some(wire.clone());
        } else {
            column.expression = Some(read);
        }
    }

    /// Takes values as they are where the compiler made others of them.
    pub fn settle(&mut self, made: &str) {
        let (Some(live), Some(made)) = (Simple::read(&self.query), Simple::read(made)) else { return };
        for (value, name) in &live.items {
            let same = made.value(name).is_some_and(|m| Fragment::new(m).same(&Fragment::new(value)));
            if !same {
                self.plain.insert(name.clone(), query::unqualified(value));
            }
        }
    }
}

/// A table of somebody else, as far as a view that fills it is concerned.
pub fn external(name: &ObjectName, definition: Option<&Definition>) -> Target {
    let columns = definition.into_iter().flat_map(|d| &d.columns);
    let plain = |c: &crate::model::Column| Column {
        name: c.name.clone(),
        data_type: c.data_type.as_str().to_owned(),
        ..Column::default()
    };
    Target { table: name.to_string(), external: true, columns: columns.map(plain).collect(), ..Target::default() }
}

/// The types that a view finds in a table.
pub fn types(definition: &Definition) -> BTreeMap<String, String> {
    definition.columns.iter().map(|c| (c.name.clone(), c.data_type.as_str().to_owned())).collect()
}

fn computed(column: &Column) -> bool {
    column.default.is_some() || column.materialized.is_some() || column.alias.is_some() || column.ephemeral.is_some()
}

/// A target's own tables: the name that readers use, the table with the rows, and the Distributed one.
pub struct Tables {
    pub table: ObjectName,
    pub local: ObjectName,
    pub distributed: Option<ObjectName>,
}

/// The target of a view without what the view gives it.
pub fn bare(tables: &Tables, writes: &ObjectName, stock: &super::stock::Stock, engine: &str) -> Option<Target> {
    let local = stock.get(&tables.local)?;
    let over = tables.distributed.as_ref().and_then(|d| stock.get(d));
    let told = over.and_then(|d| super::stock::argument(d, 0));
    let cluster = stock.cluster_of(&tables.local, told.as_deref());
    let mut target = table::local(local, engine);
    target.table = tables.table.to_string();
    target.distributed = match over {
        Some(over) => table::distributed(table::over(over, cluster.as_deref(), stock)),
        None if stock.is_spread() => Some(super::spec::Distributed::None("none")),
        None => None,
    };
    let usual = if over.is_some() { tables.table.with_suffix("_local") } else { tables.table.clone() };
    let names = super::spec::Names { view: None, local: (tables.local != usual).then(|| tables.local.to_string()) };
    target.names = (names != super::spec::Names::default()).then_some(names);
    target.writes = (over.is_some() && *writes == tables.local).then_some("local");
    target.cluster = cluster;
    Some(target)
}
