//! After a rollback: the hold, the gate, what is deployed next, and who may lift it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    story,
    world::{CUSTOMERS, EXTRA, ORDERS, SQLMESH_SECRET, SUMMARY, World},
};

/// Longer than the interval between two looks.
const A_WHILE: TimeDelta = TimeDelta::minutes(6);

async fn rolled_back(w: &mut World) {
    w.alert().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
}

async fn gate(w: &World, environment: &str) -> Value {
    let (status, text) = w.get(&format!("/api/gate/{environment}")).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn releases(w: &World) -> Vec<(String, String, String)> {
    let found = w.bot.engine.store.releases("warehouse", 20).await.expect("the ledger");
    let row = |release: domain::release::Release| {
        let (verdict, learnt) = (release.verdict.as_str(), release.learnt.as_str());
        (release.plan_id, verdict.to_owned(), learnt.to_owned())
    };
    found.into_iter().rev().map(row).collect()
}

story!(
    /// The rollback holds its environment: CI can ask, people are reminded, and only with authority and a reason is it
    /// lifted. A process that dies in between changes nothing.
    a_rollback_holds_until_a_person_lifts_it, async |w| {
    assert_eq!(gate(w, "prod").await["held"], false);
    assert_eq!(w.get("/api/gate/nowhere").await.0, 404);
    w.alert().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.expect_buttons(&["Lift the hold"]);
    let thread = w.thread_so_far();
    assert!(thread.contains("`prod` is held: the next deploy must not bring back `marts.customer_segmentation=24`, `marts.order_analytics=22`"), "{thread}");
    w.read_on();
    for environment in ["prod", "warehouse"] {
        let answer = gate(w, environment).await;
        assert_eq!(answer["held"], true);
        assert_eq!(answer["incident"], w.incident().await.as_str());
        assert_eq!(answer["bad"][1]["model"], ORDERS);
        assert_eq!(answer["bad"][1]["identifier"], "22");
        assert_eq!(answer["holds"][0]["needs_level"], 1);
    }

    w.restart().await;
    w.advance(TimeDelta::hours(24)).await;
    w.expect_thread(&["`prod` is still held, since"]);
    w.advance(TimeDelta::hours(1)).await;
    w.expect_thread(&[]);
    w.pagerduty_says("incident.resolved").await;
    w.expect_thread(&["Resolved in PagerDuty"]);

    w.lift_hold("sam", "I would like to").await;
    w.expect_whisper("sam", "watch and are told, but do not decide");
    w.lift_hold("ana", "   ").await;
    assert!(w.slack.view_errors("U0ANA")["reason"].contains("Please say why"));
    w.slack.close_view("U0ANA");
    assert_eq!(gate(w, "prod").await["held"], true);
    w.lift_hold("ana", "the fix is merged").await;
    w.expect_whisper("ana", "the hold of `prod` is lifted; your decision is signed and kept");
    w.expect_thread(&["<@U0ANA> lifted the hold of `prod`: the fix is merged"]);
    w.expect_card("Lifted by");
    w.expect_buttons(&[]);
    let answer = gate(w, "prod").await;
    assert_eq!((&answer["held"], &answer["lifted_reason"]), (&false.into(), &"the fix is merged".into()));
    w.advance(TimeDelta::hours(48)).await;
    w.expect_thread(&[]);
});

/// What the shipped policies ask for a model-level rollback, and what a story asks instead.
const ONE: &str = "model_level:\n    approvals: [1]";
const TWO: &str = "model_level:\n    approvals: [2]";

story!(
    /// Whoever could not have approved the rollback cannot lift its hold, and is told who can.
    lifting_needs_the_level_of_the_rollback, async |w| {
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.alert().await;
    w.approve("ben").await;
    w.expect_whisper("ben", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
    w.lift_hold("ana", "it was not so bad").await;
    w.expect_whisper("ana", "This needs level 2, and you hold level 1. <@U0BEN>");
    assert_eq!(gate(w, "prod").await["held"], true);
    w.lift_hold("ben", "it was not so bad").await;
    w.expect_whisper("ben", "is lifted");
    w.expect_thread(&["<@U0BEN> lifted the hold"]);
});

story!(
    /// The bad release is deployed again: said loudly, once for the plan, and nothing runs by itself. A good one is noted
    /// and lifts nothing.
    the_bad_release_comes_back, async |w| {
    rolled_back(w).await;
    w.deploy("good-deploy", &[(ORDERS, "33")]);
    w.advance(A_WHILE).await;
    w.expect_thread(&[]);
    let answer = gate(w, "prod").await;
    assert_eq!((&answer["held"], &answer["holds"][0]["returned"]), (&true.into(), &Value::Null));

    w.deploy("bad-again", &[(ORDERS, "22")]);
    w.advance(A_WHILE).await;
    w.expect_thread(&["What was rolled back is back*: the SQLMesh plan `bad-again` brought `marts.order_analytics=22` into `prod` again"]);
    w.expect_card("What was rolled back is back");
    w.restart().await;
    w.advance(A_WHILE).await;
    w.expect_thread(&[]);
    let answer = gate(w, "prod").await;
    assert_eq!(answer["holds"][0]["returned"]["plan_id"], "bad-again");
    let (_, metrics) = w.get("/metrics").await;
    assert!(metrics.contains("countersign_returned_holds 1"), "{metrics}");
    assert!(metrics.contains("countersign_held_targets 1"), "{metrics}");
    assert!(metrics.contains("countersign_last_look_age_seconds{target=\"warehouse\"} 0"), "{metrics}");

    w.deploy("fixed", &[(ORDERS, "44")]);
    w.advance(A_WHILE).await;
    w.expect_thread(&["`prod` no longer holds what was rolled back, since the SQLMesh plan `fixed`. The hold stands."]);
    w.expect_card("Rolled back");
    assert_eq!(gate(w, "prod").await["held"], true);
    assert_eq!(w.warehouse.calls("promote"), 1, "nothing runs by itself");
    let plans: Vec<_> = releases(w).await.into_iter().map(|(plan, verdict, _)| format!("{plan} {verdict}")).collect();
    assert_eq!(plans[0], "bad-release bad");
    assert!(plans[1].ends_with(" good"), "{plans:?}");
    assert_eq!(plans[2..], ["good-deploy unknown", "bad-again bad", "fixed unknown"]);
});

story!(
    /// The ledger knows the last good release when SQLMesh has long forgotten it; what was measured then is compared.
    the_last_good_release_is_what_it_goes_back_to, async |w| {
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.drain().await;
    w.advance(A_WHILE).await;
    w.warehouse.holds_rows(&format!("{ORDERS}=13"), 2000);
    w.deploy("summer", &[(ORDERS, "13")]);
    w.advance(A_WHILE).await;
    w.deploy("autumn", &[(ORDERS, "22"), (CUSTOMERS, "24")]);
    w.advance(A_WHILE).await;
    // Another deploy after it, of which SQLMesh's own memory speaks.
    w.warehouse.is_right(ORDERS, "13");
    w.alert().await;
    let because = "It goes back to the release of 2026-11-23 03:06 UTC (SQLMesh plan `summer`)";
    w.expect_card(because);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.version(CUSTOMERS).as_str()), ("13", "12"));
    let baselines = w.warehouse.baselines();
    assert_eq!(baselines.len(), 1);
    assert_eq!(baselines[0]["models"][ORDERS]["rows"], 2000);
    assert_eq!(baselines[0]["growth"], 0.5);
    w.read_on();

    w.restart().await;
    w.pagerduty_says("incident.resolved").await;
    w.advance(TimeDelta::minutes(1)).await;
    w.pagerduty_says("incident.reopened").await;
    // The release before the present one is the bad one: it goes back to the one before that.
    let card = w.newest_card();
    assert!(card.text().contains("SQLMesh plan `spring`"), "{}", card.text());
    w.warehouse.is_right(ORDERS, "11");
    w.click(&card, "approve", "ana").await;
    w.expect_whisper("ana", "is signed");
    assert_eq!(w.warehouse.version(ORDERS), "11");
    let verdicts: Vec<_> = releases(w).await.into_iter().map(|(_, verdict, learnt)| format!("{verdict} {learnt}")).collect();
    assert_eq!(verdicts, ["unknown poll", "unknown poll", "bad poll", "bad rollback", "good rollback"]);
    assert_eq!(gate(w, "prod").await["holds"].as_array().map(Vec::len), Some(2));
    w.read_on();
});

