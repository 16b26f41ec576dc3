//! The server as the parser: what it makes of definitions whose letters differ from what it has.
//!
//! Each definition is created as a temporary object in a session of its own and read back: nothing lasts, no
//! broker is touched, and the text that comes back is in the form in which the server keeps lasting objects.

use super::carriers::{with_carriers, without_carriers};
use super::formatted;
use crate::client::clickhouse::{ClickHouseError, ClickHouseReader, Session};
use crate::model::create::parse_create;
use crate::model::token::{TokenKind, tokenize};
use crate::model::{CanonicalForm, Column, Definition, EngineArg, Fragment, ObjectName, SettingValue, quote};
use crate::sql::{create_temporary, read};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Definitions asked about in one session.
const BATCH: usize = 50;

/// Sessions at once: more are no faster, the server takes most of its time in parsing.
const SESSIONS: usize = 4;

/// A view reads a table that does not exist (UNKNOWN_TABLE, UNKNOWN_DATABASE).
const UNKNOWN_SOURCE: [i32; 2] = [60, 81];

/// The user may not create temporary objects (ACCESS_DENIED).
const ACCESS_DENIED: i32 = 497;

#[derive(Debug, Deserialize)]
struct TemporaryRow {
    name: String,
    statement: String,
}

/// What a server said of definitions.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// What it makes of each.
    pub forms: BTreeMap<ObjectName, CanonicalForm>,
    /// Code and words where it refuses one.
    pub refusals: BTreeMap<ObjectName, (i32, String)>,
    /// Columns that each view gives, with their types.
    pub outputs: BTreeMap<ObjectName, Vec<Column>>,
    /// What this user may not ask about, with why.
    denied: BTreeMap<ObjectName, String>,
}

/// What the server makes of each definition. `known` are the project's own definitions: a view whose source does not
/// exist yet is read over a temporary table like it, and so is a view whose source is in `replaced`: what is there
/// now is not what the view will read.
///
/// # Errors
/// The host does not answer. What it says of one definition is in the result.
pub async fn canonical(
    reader: &ClickHouseReader,
    definitions: &[&Definition],
    known: &BTreeMap<ObjectName, &Definition>,
    replaced: &BTreeSet<ObjectName>,
) -> Result<Answers, ClickHouseError> {
    let batches = definitions.chunks(BATCH).map(|batch| ask(reader.session(), batch, known, replaced));
    let parts: Vec<_> = stream::iter(batches).buffer_unordered(SESSIONS).collect().await;
    let mut answers = Answers::default();
    for part in parts {
        let part = part?;
        answers.forms.extend(part.forms);
        answers.refusals.extend(part.refusals);
        answers.outputs.extend(part.outputs);
        answers.denied.extend(part.denied);
    }
    let denied = definitions.iter().filter(|d| answers.denied.contains_key(&d.name)).map(|d| without_secrets(d));
    for (name, form) in formatted::forms(reader, denied.collect()).await? {
        let Some(definition) = definitions.iter().find(|d| d.name == name) else { continue };
        let why = answers.denied.get(&name).cloned().unwrap_or_default();
        let form = Box::new(with_secrets(definition, form));
        answers.forms.insert(name, CanonicalForm::Formatted { form, why });
    }
    Ok(answers)
}

async fn ask(
    mut session: Session,
    batch: &[&Definition],
    known: &BTreeMap<ObjectName, &Definition>,
    replaced: &BTreeSet<ObjectName>,
) -> Result<Answers, ClickHouseError> {
    let mut stand_ins = StandIns { known, replaced, made: BTreeMap::new(), failed: BTreeSet::new() };
    let mut answers = Answers::default();
    let mut created = Vec::new();
    for (i, definition) in batch.iter().enumerate() {
        let (name, temporary) = (definition.name.clone(), format!("{PREFIX}c{i}"));
        match create(&mut session, definition, &temporary, &mut stand_ins).await? {
            Ok(()) => {
                if !definition.is_view() {
                    stand_ins.made.insert(name, temporary.clone());
                }
                created.push((temporary, *definition));
            }
            Err(Refusal::Itself(ACCESS_DENIED, words)) => {
                let why = format!("comparing it takes the right to create temporary tables: {words}");
                answers.forms.insert(name.clone(), CanonicalForm::Unknown(why.clone()));
                answers.denied.insert(name, why);
            }
            Err(Refusal::Itself(code, words)) => {
                stand_ins.failed.insert(name.clone());
                answers.forms.insert(name.clone(), CanonicalForm::Refused(format!("{words} (code {code})")));
                answers.refusals.insert(name, (code, words));
            }
            // Without the right to make the table there is none to read it from either.
            Err(Refusal::Source(source)) if !stand_ins.failed.contains(&source) => {
                let why =
                    format!("comparing it takes the right to create temporary tables, as for {source} that it reads");
                answers.forms.insert(name.clone(), CanonicalForm::Unknown(why.clone()));
                answers.denied.insert(name, why);
            }
            Err(Refusal::Source(source)) => {
                let why = format!("it reads {source}, which the server refuses");
                answers.forms.insert(name, CanonicalForm::Unknown(why));
            }
        }
    }
    let rows: Vec<TemporaryRow> = session.rows(read::TEMPORARY).await?;
    let statements: BTreeMap<String, String> = rows.into_iter().map(|r| (r.name, r.statement)).collect();
    // The tables are gone in a minute anyway; a failure to end the session now changes nothing.
    let _ = session.close().await;
    for (name, definition) in created {
        let statement = statements.get(&name).map_or("", String::as_str);
        let (form, output) = form(definition, statement, &stand_ins);
        answers.outputs.extend(output.map(|columns| (definition.name.clone(), columns)));
        answers.forms.insert(definition.name.clone(), form);
    }
    Ok(answers)
}

