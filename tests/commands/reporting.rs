//! `report incident` and `policy simulate`: what happened, and what would.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{installation::Installation, redacted::redacted};

#[tokio::test]
async fn an_incident_as_a_document() {
    let (installation, incident) = Installation::rolled_back().await;
    let ids = [incident.as_str(), &incident[incident.len() - 6..]];
    let json = installation.run(&["report", "incident", ids[0], "--json"]).await.expect_code(0);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let plan = json["proposals"][0]["plan"].as_str().expect("a digest");
    let document = installation.run(&["report", "incident", ids[1]]).await;
    assert_snapshot!(redacted(&document, &[plan, ids[0], ids[1]]), @r#"
    # Duplicate rows in the marts

    Incident `[id]`

    ## What went wrong

    Told by Data warehouse at [date] [time] UTC.

    ## Proposed at [date] [time] UTC: model-level rollback (type 2)

    It is data_corruption_detected (data is corrupt): the headline contains “duplicate\* rows”.

    - Where: prod (warehouse)
    - Models that go back: `marts.customer_segmentation`, `marts.order_analytics`
    - Plan: `[id]`
    - Needed: A model-level rollback needs one approval of level 1.

    ### Who decided

    - [date] [time] UTC: Ana Ruiz approved at level 1: 1 of 1 approval.

    ### Checks before

    - Pass: 3 (target_version_exists, target_free)

    ### Steps

    Begun at [date] [time] UTC.

    | | step | took | result |
    |---|---|---|---|
    | 1 | Check that it is still possible | [took] | done. It is still possible. |
    | 2 | Make a rollback point | [took] | done |
    | 3 | Point the models back | [took] | done |
    | 4 | Check the data | [took] | done. All 2 checks pass. |

    ### Checks on the way and after

    Check the data:

    - Pass: 2 (duplicates)

    ### Difficulties

    None.

    ### Outcome

    - [date] [time] UTC: Rolled back: every step is done and every check passed, [took] after the proposal, within the 15 min meant for it.
    - Recovery: [took] from the proposal; the target was 15 min
    - Loss of data: None: the versions that were left stay in tables of their own.

    ## What stays held

    prod is held since [date] [time] UTC. What must not come back: marts.customer_segmentation=24, marts.order_analytics=22.

    ## Lessons

    *For people to write.*

    - Process:
    - Tools:
    - Training:
    - Documents:
    [exit 0]
    "#);
    let again = installation.run(&["report", "incident", ids[0]]).await;
    assert_eq!(again.stdout, document.stdout, "it says the same whenever it is asked for");

    assert_eq!(json["incident"], incident);
    assert_eq!(json["proposals"][0]["workflow"], "emergency");
    let steps = json["proposals"][0]["work"]["steps"].as_array().expect("steps");
    assert!(steps.len() == 4 && steps.iter().all(|step| step["took_ms"].is_u64()), "{steps:?}");
    let nothing = installation.run(&["report", "incident", "nothing"]).await.expect_code(2);
    assert!(nothing.stderr.contains("no incident whose id ends in `nothing`"), "{nothing}");
}

#[tokio::test]
async fn an_alert_and_what_would_follow() {
    let installation = Installation::bare().await;
    let text = "title: Duplicate rows in the marts\nservice: Data warehouse\n";
    std::fs::write(installation.path("alert.yaml"), text).expect("writes the alert");
    let words = ["policy", "simulate", "--alert", "alert.yaml", "--at", "2026-11-25T12:00:00Z"];
    let simulated = installation.run(&words).await.expect_code(0);
    assert!(simulated.stdout.contains("  14:00 CET  Cleo Martin, Vic Tanaka"), "{simulated}");
    let planned = [&words[..], &["--opens", "2026-11-28T01:00:00Z"]].concat();
    assert_snapshot!(installation.run(&planned).await, @"
    model-level rollback (type 2) of all models that changed in warehouse
    It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate* rows”.
    A model-level rollback needs one approval of level 1.
    Carried out by the runbook model_level_planned.

    If nobody answers:
      Wed 13:00 CET  Ana Ruiz (on-call engineer (primary), level 1)
      Wed 17:00 CET  Bo Lindqvist (on-call engineer (secondary), level 1)
      Wed 21:00 CET  Ben Okafor, Tess Novak (senior engineer or tech lead, level 2)
      Thu 13:00 CET  Mia Haddad (engineering manager, level 3)
      Fri 13:00 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4)
      Sat 13:00 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4), again and again; nothing runs by itself
    [exit 0]
    ");
    std::fs::write(installation.path("alert.yaml"), "titel: x\n").expect("writes the alert");
    let wrong = installation.run(&words).await.expect_code(2);
    assert!(wrong.stderr.contains("did you mean `title`?"), "{wrong}");
}