story!(
    /// A whole release goes back to the one that the ledger knows, past a later deploy: with the models that came and went
    /// since. What was added must not come back either.
    a_whole_release_goes_back_by_the_ledger, async |w| {
    w.warehouse.is_right(SUMMARY, "13");
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12"), (SUMMARY, "13")]);
    w.drain().await;
    w.advance(A_WHILE).await;
    w.deploy("switch", &[(ORDERS, "22"), (EXTRA, "30")]);
    w.warehouse.is_without(SUMMARY);
    w.advance(A_WHILE).await;
    w.deploy("autumn", &[(CUSTOMERS, "24")]);
    w.advance(A_WHILE).await;
    let errors = "Error rate above 1 % since the last release";
    w.alert_with(errors, &json!({"models": EXTRA})).await;
    w.expect_card("(SQLMesh plan `spring`)");
    w.expect_card("Taken away");
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    let live = [ORDERS, CUSTOMERS, SUMMARY, EXTRA].map(|model| w.warehouse.live(model));
    assert_eq!(live, [Some("11".into()), Some("12".into()), Some("13".into()), None]);
    assert_eq!(w.warehouse.baselines()[0]["models"][SUMMARY]["rows"], 1000);
    w.advance(A_WHILE).await;
    let verdicts: Vec<_> = releases(w).await.into_iter().map(|(_, verdict, learnt)| format!("{verdict} {learnt}")).collect();
    assert_eq!(verdicts, ["unknown poll", "unknown poll", "bad poll", "good rollback"]);
    w.read_on();

    w.pagerduty_says("incident.resolved").await;
    w.advance(TimeDelta::minutes(1)).await;
    w.read_on();
    // The releases before the present one hold what was rolled back from, or what is live already.
    w.pagerduty_says_of("incident.reopened", errors).await;
    let thread = w.thread_so_far();
    assert!(thread.contains("again, which was rolled back from before"), "{thread}");
    w.read_on();
    w.deploy("again", &[(EXTRA, "30")]);
    w.advance(A_WHILE).await;
    w.expect_thread(&["the SQLMesh plan `again` brought `marts.revenue_by_method=30` into `prod` again"]);
});

