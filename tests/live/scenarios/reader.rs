//! A user of ClickHouse who may look and do nothing else: what is equal is known to be, and what may only be spelled
//! differently is unknown, never a guess.

use super::*;
use crate::fixture::project::{Project, by_hand};
use crate::fixture::unique;

#[tokio::test]
async fn whoever_may_only_look_is_told_what_is_known_and_what_is_not() {
    let name = unique("looks");
    let columns = "{name: n, type: UInt64}\n        - {name: price, type: decimal(10), codec: \"ZSTD( 1 )\"}\n        \
                   - {name: big, type: double precision, default: 1+1}\n        - {name: low, type: varchar, expression: lower(toString(n))}";
    let spelled = simple(&name, "ttl: day + interval 1 year\n      settings: {merge_with_ttl_timeout: 7200}")
        .replace("{name: n, type: UInt64}", columns);
    let looking = || Project::of(&name, &spelled).seen_by("reader");
    // What is to be made cannot be asked about, and does not have to be.
    let plan = looking().plan().await;
    assert!(!plan.is_blocked() && !made(&plan).is_empty(), "{:#?}", plan.resources);
    let project = Project::of(&name, &spelled);
    project.apply().await;
    // Types, defaults, codecs and intervals are spelled otherwise on the server.
    looking().assert_converged().await;
    // A setting is a value: its difference is one, whoever looks.
    by_hand(1, &format!("ALTER TABLE {name}.rows_local MODIFY SETTING merge_with_ttl_timeout = 60")).await;
    let plan = looking().plan().await;
    assert_eq!(attributes(&plan), ["rows_local setting merge_with_ttl_timeout: 60 -> 7200 @[1]"]);
    assert!(!blocked(&plan).iter().any(|b| matches!(b, Blocked::ObjectUnknown { .. })), "{:?}", blocked(&plan));
    by_hand(1, &format!("ALTER TABLE {name}.rows_local MODIFY SETTING merge_with_ttl_timeout = 7200")).await;
    // Another name of the same function: only a server that may make something can tell.
    let alias = spelled.replace("lower(", "lcase(");
    project.rewrite(&alias);
    project.assert_converged().await;
    let plan = Project::of(&name, &alias).seen_by("reader").plan().await;
    let unknown = |b: &Blocked| matches!(b, Blocked::ObjectUnknown { object, why, .. } if object.table == "rows_mv" && why.contains("temporary tables"));
    assert!(blocked(&plan).iter().all(unknown) && plan.is_blocked(), "{:?}", blocked(&plan));
    assert_eq!(steps(&plan), [""; 0]);
    project.clean().await;
}
