//! A plan in a file: what was reviewed, so that exactly that is run.
//!
//! The file holds no secret: values stand as their references, and what a server may have told in clear is left out.

mod agreement;
mod file;
#[cfg(test)]
mod tests;
mod work;

pub use agreement::{MovedResource, Parted, Remaining, remaining};
pub use file::SavedPlanError;

use super::{Change, Plan, Policy};
use crate::model::{Desired, ObjectName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A plan with all that apply needs to find out whether it may still be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// [`fingerprint`] of the manifests it was made from.
    pub manifests: String,
    /// What was asked for and allowed.
    pub policy: Policy,
    /// Objects that are to be dropped and made again, with their UUIDs: what has another one was made since.
    pub remade: BTreeSet<(ObjectName, String)>,
    /// The plan.
    pub plan: Plan,
    /// What the resources that change are made of and how data flows through them, as Mermaid: it is part of what was
    /// reviewed. Empty where nothing changes.
    pub graph: String,
}

impl SavedPlan {
    /// Takes a plan as it is to be shown and kept.
    pub fn new(
        desired: &Desired,
        policy: Policy,
        remade: BTreeSet<(ObjectName, String)>,
        mut plan: Plan,
        graph: String,
    ) -> Self {
        plan.resources.iter_mut().flat_map(|r| &mut r.changes).for_each(conceal);
        Self { manifests: fingerprint(desired), policy, remade, plan, graph }
    }

    /// Names the plan by all that is in it: 64 hexadecimal digits.
    pub fn id(&self) -> String {
        digest(self)
    }
}

/// Names what manifests ask for: 64 hexadecimal digits, the same for manifests that mean the same.
pub fn fingerprint(desired: &Desired) -> String {
    digest(desired)
}

fn digest(value: &impl Serialize) -> String {
    // No map of these types has a key that is no text, and no number is a float: serialising them cannot fail.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Leaves out what a server may have told of a secret in clear.
fn conceal(change: &mut Change) {
    match change {
        Change::Attribute { change, .. } => change.conceal(),
        Change::Topic { .. } | Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. } => {}
    }
}
