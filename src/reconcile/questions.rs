//! Which definitions are put before a server while planning, and what its answers say against them.

use crate::client::clickhouse::ClickHouseReader;
use crate::compile::output_names;
use crate::diff::{Attribute, ChangeSet, HostState, ObjectDiff};
use crate::model::{
    Canonical, CanonicalForm, Column, Complaint, Definition, Desired, LiveClickHouse, ObjectName, Presence, Role,
    SettingValue,
};
use crate::observe::ObserveError;
use crate::observe::canonical::{self, Answers};
use crate::plan::{Policy, checks};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

/// The server's forms and what it says against definitions.
pub(super) struct Answered {
    pub canonical: Canonical,
    pub complaints: Vec<Complaint>,
}

/// An object to be asked about: where it would be made or changed.
struct Question<'a> {
    object: &'a ObjectDiff,
    hosts: Vec<usize>,
    /// Whether it, or what it reads or fills, would be made or changed: what stands as declared was warned of before.
    news: bool,
}

/// Definitions for one host to judge, for all hosts of its version.
struct Round<'a> {
    host: usize,
    questions: Vec<(&'a ObjectDiff, Vec<usize>)>,
}

/// Asks about every definition that would be made or changed, about the views that read or fill such a table, and about
/// those whose stored columns their letters do not tell.
/// Each is asked once a server version, of a host that carries it: clusters may differ in their disks and settings.
pub(super) async fn ask(
    desired: &Desired,
    changes: &ChangeSet,
    live: &LiveClickHouse,
    readers: &[ClickHouseReader],
    policy: &Policy,
) -> Result<Answered, ObserveError> {
    let questions = questions(changes, live, policy);
    let replaced: BTreeSet<ObjectName> = questions.iter().map(|q| q.object.desired.definition.name.clone()).collect();
    let objects = desired.pipelines.iter().flat_map(|p| &p.objects);
    let known: BTreeMap<ObjectName, &Definition> =
        objects.map(|o| (o.definition.name.clone(), &o.definition)).collect();
    let (known, replaced) = (&known, &replaced);
    let answers = rounds(&questions, live).into_iter().map(|round| async move {
        let definitions: Vec<&Definition> = round.questions.iter().map(|(o, _)| &o.desired.definition).collect();
        let reader = &readers[round.host];
        let mut answers = canonical::canonical(reader, &definitions, known, replaced).await?;
        let complaints = complaints(reader, live, &round, &mut answers, known).await?;
        Ok::<_, ObserveError>((round, answers, complaints))
    });
    let mut answered = Answered { canonical: Canonical::new(), complaints: Vec::new() };
    for (round, answers, complaints) in try_join_all(answers).await? {
        for (object, hosts) in &round.questions {
            let name = &object.desired.definition.name;
            let form = answers.forms.get(name);
            answered.canonical.extend(hosts.iter().filter_map(|h| Some(((*h, name.clone()), form?.clone()))));
        }
        answered.complaints.extend(complaints);
    }
    let news: BTreeSet<&ObjectName> =
        questions.iter().filter(|q| q.news).map(|q| &q.object.desired.definition.name).collect();
    answered.complaints.retain(|c| c.fatal || news.contains(&c.object));
    answered.complaints.sort();
    answered.complaints.dedup();
    Ok(answered)
}

fn questions<'a>(changes: &'a ChangeSet, live: &LiveClickHouse, policy: &Policy) -> Vec<Question<'a>> {
    let pipelines = changes.pipelines.iter().filter(|p| policy.includes(&p.desired.id));
    // What goes is dropped as it is: nobody has to accept it any more.
    let stays = pipelines.filter(|p| p.desired.lifecycle.state == Presence::Present);
    let objects: Vec<&ObjectDiff> = stays.flat_map(|p| &p.objects).filter(|o| !o.desired.owned_elsewhere).collect();
    let hosts = |o: &ObjectDiff, asks: fn(&HostState) -> bool| -> Vec<usize> {
        o.hosts.iter().filter(|(_, s)| asks(s)).map(|(h, _)| *h).collect()
    };
    let changing: BTreeSet<&ObjectName> = objects
        .iter()
        .filter(|o| !hosts(o, is_made_or_changed).is_empty())
        .map(|o| &o.desired.definition.name)
        .collect();
    let question = |object: &&'a ObjectDiff| {
        let beside = object.desired.reads.iter().chain(&object.desired.definition.target);
        let affected = object.desired.definition.is_view() && beside.into_iter().any(|n| changing.contains(n));
        let mut hosts = hosts(object, if affected { is_ours_to_ask } else { is_made_or_changed });
        let news = !hosts.is_empty();
        let stored = object.hosts.iter().filter(|(h, s)| is_ours_to_ask(s) && !is_as_stored(object, **h, live));
        hosts.extend(stored.map(|(host, _)| *host));
        hosts.sort_unstable();
        hosts.dedup();
        (!hosts.is_empty()).then_some(Question { object, hosts, news })
    };
    objects.iter().filter_map(question).collect()
}

fn is_made_or_changed(state: &HostState) -> bool {
    matches!(state, HostState::Missing) || state.changes().iter().any(|c| c.attribute != Attribute::Comment)
}

fn is_ours_to_ask(state: &HostState) -> bool {
    match state {
        HostState::Missing | HostState::Ours(_) | HostState::Unmarked { .. } => true,
        HostState::Foreign(_) | HostState::Unknown { .. } => false,
    }
}

