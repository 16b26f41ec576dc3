//! The server as the parser: what it makes of definitions whose letters differ from what it has.
//!
//! Each definition is created as a temporary object in a session of its own and read back: nothing lasts, no
//! broker is touched, and the text that comes back is in the form in which the server keeps lasting objects.

use crate::client::clickhouse::{ClickHouseError, ClickHouseReader, Session};
use crate::model::create::parse_create;
use crate::model::token::{TokenKind, tokenize};
use crate::model::{CanonicalForm, Column, DefaultKind, Definition, EngineArg, Fragment, ObjectName, SettingValue, quote};
use crate::sql::{create_temporary, read};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Definitions asked about in one session.
const BATCH: usize = 50;

/// Sessions at once: more are no faster, the server takes most of its time in parsing.
const SESSIONS: usize = 4;

/// The user may not create temporary objects (ACCESS_DENIED).
const ACCESS_DENIED: i32 = 497;

#[derive(Debug, Deserialize)]
struct TemporaryRow {
    name: String,
    statement: String,
}

/// What the server makes of each definition. `known` are the project's own definitions: a view whose source
/// does not exist yet is read over a temporary table like it.
///
/// # Errors
/// The host does not answer. What it says of one definition is in the result.
pub async fn canonical(
    reader: &ClickHouseReader,
    definitions: &[&Definition],
    known: &BTreeMap<ObjectName, &Definition>,
) -> Result<BTreeMap<ObjectName, CanonicalForm>, ClickHouseError> {
    let batches = definitions.chunks(BATCH).map(|batch| ask(reader.session(), batch, known));
    let answers: Vec<_> = stream::iter(batches).buffer_unordered(SESSIONS).collect().await;
    let mut forms = BTreeMap::new();
    for answer in answers {
        forms.extend(answer?);
    }
    Ok(forms)
}

async fn ask(
    mut session: Session,
    batch: &[&Definition],
    known: &BTreeMap<ObjectName, &Definition>,
) -> Result<Vec<(ObjectName, CanonicalForm)>, ClickHouseError> {
    let mut stand_ins = StandIns { known, made: BTreeMap::new() };
    let mut forms = Vec::new();
    let mut created = Vec::new();
    for (i, definition) in batch.iter().enumerate() {
        match create(&mut session, definition, &format!("c{i}"), &mut stand_ins).await? {
            Ok(()) => created.push((format!("c{i}"), *definition)),
            Err(form) => forms.push((definition.name.clone(), form)),
        }
    }
    let rows: Vec<TemporaryRow> = session.rows(read::TEMPORARY).await?;
    let statements: BTreeMap<String, String> = rows.into_iter().map(|r| (r.name, r.statement)).collect();
    // The tables are gone in a minute anyway; a failure to end the session now changes nothing.
    let _ = session.close().await;
    for (name, definition) in created {
        let statement = statements.get(&name).map_or("", String::as_str);
        forms.push((definition.name.clone(), form(definition, statement, &stand_ins)));
    }
    Ok(forms)
}

/// Creates one temporary object; the inner error is what the server says of this definition.
async fn create(
    session: &mut Session,
    definition: &Definition,
    name: &str,
    stand_ins: &mut StandIns<'_>,
) -> Result<Result<(), CanonicalForm>, ClickHouseError> {
    let asked = with_carriers(without_secrets(definition));
    let first = execute(session, &create_temporary(&asked, name).shown()).await?;
    match (first, &definition.query) {
        // What is there now may lack a column that the source is about to get.
        (Err((code, _)), Some(query)) if code != ACCESS_DENIED => {
            let query = stand_ins.place(session, query).await?;
            let second = Definition { query: Some(query), ..asked };
            Ok(execute(session, &create_temporary(&second, name).shown()).await?.map_err(judged))
        }
        (answer, _) => Ok(answer.map_err(judged)),
    }
}

async fn execute(session: &mut Session, sql: &str) -> Result<Result<(), (i32, String)>, ClickHouseError> {
    match session.execute(sql).await {
        Ok(()) => Ok(Ok(())),
        Err(ClickHouseError::Refused { code, message, .. }) => Ok(Err((code, message))),
        Err(other) => Err(other),
    }
}

fn judged((code, message): (i32, String)) -> CanonicalForm {
    if code == ACCESS_DENIED {
        return CanonicalForm::Unknown(format!("comparing it takes the right to create temporary tables: {message}"));
    }
    CanonicalForm::Refused(format!("{message} (code {code})"))
}

/// A secret has no place in a comparison: what the server keeps is hidden anyway.
fn without_secrets(definition: &Definition) -> Definition {
    let open = |v: &SettingValue| !matches!(v, SettingValue::Secret(_));
    let mut asked = definition.clone();
    asked.settings.retain(|_, v| open(v));
    asked.engine.args.retain(|a| match a {
        EngineArg::Named(_, value) => open(value),
        EngineArg::Text(_) | EngineArg::Expression(_) => true,
    });
    asked
}

/// Columns that carry the arguments of a Distributed engine: those of a temporary table come back as written, the
/// expressions of columns as a lasting table would show them.
const CARRIER: &str = "_sluice_argument_";

