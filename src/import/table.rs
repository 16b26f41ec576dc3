//! Tables of targets, and the columns, settings and keys that every kind of table has.

use super::spec::{Column, Constraint, Distributed, Index, Over, Projection, Target};
use super::stock::{Stock, argument};
use crate::model::setting::HIDDEN;
use crate::model::{self, DefaultKind, Definition, EngineArg, Fragment, ObjectName, SettingValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a table without a sorting key has.
const UNSORTED: &str = "tuple()";

/// Everything of a local table but its names.
pub fn local(definition: &Definition, engine: &str) -> Target {
    let text = |fragment: &Option<Fragment>| fragment.as_ref().map(|f| f.as_str().to_owned());
    let written = definition.engine.to_string();
    Target {
        columns: definition.columns.iter().map(column).collect(),
        engine: (written != engine).then_some(written),
        partition_by: text(&definition.partition_by),
        order_by: key(&definition.order_by).filter(|k| k != UNSORTED),
        primary_key: key(&definition.primary_key),
        sample_by: text(&definition.sample_by),
        ttl: text(&definition.ttl),
        settings: settings(
            definition,
            |key| key != "index_granularity" || !is(definition, key, "8192"),
            &mut Vec::new(),
        ),
        indexes: definition
            .indexes
            .iter()
            .map(|i| Index {
                name: i.name.clone(),
                expression: i.expression.as_str().to_owned(),
                index_type: i.index_type.as_str().to_owned(),
                granularity: i.granularity.filter(|g| *g != 1),
            })
            .collect(),
        projections: definition
            .projections
            .iter()
            .map(|p| Projection { name: p.name.clone(), query: p.query.as_str().to_owned() })
            .collect(),
        constraints: definition
            .constraints
            .iter()
            .map(|c| {
                let expression = Some(c.expression.as_str().to_owned());
                let (check, assume) = if c.assume { (None, expression) } else { (expression, None) };
                Constraint { name: c.name.clone(), check, assume }
            })
            .collect(),
        ..Target::default()
    }
}

/// A key as people write it: without the brackets around several columns.
fn key(fragment: &Option<Fragment>) -> Option<String> {
    let text = fragment.as_ref()?.as_str();
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).map(str::trim);
    let plain = inner.filter(|inner| !inner.is_empty() && Fragment::new(inner).same_key(&Fragment::new(text)));
    Some(plain.unwrap_or(text).to_owned())
}

/// Whether a setting has this value.
pub fn is(definition: &Definition, key: &str, value: &str) -> bool {
    definition.settings.get(key).is_some_and(|v| v.same(&SettingValue::Number(value.into())))
}

/// A column as the table has it; where its value comes from is the view's.
pub fn column(column: &model::Column) -> Column {
    let mut made = Column {
        name: column.name.clone(),
        data_type: column.data_type.as_str().to_owned(),
        codec: column.codec.as_ref().map(Fragment::to_string),
        ttl: column.ttl.as_ref().map(Fragment::to_string),
        comment: column.comment.clone(),
        ..Column::default()
    };
    if let Some((kind, expression)) = &column.default {
        let text = Some(expression.as_ref().map(Fragment::to_string).unwrap_or_default());
        match kind {
            DefaultKind::Default => made.default = text,
            DefaultKind::Materialized => made.materialized = text,
            DefaultKind::Alias => made.alias = text,
            DefaultKind::Ephemeral => made.ephemeral = text,
        }
    }
    made
}

/// Settings that are wanted; of those that the server hides, the variables that must give them are added to `secrets`.
pub fn settings(
    definition: &Definition,
    wanted: impl Fn(&str) -> bool,
    secrets: &mut Vec<String>,
) -> BTreeMap<String, Value> {
    let found = definition.settings.iter().filter(|(key, _)| wanted(key));
    found.map(|(key, value)| (key.clone(), setting(&definition.name, key, value, secrets))).collect()
}

/// A value as it is written: numbers without quotes, secrets by the variable that has to give them.
pub fn setting(table: &ObjectName, key: &str, value: &SettingValue, secrets: &mut Vec<String>) -> Value {
    match value {
        SettingValue::Text(text) if text.contains(HIDDEN) => {
            let letters = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let name: String = format!("{}_{}", table.table, key).chars().map(letters).collect();
            secrets.push(name.clone());
            json!({ "fromEnv": name })
        }
        SettingValue::Text(text) => json!(text),
        SettingValue::Number(number) => match number.parse::<i64>() {
            Ok(whole) if whole.to_string() == *number => json!(whole),
            Ok(_) | Err(_) => match number.parse::<f64>() {
                Ok(real) if real.to_string() == *number => json!(real),
                Ok(_) | Err(_) => json!(number),
            },
        },
        SettingValue::Secret(_) => Value::Null,
    }
}

/// The Distributed table over a target, as far as it is not the usual one.
pub fn over(definition: &Definition, cluster: Option<&str>, stock: &Stock) -> Over {
    let told = argument(definition, 0);
    let usual = cluster.or_else(|| stock.own_cluster());
    let key = definition.engine.args.get(3).map(|arg| match arg {
        EngineArg::Expression(key) => key.as_str().to_owned(),
        EngineArg::Text(_) | EngineArg::Named(..) => arg.to_string(),
    });
    Over {
        table: None,
        sharding_key: key.filter(|k| k != "rand()"),
        cluster: told.filter(|t| Some(t.as_str()) != usual),
        policy: argument(definition, 4),
        settings: settings(definition, |_| true, &mut Vec::new()),
    }
}

/// What is said of the Distributed table, if anything.
pub fn distributed(over: Over) -> Option<Distributed> {
    (over != Over::default()).then_some(Distributed::Over(over))
}
