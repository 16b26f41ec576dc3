//! Statements that go on although whoever sent them is gone: a server finishes what it has begun.

use crate::model::quote;

/// What the query ids of a project's statements begin with.
pub fn prefix(project: &str) -> String {
    format!("sluice/{project}/")
}

/// How many statements of a project a server runs: `running`.
pub fn count(project: &str) -> String {
    format!(
        "SELECT toUInt32(count()) AS running FROM system.processes WHERE startsWith(query_id, {})",
        quote::literal(&prefix(project))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_s_statements_are_not_those_of_one_whose_name_goes_on() {
        assert!(!prefix("covid-more").starts_with(&prefix("covid")));
        assert!(count("it's").ends_with(r"startsWith(query_id, 'sluice/it\'s/')"));
    }
}
