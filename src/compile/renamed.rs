//! `renamedFrom` of a pipeline and of its targets: what was renamed leaves its old name.

use super::chain::Chain;
use super::target::object_name;
use crate::manifest::{Finding, Place};

/// Names that are none, or that something else has.
pub(super) fn check(chain: &Chain, chains: &[Chain], findings: &mut Vec<Finding>) {
    let document = &chain.document;
    if let Some(old) = &document.spec.renamed_from {
        let other = chains.iter().find(|c| c.kind() == chain.kind() && c.document.metadata.name == *old);
        if let Some(other) = other {
            let taken = (other.document.spans.at("metadata.name"), "there is such a resource");
            findings.push(taken_name(&document.metadata.name, old, document.spans.at("spec.renamedFrom"), taken));
        }
    }
    for (i, target) in document.spec.targets.iter().enumerate() {
        let Some(old) = &target.renamed_from else { continue };
        let path = format!("spec.targets[{i}].renamedFrom");
        if object_name(document, old, &path, findings).is_none() {
            continue;
        }
        if let Some(j) = document.spec.targets.iter().position(|t| t.table == *old) {
            let taken = (document.spans.at(&format!("spec.targets[{j}].table")), "there is such a target");
            findings.push(taken_name(&target.table, old, document.spans.at(&path), taken));
        }
    }
}

fn taken_name(new: &str, old: &str, place: Place, (other, why): (Place, &str)) -> Finding {
    let message = format!("`{new}` cannot be renamed from `{old}`: {why}");
    let finding = Finding::error("pipeline/renamed-from", message, place).label("still a name").also(other, "here");
    finding.help("what was renamed leaves its old name: remove one, or leave `renamedFrom` out")
}
