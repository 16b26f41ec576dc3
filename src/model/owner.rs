//! The owner mark that every managed ClickHouse object carries at the end of its COMMENT.

use super::name::ResourceId;
use serde::{Deserialize, Serialize};

/// Who manages an object: a project and the resource in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// `metadata.name` of the project.
    pub project: String,
    /// `KIND/NAME` as text: a later version's kinds must be readable as foreign marks.
    pub resource: String,
}

const OPEN: &str = "[sluice ";
const CLOSE: char = ']';
/// Stands before the seal, inside of the mark.
const SEAL: &str = " secrets=";

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
            let resource = resource.split_once(SEAL).map_or(resource, |(resource, _)| resource);
            Some((rest[..at].trim_end(), Owner { project: project.into(), resource: resource.into() }))
        });
        match marked {
            Some((text, owner)) => (text, Some(owner)),
            None => (comment, None),
        }
    }
}

/// What the mark at the end of a comment says of the secrets that the object was made with.
pub fn seal(comment: &str) -> Option<&str> {
    Owner::read(comment).1?;
    let mark = &comment[comment.rfind(OPEN)?..comment.len() - CLOSE.len_utf8()];
    mark.split_once(SEAL).map(|(_, seal)| seal)
}

/// The comment with this seal in its mark, or with none.
pub fn sealed(comment: &str, seal: Option<&str>) -> String {
    let (text, Some(owner)) = Owner::read(comment) else { return comment.to_owned() };
    let stamped = owner.stamp(text);
    match (seal, stamped.strip_suffix(CLOSE)) {
        (Some(seal), Some(open)) => format!("{open}{SEAL}{seal}{CLOSE}"),
        (None, _) | (Some(_), None) => stamped,
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
        for text in ["", "New cases", "it's secrets=1 ]"] {
            let plain = owner.stamp(text);
            let with = sealed(&plain, Some("a1f"));
            assert_eq!(Owner::read(&with), (text, Some(owner.clone())));
            assert_eq!((seal(&plain), seal(&with)), (None, Some("a1f")));
            assert_eq!(sealed(&sealed(&with, Some("b2e")), None), plain);
        }
        assert_eq!((seal("secrets=1]"), sealed("text", Some("a1f"))), (None, "text".to_owned()));
        assert_eq!(Owner::read("[a note]"), ("[a note]", None));
        assert_eq!(Owner::read("plain"), ("plain", None));
    }
}
