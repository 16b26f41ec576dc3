//! How far an earlier run came on a host.

use super::{next, text};
use crate::model::live::LiveHost;
use crate::model::{Definition, LiveObject, ObjectName, Owner, scratch};

/// What stands beside a table under the name of the one that is to replace it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Alone,
    /// A copy of it that was begun, perhaps finished; all its rows are in the table too.
    Copied {
        /// What the copy was to be.
        form: String,
    },
    /// The table that it replaced: it waits for its dated name.
    Replaced,
    /// A table that is not ours.
    Foreign,
}

/// Judged by the marks: only a copy has one, and it keeps it until the table that it replaced has its dated name.
pub(super) fn standing(local: &ObjectName, found: &LiveObject, host: &LiveHost, desired: &Definition) -> Standing {
    let name = next(local);
    let Some(beside) = host.objects.get(&name) else {
        return if host.unreadable.contains_key(&name) { Standing::Foreign } else { Standing::Alone };
    };
    if Owner::read(&beside.definition.comment).1 != Owner::read(&desired.comment).1 {
        return Standing::Foreign;
    }
    match (scratch::copy_form(text(&beside.definition)), scratch::copy_form(text(&found.definition))) {
        (Some(form), None) => Standing::Copied { form: form.to_owned() },
        // Nothing of ours makes the other two: a table that may hold rows of its own is kept.
        (None, Some(_)) | (None, None) | (Some(_), Some(_)) => Standing::Replaced,
    }
}
