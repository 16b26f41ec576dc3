//! CREATE statements from definitions.

use super::statement::Statement;
use crate::model::token::{split_at_commas, tokenize, unwrapped};
use crate::model::{Column, Constraint, Definition, Engine, EngineArg, Fragment, Index, Projection, quote};

/// Creates an object that lasts, on a cluster or on the server that gets the statement, with a UUID of its own choice
/// unless one is given.
pub fn create(definition: &Definition, uuid: Option<&str>, on_cluster: Option<&str>) -> Statement {
    let kind = if definition.is_view() { "MATERIALIZED VIEW" } else { "TABLE" };
    let mut statement = Statement::new(format!("CREATE {kind} {}", quote::object(&definition.name)));
    if let Some(uuid) = uuid {
        statement.push(&format!(" UUID {}", quote::literal(uuid)));
    }
    statement.push(&super::change::on_cluster(on_cluster));
    body(&mut statement, definition);
    statement
}

/// Creates the like of an object as a temporary one named `name`: a view keeps its query, a table its
/// columns and clauses. A replicated engine becomes the plain one, which is all a temporary table can be.
pub fn create_temporary(definition: &Definition, name: &str) -> Statement {
    if let Some(query) = &definition.query {
        return Statement::new(format!("CREATE TEMPORARY VIEW {} AS {query}", quote::identifier(name)));
    }
    let mut statement = Statement::new(format!("CREATE TEMPORARY TABLE {}", quote::identifier(name)));
    let engine = plain(&definition.engine);
    body(&mut statement, &Definition { engine, comment: String::new(), ..definition.clone() });
    statement
}

/// `ReplicatedX(path, replica, rest)` as `X(rest)`; any other engine as it is.
fn plain(engine: &Engine) -> Engine {
    let Some(name) = engine.name.strip_prefix("Replicated") else { return engine.clone() };
    Engine { name: name.to_owned(), args: engine.replicated_args().1.to_vec() }
}

fn body(statement: &mut Statement, definition: &Definition) {
    if let Some(target) = &definition.target {
        statement.push(&format!(" TO {}", quote::object(target)));
    }
    if !definition.columns.is_empty() {
        statement.push(&format!("\n(\n    {}\n)", elements(definition).join(",\n    ")));
    }
    if !definition.is_view() {
        statement.push("\nENGINE = ");
        engine(statement, &definition.engine);
    }
    let clauses = [
        ("PARTITION BY", &definition.partition_by),
        ("PRIMARY KEY", &definition.primary_key),
        ("ORDER BY", &definition.order_by),
        ("SAMPLE BY", &definition.sample_by),
    ];
    for (keyword, key) in clauses {
        if let Some(key) = key {
            statement.push(&format!("\n{keyword} {}", bracketed(key)));
        }
    }
    if let Some(ttl) = &definition.ttl {
        statement.push(&format!("\nTTL {ttl}"));
    }
    for (i, (key, value)) in definition.settings.iter().enumerate() {
        statement.push(if i == 0 { "\nSETTINGS\n    " } else { ",\n    " });
        statement.push(&format!("{} = ", quote::identifier(key)));
        statement.push_value(value);
    }
    if !definition.comment.is_empty() {
        statement.push(&format!("\nCOMMENT {}", quote::literal(&definition.comment)));
    }
    if let Some(query) = &definition.query {
        statement.push(&format!("\nAS {query}"));
    }
}

fn engine(statement: &mut Statement, engine: &Engine) {
    statement.push(&quote::identifier(&engine.name));
    for (i, arg) in engine.args.iter().enumerate() {
        statement.push(if i == 0 { "(" } else { ", " });
        match arg {
            EngineArg::Text(_) | EngineArg::Expression(_) => statement.push(&arg.to_string()),
            EngineArg::Named(key, value) => {
                statement.push(&format!("{key} = "));
                statement.push_value(value);
            }
        }
    }
    if !engine.args.is_empty() {
        statement.push(")");
    }
}

fn elements(definition: &Definition) -> Vec<String> {
    let columns = definition.columns.iter().map(column);
    let parts = definition.indexes.iter().map(index).chain(definition.constraints.iter().map(constraint));
    columns.chain(parts).chain(definition.projections.iter().map(projection)).collect()
}

/// An index as it stands in a column list.
pub(super) fn index(index: &Index) -> String {
    let granularity = index.granularity.map(|g| format!(" GRANULARITY {g}")).unwrap_or_default();
    let (name, expression) = (quote::identifier(&index.name), in_brackets(&index.expression));
    format!("INDEX {name} {expression} TYPE {}{granularity}", index.index_type)
}

/// A constraint as it stands in a column list.
pub(super) fn constraint(constraint: &Constraint) -> String {
    let word = if constraint.assume { "ASSUME" } else { "CHECK" };
    format!("CONSTRAINT {} {word} {}", quote::identifier(&constraint.name), constraint.expression)
}

/// A projection as it stands in a column list.
pub(super) fn projection(projection: &Projection) -> String {
    format!("PROJECTION {} ({})", quote::identifier(&projection.name), projection.query)
}

/// A column as it stands in a column list.
pub(super) fn column(column: &Column) -> String {
    let mut text = format!("{} {}", quote::backquoted(&column.name), column.data_type);
    if let Some((kind, expression)) = &column.default {
        text.push(' ');
        text.push_str(kind.as_str());
        if let Some(expression) = expression {
            text.push_str(&format!(" {expression}"));
        }
    }
    if !column.comment.is_empty() {
        text.push_str(&format!(" COMMENT {}", quote::literal(&column.comment)));
    }
    if let Some(codec) = &column.codec {
        text.push_str(&format!(" CODEC({codec})"));
    }
    if let Some(ttl) = &column.ttl {
        text.push_str(&format!(" TTL {ttl}"));
    }
    text
}

/// A key: several parts need brackets, one does not.
pub(super) fn bracketed(key: &Fragment) -> String {
    let several = tokenize(key.as_str()).is_ok_and(|tokens| split_at_commas(&tokens).len() > 1);
    if several { format!("({key})") } else { key.to_string() }
}

/// An index over several expressions needs brackets.
fn in_brackets(expression: &Fragment) -> String {
    let bare = tokenize(expression.as_str()).is_ok_and(|tokens| unwrapped(&tokens).len() == tokens.len());
    if bare { bracketed(expression) } else { expression.to_string() }
}
