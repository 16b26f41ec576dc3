//! Statements that go on although whoever sent them is gone: a server finishes what it has begun.

use crate::model::quote;

/// What the query ids of a project's statements begin with.
pub fn prefix(project: &str) -> String {
    format!("sluice/{project}/")
}

/// How many statements of a project a server runs: `running`. One that came to it ON CLUSTER has the id of the first.
pub fn count(project: &str) -> String {
    format!(
        "SELECT toUInt32(count()) AS running FROM system.processes WHERE startsWith(initial_query_id, {})",
        quote::literal(&prefix(project))
    )
}

/// How many statements of a project that went ON CLUSTER a server has yet to do: `running`.
pub fn queued(project: &str) -> String {
    format!(
        "SELECT toUInt32(count()) AS running FROM system.distributed_ddl_queue \
         WHERE startsWith(settings['log_comment'], {}) AND status IN ('Inactive', 'Active') \
         AND (host, port) IN (SELECT host_name, port FROM system.clusters WHERE is_local)",
        quote::literal(&prefix(project))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_s_statements_are_not_those_of_one_whose_name_goes_on() {
        assert!(!prefix("covid-more").starts_with(&prefix("covid")));
        assert!(count("it's").ends_with(r"startsWith(initial_query_id, 'sluice/it\'s/')"));
    }
}