fn with_carriers(mut asked: Definition) -> Definition {
    if asked.engine.name == "Distributed" {
        let expressions = asked.engine.args.iter().enumerate().filter_map(|(i, arg)| match arg {
            EngineArg::Expression(expression) => Some((i, expression)),
            EngineArg::Text(_) | EngineArg::Named(..) => None,
        });
        let carrier = |(i, expression): (usize, &Fragment)| Column {
            default: Some((DefaultKind::Alias, Some(expression.clone()))),
            ..Column::new(format!("{CARRIER}{i}"), "")
        };
        let carriers: Vec<Column> = expressions.map(carrier).collect();
        asked.columns.extend(carriers);
    }
    asked
}

/// The arguments where they belong.
fn without_carriers(mut echoed: Definition) -> Definition {
    let (carriers, columns): (Vec<Column>, Vec<Column>) = echoed.columns.into_iter().partition(|c| c.name.starts_with(CARRIER));
    echoed.columns = columns;
    for carrier in carriers {
        let place = carrier.name.strip_prefix(CARRIER).and_then(|i| i.parse::<usize>().ok());
        let argument = place.and_then(|i| echoed.engine.args.get_mut(i));
        if let (Some(argument), Some((_, Some(expression)))) = (argument, carrier.default) {
            *argument = EngineArg::Expression(expression);
        }
    }
    echoed
}

fn form(definition: &Definition, statement: &str, stand_ins: &StandIns<'_>) -> CanonicalForm {
    let echoed = match parse_create(statement) {
        Ok(echoed) => without_carriers(echoed),
        Err(error) => return CanonicalForm::Unknown(format!("the server's form of it could not be read: {error}")),
    };
    if definition.is_view() {
        let query = echoed.query.map(|q| stand_ins.restore(&q));
        return CanonicalForm::Form(Box::new(Definition { query, ..definition.clone() }));
    }
    let hidden =
        |(k, v): (&String, &SettingValue)| matches!(v, SettingValue::Secret(_)).then(|| (k.clone(), v.clone()));
    let mut form = Definition { name: definition.name.clone(), comment: definition.comment.clone(), ..echoed };
    form.settings.extend(definition.settings.iter().filter_map(hidden));
    let secret_args = definition.engine.args.iter().any(|a| matches!(a, EngineArg::Named(_, SettingValue::Secret(_))));
    if definition.engine.is_replicated() || secret_args {
        form.engine = definition.engine.clone();
    }
    CanonicalForm::Form(Box::new(form))
}

/// Temporary tables in place of tables that a view reads and that do not exist yet.
struct StandIns<'a> {
    known: &'a BTreeMap<ObjectName, &'a Definition>,
    /// Name of the temporary table by the table it stands for.
    made: BTreeMap<ObjectName, String>,
}

impl StandIns<'_> {
    /// The query over temporary tables, which are made where they are not there yet.
    async fn place(&mut self, session: &mut Session, query: &Fragment) -> Result<Fragment, ClickHouseError> {
        let mut text = query.as_str().to_owned();
        let named: BTreeSet<&ObjectName> = self.known.keys().filter(|n| renamed(&text, n, "x").is_some()).collect();
        for name in named {
            if !self.made.contains_key(name) {
                let stand_in = format!("s{}", self.made.len());
                // What cannot be made is told by the view that reads it.
                let _ =
                    execute(session, &create_temporary(&without_secrets(self.known[name]), &stand_in).shown()).await?;
                self.made.insert(name.clone(), stand_in);
            }
            text = renamed(&text, name, &self.made[name]).unwrap_or(text);
        }
        Ok(Fragment::new(text))
    }

    /// The query with the tables it is about.
    fn restore(&self, query: &Fragment) -> Fragment {
        let mut text = query.as_str().to_owned();
        for (name, stand_in) in &self.made {
            let Ok(tokens) = tokenize(&text) else { continue };
            let places = tokens.windows(2).filter(|w| w[0].is_word("FROM") || w[0].is_word("JOIN"));
            let places: Vec<_> =
                places.filter(|w| w[1].name() == Some(stand_in)).map(|w| w[1].start..w[1].end).collect();
            for place in places.into_iter().rev() {
                text.replace_range(place, &quote::object(name));
            }
        }
        Fragment::new(text)
    }
}

/// The text with every `database.table` replaced; `None` when it is not in there.
fn renamed(text: &str, name: &ObjectName, by: &str) -> Option<String> {
    let tokens = tokenize(text).ok()?;
    let is = |i: usize, n: &str| tokens.get(i).and_then(|t| t.name()) == Some(n);
    let whole = |i: &usize| {
        is(*i, &name.database) && matches!(tokens[i + 1].kind, TokenKind::Mark(".")) && is(i + 2, &name.table)
    };
    let places: Vec<usize> = (0..tokens.len().saturating_sub(2)).filter(whole).collect();
    let mut out = text.to_owned();
    for i in places.iter().rev() {
        out.replace_range(tokens[*i].start..tokens[i + 2].end, by);
    }
    (!places.is_empty()).then_some(out)
}
