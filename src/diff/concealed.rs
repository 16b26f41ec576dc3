//! What of a difference is not shown.

use super::{Attribute, AttributeChange};

/// What stands for a value that is not shown.
const CONCEALED: &str = "(hidden)";

impl AttributeChange {
    /// Leaves out the server's side where the manifest has a secret: servers before 22.12 tell secrets in clear, and so
    /// may those that are asked to.
    pub fn conceal(&mut self) {
        if self.old.is_some() && self.may_show_secret() {
            self.old = Some(CONCEALED.to_owned());
        }
    }

    fn may_show_secret(&self) -> bool {
        let by_name = match &self.attribute {
            Attribute::Setting(name) => {
                let name = name.to_ascii_lowercase();
                ["password", "secret", "credential", "token"].iter().any(|w| name.contains(w))
            }
            Attribute::Kind
            | Attribute::Comment
            | Attribute::Column(_)
            | Attribute::ColumnOrder
            | Attribute::Engine
            | Attribute::PartitionBy
            | Attribute::OrderBy
            | Attribute::PrimaryKey
            | Attribute::SampleBy
            | Attribute::Ttl
            | Attribute::Index(_)
            | Attribute::Projection(_)
            | Attribute::Constraint(_)
            | Attribute::Query
            | Attribute::Target => false,
        };
        by_name || self.new.as_ref().is_some_and(|n| n.contains("<secret from"))
    }
}