story!(
    /// A rollback that brings back fewer rows than the release had is not called good.
    fewer_rows_than_the_release_had_ask_a_person, async |w| {
    w.warehouse.holds_rows(&format!("{ORDERS}=11"), 2000);
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.drain().await;
    w.deploy("autumn", &[(ORDERS, "22"), (CUSTOMERS, "24")]);
    w.advance(A_WHILE).await;
    w.warehouse.holds_rows(&format!("{ORDERS}=11"), 1000);
    w.alert().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Stuck");
    let thread = w.thread_so_far();
    assert!(thread.contains("1000 rows where the baseline has 2000"), "{thread}");
    w.read_on();
});

story!(
    /// SQLMesh's notification brings the look forward, whatever it says, and CI may name the commit.
    a_notification_is_a_reason_to_look, async |w| {
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.drain().await;
    assert_eq!(releases(w).await, [("spring".to_owned(), "unknown".to_owned(), "poll".to_owned())]);
    for wrong in ["wrong", "s3cret-pat", "s3cret-path2", ""] {
        assert_eq!(w.sqlmesh_says(wrong, "Plan `x` apply ended for environment `prod`.").await, 404);
    }
    let commit = "0f5e1e1c8b0f4c3e9d55a7f0c0ffee0123456789";
    w.deploy("summer", &[(ORDERS, "13")]);
    let address = format!("{SQLMESH_SECRET}?environment=prod&commit={commit}");
    assert_eq!(w.sqlmesh_says(&address, "all is lost").await, 202);
    let nonsense = format!("{SQLMESH_SECRET}?environment=nowhere");
    assert_eq!(w.sqlmesh_says(&nonsense, "").await, 400);
    let nonsense = format!("{SQLMESH_SECRET}?commit=;drop");
    assert_eq!(w.sqlmesh_says(&nonsense, "").await, 400);
    w.advance(TimeDelta::seconds(6)).await;
    assert_eq!(releases(w).await[1], ("summer".to_owned(), "unknown".to_owned(), "notification".to_owned()));
    let newest = w.bot.engine.store.releases("warehouse", 1).await.expect("the ledger").remove(0);
    assert_eq!(newest.commit.as_deref(), Some(commit));

    // One that was told for a deploy does not go to the release before it.
    let other = format!("{SQLMESH_SECRET}?commit=abcdef0123");
    w.advance(TimeDelta::minutes(30)).await;
    assert_eq!(w.sqlmesh_says(&other, "Plan `y` apply started").await, 202);
    w.advance(TimeDelta::seconds(6)).await;
    w.deploy("autumn", &[(ORDERS, "22")]);
    w.advance(A_WHILE).await;
    let found = w.bot.engine.store.releases("warehouse", 2).await.expect("the ledger");
    let commits: Vec<_> = found.iter().map(|release| release.commit.as_deref().unwrap_or("-")).collect();
    assert_eq!(commits, ["abcdef0123", commit]);
});

