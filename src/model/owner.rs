//! The owner mark that every managed ClickHouse object carries at the end of its COMMENT.

use super::name::ResourceId;

/// Who manages an object: a project and the resource in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// `metadata.name` of the project.
    pub project: String,
    /// `KIND/NAME` as text: a later version's kinds must be readable as foreign marks.
    pub resource: String,
}

const OPEN: &str = "[sluice ";
const CLOSE: char = ']';

impl Owner {
    /// The mark of `resource` in `project`.
    pub fn new(project: &str, resource: &ResourceId) -> Self {
        Self { project: project.to_owned(), resource: resource.to_string() }
    }

    /// The comment of an object: the user's text, then the mark.
    pub fn stamp(&self, text: &str) -> String {
        let gap = if text.is_empty() { "" } else { " " };
        format!("{text}{gap}{OPEN}{} {}{CLOSE}", self.project, self.resource)
    }

    /// How the mark of every object of a project begins.
    pub fn beginning(project: &str) -> String {
        format!("{OPEN}{project} ")
    }

    /// Splits a comment into the user's text and the mark, if there is one at its end.
    pub fn read(comment: &str) -> (&str, Option<Owner>) {
        let marked = comment.strip_suffix(CLOSE).and_then(|rest| {
            let at = rest.rfind(OPEN)?;
            let (project, resource) = rest[at + OPEN.len()..].split_once(' ')?;
            Some((rest[..at].trim_end(), Owner { project: project.into(), resource: resource.into() }))
        });
        match marked {
            Some((text, owner)) => (text, Some(owner)),
            None => (comment, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_stamp_is_read_back_whatever_the_text() {
        let owner = Owner::new("covid19", &ResourceId::new(Kind::KafkaPipeline, "new"));
        for text in ["", "New cases", "it's [odd] ]", "[sluice a b] and more"] {
            assert_eq!(Owner::read(&owner.stamp(text)), (text, Some(owner.clone())));
        }
        assert_eq!(Owner::read("[a note]"), ("[a note]", None));
        assert_eq!(Owner::read("plain"), ("plain", None));
    }
}
