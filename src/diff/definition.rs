//! Two definitions of one object, attribute by attribute.

use super::{Attribute, AttributeChange};
use crate::model::setting::HIDDEN;
use crate::model::{Column, Definition, EngineArg, Fragment, Owner, SettingValue, owner, quote};
use std::collections::BTreeMap;

/// All differences between a desired definition and a live one of the same name. `uuid` is the live
/// object's: Keeper paths hold it where the manifest has `{uuid}`. `renamed` are old names of columns by new ones.
pub fn compare(
    desired: &Definition,
    live: &Definition,
    uuid: &str,
    renamed: &BTreeMap<String, String>,
) -> Vec<AttributeChange> {
    let mut found = Found(Vec::new());
    if desired.is_view() != live.is_view() {
        found.add(Attribute::Kind, Some(live.engine.name.clone()), Some(desired.engine.name.clone()));
        return found.0;
    }
    if let Some(refresh) = &live.refresh {
        let kind = format!("{} REFRESH {refresh}", live.engine.name);
        found.add(Attribute::Kind, Some(kind), Some(desired.engine.name.clone()));
    }
    let (new, old) = (Owner::read(&desired.comment).0, Owner::read(&live.comment).0);
    if new != old {
        found.add(Attribute::Comment, some(old), some(new));
    }
    if desired.is_view() {
        found.fragment(Attribute::Query, desired.query.as_ref(), live.query.as_ref(), Fragment::same);
        if found.0.iter().all(|c| c.attribute != Attribute::Query) {
            outputs(&desired.columns, &live.columns, &mut found);
        }
        let name = |d: &Definition| d.target.as_ref().map(|t| t.to_string());
        if desired.target != live.target {
            found.add(Attribute::Target, name(live), name(desired));
        }
        return found.0;
    }
    columns(&desired.columns, &live.columns, renamed, &mut found);
    if !same_engine(desired, live, uuid) {
        found.add(Attribute::Engine, Some(live.engine.to_string()), Some(desired.engine.to_string()));
    }
    found.fragment(
        Attribute::PartitionBy,
        desired.partition_by.as_ref(),
        live.partition_by.as_ref(),
        Fragment::same_key,
    );
    found.fragment(Attribute::OrderBy, desired.order_by.as_ref(), live.order_by.as_ref(), Fragment::same_key);
    found.fragment(Attribute::PrimaryKey, desired.primary_key.as_ref(), live.primary_key.as_ref(), Fragment::same_key);
    found.fragment(Attribute::SampleBy, desired.sample_by.as_ref(), live.sample_by.as_ref(), Fragment::same_key);
    found.fragment(Attribute::Ttl, desired.ttl.as_ref(), live.ttl.as_ref(), Fragment::same);
    settings(desired, live, &mut found);
    secrets(desired, live, &mut found);
    parts(desired, live, &mut found);
    found.0
}

/// Whether the difference is one although both sides may only be spelled differently: SQL is compared by its letters, so
/// of that only presence counts. A primary key equal to the sorting key may be left out.
pub(super) fn is_proven(change: &AttributeChange) -> bool {
    let present = change.old.is_some() && change.new.is_some();
    match change.attribute {
        Attribute::Kind | Attribute::Comment | Attribute::ColumnOrder | Attribute::Setting(_) | Attribute::Target => {
            true
        }
        Attribute::PrimaryKey | Attribute::Engine => false,
        Attribute::Column(_)
        | Attribute::PartitionBy
        | Attribute::OrderBy
        | Attribute::SampleBy
        | Attribute::Ttl
        | Attribute::Index(_)
        | Attribute::Projection(_)
        | Attribute::Constraint(_)
        | Attribute::Query => !present,
    }
}

struct Found(Vec<AttributeChange>);

impl Found {
    fn add(&mut self, attribute: Attribute, old: Option<String>, new: Option<String>) {
        self.0.push(AttributeChange { attribute, old, new });
    }

