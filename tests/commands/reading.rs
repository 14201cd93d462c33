//! What is said of incidents: `migrate`, `list`, `show`, `timeline` and `why`.

use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    installation::{Installation, policies::edit},
    redacted::redacted,
};

#[tokio::test]
async fn a_database_that_is_not_ready_says_so() {
    let installation = Installation::bare().await;
    assert_snapshot!(installation.run(&["list"]).await, @"
    error: there is no database at store.db; `countersign migrate` makes it
    [exit 2]
    ");
    assert!(!installation.path("store.db").exists(), "looking makes no database");
}

#[tokio::test]
async fn whoever_has_read_enough_hears_no_complaint() {
    let installation = Installation::fresh().await;
    let mut command = installation.command_after(&[], &["list"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().await.expect("it ends");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(141));
}

#[tokio::test]
async fn an_empty_database() {
    let installation = Installation::bare().await;
    for _ in 0..2 {
        let ended = installation.run(&["migrate"]).await.expect_code(0);
        assert_eq!(ended.stdout, "The database is ready.\n");
    }
    assert_snapshot!(installation.run(&["list"]).await, @"
    There is no incident yet. PagerDuty's webhook brings the first.
    [exit 0]
    ");
    assert_snapshot!(installation.run(&["list", "--json"]).await, @"
    []
    [exit 0]
    ");
    for arguments in [["show", "nothing"], ["timeline", "nothing"]] {
        let ended = installation.run(&arguments).await.expect_code(2);
        assert!(ended.stderr.contains("no incident whose id ends in `nothing`"), "{ended}");
    }
    let ended = installation.run(&["why", "nothing", "--person", "ana"]).await.expect_code(2);
    assert!(ended.stderr.contains("no proposal whose id ends in `nothing`"), "{ended}");
}

#[tokio::test]
async fn an_incident_that_was_rolled_back() {
    let (installation, incident) = Installation::rolled_back().await;
    let ids = [incident.as_str(), &incident[incident.len() - 6..]];
    assert_snapshot!(redacted(&installation.run(&["list"]).await, &ids), @"
    [id]  [date] [time] UTC  Rolled back, held         Duplicate rows in the marts
    [exit 0]
    ");
    // The end of an id is enough.
    assert_snapshot!(redacted(&installation.run(&["show", ids[1]]).await, &ids), @"
    🟢 Rolled back  [id]
    Duplicate rows in the marts
      Service          Data warehouse
      Since            [day] [month] [time] UTC
      Proposal         model-level rollback (type 2)
      Where            prod of warehouse
      Models           marts.customer_segmentation, marts.order_analytics
      Rebuilt besides  marts.segment_summary
      Why              It is data_corruption_detected (data is corrupt): the headline contains “duplicate* rows”.
      Target recovery  within 15 min
      Approvals        1 of 1: Ana Ruiz at [day] [month] [time] UTC
      Needs            A model-level rollback needs one approval of level 1.
      Plan             [digest]
      Outcome          Rolled back: every step is done and every check passed, [took] after the proposal, within the 15 min meant for it.
      Closed           [day] [month] [time] UTC
      Hold             A deploy must not bring back marts.customer_segmentation=24, marts.order_analytics=22
      pass             target_version_exists: Version 12 of marts.customer_segmentation is in the state.
      pass             target_version_exists: Version 11 of marts.order_analytics is in the state.
      pass             target_free: No other incident's rollback is under way on warehouse.
      Alert            https://fake.pagerduty.com/incidents/PINC1

    [time]  PagerDuty: Alert from Data warehouse: Duplicate rows in the marts
    [time]  Countersign: Proposed: model-level rollback (type 2) of marts.customer_segmentation, marts.order_analytics. It is data_corruption_detected (data is corrupt): the headline contains “duplicate* rows”.
    [time]  Countersign: Asking Ana Ruiz to decide: on-call engineer (primary), level 1. Without a decision, the escalation goes on at [day] [month] [time] UTC.
    [time]  Countersign: Ana Ruiz approved at level 1: 1 of 1 approval.
    [time]  Countersign: The rollback starts: Check that it is still possible → Make a rollback point → Point the models back → Check the data.
    [time]  Countersign: Step 1 of 4: Check that it is still possible – done in [took]. It is still possible.
    [time]  Countersign: Step 2 of 4: Make a rollback point – done in [took].
    [time]  Countersign: Step 3 of 4: Point the models back – done in [took].
    [time]  Countersign: Step 4 of 4: Check the data – done in [took]. All 2 checks pass.
    [time]  Countersign: Rolled back: every step is done and every check passed, [took] after the proposal, within the 15 min meant for it.
    [time]  Countersign: prod is held: the next deploy must not bring back marts.customer_segmentation=24, marts.order_analytics=22. countersign gate check tells CI so. Whoever holds level 1 or higher can lift the hold, with a reason.
    [exit 0]
    ");
    let timeline = installation.run(&["timeline", ids[1]]).await.expect_code(0);
    assert_snapshot!(redacted(&told(&timeline.stdout), &ids), @"
    [date] [time] UTC  Alert from Data warehouse: Duplicate rows in the marts
    [date] [time] UTC  PagerDuty: the alert's details were read
    [date] [time] UTC  Proposed: model-level rollback (type 2) of marts.customer_segmentation, marts.order_analytics. It is data_corruption_detected (data is corrupt): the headline contains “duplicate* rows”.
    [date] [time] UTC  Asking Ana Ruiz to decide: on-call engineer (primary), level 1. Without a decision, the escalation goes on at [day] [month] [time] UTC.
    [date] [time] UTC  Ana Ruiz approved at level 1: 1 of 1 approval.
    [date] [time] UTC  The rollback starts: Check that it is still possible → Make a rollback point → Point the models back → Check the data.
    [date] [time] UTC  Countersign: the proposal is running
    [date] [time] UTC  Countersign: step 1 begins, try 1
    [date] [time] UTC  Step 1 of 4: Check that it is still possible – done in [took]. It is still possible.
    [date] [time] UTC  Countersign: step 2 begins, try 1
    [date] [time] UTC  Step 2 of 4: Make a rollback point – done in [took].
    [date] [time] UTC  Countersign: step 3 begins, try 1
    [date] [time] UTC  Step 3 of 4: Point the models back – done in [took].
    [date] [time] UTC  Countersign: step 4 begins, try 1
    [date] [time] UTC  Step 4 of 4: Check the data – done in [took]. All 2 checks pass.
    [date] [time] UTC  Rolled back: every step is done and every check passed, [took] after the proposal, within the 15 min meant for it.
    [date] [time] UTC  prod is held: the next deploy must not bring back marts.customer_segmentation=24, marts.order_analytics=22. countersign gate check tells CI so. Whoever holds level 1 or higher can lift the hold, with a reason.
    ");
    let ended = installation.run(&["show", "inc_00000000000000000000000000"]).await;
    assert_snapshot!(ended, @"
    error: there is no incident inc_00000000000000000000000000
    [exit 2]
    ");
}

/// The entries without their places.
fn told(timeline: &str) -> String {
    timeline.lines().map(|line| line[4..].trim_start()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_the_steps_printed_can_be_read() {
    let (installation, incident) = Installation::rolled_back().await;
    let shown = installation.run(&["show", &incident, "--output"]).await.expect_code(0).stdout;
    for heading in [
        "step 1, Check that it is still possible (do)",
        "step 2, Make a rollback point (do)",
        "step 3, Point the models back (do)",
        "step 4, Check the data (do)",
    ] {
        assert!(shown.contains(heading), "{heading} is not in {shown}");
    }
    assert!(shown.contains("\"progress\"") && shown.contains("\"already\":false"), "{shown}");
}

#[tokio::test]
async fn programs_read_the_same() {
    let (installation, incident) = Installation::rolled_back().await;
    let pages = "gateway: local\n    links: { dashboard: https://x/d, runbook: https://x/r }";
    edit(&installation.path("rules/targets.yaml"), "gateway: local", pages);
    let shown = installation.run(&["show", &incident]).await.expect_code(0).stdout;
    let pages: Vec<_> = shown.lines().filter(|line| line.contains("https://")).collect();
    assert_eq!(
        pages,
        [
            "  Alert            https://fake.pagerduty.com/incidents/PINC1",
            "  Runbook          https://x/r",
            "  Dashboard        https://x/d",
        ]
    );
    let listed = installation.run(&["list", "--json"]).await.expect_code(0);
    let rows: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(
        (&rows[0]["id"], &rows[0]["state"]),
        (&incident.as_str().into(), &"Rolled back".into())
    );

    let shown = installation.run(&["show", &incident, "--json"]).await.expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["id"], incident);
    assert_eq!(shown["card"]["state"]["word"], "Rolled back");
    assert_eq!(shown["card"]["links"][0], json!({"label": "Runbook", "url": "https://x/r"}));
    assert_eq!(shown["proposals"].as_array().expect("proposals").len(), 1);
    assert_eq!(shown["runs"].as_array().expect("runs").len(), 1);
    assert_eq!(shown["holds"][0]["opening"]["bad"][0]["identifier"], "24");

    let told = installation.run(&["timeline", &incident, "--json"]).await.expect_code(0);
    let entries: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let places: Vec<_> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert_eq!(
        places,
        (places[0]..).take(entries.len()).collect::<Vec<_>>(),
        "no entry is missing"
    );
}

#[tokio::test]
async fn why_says_who_may_decide() {
    let (installation, serving, incident) = Installation::waiting().await;
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
    let shown = installation.run(&["show", &incident, "--json"]).await.expect_code(0);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    let proposal = shown["card"]["proposal"].as_str().expect("a proposal");
    let ids = [proposal];
    let why = async |person| {
        let ended = installation.run(&["why", proposal, "--person", person]).await;
        redacted(&ended, &ids)
    };
    assert_snapshot!(why("ana").await, @"
    Ana Ruiz may approve this, holding level 1. Rule level_reaches: Whoever holds the level of the lowest approval that is still missing, or a higher one, may decide. It has 0 of 1 approvals. A model-level rollback needs one approval of level 1. What is missing needs level 1 or higher. Could approve: Ana Ruiz, Ben Okafor, Bo Lindqvist, Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Sam Weber. Asked next, if nobody decides before [day] [month] [time] UTC: Bo Lindqvist (on-call engineer (secondary), level 1).
    [exit 0]
    ");
    assert_snapshot!(why("sam").await, @"
    Sam Weber may not approve this. People without a level watch and are told, but do not decide. Said by no_level in authority.cedar. It has 0 of 1 approvals. A model-level rollback needs one approval of level 1. What is missing needs level 1 or higher. Could approve: Ana Ruiz, Ben Okafor, Bo Lindqvist, Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Sam Weber. Asked next, if nobody decides before [day] [month] [time] UTC: Bo Lindqvist (on-call engineer (secondary), level 1).
    [exit 0]
    ");
    assert_snapshot!(why("nobody").await, @"
    error: people.yaml does not name `nobody`
    [exit 2]
    ");
}
