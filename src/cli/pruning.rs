//! What no manifest has any more: told always, and planned to go where somebody asks for it.

use super::args::Pruning;
use super::report::{Exit, Failure};
use crate::compile::Compiled;
use crate::drift::LastApplied;
use crate::model::ResourceId;
use crate::prune::{self, Unpruned};
use std::collections::BTreeSet;

/// The project with what is to go, and which resources those are.
///
/// # Errors
/// Nothing is remembered, too much would go, or something that is declared uses one of them.
pub(super) fn planned(
    compiled: &Compiled,
    applied: Option<&LastApplied>,
    wanted: Pruning,
) -> Result<(Compiled, BTreeSet<ResourceId>), Failure> {
    let none = LastApplied::new();
    let known = applied.unwrap_or(&none);
    if wanted.wanted() && compiled.state.is_none() {
        let words = "the project remembers nothing (`spec.state: none`): what is no longer declared is not known";
        return Err(Failure::new(Exit::Usage, words)
            .hint("declare it with `lifecycle: {state: absent}`, or let the project have its state topic"));
    }
    let standing = prune::undeclared(known, &compiled.desired).standing;
    if !wanted.wanted() {
        return Ok((Compiled { undeclared: standing, ..compiled.clone() }, BTreeSet::new()));
    }
    prune::check(known, &compiled.desired, &standing, wanted.prune_most).map_err(refused)?;
    Ok((gone(compiled, applied, &standing), standing))
}

/// The project with these as what should not be there any more.
pub(super) fn gone(compiled: &Compiled, applied: Option<&LastApplied>, gone: &BTreeSet<ResourceId>) -> Compiled {
    let none = LastApplied::new();
    let known = applied.unwrap_or(&none);
    let mut undeclared = prune::undeclared(known, &compiled.desired).standing;
    undeclared.retain(|id| !gone.contains(id));
    Compiled { desired: prune::with_gone(&compiled.desired, known, gone), undeclared, ..compiled.clone() }
}

fn refused(error: Unpruned) -> Failure {
    let hint = match &error {
        Unpruned::All(_) | Unpruned::Most { .. } => {
            "nothing was changed; check `spec.manifests` and the branch; --prune-most allows it".to_owned()
        }
        Unpruned::Used { id, .. } => {
            format!(
                "nothing was changed; declare {id} again, with `lifecycle: {{deletion: orphan, state: absent}}` to let it be"
            )
        }
    };
    Failure::new(Exit::Blocked, error).hint(hint)
}
