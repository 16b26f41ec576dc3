//! What was changed by hand is told apart from what the manifests ask for since, and is put back alone.

use super::{Remembering, resources};
use crate::fixture::project::by_hand;
use crate::fixture::{shared, unique};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_apart_from_what_is_pending_and_is_put_back_alone() {
    shared();
    let case = unique("apart");
    let here = Remembering::new(&case, &resources(&case, 3600));
    assert!(here.says(2, &["drift"]).await.contains("Nobody keeps what was applied"));
    here.says(0, &["apply", "--yes"]).await;
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 2 as applied"));

    // The manifests go on, and nobody has touched the servers.
    here.project.rewrite(&resources(&case, 7200));
    let told = here.says(0, &["drift"]).await;
    assert!(
        told.contains("PENDING") && told.contains("0 drifted, 1 pending") && told.contains("3600 -> 7200"),
        "{told}"
    );

    // Somebody does.
    by_hand(0, &format!("ALTER TABLE {case}.rows MODIFY SETTING merge_with_ttl_timeout = 1800")).await;
    by_hand(0, &format!("ALTER TABLE {case}.rows MODIFY SETTING min_bytes_for_wide_part = 1")).await;
    let told = here.says(2, &["drift"]).await;
    assert!(
        told.contains("DRIFT") && told.contains("3600 -> 1800") && told.contains("min_bytes_for_wide_part"),
        "{told}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&here.says(2, &["drift", "--format", "json"]).await).expect("JSON");
    assert_eq!(
        (&json["recorded"], &json["summary"]["drifted"], &json["summary"]["pending"]),
        (&true.into(), &1.into(), &1.into())
    );

    let fixed = here.says(0, &["drift", "--fix", "--yes"]).await;
    assert!(fixed.contains("1800 -> 3600") && fixed.contains("Plan again: no changes"), "{fixed}");
    let told = here.says(0, &["drift"]).await;
    assert!(told.contains("0 drifted, 1 pending"), "{told}");
    assert!(here.says(0, &["history"]).await.starts_with("2  done"));
    here.says(0, &["apply", "--yes"]).await;
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 2 as applied"));
    assert!(here.says(0, &["drift", "--fix", "--yes"]).await.contains("No changes"));
    here.clean().await;
}
