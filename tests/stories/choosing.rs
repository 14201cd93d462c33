//! Which rollback is proposed: the first that the trigger suggests, that helps, and that is possible.

use chrono::TimeDelta;
use domain::{plan::RollbackType, port::Clock as _, proposal::Proposal};
use serde_json::json;

use crate::{
    story,
    world::{CUSTOMERS, EXTRA, ORDERS, SUMMARY, World},
};

const ERRORS: &str = "Error rate above 1 % since the last release";

/// The newest proposal of the newest incident.
async fn proposal(w: &World) -> Proposal {
    let store = &w.bot.engine.store;
    let incident = store.incidents(1, None).await.expect("incidents").remove(0).value.id;
    store.proposals_of(&incident).await.expect("proposals").pop().expect("a proposal").value
}

/// What a finding says.
#[track_caller]
fn finding(proposal: &Proposal, check: &str) -> String {
    let found = proposal.opening.findings.iter().find(|finding| finding.check == check);
    format!("{:?}: {}", found.expect("it was checked").outcome, found.expect("it was").detail)
}

story!(
    /// A whole release goes back: what it changed, what it added, and what it removed.
    a_bad_switch_goes_back, async |w| {
    w.warehouse.switch_badly();
    w.alert_with(ERRORS, &json!({})).await;
    w.expect_thread(&["Alert from", "Proposed: blue-green rollback (type 1) of `marts.customer_segmentation`, `marts.order_analytics`, `marts.segment_summary`", "Asking <@U0ANA>"]);
    w.expect_card("Taken away");
    assert_eq!(proposal(w).await.opening.outlook.without, [EXTRA]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_thread(&["approved", "Check that it is still possible → Make a rollback point → Switch back to the state before the release → Check the data", "Step 1 of 4", "Step 2 of 4", "Step 3 of 4", "Step 4 of 4", "Rolled back", "`prod` is held: the next deploy must not bring back `marts.customer_segmentation=24`, `marts.order_analytics=22`, `marts.revenue_by_method=30`"]);
    let live = [ORDERS, CUSTOMERS, SUMMARY, EXTRA].map(|model| w.warehouse.live(model));
    assert_eq!(live, [Some("11".into()), Some("12".into()), Some("13".into()), None]);
    assert_eq!(w.warehouse.calls("promote"), 1);
});

story!(
    /// A switch that fails for good restores the set that was there, with what the release added and without the rest.
    a_failed_switch_is_taken_back, async |w| {
    w.warehouse.switch_badly();
    w.alert_with(ERRORS, &json!({})).await;
    w.warehouse.fault("promote", &["fail", "fail", "half"]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Failed, taken back");
    let live = [ORDERS, CUSTOMERS, SUMMARY, EXTRA].map(|model| w.warehouse.live(model));
    assert_eq!(live, [Some("22".into()), Some("24".into()), None, Some("30".into())]);
    w.read_on();
});

story!(
    /// A version that the release removed is gone: the release cannot go back as a whole, but its models can.
    an_impossible_switch_falls_to_single_models, async |w| {
    w.warehouse.switch_badly();
    w.warehouse.remove(SUMMARY, "13");
    w.alert_with(ERRORS, &json!({})).await;
    w.expect_thread(&["Alert from", "A blue-green rollback (type 1) is not possible: Version 13 of marts.segment_summary is no longer in SQLMesh's state; the janitor has removed it.", "Asking"]);
    w.expect_card("A blue-green rollback (type 1) is not possible: Version 13");
    let opening = proposal(w).await.opening;
    assert_eq!(opening.rollback_type, RollbackType::ModelLevel);
    assert_eq!(opening.models, [CUSTOMERS, ORDERS]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.version(EXTRA)), ("11".into(), "30".into()));
    w.read_on();
});

story!(
    /// Nothing is possible: the thread says of each type why not.
    every_reason_is_told, async |w| {
    w.warehouse.remove(ORDERS, "11");
    w.alert_with(ERRORS, &json!({})).await;
    let shown = w.thread_so_far();
    for said in ["No rollback is proposed: A blue-green rollback (type 1) is not possible: Version 11", "A model-level rollback (type 2) is not possible: Version 11"] {
        assert!(shown.contains(said), "{shown}");
    }
    w.expect_buttons(&[]);
    w.read_on();
});

story!(
    /// The alert names a part of the release, and taking that back is enough: the rest stays.
    the_smaller_rollback_goes_first, async |w| {
    w.warehouse.switch_badly();
    w.alert_with(ERRORS, &json!({"models": ORDERS})).await;
    let opening = proposal(w).await.opening;
    assert_eq!((opening.rollback_type, opening.models), (RollbackType::ModelLevel, vec![ORDERS.to_owned()]));
    assert!(!opening.because.contains("not possible"), "{}", opening.because);
    w.read_on();
});

story!(
    /// A pinned environment holds the good state, and that is what the release goes back to.
    a_blue_environment_is_the_way_back, async |w| {
    w.warehouse.switch_badly();
    w.edit_policy("targets.yaml", "gateway: local", "gateway: local\n    blue: blue").await;
    w.alert_with(ERRORS, &json!({})).await;
    w.expect_thread(&["Alert from", "A blue-green rollback (type 1) is not possible: There is no environment 'blue' to go back to.", "Asking"]);
    w.reject("ana", "it was never made").await;
    w.expect_whisper("ana", "rejection");
    w.pagerduty_says("incident.resolved").await;
    w.read_on();
    w.warehouse.hold("blue", &[(ORDERS, "9"), (CUSTOMERS, "24"), (SUMMARY, "13")]);
    w.advance(TimeDelta::minutes(1)).await;
    w.pagerduty_says_of("incident.reopened", ERRORS).await;
    let found = proposal(w).await;
    assert_eq!(found.opening.rollback_type, RollbackType::BlueGreen, "{}", found.opening.because);
    let plan = w.bot.engine.store.plan(&found.opening.plan).await.expect("reads").expect("a plan");
    let parameters = &plan.plan().parameters;
    assert_eq!(parameters["to"], ["marts.order_analytics=9", "marts.segment_summary=13"]);
    assert_eq!(parameters["without"], [EXTRA]);
    w.read_on();
});

story!(
    /// An hour before the janitor may come, the thread is told once, and the card says so until somebody decides.
    the_deadline_is_told_once, async |w| {
    w.warehouse.janitor_comes(w.clock.now() + TimeDelta::minutes(90));
    w.alert().await;
    w.read_on();
    w.advance(TimeDelta::minutes(14)).await;
    w.expect_thread(&[]);
    w.advance(TimeDelta::minutes(16)).await;
    w.expect_thread(&["This rollback is possible until", "Asking <@U0BO>", "Asking <@U0BEN>"]);
    w.expect_card("soon! Then SQLMesh's janitor may remove what this goes back to");
    w.restart().await;
    w.advance(TimeDelta::minutes(10)).await;
    w.expect_thread(&[]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
});

story!(
    /// Little time is left from the beginning.
    a_near_deadline_is_told_at_once, async |w| {
    w.warehouse.janitor_comes(w.clock.now() + TimeDelta::minutes(20));
    w.alert().await;
    w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>", "This rollback is possible until"]);
});

story!(
    /// Another incident's rollback is stuck on the target: the next proposal names it.
    another_incidents_run_is_named, async |w| {
    w.alert().await;
    w.warehouse.fault("promote", &["fail"]);
    w.warehouse.fault("probe", &["fail"]);
    let first = w.incident().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Stuck: needs a person");
    assert!(finding(&proposal(w).await, "target_free").starts_with("Pass: No other"));
    w.pagerduty_says("incident.resolved").await;
    w.advance(TimeDelta::minutes(1)).await;
    w.pagerduty_says("incident.reopened").await;
    let second = proposal(w).await;
    assert_ne!(second.opening.incident, first);
    let told = finding(&second, "target_free").replace(first.short(), "[first]");
    insta::assert_snapshot!(told, @"Inconclusive: The model-level rollback (type 2) of incident [first] on warehouse is stuck until a person looks at it. This one begins when the target is free, and is void if the other one changes it.");
    w.read_on();
});

story!(
    /// A release is being deployed when the alert comes: it is waited for, and the card says so.
    a_running_plan_is_waited_for, async |w| {
    w.warehouse.finish(false);
    w.alert().await;
    w.expect_thread(&["Alert from"]);
    w.warehouse.finish(true);
    w.advance(TimeDelta::seconds(5)).await;
    w.expect_thread(&["Proposed", "Asking <@U0ANA>"]);
    insta::assert_snapshot!(finding(&proposal(w).await, "target_undisturbed"), @"Inconclusive: warehouse could be looked at only at try 2. Before: the SQLMesh plan bad-release on prod is running. Something else works on it, and may get in the way of a rollback.");
});

story!(
    /// A plan that died stays unfinished: the thread says so instead of waiting for ever.
    a_plan_that_died_is_told, async |w| {
    w.warehouse.finish(false);
    w.alert().await;
    w.expect_thread(&["Alert from"]);
    for _ in 0..6 {
        w.advance(TimeDelta::minutes(5)).await;
    }
    w.expect_thread(&["Plan bad-release on prod has not finished."]);
    assert_eq!(w.warehouse.calls("promote"), 0);
});

story!(
    /// How long it took before stands on the card of the next one.
    the_usual_time_is_on_the_card, async |w| {
    w.alert().await;
    assert_eq!(proposal(w).await.opening.outlook.usual_ms, None);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.pagerduty_says("incident.resolved").await;
    w.deploy("worse", &[(ORDERS, "33"), (CUSTOMERS, "34")]);
    w.advance(TimeDelta::minutes(1)).await;
    w.pagerduty_says("incident.reopened").await;
    assert!(proposal(w).await.opening.outlook.usual_ms.is_some());
    w.read_on();
});
