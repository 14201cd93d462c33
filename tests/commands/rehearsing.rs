//! `dry-run`: what a proposal would do, and that trying it does nothing.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{CUSTOMERS, Installation, ORDERS},
    redacted::redacted,
};

async fn proposal(installation: &Installation, incident: &str) -> String {
    let shown = installation.run(&["show", incident, "--json"]).await.expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    shown["card"]["proposal"].as_str().expect("a proposal").to_owned()
}

/// The rollback point that the run would make.
fn point(said: &str) -> &str {
    let (_, rest) = said.split_once("It is asked for ").expect("the probe says its name");
    rest.split_once('.').expect("a sentence").0
}

#[tokio::test]
async fn it_says_what_would_happen_and_does_nothing() {
    let (installation, serving, incident) = Installation::waiting().await;
    let proposal = proposal(&installation, &incident).await;
    let versions = || [ORDERS, CUSTOMERS].map(|model| installation.warehouse.version(model));
    let before = (versions(), installation.run(&["timeline", &incident]).await.stdout);
    let tried = installation.run(&["dry-run", &proposal]).await;
    assert_snapshot!(redacted(&tried, &[&proposal, point(&tried.stdout)]), @"
    Dry run of the model-level rollback (type 2) on prod, plan [digest]. Nothing is changed.
    ✓ prod is as it was when this plan was made.
    ✓ 1. Check that it is still possible: It is still possible.
    – 2. Make a rollback point: It would be done; it was not done yet. It is asked for [id].
    – 3. Point the models back: It would be done; it was not done yet. 0 of 2 models point at their target.
    – 4. Check the data: Not tried: it looks at what the steps before it did.
    It would go through, as far as that can be told (1 of 4 steps tried).
    [exit 0]
    ");
    assert_eq!(before, (versions(), installation.run(&["timeline", &incident]).await.stdout));
    assert!(!installation.path("points").exists(), "no rollback point was made");

    let json = installation.run(&["dry-run", &proposal, "--json"]).await.expect_code(0);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let outcomes: Vec<_> =
        json["rows"].as_array().expect("rows").iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["pass", "pass", "untried", "untried", "untried"]);
    assert_eq!(json["possible"], true);

    serving.decide(&incident, "ana", "approve").await;
    serving.incident_in("Rolled back").await;
    assert_snapshot!(installation.run(&["dry-run", &proposal]).await, @"
    refused: this proposal is closed: nothing of it will run any more
    [exit 3]
    ");
}

#[tokio::test]
async fn what_would_not_go_through_says_why() {
    let (installation, _serving, incident) = Installation::waiting().await;
    let proposal = proposal(&installation, &incident).await;
    installation.warehouse.remove(ORDERS, "11");
    installation.warehouse.deploy("plan-of-tonight");
    let tried = installation.run(&["dry-run", &proposal]).await;
    assert_snapshot!(redacted(&tried, &[&proposal, point(&tried.stdout)]), @"
    Dry run of the model-level rollback (type 2) on prod, plan [digest]. Nothing is changed.
    ✗ prod was deployed since this plan was made: the plan is void, and approving it starts nothing.
    ✗ 1. Check that it is still possible: it is not possible any more.
        fail  target_version_exists: Version 11 of marts.order_analytics is no longer in SQLMesh's state; the janitor has removed it.
    – 2. Make a rollback point: It would be done; it was not done yet. It is asked for [id].
    – 3. Point the models back: It would be done; it was not done yet. 0 of 2 models point at their target.
    – 4. Check the data: Not tried: it looks at what the steps before it did.
    It would not go through (1 of 4 steps tried).
    [exit 3]
    ");
    assert_snapshot!(installation.run(&["dry-run", "nothing"]).await, @"
    error: there is no proposal whose id ends in `nothing`; `countersign show` names an incident's proposals
    [exit 2]
    ");
}