    fn fragment(
        &mut self,
        attribute: Attribute,
        desired: Option<&Fragment>,
        live: Option<&Fragment>,
        same: fn(&Fragment, &Fragment) -> bool,
    ) {
        let equal = match (desired, live) {
            (None, None) => true,
            (Some(a), Some(b)) => same(a, b),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !equal {
            self.add(attribute, live.map(Fragment::to_string), desired.map(Fragment::to_string));
        }
    }

    /// Parts with names: each by itself, what one side lacks included.
    fn named<T>(
        &mut self,
        attribute: fn(String) -> Attribute,
        desired: &[T],
        live: &[T],
        name: fn(&T) -> &str,
        same: fn(&T, &T) -> bool,
        shown: fn(&T) -> String,
    ) {
        let by_name = |items: &[T], n: &str| items.iter().position(|i| name(i) == n);
        for new in desired {
            let old = by_name(live, name(new)).map(|i| &live[i]);
            if !old.is_some_and(|old| same(new, old)) {
                self.add(attribute(name(new).to_owned()), old.map(shown), Some(shown(new)));
            }
        }
        for old in live.iter().filter(|old| by_name(desired, name(old)).is_none()) {
            self.add(attribute(name(old).to_owned()), Some(shown(old)), None);
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The columns that a view's query gives against those that it was stored with, where both are known. Their types alone
/// are no difference: rows pass with those of the query's moment into those of the target, whatever is stored.
fn outputs(desired: &[Column], live: &[Column], found: &mut Found) {
    if desired.is_empty() || live.is_empty() {
        return;
    }
    let lacks = |columns: &[Column], column: &Column| !columns.iter().any(|c| c.name == column.name);
    for new in desired.iter().filter(|c| lacks(live, c)) {
        found.add(Attribute::Column(new.name.clone()), None, Some(shown_column(new)));
    }
    for old in live.iter().filter(|c| lacks(desired, c)) {
        found.add(Attribute::Column(old.name.clone()), Some(shown_column(old)), None);
    }
}

fn columns(desired: &[Column], live: &[Column], renamed: &BTreeMap<String, String>, found: &mut Found) {
    let before = found.0.len();
    let has = |columns: &[Column], name: &str| columns.iter().any(|c| c.name == name);
    // Renamed is what has its old name on the server, and nobody else has taken it.
    let renames = renamed.iter().filter(|(new, old)| has(desired, new) && !has(desired, old));
    let renames: BTreeMap<&str, &str> = renames
        .filter(|(new, old)| has(live, old) && !has(live, new))
        .map(|(new, old)| (old.as_str(), new.as_str()))
        .collect();
    for new in desired {
        let old = renames.iter().find(|(_, n)| **n == new.name).and_then(|(o, _)| live.iter().find(|c| c.name == *o));
        if let Some(old) = old {
            let was = format!("{} {}", quote::backquoted(&old.name), shown_column(old));
            found.add(Attribute::Column(new.name.clone()), Some(was), Some(shown_column(new)));
        }
    }
    let pending: Vec<Column> = desired.iter().filter(|c| !renames.values().any(|n| *n == c.name)).cloned().collect();
    let standing: Vec<Column> = live.iter().filter(|c| !renames.contains_key(c.name.as_str())).cloned().collect();
    found.named(Attribute::Column, &pending, &standing, |c| &c.name, same_column, shown_column);
    let order = |columns: &[Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    if found.0.len() == before && order(desired) != order(live) {
        let list = |columns| Some(order(columns).join(", "));
        found.add(Attribute::ColumnOrder, list(live), list(desired));
    }
}

fn same_column(a: &Column, b: &Column) -> bool {
    let both = |x: &Option<Fragment>, y: &Option<Fragment>| match (x, y) {
        (Some(x), Some(y)) => x.same(y),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let default = match (&a.default, &b.default) {
        (Some((k, x)), Some((l, y))) => k == l && both(x, y),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    a.data_type.same(&b.data_type)
        && default
        && both(&a.codec, &b.codec)
        && both(&a.ttl, &b.ttl)
        && a.comment == b.comment
}

fn shown_column(column: &Column) -> String {
    let mut text = column.data_type.to_string();
    if let Some((kind, expression)) = &column.default {
        text.push_str(&format!(" {}", kind.as_str()));
        if let Some(expression) = expression {
            text.push_str(&format!(" {expression}"));
        }
    }
    if let Some(codec) = &column.codec {
        text.push_str(&format!(" CODEC({codec})"));
    }
    if let Some(ttl) = &column.ttl {
        text.push_str(&format!(" TTL {ttl}"));
    }
    if !column.comment.is_empty() {
        text.push_str(&format!(" COMMENT {}", quote::literal(&column.comment)));
    }
    text
}

fn same_engine(desired: &Definition, live: &Definition, uuid: &str) -> bool {
    let (wanted, has) = (&desired.engine, &live.engine);
    if wanted.name != has.name {
        return false;
    }
    if wanted.is_replicated() {
        return same_replicated(desired, live, uuid);
    }
    same_args(&wanted.args, &has.args)
}

fn same_args(a: &[EngineArg], b: &[EngineArg]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

/// The server unfolds `{database}`, `{table}` and `{uuid}` when it creates a replicated table, and writes
/// out its default path where none is given.
fn same_replicated(desired: &Definition, live: &Definition, uuid: &str) -> bool {
    let (address, rest) = desired.engine.replicated_args();
    if !same_args(rest, live.engine.replicated_args().1) {
        return false;
    }
    let unfold = |arg: &EngineArg| match arg {
        EngineArg::Text(text) => EngineArg::Text(
            text.replace("{database}", &live.name.database)
                .replace("{table}", &live.name.table)
                .replace("{uuid}", uuid),
        ),
        EngineArg::Named(..) | EngineArg::Expression(_) => arg.clone(),
    };
    address.iter().zip(&live.engine.args).all(|(a, b)| unfold(a).same(b))
}

fn settings(desired: &Definition, live: &Definition, found: &mut Found) {
    let ignored = |key: &str, value: &SettingValue| {
        let is = |number: &str| value.same(&SettingValue::Number(number.into()));
        // Every MergeTree table has it written out, whoever made it; a Kafka table that says nothing has one consumer, unless
        // a named collection says more.
        let says_all = |d: &Definition| d.engine.name == "Kafka" && d.engine.args.is_empty();
        (desired.engine.is_merge_tree() && key == "index_granularity" && is("8192"))
            || (says_all(desired) && says_all(live) && key == "kafka_num_consumers" && is("1"))
    };
    let plain = |settings: &BTreeMap<String, SettingValue>, key: &str| settings.get(key).map(SettingValue::to_string);
    for (key, new) in &desired.settings {
        let missing_default = !live.settings.contains_key(key) && ignored(key, new);
        if !live.settings.get(key).is_some_and(|old| new.same(old)) && !missing_default {
            found.add(Attribute::Setting(key.clone()), plain(&live.settings, key), Some(new.to_string()));
        }
    }
    for (key, old) in live.settings.iter().filter(|(k, _)| !desired.settings.contains_key(*k)) {
        if !ignored(key, old) {
            found.add(Attribute::Setting(key.clone()), Some(old.to_string()), None);
        }
    }
}

/// Secrets by their seals, where both sides have one: the server hides the values, and here nobody has them.
fn secrets(desired: &Definition, live: &Definition, found: &mut Found) {
    let wanted = desired.secrets();
    let (Some(new), Some(old)) = (owner::seal(&desired.comment), owner::seal(&live.comment)) else { return };
    // With secrets added or taken away the settings themselves differ.
    if wanted.is_empty() || new.len() != old.len() || new.len() % wanted.len() != 0 {
        return;
    }
    let length = new.len() / wanted.len();
    for (i, (key, secret)) in wanted.into_iter().enumerate() {
        let part = i * length..(i + 1) * length;
        let told = found.0.iter().any(|c| c.attribute == Attribute::Setting(key.to_owned()));
        if new.get(part.clone()) != old.get(part) && !told {
            let (old, new) = (Some(HIDDEN.to_owned()), Some(format!("{secret}, whose value changed")));
            found.add(Attribute::Setting(key.to_owned()), old, new);
        }
    }
}

fn parts(desired: &Definition, live: &Definition, found: &mut Found) {
    found.named(
        Attribute::Index,
        &desired.indexes,
        &live.indexes,
        |i| &i.name,
        |a, b| {
            let granularity = |g: Option<u64>| g.unwrap_or(1);
            a.expression.same_key(&b.expression)
                && a.index_type.same(&b.index_type)
                && granularity(a.granularity) == granularity(b.granularity)
        },
        |i| format!("{} TYPE {} GRANULARITY {}", i.expression, i.index_type, i.granularity.unwrap_or(1)),
    );
    found.named(
        Attribute::Projection,
        &desired.projections,
        &live.projections,
        |p| &p.name,
        |a, b| a.query.same(&b.query),
        |p| p.query.to_string(),
    );
    found.named(
        Attribute::Constraint,
        &desired.constraints,
        &live.constraints,
        |c| &c.name,
        |a, b| a.assume == b.assume && a.expression.same(&b.expression),
        |c| format!("{} {}", if c.assume { "ASSUME" } else { "CHECK" }, c.expression),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DefaultKind, Engine, Index, ObjectName, SecretRef};

    fn table() -> Definition {
        let engine = Engine::plain("MergeTree");
        Definition {
            columns: vec![Column::new("a", "Int32"), Column::new("b", "String")],
            order_by: Some(Fragment::new("a, b")),
            ..Definition::new(ObjectName::new("d", "t"), engine)
        }
    }

    fn changed(change: impl FnOnce(&mut Definition)) -> Vec<String> {
        let mut live = table();
        change(&mut live);
        let shown = |c: AttributeChange| {
            format!("{}: {} -> {}", c.attribute, c.old.unwrap_or("-".into()), c.new.unwrap_or("-".into()))
        };
        compare(&table(), &live, "u-1", &BTreeMap::new()).into_iter().map(shown).collect()
    }

    #[test]
    fn every_attribute_is_compared() {
        assert_eq!(changed(|_| ()), [""; 0]);
        assert_eq!(changed(|d| d.columns[0].data_type = Fragment::new("Int64")), ["column a: Int64 -> Int32"]);
        assert_eq!(changed(|d| d.columns.swap(0, 1)), ["order of columns: b, a -> a, b"]);
        assert_eq!(changed(|d| d.columns.push(Column::new("c", "Date"))), ["column c: Date -> -"]);
        let default = |d: &mut Definition| d.columns[1].default = Some((DefaultKind::Alias, Some(Fragment::new("1"))));
        assert_eq!(changed(default), ["column b: String ALIAS 1 -> String"]);
        assert_eq!(changed(|d| d.columns[1].comment = "x".into()), ["column b: String COMMENT 'x' -> String"]);
        assert_eq!(changed(|d| d.order_by = Some(Fragment::new("(a, b)"))), [""; 0]);
        assert_eq!(changed(|d| d.order_by = Some(Fragment::new("b"))), ["orderBy: b -> a, b"]);
        assert_eq!(changed(|d| d.ttl = Some(Fragment::new("x"))), ["ttl: x -> -"]);
        assert_eq!(changed(|d| d.sample_by = Some(Fragment::new("a"))), ["sampleBy: a -> -"]);
        assert_eq!(changed(|d| d.primary_key = Some(Fragment::new("a"))), ["primaryKey: a -> -"]);
        assert_eq!(changed(|d| d.partition_by = Some(Fragment::new("a"))), ["partitionBy: a -> -"]);
        assert_eq!(changed(|d| d.engine.name = "Null".into()), ["engine: Null -> MergeTree"]);
        assert_eq!(changed(|d| d.comment = "mine [sluice p r]".into()), ["comment: mine -> -"]);
        assert_eq!(changed(|d| d.comment = "[sluice p r]".into()), [""; 0]);
        let index = |d: &mut Definition| {
            let (name, index_type) = ("i".to_owned(), Fragment::new("minmax"));
            d.indexes.push(Index { name, expression: Fragment::new("a"), index_type, granularity: None });
        };
        assert_eq!(changed(index), ["index i: a TYPE minmax GRANULARITY 1 -> -"]);
        let set =
            |d: &mut Definition, v: &str| d.settings.insert("index_granularity".into(), SettingValue::Number(v.into()));
        assert_eq!(changed(|d| drop(set(d, "8192"))), [""; 0]);
        assert_eq!(changed(|d| drop(set(d, "1024"))), ["setting index_granularity: 1024 -> -"]);
    }

    #[test]
    fn a_view_that_fills_its_target_by_the_clock_is_another_kind() {
        let view = Definition { refresh: Some(Fragment::new("EVERY 1 HOUR")), ..table() };
        let found = compare(&table(), &view, "u", &BTreeMap::new());
        assert_eq!((found[0].attribute.clone(), found.len()), (Attribute::Kind, 1));
        assert_eq!(found[0].old.as_deref(), Some("MergeTree REFRESH EVERY 1 HOUR"));
    }

    #[test]
    fn what_may_be_a_spelling_is_no_proof() {
        let change = |attribute, old: &str, new: &str| {
            let side = |s: &str| (!s.is_empty()).then(|| s.to_owned());
            is_proven(&AttributeChange { attribute, old: side(old), new: side(new) })
        };
        assert!(change(Attribute::Setting("s".into()), "1", "2"));
        assert!(change(Attribute::Column("c".into()), "Int8", "") && change(Attribute::Ttl, "", "d"));
        assert!(!change(Attribute::Query, "SELECT lower(a)", "SELECT lcase(a)"));
        assert!(!change(Attribute::Column("c".into()), "Int8 DEFAULT 2", "Int8 DEFAULT 1 + 1"));
        assert!(!change(Attribute::PrimaryKey, "", "a") && !change(Attribute::Engine, "X(a)", "X(b)"));
    }

    #[test]
    fn a_changed_secret_is_known_by_its_seal_alone() {
        let kafka = |comment: &str| Definition {
            settings: ["a", "b"].map(|k| (k.to_owned(), SettingValue::Secret(SecretRef::FromEnv(k.into())))).into(),
            comment: comment.into(),
            ..Definition::new(ObjectName::new("d", "k"), Engine::plain("Kafka"))
        };
        let live = |comment: &str| Definition {
            settings: ["a", "b"].map(|k| (k.to_owned(), SettingValue::Text(HIDDEN.into()))).into(),
            ..kafka(comment)
        };
        let changed = |old: &str, new: &str| {
            let mark = |seal: &str| format!("[sluice p r{seal}]");
            let found = compare(&kafka(&mark(new)), &live(&mark(old)), "u", &BTreeMap::new());
            found.into_iter().map(|c| format!("{}: {}", c.attribute, c.new.unwrap_or_default())).collect::<Vec<_>>()
        };
        assert_eq!(changed(" secrets=aaabbb", " secrets=aaabbb"), [""; 0]);
        let expected = ["setting b: <secret fromEnv b>, whose value changed"];
        assert_eq!(changed(" secrets=aaabbb", " secrets=aaabbc"), expected);
        // Where either is not known, nothing is claimed.
        assert_eq!(changed("", " secrets=aaabbc"), [""; 0]);
        assert_eq!(changed(" secrets=aaabbb", ""), [""; 0]);
    }

    #[test]
    fn keeper_paths_are_compared_with_their_macros_unfolded() {
        let replicated = |path: &str| Definition {
            engine: Engine {
                name: "ReplicatedMergeTree".into(),
                args: vec![EngineArg::Text(path.into()), EngineArg::Text("{replica}".into())],
            },
            ..table()
        };
        let live = replicated("/t/{shard}/d/t/u-1");
        assert_eq!(compare(&replicated("/t/{shard}/{database}/{table}/{uuid}"), &live, "u-1", &BTreeMap::new()), []);
        assert_eq!(
            compare(&replicated("/t/{shard}/{database}/{table}/{uuid}"), &live, "u-2", &BTreeMap::new()).len(),
            1
        );
        let bare = Definition { engine: Engine::plain("ReplicatedMergeTree"), ..table() };
        assert_eq!(compare(&bare, &live, "u-1", &BTreeMap::new()), []);
    }
}