/// Whether a view's query gives the columns that the host has stored for it, as far as its letters tell.
fn is_as_stored(object: &ObjectDiff, host: usize, live: &LiveClickHouse) -> bool {
    let definition = &object.desired.definition;
    let stored = live.hosts[host].objects.get(&definition.name).map_or(&[][..], |o| &o.definition.columns);
    let Some(query) = definition.query.as_ref().filter(|_| !stored.is_empty()) else { return true };
    let stored: BTreeSet<&str> = stored.iter().map(|c| c.name.as_str()).collect();
    output_names(query.as_str())
        .is_some_and(|names| names.iter().map(String::as_str).collect::<BTreeSet<_>>() == stored)
}

fn rounds<'a>(questions: &[Question<'a>], live: &LiveClickHouse) -> Vec<Round<'a>> {
    let mut rounds: BTreeMap<usize, Round<'a>> = BTreeMap::new();
    for question in questions {
        let mut by_version: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for host in &question.hosts {
            by_version.entry(live.hosts[*host].version.as_str()).or_default().push(*host);
        }
        for hosts in by_version.into_values() {
            let round = rounds.entry(hosts[0]).or_insert_with(|| Round { host: hosts[0], questions: Vec::new() });
            round.questions.push((question.object, hosts));
        }
    }
    rounds.into_values().collect()
}

/// What the answers say against the definitions. What is fatal becomes a refusal.
async fn complaints(
    reader: &ClickHouseReader,
    live: &LiveClickHouse,
    round: &Round<'_>,
    answers: &mut Answers,
    known: &BTreeMap<ObjectName, &Definition>,
) -> Result<Vec<Complaint>, ObserveError> {
    let mut found = Vec::new();
    for (object, _) in &round.questions {
        let definition = &object.desired.definition;
        if let Some((code, words)) = answers.refusals.get(&definition.name) {
            found.push(checks::refused(definition, *code, words));
        }
    }
    found.extend(formats(reader, round).await?);
    found.extend(outputs(reader, live, round, answers, known).await?);
    for complaint in found.iter().filter(|c| c.fatal) {
        let form = answers.forms.entry(complaint.object.clone());
        let words = || CanonicalForm::Refused(complaint.message.clone());
        form.and_modify(|f| match f {
            CanonicalForm::Refused(_) => {}
            CanonicalForm::Form(_) | CanonicalForm::Formatted { .. } | CanonicalForm::Unknown(_) => *f = words(),
        })
        .or_insert_with(words);
    }
    Ok(found)
}

/// A Kafka table is made with any format, and reads nothing where the server does not have it.
async fn formats(reader: &ClickHouseReader, round: &Round<'_>) -> Result<Vec<Complaint>, ObserveError> {
    let mut found = Vec::new();
    for (role, writes) in [(Role::Source, false), (Role::Sink, true)] {
        let tables = round.questions.iter().filter(|(o, _)| o.desired.role == role);
        let named: Vec<(&Definition, &str)> = tables
            .filter_map(|(o, _)| match o.desired.definition.settings.get("kafka_format")? {
                SettingValue::Text(format) => Some((&o.desired.definition, format.as_str())),
                SettingValue::Number(_) | SettingValue::Secret(_) => None,
            })
            .collect();
        if named.is_empty() {
            continue;
        }
        let known = canonical::formats(reader, writes).await?;
        let unknown = named.into_iter().filter(|(_, format)| !known.contains(&format.to_ascii_lowercase()));
        found.extend(unknown.map(|(definition, format)| checks::unknown_format(definition, format)));
    }
    Ok(found)
}

async fn outputs(
    reader: &ClickHouseReader,
    live: &LiveClickHouse,
    round: &Round<'_>,
    answers: &Answers,
    known: &BTreeMap<ObjectName, &Definition>,
) -> Result<Vec<Complaint>, ObserveError> {
    let views: Vec<(&Definition, &Vec<Column>, &[Column])> = round
        .questions
        .iter()
        .filter_map(|(object, hosts)| {
            let view = &object.desired.definition;
            let output = answers.outputs.get(&view.name)?;
            Some((view, output, columns(view.target.as_ref()?, hosts[0], live, answers, known)?))
        })
        .collect();
    let mut pairs = BTreeSet::new();
    for (_, output, target) in &views {
        let differ = checks::conversions(output, target).into_iter();
        pairs.extend(differ.map(|(_, from, to)| (from.to_owned(), to.to_owned())));
    }
    let impossible = canonical::impossible(reader, &pairs).await?;
    let of_view = |(view, output, target): &(&Definition, &Vec<Column>, &[Column])| {
        checks::view(view, output, target, &impossible)
    };
    Ok(views.iter().flat_map(of_view).collect())
}

/// The columns that a table has or will have, in the server's words.
fn columns<'a>(
    table: &ObjectName,
    host: usize,
    live: &'a LiveClickHouse,
    answers: &'a Answers,
    known: &BTreeMap<ObjectName, &'a Definition>,
) -> Option<&'a [Column]> {
    match answers.forms.get(table) {
        Some(CanonicalForm::Form(form)) => return Some(&form.columns),
        // What it will be is not known.
        Some(CanonicalForm::Formatted { .. } | CanonicalForm::Refused(_) | CanonicalForm::Unknown(_)) => return None,
        None => {}
    }
    if let Some(found) = live.hosts[host].objects.get(table) {
        return Some(&found.definition.columns);
    }
    // On this host it is neither there nor made; its author's words will do where they are plain.
    let written = &known.get(table)?.columns;
    (!written.iter().any(|c| c.data_type.as_str().starts_with("Nested"))).then_some(written)
}
