//! A CREATE statement as data: what the compiler wants an object to be and what the server says it is,
//! in one type, so that the two are compared field by field.

use super::name::ObjectName;
use super::secret::SecretRef;
use super::setting::SettingValue;
use super::token::Fragment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A table or a materialized view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Where it lives.
    pub name: ObjectName,
    /// Columns in order. Of a view: the list the server inferred (live), or empty (desired).
    pub columns: Vec<Column>,
    /// Data skipping indexes, in order.
    pub indexes: Vec<Index>,
    /// Projections, in order.
    pub projections: Vec<Projection>,
    /// CHECK and ASSUME constraints, in order.
    pub constraints: Vec<Constraint>,
    /// Engine with its arguments; `MaterializedView` for a view.
    pub engine: Engine,
    /// PARTITION BY.
    pub partition_by: Option<Fragment>,
    /// ORDER BY.
    pub order_by: Option<Fragment>,
    /// PRIMARY KEY, where it is written.
    pub primary_key: Option<Fragment>,
    /// SAMPLE BY.
    pub sample_by: Option<Fragment>,
    /// Table TTL.
    pub ttl: Option<Fragment>,
    /// SETTINGS by name.
    pub settings: BTreeMap<String, SettingValue>,
    /// The whole comment, owner mark included.
    pub comment: String,
    /// A view's SELECT.
    pub query: Option<Fragment>,
    /// The table a view inserts into.
    pub target: Option<ObjectName>,
    /// REFRESH of a view with all that belongs to it: such a view fills its target by the clock, not by what arrives.
    pub refresh: Option<Fragment>,
    /// Clauses that no manifest asks for and that a server has, each with what it is about.
    pub beyond: Vec<String>,
}

impl Definition {
    /// A definition with an engine and nothing else.
    pub fn new(name: ObjectName, engine: Engine) -> Self {
        Self {
            name,
            columns: Vec::new(),
            indexes: Vec::new(),
            projections: Vec::new(),
            constraints: Vec::new(),
            engine,
            partition_by: None,
            order_by: None,
            primary_key: None,
            sample_by: None,
            ttl: None,
            settings: BTreeMap::new(),
            comment: String::new(),
            query: None,
            target: None,
            refresh: None,
            beyond: Vec::new(),
        }
    }

    /// `Kafka('broker', 'topic', 'group', 'format')` with settings in place of the arguments, as everybody else writes it:
    /// to the server both are the same.
    pub fn arguments_as_settings(mut self) -> Self {
        const NAMES: [&str; 4] = ["kafka_broker_list", "kafka_topic_list", "kafka_group_name", "kafka_format"];
        let text = |arg: &EngineArg| match arg {
            EngineArg::Text(text) => Some(text.clone()),
            EngineArg::Named(..) | EngineArg::Expression(_) => None,
        };
        let texts: Option<Vec<String>> = self.engine.args.iter().map(text).collect();
        if let Some(texts) = texts.filter(|t| self.engine.name == "Kafka" && t.len() == NAMES.len()) {
            let settings = NAMES.into_iter().zip(texts);
            self.settings.extend(settings.map(|(key, text)| (key.to_owned(), SettingValue::Text(text))));
            self.engine.args.clear();
        }
        self
    }

    /// Whether it is a materialized view.
    pub fn is_view(&self) -> bool {
        self.engine.name == Engine::VIEW
    }

    /// The secrets it is made with, by the setting or the argument they are the value of, in a fixed order.
    pub fn secrets(&self) -> Vec<(&str, &SecretRef)> {
        let settings = self.settings.iter().map(|(key, value)| (key.as_str(), value));
        let args = self.engine.args.iter().filter_map(|arg| match arg {
            EngineArg::Named(key, value) => Some((key.as_str(), value)),
            EngineArg::Text(_) | EngineArg::Expression(_) => None,
        });
        let found = settings.chain(args).filter_map(|(key, value)| match value {
            SettingValue::Secret(secret) => Some((key, secret)),
            SettingValue::Text(_) | SettingValue::Number(_) => None,
        });
        found.collect()
    }

    /// Whether it keeps rows that a drop would delete.
    pub fn holds_rows(&self) -> bool {
        self.engine.holds_rows()
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Unquoted name.
    pub name: String,
    /// Type; `None` where the server infers it from a default.
    pub data_type: Fragment,
    /// DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL with its expression.
    pub default: Option<(DefaultKind, Option<Fragment>)>,
    /// The inside of `CODEC(…)`.
    pub codec: Option<Fragment>,
    /// Column TTL.
    pub ttl: Option<Fragment>,
    /// Column comment.
    pub comment: String,
}

impl Column {
    /// A column with a name and a type.
    pub fn new(name: impl Into<String>, data_type: impl AsRef<str>) -> Self {
        Self {
            name: name.into(),
            data_type: Fragment::new(data_type),
            default: None,
            codec: None,
            ttl: None,
            comment: String::new(),
        }
    }