/// Why a temporary object could not be made.
enum Refusal {
    /// The server does not take the definition: its code and words.
    Itself(i32, String),
    /// It does not take that of a table which the view reads.
    Source(ObjectName),
}

/// Creates one temporary object; the inner error is what the server says of this definition.
async fn create(
    session: &mut Session,
    definition: &Definition,
    name: &str,
    stand_ins: &mut StandIns<'_>,
) -> Result<Result<(), Refusal>, ClickHouseError> {
    let asked = with_carriers(without_secrets(definition));
    let itself = |(code, words)| Refusal::Itself(code, words);
    let Some(written) = &definition.query else {
        return Ok(execute(session, &create_temporary(&asked, name).shown()).await?.map_err(itself));
    };
    let (query, missing) = stand_ins.place(session, written, |s, n| s.replaced.contains(n)).await?;
    if let Some(source) = missing {
        return Ok(Err(Refusal::Source(source)));
    }
    let first = Definition { query: Some(query), ..asked };
    match execute(session, &create_temporary(&first, name).shown()).await? {
        Err((code, _)) if UNKNOWN_SOURCE.contains(&code) => {
            let (query, missing) = stand_ins.place(session, written, |_, _| true).await?;
            if let Some(source) = missing {
                return Ok(Err(Refusal::Source(source)));
            }
            let second = Definition { query: Some(query), ..first };
            Ok(execute(session, &create_temporary(&second, name).shown()).await?.map_err(itself))
        }
        answer => Ok(answer.map_err(itself)),
    }
}

pub(super) async fn execute(session: &mut Session, sql: &str) -> Result<Result<(), (i32, String)>, ClickHouseError> {
    match session.execute(sql).await {
        Ok(()) => Ok(Ok(())),
        Err(ClickHouseError::Refused { code, message, .. }) => Ok(Err((code, message))),
        Err(other) => Err(other),
    }
}

/// A secret has no place in a comparison: what the server keeps is hidden anyway.
pub(super) fn without_secrets(definition: &Definition) -> Definition {
    let open = |v: &SettingValue| !matches!(v, SettingValue::Secret(_));
    let mut asked = definition.clone();
    asked.settings.retain(|_, v| open(v));
    asked.engine.args.retain(|a| match a {
        EngineArg::Named(_, value) => open(value),
        EngineArg::Text(_) | EngineArg::Expression(_) => true,
    });
    asked
}

/// The definition in the server's words, and what a view gives.
fn form(definition: &Definition, statement: &str, stand_ins: &StandIns<'_>) -> (CanonicalForm, Option<Vec<Column>>) {
    let echoed = match parse_create(statement) {
        Ok(echoed) => without_carriers(echoed),
        Err(error) => {
            let why = format!("the server's form of it could not be read: {error}");
            return (CanonicalForm::Unknown(why), None);
        }
    };
    if definition.is_view() {
        let query = echoed.query.map(|q| stand_ins.restore(&q));
        let form = CanonicalForm::Form(Box::new(Definition { query, ..definition.clone() }));
        return (form, Some(echoed.columns));
    }
    let form = Definition { name: definition.name.clone(), comment: definition.comment.clone(), ..echoed };
    let mut form = with_secrets(definition, form);
    if definition.engine.is_replicated() {
        form.engine = definition.engine.clone();
    }
    (CanonicalForm::Form(Box::new(form)), None)
}

/// The form with the secrets that were left out of it.
fn with_secrets(definition: &Definition, mut form: Definition) -> Definition {
    let hidden =
        |(k, v): (&String, &SettingValue)| matches!(v, SettingValue::Secret(_)).then(|| (k.clone(), v.clone()));
    form.settings.extend(definition.settings.iter().filter_map(hidden));
    if definition.engine.args.iter().any(|a| matches!(a, EngineArg::Named(_, SettingValue::Secret(_)))) {
        form.engine = definition.engine.clone();
    }
    form
}

