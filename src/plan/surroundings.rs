//! Notes about what stands beside a pipeline.

use super::Note;
use crate::diff::PipelineDiff;

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
    let kept = diff.undeclared.iter().filter(|(_, (engine, _))| !goes(engine));
    notes.extend(kept.map(|(object, (engine, hosts))| Note::NoLongerDeclared {
        object: object.clone(),
        engine: engine.clone(),
        hosts: hosts.iter().copied().collect(),
    }));
    notes
}

/// Whether an object that the pipeline no longer declares goes with the next change: it holds no rows, and rows would
/// go its way or its consumers keep partitions to themselves while it is there.
pub(super) fn goes(engine: &str) -> bool {
    matches!(engine, "Kafka" | "Null" | "MaterializedView")
}