story!(
    /// A state that somebody else holds is looked at later; one that cannot be read is said once. Neither makes the bot
    /// less ready.
    a_target_that_cannot_be_looked_at, async |w| {
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.warehouse.fault("inspect", &["busy"]);
    w.drain().await;
    assert!(releases(w).await.is_empty());
    let look = w.bot.engine.store.look("warehouse").await.expect("reads").expect("a look");
    assert_eq!((look.problem.as_str(), look.looked_at), ("", None));
    w.warehouse.fault("inspect", &["fail", "fail"]);
    w.advance(TimeDelta::seconds(31)).await;
    w.advance(A_WHILE).await;
    let look = w.bot.engine.store.look("warehouse").await.expect("reads").expect("a look");
    assert_eq!(look.problem, "the warehouse said no");
    let (_, metrics) = w.get("/metrics").await;
    assert!(!metrics.contains("last_look_age_seconds{"), "{metrics}");
    w.advance(A_WHILE).await;
    let look = w.bot.engine.store.look("warehouse").await.expect("reads").expect("a look");
    assert_eq!((look.problem.as_str(), look.looked_at.is_some()), ("", true));
    assert_eq!(releases(w).await.len(), 1);
});

story!(
    /// Two targets have an environment of one name: whoever asks for the name may mean either, so it is held as soon as
    /// one is; whoever asks for a target means that one.
    an_environment_of_two_targets, async |w| {
    let other = "targets:\n  - id: lake\n    pagerduty_services: [Data lake]\n    project: nowhere\n    environment: prod\n    gateway: local\n    look_every: 0 min\n    rollbacks: [model_level]\n";
    w.edit_policy("targets.yaml", "targets:\n", other).await;
    rolled_back(w).await;
    let both = gate(w, "prod").await;
    assert_eq!((&both["held"], &both["targets"]), (&true.into(), &serde_json::json!(["lake", "warehouse"])));
    assert_eq!(both["bad"][0]["target"], "warehouse");
    assert_eq!(gate(w, "warehouse").await["held"], true);
    assert_eq!(gate(w, "lake").await["held"], false);
});

story!(
    /// A SQLMesh plan that is not finished is no release; it is looked at again soon.
    an_unfinished_plan_is_no_release, async |w| {
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.warehouse.finish(false);
    w.drain().await;
    assert!(releases(w).await.is_empty());
    w.deploy("spring", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
    w.advance(TimeDelta::seconds(31)).await;
    assert_eq!(releases(w).await.len(), 1);
});