    /// Whether an INSERT can fill it.
    pub fn is_insertable(&self) -> bool {
        !matches!(self.default, Some((DefaultKind::Materialized | DefaultKind::Alias, _)))
    }
}

/// How a column gets a value that no INSERT gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DefaultKind {
    /// DEFAULT: when left out.
    Default,
    /// MATERIALIZED: always, stored.
    Materialized,
    /// ALIAS: always, on read.
    Alias,
    /// EPHEMERAL: only for other columns' defaults, not stored.
    Ephemeral,
}

impl DefaultKind {
    /// Every kind.
    pub const ALL: [DefaultKind; 4] =
        [DefaultKind::Default, DefaultKind::Materialized, DefaultKind::Alias, DefaultKind::Ephemeral];

    /// The keyword of SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            DefaultKind::Default => "DEFAULT",
            DefaultKind::Materialized => "MATERIALIZED",
            DefaultKind::Alias => "ALIAS",
            DefaultKind::Ephemeral => "EPHEMERAL",
        }
    }
}

/// A data skipping index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Unquoted name.
    pub name: String,
    /// What it covers.
    pub expression: Fragment,
    /// Type with its arguments, e.g. `bloom_filter(0.01)`.
    pub index_type: Fragment,
    /// Granules per mark of the index.
    pub granularity: Option<u64>,
}

/// A projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// Unquoted name.
    pub name: String,
    /// The SELECT, without the brackets around it.
    pub query: Fragment,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Unquoted name.
    pub name: String,
    /// `CHECK` or `ASSUME`.
    pub assume: bool,
    /// The condition.
    pub expression: Fragment,
}

/// A table engine with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Engine name as the server prints it.
    pub name: String,
    /// Arguments in order.
    pub args: Vec<EngineArg>,
}

impl Engine {
    /// The engine name that stands for a materialized view, as in `system.tables`.
    pub const VIEW: &'static str = "MaterializedView";

    /// An engine without arguments.
    pub fn plain(name: impl Into<String>) -> Self {
        Self { name: name.into(), args: Vec::new() }
    }

    /// Whether tables of it keep rows of their own.
    pub fn holds_rows(&self) -> bool {
        !matches!(self.name.as_str(), "Null" | "Kafka" | "Distributed" | Engine::VIEW)
    }

    /// Whether it is a member of the MergeTree family.
    pub fn is_merge_tree(&self) -> bool {
        self.name.ends_with("MergeTree")
    }

    /// The arguments of a replicated engine: path and replica, which may be left out together, and the rest.
    pub fn replicated_args(&self) -> (&[EngineArg], &[EngineArg]) {
        let addressed = matches!(self.args.as_slice(), [EngineArg::Text(_), EngineArg::Text(_), ..]);
        self.args.split_at(if addressed { 2 } else { 0 })
    }

    /// Whether its tables are kept alike by Keeper.
    pub fn is_replicated(&self) -> bool {
        self.name.starts_with("Replicated")
    }
}

/// One argument of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineArg {
    /// A string literal, unquoted.
    Text(String),
    /// `key = value` beside a named collection.
    Named(String, SettingValue),
    /// Anything else, as SQL.
    Expression(Fragment),
}

impl EngineArg {
    /// Whether both mean the same as far as their letters tell.
    pub fn same(&self, other: &EngineArg) -> bool {
        match (self, other) {
            (EngineArg::Text(a), EngineArg::Text(b)) => a == b,
            (EngineArg::Expression(a), EngineArg::Expression(b)) => a.same_key(b),
            // `Distributed(dwh, db, t)` and `Distributed('dwh', 'db', 't')` are one.
            (EngineArg::Text(t), EngineArg::Expression(e)) | (EngineArg::Expression(e), EngineArg::Text(t)) => {
                t == e.as_str()
            }
            (EngineArg::Named(a, x), EngineArg::Named(b, y)) => a == b && x.same(y),
            (EngineArg::Named(..), EngineArg::Text(_) | EngineArg::Expression(_))
            | (EngineArg::Text(_) | EngineArg::Expression(_), EngineArg::Named(..)) => false,
        }
    }
}

impl fmt::Display for EngineArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineArg::Text(t) => f.write_str(&super::quote::literal(t)),
            EngineArg::Named(key, value) => write!(f, "{key} = {value}"),
            EngineArg::Expression(e) => e.fmt(f),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.args.is_empty() {
            return Ok(());
        }
        let args: Vec<String> = self.args.iter().map(EngineArg::to_string).collect();
        write!(f, "({})", args.join(", "))
    }
}