/// How the names of temporary objects begin: no column and no table of anybody is called so.
const PREFIX: &str = "__sluice_";

/// Temporary tables in place of tables that a view reads and that do not exist yet, or not as they will be.
struct StandIns<'a> {
    known: &'a BTreeMap<ObjectName, &'a Definition>,
    replaced: &'a BTreeSet<ObjectName>,
    /// Name of the temporary table by the table it stands for.
    made: BTreeMap<ObjectName, String>,
    /// Those that the server refuses.
    failed: BTreeSet<ObjectName>,
}

impl StandIns<'_> {
    /// The query over temporary tables, which are made where they are not there yet, and a table among them that
    /// cannot be made.
    async fn place(
        &mut self,
        session: &mut Session,
        query: &Fragment,
        wanted: fn(&Self, &ObjectName) -> bool,
    ) -> Result<(Fragment, Option<ObjectName>), ClickHouseError> {
        let mut text = query.as_str().to_owned();
        let mentioned = mentioned(&text);
        let named: BTreeSet<ObjectName> =
            mentioned.into_iter().filter(|n| self.known.contains_key(n) && wanted(self, n)).collect();
        for name in named {
            if !self.made.contains_key(&name) {
                let stand_in = format!("{PREFIX}s{}", self.made.len());
                let sql = create_temporary(&without_secrets(self.known[&name]), &stand_in).shown();
                if self.failed.contains(&name) {
                    return Ok((query.clone(), Some(name)));
                }
                if let Err((code, _)) = execute(session, &sql).await? {
                    if code != ACCESS_DENIED {
                        self.failed.insert(name.clone());
                    }
                    return Ok((query.clone(), Some(name)));
                }
                self.made.insert(name.clone(), stand_in);
            }
            text = renamed(&text, &name, &self.made[&name]).unwrap_or(text);
        }
        Ok((Fragment::new(text), None))
    }

    /// The query with the tables it is about.
    fn restore(&self, query: &Fragment) -> Fragment {
        let mut text = query.as_str().to_owned();
        let by_stand_in: BTreeMap<&str, &ObjectName> = self.made.iter().map(|(n, s)| (s.as_str(), n)).collect();
        let Ok(tokens) = tokenize(&text) else { return query.clone() };
        for token in tokens.iter().rev() {
            if let Some(name) = token.name().and_then(|n| by_stand_in.get(n)) {
                text.replace_range(token.start..token.end, &quote::object(name));
            }
        }
        Fragment::new(text)
    }
}

/// Every `a.b` in a text.
fn mentioned(text: &str) -> Vec<ObjectName> {
    let tokens = tokenize(text).unwrap_or_default();
    let pairs = tokens.windows(3).filter(|w| w[1].is("."));
    pairs.filter_map(|w| Some(ObjectName::new(w[0].name()?, w[2].name()?))).collect()
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

/// Names of the message formats that the server reads, or writes.
///
/// # Errors
/// The host does not answer.
pub async fn formats(reader: &ClickHouseReader, writes: bool) -> Result<BTreeSet<String>, ClickHouseError> {
    let names: String = reader.text(if writes { read::OUTPUT_FORMATS } else { read::INPUT_FORMATS }).await?;
    Ok(names.lines().map(str::to_ascii_lowercase).collect())
}

/// The server knows no way from one type to the other (ILLEGAL_TYPE_OF_ARGUMENT, NOT_IMPLEMENTED, TYPE_MISMATCH,
/// CANNOT_CONVERT_TYPE).
const NO_WAY: [i32; 4] = [43, 48, 53, 70];

/// Pairs of types that the server cannot convert. All are asked about at once, and each by itself only where one of
/// them fails.
///
/// # Errors
/// The host does not answer.
pub async fn impossible(
    reader: &ClickHouseReader,
    pairs: &BTreeSet<(String, String)>,
) -> Result<BTreeSet<(String, String)>, ClickHouseError> {
    let mut found = BTreeSet::new();
    for chunk in pairs.iter().collect::<Vec<_>>().chunks(BATCH) {
        if is_refused(reader.text(&read::conversions(chunk, true)).await)?.is_none() {
            continue;
        }
        for pair in chunk {
            let whole = is_refused(reader.text(&read::conversions(&[*pair], true)).await)?;
            // Some types have no value to ask with: that says nothing of the conversion.
            if whole.is_some_and(|code| NO_WAY.contains(&code))
                && is_refused(reader.text(&read::conversions(&[*pair], false)).await)?.is_none()
            {
                found.insert((*pair).clone());
            }
        }
    }
    Ok(found)
}

/// The code of a refusal; other failures stay failures.
pub(super) fn is_refused(answer: Result<String, ClickHouseError>) -> Result<Option<i32>, ClickHouseError> {
    match answer {
        Ok(_) => Ok(None),
        Err(ClickHouseError::Refused { code, .. }) => Ok(Some(code)),
        Err(other) => Err(other),
    }
}
