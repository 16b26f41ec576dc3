//! Notes about what stands beside a pipeline.

use super::Note;
use crate::diff::{HostState, ObjectDiff, PipelineDiff};
use crate::model::{Kind, owner};

/// What no manifest declares: reported, and left alone.
pub(super) fn notes(diff: &PipelineDiff) -> Vec<Note> {
    let mut notes = Vec::new();
    for object in &diff.objects {
        notes.extend(object.uses.iter().map(|(other, uses)| Note::NotManaged {
            object: other.clone(),
            engine: uses.engine.clone(),
            of: object.desired.definition.name.clone(),
            reads: uses.reads,
            writes: uses.writes,
            hosts: uses.hosts.iter().copied().collect(),
        }));
    }
    for object in &diff.objects {
        notes.extend(object.beyond.iter().map(|(clause, hosts)| Note::Beyond {
            object: object.desired.definition.name.clone(),
            clause: clause.clone(),
            hosts: hosts.iter().copied().collect(),
        }));
    }
    notes.extend(diff.objects.iter().filter_map(secret));
    let kept = diff.undeclared.iter().filter(|(_, (engine, _))| !goes(diff.desired.id.kind, engine));
    notes.extend(kept.map(|(object, (engine, hosts))| Note::NoLongerDeclared {
        object: object.clone(),
        engine: engine.clone(),
        hosts: hosts.iter().copied().collect(),
    }));
    notes
}

/// Whether an object that the pipeline no longer declares goes with the next change: it holds no rows, and rows would
/// go its way or its consumers keep partitions to themselves while it is there.
pub(super) fn goes(kind: Kind, engine: &str) -> bool {
    // A Distributed table of a sink leads to a Kafka table that goes: what it takes would never be sent.
    matches!(engine, "Kafka" | "Null" | "MaterializedView") || kind == Kind::OutgoingSink && engine == "Distributed"
}

/// A secret that is neither known to be the same nor known to have changed.
fn secret(object: &ObjectDiff) -> Option<Note> {
    let definition = &object.desired.definition;
    let secrets: Vec<String> = definition.secrets().into_iter().map(|(_, s)| s.to_string()).collect();
    let exists = object.hosts.values().any(|s| matches!(s, HostState::Ours(_)));
    let here = owner::seal(&definition.comment).is_none();
    let untold = exists && !secrets.is_empty() && !object.desired.owned_elsewhere && (here || object.seal.is_none());
    untold.then(|| Note::SecretUnknown { object: definition.name.clone(), secrets, here })
}
