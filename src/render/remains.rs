//! What a plan does beyond taking objects over: after an import, what the manifests do not say.

use super::hosts::Hosts;
use super::reason;
use crate::diff::{Attribute, AttributeChange, TopicChange};
use crate::model::ResourceId;
use crate::plan::{Change, Note, Plan, ResourcePlan};
use std::collections::BTreeSet;

/// Object, what of it, and how it is and would be; of these resources.
pub fn remains(plan: &Plan, resources: &BTreeSet<ResourceId>) -> Vec<[String; 3]> {
    let hosts = Hosts::new(&plan.header);
    let of = |r: &&ResourcePlan| resources.contains(&r.id);
    let mut found = Vec::new();
    for resource in plan.resources.iter().filter(of) {
        found.extend(resource.changes.iter().filter_map(|change| self::change(change, resource, &hosts)));
        let blocked = resource
            .blocked
            .iter()
            .map(|why| [resource.id.to_string(), "blocked".to_owned(), reason::blocked(why, &resource.id, &hosts)]);
        found.extend(blocked);
        found.extend(resource.notes.iter().filter_map(note));
    }
    found
}

fn change(change: &Change, resource: &ResourcePlan, names: &Hosts) -> Option<[String; 3]> {
    let (object, what, why) = match change {
        Change::Adopt { .. } => return None,
        // Where there was no comment nothing is lost with it.
        Change::Attribute { change, .. } if change.attribute == Attribute::Comment && change.old.is_none() => {
            return None;
        }
        Change::Topic { change, .. } => (resource.id.to_string(), topic(change), "would be changed".to_owned()),
        Change::Make { object, engine, hosts } => {
            (object.to_string(), engine.clone(), format!("would be made on {}", names.some(hosts.iter().copied())))
        }
        Change::Unmake { object, hosts, .. } => {
            let on = names.some(hosts.iter().copied());
            (object.to_string(), "object".to_owned(), format!("would be dropped on {on}"))
        }
        Change::Attribute { object, change, hosts } => {
            let on = names.unless_all(hosts).map(|on| format!(" on {on}")).unwrap_or_default();
            (object.to_string(), change.attribute.to_string(), sides(change) + &on)
        }
    };
    Some([object, what, why])
}

fn sides(change: &AttributeChange) -> String {
    let mut change = change.clone();
    change.conceal();
    let side = |side: Option<String>| side.unwrap_or_else(|| "none".into());
    format!("is {}, would be {}", side(change.old), side(change.new))
}

fn topic(change: &TopicChange) -> String {
    match change {
        TopicChange::Partitions { .. } => "partitions".to_owned(),
        TopicChange::ReplicationFactor { .. } => "replicationFactor".to_owned(),
        TopicChange::Set { key, .. } | TopicChange::Unset { key, .. } => format!("config {key}"),
    }
}

/// Notes about what stays as it is without being said.
fn note(note: &Note) -> Option<[String; 3]> {
    match note {
        Note::Beyond { object, clause, .. } => {
            Some([object.to_string(), clause.clone(), "no manifest can say it; left as it is".to_owned()])
        }
        Note::Unmanaged { key, value } => {
            Some([format!("config {key}"), value.clone(), "pinned on the topic and not in the manifest".to_owned()])
        }
        Note::NewOn { .. }
        | Note::FewBrokerThreads { .. }
        | Note::IdleConsumers { .. }
        | Note::BackgroundInsert { .. }
        | Note::KeptOld { .. }
        | Note::Backfills { .. }
        | Note::MembersStay { .. }
        | Note::MessagesLost { .. }
        | Note::GroupStarts { .. }
        | Note::GroupContinues { .. }
        | Note::OffsetsKept { .. }
        | Note::NotManaged { .. }
        | Note::SecretUnknown { .. }
        | Note::NoLongerDeclared { .. } => None,
    }
}
